"""What a rule of the grammar looks for among its items. Part of `build`."""

from __future__ import annotations

from typing import TypeVar

from policy.syntax import tree
from policy.syntax.clauses import Renamed
from policy.syntax.parsing import Items
from policy.vocabulary import Strictness

T = TypeVar("T")


def first_item(items: Items, kind: type[T]) -> T | None:
    return next((i for i in items if isinstance(i, kind)), None)


def renamed_from(items: Items) -> tree.Name | None:
    clause = first_item(items, Renamed)
    return clause.old if clause else None


def the_only_one(items: Items, kind: type[T]) -> T:
    return next(i for i in items if isinstance(i, kind))


def cited_in(items: Items) -> tree.Citations:
    found = first_item(items, tree.Citations)
    return found if found is not None else tree.Citations()


def strictness(items: Items) -> Strictness:
    return next((i for i in items if i in ("higher", "lower", "permitted")), "")

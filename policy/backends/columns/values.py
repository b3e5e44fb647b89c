"""What a part of a rule is while it is compiled: a column with its range, a record, a list, or a set of constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from attrs import frozen

from policy.backends.columns.graph import Node, Scope
from policy.facts.from_table import Range
from policy.model.types import Type


class AwkwardError(Exception):
    """Something for which there is no expression; its rows are answered one by one."""


@frozen
class Codes:
    """Members of an enum, held as their places in it."""

    members: tuple[str, ...]


def code_type(members: tuple[str, ...]) -> Any:
    """The type of codes, with room for one that no member has."""
    return pl.UInt8() if len(members) < 250 else pl.UInt32()


NUMBER, TRUTH, WORDS, NOTHING = "number", "truth", "words", "nothing"
Kind = str | Codes  # NOTHING is of what has no type of its own: `none`, a missing parameter, a fault


Features = Mapping[str, Range]  # by path; a path that is not there is not known for any row


@frozen(eq=False)
class Scalar:
    """One value a row.

    `value` is null where it is not known, or absent. `present`, of an optional, says whether it is there, and is
    null where that is not known. `fault` is true where working it out is a fault. `needs` has a bit for each fact
    that is missing where the value is not known; it is made only when asked for.
    """

    value: Node
    kind: Kind
    low: int = 0
    high: int = 0
    present: Node | None = None
    fault: Node | None = None
    needs: Node | None = None

    @property
    def decides(self) -> Node:
        """The column that is null exactly where this is not known."""
        return self.value if self.present is None else self.present

    @property
    def is_constant(self) -> bool:
        return self.value.is_constant and self.value.setting is not None


@frozen(eq=False)
class RecordAt:
    """A record of facts: where its fields are."""

    name: str
    path: str
    scope: Scope
    present: Scalar | None = None  # of an optional record


@frozen(eq=False)
class ListAt:
    """A list or set of facts: its elements are a frame of their own."""

    item: Type
    path: str
    scope: Scope
    length: Scalar


@frozen(eq=False)
class Written:
    """A list that the rules write out."""

    items: tuple[Value, ...]


Value = Scalar | RecordAt | ListAt | Written | frozenset[Any]

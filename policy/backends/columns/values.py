"""What a part of a rule is while it is compiled: a column with its range, a record, a list, or a set of constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import polars as pl
from attrs import frozen

from policy.backends.columns.graph import Node, Scope
from policy.facts.from_table import Range
from policy.model.types import Type


class UnsupportedError(Exception):
    """Something for which there is no expression; its rows are answered one by one."""


@frozen
class Codes:
    """Members of an enum, held as their positions in it."""

    members: tuple[str, ...]


def code_type(members: tuple[str, ...]) -> pl.DataType:
    """The type of codes, with room for one that no member has."""
    return pl.UInt8() if len(members) < 250 else pl.UInt32()


NUMBER: Final = "number"
TRUTH: Final = "truth"
TEXTS: Final = "text"
NOTHING: Final = "nothing"  # of what has no type of its own: `none`, a missing parameter, a fault
Kind = Literal["number", "truth", "text", "nothing"] | Codes

Ranges = Mapping[str, Range]  # by path; a path that is not there is unknown for every row


@frozen(eq=False)
class Scalar:
    """One value a row.

    `value` is null where it is unknown, or absent. `present`, of an optional, tells whether it is present, and is
    null where that is unknown. `fault` is true where evaluating it is a fault. `needs` has a bit for each fact that
    is missing where the value is unknown; it is computed only on request.
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
        """The column that is null exactly where this is unknown."""
        return self.value if self.present is None else self.present

    @property
    def is_constant(self) -> bool:
        return self.value.is_constant and self.value.attribute is not None

    @property
    def bare(self) -> Scalar:
        """The value without its faults and needs."""
        return Scalar(self.value, self.kind, self.low, self.high, self.present)


@frozen(eq=False)
class RecordAt:
    """A record of facts: the path of its fields."""

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
class ListLiteral:
    """A list of expressions in the rules."""

    items: tuple[Value, ...]


Constants = frozenset[bool] | frozenset[int] | frozenset[str]
Value = Scalar | RecordAt | ListAt | ListLiteral | Constants

"""What a part of a rule is while it is compiled: a column with its range, a record, a list, or a set of constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import polars as pl
from attrs import frozen

from policy.backends.columns.graph import ColumnNode, RowFrame
from policy.facts.from_table import Range
from policy.ir.program import Aggregate, Sorted
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

    value: ColumnNode
    kind: Kind
    low: int = 0
    high: int = 0
    present: ColumnNode | None = None
    fault: ColumnNode | None = None
    needs: ColumnNode | None = None

    @property
    def decides(self) -> ColumnNode:
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
    scope: RowFrame
    present: Scalar | None = None  # of an optional record


@frozen(eq=False)
class ListAt:
    """A list or set of facts: its elements are a frame of their own."""

    item: Type
    path: str
    scope: RowFrame
    length: Scalar


@frozen(eq=False)
class ListLiteral:
    """A list of expressions in the rules."""

    items: tuple[Value, ...]


@frozen(eq=False)
class Selection:
    """A list made of the elements of another: `e` says which of them, and what becomes of each, or their order.

    It is compiled where it is used, beside the columns that its use depends on; `env` are the values around it.
    """

    e: Aggregate | Sorted
    over: Value
    env: dict[str, Value]


@frozen(eq=False)
class Elements:
    """What is said of a list while it is compiled: the frame of its elements, and of each whether it counts.

    `length` is unknown where the list is; `fault` is true for an element where making the list is a fault.
    """

    scope: RowFrame
    element: Value
    counts: ColumnNode
    length: Scalar
    fault: ColumnNode | None = None
    place: ColumnNode | None = None  # of each that counts, where they are in another order than in the frame


@frozen(eq=False)
class PickedElement:
    """A record that is one of the elements of a list. `pick` gives the column of what it is by row."""

    record: RecordAt
    pick: Callable[[Scalar], Scalar]
    present: Scalar
    is_optional: bool


Constants = frozenset[bool] | frozenset[int] | frozenset[str]
Value = Scalar | RecordAt | PickedElement | ListAt | ListLiteral | Selection | Constants

"""The typed model of a rulebook: what every declaration means, with names resolved and dates as days.

Full names (`hk.sfc.haircuts.haircut`) are the keys everywhere. Periods are half open: `start` is the first
day in force, `end` the first day no longer in force, None means unbounded.
"""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from policy.decisions import Citation, Status, Words
from policy.model.expressions import Expression
from policy.model.types import Type
from policy.source import NOWHERE, Span

Parameters = tuple[tuple[str, Type], ...]


@frozen(kw_only=True)
class Declared:
    """What all declarations have: a full name, the ruleset it is in, a title and a place."""

    id: str
    ruleset: str
    title: Words
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def name(self) -> str:
        return self.id[len(self.ruleset) + 1 :]


@frozen(kw_only=True)
class Asking(Declared):
    """What asks about `parameters`; `binders` are the places where they are written."""

    parameters: Parameters
    binders: tuple[Span, ...] = field(default=(), eq=False, repr=False)


@frozen(kw_only=True)
class Dated:
    """In force from `start` until before `end`, standing on `citations`."""

    start: int | None = None
    end: int | None = None
    citations: tuple[Citation, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Ruleset:
    name: str
    title: Words
    amends: str
    imports: tuple[str, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class SourceText(Declared):
    """`read` on a day, and then known to hold until before the day `holds_until`; None where neither is said."""

    reference: str
    issued: str
    start: int | None  # when it took effect: from its period, else from its date of issue
    end: int | None
    read: int | None
    holds_until: int | None
    status: Status
    note: str


@frozen(kw_only=True)
class Provision(Declared):
    source: str
    status: Status
    pillar: str
    measure: str
    excused: str
    citation: Citation


@frozen(kw_only=True)
class EnumOf(Declared):
    members: tuple[tuple[str, Words], ...]


@frozen(kw_only=True)
class Field:
    name: str
    type: Type
    least: int | None
    most: int | None
    title: Words
    is_changeable: bool = False
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class RecordType(Declared):
    fields: tuple[Field, ...]


@frozen(kw_only=True)
class Leniency:
    """That rounding by `mode` (down, up), which is not the cautious direction, is meant; and why."""

    mode: str
    because: Words
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class SetVersion(Dated):
    items: frozenset[Any]


@frozen(kw_only=True)
class DatedSet(Declared):
    type: Type
    versions: tuple[SetVersion, ...]


@frozen(kw_only=True)
class Version(Dated):
    body: Expression


@frozen(kw_only=True)
class Parameter(Declared):
    """`unset` tells why no value is known; of `tightened`, the values of each amendment, the strictest wins."""

    type: Type
    stricter: str
    versions: tuple[Version, ...]
    unset: Words | None
    citations: tuple[Citation, ...]
    tightened: tuple[tuple[Version, ...], ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Value(Asking):
    type: Type
    stricter: str
    versions: tuple[Version, ...]
    tightened: tuple[tuple[Version, ...], ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Cell:
    """A test of one column. `kind`: any, values, other (`items` are what other rows name), bounds, in, not in."""

    kind: str
    items: tuple[Expression, ...] = ()
    tests: tuple[tuple[str, Expression], ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Row(Dated):
    cells: tuple[Cell, ...]
    result: Expression


@frozen(kw_only=True)
class Rows:
    """Columns and rows: the body of a table, or what an overlay lays over it."""

    columns: tuple[Expression, ...]
    rows: tuple[Row, ...]


@frozen(kw_only=True)
class Table(Asking):
    type: Type
    stricter: str
    hit: str
    body: Rows
    tightened: tuple[Rows, ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Rule(Dated):
    name: str
    effect: str
    when: tuple[Expression, ...]
    unless: tuple[Expression, ...]
    because: Words


@frozen(kw_only=True)
class Decision(Asking):
    """A duty is `stricter` when `permitted`; any other decision, when denied."""

    otherwise: str
    because: Words
    citations: tuple[Citation, ...]
    rules: tuple[Rule, ...]
    stricter: str = ""


@frozen(kw_only=True)
class Key(Dated):
    """One line of a priority; while it is not in force it ranks all alike."""

    kind: str
    by: Expression
    side: Expression | None
    ranks: tuple[str, ...]


@frozen(kw_only=True)
class Priority(Asking):
    keys: tuple[Key, ...]


@frozen(kw_only=True)
class Precedes:
    """That `first` comes before `second` by the priority of that full name."""

    first: Expression
    second: Expression
    priority: str


@frozen(kw_only=True)
class Property(Asking):
    citations: tuple[Citation, ...]
    where: Expression | None
    always: Expression | Precedes


@frozen(kw_only=True)
class Expectation:
    """`arguments` are facts in run-time form: records as dicts, what was not given left out."""

    question: str
    arguments: tuple[Any, ...]
    kind: str
    value: Any
    names: tuple[str, ...] | None
    other: tuple[Any, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Test:
    __test__ = False  # not for pytest

    title: str
    ruleset: str
    on: int | None
    expectations: tuple[Expectation, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Amendment:
    """What an overlay does to one declaration. `kind`: parameter, value, table, decision, adopt."""

    kind: str
    target: str
    ruleset: str
    versions: tuple[Version, ...] = ()
    rows: Rows | None = None
    rules: tuple[Rule, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


Callable = Value | Table | Decision
Question = Parameter | Value | Table | Decision | Priority | Property


@frozen(kw_only=True)
class Model:
    """A whole rulebook. Every mapping is in the order of declaration."""

    rulesets: dict[str, Ruleset]
    declared: dict[str, Any]  # full name to declaration, every kind but the three below
    sources: dict[str, SourceText]
    provisions: dict[str, Provision]  # by the name citations use, as in `VATP/7.23`
    tests: tuple[Test, ...]
    amendments: tuple[Amendment, ...]

    def of_kind(self, *kinds: type[Any]) -> list[Any]:
        """Every declaration of these kinds, in order."""
        return [d for d in self.declared.values() if isinstance(d, kinds)]

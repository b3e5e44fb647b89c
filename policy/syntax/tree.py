"""The syntax tree: what was written, word for word, before anything is looked up or typed.

In: nothing. Out: frozen nodes, each with the span it came from (ignored by equality).
Absent on purpose: names are plain strings, numbers are as typed, nothing is resolved.
"""

from __future__ import annotations

from datetime import date

from policy.answers import BilingualText
from policy.nodes import frozen
from policy.syntax.expressions import (
    Absence as Absence,
    Aggregate as Aggregate,
    Binary as Binary,
    Call as Call,
    Chain as Chain,
    Clamp as Clamp,
    Conditional as Conditional,
    Expression as Expression,
    FieldAccess as FieldAccess,
    Keys as Keys,
    ListOf as ListOf,
    Moment as Moment,
    Name as Name,
    Node as Node,
    Number as Number,
    OnCalendar as OnCalendar,
    RecordOf as RecordOf,
    Reference as Reference,
    Round as Round,
    SetOf as SetOf,
    SortKey as SortKey,
    Text as Text,
    Today as Today,
    Truth as Truth,
    Unary as Unary,
    Updated as Updated,
)
from policy.syntax.pieces import (
    Binder as Binder,
    Cell as Cell,
    Citations as Citations,
    Expectation as Expectation,
    Key as Key,
    LocalName as LocalName,
    Period as Period,
    Phrases as Phrases,
    Row as Row,
    RowFile as RowFile,
    Rule as Rule,
    SetVersion as SetVersion,
    TypeName as TypeName,
    Version as Version,
)
from policy.vocabulary import AmendmentKind, Direction, Effect, End, HitPolicy, Strictness

# ── declarations ────────────────────────────────────────────────────────────────────────────


@frozen
class Language(Node):
    version: Number


@frozen
class Ruleset(Node):
    """`offset` is that of its time from UTC, as `+08:00`."""

    name: Name
    amends: Name | None
    title: BilingualText | None
    offset: Text | None = None


@frozen
class Import(Node):
    name: Name


@frozen
class Copy(Node):
    """Where a source was read, and the SHA-256 of what was there, if it is known."""

    address: str
    sha256: str


@frozen
class Reading(Node):
    """When a source was read, and where; and until when, at least, what was read holds."""

    on: date | None
    copies: tuple[Copy, ...]
    holds_until: date | None


@frozen
class Currency(Node):
    """A currency that is not of ISO 4217, and how many decimals are kept of it."""

    name: Name
    decimals: Number
    title: BilingualText


@frozen
class SourceText(Node):
    """A text the rules rest on: a circular, a guideline, a house manual.

    `period` is when it is in force, where that is not from its date of issue on.
    """

    name: Name
    title: BilingualText
    reference: str
    issued: date | None
    period: Period | None
    reading: Reading | None
    status: Name | None
    note: BilingualText | None


@frozen
class Provision(Node):
    name: Name
    pillar: Name | None
    measure: Name | None
    period: Period | None
    text: BilingualText
    status: Name | None
    excused: BilingualText | None


@frozen
class Member(Node):
    """`spelt` are the texts that stand for it in facts; documents print the first."""

    name: Name
    title: BilingualText | None
    renamed: Name | None = None
    spelt: tuple[Text, ...] = ()


@frozen
class EnumOf(Node):
    """`first` says which end of an order the first member is, where they have one."""

    name: Name
    title: BilingualText | None
    members: tuple[Member, ...]
    renamed: Name | None = None
    first: End | None = None


@frozen
class FieldDeclaration(Node):
    """`mark` is `changeable` or nothing."""

    name: Name
    type: TypeName
    at_least: Expression | None
    at_most: Expression | None
    title: BilingualText | None
    mark: str = ""
    phrases: Phrases | None = None
    renamed: Name | None = None


@frozen
class RecordType(Node):
    name: Name
    title: BilingualText | None
    fields: tuple[FieldDeclaration, ...]
    renamed: Name | None = None


@frozen
class DatedSet(Node):
    name: Name
    of: TypeName
    title: BilingualText | None
    versions: tuple[SetVersion, ...]


@frozen
class Holiday(Node):
    on: date | None
    title: BilingualText | None


@frozen
class CalendarVersion(Node):
    """The days for which holidays are known, and what they are."""

    period: Period
    holidays: tuple[Holiday, ...]
    per: Citations


@frozen
class Calendar(Node):
    """Business days: all that are neither days of rest nor holidays."""

    name: Name
    title: BilingualText | None
    rest: tuple[Name, ...]
    versions: tuple[CalendarVersion, ...]
    per: Citations


@frozen
class Leniency(Node):
    """That rounding in this direction, which is not the cautious one, is meant; and why."""

    mode: Direction
    because: BilingualText


@frozen
class Refuted(Node):
    """That a claim is refuted on purpose, and why; a property's own claim where none is named."""

    claim: str
    because: BilingualText


@frozen
class Unset(Node):
    reason: BilingualText
    per: Citations


@frozen
class Parameter(Node):
    name: Name
    type: TypeName
    title: BilingualText | None
    stricter: Strictness
    versions: tuple[Version, ...]
    unset: Unset | None
    leniency: Leniency | None = None
    phrases: Phrases | None = None
    renamed: Name | None = None


@frozen
class Value(Node):
    name: Name
    parameters: tuple[Binder, ...]
    type: TypeName
    title: BilingualText | None
    stricter: Strictness
    versions: tuple[Version, ...]
    leniency: Leniency | None = None
    refuted: tuple[Refuted, ...] = ()
    phrases: Phrases | None = None
    renamed: Name | None = None
    local: tuple[LocalName, ...] = ()


@frozen
class Table(Node):
    """Its rows are in `file` where it names one, and are then read from there."""

    name: Name
    parameters: tuple[Binder, ...]
    type: TypeName
    title: BilingualText | None
    stricter: Strictness
    hit: HitPolicy
    header: Row
    rows: tuple[Row, ...]
    leniency: Leniency | None = None
    refuted: tuple[Refuted, ...] = ()
    phrases: Phrases | None = None
    renamed: Name | None = None
    local: tuple[LocalName, ...] = ()
    file: RowFile | None = None


@frozen
class Otherwise(Node):
    effect: Effect
    because: BilingualText | None
    per: Citations


@frozen
class Decision(Node):
    name: Name
    parameters: tuple[Binder, ...]
    title: BilingualText | None
    otherwise: Otherwise
    rules: tuple[Rule, ...]
    stricter: Strictness = ""
    refuted: tuple[Refuted, ...] = ()
    phrases: Phrases | None = None
    renamed: Name | None = None
    local: tuple[LocalName, ...] = ()


@frozen
class Priority(Node):
    name: Name
    parameters: tuple[Binder, ...]
    title: BilingualText | None
    keys: tuple[Key, ...]
    refuted: tuple[Refuted, ...] = ()
    local: tuple[LocalName, ...] = ()


@frozen
class Precedes(Node):
    """What a property may claim besides an expression: that one comes before the other."""

    first: Expression
    second: Expression
    priority: Name


@frozen
class Property(Node):
    name: Name
    title: BilingualText | None
    per: Citations
    parameters: tuple[Binder, ...]
    where: Expression | None
    always: Expression | Precedes
    refuted: tuple[Refuted, ...] = ()
    local: tuple[LocalName, ...] = ()


@frozen
class Given(Node):
    name: Name
    value: Expression


@frozen
class Test(Node):
    title: BilingualText
    on: date | None
    given: tuple[Given, ...]
    expect: tuple[Expectation, ...]


@frozen
class Tighten(Node):
    """What an overlay makes stricter."""

    kind: AmendmentKind
    name: Name
    versions: tuple[Version, ...] = ()
    header: Row | None = None
    rows: tuple[Row, ...] = ()
    rules: tuple[Rule, ...] = ()
    file: RowFile | None = None


Definition = EnumOf | RecordType | DatedSet | Calendar | Parameter | Value | Table | Decision | Priority | Property
Statement = SourceText | Provision | Currency | Definition | Test | Tighten  # what stands below the head of a file
Declaration = Language | Ruleset | Import | Statement


@frozen
class File(Node):
    """One parsed file: what could be read of it, in the order written.

    `unparsed` are the names that declarations which could not be read would have declared.
    """

    declarations: tuple[Declaration, ...]
    unparsed: frozenset[str] = frozenset()

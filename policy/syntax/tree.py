"""The syntax tree: what was written, word for word, before anything is looked up or typed.

In: nothing. Out: frozen nodes, each with the span it came from (ignored by equality).
Absent on purpose: names are plain strings, numbers are as typed, nothing is resolved.
"""

from __future__ import annotations

from datetime import date

from attrs import frozen

from policy.answers import BilingualText
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
    ListOf as ListOf,
    Moment as Moment,
    Name as Name,
    Node as Node,
    Number as Number,
    RecordOf as RecordOf,
    Reference as Reference,
    Round as Round,
    SetOf as SetOf,
    Text as Text,
    Today as Today,
    Truth as Truth,
    Unary as Unary,
    Updated as Updated,
)
from policy.vocabulary import (
    AmendmentKind,
    CellKind,
    Direction,
    Effect,
    ExpectationKind,
    HitPolicy,
    KeyKind,
    OrderOperator,
    Strictness,
    TypeWord,
)

# ── types ───────────────────────────────────────────────────────────────────────────────────


@frozen
class TypeName(Node):
    """`kind` is the type's word (`money`, `list`, … or `named`); the rest is what followed it."""

    kind: TypeWord
    argument: str = ""  # currency, or the name of an enum or record
    step: Number | None = None
    of: TypeName | None = None


@frozen
class Phrases(Node):
    """The sentence that tells a thing, or tells it where it is true; and the one where it is not."""

    says: BilingualText | None
    otherwise: BilingualText | None


@frozen
class Binder(Node):
    name: Name
    type: TypeName
    title: BilingualText | None = None
    phrases: Phrases | None = None


# ── pieces of declarations ──────────────────────────────────────────────────────────────────


@frozen
class Period(Node):
    start: date | None
    end: date | None


@frozen
class Citations(Node):
    names: tuple[Name, ...] = ()


@frozen
class Version(Node):
    period: Period | None
    body: Expression
    per: Citations


@frozen
class SetVersion(Node):
    """Either the whole set (`items`) or what changes on a date (`add`, `remove`)."""

    period: Period | None
    items: SetOf | None
    add: SetOf | None
    remove: SetOf | None
    per: Citations


@frozen
class Cell(Node):
    """One cell of a table."""

    kind: CellKind
    items: tuple[Expression, ...] = ()
    tests: tuple[tuple[OrderOperator, Expression], ...] = ()
    citations: Citations = Citations()


@frozen
class Row(Node):
    cells: tuple[Cell, ...]


@frozen
class Rule(Node):
    effect: Effect
    name: Name
    when: tuple[Expression, ...]
    unless: tuple[Expression, ...]
    because: BilingualText | None
    period: Period | None
    per: Citations


@frozen
class Key(Node):
    """One line of a priority."""

    kind: KeyKind
    by: Expression
    side: Expression | None = None
    ranks: tuple[Name, ...] = ()
    period: Period | None = None
    per: Citations = Citations()


@frozen
class Expectation(Node):
    """What a test says of the answer to `subject`."""

    subject: Expression
    kind: ExpectationKind
    value: Expression | None = None
    names: tuple[Name, ...] | None = None


# ── declarations ────────────────────────────────────────────────────────────────────────────


@frozen
class Language(Node):
    version: Number


@frozen
class Ruleset(Node):
    name: Name
    amends: Name | None
    title: BilingualText | None


@frozen
class Import(Node):
    name: Name


@frozen
class Reading(Node):
    """When a source was read, and until when, at least, what was read holds."""

    on: date | None
    holds_until: date | None


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
    note: str


@frozen
class Provision(Node):
    name: Name
    pillar: Name | None
    measure: Name | None
    period: Period | None
    text: BilingualText
    status: Name | None
    excused: str


@frozen
class Member(Node):
    name: Name
    title: BilingualText | None
    renamed: Name | None = None


@frozen
class EnumOf(Node):
    name: Name
    title: BilingualText | None
    members: tuple[Member, ...]
    renamed: Name | None = None


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


@frozen
class Table(Node):
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


@frozen
class Priority(Node):
    name: Name
    parameters: tuple[Binder, ...]
    title: BilingualText | None
    keys: tuple[Key, ...]
    refuted: tuple[Refuted, ...] = ()


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


@frozen
class Given(Node):
    name: Name
    value: Expression


@frozen
class Test(Node):
    title: str
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


Definition = EnumOf | RecordType | DatedSet | Parameter | Value | Table | Decision | Priority | Property
Statement = SourceText | Provision | Definition | Test | Tighten  # what stands below the head of a file
Declaration = Language | Ruleset | Import | Statement


@frozen
class File(Node):
    """One parsed file: what could be read of it, in the order written.

    `unparsed` are the names that declarations which could not be read would have declared.
    """

    declarations: tuple[Declaration, ...]
    unparsed: frozenset[str] = frozenset()

"""The typed model of a rulebook: what every declaration means, with names resolved and dates as days.

Full names (`hk.sfc.haircuts.haircut`) are the keys everywhere. Periods are half open: `start` is the first
day in force, `end` the first day no longer in force, None means unbounded.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, overload

from attrs import field

from policy.answers import NO_WORDS, BilingualText, Citation, Status
from policy.model.declared import (
    NO_PHRASES as NO_PHRASES,
    Dated as Dated,
    Declared as Declared,
    Leniency as Leniency,
    Phrases as Phrases,
    Refuted as Refuted,
)
from policy.model.expressions import Expression
from policy.model.types import OF, Type
from policy.nodes import frozen
from policy.source import NOWHERE, Span
from policy.vocabulary import (
    AmendmentKind,
    Effect,
    ExpectationKind,
    HitPolicy,
    KeyKind,
    OrderOperator,
    QuestionKind,
    RuntimeValue,
    Strictness,
    TestKind,
)

Parameters = tuple[tuple[str, Type], ...]


@frozen(kw_only=True)
class LocalName:
    """A name within a declaration, for what it says more than once."""

    name: str
    body: Expression
    title: BilingualText = NO_WORDS
    phrases: Phrases = NO_PHRASES
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Asking(Declared):
    """What asks about `parameters`; `binders` are the places where they are written, `called` how they are told."""

    parameters: Parameters
    refuted: tuple[Refuted, ...] = ()
    local: tuple[LocalName, ...] = ()
    called: tuple[tuple[BilingualText, Phrases], ...] = ()
    binders: tuple[Span, ...] = field(default=(), eq=False, repr=False)


@frozen(kw_only=True)
class Ruleset:
    name: str
    title: BilingualText
    amends: str
    imports: tuple[str, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Copy:
    """A web address at which a source was read, and the SHA-256 of what was there, if it is known."""

    address: str
    sha256: str


@frozen(kw_only=True)
class Currency(Declared):
    """A currency beyond ISO 4217; its code is its name."""

    decimals: int


@frozen(kw_only=True)
class SourceText(Declared):
    """`read` on a day, and then known to hold until before the day `holds_until`; None where neither is said."""

    reference: str
    issued: str
    start: int | None  # when it took effect: from its period, else from its date of issue
    end: int | None
    read: int | None
    copies: tuple[Copy, ...]
    holds_until: int | None
    status: Status
    note: BilingualText  # what of it was read


@frozen(kw_only=True)
class Provision(Declared):
    source: str
    status: Status
    pillar: str
    measure: str
    excused: BilingualText | None  # why no rule stands on it
    citation: Citation


@frozen(kw_only=True)
class EnumOf(Declared):
    members: tuple[tuple[str, BilingualText], ...]
    renamed_members: tuple[tuple[str, str], ...] = ()  # those that had another name, and that name


@frozen(kw_only=True)
class FieldDeclaration:
    name: str
    type: Type
    least: int | None
    most: int | None
    title: BilingualText
    is_changeable: bool = False
    phrases: Phrases = NO_PHRASES
    renamed: str = ""
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return self.least, self.most


@frozen(kw_only=True)
class RecordType(Declared):
    fields: tuple[FieldDeclaration, ...]


@frozen(kw_only=True)
class SetVersion(Dated):
    items: frozenset[RuntimeValue]


@frozen(kw_only=True)
class DatedSet(Declared):
    kind: ClassVar[QuestionKind] = "set"
    type: Type
    versions: tuple[SetVersion, ...]


@frozen(kw_only=True)
class CalendarVersion(Dated):
    """Holidays by their days, with what they are called."""

    holidays: tuple[tuple[int, BilingualText], ...]


@frozen(kw_only=True)
class Calendar(Declared):
    """`rest` are days of the week, of which Monday is 1; the versions follow each other without a gap."""

    kind: ClassVar[QuestionKind] = "set"
    rest: tuple[int, ...]
    versions: tuple[CalendarVersion, ...]


@frozen(kw_only=True)
class Version(Dated):
    body: Expression


@frozen(kw_only=True)
class Parameter(Declared):
    """`unset` tells why no value is known; of `tightened`, the values of each amendment, the strictest wins."""

    kind: ClassVar[QuestionKind] = "parameter"
    type: Type
    stricter: Strictness
    versions: tuple[Version, ...]
    unset: BilingualText | None
    citations: tuple[Citation, ...]
    tightened: tuple[tuple[Version, ...], ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Value(Asking):
    kind: ClassVar[QuestionKind] = "value"
    type: Type
    stricter: Strictness
    versions: tuple[Version, ...]
    tightened: tuple[tuple[Version, ...], ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Cell:
    """A test of one column. The `items` of an `other` are what the other rows name."""

    kind: TestKind
    items: tuple[Expression, ...] = ()
    tests: tuple[tuple[OrderOperator, Expression], ...] = ()
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
    kind: ClassVar[QuestionKind] = "table"
    type: Type
    stricter: Strictness
    hit: HitPolicy
    body: Rows
    tightened: tuple[Rows, ...] = ()
    leniency: Leniency | None = None


@frozen(kw_only=True)
class Rule(Dated):
    name: str
    effect: Effect
    when: tuple[Expression, ...]
    unless: tuple[Expression, ...]
    because: BilingualText


@frozen(kw_only=True)
class Decision(Asking):
    """A duty is `stricter` when `permitted`; any other decision, when denied."""

    kind: ClassVar[QuestionKind] = "decision"
    otherwise: Effect
    because: BilingualText
    citations: tuple[Citation, ...]
    rules: tuple[Rule, ...]
    stricter: Strictness = ""


@frozen(kw_only=True)
class Key(Dated):
    """One line of a priority; while it is not in force it ranks all alike."""

    kind: KeyKind
    by: Expression
    side: Expression | None
    ranks: tuple[str, ...]


@frozen(kw_only=True)
class Priority(Asking):
    kind: ClassVar[QuestionKind] = "priority"
    keys: tuple[Key, ...]


@frozen(kw_only=True)
class Precedes:
    """That `first` comes before `second` by the priority of that full name."""

    first: Expression
    second: Expression
    priority: str


@frozen(kw_only=True)
class Property(Asking):
    kind: ClassVar[QuestionKind] = "property"
    citations: tuple[Citation, ...]
    where: Expression | None
    always: Expression | Precedes


@frozen(kw_only=True)
class Expectation:
    """`arguments` are facts in run-time form: records as dicts, what was not given left out.

    `way` leads to the field that is expected of an answer that is a record. `provisions` are all that the answer is
    to stand on; where there are none, nothing is said of them.
    """

    question: str
    way: tuple[str, ...] = ()
    arguments: tuple[RuntimeValue, ...]
    kind: ExpectationKind
    value: RuntimeValue
    names: tuple[str, ...] | None
    provisions: tuple[str, ...] = ()
    other: tuple[RuntimeValue, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)

    @property
    def function(self) -> str:
        """The function of a program that gives the answer, or that field of it."""
        return OF.join((self.question, *self.way))


@frozen(kw_only=True)
class Test:
    __test__ = False  # not for pytest

    title: BilingualText
    ruleset: str
    on: int | None
    expectations: tuple[Expectation, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Amendment:
    """What an overlay does to one declaration."""

    kind: AmendmentKind
    target: str
    ruleset: str
    versions: tuple[Version, ...] = ()
    rows: Rows | None = None
    rules: tuple[Rule, ...] = ()
    span: Span = field(default=NOWHERE, eq=False, repr=False)


Question = Parameter | Value | Table | Decision | Priority | Property
Declaration = EnumOf | RecordType | DatedSet | Calendar | Question

A = TypeVar("A", bound=Declared)
B = TypeVar("B", bound=Declared)
C = TypeVar("C", bound=Declared)
D = TypeVar("D", bound=Declared)


@frozen(kw_only=True)
class Model:
    """A whole rulebook. Every mapping is in the order of declaration."""

    rulesets: dict[str, Ruleset]
    declared: dict[str, Declaration]  # by full name
    sources: dict[str, SourceText]
    provisions: dict[str, Provision]  # by the name citations use, as in `VATP/7.23`
    tests: tuple[Test, ...]
    amendments: tuple[Amendment, ...]
    currencies: dict[str, Currency] = field(factory=dict)  # that it declares, by their codes
    languages: tuple[str, ...] = ("en",)  # of its texts, by their tags
    offset: int = 0  # of its time, in minutes ahead of UTC

    def get(self, kind: type[A], id: str) -> A:
        """The declaration of this full name, which is one of that kind."""
        declared = self.declared[id]
        assert isinstance(declared, kind), f"{id} is no {kind.__name__}"
        return declared

    def question(self, id: str) -> Question:
        declared = self.declared[id]
        assert isinstance(declared, Question), f"{id} cannot be asked"
        return declared

    @overload
    def of_kind(self, a: type[A], /) -> list[A]: ...
    @overload
    def of_kind(self, a: type[A], b: type[B], /) -> list[A | B]: ...
    @overload
    def of_kind(self, a: type[A], b: type[B], c: type[C], /) -> list[A | B | C]: ...
    @overload
    def of_kind(self, a: type[A], b: type[B], c: type[C], d: type[D], /) -> list[A | B | C | D]: ...
    @overload
    def of_kind(self, *kinds: type[A]) -> list[A]: ...
    def of_kind(self, *kinds: type[Declared]) -> list[Any]:
        """Every declaration of these kinds, in order."""
        return [d for d in self.declared.values() if isinstance(d, kinds)]

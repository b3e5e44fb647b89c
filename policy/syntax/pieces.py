"""Pieces of declarations as written: types, periods, versions, cells, rules, keys, expectations. Part of `tree`."""

from __future__ import annotations

from datetime import date

from policy.answers import BilingualText
from policy.nodes import frozen
from policy.syntax.expressions import Expression, Name, Node, Number, SetOf
from policy.vocabulary import CellKind, Effect, ExpectationKind, KeyKind, OrderOperator, TypeWord

# ── types ───────────────────────────────────────────────────────────────────────────────────


@frozen
class TypeName(Node):
    """`kind` is the type's word (`money`, `list`, … or `named`); the rest is what followed it."""

    kind: TypeWord
    argument: str = ""  # currency, the field that has it, or the name of an enum or record
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


@frozen
class LocalName(Node):
    """A name that a declaration gives to what it says more than once."""

    name: Name
    value: Expression
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
    """One cell of a table; a `text` of a file is nothing that the language reads."""

    kind: CellKind
    items: tuple[Expression, ...] = ()
    tests: tuple[tuple[OrderOperator, Expression], ...] = ()
    citations: Citations = Citations()
    text: str = ""  # as it stands in a file


@frozen
class Row(Node):
    cells: tuple[Cell, ...]


@frozen
class RowFile(Node):
    """A file beside the rules that has the rows of a table."""

    path: str


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
    per: Citations = Citations()

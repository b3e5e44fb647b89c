"""Names, literals, expressions and types: one method a grammar rule. Part of `from_text`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from policy.answers import BilingualText
from policy.diagnostics import Collector
from policy.source import Source, Span
from policy.syntax import tree
from policy.syntax.parsing import Items, Meta, Token
from policy.vocabulary import (
    AggregateKind,
    BinaryOperator,
    BusinessDayOperator,
    ChainOperator,
    SortDirection,
    TypeWord,
    UnaryOperator,
)

MOST_DIGITS = 30
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


@frozen
class Sorting:
    """The keys by which the elements of a list are ordered."""

    keys: tuple[tree.SortKey, ...]


def _binary(operator: BinaryOperator) -> Callable[..., tree.Binary]:
    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(operator, items[0], items[1], span=self.at(meta))

    return make


def _unary(operator: UnaryOperator) -> Callable[..., tree.Unary]:
    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary(operator, items[0], span=self.at(meta))

    return make


def _on_calendar(operator: BusinessDayOperator, name: int) -> Callable[..., tree.OnCalendar]:
    """Makes the expression whose calendar is named at that place among its parts."""

    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.OnCalendar:
        operands = (*items[:name], *items[name + 1 :])
        return tree.OnCalendar(operator, self.name_of(items[name]), operands, span=self.at(meta))

    return make


def _chain(operator: ChainOperator) -> Callable[..., tree.Chain]:
    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.Chain:
        return tree.Chain(operator, tuple(items), span=self.at(meta))

    return make


def _type(kind: TypeWord) -> Callable[..., tree.TypeName]:
    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.TypeName:
        argument = next((str(i) for i in items if isinstance(i, Token)), "")
        step = next((i for i in items if isinstance(i, tree.Number)), None)
        of = next((i for i in items if isinstance(i, tree.TypeName)), None)
        return tree.TypeName(kind, argument, step, of, span=self.at(meta))

    return make


def constant(value: object) -> Callable[..., object]:
    return lambda self, meta, items: value


def _aggregate(kind: AggregateKind) -> Callable[..., tree.Aggregate]:
    def make(self: ExpressionBuilder, meta: Meta, items: Items) -> tree.Aggregate:
        order = next((i.keys for i in items if isinstance(i, Sorting)), ())
        first, *rest = [i for i in items if not isinstance(i, Token | Sorting)]
        body, (variable, over, where) = (first, *rest) if rest else first
        number = next((self.number_of(i) for i in items if isinstance(i, Token) and i.type == "NUMBER"), None)
        return tree.Aggregate(kind, body, variable, over, where, order, number, span=self.at(meta))

    return make


def _sort_key(direction: SortDirection) -> Callable[..., tree.SortKey]:
    return lambda self, meta, items: tree.SortKey(direction, items[-1], span=self.at(meta))


def _which_days(written: str) -> str:
    """What a date that does not exist could have been."""
    year, month = int(written[:4]), int(written[5:7])
    if year == 0 or not 1 <= month <= 12:
        return "write year, month and day: `2026-02-11`"
    last = monthrange(year, month)[1]
    return f"the last day of that month is `{year:04}-{month:02}-{last}`"


def all_of(items: Items, kind: type[object]) -> tuple[Any, ...]:
    return tuple(i for i in items if isinstance(i, kind))


def phrases_of(items: Items) -> tree.Phrases | None:
    """How the thing made of these items is told, where that is written."""
    said = {i[0]: i[1] for i in items if isinstance(i, tuple) and len(i) == 2 and i[0] in ("says", "otherwise")}
    return tree.Phrases(said.get("says"), said.get("otherwise")) if said else None


class ExpressionBuilder:
    """Builds our nodes bottom-up, as the parser reduces."""

    def __init__(self, source: Source, found: Collector) -> None:
        self.source, self.found = source, found

    def items(self, _: Meta, items: Items) -> Items:
        """What a rule without a name makes."""
        return items

    # spans, names, texts

    def at(self, meta: Meta) -> Span:
        return Span(self.source, *meta)

    def token_span(self, token: Token) -> Span:
        return Span(self.source, token.start_pos, token.end_pos)

    def name_of(self, token: Token) -> tree.Name:
        return tree.Name(str(token), span=self.token_span(token))

    def unquoted(self, token: Token) -> str:
        return str(token)[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    def date_of(self, token: Token) -> date | None:
        try:
            return date.fromisoformat(str(token))
        except ValueError:
            self.found.error("bad-date", f"there is no day `{token}`", self.token_span(token), _which_days(token))
            return None

    def number_of(self, token: Token, unit: str = "") -> tree.Number:
        digits, _, word = str(token).replace("_", "").partition(" ")
        digits = digits.rstrip("%")
        span = self.token_span(token)
        if sum(c.isdigit() for c in digits) > MOST_DIGITS:
            self.found.error("number-too-long", f"the number has more than {MOST_DIGITS} digits", span)
            digits = "0"
        if word in _SCALES:
            return tree.Number(Decimal(digits) * _SCALES[word], unit, span=span)
        return tree.Number(Decimal(digits), unit or word.rstrip("s"), span=span)

    def clauses(self, what: str, items: Items) -> dict[str, Any]:
        """The tagged items by their tags; a tag that comes again is a finding."""
        result: dict[str, object] = {}
        for tag, value in (i for i in items if isinstance(i, tuple)):
            if tag in result:
                span = self.token_span(value) if isinstance(value, Token) else value.span
                self.found.error("repeated-clause", f"{what} has a second `{tag}`", span)
            result[tag] = value
        return result

    def text(self, meta: Meta, items: Items) -> BilingualText:
        others: dict[str, str] = {}
        for tag, words, span in (i for i in items if isinstance(i, tuple)):
            if tag in others or tag == "en":
                message, help = f"a text has a second `{tag}`", "the first text of all is in English"
                self.found.error("repeated-clause", message, span, help if tag == "en" else "remove one of the two")
            others[tag] = words
        en, *zh = (self.unquoted(i) for i in items if isinstance(i, Token))
        return BilingualText(en, zh[0] if zh else "", tuple(others.items()))

    def in_language(self, meta: Meta, items: Items) -> tuple[str, str, Span]:
        return str(items[0]), self.unquoted(items[1]), self.at(meta)

    def says(self, _: Meta, items: Items) -> tuple[str, BilingualText]:
        return "says", items[0]

    def says_not(self, _: Meta, items: Items) -> tuple[str, BilingualText]:
        return "otherwise", items[0]

    # literals

    def number(self, _: Meta, items: Items) -> tree.Number:
        return self.number_of(items[0])

    def money(self, meta: Meta, items: Items) -> tree.Number:
        return tree.Number(self.number_of(items[0]).value, str(items[1]), span=self.at(meta))

    def percent(self, _: Meta, items: Items) -> tree.Number:
        return self.number_of(items[0], "%")

    def basis_points(self, _: Meta, items: Items) -> tree.Number:
        return self.number_of(items[0], "bp")

    duration = number

    def date(self, meta: Meta, items: Items) -> tree.Moment:
        self.date_of(items[0])
        return tree.Moment(str(items[0]), span=self.at(meta))

    def instant(self, meta: Meta, items: Items) -> tree.Moment:
        text = str(items[0])
        try:
            datetime.fromisoformat(text).astimezone(UTC)
            there_is = text.endswith("Z") or text[-2:] < "60"  # which Python takes for an hour more
        except (ValueError, OverflowError):  # the latter where the year is none in UTC
            there_is = False
        if not there_is:
            self.found.error("bad-date", f"there is no moment `{text}`", self.at(meta))
        return tree.Moment(text, span=self.at(meta))

    def string(self, meta: Meta, items: Items) -> tree.Text:
        return tree.Text(self.unquoted(items[0]), span=self.at(meta))

    def true(self, meta: Meta, _: Items) -> tree.Truth:
        return tree.Truth(True, span=self.at(meta))

    def false(self, meta: Meta, _: Items) -> tree.Truth:
        return tree.Truth(False, span=self.at(meta))

    def none(self, meta: Meta, _: Items) -> tree.Absence:
        return tree.Absence(span=self.at(meta))

    def today(self, meta: Meta, _: Items) -> tree.Today:
        return tree.Today(span=self.at(meta))

    def literal(self, _: Meta, items: Items) -> object:
        return items[0]

    aggregate = grouped = literal

    # expressions

    def name(self, meta: Meta, items: Items) -> tree.Reference:
        return tree.Reference(str(items[0]), span=self.at(meta))

    def call(self, meta: Meta, items: Items) -> tree.Call:
        return tree.Call(self.name_of(items[0]), tuple(items[1]), span=self.at(meta))

    def arguments(self, _: Meta, items: Items) -> Items:
        return items

    def field_of(self, meta: Meta, items: Items) -> tree.FieldAccess:
        return tree.FieldAccess(items[0], self.name_of(items[1]), span=self.at(meta))

    def updated(self, meta: Meta, items: Items) -> tree.Updated:
        return tree.Updated(items[0], items[1], span=self.at(meta))

    def conditional(self, meta: Meta, items: Items) -> tree.Conditional:
        return tree.Conditional(*items, span=self.at(meta))

    def rounded(self, meta: Meta, items: Items) -> tree.Round:
        return tree.Round(*items, span=self.at(meta))

    def clamp(self, meta: Meta, items: Items) -> tree.Clamp:
        return tree.Clamp(*items, span=self.at(meta))

    def fields(self, meta: Meta, items: Items) -> tree.RecordOf:
        return tree.RecordOf(tuple(items), span=self.at(meta))

    def entry(self, _: Meta, items: Items) -> tuple[tree.Name, object]:
        return self.name_of(items[0]), items[1]

    def braces(self, meta: Meta, items: Items) -> tree.SetOf:
        return tree.SetOf(tuple(items), span=self.at(meta))

    def set_literal(self, _: Meta, items: Items) -> object:
        return items[0]

    def list_literal(self, meta: Meta, items: Items) -> tree.ListOf:
        return tree.ListOf(tuple(items), span=self.at(meta))

    def sorting(self, _: Meta, items: Items) -> Sorting:
        return Sorting(tuple(i for i in items if isinstance(i, tree.SortKey)))

    def keys(self, meta: Meta, items: Items) -> tree.Keys:
        return tree.Keys(tuple(items), span=self.at(meta))

    def over(self, _: Meta, items: Items) -> tuple[object, object]:
        return items[0], items[1]

    def each(self, _: Meta, items: Items) -> tuple[tree.Name, object, object]:
        return self.name_of(items[0]), items[1], items[2] if len(items) > 2 else None

    def condition(self, _: Meta, items: Items) -> object:
        return items[0]

    either, both = _chain("or"), _chain("and")
    min_of, max_of = _chain("min"), _chain("max")
    negation, negative, absolute = _unary("not"), _unary("-"), _unary("abs")

    def calendar(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary(items[0].value, items[1], span=self.at(meta))

    def counted(self, meta: Meta, items: Items) -> tree.Binary:
        one = tree.Number(Decimal(1), str(items[1]).rstrip("s"), span=self.token_span(items[1]))
        return tree.Binary("*", items[0], one, span=self.at(meta))

    def elapsed(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary(items[0].value, items[1], items[2], span=self.at(meta))

    business_day = _on_calendar("a business day", 1)
    business_days_after, business_days_before = (
        _on_calendar("business days after", 1),
        _on_calendar("business days before", 1),
    )
    business_day_from, business_day_until = (
        _on_calendar("business day on or after", 0),
        _on_calendar("business day on or before", 0),
    )
    business_days_between = _on_calendar("business days between", 0)

    def no_business_day(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary("not", self.business_day(meta, items), span=self.at(meta))

    def square_root(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary("square root", items[-1], span=self.at(meta))

    def power(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary("^", items[0], self.number_of(items[1]), span=self.at(meta))

    present, absent = _unary("is present"), _unary("is absent")

    def multiple_of(self, meta: Meta, items: Items) -> tree.Binary:
        return tree.Binary("is a multiple of", items[0], items[-1], span=self.at(meta))

    def not_multiple_of(self, meta: Meta, items: Items) -> tree.Unary:
        return tree.Unary("not", self.multiple_of(meta, items), span=self.at(meta))

    same, differs = _binary("is"), _binary("is not")
    member_of, not_member_of = _binary("in"), _binary("not in")
    less, at_most_expr, greater, at_least_expr = _binary("<"), _binary("<="), _binary(">"), _binary(">=")
    plus, minus, times, divided = _binary("+"), _binary("-"), _binary("*"), _binary("/")
    modulo = _binary("modulo")
    default = _binary("default")
    sum_over, count_over, count_distinct = (
        _aggregate("sum"),
        _aggregate("count"),
        _aggregate("count distinct"),
    )
    average_of, median_of = _aggregate("average"), _aggregate("median")
    sum_of_largest, sum_of_smallest = _aggregate("largest"), _aggregate("smallest")
    the_only, first_of, list_of = _aggregate("only"), _aggregate("first"), _aggregate("list")
    first_several = _aggregate("list")
    by_lowest, by_earliest = _sort_key("lowest"), _sort_key("lowest")
    by_highest, by_latest = _sort_key("highest"), _sort_key("highest")
    any_over, all_over = _aggregate("any"), _aggregate("all")
    min_over, max_over = _aggregate("min"), _aggregate("max")
    mode_down, mode_up = constant("down"), constant("up")
    mode_half_even, mode_half_up = constant("half even"), constant("half up")

    # types

    boolean_type, text_type, integer_type = _type("boolean"), _type("text"), _type("integer")
    decimal_type, rate_type, quantity_type = _type("decimal"), _type("rate"), _type("quantity")
    money_type, amount_type, price_type = _type("money"), _type("amount"), _type("price")
    date_type, instant_type, duration_type = _type("date"), _type("instant"), _type("duration")
    period_type = _type("period")
    set_type, list_type, optional_type = _type("set"), _type("list"), _type("optional")
    named_type = _type("named")

    def step(self, _: Meta, items: Items) -> tree.Number:
        token = items[0]
        return self.number_of(token, "%" if token.type == "PERCENT" else "")

    def binder(self, meta: Meta, items: Items) -> tree.Binder:
        title = next((i for i in items if isinstance(i, BilingualText)), None)
        return tree.Binder(self.name_of(items[0]), items[1], title, phrases_of(items), span=self.at(meta))

    def local(self, meta: Meta, items: Items) -> tree.LocalName:
        title = next((i for i in items if isinstance(i, BilingualText)), None)
        return tree.LocalName(self.name_of(items[0]), items[-1], title, phrases_of(items), span=self.at(meta))

    def parameters(self, _: Meta, items: Items) -> tuple[tree.Binder, ...]:
        return tuple(items)

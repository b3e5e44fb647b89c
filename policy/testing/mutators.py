"""The small mistakes that people make in rules: a table, one entry a kind.

In: a node of the syntax tree. Out: what it might have been, each with what happened in words. The type checker
refuses what makes no sense, so an entry need not know types. Absent: titles, reasons, properties, tests;
citations and bounds of fields, which stand in `miscited` and `misbounded`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar, cast

from attrs import evolve

from policy.syntax import tree
from policy.syntax.tree import Node
from policy.testing.words import Words as Words
from policy.vocabulary import (
    AggregateKind,
    BinaryOperator,
    ChainOperator,
    Effect,
    HitPolicy,
    KeyKind,
    OrderOperator,
    RoundingMode,
    SortDirection,
    Strictness,
)

Slips = Iterator[tuple[Node, str]]
Mutator = Callable[[Node, Words], Slips]
N = TypeVar("N", bound=Node)
T = TypeVar("T")

MUTATORS: dict[type[Node], list[tuple[str, Mutator]]] = {}


def mutates(kind: str, *classes: type[Node]) -> Callable[[Callable[[N, Words], Slips]], Callable[[N, Words], Slips]]:
    """Enters a function into the table: what of these classes of nodes can be mistaken in this way."""

    def enter(change: Callable[[N, Words], Slips]) -> Callable[[N, Words], Slips]:
        for of in classes:
            MUTATORS.setdefault(of, []).append((kind, cast(Mutator, change)))
        return change

    return enter


def without(items: tuple[T, ...], n: int) -> tuple[T, ...]:
    return (*items[:n], *items[n + 1 :])


def put(items: tuple[T, ...], n: int, *new: T) -> tuple[T, ...]:
    """The items with `new` from place `n` on."""
    return (*items[:n], *new, *items[n + len(new) :])


# ── operators ───────────────────────────────────────────────────────────────────────────────

_ORDER: tuple[OrderOperator, ...] = ("<", "<=", ">", ">=")
_COMPARISONS: tuple[BinaryOperator, ...] = (*_ORDER, "is", "is not")
_ARITHMETIC: tuple[BinaryOperator, ...] = ("+", "-", "*", "/")
_MEMBERSHIP: tuple[BinaryOperator, ...] = ("in", "not in")


def _operators(e: tree.Binary, among: tuple[BinaryOperator, ...]) -> Slips:
    for operator in among if e.operator in among else ():
        if operator != e.operator:
            yield evolve(e, operator=operator), f"`{operator}` for `{e.operator}`"


@mutates("comparison", tree.Binary)
def _comparison(e: tree.Binary, _: Words) -> Slips:
    yield from _operators(e, _COMPARISONS)


@mutates("comparison", tree.Cell)
def _bound(cell: tree.Cell, _: Words) -> Slips:
    for n, (operator, bound) in enumerate(cell.tests):
        for other in _ORDER:
            if other != operator:
                yield evolve(cell, tests=put(cell.tests, n, (other, bound))), f"`{other}` for `{operator}`"


@mutates("arithmetic", tree.Binary)
def _arithmetic(e: tree.Binary, _: Words) -> Slips:
    yield from _operators(e, _ARITHMETIC)
    if e.operator in ("-", "/"):
        yield evolve(e, left=e.right, right=e.left), f"the operands of `{e.operator}` exchanged"


@mutates("membership", tree.Binary)
def _membership(e: tree.Binary, _: Words) -> Slips:
    yield from _operators(e, _MEMBERSHIP)


@mutates("membership", tree.Cell)
def _cell_membership(cell: tree.Cell, _: Words) -> Slips:
    if cell.kind == "in":
        yield evolve(cell, kind="not in"), "`not in` for `in`"
    elif cell.kind == "not in":
        yield evolve(cell, kind="in"), "`in` for `not in`"


_CHAINS: dict[ChainOperator, ChainOperator] = {"and": "or", "or": "and", "min": "max", "max": "min"}


@mutates("and, or, min, max", tree.Chain)
def _chain(e: tree.Chain, _: Words) -> Slips:
    yield evolve(e, operator=_CHAINS[e.operator]), f"`{_CHAINS[e.operator]}` for `{e.operator}`"
    for n in range(len(e.operands)):
        rest = without(e.operands, n)
        less = rest[0] if len(rest) == 1 else evolve(e, operands=rest)
        yield less, f"operand {n + 1} of `{e.operator}` left out"


@mutates("not", tree.Unary)
def _unary(e: tree.Unary, _: Words) -> Slips:
    if e.operator == "is present":
        yield evolve(e, operator="is absent"), "`is absent` for `is present`"
    elif e.operator == "is absent":
        yield evolve(e, operator="is present"), "`is present` for `is absent`"
    else:
        yield e.operand, f"`{e.operator}` left out"


@mutates("not", tree.Version)
def _not_at_all(v: tree.Version, _: Words) -> Slips:
    if isinstance(v.body, tree.Reference | tree.FieldAccess | tree.Call | tree.Aggregate):
        yield evolve(v, body=tree.Unary("not", v.body, span=v.body.span)), "`not` put in"


# ── literals ────────────────────────────────────────────────────────────────────────────────


@mutates("literal", tree.Number)
def _number(e: tree.Number, _: Words) -> Slips:
    exponent = e.value.as_tuple().exponent
    step = Decimal(1).scaleb(min(0, exponent if isinstance(exponent, int) else 0))
    for by in (step, -step):
        yield evolve(e, value=e.value + by), f"{_shown(e.value + by, e.unit)} for {_shown(e.value, e.unit)}"


def _shown(value: Decimal, unit: str) -> str:
    return f"{value:f}{'' if unit == '%' or not unit else ' '}{unit}"


@mutates("literal", tree.Truth)
def _truth(e: tree.Truth, _: Words) -> Slips:
    yield evolve(e, value=not e.value), "`false` for `true`" if e.value else "`true` for `false`"


_UNITS = (("%", "bp"), ("second", "minute", "hour", "day", "week", "month", "year"), ("HKD", "USD"))


@mutates("unit or currency", tree.Number)
def _unit(e: tree.Number, _: Words) -> Slips:
    one = e.unit.removesuffix("s")
    for units in _UNITS:
        if one in units or (one.isupper() and units[0].isupper()):
            at = units.index(one) if one in units else -1
            near = units if at < 0 else units[max(0, at - 1) : at + 2]
            for unit in near:
                if unit != one:
                    unit += e.unit[len(one) :]
                    yield evolve(e, unit=unit), f"`{unit}` for `{e.unit}`"


@mutates("date", tree.Moment)
def _moment(e: tree.Moment, _: Words) -> Slips:
    if len(e.iso) == 10:
        for moved, says in _moved(date.fromisoformat(e.iso)):
            yield evolve(e, iso=moved.isoformat()), says
        return
    moment = datetime.fromisoformat(e.iso)
    for seconds, word in ((1, "later"), (-1, "earlier")):
        yield evolve(e, iso=(moment + timedelta(seconds=seconds)).isoformat()), f"{e.iso} a second {word}"


def _moved(day: date) -> Iterator[tuple[date, str]]:
    if day < date.max:
        yield day + timedelta(days=1), f"{day} a day later"
    if day > date.min:
        yield day - timedelta(days=1), f"{day} a day earlier"


@mutates("date", tree.Period)
def _period(p: tree.Period, _: Words) -> Slips:
    if p.start is not None:
        for day, says in _moved(p.start):
            yield evolve(p, start=day), f"from {says}"
        yield evolve(p, start=None), f"`from {p.start}` left out"
    if p.end is not None:
        for day, says in _moved(p.end):
            yield evolve(p, end=day), f"until {says}"
        yield evolve(p, end=None), f"`until {p.end}` left out"


@mutates("member", tree.Reference)
def _member(e: tree.Reference, words: Words) -> Slips:
    for other in words.members.get(e.name, ()):
        yield evolve(e, name=other), f"`{other}` for `{e.name}`"


@mutates("member of a set", tree.SetOf)
def _set(e: tree.SetOf, words: Words) -> Slips:
    names = [i.name if isinstance(i, tree.Reference) else "" for i in e.items]
    for n, item in enumerate(e.items):
        yield evolve(e, items=without(e.items, n)), f"`{item.span.text or names[n]}` left out of the set"
    more = next((m for name in names for m in words.members.get(name, ()) if m not in names), None)
    if more is not None:
        yield evolve(e, items=(*e.items, tree.Reference(more, span=e.span))), f"`{more}` added to the set"


# ── expressions of several parts ────────────────────────────────────────────────────────────

_ROUNDINGS: tuple[RoundingMode, ...] = ("down", "up", "half even", "half up")


@mutates("rounding", tree.Round)
def _rounding(e: tree.Round, _: Words) -> Slips:
    for mode in _ROUNDINGS:
        if mode != e.mode:
            yield evolve(e, mode=mode), f"rounded {mode}, not {e.mode}"
    for times in (Decimal(10), Decimal("0.1")):
        step = evolve(e.step, value=e.step.value * times)
        yield evolve(e, step=step), f"rounded to {_shown(step.value, step.unit)}"


@mutates("branch", tree.Conditional)
def _conditional(e: tree.Conditional, _: Words) -> Slips:
    yield evolve(e, then=e.otherwise, otherwise=e.then), "the branches exchanged"
    yield e.then, "`else` left out"
    yield e.otherwise, "`then` left out"


@mutates("branch", tree.Clamp)
def _clamp(e: tree.Clamp, _: Words) -> Slips:
    yield tree.Chain("min", (e.operand, e.high), span=e.span), "the lower bound left out"
    yield tree.Chain("max", (e.operand, e.low), span=e.span), "the upper bound left out"


_AGGREGATES: dict[AggregateKind, AggregateKind] = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "sum": "max",
}


@mutates("aggregate", tree.Aggregate)
def _aggregate(e: tree.Aggregate, _: Words) -> Slips:
    if e.kind in _AGGREGATES:
        yield evolve(e, kind=_AGGREGATES[e.kind]), f"`{_AGGREGATES[e.kind]}` for `{e.kind}`"
    if e.where is not None:
        yield evolve(e, where=None), "`where` left out"


_SORTED: dict[SortDirection, SortDirection] = {"lowest": "highest", "highest": "lowest"}


@mutates("aggregate", tree.SortKey)
def _sort_key(k: tree.SortKey, _: Words) -> Slips:
    yield evolve(k, direction=_SORTED[k.direction]), f"`{_SORTED[k.direction]}` for `{k.direction}`"


# ── decisions ───────────────────────────────────────────────────────────────────────────────

_EFFECTS: dict[Effect, Effect] = {"permit": "deny", "deny": "permit"}


@mutates("effect", tree.Rule, tree.Otherwise)
def _effect(r: tree.Rule | tree.Otherwise, _: Words) -> Slips:
    yield evolve(r, effect=_EFFECTS[r.effect]), f"`{_EFFECTS[r.effect]}` for `{r.effect}`"


@mutates("condition", tree.Rule)
def _condition(r: tree.Rule, _: Words) -> Slips:
    for n, e in enumerate(r.when):
        which = f"`when` {n + 1}" if len(r.when) > 1 else "`when`"
        yield evolve(r, when=without(r.when, n)), f"{which} left out"
        yield evolve(r, when=without(r.when, n), unless=(*r.unless, e)), f"`unless` for {which}"
    for n, e in enumerate(r.unless):
        which = f"`unless` {n + 1}" if len(r.unless) > 1 else "`unless`"
        yield evolve(r, unless=without(r.unless, n)), f"{which} left out"
        yield evolve(r, unless=without(r.unless, n), when=(*r.when, e)), f"`when` for {which}"


@mutates("rule, row or version left out", tree.Decision, tree.Tighten)
def _rule(d: tree.Decision | tree.Tighten, _: Words) -> Slips:
    for n, rule in enumerate(d.rules):
        yield evolve(d, rules=without(d.rules, n)), f"the rule `{rule.name.text}` left out"


@mutates("rule, row or version left out", tree.Parameter, tree.Value, tree.DatedSet)
def _version(d: tree.Parameter | tree.Value | tree.DatedSet, _: Words) -> Slips:
    for n in range(len(d.versions) if len(d.versions) > 1 else 0):
        yield cast(Node, evolve(d, versions=without(d.versions, n))), f"version {n + 1} left out"  # type: ignore[arg-type]


# ── tables ──────────────────────────────────────────────────────────────────────────────────

_HITS: tuple[HitPolicy, ...] = ("only", "first", "highest", "lowest", "sum")


@mutates("hit policy", tree.Table)
def _hit(d: tree.Table, _: Words) -> Slips:
    for hit in _HITS:
        if hit != d.hit:
            yield evolve(d, hit=hit), f"hit policy `{hit}`, not `{d.hit}`"


@mutates("rule, row or version left out", tree.Table, tree.Tighten)
def _row(d: tree.Table | tree.Tighten, _: Words) -> Slips:
    for n in range(len(d.rows)):
        yield evolve(d, rows=without(d.rows, n)), f"row {n + 1} left out"


@mutates("rows exchanged", tree.Table)
def _rows(d: tree.Table, _: Words) -> Slips:
    heads = [c.items[0] if c.kind == "values" and len(c.items) == 1 else None for c in d.header.cells]
    asked = {p.name.text for p in d.parameters}  # what else is a bare name holds results
    results = [n for n, e in enumerate(heads) if isinstance(e, tree.Reference) and e.name not in asked]
    for n, (a, b) in enumerate(pairwise(d.rows)):
        if d.hit == "first":
            yield evolve(d, rows=put(d.rows, n, b, a)), f"rows {n + 1} and {n + 2} exchanged"
        for at in results if len(a.cells) == len(b.cells) == len(heads) else ():
            if a.cells[at] != b.cells[at]:
                both = (
                    evolve(a, cells=put(a.cells, at, b.cells[at])),
                    evolve(b, cells=put(b.cells, at, a.cells[at])),
                )
                which = "results" if len(results) == 1 else f"`{d.header.cells[at].span.text}`"
                yield evolve(d, rows=put(d.rows, n, *both)), f"the {which} of rows {n + 1} and {n + 2} exchanged"


@mutates("cell", tree.Cell)
def _cell(cell: tree.Cell, _: Words) -> Slips:
    if cell.kind in ("values", "bounds", "other", "in", "not in"):
        yield tree.Cell("any", span=cell.span), f"`any` for `{cell.span.text}`"
    for n, item in enumerate(cell.items if cell.kind == "values" and len(cell.items) > 1 else ()):
        yield evolve(cell, items=without(cell.items, n)), f"`{item.span.text}` left out"
    for n in range(len(cell.tests) if len(cell.tests) > 1 else 0):
        yield evolve(cell, tests=without(cell.tests, n)), f"bound {n + 1} left out"


# ── priorities, strictness ──────────────────────────────────────────────────────────────────

_KEYS: dict[KeyKind, KeyKind] = {"lowest": "highest", "highest": "lowest", "best": "lowest"}


@mutates("priority", tree.Key)
def _key(k: tree.Key, _: Words) -> Slips:
    if k.kind in _KEYS:
        yield evolve(k, kind=_KEYS[k.kind], side=None), f"`{_KEYS[k.kind]}` for `{k.kind}`"
    for n, (a, b) in enumerate(pairwise(k.ranks)):
        yield evolve(k, ranks=put(k.ranks, n, b, a)), f"`{a.text}` and `{b.text}` exchanged"


@mutates("priority", tree.Priority)
def _keys(d: tree.Priority, _: Words) -> Slips:
    for n in range(len(d.keys) if len(d.keys) > 1 else 0):
        yield evolve(d, keys=without(d.keys, n)), f"key {n + 1} left out"
    for n, (a, b) in enumerate(pairwise(d.keys)):
        yield evolve(d, keys=put(d.keys, n, b, a)), f"keys {n + 1} and {n + 2} exchanged"


_STRICTER: dict[Strictness, Strictness] = {"higher": "lower", "lower": "higher"}
STRICTNESS = "stricter when"  # shows under an overlay only


@mutates(STRICTNESS, tree.Parameter, tree.Value, tree.Table)
def _stricter(d: tree.Parameter | tree.Value | tree.Table, _: Words) -> Slips:
    if d.stricter in _STRICTER:
        yield evolve(d, stricter=_STRICTER[d.stricter]), f"stricter when {_STRICTER[d.stricter]}, not {d.stricter}"

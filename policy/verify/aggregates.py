"""Aggregates over all facts: of each element whether it is there, whether it counts, and what is worked out of it.

In: the elements of a list, encoded. Out: the outcome. Absent: expressions (`to_smt`). Part of `to_smt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from policy.ir import program as ir
from policy.verify.choices import Aggregation, aggregate, first_deciding
from policy.verify.symbolic import Evaluated, Many, Plain, equal, merged, number, truth, with_unknown
from policy.verify.terms import Term, Terms
from policy.vocabulary import FindingKind

Elements = Sequence[tuple[Term, Evaluated, Evaluated]]  # whether it is there, its `where`, its body


def each_once(t: Terms, items: Many) -> Many:
    """A set of which no element is there twice."""
    elements = items.elements
    again = [t.any(*(t.all(q, equal(t, x, y)) for q, y in elements[:n])) for n, (_, x) in enumerate(elements)]
    kept = tuple((t.all(p, t.no(a)), x) for (p, x), a in zip(elements, again, strict=True))
    return Many(kept, items.unknown, True)


def aggregated(t: Terms, e: ir.Aggregate, elements: Elements, has_gaps: bool) -> Evaluated:
    """The outcome of an aggregate over elements, the list of which may have gaps."""
    match e.kind:
        case "any" | "all":
            return _decided(t, e.kind, elements)
        case "list":
            return _listed(t, elements, has_gaps or e.where is not None)
        case "first" | "only":
            return _one_found(t, e.kind, elements)
        case "sum" | "count" | "count distinct" | "min" | "max" | "median" | "largest" | "smallest":
            return _reduced(t, e.kind, elements, e.most)
        case _:
            assert_never(e.kind)


def in_order(t: Terms, over: Many, keys: Sequence[Sequence[Evaluated]], most: int) -> Evaluated:
    """A list in the order of its keys; each place has the element with so many before it."""
    there = [p for p, _ in over.elements]
    flat = [(p, key) for p, by in zip(there, keys, strict=True) for key in by]
    unknown = t.any(over.unknown, *(t.all(p, key.value.unknown) for p, key in flat))
    numbers = [[number(t, key.value) for key in by] for by in keys]
    places = [
        t.plus(*(t.choose(t.all(there[m], _is_before(t, numbers, m, n)), t.number(1), t.number(0)) for m in others))
        for n, others in enumerate([m for m in range(len(keys)) if m != n] for n in range(len(keys)))
    ]
    elements = []
    for place in range(min(most or len(keys), len(keys))):
        here = [t.all(p, t.same(at, t.number(place))) for p, at in zip(there, places, strict=True)]
        value = over.elements[-1][1]
        for h, (_, x) in zip(here[:-1], over.elements[:-1], strict=True):
            value = merged(t, h, x, value)
        elements.append((t.any(*here), value))
    return Evaluated(Many(tuple(elements), unknown), t.any(*(t.all(p, key.fault) for p, key in flat)))


def _is_before(t: Terms, keys: Sequence[Sequence[Term]], m: int, n: int) -> Term:
    """Whether one element comes before another: by its keys, then by its place."""
    result = t.truth(m < n)
    for a, b in reversed(list(zip(keys[m], keys[n], strict=True))):
        result = t.any(t.less(a, b), t.all(t.same(a, b), result))
    return result


def _decided(t: Terms, kind: Literal["any", "all"], elements: Elements) -> Evaluated:
    """`any` and `all`; an element that is not there, or that `where` leaves out, contributes nothing."""
    idle = kind == "all"
    contributions = []
    for there, test, body in elements:
        doubt, counts = test.value.unknown, truth(t, test.value)
        holds = truth(t, body.value) if idle else t.no(truth(t, body.value))
        is_idle = t.all(t.no(body.value.unknown), t.no(body.fault), holds)
        value = t.choose(t.any(doubt, counts), truth(t, body.value), t.truth(idle))
        unknown = t.choose(doubt, t.no(is_idle), t.all(counts, body.value.unknown))
        fault = t.any(test.fault, t.all(t.no(doubt), counts, body.fault))
        idle_value = t.any(t.no(there), value) if idle else t.all(there, value)
        contributions.append(Evaluated(Plain(idle_value, t.false, t.all(there, unknown)), t.all(there, fault)))
    return first_deciding(t, kind == "any", contributions)


def _kept(t: Terms, elements: Elements) -> tuple[list[Term], Term, Term]:
    """Of each element whether it counts; whether that is unknown of one, and whether asking it is a fault."""
    kept = [t.all(there, t.no(test.value.unknown), truth(t, test.value)) for there, test, _ in elements]
    doubts = t.any(*(t.all(there, test.value.unknown) for there, test, _ in elements))
    return kept, doubts, t.any(*(t.all(there, test.fault) for there, test, _ in elements))


def _listed(t: Terms, elements: Elements, has_gaps: bool) -> Evaluated:
    kept, doubts, fault = _kept(t, elements)
    pairs = list(zip(kept, (body for _, _, body in elements), strict=True))
    fault = t.any(fault, *(t.all(k, b.fault) for k, b in pairs))
    return Evaluated(Many(tuple((k, b.value) for k, b in pairs), doubts, has_gaps=has_gaps), fault)


def _one_found(t: Terms, kind: FindingKind, elements: Elements) -> Evaluated:
    kept, doubts, fault = _kept(t, elements)
    result = Evaluated(Plain(t.number(0), t.true, t.false), t.false)
    for k, (_, _, body) in zip(reversed(kept), reversed(elements), strict=True):
        result = Evaluated(merged(t, k, body.value, result.value), t.choose(k, body.fault, result.fault))
    wrong = result.fault
    if kind == "only":
        two = t.any(*(t.all(a, b) for n, a in enumerate(kept) for b in kept[:n]))
        wrong = t.any(wrong, two, t.no(t.any(*kept)))
    unknown = t.any(doubts, result.value.unknown)
    return Evaluated(with_unknown(result.value, unknown), t.any(fault, t.all(t.no(doubts), wrong)))


def _reduced(t: Terms, kind: Aggregation, elements: Elements, most: int) -> Evaluated:
    kept, doubts, fault = _kept(t, elements)
    pairs = list(zip(kept, (body for _, _, body in elements), strict=True))
    if kind != "count":
        fault = t.any(fault, *(t.all(k, b.fault) for k, b in pairs))
        doubts = t.any(doubts, *(t.all(k, b.value.unknown) for k, b in pairs))
    return Evaluated(with_unknown(aggregate(t, kind, [(k, b.value) for k, b in pairs], most), doubts), fault)

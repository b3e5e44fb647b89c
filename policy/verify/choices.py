"""`and`, `or`, aggregates, tables and dated versions over all facts. Part of `to_smt`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from attrs import frozen

from policy.verify.symbolic import Evaluated, Group, Plain, Value, equal, merged, number, truth, with_unknown
from policy.verify.terms import Term, Terms
from policy.vocabulary import HitPolicy, MostKind

Aggregation = Literal["sum", "count", "count distinct", "min", "max", "median", MostKind]


@frozen(eq=False)
class Deciding:
    """`and` and `or` up to an operand: evaluated until one decides; unknown where none does and one is unknown."""

    reached: Term
    fault: Term
    unknown: Term

    @staticmethod
    def none(t: Terms) -> Deciding:
        return Deciding(t.true, t.false, t.false)

    def then(self, t: Terms, deciding: bool, o: Evaluated) -> Deciding:
        """With one operand more."""
        decides = truth(t, o.value) if deciding else t.no(truth(t, o.value))
        return Deciding(
            t.all(self.reached, t.any(o.value.unknown, t.no(decides))),
            t.any(self.fault, t.all(self.reached, o.fault)),
            t.any(self.unknown, o.value.unknown),
        )

    def found(self, t: Terms, deciding: bool) -> Evaluated:
        """The outcome, if there are no more."""
        term = t.no(self.reached) if deciding else self.reached
        return Evaluated(Plain(term, t.false, t.all(self.reached, self.unknown)), self.fault)


def first_deciding(t: Terms, deciding: bool, operands: Sequence[Evaluated]) -> Evaluated:
    """`and` and `or` of all operands."""
    done = Deciding.none(t)
    for o in operands:
        done = done.then(t, deciding, o)
    return done.found(t, deciding)


def doubtful(t: Terms, doubt: Term, value: Value, one: Evaluated, other: Evaluated) -> Value:
    """`value`; in doubt it is `one` if that equals the other, and else unknown."""
    if isinstance(one.value, Group) or isinstance(other.value, Group):
        same = t.false
    else:
        known = t.no(t.any(one.value.unknown, other.value.unknown, one.fault, other.fault))
        same = t.all(known, equal(t, one.value, other.value))
    unknown = t.choose(doubt, t.no(same), value.unknown)
    return with_unknown(merged(t, doubt, one.value, value), unknown)


def aggregate(t: Terms, kind: Aggregation, kept: Sequence[tuple[Term, Value]], most: int = 0) -> Plain:
    """An aggregate of the values that are kept."""
    one, zero = t.number(1), t.number(0)
    match kind:
        case "sum":
            return _known(t, t.plus(*(t.choose(k, number(t, v), zero) for k, v in kept)))
        case "count":
            return _known(t, t.plus(*(t.choose(k, one, zero) for k, _ in kept)))
        case "count distinct":
            new = [t.all(k, *(t.no(t.all(p, equal(t, v, w))) for p, w in kept[:n])) for n, (k, v) in enumerate(kept)]
            return _known(t, t.plus(*(t.choose(k, one, zero) for k in new)))
        case "min" | "max":
            better = t.least if kind == "min" else t.greatest
            some, best = t.false, zero
            for k, v in kept:
                x = number(t, v)
                best = t.choose(k, t.choose(some, better(best, x), x), best)
                some = t.any(some, k)
            return Plain(best, t.no(some), t.false)
        case "median":
            count = t.plus(*(t.choose(k, one, zero) for k, _ in kept))
            return Plain(t.plus(*_in_the_middle(t, kept, count)), t.same(count, zero), t.false)
        case "largest" | "smallest":
            places = _places(t, kept, kind == "largest")
            among = [t.all(k, t.less(p, t.number(most))) for (k, _), p in zip(kept, places, strict=True)]
            return _known(
                t, t.plus(*(t.choose(a, number(t, v), zero) for a, (_, v) in zip(among, kept, strict=True)))
            )
        case _:
            assert_never(kind)


def _places(t: Terms, kept: Sequence[tuple[Term, Value]], is_descending: bool) -> list[Term]:
    """How many values come before each, in order; of equal ones, the one that stands earlier."""

    def before(n: int, m: int) -> Term:
        (_, a), (there, b) = kept[n], kept[m]
        x, y = (number(t, b), number(t, a)) if is_descending else (number(t, a), number(t, b))
        return t.all(there, t.at_most(y, x) if m < n else t.less(y, x))

    one, zero = t.number(1), t.number(0)
    others = [[m for m in range(len(kept)) if m != n] for n in range(len(kept))]
    return [t.plus(*(t.choose(before(n, m), one, zero) for m in ms)) for n, ms in enumerate(others)]


def _in_the_middle(t: Terms, kept: Sequence[tuple[Term, Value]], count: Term) -> list[Term]:
    """What each value adds to the sum of the two in the middle: itself, twice where it alone is, or nothing."""
    zero, one, two = t.number(0), t.number(1), t.number(2)
    result = []
    for (k, v), place in zip(kept, _places(t, kept, False), strict=True):
        x, twice = number(t, v), t.plus(place, place)
        middle = t.all(k, t.same(t.plus(twice, one), count))
        beside = t.all(k, t.any(t.same(twice, count), t.same(t.plus(twice, two), count)))
        result.append(t.choose(middle, t.plus(x, x), t.choose(beside, x, zero)))
    return result


def _known(t: Terms, term: Term) -> Plain:
    return Plain(term, t.false, t.false)


def chosen(
    t: Terms, mode: HitPolicy, tests: Sequence[Evaluated], values: Sequence[Evaluated], none: Evaluated
) -> Evaluated:
    """The value of the case or cases that hold."""
    match mode:
        case "first":
            done = First(none, t.false)
            for test, value in zip(reversed(tests), reversed(values), strict=True):
                done = done.after(t, test, value)
            return done.found(t)
        case "only":
            return _only(t, tests, values, none)
        case "highest":
            return _several(t, "max", tests, values, none)
        case "lowest":
            return _several(t, "min", tests, values, none)
        case "sum":
            return _several(t, "sum", tests, values, none)
        case _:
            assert_never(mode)


@frozen(eq=False)
class First:
    """The first case that holds, from some case on; in doubt, the value that all cases agree on that it may be."""

    rest: Evaluated
    fault_of_tests: Term

    def after(self, t: Terms, test: Evaluated, value: Evaluated) -> First:
        """With one case more in front."""
        doubt, holds = test.value.unknown, truth(t, test.value)
        taken = t.all(t.no(doubt), holds)
        chosen_value = merged(t, holds, value.value, self.rest.value)
        fault = t.all(t.no(doubt), t.choose(holds, value.fault, self.rest.fault))
        if doubt is not t.false:
            chosen_value = doubtful(t, doubt, chosen_value, value, self.rest)
        fault_of_tests = t.any(test.fault, t.all(t.no(taken), self.fault_of_tests))
        return First(Evaluated(chosen_value, fault), fault_of_tests)

    def found(self, t: Terms) -> Evaluated:
        """The outcome, if there are no more."""
        return Evaluated(self.rest.value, t.any(self.fault_of_tests, self.rest.fault))


def _only(t: Terms, tests: Sequence[Evaluated], values: Sequence[Evaluated], none: Evaluated) -> Evaluated:
    some, two, doubts = t.false, t.false, t.false
    fault, rest = t.false, none
    for test, value in zip(tests, values, strict=True):
        holds = t.all(t.no(test.value.unknown), truth(t, test.value))
        two = t.any(two, t.all(some, holds))
        some = t.any(some, holds)
        doubts = t.any(doubts, test.value.unknown)
        fault = t.any(fault, test.fault)
        rest = Evaluated(merged(t, holds, value.value, rest.value), t.choose(holds, value.fault, rest.fault))
    unknown = t.any(doubts, rest.value.unknown)
    return Evaluated(with_unknown(rest.value, unknown), t.any(fault, two, t.all(t.no(doubts), rest.fault)))


def _several(
    t: Terms, kind: Aggregation, tests: Sequence[Evaluated], values: Sequence[Evaluated], none: Evaluated
) -> Evaluated:
    holding: list[tuple[Term, Evaluated]] = []
    doubts, fault = t.false, t.false
    for test, value in zip(tests, values, strict=True):
        doubts = t.any(doubts, test.value.unknown)
        fault = t.any(fault, test.fault)
        holding.append((t.all(t.no(test.value.unknown), truth(t, test.value)), value))
    some = t.any(*(h for h, _ in holding))
    result = aggregate(t, kind, [(h, v.value) for h, v in holding])
    open_value = t.any(*(t.all(h, v.value.unknown) for h, v in holding))
    inner_fault = t.any(*(t.all(h, v.fault) for h, v in holding))
    total = merged(t, some, Plain(result.term, t.false, open_value), none.value)
    later = t.choose(some, inner_fault, none.fault)
    return Evaluated(with_unknown(total, t.any(doubts, total.unknown)), t.any(fault, t.all(t.no(doubts), later)))

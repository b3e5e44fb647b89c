"""Symbolic values: what an expression evaluates to, over all facts at once, as terms.

A value is `Plain` (a number, a text, a boolean, or the absence of something optional), a `Group` of fields, or
`Many` elements. Each may be unknown, under a condition. Texts are numbers: see `Texts`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from attrs import define, field, frozen

from policy.verify.terms import BOOL, Term, Terms


class CannotEncodeError(Exception):
    """Something in the rules that has no encoding."""


@frozen(eq=False)
class Plain:
    """A number, text or boolean; `absent` where it is none, `unknown` where the interpreter would not know it."""

    term: Term
    absent: Term
    unknown: Term


@frozen(eq=False)
class Nothing:
    """No value: always unknown, or a fault."""

    unknown: Term


@define(eq=False)
class Group:
    """A record: its fields, built on demand."""

    make: Callable[[str], Value]
    absent: Term
    unknown: Term
    fields: dict[str, Value] = field(factory=dict)

    def field(self, name: str) -> Value:
        if name not in self.fields:
            self.fields[name] = self.make(name)
        return self.fields[name]


@frozen(eq=False)
class Many:
    """A list, or a set where `is_set`: elements, and for each whether it is there.

    A list `has_gaps` where one that is there may stand behind one that is not.
    """

    elements: tuple[tuple[Term, Value], ...]
    unknown: Term
    is_set: bool = False
    has_gaps: bool = False


Value = Plain | Nothing | Group | Many


@frozen(eq=False)
class Evaluated:
    """The outcome of evaluating: a value, unless it is a `fault`."""

    value: Value
    fault: Term


@frozen(eq=False)
class Texts:
    """Each text of the rules has a number, from zero on; every other number is some other text."""

    numbers: dict[str, int] = field(factory=dict)

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def truth(t: Terms, value: Value) -> Term:
    """A boolean's term; anything where there is none."""
    return value.term if isinstance(value, Plain) and value.term.sort == BOOL else t.false


def number(t: Terms, value: Value) -> Term:
    """A number's term; anything where there is none."""
    return value.term if isinstance(value, Plain) and value.term.sort != BOOL else t.number(0)


def merged(t: Terms, condition: Term, a: Value, b: Value) -> Value:
    """`a` where the condition holds, else `b`."""
    if condition is t.true or a is b:
        return a
    if condition is t.false:
        return b
    unknown = t.choose(condition, a.unknown, b.unknown)
    if isinstance(a, Nothing):
        return with_unknown(b, unknown)
    if isinstance(b, Nothing):
        return with_unknown(a, unknown)
    if isinstance(a, Plain) and isinstance(b, Plain):
        absent = t.choose(condition, a.absent, b.absent)
        if a.term.sort != b.term.sort:  # one is a boolean, the other an absent one
            term = b.term if a.absent is t.true else a.term
        else:
            term = t.choose(condition, a.term, b.term)
        return Plain(term, absent, unknown)
    if isinstance(a, Group) and (isinstance(b, Group) or (isinstance(b, Plain) and b.absent is t.true)):
        return _merged_groups(t, condition, a, b, unknown)
    if isinstance(b, Group) and isinstance(a, Plain) and a.absent is t.true:
        return _merged_groups(t, t.no(condition), b, a, unknown)
    if isinstance(a, Many) and isinstance(b, Many):
        if a.is_set and b.is_set:
            here = [(t.all(condition, there), x) for there, x in a.elements]
            return Many((*here, *((t.all(t.no(condition), there), x) for there, x in b.elements)), unknown, True)
        return Many(_merged_lists(t, condition, a, b), unknown, has_gaps=a.has_gaps or b.has_gaps)
    raise CannotEncodeError("a choice between values of different shape")


def _merged_groups(t: Terms, condition: Term, a: Group, b: Group | Plain, unknown: Term) -> Group:
    absent = t.choose(condition, a.absent, b.absent)
    if isinstance(b, Plain):
        return Group(a.field, absent, unknown)
    return Group(lambda name: merged(t, condition, a.field(name), b.field(name)), absent, unknown)


def _merged_lists(t: Terms, condition: Term, a: Many, b: Many) -> tuple[tuple[Term, Value], ...]:
    elements = []
    for n in range(max(len(a.elements), len(b.elements))):
        there_a, x = a.elements[n] if n < len(a.elements) else (t.false, Nothing(t.false))
        there_b, y = b.elements[n] if n < len(b.elements) else (t.false, Nothing(t.false))
        elements.append((t.choose(condition, there_a, there_b), merged(t, condition, x, y)))
    return tuple(elements)


def with_unknown(value: Value, unknown: Term) -> Value:
    """The value, unknown where that holds."""
    match value:
        case Plain(term, absent, _):
            return Plain(term, absent, unknown)
        case Group():
            return Group(value.field, value.absent, unknown)
        case Many(elements, _, is_set, has_gaps):
            return Many(elements, unknown, is_set, has_gaps)
        case Nothing():
            return Nothing(unknown)
        case _:
            assert_never(value)


def whole(t: Terms, found: Evaluated) -> Evaluated:
    """A result as a whole: a list is unknown where an element is."""
    if not isinstance(found.value, Many):
        return found
    inner = [(there, whole(t, Evaluated(x, t.false)).value.unknown) for there, x in found.value.elements]
    unknown = t.any(found.value.unknown, *(t.all(there, x) for there, x in inner))
    return Evaluated(with_unknown(found.value, unknown), found.fault)


def equal(t: Terms, a: Value, b: Value) -> Term:
    """Whether two known values are equal."""
    if isinstance(a, Nothing) or isinstance(b, Nothing):
        return t.false
    if isinstance(a, Plain) and isinstance(b, Plain):
        both = t.all(t.no(a.absent), t.no(b.absent))
        same = t.same(a.term, b.term) if a.term.sort == b.term.sort else t.false
        return t.any(t.all(a.absent, b.absent), t.all(both, same))
    if isinstance(a, Many) and isinstance(b, Many):
        if a.is_set or b.is_set:
            return t.all(_within(t, a, b), _within(t, b, a))
        if a.has_gaps or b.has_gaps:
            raise CannotEncodeError("a comparison of lists with a condition on their elements")
        size = max(len(a.elements), len(b.elements))
        pairs = [(_element(t, a, n), _element(t, b, n)) for n in range(size)]
        return t.all(*(t.all(t.same(p, q), t.any(t.no(p), equal(t, x, y))) for (p, x), (q, y) in pairs))
    if not isinstance(a, Many) and not isinstance(b, Many) and (isinstance(a, Plain) or isinstance(b, Plain)):
        if t.true in (a.absent, b.absent):
            return t.all(a.absent, b.absent)
    raise CannotEncodeError("a comparison of records")


def _element(t: Terms, many: Many, n: int) -> tuple[Term, Value]:
    return many.elements[n] if n < len(many.elements) else (t.false, Nothing(t.false))


def _within(t: Terms, a: Many, b: Many) -> Term:
    return t.all(*(t.implies(p, t.any(*(t.all(q, equal(t, x, y)) for q, y in b.elements))) for p, x in a.elements))

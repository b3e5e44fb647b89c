"""Terms over integers and booleans, before they are written as SMT-LIB.

In: nothing. Out: `Term`s built by a `Terms`, which shares equal ones, folds constants, and knows the bounds of every
integer, so that most of what is decidable is decided here.
Absent on purpose: texts, records, lists, dates, which `to_smt` encodes as these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Literal, Protocol, TypeVar

from attrs import define, field, frozen

T = TypeVar("T")
Sort = Literal["Bool", "Int"]
BOOL: Sort = "Bool"
INT: Sort = "Int"
Op = Literal["num", "true", "false", "name", "not", "and", "or", "=", "<=", "+", "*", "div", "ite", "product"]


@frozen(eq=False, repr=False)
class Term:
    """A term; an integer lies between `low` and `high`.

    `value` is the number of a num, the name of a name, the constant factor of a `*` and the divisor of a `div`.
    `constants` is true of a number, and of a choice among numbers.
    """

    op: Op
    args: tuple[Term, ...]
    sort: Sort
    value: int | str = 0
    low: int | None = None
    high: int | None = None
    constants: bool = False


Values = dict[Term, int | bool]


class Axiom(Protocol):
    """The exact definition of a name."""

    def whole(self, t: Terms) -> list[Term]:
        """The axiom itself."""

    def parts(self) -> tuple[Term, ...]:
        """The terms whose values decide whether it holds."""

    def instances(self, t: Terms, values: Values) -> list[Term]:
        """Instances that exclude these values; none where it holds of them."""


class OutOfTimeError(Exception):
    """There are too many terms to build them before the deadline."""


CHECKED_EVERY = 4_096  # terms, between two looks at the clock


@define(eq=False)
class Terms:
    """Builds terms, equal ones once, before the `deadline`. `lemmas` and `axioms` constrain names.

    Lemmas are asserted wherever the name occurs. Axioms, which multiply one unknown by another or use the calendar,
    are left out at first: what follows from the lemmas alone is proved quickly. Links are lemmas about two names,
    asserted where both occur.
    """

    memo: dict[object, Any] = field(factory=dict)
    lemmas: dict[Term, list[Term]] = field(factory=dict)
    axioms: dict[Term, Axiom] = field(factory=dict)
    neighbours: dict[object, list[tuple[Term, Term]]] = field(factory=dict)
    links: list[tuple[Term, Term, Term]] = field(factory=list)
    true: Term = Term("true", (), BOOL)
    false: Term = Term("false", (), BOOL)
    deadline: float = inf

    def _term(
        self,
        op: Op,
        args: tuple[Term, ...],
        sort: Sort,
        value: int | str = 0,
        low: int | None = None,
        high: int | None = None,
        constants: bool = False,
    ) -> Term:
        key = (op, args, value)
        term: Term | None = self.memo.get(key)
        if term is None:
            term = self.memo[key] = Term(op, args, sort, value, low, high, constants)
            if len(self.memo) % CHECKED_EVERY == 0 and time.monotonic() > self.deadline:
                raise OutOfTimeError
        return term

    def once(self, key: object, build: Callable[[], T]) -> T:
        """What is built under a key, built once."""
        if key not in self.memo:
            self.memo[key] = build()
        result: T = self.memo[key]
        return result

    # ── leaves ──────────────────────────────────────────────────────────────────────────────

    def number(self, value: int) -> Term:
        return self._term("num", (), INT, value, value, value, True)

    def truth(self, value: bool) -> Term:
        return self.true if value else self.false

    def integer(self, name: str, low: int | None = None, high: int | None = None) -> Term:
        """A name for an integer that lies between the bounds. One name stands for one integer."""
        return self._term("name", (), INT, name, low, high)

    def boolean(self, name: str) -> Term:
        return self._term("name", (), BOOL, name)

    def fresh(self, what: str, low: int | None = None, high: int | None = None) -> Term:
        """An integer under a new name, which the caller constrains by `lemmas` and `axioms`."""
        return self.integer(f"{what}!{len(self.memo)}", low, high)

    # ── booleans ────────────────────────────────────────────────────────────────────────────

    def no(self, a: Term) -> Term:
        if a is self.true or a is self.false:
            return self.truth(a is self.false)
        return a.args[0] if a.op == "not" else self._term("not", (a,), BOOL)

    def all(self, *operands: Term) -> Term:
        return self._chain("and", operands, self.true, self.false)

    def any(self, *operands: Term) -> Term:
        return self._chain("or", operands, self.false, self.true)

    def _chain(self, op: Op, operands: Iterable[Term], neutral: Term, final: Term) -> Term:
        kept: dict[Term, None] = {}
        for o in operands:
            if o is final or self.no(o) in kept:
                return final
            if o is not neutral:
                kept.update(dict.fromkeys(o.args if o.op == op and len(o.args) < 8 else (o,)))
        if len(kept) < 2:
            return next(iter(kept), neutral)
        return self._term(op, tuple(kept), BOOL)

    def implies(self, a: Term, b: Term) -> Term:
        return self.any(self.no(a), b)

    def choose(self, condition: Term, then: Term, otherwise: Term) -> Term:
        """`then` where the condition holds, else `otherwise`."""
        if condition is self.true or then is otherwise:
            return then
        if condition is self.false:
            return otherwise
        if condition.op == "not":
            return self.choose(condition.args[0], otherwise, then)
        if then.op == "ite" and then.args[0] is condition:
            then = then.args[1]
        if otherwise.op == "ite" and otherwise.args[0] is condition:
            otherwise = otherwise.args[2]
        if then.sort == BOOL:
            if then in (self.true, self.false) or otherwise in (self.true, self.false):
                return self.any(self.all(condition, then), self.all(self.no(condition), otherwise))
            return self._term("ite", (condition, then, otherwise), BOOL)
        low = None if then.low is None or otherwise.low is None else min(then.low, otherwise.low)
        high = None if then.high is None or otherwise.high is None else max(then.high, otherwise.high)
        constants = then.constants and otherwise.constants
        return self._term("ite", (condition, then, otherwise), INT, 0, low, high, constants)

    # ── comparisons ─────────────────────────────────────────────────────────────────────────

    def same(self, a: Term, b: Term) -> Term:
        if a is b:
            return self.true
        if a.sort == BOOL:
            for x, y in ((a, b), (b, a)):
                if x in (self.true, self.false):
                    return y if x is self.true else self.no(y)
            return self._term("=", (a, b), BOOL)
        if _before(a, b) or _before(b, a):
            return self.false
        if a.op == "num":
            a, b = b, a
        if b.op == "num" and a.constants:
            return self.leaves(a, lambda leaf: self.truth(leaf.value == b.value))
        return self._term("=", (a, b), BOOL)

    def at_most(self, a: Term, b: Term) -> Term:
        if a is b or (a.high is not None and b.low is not None and a.high <= b.low):
            return self.true
        if _before(b, a):
            return self.false
        if b.op == "num" and a.constants:
            return self.leaves(a, lambda leaf: self.truth(int(leaf.value) <= int(b.value)))
        if a.op == "num" and b.constants:
            return self.leaves(b, lambda leaf: self.truth(int(a.value) <= int(leaf.value)))
        return self._term("<=", (a, b), BOOL)

    def less(self, a: Term, b: Term) -> Term:
        return self.no(self.at_most(b, a))

    # ── arithmetic ──────────────────────────────────────────────────────────────────────────

    def plus(self, *operands: Term) -> Term:
        total, kept = 0, []
        for o in operands:
            for part in o.args if o.op == "+" else (o,):
                if part.op == "num":
                    total += int(part.value)
                else:
                    kept.append(part)
        if not kept or (total == 0 and len(kept) == 1):
            return kept[0] if kept else self.number(total)
        if len(kept) == 1 and kept[0].constants:
            return self.leaves(kept[0], lambda leaf: self.number(int(leaf.value) + total))
        parts = (*kept, self.number(total)) if total else tuple(kept)
        low = None if any(p.low is None for p in parts) else sum(p.low for p in parts if p.low is not None)
        high = None if any(p.high is None for p in parts) else sum(p.high for p in parts if p.high is not None)
        return self._term("+", parts, INT, 0, low, high)

    def minus(self, a: Term, b: Term) -> Term:
        return self.number(0) if a is b else self.plus(a, self.times(-1, b))

    def times(self, factor: int, a: Term) -> Term:
        """A constant times a term."""
        if factor == 0 or a.op == "num":
            return self.number(factor * int(a.value) if a.op == "num" else 0)
        if factor == 1:
            return a
        if a.constants:
            return self.leaves(a, lambda leaf: self.number(factor * int(leaf.value)))
        if a.op == "*":
            return self.times(factor * int(a.value), a.args[0])
        if a.op == "+":
            return self.plus(*(self.times(factor, x) for x in a.args))
        bounds = [None if x is None else factor * x for x in (a.low, a.high)]
        low, high = bounds if factor > 0 else bounds[::-1]
        return self._term("*", (a,), INT, factor, low, high)

    def floor(self, a: Term, divisor: int) -> Term:
        """The quotient by a positive constant, rounded down."""
        assert divisor > 0
        if a.op == "num":
            return self.number(int(a.value) // divisor)
        low, high = (None if x is None else x // divisor for x in (a.low, a.high))
        return self._term("div", (a,), INT, divisor, low, high)

    def least(self, a: Term, b: Term) -> Term:
        return self.choose(self.at_most(a, b), a, b)

    def greatest(self, a: Term, b: Term) -> Term:
        return self.choose(self.at_most(a, b), b, a)

    def size(self, a: Term) -> Term:
        """The magnitude."""
        return self.choose(self.at_most(self.number(0), a), a, self.times(-1, a))

    def multiplied(self, p: Term, a: Term, b: Term) -> Term:
        """That `p` is `a` times `b`; for axioms only."""
        return self._term("product", (p, a, b), BOOL)

    def leaves(self, choice: Term, change: Callable[[Term], Term]) -> Term:
        """A choice among numbers with each number changed."""
        changed: dict[Term, Term] = {}
        pending = [choice]
        while pending:
            t = pending[-1]
            if t.op != "ite":
                changed[t] = change(t)
            elif all(x in changed for x in t.args[1:]):
                changed[t] = self.choose(t.args[0], changed[t.args[1]], changed[t.args[2]])
            else:
                pending += [x for x in t.args[1:] if x not in changed]
                continue
            pending.pop()
        return changed[choice]


def _before(a: Term, b: Term) -> bool:
    """Whether `a` is certainly less than `b`."""
    return a.high is not None and b.low is not None and a.high < b.low


def in_order(roots: Sequence[Term]) -> list[Term]:
    """The roots and all their subterms, each after its own subterms."""
    done: dict[Term, None] = {}
    pending = list(reversed(roots))
    while pending:
        t = pending[-1]
        missing = [a for a in t.args if a not in done]
        if missing:
            pending += missing
        else:
            done[t] = None
            pending.pop()
    return list(done)

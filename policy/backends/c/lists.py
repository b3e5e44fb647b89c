"""Lists as loops of C that allocate nothing.

In: lists of facts, written-out ones, and what the rules make of them. Out: a loop over the elements. A list that the
rules make is not kept: its loop is written wherever its elements are wanted. One in order is walked from each element
to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from attrs import evolve

from policy.backends.c.expressions import Expressions
from policy.backends.c.shapes import held
from policy.backends.c.writer import Env, Selection, Single, Value, Written, every, known
from policy.ir import program as ir
from policy.ir.bounds import FACT
from policy.model import types
from policy.model.types import LONGEST_LIST, Type

Use = Callable[[Value], None]
Keep = Callable[[Env], None]  # what is done with an element that counts, by the variables in sight


class Lists(Expressions):
    """Writes lists."""

    # ── loops ───────────────────────────────────────────────────────────────────────────────

    def each(self, over: Value, use: Use) -> None:
        """A loop over the elements of a list that is known."""
        if isinstance(over, Written):
            for item in over.items:
                use(item)
        elif isinstance(over, Selection):
            match over.e:
                case ir.Sorted() as e:
                    self.walked(e, over, use)
                case ir.Aggregate() as e:
                    self.kept(e, over.over, over.env, lambda env: use(self.value(e.body, env)))
                case _:
                    assert_never(over.e)
        else:
            i = self.fresh("n")
            self.variables[i] = "uint32_t"
            with self.block(f"for ({i} = 0; {i} < {over.c}.length; {i}++)"):
                use(self.element(over, i))

    def element(self, over: Single, i: str) -> Single:
        """The element of a list or set of facts."""
        assert isinstance(over.type, types.ListOf | types.SetOf)
        item, bound = over.type.of, FACT
        if isinstance(over.type, types.SetOf):
            return Single(item, self.let(held(item, bound), f"{self.at(item, over)}[{i}]"), bound=bound)
        given, base, needs = "1", "-1", ""
        if not self.complete:
            base = f"{over.c}.base + 1"
            given = self.let("int", f"!{over.c}.given || {over.c}.given[{i}]")
            needs = self.let("needs", f"{given} ? no_needs() : need({base})")
        at = f"{'&' * isinstance(item, types.Record)}{self.at(item, over)}[{i}]"
        return Single(item, self.read(item, bound, at, given, base), needs, bound=bound)

    def at(self, item: Type, over: Single) -> str:
        """The array of the elements, by its type."""
        layout = self.unit.layout
        of = f"struct {layout.struct(item.name).c}" if isinstance(item, types.Record) else layout.held(item)
        return f"((const {of} *){over.c}.at)"

    def kept(self, e: ir.Aggregate, over: Value, env: Env, keep: Keep, doubts: str = "") -> None:
        """A loop over the elements for which the condition holds; what it needs elsewhere adds to `doubts`."""

        def use(element: Value) -> None:
            inner = {**env, e.variable: element}
            if e.where is None:
                return keep(inner)
            test = self.single(e.where, inner)
            self.add_needs(doubts, test.needs)
            with self.where(every(test.known, test.c)):
                keep(inner)
            return None

        self.each(over, use)

    def may_fault(self, write: Callable[[], None]) -> bool:
        """Whether statements can fault; they are not written."""
        number, before, variables = self.number, self.faults, dict(self.variables)
        with self.apart():
            write()
        faults, self.faults, self.number, self.variables = self.faults > before, before, number, variables
        return faults

    def under(self, condition: str, inside: list[str]) -> None:
        with self.where(condition):
            self.write(*inside)

    # ── lists in order ──────────────────────────────────────────────────────────────────────

    def in_order(self, e: ir.Sorted, env: Env) -> Value:
        over = self.value(e.over, env)
        if isinstance(over, Single) and not isinstance(over.type, types.ListOf | types.SetOf):
            return evolve(self.idle(None), needs=over.needs)
        doubts = "" if self.complete else self.let("needs", over.needs or "no_needs()")

        def ask(element: Value) -> None:
            for key in self.keys(e, {**env, e.variable: element}):
                self.add_needs(doubts, key.needs)

        with self.apart() as inside:
            if doubts or self.may_fault(lambda: self.each(over, ask)):
                self.each(over, ask)
        self.under(known(over.needs), inside)
        return Selection(e, over, env, doubts)

    def keys(self, e: ir.Sorted, env: Env) -> list[Single]:
        return [self.single(key, env, types.INTEGER) for key in e.by]

    def walked(self, e: ir.Sorted, over: Selection, use: Use) -> None:
        """A loop over the elements in order: again and again the first of those that come after the last one."""
        taken, last_at, at, best_at = self.let("i64", "0"), self.let("i64", "-1"), *map(self.variable, ("i64", "i64"))
        last, best = [self.let("i128", "0") for _ in e.by], [self.variable("i128") for _ in e.by]

        def compare(element: Value) -> None:
            keys = [self.let("i128", key.c) for key in self.keys(e, {**over.env, e.variable: element})]
            is_after = f"!{taken} || {_in_order([*last, last_at], [*keys, at])}"
            is_better = f"{best_at} < 0 || {_in_order(keys, best)}"
            kept = "".join(f" {b} = {k};" for b, k in zip((*best, best_at), (*keys, at), strict=True))
            self.write(f"if (({is_after}) && ({is_better})) {{{kept} }}", f"{at}++;")

        def take(element: Value) -> None:
            with self.where(f"{at}++ == {last_at}"):
                use(element)

        with self.block(f"for (; {f'{taken} < {min(e.most, LONGEST_LIST)}' if e.most else '1'}; {taken}++)"):
            self.write(f"{best_at} = -1;", f"{at} = 0;")
            self.each(over.over, compare)
            self.write(f"if ({best_at} < 0) break;")
            self.write(*(f"{a} = {b};" for a, b in zip((*last, last_at, at), (*best, best_at, "0"), strict=True)))
            self.each(over.over, take)


def _in_order(a: list[str], b: list[str]) -> str:
    """The condition that some numbers come before others, by the first that differ."""
    result = "0"
    for x, y in reversed(list(zip(a, b, strict=True))):
        result = f"({x} < {y} || ({x} == {y} && {result}))" if result != "0" else f"{x} < {y}"
    return result

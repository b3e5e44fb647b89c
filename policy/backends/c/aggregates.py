"""What is made of the elements of lists, as loops of C that allocate nothing.

In: an aggregate of a program. Out: loops, and the value that they leave. What needs an order (a median, the largest)
is found by halving its range. Absent: lists themselves (`lists`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from attrs import evolve

from policy.backends.c import operators
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.lists import Lists
from policy.backends.c.operators import LONG
from policy.backends.c.shapes import IDLE, held
from policy.backends.c.writer import Env, Selection, Single, Value, Written, every, known
from policy.ir import program as ir
from policy.model import types
from policy.model.types import LONGEST_LIST
from policy.vocabulary import FindingKind


class Aggregates(Lists):
    """Writes aggregates."""

    def aggregate(self, e: ir.Aggregate, env: Env) -> Value:
        over = self.value(e.over, env)
        if isinstance(over, Single) and not isinstance(over.type, types.ListOf | types.SetOf):
            return evolve(self.idle(self.type_of(e, env)), needs=over.needs)  # a set that is not there on any date
        doubts = "" if self.complete else self.let("needs", over.needs or "no_needs()")
        if e.kind == "list":
            return self.selection(e, over, env, doubts)
        if e.kind == "any" or e.kind == "all":
            with self.apart() as inside:
                result = self.decided(e, over, env, doubts)
            self.write(f"{result.c} = {int(e.kind == 'all')};")
            self.under(known(over.needs), inside)
            return result
        with self.apart() as inside:
            self.conditions(e, over, env, doubts)
            result = self.made(e, over, env, doubts)
        for part in (result.c, result.present):
            if part in self.variables:
                self.write(f"{part} = {IDLE[self.variables[part]]};")
        self.under(known(over.needs), inside)
        return evolve(result, needs=doubts)

    def conditions(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> None:
        """All conditions come before all else where one can fault, so that it is its fault that is told."""
        if e.where is not None and (
            e.kind in ("first", "only", "list") or self.may_fault(lambda: self.kept(e, over, env, lambda _: None))
        ):
            self.kept(e, over, env, lambda _: None, doubts)

    def selection(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> Selection:
        def bodies(inner: Env) -> None:
            self.value(e.body, inner)

        with self.apart() as inside:
            self.conditions(e, over, env, doubts)
            if self.may_fault(lambda: self.kept(e, over, env, bodies)):
                self.kept(e, over, env, bodies)
        self.under(known(over.needs), inside)
        return Selection(e, over, env, doubts)

    def decided(self, e: ir.Aggregate, over: Value, env: Env, needs: str) -> Single:
        """`any` and `all`, which decide like `or` and `and`; what may not count says nothing for certain."""
        deciding, idle = e.kind == "any", int(e.kind == "all")
        result, done = self.variable("int"), self.fresh("L")
        unsure = False

        def use(element: Value) -> None:
            nonlocal unsure
            inner = {**env, e.variable: element}
            test = self.single(e.where, inner) if e.where is not None else Single(types.BOOLEAN, "1")
            doubt = f"is_unknown({test.needs})" if test.needs else "0"
            says, lacks = (
                self.let("int", str(idle)),
                self.let("needs", test.needs or "no_needs()") if not self.complete else "",
            )

            def body() -> None:
                value = self.single(e.body, inner)
                self.write(f"{says} = {value.c};")
                self.add_needs(lacks, value.needs)
                if test.needs:
                    self.write(f"if ({value.known} && {value.c} == {idle}) {lacks} = no_needs();")

            with self.where(f"{doubt} || {test.c}" if test.needs else test.c):
                self.attempt(doubt, body)
            if not self.complete:
                unsure = True
                self.add_needs(needs, lacks)
            ended = f"{result} = {int(deciding)};" + (f" {needs} = no_needs();" if needs else "")
            self.write(f"if ({every(known(lacks), f'{says} == {int(deciding)}')}) {{ {ended} goto {done}; }}")

        self.each(over, use)
        self.write(f"{done}:;")
        return Single(types.BOOLEAN, result, needs)

    def made(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> Single:
        """Any other aggregate, of which every element must be known."""
        number = Single(types.INTEGER, "", bound=LONGEST_LIST + 1)
        match e.kind:
            case "count":
                count = self.let("i64", "0")
                self.kept(e, over, env, lambda _: self.write(f"{count}++;"), doubts)
                return evolve(number, c=count)
            case "sum":
                return self.total(e, over, env, doubts)
            case "min" | "max":
                return self.extreme(e, over, env, doubts, "<" if e.kind == "min" else ">")
            case "count distinct":
                return evolve(number, c=self.distinct(e, over, env, doubts))
            case "median" | "largest" | "smallest":
                return self.ordered(e, over, env, doubts)
            case "first" | "only":
                return self.found(e, e.kind, over, env, doubts)
            case "any" | "all" | "list":
                raise AssertionError(e.kind)
            case _:
                assert_never(e.kind)

    def values(self, e: ir.Aggregate, over: Value, env: Env, doubts: str, use: Callable[[Single], None]) -> int:
        """A loop over the numbers that count; gives the bound of their magnitude."""
        bound = 1

        def keep(inner: Env) -> None:
            nonlocal bound
            value = self.single(e.body, inner, types.INTEGER)
            bound = max(bound, value.bound)
            self.add_needs(doubts, value.needs)
            with self.where(value.known):
                use(value)

        self.kept(e, over, env, keep, doubts)
        return bound

    def total(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> Single:
        bound = 1

        def measure() -> None:
            nonlocal bound
            bound = self.values(e, over, env, "", lambda _: None) * LONGEST_LIST

        self.may_fault(measure)
        if bound <= LONG:
            result = self.let(held(types.INTEGER, bound), "0")
            self.values(e, over, env, doubts, lambda v: self.write(f"{result} += {v.c};"))
            return Single(types.INTEGER, result, bound=bound)
        wide = self.let("struct wide", IDLE["struct wide"])
        self.values(e, over, env, doubts, lambda v: self.write(f"{wide} = added({wide}, {v.c});"))
        return self.whole(wide, doubts)

    def whole(self, wide: str, doubts: str) -> Single:
        """A sum of any size as a number; a fault where it is none of 128 bits."""
        result = self.let("i128", "0")
        self.fail(operators.OUT_OF_RANGE, condition=every(known(doubts), f"!narrowed({wide}, &{result})"))
        return Single(types.INTEGER, result, bound=LONG)

    def extreme(self, e: ir.Aggregate, over: Value, env: Env, doubts: str, better: str) -> Single:
        result, some = self.let("i128", "0"), self.let("int", "0")

        def use(v: Single) -> None:
            self.write(f"if (!{some} || {v.c} {better} {result}) {{ {result} = {v.c}; {some} = 1; }}")

        bound = self.values(e, over, env, doubts, use)
        self.variables[result] = held(types.INTEGER, bound)
        return Single(types.INTEGER, result, present=some, bound=bound)

    def distinct(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> str:
        """How many elements differ from all before them: each is compared with those."""
        count, place = self.let("i64", "0"), self.let("i64", "0")

        def keep(inner: Env) -> None:
            value = self.parts(self.value(e.body, inner))
            for part in value:
                self.add_needs(doubts, part.needs)
            before, new, done = self.let("i64", "0"), self.let("int", "1"), self.fresh("L")

            def compare(earlier: Env) -> None:
                self.write(f"if ({before}++ >= {place}) goto {done};")
                same = [self.same(a, b) for a, b in zip(value, self.parts(self.value(e.body, earlier)), strict=True)]
                self.write(f"if ({' && '.join(same) or '1'}) {{ {new} = 0; goto {done}; }}")

            self.kept(e, over, env, compare)
            self.write(f"{done}:;", f"{count} += {new};", f"{place}++;")

        self.kept(e, over, env, keep, doubts)
        return count

    def parts(self, value: Value) -> list[Single]:
        """A value, or those of a written-out list."""
        if isinstance(value, Written):
            return [part for item in value.items for part in self.parts(item)]
        if isinstance(value, Selection):
            raise UnsupportedError("a list that the rules make, where one value is expected")
        return [value]

    def ordered(self, e: ir.Aggregate, over: Value, env: Env, doubts: str) -> Single:
        """A median, or the sum of so many of the largest or smallest."""
        count, low, high = self.let("i64", "0"), self.let("i128", "0"), self.let("i128", "0")

        def range_(v: Single) -> None:
            self.write(
                f"if (!{count} || {v.c} < {low}) {low} = {v.c};", f"if (!{count} || {v.c} > {high}) {high} = {v.c};"
            )
            self.write(f"{count}++;")

        bound = self.values(e, over, env, doubts, range_)
        if e.kind == "median":
            some = self.let("int", f"{count} > 0")
            result = self.let("i128", "0")
            with self.where(every(known(doubts), some)):
                a = self.ranked(e, over, env, low, high, f"({count} - 1) / 2")
                b = self.ranked(e, over, env, low, high, f"{count} / 2")
                self.fail(operators.OUT_OF_RANGE, condition=f"__builtin_add_overflow({a}, {b}, &{result})")
            return Single(types.INTEGER, result, present=some, bound=min(LONG, 2 * bound))
        wide = self.let("struct wide", IDLE["struct wide"])
        with self.where(known(doubts)):
            largest, most = e.kind == "largest", min(e.most, LONGEST_LIST)
            edge = self.let("i128", "0")
            with self.block(f"if ({count} > {most})"):
                rank = f"{count} - {most}" if largest else f"{most} - 1"
                self.write(f"{edge} = {self.ranked(e, over, env, low, high, rank)};")
            left = self.let("i64", f"{count} > {most} ? {most} : 0")

            def use(v: Single) -> None:
                beyond = f"{v.c} {'>' if largest else '<'} {edge}"
                self.write(f"if ({count} <= {most}) {wide} = added({wide}, {v.c});")
                self.write(f"else if ({beyond}) {{ {wide} = added({wide}, {v.c}); {left}--; }}")

            self.values(e, over, env, "", use)
            with self.block(f"for (; {left} > 0; {left}--)"):
                self.write(f"{wide} = added({wide}, {edge});")
            return self.whole(wide, "")

    def ranked(self, e: ir.Aggregate, over: Value, env: Env, low: str, high: str, rank: str) -> str:
        """The number with so many others before it in ascending order, by halving the range that it lies in."""
        a, b, middle, count = (
            self.let("i128", low),
            self.let("i128", high),
            self.variable("i128"),
            self.variable("i64"),
        )
        with self.block(f"while ({a} < {b})"):
            self.write(f"{middle} = ({a} & {b}) + (({a} ^ {b}) >> 1);", f"{count} = 0;")
            self.values(e, over, env, "", lambda v: self.write(f"if ({v.c} <= {middle}) {count}++;"))
            self.write(f"if ({count} > {rank}) {b} = {middle}; else {a} = {middle} + 1;")
        return a

    def found(self, e: ir.Aggregate, kind: FindingKind, over: Value, env: Env, doubts: str) -> Single:
        """The body for the one element, or the first; of the others it is not needed."""
        count = self.let("i64", "0")
        self.kept(e, over, env, lambda _: self.write(f"{count}++;"))
        with self.where(known(doubts)):
            if kind == "only":
                self.fail(operators.NO_ELEMENT, condition=f"{count} == 0")
                self.fail(operators.SEVERAL_ELEMENTS, condition=f"{count} > 1")
            some, done = self.let("int", f"{count} > 0"), self.fresh("L")
            result = Single(None, "")

            def keep(inner: Env) -> None:
                nonlocal result
                value = self.single(e.body, inner)
                if result.c == "":
                    result = evolve(value, c=self.variable(value.held), present=some, constant=None)
                elif result.held != value.held:
                    raise UnsupportedError("an element found among several kinds of number")
                self.add_needs(doubts, value.needs)
                if value.present:
                    self.write(f"{some} = {value.present};")
                self.write(f"{result.c} = {value.c};", f"goto {done};")

            self.kept(e, over, env, keep)
            self.write(f"{done}:;")
        if result.c == "":
            result = evolve(self.idle(self.type_of(e, env)), present=some)
        return result

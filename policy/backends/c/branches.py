"""Branches and tables as statements of C: one of two values, the first row that applies, the only one, or all that
do.

In: conditions and values of a program. Out: the value that counts. Where a condition is unknown, every branch that
may be taken is evaluated, its faults are none, and the value is known where all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from policy.backends.c import operators
from policy.backends.c.aggregates import Aggregates
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.operators import LONG
from policy.backends.c.shapes import IDLE, held
from policy.backends.c.writer import Env, Single, every, known
from policy.ir import program as ir
from policy.ir.program import Expr
from policy.model import types
from policy.model.types import Type


class Offers:
    """Branches of which one counts: what all that may be taken give, or what they need and the doubt.

    A common variable takes their values. Which type it has is known at the end, so the statements wait until then.
    """

    def __init__(self, to: Aggregates, want: Type | None) -> None:
        self.to, self.want = to, want
        self.made: list[tuple[Single, str]] = []
        self.lines: list[str] = []

    def add(self, *lines: str) -> None:
        self.lines += lines

    def make(self, unsure: str, write: Callable[[], Single]) -> None:
        """Writes a branch, whose fault is none where `unsure` holds, and offers its value."""
        found: list[Single] = []
        with self.to.apart() as inside:
            done = self.to.attempt(unsure, lambda: found.append(write()))
        self.lines += [*inside, f"\0{len(self.made)}"]
        self.made.append((found[0], done))

    def result(self, doubt: str) -> Single:
        """Writes the branches, each of which leaves its value in the common variable."""
        to, values = self.to, [m for m, _ in self.made]
        of = next((m.type for m in values if m.type is not None), self.want)
        if any(isinstance(m.type, types.Text) != isinstance(of, types.Text) for m in values if m.type is not None):
            raise UnsupportedError("members that nothing says the type of")
        result = Single(of, "", bound=max(m.bound for m in values))
        result = evolve(
            result,
            c=to.variable(result.held),
            needs=to.let("needs", "no_needs()") if doubt or any(m.needs for m in values) else "",
            present=to.variable("int") if any(m.present for m in values) else "",
        )
        some, equal = to.let("int", "0"), to.let("int", "1")
        for line in self.lines:
            if line.startswith("\0"):
                m, done = self.made[int(line[1:])]
                if doubt:
                    same = "0" if isinstance(of, types.Record | types.ListOf) else to.same(m, result)
                    agrees = every(done, m.known, f"(!{some} || {same})")
                    to.write(f"if (!({agrees})) {equal} = 0;", f"{some} = 1;")
                with to.where(done):
                    self.take(m, result)
            else:
                to.write(line)
        if doubt:
            with to.block(f"if (is_unknown({doubt}) && !{equal})"):
                to.add_needs(result.needs, doubt)
                to.write(f"{result.c} = {IDLE[result.held]};")
        return result

    def take(self, m: Single, result: Single) -> None:
        self.to.write(f"{result.c} = {m.c if m.type is not None else IDLE[result.held]};")
        self.to.add_needs(result.needs, m.needs)
        if result.present:
            self.to.write(f"{result.present} = {m.there};")


class Branches(Aggregates):
    """Writes branches and tables: the last of the classes that make up the writer of a function."""

    def choose(self, e: ir.If | ir.Choose, env: Env, want: Type | None) -> Single:
        want = want or self.type_of(e, env)
        if isinstance(e, ir.If):
            if self.complete and (chosen := self.chosen(e, env, want)) is not None:
                return chosen
            return self.first((ir.Case(e.condition, e.then, ""),), e.otherwise, env, want)
        if not e.cases:  # of one date: no row is in force
            return self.single(e.none, env, want)
        return self.first(e.cases, e.none, env, want) if e.mode == "first" else self.several(e, env, want)

    def chosen(self, e: ir.If, env: Env, want: Type | None) -> Single | None:
        """One of two values without a jump, where both cost less than one and nothing is unknown."""
        before, parts = self.faults, ((e.condition, None), (e.then, want), (e.otherwise, want))
        (test, a, b), inside, is_light = self.aside(lambda: [self.single(part, env, of) for part, of in parts])
        if not is_light or a.type is None or a.type != b.type:
            self.faults = before
            return None
        self.write(*inside)
        bound = max(a.bound, b.bound)
        c = self.let(held(a.type, bound), f"{test.c} ? {a.c} : {b.c}")
        present = self.let("int", f"{test.c} ? {a.there} : {b.there}") if a.present or b.present else ""
        return Single(a.type, c, present=present, bound=bound)

    def first(self, cases: Sequence[ir.Case], none: Expr, env: Env, want: Type | None) -> Single:
        """The first case that holds, and those before it that may."""
        offers, doubts = Offers(self, want), self.let("needs", "no_needs()")
        unsure, doubtful, end = "0", "", self.fresh("L")

        def branch(value: Expr) -> None:
            offers.make(unsure, lambda: self.single(value, env, want))

        for case in cases:
            with self.apart() as inside:
                test = self.single(case.condition, env)
            offers.add(*inside)
            if test.c == "0" and not test.needs:
                continue
            if test.c == "1" and not test.needs:
                branch(case.value)
                break
            if test.needs:
                offers.add(f"{doubts} = both_needs({doubts}, {test.needs});")
                unsure, doubtful = f"is_unknown({doubts})", doubts
            offers.add(f"if (is_unknown({test.needs}) || {test.c}) {{" if test.needs else f"if ({test.c}) {{")
            branch(case.value)
            offers.add(f"if (!is_unknown({test.needs})) goto {end};" if test.needs else f"goto {end};", "}")
        else:
            branch(none)
        offers.add(f"{end}:;")
        return offers.result(doubtful)

    def several(self, e: ir.Choose, env: Env, want: Type | None) -> Single:
        """The only case that holds, or what all that hold come to. All conditions come first."""
        doubts, row, tests = self.let("needs", "no_needs()"), self.let("int", "-1"), []
        unsure, numbers = "", ", ".join(str(self.unit.row(c.label)) for c in e.cases if e.mode == "only")
        labels = self.unit.constant(f"static const int32_t {{}}[{len(e.cases)}]", f"{{{numbers}}}")
        for n, case in enumerate(e.cases):
            test = self.single(case.condition, env)
            self.add_needs(doubts, test.needs)
            unsure = doubts if test.needs else unsure
            holds = self.let("int", every(test.known, test.c))
            tests.append(holds)
            with self.where(holds):
                if e.mode == "only" and n:
                    self.fail(operators.SEVERAL_ROWS, f"{labels}[{row}]", f"{labels}[{n}]", condition=f"{row} >= 0")
                self.write(f"{row} = {row} < 0 ? {n} : {row};")
        offers = Offers(self, want)
        offers.add(f"if ({every(known(unsure), f'{row} < 0')}) {{")
        offers.make("0", lambda: self.single(e.none, env, want))
        offers.add("}")
        if e.mode == "only":
            for n, case in enumerate(e.cases):
                offers.add(f"if ({every(known(unsure), f'{row} == {n}')}) {{")
                offers.make("0", lambda case=case: self.single(case.value, env, want))  # type: ignore[misc]
                offers.add("}")
        else:
            offers.add(f"if ({every(known(unsure), f'{row} >= 0')}) {{")
            offers.make("0", lambda: self.together(e, env, tests))
            offers.add("}")
        result = offers.result("")
        return evolve(result, needs=self.all_needs(unsure, result.needs))

    def together(self, e: ir.Choose, env: Env, tests: list[str]) -> Single:
        """The sum, the highest or the lowest of the cases that hold."""
        result, needs, some = self.let("i128", "0"), self.let("needs", "no_needs()"), self.let("int", "0")
        values: list[Single] = []
        for case, holds in zip(e.cases, tests, strict=True):
            with self.where(holds):
                v = self.single(case.value, env, types.INTEGER)
                self.add_needs(needs, v.needs)
                if e.mode == "sum":
                    self.write(f"{result} += {v.c};")
                else:
                    better = f"!{some} || {v.c} {'>' if e.mode == 'highest' else '<'} {result}"
                    self.write(f"if ({better}) {result} = {v.c};", f"{some} = 1;")
                values.append(v)
        bound = min(LONG, sum(v.bound for v in values) if e.mode == "sum" else max(v.bound for v in values))
        self.variables[result] = held(types.INTEGER, bound)
        return Single(types.INTEGER, result, needs if any(v.needs for v in values) else "", bound=bound)

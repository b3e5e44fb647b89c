"""Branches and tables as statements of C: one of two values, the first row that applies, the only one, or all that
do.

In: conditions and values of a program. Out: the value that counts. Where a condition is unknown, every branch that
may be taken is evaluated, its faults are none, and the value is known where all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from policy.backends.c import operators
from policy.backends.c.aggregates import Aggregates
from policy.backends.c.layout import UnsupportedError
from policy.backends.c.operators import LONG
from policy.backends.c.writer import IDLE, Env, Single
from policy.ir import program as ir
from policy.ir.program import TRUE, Expr
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
        some, equal = (to.let("int", "0"), to.let("int", "1")) if doubt else ("", "")
        for line in self.lines:
            if line.startswith("\0"):
                m, done = self.made[int(line[1:])]
                if doubt:
                    known = [x for x in (done, m.known) if x != "1"]
                    same = "0" if isinstance(of, types.Record | types.ListOf) else to.same(m, result)
                    to.write(f"if (!({' && '.join([*known, f'(!{some} || {same})'])})) {equal} = 0;", f"{some} = 1;")
                with to.where(done):
                    self.take(m, result)
            else:
                to.write(line)
        if doubt:
            with to.block(f"if (is_unknown({doubt}) && !{equal})"):
                to.write(
                    f"{result.needs} = both_needs({result.needs}, {doubt});", f"{result.c} = {IDLE[result.held]};"
                )
        return result

    def take(self, m: Single, result: Single) -> None:
        self.to.write(f"{result.c} = {m.c if m.type is not None else IDLE[result.held]};")
        if m.needs:
            self.to.write(f"{result.needs} = both_needs({result.needs}, {m.needs});")
        if result.present:
            self.to.write(f"{result.present} = {m.there};")


class Branches(Aggregates):
    """Writes branches and tables: the last of the classes that make up the writer of a function."""

    def if_(self, e: ir.If, env: Env, want: Type | None) -> Single:
        test = self.single(e.condition, env)
        if test.c in ("0", "1") and not test.needs:
            return self.single(e.then if test.c == "1" else e.otherwise, env, want)
        want = want or self.type_of(e, env)
        unsure = f"is_unknown({test.needs})" if test.needs else "0"
        offers = Offers(self, want)
        for branch, holds in ((e.then, test.c), (e.otherwise, f"!{test.c}")):
            offers.add(f"if ({unsure} || {holds}) {{" if test.needs else f"if ({holds}) {{")
            offers.make(unsure, lambda branch=branch: self.single(branch, env, want))  # type: ignore[misc]
            offers.add("}")
        return offers.result(test.needs)

    def choose(self, e: ir.Choose, env: Env, want: Type | None) -> Single:
        want = want or self.type_of(e, env)
        return self.first(e, env, want) if e.mode == "first" else self.several(e, env, want)

    def first(self, e: ir.Choose, env: Env, want: Type | None) -> Single:
        """The first case that holds, and those before it that may."""
        offers, doubts = Offers(self, want), self.let("needs", "no_needs()")
        unsure, doubtful, end = "0", "", self.fresh("L")

        def branch(value: Expr) -> None:
            offers.make(unsure, lambda: self.single(value, env, want))

        for case in e.cases:
            if case.condition == TRUE:
                branch(case.value)
                break
            with self.apart() as inside:
                test = self.single(case.condition, env)
            offers.add(*inside)
            if test.needs:
                offers.add(f"{doubts} = both_needs({doubts}, {test.needs});")
                unsure, doubtful = f"is_unknown({doubts})", doubts
            offers.add(f"if (is_unknown({test.needs}) || {test.c}) {{" if test.needs else f"if ({test.c}) {{")
            branch(case.value)
            offers.add(f"if (!is_unknown({test.needs})) goto {end};" if test.needs else f"goto {end};", "}")
        else:
            branch(e.none)
        offers.add(f"{end}:;")
        return offers.result(doubtful)

    def several(self, e: ir.Choose, env: Env, want: Type | None) -> Single:
        """The only case that holds, or what all that hold come to. All conditions come first."""
        doubts, row, tests = self.let("needs", "no_needs()"), self.let("int", "-1"), []
        unsure, numbers = "", ", ".join(str(self.unit.row(c.label)) for c in e.cases if e.mode == "only")
        labels = self.unit.constant(f"static const int32_t {{}}[{len(e.cases)}]", f"{{{numbers}}}")
        for n, case in enumerate(e.cases):
            test = self.single(case.condition, env)
            if test.needs:
                self.write(f"{doubts} = both_needs({doubts}, {test.needs});")
                unsure = doubts
            holds = self.let("int", f"{test.known} && {test.c}")
            tests.append(holds)
            with self.where(holds):
                if e.mode == "only" and n:
                    self.fail(operators.SEVERAL_ROWS, f"{labels}[{row}]", f"{labels}[{n}]", condition=f"{row} >= 0")
                self.write(f"{row} = {row} < 0 ? {n} : {row};")
        sure = f"!is_unknown({unsure}) && " if unsure else ""
        offers = Offers(self, want)
        offers.add(f"if ({sure}{row} < 0) {{")
        offers.make("0", lambda: self.single(e.none, env, want))
        offers.add("}")
        if e.mode == "only":
            for n, case in enumerate(e.cases):
                offers.add(f"if ({sure}{row} == {n}) {{")
                offers.make("0", lambda case=case: self.single(case.value, env, want))  # type: ignore[misc]
                offers.add("}")
        else:
            with self.apart() as inside, self.where(f"{sure}{row} >= 0"):
                total = self.together(e, env, tests)
            offers.add(*inside, f"if ({sure}{row} >= 0) {{")
            offers.make("0", lambda: total)
            offers.add("}")
        result = offers.result("")
        return evolve(result, needs=self.all_needs(unsure, result.needs))

    def together(self, e: ir.Choose, env: Env, tests: list[str]) -> Single:
        """The sum, the highest or the lowest of the cases that hold."""
        with self.apart() as inside:
            values: list[Single] = []
            for case, holds in zip(e.cases, tests, strict=True):
                with self.where(holds):
                    value = self.single(case.value, env, types.INTEGER)
                    self.write(f"\0{len(values)}")
                values.append(value)
        bound = min(LONG, sum(v.bound for v in values) if e.mode == "sum" else max(v.bound for v in values))
        result = Single(types.INTEGER, "", bound=bound)
        result = evolve(
            result,
            c=self.let(result.held, "0"),
            needs=self.let("needs", "no_needs()") if any(v.needs for v in values) else "",
        )
        some = self.let("int", "0")
        for line in inside:
            if not line.startswith("\0"):
                self.write(line)
                continue
            v = values[int(line[1:])]
            if v.needs:
                self.write(f"{result.needs} = both_needs({result.needs}, {v.needs});")
            better = {
                "sum": "",
                "highest": f"!{some} || {v.c} > {result.c}",
                "lowest": f"!{some} || {v.c} < {result.c}",
            }[e.mode]
            self.write(f"if ({better}) {result.c} = {v.c};" if better else f"{result.c} += {v.c};", f"{some} = 1;")
        return result

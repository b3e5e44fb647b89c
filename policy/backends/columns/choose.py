"""Tables and versions in columns: the first row that applies, exactly one, or all that do."""

from __future__ import annotations

from policy.backends.columns.graph import Node
from policy.backends.columns.logic import Env, Logic
from policy.backends.columns.numbers import Numbers, Sum
from policy.backends.columns.plan import never
from policy.backends.columns.values import NOTHING, NUMBER, AwkwardError, Scalar
from policy.ir import program as ir


class Tables(Logic):
    """The part of the compiler that chooses between cases."""

    def choose(self, e: ir.Choose, env: Env) -> Scalar:
        """The value of the case or cases that hold."""
        if e.mode == "first":
            return self.first(e, env)
        g = self.graph
        tests = [self.compiled(c.condition, env) for c in e.cases]
        values = [self.compiled(c.value, env) for c in e.cases]
        none = self.compiled(e.none, env)
        truths = [g.certain(self.truth(t)) for t in tests]
        unsure, any_holds = g.false, g.false
        for t, holds in zip(tests, truths, strict=True):
            unsure = g.either(unsure, g.negated(g.known(self.truth(t))))
            any_holds = g.either(any_holds, holds)
        neither = g.both(g.negated(unsure), g.negated(any_holds))
        if never(neither):
            neither = g.false
        fault = self.merged(*(t.fault for t in tests), self.within(neither, none.fault))
        if e.mode == "only":
            chosen = self.by_cases(truths, values, none if neither is not g.false else None)
            again = self.twice(truths)
            fault = self.merged(fault, None if never(again) else again)
        else:
            chosen = self.collected(e.mode, truths, values)
            chosen = self.pick(any_holds, chosen, none) if any_holds is not g.true else chosen
        fault = self.merged(
            fault, *(self.within(h, v.fault) for h, v in zip(truths, values, strict=True)), chosen.fault
        )
        sure = g.negated(unsure)
        parts = [self.needs_within(g.both(sure, h), v.needs) for h, v in zip(truths, values, strict=True)]
        needs = self.together(
            *parts,
            self.needs_within(neither, none.needs),
            self.needs_within(unsure, self.together(*(t.needs for t in tests))),
        )
        chosen = self.only_where(sure, chosen)
        return Scalar(chosen.value, chosen.kind, chosen.low, chosen.high, chosen.present, fault, needs)

    def first(self, e: ir.Choose, env: Env) -> Scalar:
        """The first case that holds, or what all give that might be it."""
        g = self.graph
        reached, fault, result = g.true, None, None
        cases: list[tuple[Scalar, Scalar]] = []
        in_doubt = g.false
        needs: list[Node | None] = []
        for case in e.cases:
            test = self.compiled(case.condition, env)
            value = self.compiled(case.value, env)
            condition = self.truth(test)
            unsure = g.both(reached, g.negated(g.known(condition)))
            in_doubt = g.either(in_doubt, unsure)
            fault = self.merged(fault, self.within(reached, test.fault))
            reached_value = g.both(reached, g.possible(condition))
            fault = self.merged(fault, self.within(reached_value, value.fault))
            needs += [self.needs_within(unsure, test.needs), self.needs_within(reached_value, value.needs)]
            cases.append((test, value))
            reached = g.both(reached, g.possible(g.negated(condition)))
            if condition is g.true:
                break
        if reached is not g.false and not never(reached):
            none = self.compiled(e.none, env)
            met = g.both(reached, g.negated(in_doubt)) if isinstance(e.none, ir.Fault) else reached
            fault = self.merged(fault, self.within(met, none.fault))  # where it is open, so is the answer
            needs.append(self.needs_within(reached, none.needs))
            result = none
        for test, value in reversed(cases):
            result = value if result is None else self.choice_of(test, value, result)
        assert result is not None
        return Scalar(
            result.value,
            result.kind,
            result.low,
            result.high,
            result.present,
            fault,
            self.unless_known(result.decides, *needs),
        )

    def choice_of(self, test: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
        """As `choice`, without faults and needs."""
        bare = [Scalar(s.value, s.kind, s.low, s.high, s.present) for s in (test, then, otherwise)]
        return self.choice(*bare)

    def by_cases(self, truths: list[Node], values: list[Scalar], none: Scalar | None) -> Scalar:
        """The value of the only case that holds; `none` is None where one is bound to."""
        *first, last = values
        result = last if none is None else self.pick(truths[-1], last, none)
        for holds, value in zip(reversed(truths[:-1]), reversed(first), strict=True):
            result = self.pick(holds, value, result)
        return result

    def twice(self, truths: list[Node]) -> Node:
        """Where two of the conditions hold."""
        g = self.graph
        once, again = g.false, g.false
        for holds in truths:
            again = g.either(again, g.both(once, holds))
            once = g.either(once, holds)
        return again

    def collected(self, mode: str, truths: list[Node], values: list[Scalar]) -> Scalar:
        """The highest, lowest or sum of the values of the cases that hold, if any; unknown where one of them is."""
        g = self.graph
        if any(v.kind not in (NUMBER, NOTHING) for v in values):
            raise AwkwardError(f"the {mode} of what are not numbers")
        numbers = Numbers(g)
        all_known, result, reached = g.true, None, g.false
        for holds, value in zip(truths, values, strict=True):
            all_known = g.both(all_known, g.either(g.negated(holds), g.known(value.value)))
            x = numbers.of(value)
            filled = Sum(g.or_zero(x.node), x.low, x.high)
            if mode == "sum":
                nought = numbers.constant(0)
                part = numbers.chosen(holds, filled, nought)
                result = part if result is None else numbers.arithmetic("+", result, part)
            elif result is None:
                result = filled
            else:
                best = numbers.arithmetic("max" if mode == "highest" else "min", result, filled)
                result = numbers.chosen(holds, numbers.chosen(reached, best, filled), result)
            reached = g.either(reached, holds)
        if result is None:
            result = numbers.constant(0)
        return Scalar(g.where(all_known, result.node), NUMBER, result.low, result.high, fault=numbers.fault)

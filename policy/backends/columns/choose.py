"""Tables and versions in columns: the first row that applies, the only one, or all that do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from attrs import evolve, frozen

from policy.backends.columns.graph import ColumnNode
from policy.backends.columns.logic import Logic
from policy.backends.columns.numbers import BoundedInt, Numbers
from policy.backends.columns.plan import never
from policy.backends.columns.values import NOTHING, NUMBER, Scalar, UnsupportedError

Combination = Literal["only", "highest", "lowest", "sum"]


@frozen(eq=False)
class Tables:
    """Chooses between cases that are compiled already."""

    logic: Logic

    def combined(self, mode: Combination, tests: Sequence[Scalar], values: Sequence[Scalar], none: Scalar) -> Scalar:
        """The value of the only case that holds, or of all that hold together; `none` where none does."""
        g, c = self.logic.graph, self.logic.context
        conditions = [self.logic.truth(t) for t in tests]
        truths = [g.certain(condition) for condition in conditions]
        unsure, any_holds = g.false, g.false
        for condition, holds in zip(conditions, truths, strict=True):
            unsure = g.either(unsure, g.negated(g.known(condition)))
            any_holds = g.either(any_holds, holds)
        neither = g.both(g.negated(unsure), g.negated(any_holds))
        if never(neither):
            neither = g.false
        fault = c.any_fault(*(t.fault for t in tests), c.fault_where(neither, none.fault))
        if mode == "only":
            chosen = self.only(truths, values, none if neither is not g.false else None)
            two = self.two_of(truths)
            fault = c.any_fault(fault, None if never(two) else two)
        else:
            chosen = self.aggregated(mode, truths, values)
            chosen = self.logic.pick(any_holds, chosen, none) if any_holds is not g.true else chosen
        cases = list(zip(truths, values, strict=True))
        fault = c.any_fault(fault, *(c.fault_where(h, v.fault) for h, v in cases), chosen.fault)
        sure = g.negated(unsure)
        needs = c.all_needs(
            *[c.needs_where(g.both(sure, h), v.needs) for h, v in cases],
            c.needs_where(neither, none.needs),
            c.needs_where(unsure, c.all_needs(*(t.needs for t in tests))),
        )
        return evolve(self.logic.only_where(sure, chosen), fault=fault, needs=needs)

    def first(
        self, cases: Iterable[tuple[Scalar, Scalar]], none: Callable[[], Scalar], none_is_fault: bool
    ) -> Scalar:
        """The first case that holds, or the value of all that may be it.

        Cases behind one that always holds are not compiled.
        """
        g, c = self.logic.graph, self.logic.context
        reached, fault, result = g.true, None, None
        seen: list[tuple[Scalar, Scalar]] = []
        in_doubt = g.false
        needs: list[ColumnNode | None] = []
        for test, value in cases:
            condition = self.logic.truth(test)
            unsure = g.both(reached, g.negated(g.known(condition)))
            in_doubt = g.either(in_doubt, unsure)
            fault = c.any_fault(fault, c.fault_where(reached, test.fault))
            reached_value = g.both(reached, g.possible(condition))
            fault = c.any_fault(fault, c.fault_where(reached_value, value.fault))
            needs += [c.needs_where(unsure, test.needs), c.needs_where(reached_value, value.needs)]
            seen.append((test, value))
            reached = g.both(reached, g.possible(g.negated(condition)))
            if condition is g.true:
                break
        if reached is not g.false and not never(reached):
            result = none()
            counts = g.both(reached, g.negated(in_doubt)) if none_is_fault else reached  # in doubt it is unknown
            fault = c.any_fault(fault, c.fault_where(counts, result.fault))
            needs.append(c.needs_where(reached, result.needs))
        for test, value in reversed(seen):
            result = value if result is None else self.logic.choice(test.bare, value.bare, result.bare)
        assert result is not None
        return evolve(result, fault=fault, needs=c.needs_unless_known(result.decides, *needs))

    def only(self, truths: Sequence[ColumnNode], values: Sequence[Scalar], none: Scalar | None) -> Scalar:
        """The value of the only case that holds; `none` is None where one always does."""
        *first, last = values
        result = last if none is None else self.logic.pick(truths[-1], last, none)
        for holds, value in zip(reversed(truths[:-1]), reversed(first), strict=True):
            result = self.logic.pick(holds, value, result)
        return result

    def two_of(self, truths: Sequence[ColumnNode]) -> ColumnNode:
        """Where two of the conditions hold."""
        g = self.logic.graph
        one, two = g.false, g.false
        for holds in truths:
            two = g.either(two, g.both(one, holds))
            one = g.either(one, holds)
        return two

    def aggregated(
        self, mode: Literal["highest", "lowest", "sum"], truths: Sequence[ColumnNode], values: Sequence[Scalar]
    ) -> Scalar:
        """The highest, lowest or sum of the values of the cases that hold, if any; unknown where one of them is."""
        g = self.logic.graph
        if any(v.kind not in (NUMBER, NOTHING) for v in values):
            raise UnsupportedError(f"the {mode} of values that are not numbers")
        numbers = Numbers(g)
        all_known, result, reached = g.true, None, g.false
        for holds, value in zip(truths, values, strict=True):
            all_known = g.both(all_known, g.either(g.negated(holds), g.known(value.value)))
            x = numbers.or_zero(value)
            if mode == "sum":
                part = numbers.chosen(holds, x, numbers.constant(0))
                result = part if result is None else numbers.arithmetic("+", result, part)
            elif result is None:
                result = x
            else:
                best = numbers.arithmetic("max" if mode == "highest" else "min", result, x)
                result = numbers.chosen(holds, numbers.chosen(reached, best, x), result)
            reached = g.either(reached, holds)
        total: BoundedInt = result or numbers.constant(0)
        return Scalar(g.where(all_known, total.node), NUMBER, total.low, total.high, fault=numbers.fault)

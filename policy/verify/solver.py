"""The only importer of Z3. In: a script. Out: for a goal, whether it can hold, and facts' values where it does.

`z3-solver` is an extra; without it everything else here still works, and questions can be printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen

from policy.diagnostics import PolicyError
from policy.extras import needed
from policy.verify.facts import Model
from policy.verify.meanings import Product
from policy.verify.script import Script
from policy.verify.terms import INT, Term

STEPS = (
    10_000_000  # that stand for a second, about what one takes; counted, so that all machines give the same replies
)
PATIENCE = 30  # times as long by the clock, should the solver ever forget to count


def needed_solver(instead: str = "") -> None:
    """Raises PolicyError where there is no solver, telling what could be done `instead`."""
    needed("z3", "proofs", instead=instead)


def has_solver() -> bool:
    """Whether there is one, for those that do less without."""
    try:
        needed_solver()
    except PolicyError:
        return False
    return True


@frozen
class Reply:
    """`holds` is None where the solver gave up."""

    holds: bool | None
    model: Model = field(factory=dict)


@define
class Solver:
    """One script, of which one goal after the other may be asked.

    It has a context of its own, so that the case found does not turn on what was asked of others before. `seconds`
    are so many `STEPS` of the solver for each time that it is asked.
    """

    script: Script
    seconds: float
    opened: Any = None
    context: Any = None
    times: int = 0
    names: list[Term] = field(factory=list)

    def ask(self, goal: str, *also: str) -> Reply:
        """Whether the goal can hold together with others, by what has been told of meanings so far."""
        z3 = _z3()
        if self.opened is None:
            self.context = z3.Context()
            self.opened = self._open(z3.Solver(ctx=self.context), self.script.plain)
        wanted = [z3.Bool(f"goal {name}", self.context) for name in (goal, *also)]
        return self._reply(z3, self.opened, self.opened.check(*wanted), self.context)

    @property
    def spent(self) -> float:
        """The seconds' worth of steps that questions have taken so far."""
        known = self.opened.statistics() if self.opened is not None else {}
        return next((count for name, count in known if name == "rlimit count"), 0) / STEPS

    def tell(self, more: Sequence[Term]) -> None:
        """What holds besides."""
        self.times += 1
        self.opened.from_string(self.script.told(more, self.times))

    def also(self, name: str, goal: Term) -> None:
        """One more goal, about names that the script has already."""
        self.script.goals[name] = goal
        if self.opened is not None:
            self.times += 1
            self.opened.from_string(self.script.added(name, self.times))

    def ask_exactly(self, goal: str, *also: str) -> Reply:
        """The same, with all meanings whole."""
        z3 = _z3()
        context = z3.Context()
        has_products = any(isinstance(self.script.terms.meanings.get(n), Product) for n in self.script.names(goal))
        solver = z3.SolverFor("QF_NIA" if has_products else "QF_LIA", ctx=context)
        self._open(solver, self.script.exact(goal, *also))
        solver.add(*(z3.Bool(f"goal {name}", context) for name in (goal, *also)))
        return self._reply(z3, solver, solver.check(), context)

    def _reply(self, z3: Any, solver: Any, result: Any, context: Any) -> Reply:
        if result != z3.sat:
            return Reply(False if result == z3.unsat else None)
        if not self.names:
            self.names += sorted(self.script.names(*self.script.goals), key=lambda n: str(n.value))
        return Reply(True, _model(z3, solver.model(), self.names, context))

    def _open(self, solver: Any, text: str) -> Any:
        solver.set("rlimit", max(1, int(self.seconds * STEPS)))
        solver.set("timeout", max(1, int(self.seconds * PATIENCE * 1_000)))
        solver.set("random_seed", 0)
        solver.from_string(text)
        return solver


def _model(z3: Any, model: Any, names: Sequence[Term], context: Any) -> Model:
    """The values of names in a model; what it leaves open has none."""
    values: Model = {}
    for name in names:
        value = model[(z3.Int if name.sort == INT else z3.Bool)(str(name.value), context)]
        if value is not None:
            values[str(name.value)] = value.as_long() if z3.is_int_value(value) else z3.is_true(value)
    return values


def _z3() -> Any:
    needed_solver()
    import z3

    return z3

"""The only importer of Z3. In: a script. Out: for a goal, whether it is satisfiable, and a model where it is.

`z3-solver` is an extra; without it everything else here still works, and queries can be printed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf
from typing import Any

from attrs import define, field, frozen

from policy.diagnostics import PolicyError
from policy.extras import require_extra
from policy.verify.axioms import Model, ProductAxiom
from policy.verify.smtlib import Script
from policy.verify.terms import INT, Term

PATIENCE = 30  # times as long by the clock, should Z3 ever fail to count
STEPS = 10_000_000  # of Z3's resource limit, about a second; counted, so that all machines give the same replies


def needed_solver(instead: str = "") -> None:
    """Raises PolicyError where there is no solver, naming the alternative `instead`."""
    require_extra("z3", "proofs", instead=instead)


def has_solver() -> bool:
    """Whether there is a solver, for callers that do less without."""
    try:
        needed_solver()
    except PolicyError:
        return False
    return True


@frozen
class Reply:
    """Whether a goal is satisfiable; `holds` is None where the solver gave up."""

    holds: bool | None
    model: Model = field(factory=dict)


@define
class Solver:
    """One script, whose goals are checked one after another.

    It has a Z3 context of its own, so that a model does not depend on earlier checks of other scripts. `seconds` are
    so many `STEPS` of the solver for each check. After the `deadline` (`time.monotonic`) it gives up.
    """

    script: Script
    seconds: float
    opened: Any = None
    context: Any = None
    times: int = 0
    names: list[tuple[Term, Any]] = field(factory=list)  # each with its declaration in Z3
    deadline: float = inf

    def check(self, goal: str, *also: str) -> Reply:
        """Whether the goal is satisfiable together with others, by the axiom instances asserted so far."""
        z3 = _z3()
        if self.opened is None:
            self.context = z3.Context()
            self.opened = self._open(z3.Solver(ctx=self.context), self.script.plain)
        if not self._has_time(self.opened):
            return Reply(None)
        goals = [z3.Bool(f"goal {name}", self.context) for name in (goal, *also)]
        result = self.opened.check(*goals)
        if result == z3.sat and not self.names:
            self.names = self._declared(z3, self.context)
        return _reply(z3, self.opened, result, self.names, self.context)

    @property
    def is_late(self) -> bool:
        """Whether the deadline is over."""
        return time.monotonic() >= self.deadline

    def _has_time(self, solver: Any) -> bool:
        """Gives a solver the time that is left, if there is any."""
        left = self.deadline - time.monotonic()
        if left > 0:
            solver.set("timeout", int(min(left, self.seconds * PATIENCE) * 1_000) + 1)
        return left > 0

    @property
    def spent(self) -> float:
        """The seconds' worth of steps that checks have taken so far."""
        if self.opened is None:
            return 0
        known = self.opened.statistics()
        steps: int = next(known[n][1] for n in reversed(range(len(known))) if known[n][0] == "rlimit count")
        return steps / STEPS

    def assert_all(self, more: Sequence[Term]) -> None:
        """Adds assertions."""
        self.times += 1
        self.opened.from_string(self.script.asserted(more, self.times))

    def add_goal(self, name: str, goal: Term) -> None:
        """Adds a goal."""
        self.script.goals[name] = goal
        if self.opened is not None:
            self.times += 1
            known = set(self.script.known)
            self.opened.from_string(self.script.added(name, self.times))
            self.names = [] if self.script.known != known else self.names

    def check_exactly(self, goal: str, *also: str, share: float = 1.0) -> Reply:
        """As `check`, with all axioms whole, in a share of the steps."""
        z3 = _z3()
        context = z3.Context()
        has_products = any(isinstance(self.script.terms.axioms.get(n), ProductAxiom) for n in self.script.names(goal))
        solver = z3.SolverFor("QF_NIA" if has_products else "QF_LIA", ctx=context)
        self._open(solver, self.script.exact(goal, *also), share)
        if not self._has_time(solver):
            return Reply(None)
        solver.add(*(z3.Bool(f"goal {name}", context) for name in (goal, *also)))
        result = solver.check()
        return _reply(z3, solver, result, self._declared(z3, context) if result == z3.sat else [], context)

    def _declared(self, z3: Any, context: Any) -> list[tuple[Term, Any]]:
        """The names of all goals, in order, each with its declaration."""
        names = sorted(self.script.names(*self.script.goals), key=lambda n: str(n.value))
        return [(n, (z3.Int if n.sort == INT else z3.Bool)(str(n.value), context).decl()) for n in names]

    def _open(self, solver: Any, text: str, share: float = 1.0) -> Any:
        solver.set("rlimit", max(1, int(self.seconds * share * STEPS)))
        solver.set("random_seed", 0)
        solver.from_string(text)
        return solver


def _reply(z3: Any, solver: Any, result: Any, names: Sequence[tuple[Term, Any]], context: Any) -> Reply:
    if result != z3.sat:
        return Reply(False if result == z3.unsat else None)
    values: Model = {}  # none for names that the model leaves open
    model, c = solver.model(), context.ref()
    for name, declared in names:
        value = z3.Z3_model_get_const_interp(c, model.model, declared.ast)  # Z3's classes take ten times as long
        if value.value is None:
            continue
        if name.sort == INT:
            values[str(name.value)] = int(z3.Z3_get_numeral_string(c, value))
        else:
            values[str(name.value)] = z3.Z3_get_bool_value(c, value) == z3.Z3_L_TRUE
    return Reply(True, values)


def _z3() -> Any:
    needed_solver()
    import z3

    return z3

"""The only importer of Z3. In: a script. Out: for a goal, whether it can hold, and facts' values where it does.

`z3-solver` is an extra; without it everything else here still works, and questions can be printed.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from attrs import define, field, frozen

from policy.verify.facts import Model
from policy.verify.script import Script

EXTRA = "proofs need the solver Z3: `pip install 'policy-that-runs[proofs]'`"


class NoSolverError(Exception):
    """Z3 is not installed."""


def there_is_a_solver() -> bool:
    return find_spec("z3") is not None


@frozen
class Reply:
    """`holds` is None where the solver gave up."""

    holds: bool | None
    model: Model = field(factory=dict)


@define
class Solver:
    """One script, of which one goal after the other may be asked."""

    script: Script
    seconds: float
    opened: dict[bool, Any] = field(factory=dict)

    def ask(self, goal: str, exact: bool, *also: str) -> Reply:
        """Whether the goal can hold together with others, with or without the meanings of products and months."""
        z3 = _z3()
        if exact not in self.opened:
            made = (
                z3.SolverFor("QF_NIA")
                if exact and self.script.is_hard and len(self.script.goals) == 1
                else z3.Solver()
            )
            made.set("timeout", max(1, int(self.seconds * 1_000)))
            made.set("random_seed", 0)
            made.from_string(self.script.exact if exact else self.script.plain)
            self.opened[exact] = made
        solver = self.opened[exact]
        result = solver.check(*(z3.Bool(f"goal {name}") for name in (goal, *also)))
        if result == z3.unsat:
            return Reply(False)
        if result == z3.unknown:
            return Reply(None)
        return Reply(True, _model(z3, solver.model()))


def _model(z3: Any, model: Any) -> Model:
    values: Model = {}
    for name in model.decls():
        value = model[name]
        values[name.name()] = value.as_long() if z3.is_int_value(value) else z3.is_true(value)
    return values


def _z3() -> Any:
    if not there_is_a_solver():
        raise NoSolverError(EXTRA)
    import z3

    return z3

"""A second solver, cvc5, asked for what the first has said. The only importer of cvc5, which is an extra.

In: a script, and one of its goals. Out: whether the goal is satisfiable; None where the solver gave up. It reads the
text that `policy verify --smt` prints, and shares nothing with the first solver but that text. Absent: models.
"""

from __future__ import annotations

from typing import Any, Literal

from policy.extras import require_extra
from policy.verify.smtlib import Script

SecondSolver = Literal["cvc5"]
STEPS = 20_000  # of cvc5's resource limit for each second of the budget, of which it gets about a tenth


def needed_second() -> None:
    """Raises PolicyError where cvc5 is not installed."""
    require_extra("cvc5", "cvc5", instead="leave out `--solver cvc5`")


def satisfiable(script: Script, goal: str, seconds: float, clock: float) -> bool | None:
    """Whether cvc5 finds the goal satisfiable, within so many `STEPS` and seconds by the clock."""
    cvc5 = _cvc5()
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("rlimit-per", str(max(1, int(seconds * STEPS))))
    solver.setOption("tlimit-per", str(max(1, int(clock * 1_000))))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, asked(script, goal), goal)
    symbols, reply = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        reply = str(command.invoke(solver, symbols)).strip()
    assert reply.split()[0] in _REPLIES, f"cvc5 does not read the script: {reply}"
    return _REPLIES[reply.split()[0]]  # the reason for `unknown` follows it


_REPLIES = {"sat": True, "unsat": False, "unknown": None}


def asked(script: Script, goal: str) -> str:
    """What a solver is asked about one goal, in SMT-LIB."""
    return f"(set-logic ALL)\n{script.exact(goal)}(check-sat-assuming (|goal {goal}|))\n"


def _cvc5() -> Any:
    needed_second()
    import cvc5

    return cvc5

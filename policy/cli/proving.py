"""What verbs and documents that prove have in common: the claims of a rulebook, two programs compared, and progress.

In: checked rules and programs. Out: verdicts and differences. Absent: what becomes of them; a verb prints them, a
document puts them into words. Where there is no solver, `require_solver` ends with the message that names the extra.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from policy.cli.output import fail
from policy.cli.progress import progress
from policy.diagnostics import PolicyError
from policy.ir.program import Program
from policy.model import rules
from policy.pipeline import Checked
from policy.pipeline import program as program_of
from policy.verify import overlay as overlays
from policy.verify.claims import Verdict
from policy.verify.decide import Limits
from policy.verify.difference import Change, Difference, change, directions
from policy.verify.questions import batches
from policy.verify.run import Task, differences, tasks, verdicts
from policy.verify.solver import needed_solver

F = TypeVar("F", bound=Callable[..., Any])
USUAL = Limits(10.0, 3)
UNPROVED = "say `--no-proofs`, and the document says that nothing was proved"

proofs_option: Callable[[F], F] = click.option(
    "--proofs/--no-proofs",
    default=True,
    show_default=True,
    help="Prove what there is to prove. Without the extra `proofs` it ends with 2; with --no-proofs the document "
    "says that nothing was proved.",
)


def require_solver(instead: str = "") -> None:
    """Ends with 2 where there is no solver, telling what could be done `instead`."""
    try:
        needed_solver(instead)
    except PolicyError as error:
        fail(error)


def claims_of(checked: Checked, limits: Limits, names: Sequence[str]) -> tuple[list[Task], list[Verdict]]:
    """The claims about the law, then about these overlays; and what cannot be asked."""
    law = program_of(checked)
    wanted = tasks(law, batches(checked.model, law), limits)
    not_asked: list[Verdict] = []
    for name in names:
        compared = overlays.compared(checked.model, law, program_of(checked, name), name)
        wanted += tasks(compared.program, compared.batches, limits)
        not_asked += compared.not_asked
    return wanted, not_asked


def proved(wanted: Sequence[Task], jobs: int = 0) -> list[Verdict]:
    """The verdicts on all claims, in order, with a progress bar on a terminal."""
    with progress("proving", len(wanted)) as seen:
        return list(verdicts(wanted, jobs, seen.update))


def differences_of(
    before: Program, after: Program, model: rules.Model, limits: Limits = USUAL, jobs: int = 0, select: str = ""
) -> list[Difference]:
    """What differs between two programs, question by question; `model` tells which way is stricter."""
    c = change(before, after, directions(model))
    wanted = [id for id in c.other if select in id]
    with progress("comparing", len(wanted)) as seen:
        return [*differences(c, wanted, limits, jobs, seen.update), *_same(c, select)]


def _same(c: Change, select: str) -> list[Difference]:
    functions = c.after.functions
    return [
        Difference(id, functions[id].kind, "equivalent", str(functions[id].place)) for id in c.same if select in id
    ]

"""All that can be proved of a rulebook, or of a change from one to another, proved with progress shown.

In: checked rules, or two programs. Out: verdicts; differences of facts and of answers. Absent: how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from policy.ir.program import Program
from policy.ir.reads import records_of
from policy.model import rules
from policy.pipeline import Checked, program as program_of
from policy.progress import Watch, unwatched
from policy.verify import overlay as overlays
from policy.verify.claims import ClaimResult
from policy.verify.difference import Difference, ProgramChange, change, directions
from policy.verify.prove import Limits
from policy.verify.questions import batches, idle_marks
from policy.verify.run import Task, differences, tasks, verdicts
from policy.verify.vocabulary import FactDifference

USUAL = Limits(10.0, 3)


def claims_of(checked: Checked, limits: Limits, names: Sequence[str]) -> tuple[list[Task], list[ClaimResult]]:
    """The claims about the law, then about these overlays; and results of what cannot be put to a solver."""
    law = program_of(checked)
    about_law = batches(checked.model, law)
    claims = tasks(law, about_law, limits)
    not_asked = idle_marks(checked.model, about_law)
    for name in names:
        compared = overlays.compared(checked.model, law, program_of(checked, name), name)
        claims += tasks(compared.program, compared.batches, limits)
        not_asked += compared.not_asked
    return claims, not_asked


def proved(
    claims: Sequence[Task],
    jobs: int = 0,
    watch: Watch = unwatched,
    early: dict[int, list[ClaimResult]] | None = None,
) -> Iterator[ClaimResult]:
    """The results of all claims, in order, each as soon as it and those before it are there.

    `early` gets those of each batch, by its number, as soon as they are there.
    """
    with watch("proving", len(claims)) as seen:
        yield from verdicts(claims, jobs, seen.update, early)


@frozen
class Comparison:
    """What differs between two programs: the facts that one alone accepts; and of those that both accept, the answers
    to each question that was chosen."""

    facts: tuple[FactDifference, ...]
    questions: tuple[Difference, ...]


def comparison_of(
    before: Program,
    after: Program,
    model: rules.Model,
    limits: Limits = USUAL,
    *,
    jobs: int = 0,
    select: str = "",
    watch: Watch = unwatched,
) -> Comparison:
    """What differs between two programs, question by question; `model` says which way is stricter."""
    c = change(before, after, directions(model))
    chosen = [id for id in c.other if select in id]
    with watch("comparing", len(chosen)) as seen:
        found = (*differences(c, chosen, limits, jobs, seen.update), *_same(c, select))
    return Comparison(tuple(_facts(c, [d.question for d in found])), found)


def _facts(c: ProgramChange, ids: Sequence[str]) -> list[FactDifference]:
    """The differences of the facts that these questions may be given."""
    asked = [f for id in ids if (f := c.vocabulary.after.functions.get(id))]
    records = {r for f in asked for r in records_of(c.vocabulary.after, f.parameters)}
    return [d for d in c.vocabulary.facts if d.of in records or d.of in ids]


def _same(c: ProgramChange, select: str) -> list[Difference]:
    functions = c.vocabulary.after.functions
    return [
        Difference(id, functions[id].kind, "equivalent", str(functions[id].place)) for id in c.same if select in id
    ]

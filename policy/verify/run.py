"""Results for a whole rulebook: batch by batch, on several processes, with a cache.

A batch is cached under the digest of all that its claims depend on, and of this program's own code. Claims that were
not decided or not confirmed are not cached. Marks of claims that are refuted on purpose are held against the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import evolve, frozen

from policy import cache
from policy.ir.program import Call, Expr, Program, walk
from policy.parallel import in_parallel
from policy.verify.claims import Batch, Claim, ClaimResult, ProofStatus
from policy.verify.difference import Difference, ProgramChange, compared
from policy.verify.product_program import fingerprints
from policy.verify.prove import Limits, out_of_time, prove

NOT_KEPT = (ProofStatus.UNDECIDED, ProofStatus.UNCONFIRMED)


@frozen(eq=False)
class Task:
    """A batch and the program that it is about."""

    program: Program
    batch: Batch
    limits: Limits
    known: dict[str, str]

    def chosen(self, is_chosen: Callable[[Claim], bool]) -> Task:
        """With the claims that are chosen, and no others."""
        return evolve(self, batch=evolve(self.batch, claims=tuple(c for c in self.batch.claims if is_chosen(c))))

    @property
    def key(self) -> str:
        """The cache key of its results."""
        return _key(self.batch, self.known, self.limits)


def tasks(program: Program, batches: Sequence[Batch], limits: Limits) -> list[Task]:
    """The batches, ready to be run."""
    known = fingerprints(program)
    return [Task(program, b, limits, known) for b in batches]


def _key(batch: Batch, known: dict[str, str], limits: Limits) -> str:
    words = [repr(batch.parameters), f"{limits.seconds:g} {limits.longest}", limits.second or ""]
    for claim in batch.claims:
        words += [claim.kind, claim.subject, claim.statement, claim.unless_so]
        for query in (claim.query, *(aside for _, aside in claim.asides)):
            words += [query.kind, *sorted(_called(query.expressions, known))]
        if claim.subject in known:
            words.append(known[claim.subject])
    return cache.key("verify", *words)


def _called(expressions: Iterator[Expr], known: dict[str, str]) -> set[str]:
    return {known[c.function] for e in expressions for c in walk(e) if isinstance(c, Call)}


def _verdicts(task: Task) -> list[ClaimResult]:
    key = task.key
    kept = cache.fetch(key)
    if isinstance(kept, list) and len(kept) == len(task.batch.claims):
        return [_settled(v, c) for v, c in zip(kept, task.batch.claims, strict=True)]
    if task.limits.is_over:
        verdicts = [_unbegun(c, task.limits) for c in task.batch.claims]
    else:
        verdicts = prove(task.program, task.batch, task.limits)
    if not any(v.status in NOT_KEPT for v in verdicts):
        cache.store(key, verdicts)
    return [_settled(v, c) for v, c in zip(verdicts, task.batch.claims, strict=True)]


def _unbegun(claim: Claim, limits: Limits) -> ClaimResult:
    status, why = ProofStatus.UNDECIDED, out_of_time(limits)
    return ClaimResult(claim.kind, claim.subject, claim.statement, claim.place, status, why=why)


def _settled(result: ClaimResult, claim: Claim) -> ClaimResult:
    """The result at the claim's place, held against the mark of a claim that is refuted on purpose."""
    result = evolve(result, place=claim.place)
    if claim.refuted is None:
        return result
    if result.status is ProofStatus.REFUTED:
        return evolve(result, status=ProofStatus.MARKED, why=claim.refuted.en, because=claim.refuted)
    if result.status is ProofStatus.PROVED:
        return evolve(result, status=ProofStatus.STALE, why="it is proved")
    return result


def verdicts(
    wanted: Sequence[Task],
    processes: int = 0,
    done: Callable[[], object] = lambda: None,
    early: dict[int, list[ClaimResult]] | None = None,
) -> Iterator[ClaimResult]:
    """The verdicts on all claims, in order; `done` is called after each batch, and `early` gets it at once."""
    jobs = [partial(_verdicts, task) for task in wanted]
    for result in in_parallel(jobs, [len(t.batch.claims) for t in wanted], processes, done, early):
        yield from result


def differences(
    c: ProgramChange,
    wanted: Sequence[str],
    limits: Limits,
    processes: int = 0,
    done: Callable[[], object] = lambda: None,
) -> Iterator[Difference]:
    """What a change does to each of these questions, in order."""
    yield from in_parallel([partial(compared, c, id, limits) for id in wanted], [1] * len(wanted), processes, done)

"""`policy verify`: claims about rules, proved or refuted by a counterexample."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from math import inf
from pathlib import Path

import click
from attrs import evolve

from policy.cli.exits import Exit, end
from policy.cli.options import checked_of, format_option, rules_arguments, seconds_option
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.cli.watch import watchable
from policy.diagnostics import printable
from policy.interrupts import Interrupted
from policy.verify.claims import ClaimResult, ProofStatus
from policy.verify.overlay import overlays
from policy.verify.prove import CLOCK, Limits, encode
from policy.verify.questions import KINDS
from policy.verify.rulebook import claims_of, proved
from policy.verify.run import Task
from policy.verify.second import SecondSolver, needed_second
from policy.verify.smtlib import printed
from policy.verify.solver import needed_solver

COLOURS = {
    ProofStatus.PROVED: "green",
    ProofStatus.REFUTED: "red",
    ProofStatus.MARKED: "green",
    ProofStatus.STALE: "red",
    ProofStatus.NOT_FOUND: "yellow",
    ProofStatus.UNDECIDED: "yellow",
    ProofStatus.UNCONFIRMED: "magenta",
    ProofStatus.NOT_ENCODED: "magenta",
    ProofStatus.NOT_ASKED: "cyan",
}
WITH_ALL = (ProofStatus.PROVED, ProofStatus.MARKED, ProofStatus.NOT_ASKED)  # shown with `--all` only
NO = {ProofStatus.REFUTED, ProofStatus.STALE}
OPEN = {ProofStatus.UNDECIDED, ProofStatus.UNCONFIRMED, ProofStatus.NOT_ENCODED}


@click.command()
@watchable
@rules_arguments
@click.option("-k", "--select", default="", help="Only claims whose subject or words contain this.")
@click.option("--kind", type=click.Choice(KINDS), help="Only claims of this kind.")
@seconds_option
@click.option(
    "--clock",
    type=click.FloatRange(0.1),
    default=CLOCK,
    show_default=True,
    help="Seconds by the clock for one claim, besides --seconds; a result that it cuts off says so.",
)
@click.option("--stop-after", type=click.FloatRange(0.1), help="Seconds by the clock for the whole run.")
@click.option("--lists", type=click.IntRange(1, 12), default=3, show_default=True, help="Longest list considered.")
@click.option("-j", "--jobs", type=click.IntRange(0), default=0, help="Processes; 0 is one for each core.")
@click.option("--all", "everything", is_flag=True, help="Show proved claims too.")
@click.option("--solver", type=click.Choice(("cvc5",)), help="Ask this solver too for every claim, and compare.")
@click.option("--smt", is_flag=True, help="Print the claims as SMT-LIB instead; needs no solver.")
@format_option("text", "json")
def command(
    paths: tuple[str, ...],
    select: str,
    kind: str | None,
    seconds: float,
    clock: float,
    stop_after: float | None,
    lists: int,
    jobs: int,
    everything: bool,
    solver: SecondSolver | None,
    smt: bool,
    format: str,
) -> None:
    """Prove claims about the rules in RULES, for all facts and all dates: properties hold, tables have no gaps and no
    overlapping rows, every rule can apply, every condition, branch and argument matters, priorities are strict
    orders, overlays only tighten. A refuted claim comes with a counterexample, which the reference interpreter has
    confirmed.

    \b
    policy verify
    policy verify rulesets --kind property --all
    policy verify rulesets -k lending_value --format json
    policy verify rulesets -k haircut --smt > haircut.smt2
    """
    checked = checked_of(paths)
    limits = Limits(seconds, lists, clock, inf if stop_after is None else time.monotonic() + stop_after, solver)

    def is_chosen(claim_kind: str, subject: str, statement: str) -> bool:
        return (kind is None or claim_kind == kind) and (select in subject or select in statement)

    everything_asked, unasked = claims_of(checked, limits, overlays(checked.model))
    chosen = (t.chosen(lambda c: is_chosen(c.kind, c.subject, c.statement)) for t in everything_asked)
    wanted = [t for t in chosen if t.batch.claims]
    not_asked = [v for v in unasked if is_chosen(v.kind, v.subject, v.statement)]
    if (select or kind) and not wanted and not not_asked:
        of_kind, containing = f" is of the kind {kind}" if kind else "", f" contains `{select}`" if select else ""
        raise click.UsageError(f"no claim{' and'.join(filter(None, (of_kind, containing)))}")
    if smt:
        scripts = ((t.batch.claims[0].subject, encode(t.program, t.batch, limits).script) for t in wanted)
        for text in printed(scripts):
            click.echo(text)
        return
    needed_solver()
    if solver is not None:
        needed_second()
    found_out = _found_out(wanted, not_asked, jobs, format == "text", everything)
    if format == "json":
        print_json([v.as_json() for v in found_out])
    else:
        click.echo(summary(found_out))
    statuses = {v.status for v in found_out}
    if statuses & NO:
        end(Exit.NO)
    end(Exit.UNDECIDED if statuses & OPEN else Exit.YES)


def _found_out(
    wanted: Sequence[Task], not_asked: Sequence[ClaimResult], jobs: int, is_text: bool, everything: bool
) -> list[ClaimResult]:
    """All results; as text, each is printed as it is found, and what was found when this is interrupted."""
    found_out: list[ClaimResult] = []
    early: dict[int, list[ClaimResult]] = {}
    try:
        for result in chain(proved(wanted, jobs, progress, early), not_asked):
            found_out.append(_with_report(result))
            if is_text:
                _print(found_out[-1], everything)
    except (Interrupted, KeyboardInterrupt):
        if is_text:
            _print_stopped(wanted, found_out, early, everything)
        raise
    return found_out


def _print_stopped(
    wanted: Sequence[Task], shown: list[ClaimResult], early: dict[int, list[ClaimResult]], everything: bool
) -> None:
    """What was found out after those that were shown, and how much of all it is."""
    found_out = [result for n in sorted(early) for result in early[n]]
    for result in found_out[len(shown) :]:
        _print(result, everything)
    claims = sum(len(t.batch.claims) for t in wanted)
    click.echo(f"stopped after {len(found_out):,} of {plural(claims, 'claim')}: {summary(found_out)}")


def _with_report(result: ClaimResult) -> ClaimResult:
    """A result that could not be confirmed with its report written, and named."""
    if not result.report:
        return result
    name = f"unconfirmed-{sha256(result.report.encode()).hexdigest()[:12]}.txt"
    head = f"{result.subject}: {result.statement}\n{result.place}\n\n"
    Path(name).write_text(head + result.report, encoding="utf-8")
    return evolve(result, why=f"{result.why}; please report it with the file `{name}`")


def _print(result: ClaimResult, everything: bool) -> None:
    if everything or result.status not in WITH_ALL:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)  # the bar, which is drawn again below
        click.secho(result.outcome, fg=COLOURS[result.status], bold=True, nl=False)
        click.echo(f"  {result.subject}: {printable(result.statement)}  {result.place}")
        if result.example is not None:
            click.echo(f"  {printable(str(result.example))}")
            if result.example.comes_to:
                click.echo(f"  {printable(result.example.comes_to)}")
    if everything:
        for note in result.notes:
            click.echo(f"  but {printable(note)}")


def summary(found: list[ClaimResult]) -> str:
    """How many claims came to what."""
    counts = {status: sum(v.status is status for v in found) for status in ProofStatus}
    words = [f"{counts[s]:,} {s.value}" for s in ProofStatus if counts[s] or s is ProofStatus.PROVED]
    bounded = sum(v.status is ProofStatus.PROVED and bool(v.longest) for v in found)
    if bounded:
        words[0] += f" ({bounded:,} of them for lists up to {max(v.longest for v in found)})"
    asked = [v.second for v in found if v.second]
    compared = f"; a second solver agrees on {asked.count('agrees'):,} and gave up on {asked.count('gave up'):,}"
    return f"{plural(len(found), 'claim')}: " + ", ".join(words) + (compared if asked else "")

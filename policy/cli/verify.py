"""`policy verify`: claims about rules, proved or refuted by a counterexample."""

from __future__ import annotations

import click

from policy.cli.exits import Exit, end
from policy.cli.options import checked_of, format_option, seconds_option
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.diagnostics import printable
from policy.verify.claims import ClaimResult, ProofStatus
from policy.verify.overlay import overlays
from policy.verify.prove import Limits, encode
from policy.verify.questions import KINDS
from policy.verify.rulebook import claims_of, proved
from policy.verify.smtlib import printed
from policy.verify.solver import needed_solver

COLOURS = {
    ProofStatus.PROVED: "green",
    ProofStatus.REFUTED: "red",
    ProofStatus.UNDECIDED: "yellow",
    ProofStatus.NOT_ENCODED: "magenta",
    ProofStatus.NOT_ASKED: "cyan",
}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@click.option("-k", "--select", default="", help="Only claims whose subject or words contain this.")
@click.option("--kind", type=click.Choice(KINDS), help="Only claims of this kind.")
@seconds_option
@click.option("--lists", type=click.IntRange(0, 12), default=3, show_default=True, help="Longest list considered.")
@click.option("-j", "--jobs", type=click.IntRange(0), default=0, help="Processes; 0 is one for each core.")
@click.option("--all", "everything", is_flag=True, help="Show proved claims too.")
@click.option("--smt", is_flag=True, help="Print the claims as SMT-LIB instead; needs no solver.")
@format_option("text", "json")
def command(
    paths: tuple[str, ...],
    select: str,
    kind: str | None,
    seconds: float,
    lists: int,
    jobs: int,
    everything: bool,
    smt: bool,
    format: str,
) -> None:
    """Prove claims about the rules in PATHS, for all facts and all dates: properties hold, tables have no gaps and no
    overlapping rows, every rule can apply and every condition matters, priorities are strict orders, overlays only
    tighten. A refuted claim comes with a counterexample, which the reference interpreter has confirmed.

    \b
    policy verify
    policy verify rulesets --kind property --all
    policy verify rulesets -k lending_value --format json
    policy verify rulesets -k haircut --smt > haircut.smt2
    """
    checked = checked_of(paths)
    limits = Limits(seconds, lists)

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
    found_out = [*proved(wanted, jobs, progress), *not_asked]
    if format == "json":
        print_json([v.as_json() for v in found_out])
    else:
        _print(found_out, everything)
    statuses = {v.status for v in found_out}
    if ProofStatus.REFUTED in statuses:
        end(Exit.NO)
    end(Exit.UNDECIDED if statuses & {ProofStatus.UNDECIDED, ProofStatus.NOT_ENCODED} else Exit.YES)


def _print(found: list[ClaimResult], everything: bool) -> None:
    for verdict in found:
        if everything or verdict.status not in (ProofStatus.PROVED, ProofStatus.NOT_ASKED):
            click.secho(verdict.outcome, fg=COLOURS[verdict.status], bold=True, nl=False)
            click.echo(f"  {verdict.subject}: {printable(verdict.statement)}  {verdict.place}")
            if verdict.example is not None:
                click.echo(f"  {printable(str(verdict.example))}")
                if verdict.example.comes_to:
                    click.echo(f"  {printable(verdict.example.comes_to)}")
        if everything:
            for note in verdict.notes:
                click.echo(f"  but {printable(note)}")
    click.echo(summary(found))


def summary(found: list[ClaimResult]) -> str:
    """How many claims came to what."""
    counts = {status: sum(v.status is status for v in found) for status in ProofStatus}
    words = [f"{counts[s]:,} {s.value}" for s in ProofStatus if counts[s] or s is ProofStatus.PROVED]
    bounded = sum(v.status is ProofStatus.PROVED and bool(v.longest) for v in found)
    if bounded:
        words[0] += f" ({bounded:,} of them for lists up to {max(v.longest for v in found)})"
    return f"{plural(len(found), 'claim')}: " + ", ".join(words)

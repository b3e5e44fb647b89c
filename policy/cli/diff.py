"""`policy diff`: exactly what a change of the rules changes, for every possible client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import click

from policy.cli.exits import Exit, end
from policy.cli.options import DateType, Settings, checked_of, format_option, seconds_option, set_option
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.cli.sides import sides
from policy.cli.watch import watchable
from policy.diagnostics import printable
from policy.ir.program import Program
from policy.ir.simplify import specialised
from policy.pipeline import Checked, program as program_of
from policy.reports.pull_request import comment
from policy.reports.touched import touched
from policy.verify.difference import Difference, Way
from policy.verify.prove import Limits
from policy.verify.rulebook import Comparison, comparison_of
from policy.verify.solver import needed_solver
from policy.verify.vocabulary import FactDifference

COLOURS = {"equivalent": "green", "stricter": "cyan", "looser": "red", "incomparable": "red"}


@click.command()
@watchable
@click.argument("paths", metavar="[OLD] [NEW]", nargs=-1, type=click.Path())
@click.option("--from", "since", type=DateType(), help="First as-of date, to compare one rulebook with itself.")
@click.option("--to", "until", type=DateType(), help="Second as-of date; goes with --from.")
@click.option("--on", type=DateType(), help="Compare as of this date; over all dates if not given.")
@click.option("--under", default="", help="Apply this overlay to the second rulebook, as example.house.")
@set_option(" of the second")
@click.option("-k", "--select", default="", help="Only questions whose name contains this.")
@seconds_option
@click.option("--lists", type=click.IntRange(0, 12), default=3, show_default=True, help="Longest list considered.")
@click.option("-j", "--jobs", type=click.IntRange(0), default=0, help="Processes; 0 is one for each core.")
@format_option("text", "table", "json", "markdown")
def command(
    paths: tuple[str, ...],
    since: date | None,
    until: date | None,
    on: date | None,
    under: str,
    settings: Settings,
    select: str,
    seconds: float,
    lists: int,
    jobs: int,
    format: str,
) -> None:
    """Compare two rulebooks, or one with itself at two dates or under an overlay: first which facts only one of them
    accepts; then, of the facts that both accept, question by question what is stricter, what is looser, which numbers
    rise or fall, by how much at most, where, with an example of each.

    \b
    policy diff old-rules new-rules
    policy diff old-rules new-rules --on 2026-03-01 --format json
    policy diff rulesets --from 2026-02-10 --to 2026-02-11
    policy diff rulesets --under example.house -k lending_value
    policy diff rulesets --set minimum_virtual_asset_haircut=70% -k lending_value
    policy diff HEAD~1 rulesets                  that folder in a revision of Git, and as it is now
    policy diff main..draft rulesets             in two revisions; without a folder, the current one
    policy diff main:rulesets draft:other        REVISION:PATH, as Git writes it
    policy diff HEAD rules -k haircut --watch              what an edit changes, after each save
    policy diff main.. rulesets --format markdown          a comment for a pull request
    """
    paths = sides(paths)
    dates = (since, until) if since and until else None
    if (since is None) != (until is None) or (dates and on):
        raise click.UsageError("`--from` and `--to` go together, and without `--on`")
    if len(paths) < 2 and not (dates or under or settings):
        raise click.UsageError("name two rulebooks; or one with `--from` and `--to`, with `--under` or with `--set`")
    needed_solver()
    first, second = _checked(paths, settings)
    found = _comparison(first, second, dates, on, under, select, Limits(seconds, lists), jobs)
    if not found.questions:
        told = f"no question's name contains `{select}`" if select else "there are no questions to compare"
        raise click.UsageError(told)
    if format == "json":
        print_json([*(f.as_json() for f in found.facts), *(d.as_json() for d in found.questions)])
    elif format == "table":
        _print_table(found)
    elif format == "markdown":
        named = [*map(str, dates)] if dates else [paths[0], paths[-1] + (f" under {under}" if under else "")]
        differing = frozenset(d.question for d in found.questions if d.outcome != "equivalent")
        click.echo(comment(found, touched(first.model, second.under(under), differing), *named), nl=False)
    else:
        print_comparison(found)
    outcomes = {d.outcome for d in found.questions}
    unknown = {"not decided", "cannot be encoded"}
    if found.facts or outcomes - unknown - {"equivalent"}:
        end(Exit.NO)
    end(Exit.UNDECIDED if outcomes & unknown else Exit.YES)


def _checked(paths: Sequence[str], settings: Settings) -> tuple[Checked, Checked]:
    first = checked_of(tuple(paths[:1]))
    return first, checked_of(tuple(paths[1:] or paths[:1]), settings) if paths[1:] or settings else first


def _comparison(
    first: Checked,
    second: Checked,
    dates: tuple[date, date] | None,
    on: date | None,
    under: str,
    select: str,
    limits: Limits,
    jobs: int,
) -> Comparison:
    days = dates or ((on, on) if on else (None, None))
    before, after = _program(first, "", days[0]), _program(second, under, days[1])
    return comparison_of(before, after, second.model, limits, jobs=jobs, select=select, watch=progress)


def _program(checked: Checked, under: str, day: date | None) -> Program:
    made = program_of(checked, under)
    return made if day is None else specialised(made, day.toordinal())


def print_comparison(found: Comparison) -> None:
    for f in found.facts:
        click.secho(f.outcome, fg="yellow", bold=True, nl=False)
        click.echo(f"  fact {f.fact}  {f.place}")
        if f.accepted:
            click.echo(f"  accepted now: {printable('; '.join(f.accepted))}")
        if f.refused:
            click.echo(f"  no longer accepted: {printable('; '.join(f.refused))}")
    for d in found.questions:
        if d.outcome == "equivalent":
            continue
        click.secho(d.outcome, fg=COLOURS.get(d.outcome, "yellow"), bold=True, nl=False)
        bound = f" (lists up to {d.longest})" if d.longest else ""
        click.echo(f"  {d.kind} {d.question}{bound}  {d.place}" + (f"  {d.why}" if d.why else ""))
        for region in d.regions:
            click.echo(f"  where {printable(str(region))}")
        if d.more_regions:
            click.echo("  and elsewhere")
        for way in d.ways:
            move = f", by {_most(way)}" if way.by else ""
            click.echo(f"  {way.name}{move}: {printable(way.before)} becomes {printable(way.after)}")
            click.echo(f"    {printable(str(way.example))}")
    click.echo(summary(found))


def _most(way: Way) -> str:
    """The most that a number moves: an amount, or a share of the fact that it grows with."""
    share = f" of {way.by_of}" if way.by_of else ""
    return f"{way.by}{share}" + ("" if way.by.startswith("at least") else " at most")


def _print_table(found: Comparison) -> None:
    rows = [("question", "outcome", "way", "before", "after", "at most", "example")]
    rows += [(f.fact, f.outcome, "", "; ".join(f.refused), "; ".join(f.accepted), "", "") for f in found.facts]
    for d in found.questions:
        if d.outcome != "equivalent":
            ways = [
                (str(w.name), w.before, w.after, f"{w.by} of {w.by_of}" if w.by_of else w.by, str(w.example))
                for w in d.ways
            ]
            rows += [(d.question, d.outcome, *way) for way in ways or [("", d.why, "", "", "")]]
    for n, row in enumerate(rows):
        click.echo("| " + " | ".join(printable(cell).replace("|", "\\|") for cell in row) + " |")
        if n == 0:
            click.echo("|" + "---|" * len(row))


def summary(found: Comparison) -> str:
    """How many facts and questions came out how."""
    told = [_counted("question", found.questions) + (" (of the facts that both accept)" if found.facts else "")]
    return "\n".join([_counted("fact", found.facts), *told] if found.facts else told)


def _counted(what: str, found: Sequence[Difference | FactDifference]) -> str:
    outcomes: list[str] = [d.outcome for d in found]
    words = [f"{outcomes.count(o):,} {o}" for o in sorted(set(outcomes))]
    return f"{plural(len(found), what)}: " + ", ".join(words)

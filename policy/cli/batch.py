"""What the verbs on tables of facts share: running, progress, and summaries as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from policy.answers import Outcome
from policy.batch.memory import enough_memory, limit
from policy.cli.answers import COLOURS
from policy.cli.options import texts_of
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.diagnostics import printable
from policy.extras import require_extra, require_java
from policy.model.types import Number, inner_of
from policy.model.values import show
from policy.pipeline import RulesFile, load_program
from policy.reports.plain.amounts import grouped

if TYPE_CHECKING:
    from policy.batch.backtest import Amounts, RowFlips
    from policy.batch.decide import AnswerSummary, Progress

MOST_LINES = 12  # of a summary's list of reasons, needs or problems
MANY = 100_000  # rows, from which on the time they took says something


def decide_table(
    texts: Sequence[RulesFile], under: str, asking: Mapping[str, Any], facts: str, out: str, engine: str, format: str
) -> dict[str, int]:
    """Answers every row of a file and prints a summary; returns the count of each outcome."""
    _ready()
    if engine:
        require_extra("pandas", "spark")
        require_extra("pyspark", "spark")
        require_java()
    from policy.batch.dates import TableQuestion
    from policy.batch.decide import run_of
    from policy.batch.sources import source_of

    undated = load_program(texts, under)
    if engine:
        from policy.batch.spark import decide_on

        summary = decide_on(engine, undated, TableQuestion(**asking), facts, out)
    else:
        run = run_of(undated, TableQuestion(**asking), source_of(facts))
        tell_missing(run.missing)
        with watched() as count:
            summary = run.to(out, count)
    if format == "json":
        print_json(summary.as_json() | {"out": out})
    else:
        click.echo(summary_text(summary))
        click.echo(f"the answers are in {out}", err=True)
    return dict(summary.tally.outcomes)


def _ready() -> None:
    """Raises PolicyError if a library for columns is missing, or memory to load it."""
    enough_memory(limit())
    require_extra("polars", "columns")
    require_extra("pyarrow", "columns")


def tell_missing(missing: tuple[str, ...]) -> None:
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        click.secho(f"no column has {names}: not known of any row", err=True, fg="yellow")


@contextmanager
def watched() -> Iterator[Progress]:
    """Shows how many rows have been answered."""
    with progress("rows") as seen:

        def count(rows: int, of: int | None, _: float) -> None:
            if of is not None and seen.total != of:
                seen.of(of)
            seen.update(rows - seen.done)

        yield count


def summary_text(summary: AnswerSummary) -> str:
    """A summary as text."""
    from policy.batch.decide import most_first  # loaded by whoever has a summary

    tally, colours = summary.tally, {outcome.value: colour for outcome, colour in COLOURS.items()}
    lines = [f"{summary.function.id}: {plural(summary.rows, 'row')}"]
    if summary.rows >= MANY and summary.seconds:
        lines[0] += f" in {summary.seconds:.1f} s, {summary.rows / summary.seconds / 1e6:.1f} million a second"
    for outcome in (*(o.value for o in Outcome), "refused"):
        if count := tally.outcomes[outcome]:
            lines.append(f"  {click.style(outcome, fg=colours.get(outcome, 'red'), bold=True)}  {count:,}")
    if summary.total:
        lines.append(f"total: {grouped(summary.total)}")
    for title, counted in (("by rule", tally.reasons), ("needs", tally.needs), ("problems", tally.problems)):
        if counted:
            lines.append(f"{title}:")
            lines += [f"  {count:,}  {printable(name)}" for name, count in most_first(counted)[:MOST_LINES]]
            if len(counted) > MOST_LINES:
                lines.append(f"  … and {len(counted) - MOST_LINES} more")
    if summary.row_by_row:
        lines.append(f"{plural(summary.row_by_row, 'row')} answered one by one, for want of a column or of bits")
    if summary.in_c:
        lines.append(f"{plural(summary.in_c, 'row')} answered in C")
    elif summary.not_in_c:
        lines.append(f"not in C: {printable(summary.not_in_c)}")
    lines.append(f"rulebook {summary.rulebook[:12]}")
    lines += [f"remark: {summary.remarks}"] if summary.remarks else []
    return "\n".join(lines)


def backtest_table(
    rulebooks: tuple[Sequence[RulesFile], Sequence[RulesFile]],
    under: str,
    asking: Mapping[str, Any],
    history: str,
    amount: str,
    out: str | None,
    format: str,
) -> int:
    """Answers a history under two rulebooks and prints what flips; returns the number of rows that do."""
    _ready()
    from policy.batch.backtest import backtest_of
    from policy.batch.dates import TableQuestion
    from policy.batch.sources import source_of

    old, new = (load_program(texts, under) for texts in rulebooks)
    backtest = backtest_of(old, new, TableQuestion(**asking), source_of(history), amount)
    tell_missing(backtest.new.ready().layout.missing)
    with watched() as count:
        flips = backtest.run(out, count)
    if format == "json":
        print_json(flips.as_json())
    else:
        click.echo(flips_text(flips))
    if out:
        click.echo(f"the rows that come out otherwise are in {out}", err=True)
    return flips.changed


def flips_text(flips: RowFlips) -> str:
    """The rows that flip, as text."""
    lines = [f"{flips.question}: {flips.changed:,} of {plural(flips.rows, 'row')} come out otherwise"]
    if refused := flips.outcomes.get(("refused", "refused")):
        lines.append(f"  {refused.rows:,}  refused by both: not facts of either rulebook")

    def line(words: str, a: Amounts) -> str:
        amount = f"  {show(a.amount, flips.amount)}" if flips.amount is not None else ""
        unknown = f" and {a.unknown:,} not known" if a.unknown else ""
        return f"  {a.rows:,}  {words}{amount}{unknown}"

    changed = sorted(
        ((-a.rows, key, a) for key, a in flips.outcomes.items() if key[0] != key[1]), key=lambda x: x[:2]
    )
    lines += [line(f"{old} → {new}", a) for _, (old, new), a in changed]
    if flips.values.rows:
        told = [f"  {flips.values.rows:,}  another value"]
        if flips.of is None:
            told.append("not of one unit")
        elif isinstance(of := inner_of(flips.of), Number):
            told.append(f"new less old: {difference(flips.values.amount, of)}")
        if flips.values.unknown:
            told.append(f"{flips.values.unknown:,} absent in one")
        lines.append("; ".join(told))
    for side, title in (("new", "reasons that only the new rulebook gives:"), ("old", "only the old one:")):
        given = sorted(((-a.rows, rule, a) for (rule, s), a in flips.rules.items() if s == side), key=lambda x: x[:2])
        if given:
            lines += [title, *(line(rule, a) for _, rule, a in given)]
    return "\n".join(lines)


def difference(amount: int, of: Number) -> str:
    """The sum of differences, as the language writes it, with thousands separators."""
    return f"{'-' if amount < 0 else '+'}{grouped(show(abs(amount), of))}"


def show_rows(paths: tuple[str, ...], under: str, rows: int, format: str) -> None:
    """Values so many generated positions, decides as many orders, and prints summaries."""
    _ready()
    from policy.batch.demo import shown

    undated = load_program(texts_of(paths), under)
    with watched() as count:
        made = shown(undated, rows, lambda _: count)
    if format == "json":
        print_json([{"what": s.what, **s.summary.as_json()} for s in made])
        return
    for s in made:
        click.secho(f"{rows:,} {s.what}", bold=True)
        click.echo(summary_text(s.summary) + "\n")

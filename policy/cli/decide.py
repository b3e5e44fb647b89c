"""`policy decide`: one question, one set of facts, or a stream of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from policy.answers import Answer
from policy.cli.answers import answer_json, answer_text, headline
from policy.cli.exits import end, of_outcomes
from policy.cli.options import (
    FACTS,
    DateType,
    Settings,
    asked,
    format_option,
    opened,
    read_facts,
    rulebook_for,
    rules_arguments,
    set_option,
    texts_with,
    under_option,
)
from policy.cli.output import drawn, json_text, keep_apart, print_json
from policy.cli.progress import Progress, progress
from policy.diagnostics import Diagnostic, PolicyError
from policy.facts.from_json import LARGEST_FACTS
from policy.rulebook import Rulebook

TABLES = (".csv", ".parquet", ".arrow", ".ipc", ".feather")  # which are answered into a file


@click.command()
@click.argument("question", shell_complete=asked)
@click.option(
    "--facts", required=True, type=FACTS, help="JSON file of the facts, `-` for standard input; .jsonl streams."
)
@click.option("--on", type=DateType(), help="As-of date, as 2026-03-01. No default: an answer has a date.")
@click.option("--on-column", default="", help="Instead of --on: column of a table with each row's date.")
@set_option()
@under_option
@rules_arguments
@click.option("--lines", is_flag=True, help="Read JSON Lines, answer each line (implied by .jsonl).")
@click.option("--interpret", is_flag=True, help="Use the reference interpreter instead of generated Python.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    help="Output file for a table: every row of .parquet, .csv, .arrow or .jsonl is answered.",
)
@click.option("--keep", multiple=True, help="With --out: column to copy to the output. Repeatable.")
@click.option("--scaled", is_flag=True, help="With --out: whole numbers count the last decimal, 600 is 6.00 HKD.")
@click.option("--engine", default="", help="With --out: Spark master, as spark://host:7077 or local[2].")
@format_option("text", "json")
def command(
    question: str,
    facts: str,
    on: date | None,
    on_column: str,
    settings: Settings,
    under: str,
    paths: tuple[str, ...],
    lines: bool,
    interpret: bool,
    out: str | None,
    keep: tuple[str, ...],
    scaled: bool,
    engine: str,
    format: str,
) -> None:
    """Answer QUESTION on facts, as of a date, with every reason and its paragraph.

    \b
    policy decide lending_value --facts position.json --on 2026-03-01
    policy facts lending_value --template | policy decide lending_value --facts - --on 2026-03-01
    policy decide order_accepted --facts orders.jsonl --on 2026-03-01 --format json > answers.jsonl
    policy decide lending_value --facts positions.parquet --on 2026-03-01 --out lent.parquet --keep account
    policy decide lending_value --facts position.json --on 2026-06-01 --set minimum_virtual_asset_haircut=70%
    policy decide order_accepted --facts year.parquet --on-column day --out decided.parquet

    In a stream, a line that cannot be read is reported with its number; the others are answered. In CSV output, a
    text that a spreadsheet would run as a formula gets an apostrophe before it (numbers do not); Parquet and JSON
    Lines keep texts unchanged. Of many answers, the exit code is the worst: refused facts, undecided, denied.
    """
    if (on is None) == (not on_column):
        raise click.UsageError("give `--on 2026-03-01`, or for a table `--on-column NAME`")
    if out is not None:
        keep_apart((out,), (facts, *paths))
        from policy.cli.batch import decide_table

        asking = {"question": question, "on": on, "dates": on_column, "keep": keep, "scaled": scaled}
        tally = decide_table(texts_with(paths, settings), under, asking, facts, out, engine, format)
        end(of_outcomes(name for name, count in tally.items() if count))
    if facts.lower().endswith(TABLES):
        raise click.UsageError(f"`{facts}` is a table: name an output file, as `--out answers.csv`")
    if on is None or keep or scaled or engine:
        raise click.UsageError("--on-column, --keep, --scaled and --engine are for tables: give `--out` too")
    rulebook = rulebook_for(question, paths, on, under, settings)
    asker = _Asker(rulebook, question, interpret)
    stream = lines or facts.endswith((".jsonl", ".ndjson"))
    outcomes = _stream(asker, facts, format) if stream else _single(asker, facts, format)
    end(of_outcomes(outcomes))


class _Asker:
    """A question with its reader and evaluator."""

    def __init__(self, rulebook: Rulebook, question: str, interpret: bool) -> None:
        self.function = rulebook.question(question)
        self.reader = rulebook.reader(self.function.id)
        make = rulebook.interpreter if interpret else rulebook.evaluator
        self.evaluator = make(self.function.id)
        notes = rulebook.program.notes
        self.notes = {id.rpartition(".")[2]: why for id, why in notes.items()}

    def ask(self, name: str, data: bytes) -> Answer | list[Diagnostic]:
        arguments = self.reader.read_bytes(name, data)
        return arguments if isinstance(arguments, list) else self.evaluator.answer(*arguments)


def _single(asker: _Asker, facts: str, format: str) -> set[str]:
    result = asker.ask(*read_facts(facts))
    if isinstance(result, list):
        raise PolicyError(result)
    if format == "json":
        print_json(answer_json(result, asker.function))
    else:
        click.echo(answer_text(result, asker.function, asker.notes))
    return {result.outcome.value}


def _stream(asker: _Asker, facts: str, format: str) -> set[str]:
    """A line in, an answer out; memory does not grow with the stream."""
    outcomes: dict[str, int] = {}
    name = "<stdin>" if facts == "-" else facts
    with opened(facts) as file:
        for number, line in _numbered(file, facts):
            result = asker.ask(f"{name} line {number}", line)
            outcome = "refused" if isinstance(result, list) else result.outcome.value
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            if format == "json":
                body: dict[str, object]
                if isinstance(result, list):
                    body = {"outcome": "refused", "findings": [_finding(d, number) for d in result]}
                else:
                    body = answer_json(result, asker.function)
                click.echo(json_text({"line": number, **body}))
            elif isinstance(result, list):
                click.echo(f"{number}: {click.style('refused', fg='red')}  " + "; ".join(d.message for d in result))
                for d in result:
                    click.echo(drawn(d), err=True)
            else:
                rules = ", ".join(r.rule for r in result.reasons) or ", ".join(result.needs)
                click.echo(f"{number}: {headline(result, asker.function)}" + (f"  {rules}" if rules else ""))
    click.echo(
        ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items())) or "no lines",
        err=True,
    )
    return set(outcomes)


def _finding(d: Diagnostic, number: int) -> dict[str, object]:
    return {**d.as_json(), "line": number}


def _numbered(file: BinaryIO, facts: str) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers, and how far that is where answers do not show it.

    Of a line that is too long only so much is kept as shows that it is.
    """
    size = 0 if facts == "-" else Path(facts).stat().st_size
    number = 0
    with nullcontext(Progress("", 0)) if sys.stdout.isatty() else progress("bytes read", size) as bar:
        while line := file.readline(LARGEST_FACTS + 2):
            number += 1
            bar.update(len(line))
            rest = line
            while not rest.endswith(b"\n") and (rest := file.readline(LARGEST_FACTS)):
                bar.update(len(rest))
            if line.strip():
                yield number, line.rstrip(b"\r\n")

"""`policy explain`: the derivation of an answer, as a tree."""

from __future__ import annotations

import sys
from datetime import date

import click

from policy.cli.options import format_option, on_option, opened, rulebook_of, rules_option, under_option
from policy.cli.output import answer_json, answer_text, derivation_json, derivation_text, fail, print_json
from policy.decisions import Outcome
from policy.diagnostics import PolicyError
from policy.facts.from_json import LARGEST_FACTS


@click.command(short_help="Show how an answer came about.")
@click.argument("question")
@click.option("--facts", required=True, help="JSON file of the facts, `-` for standard input.")
@on_option
@under_option
@rules_option
@format_option("text", "json")
def command(question: str, facts: str, on: date, under: str, paths: tuple[str, ...], format: str) -> None:
    """Show how the answer to QUESTION came about: each rule, value and row, with its paragraph and the facts.

    \b
    policy explain lending_value --facts position.json --on 2026-03-01
    """
    rulebook = rulebook_of(paths, on, under)
    with opened(facts) as file:
        data = file.read(LARGEST_FACTS + 1)
    name = "<stdin>" if facts == "-" else facts
    try:
        function = rulebook.question(question)
        arguments = rulebook.reader(question).read_bytes(name, data)
    except PolicyError as error:
        fail(error)
    if isinstance(arguments, list):
        fail(PolicyError(arguments))
    answer = rulebook.interpreter(function.id).answer(*arguments)
    if format == "json":
        print_json({**answer_json(answer, function), "derivation": derivation_json(answer.derivation)})
    else:
        notes = {id.rpartition(".")[2]: why for id, why in rulebook.program.notes.items()}
        click.echo(answer_text(answer, function, notes) + "\n\n" + derivation_text(answer.derivation))
    sys.exit(3 if answer.outcome in (Outcome.UNDECIDED, Outcome.FAILED) else 0)

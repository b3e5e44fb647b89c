"""`policy corpus`: questions with facts and answers, for other engines to be held to."""

from __future__ import annotations

import sys

import click

from policy.cli.options import asked, checked_of, rules_arguments, under_option
from policy.cli.output import keep_apart, write_whole
from policy.pipeline import program


@click.command()
@rules_arguments
@click.option("--question", "names", multiple=True, shell_complete=asked, help="Only this question. Repeatable.")
@click.option(
    "--random",
    "count",
    type=click.IntRange(0, 1_000_000),
    default=20,
    show_default=True,
    help="How many made-up facts for each question.",
)
@click.option("-o", "--output", default="-", help="The file to write; standard output if none is named, or for `-`.")
@under_option
def command(paths: tuple[str, ...], names: tuple[str, ...], count: int, output: str, under: str) -> None:
    """Write a conformance corpus of RULES, the shipped rulebook if none is named, as JSON Lines: what every engine
    must answer. Its facts are those of the rulebook's tests, facts at the numbers that the rules mention, and made-up
    ones of which some are missing. The same rules give the same bytes.

    \b
    policy corpus rulesets -o corpus.jsonl
    policy corpus --question order_accepted --random 1000
    policy corpus rulesets --under example.house

    The first line names the rulebook. Each of the others has `question`, `on`, `facts`, `outcome`, `value`,
    `reasons`, `needs` and `fault`.
    """
    from policy.backends.c.compile import questions_of
    from policy.rulebook import question_named
    from policy.testing.conformance import corpus_text

    if output != "-":
        keep_apart((output,), paths)
    checked = checked_of(paths)
    made = program(checked, under)
    questions = [question_named(made, n) for n in dict.fromkeys(names)] or questions_of(made)
    lines = corpus_text(checked.model, made.digest, under, [f.id for f in questions], count)
    if output == "-":
        for line in lines:
            sys.stdout.buffer.write(f"{line}\n".encode())
    else:
        write_whole(output, "".join(f"{line}\n" for line in lines).encode())

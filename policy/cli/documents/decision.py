"""`policy report decision`: a letter about one decision."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.documents.common import document_options, model_of, write
from policy.cli.options import on_option, opened, rules_option, under_option
from policy.cli.output import fail
from policy.decisions import Words
from policy.diagnostics import PolicyError
from policy.pipeline import dated, program
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.letter import letter_of
from policy.reports.words import by_status

TITLE = Words("A decision", "裁定通知")


@click.command(short_help="A letter about one decision.")
@click.argument("question")
@rules_option
@under_option
@on_option
@click.option("--facts", required=True, help="JSON facts, as `policy decide` takes them; `-` is standard input.")
@click.option("--to", default="", help="To whom the letter goes.")
@click.option("--reference", default="", help="Its reference.")
@document_options
def command(
    question: str,
    paths: tuple[str, ...],
    under: str,
    on: date,
    facts: str,
    to: str,
    reference: str,
    language: str,
    format: str,
    platform: str,
    output: str,
) -> None:
    """Decide QUESTION about facts, and write the client or the file a letter: the answer, every reason with its
    paragraph, what it turned on, and what is missing.

    \b
    policy report decision order_accepted --facts order.json --on 2026-03-01 --to "Ms Chan" -o letter.html
    policy facts order_accepted --template > order.json
    """
    checked, model, digest = model_of(paths, under)
    try:
        rulebook = dated(program(checked, under), on)
        id = rulebook.question(question).id
        with opened(facts) as file:
            arguments = rulebook.reader(id).read_bytes("<stdin>" if facts == "-" else facts, file.read())
        if isinstance(arguments, list):
            raise PolicyError(arguments)
        answer = rulebook.evaluator(id).answer(*arguments)
    except PolicyError as error:
        fail(error)
    sources = by_status((c.provision, c.status) for c in answer.basis.citations)
    cover = Cover(TITLE, platform, on.isoformat(), digest, under, sources)
    letter = letter_of(cover, model, answer, to, reference, dict(rulebook.program.notes))
    write(Document("decision.html.jinja", cover, {"letter": letter}), language, format, output)

"""`policy report decision`: a letter about one decision."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.documents.common import document_options, model_of, write
from policy.cli.options import on_option, opened, rules_option, under_option
from policy.cli.output import fail
from policy.decisions import Answer, Outcome, Words
from policy.diagnostics import PolicyError
from policy.pipeline import Rulebook, dated, program
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.letter import letter_of
from policy.reports.rows import by_status
from policy.verify.decide import Limits
from policy.verify.remedy import Remedy, remedy_of
from policy.verify.solver import has_solver

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
    paragraph, what it turned on, and what is missing; of a refusal, what would change it, where Z3 is installed.

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
    basis = answer.basis
    sources = by_status((c.provision, c.status) for c in basis.citations)
    cover = Cover(TITLE, platform, on.isoformat(), digest, under, sources, basis.remarks)
    remedy = _remedy(rulebook, id, answer)
    letter = letter_of(cover, model, answer, to, reference, dict(rulebook.program.notes), remedy)
    write(Document("decision.html.jinja", cover, {"letter": letter}), language, format, output)


def _remedy(rulebook: Rulebook, id: str, answer: Answer) -> Remedy | None:
    """What would change a refusal; None where there is no solver, or nothing to change."""
    if answer.outcome is not Outcome.DENIED or not has_solver():
        return None
    return remedy_of(rulebook.program, rulebook.question(id), answer, "permitted", Limits())

"""A letter about one decision: what was asked, what was decided and why, and what would put it right."""

from __future__ import annotations

import json
from pathlib import Path

from policy.answers import Outcome
from policy.diagnostics import Diagnostic, PolicyError
from policy.documents.editions import A_PLATFORM, Edition
from policy.documents.recorded import decided_in
from policy.ir.reach import reading_ends
from policy.pipeline import Checked
from policy.progress import Watch, unwatched
from policy.reports.documents import Document
from policy.reports.journal.decisions import Decided
from policy.reports.letter import NOTHING_ASKED, Request, letter_of, title_of
from policy.reports.plain.amounts import moment_at
from policy.reports.reach import Remark, remarks_on
from policy.verify.prove import Limits
from policy.verify.remedy import remedy_of
from policy.verify.solver import has_solver


def decision(
    edition: Edition,
    question: str,
    facts: str | bytes,
    *,
    source: str = "<facts>",
    to: str = "",
    reference: str = "",
    platform: str = A_PLATFORM,
    request: Request = NOTHING_ASKED,
) -> Document:
    """Decides `question` on `facts` (JSON; `source` names them in findings), for the addressee `to` or the file.

    What would change a refusal is worked out where a solver is installed. `request` is what was asked, in words.
    """
    rulebook = edition.rulebook
    function = rulebook.question(question)
    data = facts.encode() if isinstance(facts, str) else facts
    arguments = rulebook.reader(function.id).read_bytes(source, data)
    if isinstance(arguments, list):
        raise PolicyError(arguments)
    answer = rulebook.evaluator(function.id).answer(*arguments)
    remedy = None
    if answer.outcome is Outcome.DENIED and has_solver():
        remedy = remedy_of(rulebook.program, function, answer, "permitted", Limits())
    basis = answer.basis
    cited = [(c.provision, c.status) for c in basis.citations]
    sources, on = {c.source for c in basis.citations}, edition.on.toordinal()
    short = reading_ends(rulebook.program.readings, sources, on)  # of an answer; a document spells the sources out
    remarks = (
        *remarks_on(edition.model, (p for p, _ in cited), on),
        *(Remark(r) for r in basis.remarks if r not in short),
    )
    cover = edition.cover(title_of(function.id, answer.outcome, request.event), platform, cited, remarks)
    letter = letter_of(edition.model, answer, to, reference, dict(rulebook.program.notes), remedy, request)
    return Document("decision.html.jinja", cover, {"letter": letter})


def recorded_decision(
    rules: Checked,
    journal: str | Path,
    record: int,
    *,
    about: str = "",
    to: str = "",
    reference: str = "",
    platform: str = A_PLATFORM,
    watch: Watch = unwatched,
) -> Document:
    """A letter about a decision of a journal, to its client unless it is addressed; decided again on its facts.

    Of a record with several decisions, `about` names the order or asset.

    Raises PolicyError where there is no such record, or the journal does not tell the facts.
    """
    edition, decided = decided_in(rules, journal, record, about, watch)
    if not decided.question or not decided.facts:
        message = f"record {record} of `{journal}` does not tell the facts it was decided on"
        help = "a journal tells those of refusals; state them with `--facts` and the name of the question"
        raise PolicyError([Diagnostic("no-such-record", message, None, help)])
    wanted = {name for name, _ in edition.rulebook.question(decided.question).parameters}
    facts = json.dumps({name: fact for name, fact in decided.facts.items() if name in wanted})
    at = moment_at(decided.at, edition.model.offset)
    request = Request(decided.asked, decided.about, at, record, decided.event)
    made = decision(
        edition,
        decided.question,
        facts,
        source=f"{journal}: record {record}",
        to=to or decided.client,
        reference=reference,
        platform=platform,
        request=request,
    )
    _require_same(made, decided, journal)
    return made


def _require_same(made: Document, decided: Decided, journal: str | Path) -> None:
    """The letter says what the journal says, or there is none."""
    found, recorded = made.parts["letter"].outcome, decided.outcome.value
    if found != recorded:
        message = f"record {decided.record} of `{journal}` says {recorded}, and its facts make it {found}"
        raise PolicyError([Diagnostic("journal-replay", message, None, "`policy log replay` finds what differs")])

"""A letter about one decision: the answer, every reason with its paragraph, and what would change a refusal."""

from __future__ import annotations

from policy.answers import BilingualText, Outcome
from policy.diagnostics import PolicyError
from policy.documents.editions import A_PLATFORM, Edition
from policy.reports.documents import Document
from policy.reports.letter import letter_of
from policy.verify.prove import Limits
from policy.verify.remedy import remedy_of
from policy.verify.solver import has_solver

TITLE = BilingualText("A decision", "裁定通知")


def decision(
    edition: Edition,
    question: str,
    facts: str | bytes,
    *,
    source: str = "<facts>",
    to: str = "",
    reference: str = "",
    platform: str = A_PLATFORM,
) -> Document:
    """Decides `question` on `facts` (JSON; `source` names them in findings), for the addressee `to` or the file.

    What would change a refusal is worked out where a solver is installed.
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
    cover = edition.cover(TITLE, platform, cited, basis.remarks)
    letter = letter_of(cover, edition.model, answer, to, reference, dict(rulebook.program.notes), remedy)
    return Document("decision.html.jinja", cover, {"letter": letter})

"""The documents that people read and sign, one function a kind. `policy report` prints what these return.

from datetime import date
from policy import documents

law = documents.edition(on=date(2026, 3, 1))               # the shipped rules; or paths, and under="example.house"
book = documents.rulebook(law, proofs=False)
book.printed("html", "en")                                 # bytes: "html", "markdown", "json" or "pdf"
documents.decision(law, "order_accepted", facts_in_json)
documents.trading(law.rules, journal="day.jsonl")          # or scenario="a-folder"

A kind is a function of its arguments and of the files they name. Raises PolicyError where a document cannot be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.lazy import lazily

if TYPE_CHECKING:
    from policy.documents.changes import change as change
    from policy.documents.editions import (
        A_PLATFORM as A_PLATFORM,
        Edition as Edition,
        edition as edition,
        rules_of as rules_of,
    )
    from policy.documents.firms import firm as firm
    from policy.documents.letters import decision as decision, recorded_decision as recorded_decision
    from policy.documents.markets import demonstration as demonstration, margin as margin, trading as trading
    from policy.documents.packs import pack as pack
    from policy.documents.recorded import decisions as decisions
    from policy.documents.rulebooks import rulebook as rulebook, traceability as traceability
    from policy.reports.documents import Document as Document, Format as Format, Language as Language
    from policy.reports.imprint import Imprint as Imprint

_WHERE = {
    "A_PLATFORM": "documents.editions",
    "Document": "reports.documents",
    "Edition": "documents.editions",
    "Format": "reports.documents",
    "Imprint": "reports.imprint",
    "Language": "reports.documents",
    "change": "documents.changes",
    "decision": "documents.letters",
    "decisions": "documents.recorded",
    "demonstration": "documents.markets",
    "edition": "documents.editions",
    "firm": "documents.firms",
    "margin": "documents.markets",
    "pack": "documents.packs",
    "recorded_decision": "documents.letters",
    "rulebook": "documents.rulebooks",
    "rules_of": "documents.editions",
    "traceability": "documents.rulebooks",
    "trading": "documents.markets",
}

__all__ = list(_WHERE)
__getattr__ = lazily(__name__, _WHERE)

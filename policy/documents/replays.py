"""A sample of a journal's decisions, and what came of them when the whole journal was run again."""

from __future__ import annotations

import hashlib
import heapq
from datetime import date
from pathlib import Path

from policy.audit.records import Header
from policy.audit.replay import Submit, replay
from policy.documents.editions import A_PLATFORM, Edition
from policy.documents.markets import read_journal
from policy.pipeline import Checked, program, rulebooks
from policy.progress import Watch, unwatched
from policy.reports.decisions import rows_of
from policy.reports.documents import Document
from policy.reports.journal.decisions import Decided, Decisions
from policy.reports.journal.glossary import glossary_of
from policy.reports.replay import TITLE, ReplayedSample
from policy.scenario.market import engine_for

SIZE, SEED = 25, 1


def replayed(
    rules: Checked,
    *,
    journal: str | Path,
    size: int = SIZE,
    seed: int = SEED,
    platform: str = A_PLATFORM,
    watch: Watch = unwatched,
) -> Document:
    """A sample of decisions with what the replay made of them; the journal is run again from its first record."""
    header, records = read_journal(journal, rules, None, watch)
    edition = Edition(rules, date.fromisoformat(header.on), header.overlay)
    follow, of, chosen = Decisions(header.on), 0, list[tuple[int, int, tuple[Decided, ...]]]()
    for record in records:
        found = tuple(follow.of(record))
        if not found:
            continue
        of += 1
        heapq.heappush(chosen, (-_rank(seed, record.seq), record.seq, found))
        if len(chosen) > size:
            heapq.heappop(chosen)
    sample = sorted(chosen, key=lambda item: item[1])
    rulebook_on = rulebooks(program(rules, header.overlay))

    def fresh(begun: Header) -> Submit:
        return engine_for(begun, rulebook_on)

    result = replay(journal, fresh)
    decided = [d for _, _, found in sample for d in found]
    glossary = glossary_of(edition.model)
    figures = ReplayedSample(
        seed,
        len(sample),
        of,
        result.same,
        result.exact,
        "; ".join(f.diagnostic.message for f in result.findings),
        rows_of(edition.model, glossary, decided),
    )
    known = glossary.citations
    provisions = (c.provision for d in decided for r in d.reasons for c in r.citations)
    cited = [(p, known[p].status) for p in provisions if p in known]
    cover = edition.cover(TITLE, platform, cited, until=follow.on)
    return Document("replay.html.jinja", cover, {"sample": figures})


def _rank(seed: int, record: int) -> int:
    """Where a record comes in line: by the SHA-256 of `seed:record`, so that anyone can draw the sample again."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{record}".encode()).digest(), "big")

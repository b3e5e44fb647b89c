"""Rows that several documents have: the provisions behind something, and how well they are known.

In: citations and answers. Out: plain rows of text. Absent: any reading of an answer beyond what it needs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from attrs import frozen

from policy.answers import Answer, BilingualText, Citation, Status

Mark = Literal["accept", "refuse", "doubt"]  # how a row is marked: as it should be, against a rule, or open


@frozen
class Cited:
    """A provision behind a rule."""

    provision: str
    source: str
    reference: str
    status: str
    text: BilingualText


def cited(citation: Citation) -> Cited:
    return Cited(
        citation.provision,
        citation.source,
        citation.reference,
        citation.status.value,
        citation.text,
    )


def case_anchor(place: str) -> str:
    """Where a test stands in the rulebook, by its file and line."""
    return "test-" + re.sub(r"[^A-Za-z0-9]+", "-", place)


def unanswered(answer: Answer) -> tuple[str, ...]:
    """What an answer needs, or the fault that kept it from being one."""
    return answer.needs or ((answer.verdict.fault,) if answer.verdict.fault else ())


def by_status(provisions: Iterable[tuple[str, Status]]) -> tuple[tuple[str, int], ...]:
    """How many provisions are of each status, the surest first; a status without any is shown too."""
    counts = Counter(dict(provisions).values())
    return tuple((status.value, counts[status]) for status in Status)

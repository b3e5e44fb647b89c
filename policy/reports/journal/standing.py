"""Questions about a platform, an instrument or a participant as a whole that were not answered with yes.

In: answers, one after another. Out: a row for each question as it was last answered. Absent: the orders that the
answers become facts of.
"""

from __future__ import annotations

from typing import assert_never

from attrs import define, field, frozen

from policy.answers import BilingualText, Outcome, Verdict
from policy.exchange.events import Answered
from policy.reports.journal.glossary import Glossary
from policy.reports.rows import Mark


@frozen
class Standing:
    """A question about a platform, an instrument or a participant as a whole that was not answered with yes."""

    of: str
    question: BilingualText
    answer: BilingualText
    kind: Mark
    because: tuple[BilingualText, ...]


@define
class Standings:
    """Keeps the last answer to each question."""

    glossary: Glossary
    found: dict[tuple[str, str, tuple[str, ...]], Standing] = field(factory=dict)

    def answered(self, event: Answered) -> None:
        key = event.id, event.question, event.investors
        self.found.pop(key, None)
        question = self.glossary.questions.get(event.question) or self.glossary.named(event.question)
        match event.verdict.outcome:
            case Outcome.PERMITTED:
                return
            case Outcome.DENIED:
                because = tuple(reason.text for reason in event.verdict.reasons)
                self.found[key] = Standing(event.id, question, BilingualText("no", "否"), "refuse", because)
            case Outcome.UNDECIDED | Outcome.FAILED | Outcome.VALUE:
                because = needed(self.glossary, event.verdict)
                self.found[key] = Standing(
                    event.id, question, BilingualText("undecided", "未能決定"), "doubt", because
                )
            case _:
                assert_never(event.verdict.outcome)

    def rows(self) -> tuple[Standing, ...]:
        return tuple(self.found.values())


def needed(glossary: Glossary, verdict: Verdict) -> tuple[BilingualText, ...]:
    """What a verdict needs, in words; or the fault that kept the rules from one."""
    return tuple(glossary.needed(need) for need in verdict.needs) or (BilingualText(verdict.fault),)

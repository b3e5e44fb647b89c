"""Answers, amounts and names as the plain words of a report.

In: answers and the titles of a program's enums. Out: parts of `figures` rows. Absent: any reading of an answer
beyond its outcome, its reasons and its needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from policy.decisions import Answer, Citation, Outcome, Status, Words
from policy.ir.program import Program
from policy.margin.valuation import Total
from policy.model import types
from policy.model.types import Number
from policy.model.values import decimal_text, show
from policy.reports.figures import Amount, Cited, State, WantedRow

MONEY_SCALE = 2
RATE = Number("rate", types.DEFAULT_SCALE["rate"])


def money(cents: int) -> str:
    """An amount of a currency with two decimals, without the currency."""
    return decimal_text(cents, MONEY_SCALE)


def trimmed(value: int, scale: int) -> str:
    """A number without the final zeros that say nothing."""
    text = decimal_text(value, scale)
    return text.rstrip("0").rstrip(".") if "." in text else text


def unanswered(answer: Answer) -> tuple[str, ...]:
    """What an answer needs, or the fault that kept it from being one."""
    return answer.needs or ((answer.verdict.fault,) if answer.verdict.fault else ())


def money_of(answer: Answer) -> Amount:
    if answer.outcome is Outcome.VALUE:
        return Amount(money(answer.value))
    return Amount("", unanswered(answer))


def rate_of(answer: Answer) -> Amount:
    if answer.outcome is Outcome.VALUE:
        return Amount(show(answer.value, RATE))
    return Amount("", unanswered(answer))


def sum_of(total: Total) -> Amount:
    return Amount(money(total.known), total.needs)


def state(answer: Answer) -> State:
    return State(
        answer.outcome.value,
        tuple(r.text.en for r in answer.reasons),
        tuple(r.text.zh for r in answer.reasons),
        unanswered(answer),
    )


def cited(citation: Citation) -> Cited:
    return Cited(
        citation.provision,
        citation.source,
        citation.reference,
        citation.status.value,
        citation.text.en,
        citation.text.zh,
    )


def by_status(provisions: Iterable[tuple[str, Status]]) -> tuple[tuple[str, int], ...]:
    """How many provisions are of each status; every status is told, the surest first."""
    counts = Counter(dict(provisions).values())
    return tuple((status.value, counts[status]) for status in Status)


def wanted(answers: Iterable[Answer], program: Program) -> tuple[WantedRow, ...]:
    """What the answers wait for, the most wanted first; numbers of the rulebook with why they are not there."""
    counts = Counter(need for answer in answers for need in answer.needs)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(_wanted(name, count, program) for name, count in ordered)


def _wanted(name: str, count: int, program: Program) -> WantedRow:
    parameters = [f for f in program.named(name) if f.kind == "parameter"]
    if len(parameters) != 1:
        return WantedRow(name, "", "", "not stated", count)
    title = parameters[0].title
    return WantedRow(name, title.en, title.zh, program.notes.get(parameters[0].id, ""), count)


def titles(program: Program) -> dict[str, Words]:
    """What a member of an enum is called, under `Enum.member`."""
    return {
        f"{types.short(enum)}.{member}": words
        for enum, members in program.enums.items()
        for member, words in members.items()
    }

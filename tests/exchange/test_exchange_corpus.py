"""The exchange as text: commands, `---`, events. What stands before the first case sets every case's stage.

A case begins with the date, and the overlay if there is one: `on 2026-04-01 under example.house`. A line that is
no command is answered by the finding that a reader would show.
"""

from __future__ import annotations

from typing import Any

from case_files import Case, parametrised, read
from exchange_cases import rulebook
from policy.decisions import Verdict
from policy.diagnostics import draw
from policy.exchange.engine import COMMANDS, Engine, opened
from policy.source import Source
from policy.wire import Commands, event_json, json_line

READS = Commands.of(*COMMANDS)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def answers(market: Engine, line: str) -> list[str]:
    """What comes of one line."""
    command = READS.read(Source("line", line))
    if isinstance(command, list):
        return [row for finding in command for row in draw(finding).splitlines()]
    return [shown(event) for event in market.submit(command)]


def shown(event: Any) -> str:
    """An event as JSON, its verdict in words and the facts it was decided on left out."""
    told = event_json(event)
    verdict = getattr(event, "verdict", None)
    if verdict is not None:
        told["verdict"] = in_words(verdict)
    for name in ("facts", "queue"):
        told.pop(name, None)
    return json_line(told)


def in_words(verdict: Verdict) -> str:
    """`denied by limit_breached per SLC/unsettled_limit (secondary)`, or what is missing."""
    reasons = ", ".join(
        " per ".join([r.rule, *([", ".join(map(str, r.citations))] if r.citations else [])]) for r in verdict.reasons
    )
    needs = ", ".join(verdict.needs)
    return verdict.outcome.value + (f" by {reasons}" if reasons else f" needs {needs}" if needs else "")


@parametrised("exchange")
def test_exchange(case: Case, update: bool) -> None:
    first, *commands = lines(case.input)
    on, day, *under = first.split()
    assert on == "on"
    market = opened(lambda date: rulebook(date, under[1] if under else ""), day)
    for line in lines(read(case.file)[0]):
        for answer in answers(market, line):
            assert answer.startswith('{"event"'), answer
    told = [f"{line}\n" + "".join(f"  {answer}\n" for answer in answers(market, line)) for line in commands]
    case.settle("\n".join(told), update)

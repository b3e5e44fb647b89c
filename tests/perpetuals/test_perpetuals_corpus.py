"""The perpetuals desk as text: commands, `---`, events. What stands before the first case sets every case's stage.

A case begins with the date, and the overlay if there is one: `on 2026-04-01 under example.house`. A line that is
no command is answered by the finding that a reader would show.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import policy
from case_files import Case, parametrised, read
from policy.decisions import Verdict
from policy.diagnostics import draw
from policy.margin.perpetuals.engine import COMMANDS, Engine, opened
from policy.pipeline import Rulebook
from policy.source import Source
from policy.wire import Commands, event_json, json_line

READS = Commands.of(*COMMANDS)


@cache
def rulebook(on: str, under: str) -> Rulebook:
    return policy.load(on=on, under=under)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def answers(desk: Engine, line: str) -> list[str]:
    """What comes of one line; the books balance after it."""
    command = READS.read(Source("line", line))
    if isinstance(command, list):
        return [row for finding in command for row in draw(finding).splitlines()]
    events = [shown(event) for event in desk.submit(command)]
    assert desk.total() == desk.state.deposited
    return events


def shown(event: Any) -> str:
    """An event as JSON, its verdicts in words and the facts it was decided on left out."""
    told = event_json(event)
    for name in told:
        value = getattr(event, name, None)
        if isinstance(value, Verdict):
            told[name] = in_words(value)
    told.pop("facts", None)
    return json_line(told)


def in_words(verdict: Verdict) -> str:
    """`denied by retail_investor per PERP/clients (secondary)`, or what is missing."""
    reasons = ", ".join(
        " per ".join([r.rule, *([", ".join(map(str, r.citations))] if r.citations else [])]) for r in verdict.reasons
    )
    return f"{verdict.outcome.value} " + (f"by {reasons}" if reasons else f"needs {', '.join(verdict.needs)}")


@parametrised("perpetuals")
def test_perpetuals(case: Case, update: bool) -> None:
    first, *commands = lines(case.input)
    on, day, *under = first.split()
    assert on == "on"
    desk = opened(lambda date: rulebook(date, under[1] if under else ""), day)
    for line in lines(read(case.file)[0]):
        for answer in answers(desk, line):
            assert answer.startswith('{"event"'), answer
    told = [f"{line}\n" + "".join(f"  {answer}\n" for answer in answers(desk, line)) for line in commands]
    case.settle("\n".join(told), update)

"""Margin financing as the tests write it: commands as JSON, and events as lines that a lawyer can review."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from market_lines import in_words
from policy.answers import Verdict
from policy.diagnostics import draw
from policy.financing.engine import COMMANDS, Engine, opened
from policy.ir.program import Program
from policy.pipeline import Rulebook, dated, load_program, read_folder
from policy.resources import folder
from policy.source import Source
from policy.wire import Commands, event_json, json_line

READS = Commands.of(*COMMANDS)
FIRM = {
    "kind": "licensed_corporation",
    "lends_on_securities": True,
    "omnibus_account": True,
    "prudent_lending_policy": True,
    "live_price_monitoring": True,
    "automated_triggers": True,
    "last_stress_test": "2026-03-25",
}
BORROWER = {
    "securities_margin_client": True,
    "capacity_assessed": True,
    "strong_credit": True,
    "credit_limit": "50000000 HKD",
}


@cache
def program(under: str) -> Program:
    """The shipped rules, read once for all dates."""
    texts, wrong = read_folder([folder("rulesets")])
    assert not wrong
    return load_program(texts, under)


@cache
def rulebook(on: str, under: str = "") -> Rulebook:
    return dated(program(under), on)


def lender(on: str, under: str = "") -> Engine:
    """A lender under the shipped rulebook, not yet set up."""
    return opened(lambda day: rulebook(day, under), on)


def said(line: str) -> Any:
    """The command that a line of JSON says; it must be one."""
    command = READS.read(Source("<command>", line))
    assert not isinstance(command, list), "\n".join(map(draw, command))
    return command


def command(do: str, at: str, **other: Any) -> Any:
    return said(json.dumps({"do": do, "at": at, **other}))


def shown(event: Any) -> str:
    """An event as JSON, its verdicts in words and the facts it was decided on left out."""
    told = event_json(event)
    for name in told:
        value = getattr(event, name, None)
        if isinstance(value, Verdict):
            told[name] = in_words(value)
    told.pop("facts", None)
    return json_line(told)

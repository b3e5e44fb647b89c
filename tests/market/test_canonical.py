"""A journal's text is made without the JSON objects between, and is the text that they have."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest

from policy.answers import Outcome, Verdict
from policy.audit.journal import Journal
from policy.audit.records import Header, canonical
from policy.audit.replay import records
from policy.exchange import events as exchange
from policy.exchange.commands import Place
from policy.financing import events as lender
from policy.market.commands import NewDay
from policy.model import types
from policy.model.values import FIRST_MOMENT, LAST_DAY, LAST_MOMENT
from policy.perpetuals import events as desk
from policy.scenario.market import COMMANDS
from policy.wire import command_json, event_json, keep, record_bytes
from policy.wire.fields import types_of

EVENTS = sorted(
    {cls for module in (exchange, lender, desk) for cls in get_args(module.Event)}, key=lambda c: c.__name__
)
TEXTS = ("ann", "", '"\\/\n\x00\x7f\u2028', "港元 %s {}", "\ud800")
AMOUNTS = (0, 1, -1, 123_456_789, -(10**20), 10**18)
FRACTIONS = (5, Fraction(1, 8), Fraction(-7, 1000), Fraction(10**20))
MOMENTS = (0, -1, 1_772_323_200_000_000, 1_772_323_200_000_001, FIRST_MOMENT, LAST_MOMENT, LAST_MOMENT + 1)
FACTS: tuple[dict[str, Any], ...] = ({}, {"b": 1, "a": {"z": None, "港": [True, "\udfff"]}})
VERDICTS = (Verdict(Outcome.PERMITTED), Verdict(Outcome.UNDECIDED, needs=TEXTS), Verdict(Outcome.FAILED, fault='"'))


def values(of: Any, hint: Any) -> tuple[Any, ...]:
    """Values of a field, by its type or else its annotation."""
    match of:
        case None:
            return FACTS
        case types.OptionalOf():
            return (None, *values(of.of, None))
        case types.ListOf():
            return (), values(of.of, None)
        case types.Enum():
            return of.members
        case types.Text():
            return TEXTS
        case types.Boolean():
            return True, False
        case types.Instant():
            return MOMENTS
        case types.Date():
            return 1, LAST_DAY, LAST_DAY + 1
        case types.Quoted():
            return AMOUNTS + FRACTIONS
        case types.Number():
            return AMOUNTS
        case _:
            return plain(hint)


def plain(hint: Any) -> tuple[Any, ...]:
    items, origin = [item for item in get_args(hint) if item is not Ellipsis], get_origin(hint)
    if hint is Verdict:
        return VERDICTS
    if origin is tuple:
        return (), plain(items[0])
    if origin in (dict, Mapping):
        return FACTS
    if items:
        return tuple(value for item in items for value in ((item,) if isinstance(item, str) else plain(item)))
    if attrs.has(hint):
        return tuple(messages(hint))
    known: dict[Any, tuple[Any, ...]] = {str: TEXTS, int: AMOUNTS, bool: (True, False), type(None): (None,)}
    return known[hint] if hint in known else tuple(hint)


def messages(cls: Any) -> list[Any]:
    """Messages of a class that have every value of every field at least once, first the defaults alone."""
    hints = get_type_hints(cls)
    fields = {name: values(of, hints[name]) for name, of in types_of(cls).items()}
    longest = max(map(len, fields.values()))
    made = [cls(**{name: among[n % len(among)] for name, among in fields.items()}) for n in range(longest)]
    needed = {f.name: fields[f.name][0] for f in attrs.fields(cls) if f.default is attrs.NOTHING}
    return [cls(**needed), *made]


@pytest.mark.parametrize("cls", COMMANDS.classes.values(), ids=lambda cls: cls.__name__)
def test_the_text_of_a_command(cls: Any) -> None:
    for command in messages(cls):
        assert record_bytes(command, []) == (canonical(command_json(command)), b"[]")


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_the_text_of_an_event(cls: Any) -> None:
    for event in messages(cls):
        for events in ([event], [event, event]):
            assert record_bytes(NewDay(0, 1), events)[1] == canonical([event_json(e) for e in events])


def test_facts_are_kept_as_they_were_given(tmp_path: Path) -> None:
    """Whoever made a command may go on with its facts; all else of it cannot change."""
    facts = {"financed": False}
    placed = Place("o", "ann", "BTC", 1, "own_book", "buy", 1, 1, facts=facts)
    with Journal.create(tmp_path / "j", Header("r", "", "2026-03-01", {})) as journal:
        keep(journal, placed, [], "r")
        facts["financed"] = True
    ((_, record),) = records(tmp_path / "j", 1)
    assert record.input["facts"] == {"financed": False}

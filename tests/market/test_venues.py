"""What the venues of a market share: codes that a page explains, one clock, and days that begin on all or none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from exchange_cases import AT, ON, rulebook
from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange.commands import Settle
from policy.financing.commands import SetUpLender
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, InvalidCode
from policy.perpetuals.commands import ListPerpetual, TopUpFund
from policy.resources import folder
from policy.scenario.market import Venues

DAY = 86_400 * 10**6
TODAY = 739_676  # 2026-03-01
FUND = TopUpFund(AT, 10**8)


def code(events: list[Any]) -> str:
    (event,) = events
    assert isinstance(event, CommandInvalid), events
    return event.code


def test_the_page_lists_every_code_with_its_meaning() -> None:
    page = (folder("grammar") / "commands.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| \S.* \|$", page, re.MULTILINE)
    assert listed == [code.value for code in InvalidCode]


def market(*commands: Any) -> Venues:
    market = Venues(rulebook, ON)
    for command in (Settle(AT), FUND, *commands):
        assert not [e for e in market.submit(command) if isinstance(e, CommandInvalid)]
    return market


def state(market: Venues) -> tuple[Any, ...]:
    rules = [getattr(v, "context", None) or getattr(v, "state", None) or v.register for v in market.venues.values()]
    return market.clock.on, market.clock.at, market.rules, [id(each.rules) for each in rules]


def test_the_venues_share_one_clock() -> None:
    shared = market(SetUpLender(AT))
    assert {id(venue.clock) for venue in shared.venues.values()} == {id(shared.clock)}
    assert code(shared.venues["lender"].submit(SetUpLender(AT - 1))) == "out_of_sequence"
    shared.submit(Settle(AT + 5))
    assert code(shared.venues["perpetuals"].submit(TopUpFund(AT + 4, 1))) == "out_of_sequence"


def test_a_day_that_has_passed_changes_nothing_and_has_one_answer() -> None:
    shared = market()
    before = state(shared)
    assert code(shared.submit(NewDay(AT + DAY, TODAY - 400))) == "out_of_sequence"
    assert state(shared) == before
    shared.submit(SetUpLender(AT))
    assert shared.venues["lender"].clock.on.isoformat() == ON, "the lender opens under the law of the others"


def test_a_day_that_is_too_far_ahead_for_one_venue_begins_on_none() -> None:
    shared = market()
    before = state(shared)
    assert code(shared.submit(NewDay(AT + 10_000 * DAY, TODAY + 1))) == "too_far_ahead"
    assert state(shared) == before
    assert not shared.submit(Settle(AT + 1)), "the time has not moved either"


def test_a_venue_follows_after_the_others_were_used_alone_for_long() -> None:
    """Else one venue would take the clock of all to where another can never follow."""
    shared = market()
    for days in (366, 732):
        assert not shared.submit(Settle(AT + days * DAY))
    top_up = shared.submit(TopUpFund(AT + 732 * DAY, 10**8))
    assert type(top_up[-1]).__name__ == "FundToppedUp", "no command was sent to the desk for two years"


def test_a_day_whose_rules_one_venue_lacks_begins_on_none() -> None:
    shared = market()
    before = state(shared)

    def lacking(on: str) -> Any:
        raise PolicyError([Diagnostic("missing-question", on, None, "")])

    venue: Any = shared.venues["perpetuals"]
    venue.rules_on = lacking
    with pytest.raises(PolicyError):
        shared.submit(NewDay(AT + DAY, TODAY + 1))
    assert state(shared) == before


def test_a_new_day_reaches_every_venue() -> None:
    shared = market(SetUpLender(AT))
    before = state(shared)
    shared.submit(NewDay(AT + DAY, TODAY + 1))
    after = state(shared)
    assert after[0].isoformat() == "2026-03-02"
    assert all(old != new for old, new in zip(before[3], after[3], strict=True))


def test_a_name_that_is_in_use_has_one_code_on_every_venue() -> None:
    shared = market()
    assert code(shared.submit(ListPerpetual("cross", AT, 1, 1))) == "duplicate"

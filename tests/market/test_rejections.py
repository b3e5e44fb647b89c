"""A command that is rejected has no effect at all, whatever the command and the venue, but that time has passed.

Every command of every corpus case is submitted; where its answer is nothing but a rejection, the state of the venue
is what it was: balances, orders, ids, sequence numbers, buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from case_files import CORPUS, Case, read
from exchange_cases import rulebook
from market_lines import EXCHANGE, LENDER, PERPETUALS, Lines, Played, written
from policy.diagnostics import PolicyError
from policy.exchange import engine as exchange
from policy.financing import engine as lender
from policy.market.checks import InvalidCommandError
from policy.market.commands import NewDay
from policy.market.venue import DAYS_AHEAD
from policy.perpetuals import engine as desk
from policy.source import Source
from snapshots import snapshot

REJECTIONS = {
    "AdvanceRejected",
    "CollateralNotReleased",
    "CommandInvalid",
    "CommandRepeated",
    "DepositRejected",
    "OrderRejected",
    "PerpetualNotListed",
    "PerpetualRejected",
    "ReleaseRejected",
    "ReplaceRejected",
}
DAY = 86_400 * 10**6


def venue(of: Any, phrases: dict[str, str]) -> Played:
    return Played(of.COMMANDS, phrases, lambda on, under: of.opened(lambda date: rulebook(date, under), on))


VENUES = {
    "exchange": venue(exchange, EXCHANGE),
    "financing": venue(lender, LENDER),
    "perpetuals": venue(desk, PERPETUALS),
}


def cases(folder: str) -> Iterator[Case]:
    for file in sorted((CORPUS / folder).glob("*.txt")):
        yield from read(file)[1]


def pass_time(engine: Any, at: int) -> None:
    """What time brings by itself, where the venue takes a command of that time at all."""
    if engine.clock.latest <= at <= engine.clock.latest + DAYS_AHEAD * DAY:
        with suppress(InvalidCommandError):
            engine.advance(at)
    engine.drain()


def rejected(case: Case, on: Played) -> Iterator[str]:
    """The kinds of rejection in a case, each of which left everything as it was."""
    first, *lines = written(case.input)
    day, *under = first.split()[1:]
    engine = on.opened(day, under[1] if under else "")
    reading = Lines(on.forms, case.file.parent, day)
    for line, document in reading.commands([*written(read(case.file)[0]), *lines]):
        command = on.reads.read(Source("command", document))
        if isinstance(command, list):
            continue
        if type(command) is NewDay:
            engine.submit(command)
            continue
        pass_time(engine, command.at)
        before = snapshot(engine)
        try:
            events = engine.submit(command)
        except PolicyError:
            return
        kinds = {type(event).__name__ for event in events}
        if events and kinds <= REJECTIONS:
            assert snapshot(engine) == before, f"{case.title}: {line}"
            yield from kinds


@pytest.mark.slow
@pytest.mark.parametrize("folder", VENUES)
def test_what_is_rejected_has_no_effect(folder: str) -> None:
    found = {kind for case in cases(folder) for kind in rejected(case, VENUES[folder])}
    assert len(found) > 2, found

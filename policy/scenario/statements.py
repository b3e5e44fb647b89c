"""How every margin account of a market stands: at the lender, then at the perpetuals desk.

In: a market. Out: statements, as events; what had fallen due by now happens first. Absent: anything else that
changes the market.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy.margin.financing.commands import StateAccount
from policy.margin.financing.engine import Engine as Lender
from policy.margin.financing.events import AccountStated
from policy.margin.perpetuals.commands import StatePerpetualAccount
from policy.margin.perpetuals.engine import Engine as PerpetualsDesk
from policy.margin.perpetuals.events import BucketStated
from policy.scenario.market import Market


def statements(market: Market) -> Iterator[AccountStated | BucketStated]:
    """A statement of each account at the lender, and of each bucket at the desk."""
    at = market.clock.at or 0
    for venue in tuple(market.venues.values()):
        commands: list[Any] = []
        if isinstance(venue, Lender):
            commands = [StateAccount(account, at=at) for account in venue.accounts]
        elif isinstance(venue, PerpetualsDesk):
            commands = [StatePerpetualAccount(account, at=at) for account in venue.state.accounts]
        events = (event for command in commands for event in market.submit(command))
        yield from (event for event in events if isinstance(event, AccountStated | BucketStated))

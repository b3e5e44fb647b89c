"""How every margin account of a market stands: at the lender, then at the perpetuals desk.

In: a market. Out: statements, as events; what had fallen due by now happens first. Absent: anything else that
changes the market.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy.margin.financing.commands import StateAccount
from policy.margin.financing.engine import Engine
from policy.margin.financing.events import AccountStated
from policy.margin.perpetuals.commands import StatePerpetualAccount
from policy.margin.perpetuals.desk import Desk
from policy.margin.perpetuals.events import BucketStated
from policy.scenario.market import Market


def statements(market: Market) -> Iterator[AccountStated | BucketStated]:
    """A statement of each account at the lender, and of each bucket at the desk."""
    for engine in tuple(market.engines.values()):
        match engine:
            case Engine():
                asked: list[Any] = [StateAccount(account, at=market.at) for account in engine.accounts]
            case Desk():
                asked = [StatePerpetualAccount(account, at=market.at) for account in engine.state.accounts]
            case _:
                asked = []
        told = (event for command in asked for event in market.submit(command))
        yield from (event for event in told if isinstance(event, AccountStated | BucketStated))

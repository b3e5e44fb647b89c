"""The events of a journal, as the classes that the venues emit.

In: the events of a record, as JSON. Out: events of the exchange, the lender and the perpetuals desk. Absent: what
they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from policy.exchange import events as exchange
from policy.financing import events as financing
from policy.perpetuals import events as perpetuals
from policy.wire import Events

Event = exchange.Event | financing.Event | perpetuals.Event
EVENTS = Events.of(*get_args(Event))


def read_event(document: Mapping[str, Any]) -> Event:
    """An event of a journal. Raises ValueError for what no venue has written."""
    event: Event = EVENTS.read(document)
    return event

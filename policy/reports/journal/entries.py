"""The commands and events of a journal, as the classes that the venues read and emit.

In: the input or an event of a record, as JSON. Out: commands and events of the exchange, the lender and the
perpetuals desk. Absent: what they mean, and any check of the values; the engines made them.
"""

from __future__ import annotations

from typing import TypeVar, get_args

from policy.diagnostics import Diagnostic, PolicyError
from policy.exchange import commands as exchange_commands, events as exchange
from policy.financing import commands as financing_commands, events as financing
from policy.perpetuals import commands as perpetuals_commands, events as perpetuals
from policy.vocabulary import Json
from policy.wire import DO, EVENT, JournalReader

Command = exchange_commands.Command | financing_commands.Command | perpetuals_commands.Command
Event = exchange.Event | financing.Event | perpetuals.Event

COMMANDS: JournalReader[Command] = JournalReader.of(DO, *get_args(Command))
EVENTS: JournalReader[Event] = JournalReader.of(EVENT, *get_args(Event))

T = TypeVar("T")


def read_command(document: Json) -> Command:
    """The command of a JSON object. Raises PolicyError where this version has no such command."""
    return _read(COMMANDS, document)


def read_event(document: Json) -> Event:
    """The event of a JSON object. Raises PolicyError where this version has no such event, or it has other fields."""
    return _read(EVENTS, document)


def _read(reader: JournalReader[T], document: Json) -> T:
    try:
        return reader.read(document)
    except ValueError as failure:
        message = f"this version cannot read `{document.get(reader.key)}` in the journal"
        help = "run its commands again into a new journal"
        raise PolicyError([Diagnostic("journal-header", message, None, help)]) from failure

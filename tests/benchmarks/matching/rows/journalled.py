"""Ours with the journal: each operation, and what came of it, as a record behind the hash of the one before.

The journal is a new file in a temporary folder, committed and synced a thousand records at a time as `policy trade`
does it. Making the records, as JSON and as bytes, is most of the cost. What the disk takes to be sure is not in the
numbers, as they are the processor's time. The stage is not recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bare import Trade
from stream import CANCEL

from policy.audit.journal import Journal
from policy.audit.records import Header
from policy.exchange.events import Traded
from policy.wire import keep, verdict_json
from rows.under_rules import AT, ON, Asked, Decided, Exchange, rulebook


@contextmanager
def kept() -> Iterator[tuple[Journal, str]]:
    """A journal, and the digest of the rulebook in force."""
    digest = rulebook(ON).program.digest
    header = Header(digest, "", ON, {})
    with TemporaryDirectory(prefix="journal-") as folder, Journal.create(Path(folder) / "journal", header) as journal:
        yield journal, digest


class DecidedAndKept:
    """The plain matcher behind the decision; kept are the order, the answer with its reasons, and the trades."""

    def __init__(self) -> None:
        self.decided = Decided()

    def prepare(self, ops: Any) -> list[Asked]:
        return self.decided.prepare(ops)

    def run(self, prepared: list[Asked]) -> list[tuple[str, str, int, int]]:
        with kept() as (journal, digest):

            def keep(number: int, asked: Asked, verdict: Any, came: list[Any]) -> None:
                what, id, by, side, price, quantity = asked
                if what == CANCEL:
                    journal.append(AT + number, {"do": CANCEL, "id": id}, [], digest)
                    return
                command = {"do": what, "id": id, "by": by, "side": side, "price": price, "quantity": quantity}
                journal.append(AT + number, command, [verdict_json(verdict), {"trades": came}], digest)

            return self.decided.run(prepared, keep)

    def told(self, outcome: list[tuple[str, str, int, int]]) -> list[Trade]:
        return self.decided.told(outcome)


class ExchangeAndKept:
    """The whole exchange on one platform, every command and event kept as `policy trade --journal` keeps them."""

    def __init__(self) -> None:
        self.exchange = Exchange(platforms=1)

    def prepare(self, ops: Any) -> list[Any]:
        return self.exchange.prepare(ops)

    def run(self, prepared: list[Any]) -> list[Traded]:
        submit = self.exchange.opened().submit
        traded = []
        with kept() as (journal, digest):
            for command in prepared:
                events = submit(command)
                keep(journal, command, events, digest)
                traded += [event for event in events if type(event) is Traded]
        return traded

    def told(self, outcome: list[Traded]) -> list[Trade]:
        return self.exchange.told(outcome)

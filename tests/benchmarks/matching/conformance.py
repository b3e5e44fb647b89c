"""Whether our engines give the reports that they must, on two million messages, and how many messages a second.

    python tests/benchmarks/matching/conformance.py                  # five days of 200,000 orders, 400,000 messages
    python tests/benchmarks/matching/conformance.py --orders 1000000 --only normal

The days are those of `workload.py`, the reports those of `by_list.py`. All engines are given the same slice of
messages; then their reports must be the same, and the first that is not is shown. What is hashed (SHA-256) is every
report of the day, a line each. Times are the processor's, without what makes commands and reads events. The exchange
keeps an answer for every order; it is given the first 200,000 messages of a day. Exit code 1 where reports differ.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

sys.path.append(str(Path(__file__).resolve().parent.parent))

import compiled
import machine  # it lies a folder above
from by_list import ACK, CANCELLED, MODIFIED, REJECTED, TRADE, ListMatcher, Report
from rows import under_rules
from workload import CANCEL, NEW, SWINGS, Message, messages

from policy.exchange import (
    commands as do,
    events as told,
)
from policy.market import matcher as pure
from policy.market.events import CommandInvalid
from policy.market.matcher import CANCEL_INCOMING, CANCELLED as OF_RESULT, RESTED

SLICE = 10_000


class Engine(Protocol):
    """`run` is timed; each of the three is given what the one before it gave."""

    def prepare(self, messages: Sequence[Message]) -> Any: ...
    def run(self, prepared: Any) -> Any: ...
    def told(self, outcome: Any) -> list[Report]: ...


# ── ours ────────────────────────────────────────────────────────────────────────────────────


class Matcher:
    """The two functions that every venue calls. Buyers have one owner and sellers another."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.book = module.Book()
        self.live: dict[int, Any] = {}
        self.sent = 0

    def prepare(self, messages: Sequence[Message]) -> list[tuple[str, int, str, int, int, str]]:
        kinds = {True: "immediate_or_cancel", False: "limit"}
        return [
            (kind, id, "buy" if buys else "sell", *rest, kinds[at_once])
            for kind, id, buys, *rest, at_once in messages
        ]

    def run(self, prepared: list[tuple[str, int, str, int, int, str]]) -> list[Report]:
        module, book, live, number = self.module, self.book, self.live, self.sent
        order_of, match, apply = module.BookOrder, module.match, module.apply
        reports: list[Report] = []
        for kind, id, side, price, quantity, type in prepared:
            number += 1
            if kind != NEW:
                before = live.pop(id, None)
                if before is None:
                    reports.append((REJECTED, number, id, 0, 0, 0))
                    continue
                book.cancel(before)
                if kind == CANCEL:
                    reports.append((CANCELLED, number, id, 0, before.remaining, 0))
                    continue
            order = order_of(str(id), side, side, price, quantity, id)
            reports.append((ACK if kind == NEW else MODIFIED, number, id, price, quantity, 0))
            result = match(book, order, type, CANCEL_INCOMING)
            for left in apply(book, order, result):
                del live[left.data]
            for resting, filled in result.fills:
                reports.append((TRADE, number, id, resting.price, filled, resting.data))
            if result.outcome == RESTED:
                live[id] = order
            elif result.outcome == OF_RESULT:
                reports.append((CANCELLED, number, id, 0, order.remaining, 0))
        self.sent = number
        return reports

    def told(self, outcome: list[Report]) -> list[Report]:
        return outcome


class WholeExchange:
    """The exchange under the shipped rulebook: its commands, and its events as reports."""

    TICK, LOT = under_rules.TICK, under_rules.LOT

    def __init__(self) -> None:
        stage = under_rules.Exchange(platforms=1)
        stage.prepare([])
        self.submit = stage.opened().submit
        self.sent = 0

    def prepare(self, messages: Sequence[Message]) -> list[tuple[Message, Any]]:
        return [(message, self._command(n, message)) for n, message in enumerate(messages, self.sent + 1)]

    def _command(self, number: int, message: Message) -> Any:
        kind, order, buys, price, quantity, immediate = message
        id, by, at = str(order), f"p{order * 2 % under_rules.OWNERS + (not buys)}", under_rules.AT + number
        if kind == CANCEL:
            return do.Cancel(id, by, at)
        price, quantity = price * self.TICK, quantity * self.LOT
        if kind == NEW:
            side, type = "buy" if buys else "sell", "immediate_or_cancel" if immediate else "limit"
            return do.Place(id, by, "BTC", at, "shared_book", side, quantity, price, type)
        return do.Replace(id, by, at, price, quantity)

    def run(self, prepared: list[tuple[Message, Any]]) -> list[tuple[Message, list[Any]]]:
        submit = self.submit
        return [(message, submit(command)) for message, command in prepared]

    def told(self, outcome: list[tuple[Message, list[Any]]]) -> list[Report]:
        reports = []
        for message, events in outcome:
            self.sent += 1
            reports += [self._report(self.sent, message, event) for event in events]
        return reports

    def _report(self, number: int, message: Message, event: Any) -> Report:
        _, order, _, price, quantity, _ = message
        match event:
            case told.OrderAccepted():
                return ACK, number, order, price, quantity, 0
            case told.OrderReplaced():
                return MODIFIED, number, order, event.price // self.TICK, event.remaining // self.LOT, 0
            case told.Traded():
                resting, incoming = int(event.resting), int(event.incoming)
                return TRADE, number, incoming, event.price // self.TICK, event.quantity // self.LOT, resting
            case told.OrderCancelled():
                return CANCELLED, number, int(event.id), 0, event.remaining // self.LOT, 0
            case CommandInvalid():
                return REJECTED, number, order, 0, 0, 0
            case _:
                return type(event).__name__, number, order, 0, 0, 0  # no report of the oracle


# ── comparing ───────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Run:
    """One engine's day: the digest of its reports, and what it took."""

    name: str
    engine: Engine
    most: int = sys.maxsize
    taken: float = 0.0
    messages: int = 0
    reports: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def give(self, messages: Sequence[Message]) -> list[Report]:
        prepared = self.engine.prepare(messages)
        start = time.process_time()
        outcome = self.engine.run(prepared)
        self.taken += time.process_time() - start
        reports = self.engine.told(outcome)
        self.messages += len(messages)
        self.reports += len(reports)
        self.hash.update(lines(reports))
        return reports


def lines(reports: Sequence[Report]) -> bytes:
    return "".join([f"{k} {n} {o} {p} {q} {r}\n" for k, n, o, p, q, r in reports]).encode()


class DifferError(Exception):
    """The first report that differs."""


def compare(day: Iterator[Message], runs: Sequence[Run]) -> None:
    """Gives every engine the day, slice by slice; the first is the one that is right. Raises DifferError."""
    oracle, *others = runs
    while given := list(islice(day, SLICE)):
        right = oracle.give(given)
        for run in others:
            if run.messages < run.most and (reports := run.give(given)) != right:
                raise DifferError(f"{run.name}: {_difference(reports, right)}")


def _difference(reports: Sequence[Report], right: Sequence[Report]) -> str:
    at = next(
        (n for n, (a, b) in enumerate(zip(reports, right, strict=False)) if a != b), min(len(reports), len(right))
    )
    return f"{list(reports[at : at + 3])} where {list(right[at : at + 3])} is right"


def engines() -> list[Run]:
    """The oracle, then ours; without the compiled one where there is no compiler."""
    runs = [Run("sorted lists", ListMatcher()), Run("ours, pure Python", Matcher(pure))]
    try:
        runs.append(Run("ours, compiled", Matcher(compiled.matcher())))
    except compiled.NotCompiled as why:
        print(f"not compiled: {why}", file=sys.stderr)
    return [*runs, Run("ours, the whole exchange", WholeExchange(), 200_000)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200_000, metavar="N")
    parser.add_argument("--only", choices=[*SWINGS], metavar="DAY")
    parser.add_argument("--seed", type=int, default=23)
    given = parser.parse_args(arguments)
    print("| day | engine | messages | reports | messages a second | SHA-256 of the reports |")
    print("|---|---|--:|--:|--:|---|")
    with machine.watched() as watch:
        for day in [given.only] if given.only else SWINGS:
            runs = engines()
            gc.collect()
            gc.freeze()
            try:
                compare(messages(day, given.orders, given.seed), runs)
            except DifferError as difference:
                print(f"{day}: {difference}")
                return 1
            for run in runs:
                counts = f"{run.messages:,} | {run.reports:,} | {run.messages / run.taken:,.0f}"
                print(f"| {day} | {run.name} | {counts} | {run.hash.hexdigest()[:16]} |", flush=True)
    print(f"\n{watch.told()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

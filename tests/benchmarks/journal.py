"""What the journal costs: records per second by the size of the group that is committed together, on this disk.

    python tests/benchmarks/journal.py [FOLDER]

The records are those of an exchange: an order with its facts, and the events of its acceptance and of a trade, a
reason with two citations among them. Each is encoded, hashed twice (its input, and itself with the hash before) and
buffered; a group is then written and fsynced. The cost without fsync is measured where fsync does nothing, in
/dev/shm. `json.dumps and write` is the least that any log of JSON lines must do. Medians of five rounds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import machine
from machine import Spent

from policy.audit.journal import Journal
from policy.audit.records import Header
from policy.audit.replay import replay
from policy.audit.verify import verify

ROUNDS = 5
RULES = "9e7399ea7f26" + "0" * 52
HEADER = Header(RULES, "", "2026-03-01", {})
GROUPS = {1: 1_000, 10: 5_000, 100: 20_000, 1_000: 40_000}  # and the records written in a round of each
PLAIN = 20_000
CITED = [
    {
        "provision": "SVF/shared",
        "source": "SVF",
        "status": "secondary",
        "text": {"en": "Orders are funded before they are placed.", "zh": "下單前須先備妥資金。"},
    },
    {
        "provision": "VATP/prefunding",
        "source": "VATP",
        "status": "official",
        "text": {"en": "A platform executes only funded orders.", "zh": "平台只執行已備資金的買賣盤。"},
    },
]
Pair = tuple[dict[str, Any], list[dict[str, Any]]]


def pair(n: int) -> Pair:
    """A command and its events."""
    order = {
        "side": "buy" if n % 2 else "sell",
        "type": "limit",
        "price": 600_000_00 + n % 100,
        "quantity": 1 + n % 9,
    }
    facts = {
        "client": {"kind": "professional", "jurisdiction": "HK"},
        "product": {"class": "virtual_asset", "symbol": "BTC"},
    }
    command = {
        "command": "place",
        "at": 1_772_323_200_000_000 + n,
        "order": f"o{n}",
        "platform": "alpha",
        **order,
        "facts": facts,
    }
    reason = {
        "rule": "funded",
        "effect": "permit",
        "text": {"en": "funded in full", "zh": "資金充足"},
        "citations": CITED,
    }
    accepted = {"event": "accepted", "order": f"o{n}", "outcome": "permitted", "reasons": [reason]}
    traded = {
        "event": "traded",
        "taker": f"o{n}",
        "maker": f"o{n - 7}",
        "price": order["price"],
        "quantity": order["quantity"],
    }
    return command, [accepted, traded]


def each(write: Callable[[Path], None], folder: Path, records: int) -> Spent:
    """What a record takes, the median by each clock."""
    taken = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=folder) as inner:
            taken.append(machine.spent(partial(write, Path(inner) / "journal.jsonl")))
    return machine.middle(taken) * (1 / records)


def journalled(pairs: list[Pair], every: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with Journal.create(path, HEADER, every) as journal:
            for command, events in pairs:
                journal.append(command["at"], command, events, RULES)

    return write


def dumped(pairs: list[Pair]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            for command, events in pairs:
                file.write(json.dumps({"input": command, "events": events}, ensure_ascii=False) + "\n")

    return write


@contextmanager
def without_sync() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def show(name: str, each: Spent) -> None:
    print(f"{name:34} {1 / each.wall:>10,.0f} {1e6 * each.wall:>9.1f} {1e6 * each.processor:>13.1f}")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir())
    pairs = [pair(n) for n in range(max(GROUPS.values()))]
    print(f"{'':34} {'records/s':>10} {'µs each':>9} {'of processor':>13}")
    for every, records in GROUPS.items():
        show(f"groups of {every:,}, {folder}", each(journalled(pairs[:records], every), folder, records))
    with without_sync() as memory:
        few = pairs[:PLAIN]
        show("groups of 1,000, no fsync", each(journalled(few, 1_000), memory, PLAIN))
        show("groups of 1, no fsync", each(journalled(few, 1), memory, PLAIN))
        show("json.dumps and write, no fsync", each(dumped(few), memory, PLAIN))
        path = memory / "whole.jsonl"
        journalled(few, 1_000)(path)
        show("verified", each(lambda _: assert_whole(path), memory, PLAIN))
        events = iter([])

        def engine_for(_: Header) -> Any:
            nonlocal events
            events = (e for _, e in few)
            return lambda command: (next(events), RULES)

        show("verified and replayed, bare engine", each(lambda _: assert_exact(path, engine_for), memory, PLAIN))
        print(f"\n{path.stat().st_size / PLAIN:,.0f} bytes a record")


def assert_whole(path: Path) -> None:
    assert verify(path).whole


def assert_exact(path: Path, engine_for: Any) -> None:
    assert replay(path, engine_for).exact


if __name__ == "__main__":
    with machine.watched() as watch:
        main()
    print(f"\n{watch.told()}")

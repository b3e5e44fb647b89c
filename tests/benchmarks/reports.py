"""What the documents of a market's day cost: time for each event and peak memory, as the journal grows.

    python tests/benchmarks/reports.py [FOLDER [EVENTS]]

The journal is that of the shipped scenario in which everything happens at once (trades on a shared book, settlement
that fails, loans that are called, contracts that are liquidated), carried out by the engines and then repeated day
after day until it has so many events, a million at most unless told; FOLDER needs 1 GB for the longest. Each document
is made by a process of its own, which verifies the journal, reads it, and prints the page in both languages; its peak
memory is the system's figure for the process. Processor time is told in seconds and by the event. On
a terminal, bars show how far it is. The last rows are a journal in which no order ever leaves: what an open order
takes is what grows.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine

from policy import documents, resources
from policy.audit.journal import Journal
from policy.audit.records import Header, JournalRecord
from policy.pipeline import load_program, read_folder, rulebooks
from policy.reports.journal.entries import Command, Event
from policy.scenario.from_folder import scenario_in
from policy.scenario.run import Run, header_of, market_for
from policy.wire import command_json, event_json

SCENARIO = resources.folder("rulesets") / "hk_sfc" / "scenarios" / "safeguards_under_stress"
EVENTS = (10_000, 100_000, 1_000_000)
OPEN = (10_000, 100_000)
TWO_DAYS = 2 * 24 * 3600 * 10**6
GROUP = 1_000
KINDS = ("trading", "margin")


def carried_out() -> tuple[Header, list[JournalRecord]]:
    """The scenario's records, once."""
    scenario = scenario_in(SCENARIO)
    texts, _ = read_folder((resources.folder("rulesets"),))
    market = market_for(scenario, rulebooks(load_program(texts, scenario.under)))
    header = header_of(scenario, market, scenario.under)
    records: list[JournalRecord] = []

    def record(command: Command, events: list[Event]) -> None:
        told = list(map(event_json, events))
        records.append(JournalRecord(len(records) + 1, command.at, command_json(command), "", market.rules, told, ""))

    Run(market, [record]).carry_out(scenario)
    return header, records


def repeated(records: list[JournalRecord]) -> Iterator[tuple[int, JournalRecord]]:
    """The records day after day, each with its moment."""
    later = 0
    while True:
        for record in records:
            yield record.at + later, record
        later += TWO_DAYS


def written(path: Path, header: Header, records: list[JournalRecord], events: int) -> int:
    """A journal of at least so many events; how many they are."""
    count = 0
    with Journal.create(path, header, GROUP) as journal:
        for at, record in repeated(records):
            journal.append(at, record.input, record.events, record.rules)
            count += len(record.events)
            if count >= events:
                return count
    return count


def left_open(path: Path, header: Header, records: list[JournalRecord], orders: int) -> int:
    """A journal in which so many orders come and none of them goes; how many events it has."""
    stage = [r for r in records if "admit" in r.input["do"] or r.input["do"] == "list_instrument"]
    order = next(r for r in records if r.events and r.events[-1]["event"] == "order_accepted")
    prices = [f"{600_000 + 10 * n} HKD" for n in range(50)]
    with Journal.create(path, header, GROUP) as journal:
        for record in stage:
            journal.append(record.at, record.input, record.events, record.rules)
        for n in range(orders):
            given = {**order.input, "id": f"O{n}", "price": prices[n % len(prices)]}
            journal.append(order.at + n, given, [{**order.events[-1], "id": f"O{n}"}], order.rules)
    return orders + sum(len(r.events) for r in stage)


def measured(kind: str, path: Path) -> dict[str, Any]:
    """Seconds, processor time and peak memory of one document, made by another process."""
    done = subprocess.run([sys.executable, __file__, "--make", kind, str(path)], stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def make(kind: str, path: str) -> None:
    start = machine.now()
    texts, _ = read_folder((resources.folder("rulesets"),))
    page = getattr(documents, kind)(documents.rules_of(texts), journal=path).page("both")
    taken = machine.now() - start
    told = {"seconds": taken.wall, "processor": taken.processor, "page": len(page.encode())}
    print(json.dumps(told | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def show(name: str, events: int, path: Path, kind: str) -> None:
    told = measured(kind, path)
    clocks = f"{told['seconds']:>8.1f} {told['processor']:>8.1f}"
    row = f"{name:26} {kind:8} {path.stat().st_size / 1e6:>7,.0f} {clocks}"
    print(
        f"{row} {1e6 * told['processor'] / events:>8.1f} {told['peak']:>8.0f} {told['page'] / 1000:>8.0f}", flush=True
    )


def main() -> None:
    header, records = carried_out()
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir()
    most = int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS[-1]
    head = ("MB", "seconds", "CPU s", "CPU µs", "peak MB", "page kB")
    print(f"{'':26} {'':8} {head[0]:>7} " + " ".join(f"{h:>8}" for h in head[1:]))
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        path = Path(inner) / "journal.jsonl"
        for events in (n for n in EVENTS if n <= most):
            count = written(path, header, records, events)
            for kind in KINDS:
                show(f"{count:,} events", count, path, kind)
            os.remove(path)
        for orders in (n for n in OPEN if n <= most):
            count = left_open(path, header, records, orders)
            show(f"{orders:,} orders left open", count, path, "trading")
            os.remove(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(*sys.argv[2:])
    else:
        with machine.watched() as watch:
            main()
        print(f"\n{watch.told()}")

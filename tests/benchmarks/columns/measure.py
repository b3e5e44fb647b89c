"""Timing side by side, and what a run costs in memory."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import machine
from machine import Spent


def timed(engines: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, Spent], dict[str, Any]]:
    """What each engine takes and gives, in rounds that go forth and back; medians, without the first round."""
    samples: dict[str, list[Spent]] = {name: [] for name in engines}
    results: dict[str, Any] = {}
    for turn in range(rounds + 1):
        names: Sequence[str] = list(engines)
        for name in names if turn % 2 == 0 else names[::-1]:
            gc.collect()
            start = machine.now()
            results[name] = engines[name]()
            if turn:
                samples[name].append(machine.now() - start)
    return {name: machine.middle(taken) for name, taken in samples.items()}, results


def clocks(taken: Spent, ours: Spent) -> tuple[str, ...]:
    """Cells: seconds by the clock and of the processors, how many at once, and both over ours."""
    seconds = f"{taken.wall:.3f}", f"{taken.processor:.3f}", f"{taken.at_once:.2f}"
    return *seconds, f"{taken.wall / ours.wall:.2f} ×", f"{taken.processor / ours.processor:.2f} ×"


CLOCKS = ("s", "s of processor", "at once", "time over ours", "processor over ours")


def threads() -> str:
    """How many threads each engine may use, as it says itself; by hand in NumPy, C and Python it is one."""
    import polars as pl
    import pyarrow as pa

    told = {"Polars": str(pl.thread_pool_size()), "PyArrow": str(pa.cpu_count())}
    try:
        import duckdb
    except ImportError:
        told["DuckDB"] = "not installed"
    else:
        told["DuckDB"] = str(duckdb.connect().execute("select current_setting('threads')").fetchone()[0])
    return "threads: " + ", ".join(f"{name} {count}" for name, count in told.items()) + ", NumPy, C and Python 1"


class Watch:
    """The most memory that this process holds while something runs, above what it held before; in bytes."""

    def __enter__(self) -> "Watch":
        gc.collect()
        self.before, self.most, self._done = resident(), 0, threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.002):
            self.most = max(self.most, resident())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    @property
    def extra(self) -> int:
        return max(0, self.most - self.before)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def apart(script: str, *arguments: str) -> str:
    """What a script prints in a process of its own."""
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its numbers to the right."""
    lines = [f"| {' | '.join(headings)} |", "|---|" + "--:|" * (len(headings) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])

"""Timing side by side, and what a run costs in memory."""

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any


def timed(engines: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds and result of each engine, in rounds that go forth and back; the first round does not count."""
    samples: dict[str, list[float]] = {name: [] for name in engines}
    results: dict[str, Any] = {}
    for turn in range(rounds + 1):
        names: Sequence[str] = list(engines)
        for name in names if turn % 2 == 0 else names[::-1]:
            gc.collect()
            start = time.perf_counter()
            results[name] = engines[name]()
            if turn:
                samples[name].append(time.perf_counter() - start)
    return {name: median(times) for name, times in samples.items()}, results


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

"""The machine that figures were measured on, told beside them: its processors, their load, and who else used them.

    with machine.watched() as watch:
        ...
    print(watch.told())

Wall and processor time are both told, as on a busy machine the one grows and the other hardly: an engine that uses
all processors loses the most there. Processor time is that of this process, all its threads, and its processes that
have ended. Figures of a machine that was busy are not to be published, and it is said so below them.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

MOST_LOAD = 0.5  # a minute's average, before anything is measured, of all processors together
MOST_OTHERS = 0.05  # of what the processors can do while something is measured
_STAT = Path("/proc/stat")
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, interrupts, and what other machines on the same one stole


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of the processors."""

    wall: float
    processor: float

    @property
    def at_once(self) -> float:
        """How many processors were used at a time, on average."""
        return self.processor / self.wall if self.wall else 0.0

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.wall - other.wall, self.processor - other.processor)

    def __mul__(self, times: float) -> "Spent":
        return Spent(self.wall * times, self.processor * times)


def now() -> Spent:
    """Where both clocks stand."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return Spent(time.perf_counter(), sum(u.ru_utime + u.ru_stime for u in used))


def spent(run: Callable[[], Any]) -> Spent:
    """What it takes to run this once."""
    start = now()
    run()
    return now() - start


def middle(samples: list[Spent]) -> Spent:
    """The median of each clock."""
    return Spent(median(s.wall for s in samples), median(s.processor for s in samples))


@dataclass(slots=True)
class Watch:
    """What became of the machine while something was measured."""

    load: float
    started: Spent
    total: float | None
    counts_others: bool
    load_after: float = 0.0
    took: Spent = Spent(0.0, 0.0)
    others: float | None = None

    def end(self) -> None:
        self.took, self.load_after, total = now() - self.started, os.getloadavg()[0], _processors_used()
        if self.counts_others and total is not None and self.total is not None:
            self.others = max(0.0, total - self.total - self.took.processor)

    @property
    def busy(self) -> str:
        """Why these figures are not to be published; empty where they are."""
        if self.load > MOST_LOAD:
            return f"the load was {self.load:.2f} before"
        share = (self.others or 0.0) / (self.took.wall * processors()) if self.took.wall else 0.0
        return f"others took {share:.0%} of the processors" if share > MOST_OTHERS else ""

    def as_json(self) -> dict[str, Any]:
        return {
            "processors": processors(),
            "model": _model(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "load before": self.load,
            "load after": self.load_after,
            "wall s": round(self.took.wall, 3),
            "processor s": round(self.took.processor, 3),
            "others' processor s": None if self.others is None else round(self.others, 1),
            "busy": self.busy,
        }

    def told(self) -> str:
        """All that in two lines, and a third where the machine was busy."""
        told = self.as_json()
        others = "" if self.others is None else f", others {self.others:.1f} s"
        lines = [
            f"machine: {processors()} processors ({told['model']}), {told['python']}; "
            f"load {self.load:.2f} before, {self.load_after:.2f} after",
            f"took {self.took.wall:.1f} s by the clock, {self.took.processor:.1f} s of processor "
            f"({self.took.at_once:.2f} at once){others}",
        ]
        if self.busy:
            lines.append(f"BUSY: {self.busy}: these figures are not to be published")
        return "\n".join(lines)


@contextmanager
def watched(others: bool = True) -> Iterator[Watch]:
    """Watches the machine. Without `others` where processes are measured that end later, or were begun by others."""
    watch = Watch(os.getloadavg()[0], now(), _processors_used(), others)
    if watch.busy:
        print(f"the machine is busy, {watch.busy}: what follows is not to be published", file=sys.stderr)
    try:
        yield watch
    finally:
        watch.end()


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processors_used() -> float | None:
    """Seconds that all processors of the machine have worked since it was started, where that is told."""
    if not _STAT.exists():
        return None
    ticks = [int(word) for word in _STAT.read_text().split("\n", 1)[0].split()[1:]]
    return sum(ticks[n] for n in _BUSY) / os.sysconf("SC_CLK_TCK")


def _model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )

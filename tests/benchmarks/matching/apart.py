"""An engine in a process of its own, which runs when it is told to: no other's objects are in its memory.

In: an engine of `engines.py`, and how many operations. Out: how its trades were checked, or why it cannot be loaded;
then what each run takes. The process itself is this file run as a program: a line of its input is a run.
"""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import machine  # noqa: E402  # it lies a folder above
from engines import ENGINES, Told  # noqa: E402
from machine import Spent  # noqa: E402
from stream import Expected, Op, stream, totals  # noqa: E402


class CannotRun(Exception):
    """Why there are no figures of an engine."""


class Apart:
    """The process of one engine. Raises CannotRun."""

    def __init__(self, name: str, operations: int, folder: str) -> None:
        command = [sys.executable, str(HERE / "apart.py"), name, str(operations), folder]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self._line())
        if "why" in told:
            self.end()
            raise CannotRun(told["why"])
        self.operations, self.checked = int(told["operations"]), str(told["checked"])
        self.taken: list[Spent] = []

    def run(self) -> None:
        """One more run."""
        assert self.process.stdin is not None
        print("run", file=self.process.stdin, flush=True)
        wall, processor = map(float, self._line().split())
        self.taken.append(Spent(wall, processor))

    def end(self) -> None:
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise CannotRun(f"its process ended with {self.process.wait()}")
        return line


def _serve(name: str, operations: int, folder: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what engines print is not for the parent
    if folder:
        sys.path.insert(0, folder)
    try:
        row, prepared, told = _loaded(name, operations)
    except Exception as error:
        print(json.dumps({"why": f"{type(error).__name__}: {error}".partition("\n")[0]}), file=answers)
        return
    print(json.dumps(told), file=answers)
    gc.collect()
    gc.freeze()
    for _ in sys.stdin:
        gc.collect()
        start = machine.now()
        outcome = row.run(prepared)
        taken = machine.now() - start
        del outcome
        print(taken.wall, taken.processor, file=answers)


def _loaded(name: str, operations: int) -> tuple[Any, Any, dict[str, object]]:
    """A row, what it is given, and how its trades were checked. Raises whatever it raises."""
    engine = next(e for e in ENGINES if e.name == name)
    ops, expected = stream(operations)
    row, given = engine.load(), ops[: engine.operations]
    prepared = row.prepare(given)  # commands are read and not changed, so that they serve every round
    checked = _check(row.told(row.run(prepared)), expected, given)
    return row, prepared, {"operations": len(given), "checked": checked}


def _check(told: Told, expected: Expected, given: list[Op]) -> str:
    """How an engine's trades were checked, or what is wrong with them."""
    numbers = {op.id for op in given}
    right = [trade for trade in expected.trades if trade[1] in numbers]
    if told is None:
        return "tells no trades"
    if isinstance(told, list):
        return "trade by trade" if told == right else "WRONG trades"
    return "totals" if told == totals(right) else f"WRONG: {told} for {totals(right)}"


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])

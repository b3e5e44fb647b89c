"""How long one decision takes: ours, by hand, and in the engines that people use for such decisions.

    python tests/benchmarks/decision/run.py

makes the virtual environment `.venv-benchmarks` at the top of the project on its first run, installs
`requirements.txt` and the project itself into it, and runs itself again there; later runs reuse it. Nothing
else is written. It takes about fifteen seconds once everything is installed.

    --format markdown | json    for a document, or for a program
    --only TEXT                 rows whose name contains TEXT, and those written by hand
    --rounds N                  9 unless told; at least 7 for numbers to be quoted
    --milliseconds N            50 unless told: how long each engine is timed for in each round

The decision is whether an order may enter the book: ten rules that deny it over nine facts, explained and
written by hand in `by_hand.py`, put to each engine as 1,000 orders from `cases.py`. Every answer is checked
first; wrong ones are counted in the table and the first of each engine is shown below it. An engine that
cannot be installed or loaded is a row that says why.

All engines are timed in one process, in interleaved rounds, without garbage collection; the numbers are
medians over the rounds. Money goes in as integers of a hundred-millionth of a dollar, facts as a dictionary
(to the peers) or as a record (to ours), and the answer comes out as a plain Python value. Encoding as JSON
counts where an engine wants text. The ratio is to the hand-written function that takes the same and tells
the same, by processor time: only ratios within one run mean anything, and where others used the machine it is said
that the figures are not to be published.

To add an engine: a file in `peers/` with `load()`, a line in `engines.py`, and one in `requirements.txt`.
"""

import argparse
import json
import math
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import environment  # noqa: E402  # it lies a folder above
import machine  # noqa: E402
import measure  # noqa: E402
from cases import cases  # noqa: E402
from engines import BY_HAND, OURS, PEERS, Engine  # noqa: E402


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the numbers, or else why there are none."""

    engine: str
    microseconds: float | None
    processor: float | None
    ratio: float | None
    against: str
    wrong: int | None
    note: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    options = _options(arguments)
    environment.enter(HERE)
    orders = cases()
    with machine.watched() as watch:
        rows = _rows([*BY_HAND, *(each for each in (*OURS, *PEERS) if options.only in each.name)], options)
    accepted = sum(BY_HAND[2].load()(facts) for facts in orders)
    title = (
        f"{len(orders):,} orders, {accepted} accepted; {options.rounds} rounds; "
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    )
    if options.format == "json":
        told = {"title": title, "machine": watch.as_json(), "rows": [asdict(row) for row in rows]}
        print(json.dumps(told, indent=2))
    else:
        table = _markdown if options.format == "markdown" else _plain
        print(f"{table(title, rows)}\n\n{watch.told()}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=["plain", "markdown", "json"], default="plain")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--milliseconds", type=float, default=50, metavar="N")
    return parser.parse_args(arguments)


def _rows(engines: Sequence[Engine], options: argparse.Namespace) -> list[Row]:
    orders = cases()
    loaded: list[measure.Loaded] = []
    missing: dict[str, str] = {}
    for engine in engines:
        try:
            loaded.append(measure.load(engine, orders))
        except Exception as error:
            missing[engine.name] = _why(engine, error)
    timings = measure.timings(loaded, options.rounds, options.milliseconds)
    measured = {
        each.engine.name: Row(
            each.engine.name,
            round(timing.microseconds, 4),
            round(timing.processor, 4),
            round(timing.ratio, 3),
            each.engine.against,
            each.wrong,
            each.first_wrong,
        )
        for each, timing in zip(loaded, timings, strict=True)
    }
    return [
        measured.get(engine.name)
        or Row(engine.name, None, None, None, engine.against, None, f"not available: {missing[engine.name]}")
        for engine in engines
    ]


def _why(engine: Engine, error: Exception) -> str:
    """Why an engine has no numbers: what it raised and, if it may be for want of a package, what pip said."""
    complaint = environment.failures(HERE).get(engine.requirement)
    message = f"{error}".partition("\n")[0]
    raised = message if isinstance(error, ImportError) else f"{type(error).__name__}: {message}"
    return f"{raised} (pip: {complaint})" if complaint else raised


HEADINGS = ("engine", "µs per decision", "µs of processor", "ratio to hand-written", "wrong answers")


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    if row.microseconds is None or row.processor is None or row.ratio is None:
        return (row.engine, row.note, "", "", "")
    clocks = _three_digits(row.microseconds), _three_digits(row.processor)
    return (row.engine, *clocks, f"{row.ratio:,.1f}", f"{row.wrong:,}")


def _three_digits(number: float) -> str:
    return f"{number:.{max(0, 2 - math.floor(math.log10(number)))}f}"


def _plain(title: str, rows: Sequence[Row]) -> str:
    table = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[0]) for line in table), *map(len, HEADINGS[1:])]
    lines = [title, ""]
    for name, *numbers in table:
        right = "  ".join(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        lines.append(f"{name.ljust(widths[0])}  {right}".rstrip())
    return "\n".join([*lines, *_wrong(rows)])


def _markdown(title: str, rows: Sequence[Row]) -> str:
    lines = [title, "", f"| {' | '.join(HEADINGS)} |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    return "\n".join([*lines, *_wrong(rows)])


def _wrong(rows: Sequence[Row]) -> list[str]:
    """The first wrong answer of each engine that gave any."""
    found = [f"{row.engine}: {row.note}" for row in rows if row.wrong]
    return ["", *found] if found else []


if __name__ == "__main__":
    main(sys.argv[1:])

"""How many operations a second: our matcher, a bare book written by hand, and the matchers that people use.

    python tests/benchmarks/matching/run.py

makes the virtual environment `.venv-benchmarks` at the top of the project on its first run, installs
`requirements.txt` and the project itself into it, and runs itself again there; later runs reuse it. Nothing else
is written but what is compiled and what is kept in journals, in temporary folders. It takes some minutes once
everything is installed.

    --format markdown | json    for a document, or for a program
    --only TEXT                 rows whose name contains TEXT, and the bare book
    --rounds N                  7 unless told
    --operations N              200,000 unless told

Everyone is given the same 200,000 operations (`stream.py`), in the form that they take, which is not timed. What
is timed begins with an empty book, includes making the orders and collecting the trades where an engine reports
them, and runs in a process of its own with the garbage collector on, as programs run. Every engine's trades are
checked first: trade by trade where it tells who traded with whom, otherwise by number, quantity and value; an engine
that is too slow for all operations is given the first of them. An engine that cannot be installed or loaded is a
row that says why.

Times are the processor's, with those of the clock beside them; rounds are interleaved, and numbers are medians over
them; what a disk takes to keep a journal is only in those of the clock. The ratio is to the bare book, round by
round: only ratios within one run mean anything. What is not equal: the bare book (`bare.py`) checks nothing and
knows no owners, order types or priorities but price and time; most peers number orders themselves and have no owners.

To add an engine: a file in `peers/` or `rows/`, a line in `engines.py`, and one in `requirements.txt`.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import compiled  # noqa: E402
import environment  # noqa: E402  # it lies a folder above
import machine  # noqa: E402
from apart import Apart, CannotRun  # noqa: E402
from engines import BARE, ENGINES, Engine  # noqa: E402
from stream import stream  # noqa: E402


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: the numbers, or else why there are none."""

    engine: str
    operations_per_second: int | None
    """Of processor."""
    processor: float | None
    wall: float | None
    """Both in microseconds an operation."""
    ratio: float | None
    checked: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    options = _options(arguments)
    environment.enter(HERE)
    ops, expected = stream(options.operations)
    engines = [e for e in ENGINES if e is BARE or options.only in e.name]
    with TemporaryDirectory(prefix="compiled-") as folder, machine.watched() as watch:
        missing = _built(Path(folder)) if any(e.compiled for e in engines) else ""
        lines = _lines(engines, len(ops), options.rounds, folder, missing)
    title = (
        f"{len(ops):,} operations, {len(expected.trades):,} trades, {expected.resting:,} orders on {expected.levels} "
        f"levels at the end; {options.rounds} rounds; {platform.python_implementation()} {platform.python_version()}"
    )
    if options.format == "json":
        told = {"title": title, "machine": watch.as_json(), "rows": [asdict(line) for line in lines]}
        print(json.dumps(told, indent=2))
    else:
        print(f"{_table(title, lines, markdown=options.format == 'markdown')}\n\n{watch.told()}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=["plain", "markdown", "json"], default="plain")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--operations", type=int, default=200_000, metavar="N")
    return parser.parse_args(arguments)


def _built(folder: Path) -> str:
    """Builds what is compiled; or why it cannot be."""
    try:
        compiled.build(folder)
    except compiled.NotCompiled as why:
        return str(why)
    return ""


def _lines(engines: Sequence[Engine], operations: int, rounds: int, folder: str, not_compiled: str) -> list[Line]:
    loaded: dict[str, Apart] = {}
    missing: dict[str, str] = {}
    for engine in engines:
        try:
            if engine.compiled and not_compiled:
                raise CannotRun(not_compiled)
            loaded[engine.name] = Apart(engine.name, operations, folder if engine.compiled else "")
        except CannotRun as why:
            missing[engine.name] = _why(engine, str(why))
    for number in range(rounds):
        turns = list(loaded.values())
        for each in turns if number % 2 == 0 else reversed(turns):
            each.run()
    for each in loaded.values():
        each.end()
    bare = loaded[BARE.name]
    return [
        _line(engine.name, loaded[engine.name], bare)
        if engine.name in loaded
        else Line(engine.name, None, None, None, None, f"not available: {missing[engine.name]}")
        for engine in engines
    ]


def _why(engine: Engine, reason: str) -> str:
    """Why an engine has no numbers: what it raised and, if it may be for want of a package, what pip said."""
    complaint = environment.failures(HERE).get(engine.requirement)
    return f"{reason} (pip: {complaint})" if complaint else reason


def _line(name: str, loaded: Apart, bare: Apart) -> Line:
    """Per operation, as an engine may have been given fewer than the bare book."""
    each = [taken * (1e6 / loaded.operations) for taken in loaded.taken]
    bases = [taken * (1e6 / bare.operations) for taken in bare.taken]
    ratio = median(base.processor / mine.processor for mine, base in zip(each, bases, strict=True))
    middle = machine.middle(each)
    clocks = round(middle.processor, 4), round(middle.wall, 4)
    return Line(name, round(1e6 / middle.processor), *clocks, round(ratio, 3), loaded.checked)


def _table(title: str, lines: Sequence[Line], markdown: bool) -> str:
    clocks = ("µs of processor", "µs by the clock")
    head = ("matcher", "operations a second", *clocks, "of the bare book", "trades checked")
    rows = [
        (
            line.engine,
            f"{line.operations_per_second:,}",
            f"{line.processor:.2f}",
            f"{line.wall:.2f}",
            f"{line.ratio:.2f} ×",
            line.checked,
        )
        if line.ratio is not None
        else (line.engine, "", "", "", "", line.checked)
        for line in lines
    ]
    if markdown:
        return "\n".join([title, "", *(f"| {' | '.join(r)} |" for r in (head, ("---", *["---:"] * 4, "---"), *rows))])
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(5)]
    shown = []
    for name, *numbers, checked in (head, *rows):
        right = "  ".join(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        shown.append(f"{name.ljust(widths[0])}  {right}  {checked}".rstrip())
    return "\n".join([title, "", *shown])


if __name__ == "__main__":
    main(sys.argv[1:])

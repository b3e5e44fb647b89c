"""How fast whole books are answered: beside other engines, from files, and on a cluster.

    python tests/benchmarks/columns/run.py [lending] [orders] [files] [spark]

makes the virtual environment `.venv-benchmarks` at the top of the project on its first run, installs
`requirements.txt` and the project into it, and runs itself again there. Without a name all four are measured.

    --rows N       10,000,000 unless told
    --rounds N     5 unless told: of each, the median counts
    --most N       100,000,000 unless told: the rows of the largest file

`lending` values positions by a twelve-row table of haircuts and caps, `orders` asks the shipped rulebook whether
orders may be accepted and why. Everything is timed in one process, in interleaved rounds; every total is compared
with the exact one. `files` streams tables that are made up on the fly from and to Parquet, with what that takes in
memory. `spark` starts a master and workers on this machine. Seconds are told by the clock and of the processors, with
the load of the machine before and after; where others used it, it is said that the figures are not to be published.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what the benchmarks share

import environment
import machine

BENCHMARKS = ("lending", "orders", "files", "spark")
OURS = "ours: columns in C, with outcome and needs"
PLAN = "ours: columns in Polars, likewise"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks", nargs="*", choices=[*BENCHMARKS, []])
    parser.add_argument("--rows", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--most", type=int, default=100_000_000, metavar="N")
    options = parser.parse_args(arguments)
    environment.enter(Path(__file__).resolve().parent)
    for name in options.benchmarks or BENCHMARKS:
        with machine.watched(others=name != "spark") as watch:  # whose processes end later
            table = globals()[name](options)
        print(f"{table}\n\n{watch.told()}\n", flush=True)


def lending(options: argparse.Namespace) -> str:
    """Ours and each engine: both clocks, rows a second, extra memory, and how far off the total is."""
    import by_hand
    import fused
    import measure
    from positions import lending_rules, positions

    from policy.batch.decide import answers_to

    given = positions(options.rows)
    ours = lending_rules().columns("lending", given.schema, scaled=True)

    def columns() -> int:
        return sum(part.tally.total for part in answers_to(ours, given))

    in_c, in_polars, told = _by_both(ours, given, columns)
    makers = {
        "fused loop in C, by hand": fused.c_loop,
        "NumPy int64, by hand": by_hand.numpy_int64,
        "Polars int64, by hand (gather)": by_hand.polars_int64,
        "Polars int64, by hand (join)": by_hand.polars_int64_join,
        "Polars Decimal": by_hand.polars_decimal,
        "DuckDB DECIMAL": by_hand.duckdb_decimal,
        "PyArrow decimal128": by_hand.arrow_decimal,
        f"row at a time, {by_hand.ROWS_ONE_BY_ONE:,} rows": by_hand.row_at_a_time,
    }
    engines: dict[str, Callable[[], int]] = {OURS: in_c, PLAN: in_polars}
    missing: dict[str, str] = {}
    for name, maker in makers.items():
        try:
            engines[name] = maker(given)
        except (ImportError, RuntimeError) as why:
            missing[name] = f"not available: {why}"
    taken, totals = measure.timed(engines, options.rounds)
    one_by_one = list(makers)[-1]
    few = given.head(by_hand.ROWS_ONE_BY_ONE)
    taken[one_by_one] *= options.rows / len(few)
    exact = by_hand.numpy_int64(given)()
    off = {name: total - exact for name, total in totals.items()}
    off[one_by_one] = totals[one_by_one] - by_hand.numpy_int64(few)()
    rows = []
    for name in (OURS, PLAN, *makers):
        if name in missing:
            rows.append((name, missing[name], *[""] * 7))
            continue
        with measure.Watch() as watch:
            engines[name]()
        speed, memory = f"{options.rows / taken[name].wall / 1e6:,.1f}", f"{watch.extra / 1e6:,.0f}"
        wrong = f"{off[name] / 100:+,.2f}" if off[name] else "exact"
        rows.append((name, *measure.clocks(taken[name], taken[OURS]), speed, memory, wrong))
    headings = ("lending value", *measure.CLOCKS, "million rows/s", "extra MB", "total off by HK$")
    return f"{options.rows:,} positions; {measure.threads()}; {told}\n\n{measure.table(headings, rows)}"


def orders(options: argparse.Namespace) -> str:
    """The acceptance decision with its reasons, against generated Python a row at a time."""
    import measure
    from positions import orders, shipped

    from policy.batch.decide import answers_to

    given, rulebook, few = orders(options.rows), shipped(), 50_000
    ours = rulebook.columns("order_accepted", given.schema, scaled=True)
    record, verdict = rulebook.records["hk.sfc.orders.Order"], rulebook.evaluator("order_accepted").verdict
    names = given.columns
    part = given.head(few)
    made = [record(**dict(zip(names, row, strict=True))) for row in _plain(part).iter_rows()]

    def columns() -> int:
        return sum(part.tally.reasons["not_prefunded"] for part in answers_to(ours, given))

    def from_the_table() -> int:
        rows = (record(**dict(zip(names, row, strict=True))) for row in _plain(part).iter_rows())
        return sum(any(r.rule == "not_prefunded" for r in verdict(o).reasons) for o in rows)

    def from_records() -> int:
        return sum(any(r.rule == "not_prefunded" for r in verdict(o).reasons) for o in made)

    in_c, in_polars, told = _by_both(ours, given, columns)
    engines = {
        "ours: columns in C, with reasons and needs": in_c,
        "ours: columns in Polars, likewise": in_polars,
        f"row at a time from the table, {few:,} rows": from_the_table,
        f"row at a time from records made before, {few:,} rows": from_records,
    }
    taken, counts = measure.timed(engines, options.rounds)
    first, _, *others = engines
    for name in others:
        taken[name] *= options.rows / len(part)
    some = sum(p.tally.reasons["not_prefunded"] for p in answers_to(ours, part))
    assert counts[others[0]] == counts[others[1]] == some, "the same orders are denied"
    rows = [
        (name, *measure.clocks(s, taken[first]), f"{options.rows / s.wall / 1e6:,.2f}") for name, s in taken.items()
    ]
    headings = ("order acceptance", *measure.CLOCKS, "million rows/s")
    return f"{options.rows:,} orders; {measure.threads()}; {told}\n\n{measure.table(headings, rows)}"


def _by_both(ours, given, columns):  # type: ignore[no-untyped-def]
    """The same by the kernel and by Polars; and what making the kernel took, which is made anew."""
    from policy.batch.decide import answers_to

    def engine(said: str) -> Callable[[], int]:
        def run() -> int:
            os.environ["POLICY_KERNEL"] = said
            return columns()

        return run

    os.environ |= {"POLICY_KERNEL": "always", "POLICY_CACHE": "off"}
    start = machine.now()
    kernel = ours.kernels.for_rows(0)
    taken = machine.now() - start
    assert kernel is not None, ours.kernels.refusal
    assert all(part.in_c == part.table.height for part in answers_to(ours, given.head(1_000_000)))
    return engine("always"), engine("off"), f"the kernel was made in {taken.wall:.2f} s"


def _plain(table):  # type: ignore[no-untyped-def]
    """Moments as the integers that records hold, enums as texts."""
    import polars as pl
    import polars.selectors as cs

    return table.with_columns(cs.datetime().to_physical(), cs.enum().cast(pl.String))


def files(options: argparse.Namespace) -> str:
    """From Parquet to Parquet, from a hundred thousand rows up, each size in a process of its own."""
    import measure

    rows, height = [], 100_000
    while height <= options.most:
        told = measure.apart(str(Path(__file__).with_name("stream.py")), str(height)).split()
        taken, polars = machine.Spent(*map(float, told[:2])), machine.Spent(*map(float, told[2:4]))
        extra, size, held = map(int, told[4:])
        speed = height / taken.wall / 1e6
        clocks = f"{taken.wall:.2f}", f"{taken.processor:.2f}", f"{taken.at_once:.2f}"
        over = f"{taken.wall / polars.wall:.2f} ×", f"{taken.processor / polars.processor:.2f} ×"
        cells = f"{height:,}", *clocks, *over, f"{speed:.1f}", f"{size / 1e6:,.0f}", f"{held / 1e6:,.0f}"
        rows.append((*cells, f"{extra / 1e6:,.0f}", f"{extra / held:.0%}"))
        height *= 10
    peer = "time over Polars", "processor over Polars"
    headings = (
        "rows",
        *measure.CLOCKS[:3],
        *peer,
        "million rows/s",
        "file MB",
        "in memory MB",
        "extra MB",
        "of the table",
    )
    return f"lending value, Parquet to Parquet\n\n{measure.table(headings, rows)}"


def spark(options: argparse.Namespace) -> str:
    """On one worker and on two: the whole time, and how much of it is Spark's own."""
    from on_spark import measured

    return measured(min(options.rows, 10_000_000))


if __name__ == "__main__":
    main(sys.argv[1:])

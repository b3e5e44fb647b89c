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
memory. `spark` starts a master and workers on this machine. On a shared machine only ratios mean anything.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what the benchmarks share

import environment

BENCHMARKS = ("lending", "orders", "files", "spark")


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
        start = time.perf_counter()
        print(globals()[name](options), flush=True)
        print(f"\n({name}: {time.perf_counter() - start:.0f} s, {os.cpu_count()} cores)\n", flush=True)


def lending(options: argparse.Namespace) -> str:
    """Ours and each engine: rows a second, ratio, extra memory, and how far off the total is."""
    import by_hand
    import measure
    from positions import lending_rules, positions

    from policy.tables.decide import answers_to

    given = positions(options.rows)
    ours = lending_rules().columns("lending", given.schema, scaled=True)

    def columns() -> int:
        return sum(int(part.table["value"].sum()) for part in answers_to(ours, given))

    engines = {
        "ours: columns, with outcome and needs": columns,
        "NumPy int64, by hand": by_hand.numpy_int64(given),
        "Polars int64, by hand (gather)": by_hand.polars_int64(given),
        "Polars int64, by hand (join)": by_hand.polars_int64_join(given),
        "Polars Decimal": by_hand.polars_decimal(given),
        "DuckDB DECIMAL": by_hand.duckdb_decimal(given),
        "PyArrow decimal128": by_hand.arrow_decimal(given),
        f"row at a time, {by_hand.ROWS_ONE_BY_ONE:,} rows": by_hand.row_at_a_time(given),
    }
    seconds, totals = measure.timed(engines, options.rounds)
    one_by_one = list(engines)[-1]
    seconds[one_by_one] *= options.rows / by_hand.ROWS_ONE_BY_ONE
    exact = totals["NumPy int64, by hand"]
    few = positions(options.rows).head(by_hand.ROWS_ONE_BY_ONE)
    off = {name: total - exact for name, total in totals.items()}
    off[one_by_one] = totals[one_by_one] - by_hand.numpy_int64(few)()
    memory = {}
    for name, run in engines.items():
        with measure.Watch() as watch:
            run()
        memory[name] = watch.extra
    rows = [
        (
            name,
            f"{seconds[name]:.3f}",
            f"{options.rows / seconds[name] / 1e6:,.1f}",
            f"{seconds[name] / seconds['ours: columns, with outcome and needs']:.2f} ×",
            f"{memory[name] / 1e6:,.0f}",
            f"{off[name] / 100:+,.2f}" if off[name] else "exact",
        )
        for name in engines
    ]
    headings = ("lending value", "s", "million rows/s", "time over ours", "extra MB", "total off by HK$")
    return f"{options.rows:,} positions\n\n{measure.table(headings, rows)}"


def orders(options: argparse.Namespace) -> str:
    """The acceptance decision with its reasons, against generated Python a row at a time."""
    import measure
    from positions import orders, shipped

    from policy.tables.decide import answers_to

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

    engines = {
        "ours: columns, with reasons and needs": columns,
        f"row at a time from the table, {few:,} rows": from_the_table,
        f"row at a time from records made before, {few:,} rows": from_records,
    }
    seconds, counts = measure.timed(engines, options.rounds)
    first, *others = engines
    for name in others:
        seconds[name] *= options.rows / few
    some = sum(p.tally.reasons["not_prefunded"] for p in answers_to(ours, part))
    assert counts[others[0]] == counts[others[1]] == some, "the same orders are denied"
    rows = [
        (name, f"{s:.2f}", f"{options.rows / s / 1e6:,.2f}", f"{s / seconds[first]:.1f} ×")
        for name, s in seconds.items()
    ]
    headings = ("order acceptance", "s", "million rows/s", "time over ours")
    return f"{options.rows:,} orders\n\n{measure.table(headings, rows)}"


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
        seconds, extra, size, held = float(told[0]), int(told[1]), int(told[2]), int(told[3])
        speed = height / seconds / 1e6
        cells = f"{height:,}", f"{seconds:.2f}", f"{speed:.1f}", f"{size / 1e6:,.0f}", f"{held / 1e6:,.0f}"
        rows.append((*cells, f"{extra / 1e6:,.0f}", f"{extra / held:.0%}"))
        height *= 10
    headings = ("rows", "s", "million rows/s", "file MB", "in memory MB", "extra MB", "of the table")
    return f"lending value, Parquet to Parquet\n\n{measure.table(headings, rows)}"


def spark(options: argparse.Namespace) -> str:
    """On one worker and on two: the whole time, and how much of it is Spark's own."""
    from on_spark import measured

    return measured(min(options.rows, 10_000_000))


if __name__ == "__main__":
    main(sys.argv[1:])

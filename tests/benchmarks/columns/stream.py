"""One size of the `files` benchmark: makes a table, asks of it, and prints what that took by both clocks, and bytes.

Beside it, what Polars takes to read the same columns, multiply two of them and write the columns that ours writes.

python tests/benchmarks/columns/stream.py ROWS
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what the benchmarks share

import machine
import measure
import polars as pl
import pyarrow.parquet as pq
from positions import DAY, RULES, positions

from policy.batch.dates import TableQuestion
from policy.batch.decide import run_of
from policy.batch.sources import source_of
from policy.pipeline import load_program, read_folder

PART = 1_000_000


def main(height: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, few = Path(folder, "positions.parquet"), Path(folder, "few.parquet")
        write(path, height)
        positions(1_000).write_parquet(few)
        undated = load_program(read_folder([RULES])[0])
        asking = TableQuestion(question="lending", on=DAY, scaled=True)
        run_of(undated, asking, source_of(few)).to(Path(folder, "warm.parquet"))
        run = run_of(undated, asking, source_of(path))
        start = machine.now()
        with measure.Watch() as watch:
            summary = run.to(Path(folder, "lent.parquet"))
            taken = machine.now() - start
        assert summary.rows == height
        start = machine.now()
        multiplied(path, Path(folder, "lent.parquet"), Path(folder, "multiplied.parquet"))
        by_polars = machine.now() - start
        told = taken.wall, taken.processor, by_polars.wall, by_polars.processor
        print(*told, watch.extra, path.stat().st_size, height * 17)


def multiplied(path: Path, ours: Path, out: Path) -> None:
    """By Polars: the product of two columns, and the other columns of ours from constants and from nothing."""
    types = pl.scan_parquet(ours).collect_schema()
    columns = {
        "row": pl.int_range(1, pl.len() + 1),
        "outcome": pl.lit("value"),
        "value": pl.col("quantity") * pl.col("price"),
        "rulebook": pl.lit(types["rulebook"].categories[0]),
    }
    made = [columns.get(name, pl.lit(None)).cast(of).alias(name) for name, of in types.items()]
    pl.scan_parquet(path).select(made).sink_parquet(out, compression="zstd")


def write(path: Path, height: int) -> None:
    """The table, a part at a time."""
    with pq.ParquetWriter(path, positions(1).to_arrow().schema, compression="zstd") as writer:
        for start in range(0, height, PART):
            part = positions(min(PART, height - start), seed=start)
            writer.write_table(part.to_arrow(), row_group_size=262_144)
    assert pl.scan_parquet(path).select(pl.len()).collect().item() == height


if __name__ == "__main__":
    main(int(sys.argv[1]))

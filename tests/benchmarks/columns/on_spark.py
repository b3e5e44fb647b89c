"""On a cluster of this machine's own: one worker and two, and what of the time is Spark's.

Spark's own share is measured by the same job with a function that hands every batch back as it came.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import measure
from positions import DAY, RULES
from stream import write

from policy.pipeline import load_program, read_folder
from policy.tables.dates import Asking

sys.path.append(str(Path(__file__).resolve().parents[2]))  # where the tests start their clusters

from spark_cluster import cluster, settings, wanting

ROUNDS = 3


def measured(height: int) -> str:
    """Seconds, Spark's own and in all, by the number of workers."""
    if why := wanting():
        return f"Spark: not measured, {why}"
    os.environ |= settings()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "positions.parquet")
        write(path, height)
        rows = [_with(workers, path, Path(folder), height) for workers in (1, 2)]
    first = rows[0][1]
    cells = [
        (
            str(workers),
            f"{whole:.1f}",
            f"{own:.1f}",
            f"{own / whole:.0%}",
            f"{height / whole / 1e6:.1f}",
            f"{first / whole:.2f} ×",
        )
        for workers, whole, own in rows
    ]
    headings = ("workers", "s", "of that Spark's own", "share", "million rows/s", "speed-up")
    return f"lending value of {height:,} positions on Spark, Parquet to nothing\n\n{measure.table(headings, cells)}"


def _with(workers: int, path: Path, folder: Path, height: int) -> tuple[int, float, float]:
    from policy.tables.spark import answers_of, session

    here = folder / f"cluster-{workers}"
    here.mkdir()
    with cluster(here, workers) as made:
        spark = session(made.url)
        spark.sparkContext.setLogLevel("ERROR")
        facts = spark.read.parquet(str(path))
        undated = load_program(read_folder([RULES])[0])
        answers = answers_of(facts, undated, Asking(question="lending", on=DAY, scaled=True))
        nothing = facts.mapInArrow(_back(), facts.schema)
        whole, own = (_median(lambda table=table: _run(table)) for table in (answers, nothing))
        assert answers.count() == height
        spark.stop()
    return workers, whole, own


def _back() -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Hands every batch back; made here, so that it travels whole."""

    def handed_back(batches: Iterator[Any]) -> Iterator[Any]:
        yield from batches

    return handed_back


def _run(table: Any) -> None:
    table.write.mode("overwrite").format("noop").save()


def _median(run: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times[1:])

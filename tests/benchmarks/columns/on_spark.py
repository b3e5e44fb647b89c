"""On a cluster of this machine's own: one worker and two, and what of the time is Spark's.

Spark's own share is measured by the same job with a function that hands every batch back as it came.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import machine
import measure
from machine import Spent
from positions import DAY, RULES
from stream import write

from policy.batch.dates import TableQuestion
from policy.diagnostics import PolicyError
from policy.extras import require_extra, require_java
from policy.pipeline import load_program, read_folder

sys.path.append(str(Path(__file__).resolve().parents[2] / "support"))  # where the tests start their clusters

from spark_cluster import Cluster, cluster, settings

ROUNDS = 3


def measured(height: int) -> str:
    """Both clocks, and Spark's own share, by the number of workers."""
    try:
        require_extra("pandas", "spark")
        require_extra("pyspark", "spark")
        require_java()
    except PolicyError as why:
        return f"Spark: not measured\n{why}"
    os.environ |= settings()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "positions.parquet")
        write(path, height)
        rows = [_with(workers, path, Path(folder), height) for workers in (1, 2)]
    first = rows[0][1].wall
    cells = [
        (
            str(workers),
            *(f"{x:.1f}" for x in (whole.wall, own.wall, whole.processor, own.processor)),
            f"{own.wall / whole.wall:.0%}",
            f"{height / whole.wall / 1e6:.1f}",
            f"{first / whole.wall:.2f} ×",
        )
        for workers, whole, own in rows
    ]
    seconds = ("s", "of that Spark's own", "s of processor", "of that Spark's own")
    headings = ("workers", *seconds, "Spark's share", "million rows/s", "speed-up")
    return f"lending value of {height:,} positions on Spark, Parquet to nothing\n\n{measure.table(headings, cells)}"


def _with(workers: int, path: Path, folder: Path, height: int) -> tuple[int, Spent, Spent]:
    from policy.batch.spark import answers_of, session

    here = folder / f"cluster-{workers}"
    here.mkdir()
    with cluster(here, workers) as made:
        spark = session(made.url)
        spark.sparkContext.setLogLevel("ERROR")
        facts = spark.read.parquet(str(path))
        undated = load_program(read_folder([RULES])[0])
        answers = answers_of(facts, undated, TableQuestion(question="lending", on=DAY, scaled=True))
        nothing = facts.mapInArrow(_back(), facts.schema)
        whole, own = (_median(made, table) for table in (answers, nothing))
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


def _median(made: Cluster, table: Any) -> Spent:
    taken = []
    for _ in range(ROUNDS + 1):
        start = Spent(time.perf_counter(), _used(made))
        _run(table)
        taken.append(Spent(time.perf_counter(), _used(made)) - start)
    return machine.middle(taken[1:])


def _used(made: Cluster) -> float:
    """Seconds of processor of this program, its driver and the workers, with all that they have started."""
    sessions = {os.getsid(0), *(worker.pid for worker in made.workers)}
    ticks = 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = process.read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")

"""The same questions on a cluster (the extra `spark`): the program travels with the job, columns answer on workers.

In: a Spark DataFrame whose columns are facts. Out: a DataFrame of answers, the rulebook's digest on every row. What
comes out of a row turns on that row alone, or in a grouped question on the rows of its group, so neither partitions
nor their order, nor a worker that is lost and replaced, change an answer. Workers need Python with this package and
the extra `columns`.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
from attrs import frozen

from policy.backends.columns.answers import Tally
from policy.diagnostics import Collector, PolicyError
from policy.ir.program import Program
from policy.tables.dates import Asking, DatedEvaluator, evaluator_of
from policy.tables.decide import Summary
from policy.tables.sinks import presentable
from policy.tables.sources import BATCH, format_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Batches = Iterator[pa.RecordBatch]


@frozen
class Job:
    """What a worker is sent: all that it needs, to be unpacked only by a worker that does not have it yet."""

    key: str
    packed: bytes  # the program, what is asked, and the columns
    target: bytes  # the Arrow schema of what comes out

    def __call__(self, batches: Batches) -> Batches:
        """The answers to one partition."""
        evaluator = _evaluator(self)
        target = pa.ipc.read_schema(pa.py_buffer(self.target))
        for table in _together(batches):
            answers = evaluator.answers(table).table
            yield from _presented(evaluator, table, answers).cast(target).to_batches()


@frozen
class Grouped:
    """A job on rows that are sorted by their group: each group becomes one row with a list."""

    job: Job
    by: tuple[str, ...]
    into: str

    def __call__(self, batches: Batches) -> Batches:
        evaluator = _evaluator(self.job)
        target = pa.ipc.read_schema(pa.py_buffer(self.job.target))
        for table in _groups(_together(batches), self.by):
            rest = [c for c in table.columns if c not in self.by]
            listed = table.group_by(self.by, maintain_order=True).agg(pl.struct(rest).alias(self.into))
            answers = evaluator.answers(listed).table
            yield from _presented(evaluator, listed, answers).cast(target).to_batches()


@cache
def _evaluators() -> dict[str, DatedEvaluator]:
    return {}


def _evaluator(job: Job) -> DatedEvaluator:
    """The evaluator of a job, made once by each worker's process."""
    if job.key not in _evaluators():
        _evaluators().clear()
        _evaluators()[job.key] = evaluator_of(*pickle.loads(job.packed))
    return _evaluators()[job.key]


def _together(batches: Batches) -> Iterator[pl.DataFrame]:
    """Spark's small batches, as many at a time as columns like."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= BATCH:
            yield pl.DataFrame(pa.Table.from_batches(held))
            held = []
    if held:
        yield pl.DataFrame(pa.Table.from_batches(held))


def _groups(tables: Iterator[pl.DataFrame], by: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """The rows again, no group being cut in two."""
    rest: pl.DataFrame | None = None
    for table in tables:
        whole = table if rest is None else pl.concat([rest, table])
        last = pl.all_horizontal([pl.col(c).eq_missing(pl.col(c).last()) for c in by])
        is_last = whole.select(last.alias("last"))["last"]
        if not is_last.all():
            yield whole.filter(~is_last)
        rest = whole.filter(is_last)
    if rest is not None and rest.height:
        yield rest


def _presented(evaluator: DatedEvaluator, table: pl.DataFrame, answers: pl.DataFrame) -> pa.Table:
    columns: list[pl.Expr] = [pl.lit(evaluator.undated.digest).alias("rulebook")]
    if "value" in answers.columns:
        columns.append(presentable(evaluator.function.type, evaluator.asking.scaled).alias("value"))
    for name in ("outcome", "reasons"):
        if name in answers.columns:
            plain = pl.List(pl.String) if name == "reasons" else pl.String
            columns.append(pl.col(name).cast(plain))
    told = answers.with_columns(columns)
    if evaluator.asking.dates:
        told = told.with_columns(evaluator.remark_column(table[evaluator.asking.dates]))
    kept = table.select(evaluator.asking.no_facts)
    whole: pa.Table = pl.concat([kept, told], how="horizontal").to_arrow(compat_level=pl.CompatLevel.oldest())
    return whole


# ── the driver's side ───────────────────────────────────────────────────────────────────────


def answers_of(facts: DataFrame, undated: Program, asking: Asking) -> DataFrame:
    """A question asked of every row of a DataFrame. Raises PolicyError where its columns are not what is asked."""
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = pl.DataFrame(to_arrow_schema(facts.schema).empty_table()).schema
    job, comes_out = _job(undated, asking, dict(schema))
    return _mapped(facts, _plain(job), comes_out)


def _mapped(facts: DataFrame, job: Any, comes_out: Any) -> DataFrame:
    """A job on all columns by their own names, which Spark would take for paths where they have dots."""
    numbered = facts.toDF(*(f"c{n}" for n in range(len(facts.columns))))
    names = facts.columns

    def named(batches: Any) -> Any:
        return job(batch.rename_columns(names) for batch in batches)

    return numbered.mapInArrow(named, comes_out)


def grouped_answers_of(
    facts: DataFrame, undated: Program, asking: Asking, by: tuple[str, ...], into: str
) -> DataFrame:
    """A question about each group of rows, as of an account about its positions.

    Rows that agree in the columns `by` are one group; their other columns become the list of facts `into`. Columns
    in `by` are facts too, unless `asking` keeps them.
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    rows = pl.DataFrame(to_arrow_schema(facts.schema).empty_table())
    rest = [c for c in rows.columns if c not in by]
    schema = rows.group_by(by).agg(pl.struct(rest).alias(into)).schema
    job, comes_out = _job(undated, asking, dict(schema))
    together = facts.repartition(*by).sortWithinPartitions(*by, *(c for c in rest if _sorts(rows.schema[c])))
    return _mapped(together, _plain(Grouped(job, by, into)), comes_out)


def _sorts(dtype: Any) -> bool:
    return not isinstance(dtype, pl.Struct | pl.List)


def _plain(job: Job | Grouped) -> Any:
    """A job as a function, which is what Spark takes."""

    def answered(batches: Batches) -> Batches:
        return job(batches)

    return answered


def _job(undated: Program, asking: Asking, schema: dict[str, Any]) -> tuple[Job, Any]:
    """The job for a DataFrame with these columns, and the schema of its answers."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    evaluator = evaluator_of(undated, asking, schema)
    nothing = pl.DataFrame(schema=schema)
    made = _presented(evaluator, nothing, evaluator.answers(nothing).table)
    comes_out = from_arrow_schema(made.schema)
    target = to_arrow_schema(comes_out, timestamp_utc=True).serialize().to_pybytes()
    packed = pickle.dumps((undated, asking, schema))
    return Job(hashlib.sha256(packed).hexdigest(), packed, target), comes_out


def session(master: str) -> SparkSession:
    """A session with a master, set up for columns."""
    from pyspark.sql import SparkSession

    if master.startswith("local"):  # the workers are here, and so is their Python
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master(master)
        .appName("policy decide")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH // 2))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def decide_on(master: str, undated: Program, asking: Asking, facts: str, out: str) -> Summary:
    """`policy decide --engine`: a file or folder of facts asked on a cluster, the answers into a folder.

    Spark marks the folder with `_SUCCESS` when it is whole. Raises PolicyError.
    """
    start = time.perf_counter()
    spark = session(master)
    spark.sparkContext.setLogLevel("ERROR")
    try:
        asked = answers_of(_read(spark, facts), undated, asking)
        kinds = {"arrow": "parquet", "lines": "json"}
        kind = kinds.get(format_of(out), format_of(out))
        asked.write.mode("overwrite").format(kind).save(out)
        return _summary(spark.read.schema(asked.schema).format(kind).load(out), undated, asking, start)
    finally:
        spark.stop()


def _read(spark: SparkSession, facts: str) -> DataFrame:
    match format_of(facts):
        case "parquet":
            return spark.read.parquet(facts)
        case "csv":
            return spark.read.csv(facts, header=True, inferSchema=False, mode="FAILFAST", multiLine=True)
    found = Collector()
    found.error("table-format", f"`{Path(facts).name}` is not read on a cluster", None, "make it Parquet or CSV")
    raise PolicyError(found.found)


def _summary(answers: DataFrame, undated: Program, asking: Asking, start: float) -> Summary:
    from pyspark.sql import functions as f

    tally = Tally()
    tally.outcomes.update({row[0]: row[1] for row in answers.groupBy("outcome").count().collect()})
    for name, counted in (("reasons", tally.reasons), ("needs", tally.needs)):
        if name in answers.columns:
            given = answers.select(f.explode(name).alias("name")).groupBy("name").count()
            counted.update({row[0]: row[1] for row in given.collect()})
    problems = answers.where(f.col("problem").isNotNull()).groupBy("problem").count()
    tally.problems.update({row[0]: row[1] for row in problems.limit(100).collect()})
    asked = DatedEvaluator(undated, asking, {})
    remarks = asked.remarks(asking.on.toordinal()) if asking.on else ""
    rows = sum(tally.outcomes.values())
    return Summary(asked.function.id, undated.digest, (), remarks, tally, rows, 0, time.perf_counter() - start)

"""Questions on a Spark cluster (the extra `spark`): the program travels with the job, workers answer by columns.

In: a Spark DataFrame whose columns are facts. Out: a DataFrame of answers, the rulebook's digest on every row. An
answer depends on its row alone, or in a grouped question on the rows of its group, so neither partitions nor their
order, nor a worker that is lost and replaced, change it. Workers need Python with this package and the extra
`columns`.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from functools import cache
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import polars as pl
import pyarrow as pa
from attrs import frozen

from policy.backends.columns.answers import AnswerTally
from policy.batch.dates import DatedEvaluator, TableQuestion, evaluator_of
from policy.batch.decide import AnswerSummary
from policy.batch.from_csv import scanned
from policy.batch.sinks import check_rows, presentable
from policy.batch.sources import BATCH, format_of
from policy.diagnostics import PolicyError
from policy.files import whole_folder
from policy.ir.program import Program
from policy.model import types

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

Batches = Iterator[pa.RecordBatch]

_WRITERS: dict[str, str] = {"parquet": "parquet", "lines": "json"}  # Spark's, by format


@frozen
class Job:
    """What a worker is sent; it is unpickled once by each worker's process."""

    key: str
    packed: bytes  # the program, the question, and the columns
    target: bytes  # the Arrow schema of the answers

    def __call__(self, batches: Batches) -> Batches:
        """The answers to one partition."""
        evaluator = _evaluator(self)
        target = pa.ipc.read_schema(pa.py_buffer(self.target))
        for table in _together(batches):
            answers = evaluator.answers(table).table
            yield from _presented(evaluator, table, answers).cast(target).to_batches()


@frozen
class Grouped:
    """A job on rows sorted by group: each group becomes one row with a list."""

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
    """The evaluator of a job, built once by each worker's process."""
    if job.key not in _evaluators():
        _evaluators().clear()
        _evaluators()[job.key] = evaluator_of(*pickle.loads(job.packed))
    return _evaluators()[job.key]


def _together(batches: Batches) -> Iterator[pl.DataFrame]:
    """Spark's small batches, merged to the size that suits columns."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= BATCH:
            yield pl.DataFrame(pa.Table.from_batches(held))
            held = []
    if held:
        yield pl.DataFrame(pa.Table.from_batches(held))


def _groups(tables: Iterator[pl.DataFrame], by: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """The rows in tables that cut no group in two."""
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
    presented = answers.with_columns(columns)
    if evaluator.asking.dates:
        presented = presented.with_columns(evaluator.remark_column(table[evaluator.asking.dates]))
    kept = table.select(evaluator.asking.no_facts)
    whole: pa.Table = pl.concat([kept, presented], how="horizontal").to_arrow(compat_level=pl.CompatLevel.oldest())
    return whole


# ── driver ───────────────────────────────────────────────────────────────────────


def answers_of(facts: DataFrame, undated: Program, asking: TableQuestion) -> DataFrame:
    """The answers to every row of a DataFrame. Raises PolicyError where its columns do not fit."""
    schema = pl.DataFrame(_arrow_schema(facts.schema).empty_table()).schema
    job, result_schema = _job(undated, asking, dict(schema))
    return _mapped(facts, _plain(job), result_schema)


def _mapped(facts: DataFrame, job: Any, result_schema: Any) -> DataFrame:
    """A job on all columns by their own names, which Spark would read as paths where they have dots."""
    numbered = facts.toDF(*(f"c{n}" for n in range(len(facts.columns))))
    names = facts.columns

    def named(batches: Any) -> Any:
        return job(batch.rename_columns(names) for batch in batches)

    return numbered.mapInArrow(named, result_schema)


def grouped_answers_of(
    facts: DataFrame, undated: Program, asking: TableQuestion, by: tuple[str, ...], into: str
) -> DataFrame:
    """The answers about each group of rows, as about an account with its positions.

    Rows that agree in the columns `by` are one group; their other columns become the list of facts `into`. Columns
    in `by` are facts too, unless `asking` keeps them.
    """
    rows = pl.DataFrame(_arrow_schema(facts.schema).empty_table())
    rest = [c for c in rows.columns if c not in by]
    schema = rows.group_by(by).agg(pl.struct(rest).alias(into)).schema
    job, result_schema = _job(undated, asking, dict(schema))
    sorting = [_quoted(c) for c in (*by, *(c for c in rest if _sorts(rows.schema[c])))]
    together = facts.repartition(*map(_quoted, by)).sortWithinPartitions(*sorting)
    return _mapped(together, _plain(Grouped(job, by, into)), result_schema)


def _quoted(name: str) -> str:
    """A column's name, which Spark would read as a path where it has dots."""
    return "`" + name.replace("`", "``") + "`"


def _sorts(dtype: Any) -> bool:
    return not isinstance(dtype, pl.Struct | pl.List)


def _plain(job: Job | Grouped) -> Any:
    """A job as a function, as Spark requires."""

    def answered(batches: Batches) -> Batches:
        return job(batches)

    return answered


def _job(undated: Program, asking: TableQuestion, schema: dict[str, Any]) -> tuple[Job, Any]:
    """The job for a DataFrame with these columns, and the schema of its answers."""
    from pyspark.sql.pandas.types import from_arrow_schema

    evaluator = evaluator_of(undated, asking, schema)
    nothing = pl.DataFrame(schema=schema)
    empty = _presented(evaluator, nothing, evaluator.answers(nothing).table)
    result_schema = from_arrow_schema(empty.schema)
    target = _arrow_schema(result_schema).serialize().to_pybytes()
    packed = pickle.dumps((undated, asking, schema))
    return Job(hashlib.sha256(packed).hexdigest(), packed, target), result_schema


def _arrow_schema(of: StructType) -> pa.Schema:
    """Spark's types as Arrow's, instants in UTC: so they are up to Spark 4.1, and then in the zone that is named."""
    from pyspark.sql.pandas.types import to_arrow_schema

    if "timezone" in signature(to_arrow_schema).parameters:
        return to_arrow_schema(of, timezone="UTC")
    return to_arrow_schema(of)


def session(master: str) -> SparkSession:
    """A session with a master, configured for columns."""
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


def decide_on(master: str, undated: Program, asking: TableQuestion, facts: str, out: str) -> AnswerSummary:
    """`policy decide --engine`: a file or folder of facts answered on a cluster, into a new folder.

    A local folder appears under its name when every row is in it; at an address, as `hdfs://…`, Spark marks a
    complete one with `_SUCCESS`. Raises PolicyError, and OSError where the folder is not new or empty.
    """
    start = time.perf_counter()
    kind = _WRITERS.get(format_of(out), "")
    if not kind:
        help = "name a folder that ends in `.parquet` or `.jsonl`"
        raise PolicyError.of("table-format", f"`{out}`: a cluster does not write this kind", help)
    if format_of(facts) == "csv" and Path(facts).is_file():
        scanned(Path(facts))
    with _asking(facts):
        spark = session(master)
        try:
            spark.sparkContext.setLogLevel("ERROR")
            read = _read(spark, facts)
            answers = answers_of(read, undated, asking)
            with nullcontext(out) if "://" in out else whole_folder(out) as into:
                answers.write.mode("append").format(kind).save(str(into))
                written = spark.read.schema(answers.schema).format(kind).load(str(into))
                summary = _summary(written, undated, asking, start)
                check_rows(facts, read.count(), summary.rows, written.count())
            return summary
        finally:
            spark.stop()


@contextmanager
def _asking(facts: str) -> Iterator[None]:
    """Raises PolicyError for errors of Spark."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as failure:
        raise spark_failed(facts, str(failure) or type(failure).__name__) from failure


def spark_failed(facts: str, why: str) -> PolicyError:
    """The last cause that Spark names, or the first line of its message."""
    causes = re.findall(r"\[[A-Z_.]+\] .*", why)
    first = causes[-1] if causes else why.strip().partition("\n")[0]
    help = "see whether the master can be reached, and what its log says"
    return PolicyError.of("spark-failed", f"Spark failed to read `{facts}`: {first}", help)


def _read(spark: SparkSession, facts: str) -> DataFrame:
    match format_of(facts):
        case "parquet":
            return spark.read.parquet(facts)
        case "csv":
            # one malformed row refuses all, for Spark does not say which it is
            return spark.read.csv(facts, header=True, inferSchema=False, mode="FAILFAST", multiLine=True, escape='"')
        case "arrow" | "lines":
            message = f"`{Path(facts).name}` is not read on a cluster"
            raise PolicyError.of("table-format", message, "make it Parquet or CSV")
        case format:
            assert_never(format)


def _summary(answers: DataFrame, undated: Program, asking: TableQuestion, start: float) -> AnswerSummary:
    from pyspark.sql import functions as f

    tally = AnswerTally()
    tally.outcomes.update({row[0]: row[1] for row in answers.groupBy("outcome").count().collect()})
    for name, counted in (("reasons", tally.reasons), ("needs", tally.needs)):
        if name in answers.columns:
            given = answers.select(f.explode(name).alias("name")).groupBy("name").count()
            counted.update({row[0]: row[1] for row in given.collect()})
    problems = answers.where(f.col("problem").isNotNull()).groupBy("problem").count()
    tally.problems.update({row[0]: row[1] for row in problems.limit(100).collect()})
    evaluator = DatedEvaluator(undated, asking, {})
    of = types.inner_of(evaluator.function.type)
    if isinstance(of, types.Number):
        total, scale = answers.agg(f.try_sum("value")).collect()[0][0], 0 if asking.scaled else of.scale
        tally.total = None if total is None else int(Fraction(total) * Fraction(10) ** scale)  # none beyond 38 digits
    remarks = evaluator.remarks(asking.on.toordinal()) if asking.on else ""
    rows = sum(tally.outcomes.values())
    return AnswerSummary(
        evaluator.function, undated.digest, (), remarks, tally, rows, seconds=time.perf_counter() - start
    )

"""A question to every row of a file, the answers written to another; memory does not grow with the file.

In: a source, the question, and the output path. Out: a file with a row for each row, and a summary: outcomes by rule,
what is missing, why rows were refused. Batches are answered concurrently and written in order.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from attrs import define, field, frozen

from policy.answers import Answer
from policy.backends.columns.answers import AnswerTally
from policy.backends.columns.evaluator import Answers, ColumnsEvaluator
from policy.batch.dates import DatedEvaluator, TableQuestion, check_kept, evaluator_of
from policy.batch.engines import computing
from policy.batch.sinks import Sink, check_rows, presentable
from policy.batch.sources import BATCH, JsonLines, RowBatch, TableFile
from policy.diagnostics import Collector, Diagnostic
from policy.facts.from_json import parse
from policy.facts.from_table import only_record
from policy.ir.program import Function, Program
from policy.model import types, written
from policy.model.values import show
from policy.source import Source, Span

KERNEL_BATCH = 2_097_152  # rows
Job = TypeVar("Job")
Result = TypeVar("Result")

Progress = Callable[[int, "int | None", float], None]  # rows so far, of how many, and seconds


@define(eq=False)
class AnswerSummary:
    """The outcomes of all the rows."""

    function: Function
    rulebook: str
    missing: tuple[str, ...]  # facts that the table has no column for
    remarks: str = ""  # how far the answers reach, where all are as of one date
    tally: AnswerTally = field(factory=AnswerTally)
    rows: int = 0
    row_by_row: int = 0
    in_c: int = 0  # rows that a kernel answered
    not_in_c: str = ""  # why there was none, for so many rows
    seconds: float = 0.0

    def add(self, answers: Answers) -> None:
        self.tally.add(answers.tally)
        self.rows += answers.table.height
        self.row_by_row += answers.row_by_row
        self.in_c += answers.in_c

    @property
    def total(self) -> str:
        """The values together, where there are some and they are money of one currency; else empty."""
        of, total = types.inner_of(self.function.type), self.tally.total
        is_money = isinstance(of, types.Number) and of.is_money
        return show(total, of) if is_money and total is not None and self.tally.outcomes["value"] else ""

    def as_json(self) -> dict[str, object]:
        return {
            "question": self.function.id,
            "rulebook": self.rulebook,
            "rows": self.rows,
            "outcomes": dict(sorted(self.tally.outcomes.items())),
            **({"total": self.total} if self.total else {}),
            "reasons": dict(most_first(self.tally.reasons)),
            "needs": dict(most_first(self.tally.needs)),
            "problems": dict(most_first(self.tally.problems)),
            "one_by_one": self.row_by_row,
            "in_c": self.in_c,
            **({"not_in_c": self.not_in_c} if self.not_in_c else {}),
            "columns_missing": list(self.missing),
            "remarks": self.remarks,
            "seconds": round(self.seconds, 3),
        }


def most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    """The counts, most frequent first, ties by name."""
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


@frozen(eq=False)
class FileRun:
    """A question to one file, whose columns were checked before the first row."""

    undated: Program
    asking: TableQuestion
    source: TableFile
    evaluator: DatedEvaluator

    @property
    def missing(self) -> tuple[str, ...]:
        return () if self.source.format == "lines" else self.evaluator.ready().layout.missing

    def to(self, path: str | Path, progress: Progress = lambda *_: None, workers: int = 0) -> AnswerSummary:
        """Answers every row into the file `path`, which appears when it is complete."""
        function = self.evaluator.function
        about = {"question": function.id, "rulebook": self.undated.digest}
        about |= {"overlay": self.undated.overlay} if self.undated.overlay else {}
        about |= {"on": self.asking.on.isoformat()} if self.asking.on else {}
        remarks = self.evaluator.remarks(self.asking.on.toordinal()) if self.asking.on else ""
        about |= {"remarks": remarks} if remarks else {}
        summary = AnswerSummary(function, self.undated.digest, self.missing, remarks)
        start = time.perf_counter()
        with Sink(Path(path), about) as sink, computing(self.source.path):
            for table, answers in self.answers(workers):
                summary.add(answers)
                summary.rows += table.height - answers.table.height  # the malformed ones
                sink.write(self.presented(table))
                summary.seconds = time.perf_counter() - start
                progress(summary.rows, self.source.rows, summary.seconds)
            summary.not_in_c = self.evaluator.not_in_c
            if not summary.rows:
                sink.write(self.presented(self._nothing()))
            rows = summary.rows if self.source.rows is None else self.source.rows
            check_rows(self.source.path, rows, summary.tally.outcomes.total(), sink.rows)
        return summary

    def _nothing(self) -> pl.DataFrame:
        """The answers to no rows, which have columns too."""
        if self.source.format == "lines":
            return self._of_lines(JsonLines(()))[0]
        return self._of_batch(RowBatch(pl.DataFrame(schema=self.source.columns), 1))[0]

    def answers(self, workers: int = 0) -> Iterator[tuple[pl.DataFrame, Answers]]:
        """The answers to each batch, as a table with row numbers and the kept columns, and by themselves."""
        if self.source.format == "lines":
            yield from map(self._of_lines, self.source.lines())
        else:
            yield from concurrently(ahead(self.source.batches()), self._of_batch, workers or os.cpu_count() or 1)

    def presented(self, table: pl.DataFrame) -> pl.DataFrame:
        """Answers as they go into a file, with the digest, and where dates differ with remarks."""
        digest = pl.lit(self.undated.digest, dtype=pl.Enum([self.undated.digest]))
        columns = [digest.alias("rulebook")]
        if "value" in table.columns:
            columns.append(presentable(self.evaluator.function.type, self.asking.scaled).alias("value"))
        if self.asking.dates:
            return table.with_columns(*columns, self.evaluator.remark_column(table[self.asking.dates]))
        return table.with_columns(columns)

    def _of_batch(self, batch: RowBatch) -> tuple[pl.DataFrame, Answers]:
        answers = self.evaluator.answers(batch.table, batch.first)
        kept = (
            batch.table.select(self.asking.no_facts)
            if self.asking.no_facts
            else pl.DataFrame(height=batch.table.height)
        )
        table = pl.concat([pl.DataFrame([batch.numbers()]), kept, answers.table], how="horizontal")
        if batch.malformed:
            refused = pl.DataFrame(
                [{"row": n, "outcome": "refused", "problem": why} for n, why in batch.malformed.items()],
                schema={"row": pl.Int64, "outcome": table.schema["outcome"], "problem": pl.String},
            )
            table = pl.concat([table, refused], how="diagonal").sort("row")
            answers.tally.outcomes["refused"] += len(batch.malformed)
            answers.tally.problems.update(batch.malformed.values())
        return table, answers

    def _of_lines(self, lines: JsonLines) -> tuple[pl.DataFrame, Answers]:
        """The answers to lines of JSON, read one by one."""
        answered = [self._line(number, line) for number, line in lines.lines]
        evaluator = self.evaluator.ready()
        answers = evaluator.of_answers([answer for answer, _ in answered])
        kept = pl.DataFrame(
            {name: [cells.get(name) for _, cells in answered] for name in self.asking.no_facts},
            schema=dict.fromkeys(self.asking.no_facts, pl.String),
        )
        numbers = pl.Series("row", [n for n, _ in lines.lines], dtype=pl.Int64)
        return pl.concat([pl.DataFrame([numbers]), kept, answers.table], how="horizontal"), answers

    def _line(self, number: int, line: bytes) -> tuple[Answer | list[Diagnostic], Mapping[str, str]]:
        """The answer to a line, or what is wrong with it; and the kept cells."""
        found = Collector()
        try:
            source = Source(f"{self.source.path} line {number:,}", line.decode("utf-8-sig"))
        except UnicodeDecodeError as failure:
            found.error("not-utf-8", f"byte {failure.start} is not UTF-8", None)
            return found.found, {}
        whole = Span(source, 0, len(source.text.rstrip()))
        document = parse(whole, found)
        if found.found or not isinstance(document, dict):
            if not found.found:
                found.error("facts-type", "the facts are one JSON object", whole)
            return found.found, {}
        cells = {n: cell for n in self.asking.no_facts if (cell := _kept(document.pop(n, None))) is not None}
        day = self._day(cells, found)
        if day is None:
            return found.found, cells
        wrap = only_record(self.evaluator.function)
        facts = {wrap: document} if wrap and wrap not in document else document
        return self.evaluator.evaluator(day.toordinal()).answer_to(facts, whole), cells

    def _day(self, cells: Mapping[str, str], found: Collector) -> date | None:
        if self.asking.on is not None:
            return self.asking.on
        day = written.date(cells.get(self.asking.dates, ""))
        if isinstance(day, int):
            return date.fromordinal(day)
        found.error("facts-time", f"`{self.asking.dates}` is not a date", None)
        return None


def _kept(said: Any) -> str | None:
    """What a line says in a field that is kept: texts and numbers as they are written, anything else as JSON."""
    return said if said is None or isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def run_of(undated: Program, asking: TableQuestion, source: TableFile) -> FileRun:
    """A question to a file. Raises PolicyError where its columns do not fit."""
    schema = {} if source.format == "lines" else source.columns  # lines have each their own fields
    evaluator = evaluator_of(undated, asking, schema)
    check_kept(asking, {"row", "rulebook", *evaluator.ready().shape.schema, *(["remarks"] if asking.dates else [])})
    return FileRun(undated, asking, source, evaluator)


def answers_to(evaluator: ColumnsEvaluator, table: pl.DataFrame, workers: int = 0) -> Iterator[Answers]:
    """The answers to a table in memory, a batch at a time, on all cores."""
    several = workers or os.cpu_count() or 1
    return concurrently(_slices(evaluator, table, several), lambda b: evaluator.answers(b.table, b.first), several)


def _slices(evaluator: ColumnsEvaluator, table: pl.DataFrame, workers: int) -> Iterator[RowBatch]:
    """The rows in their order; more at a time for a kernel, which leaves nothing to the processor's cache."""
    many = max(BATCH, min(KERNEL_BATCH, table.height // (2 * workers)))
    start = 0
    while start < table.height:
        size = BATCH if evaluator.kernels.kernel is None else many
        yield RowBatch(table.slice(start, size), start + 1)
        start += size


def ahead(batches: Iterator[Job]) -> Iterator[Job]:
    """The same batches, the next of which another thread reads in the meantime."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def concurrently(jobs: Iterator[Job], work: Callable[[Job], Result], workers: int) -> Iterator[Result]:
    """The results of jobs run on several threads, in the order of the jobs, with few waiting at any time."""
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(work, job))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

"""`policy demo --rows`: synthetic positions revalued and a synthetic year of orders decided.

In: an undated program, and how many rows. Out: a summary of each, with the total lending value. Absent: files;
nothing is read or written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date

import polars as pl
from attrs import frozen

from policy.backends.columns.evaluator import Answers
from policy.batch import synthetic
from policy.batch.dates import TableQuestion, evaluator_of
from policy.batch.decide import AnswerSummary, Progress, concurrently
from policy.batch.sources import RowBatch
from policy.ir.program import Program

DAY = date(2026, 3, 1)


@frozen(eq=False)
class Shown:
    """The summary of one question about all the rows."""

    what: str
    summary: AnswerSummary


def shown(undated: Program, rows: int, progress: Callable[[str], Progress]) -> list[Shown]:
    """Both questions. `progress` gets the name of each and returns its row counter."""
    revalued = TableQuestion(question="lending_value", on=DAY, scaled=True)
    decided = TableQuestion(question="order_accepted", dates="day", scaled=True)
    return [
        _asked(undated, revalued, synthetic.positions, rows, "positions revalued", progress),
        _asked(undated, decided, synthetic.orders, rows, "orders decided, each as of its own day", progress),
    ]


def _asked(
    undated: Program,
    asking: TableQuestion,
    columns: Callable[[pl.Expr], list[pl.Expr]],
    rows: int,
    what: str,
    progress: Callable[[str], Progress],
) -> Shown:
    schema = next(synthetic.batches(1, columns)).table.schema
    evaluator = evaluator_of(undated, asking, schema)
    summary = AnswerSummary(evaluator.function, undated.digest, evaluator.ready().layout.missing)
    tell, start = progress(what), time.perf_counter()

    def answered(batch: RowBatch) -> Answers:
        return evaluator.answers(batch.table, batch.first)

    for answers in concurrently(synthetic.batches(rows, columns), answered, os.cpu_count() or 1):
        summary.add(answers)
        summary.seconds = time.perf_counter() - start
        tell(summary.rows, rows, summary.seconds)
    return Shown(what, summary)

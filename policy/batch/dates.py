"""A question to tables whose rows each have a date: the law of the day, row by row.

In: an undated program, and one date or the column of dates. Out: answers in the order of the rows. Rows of one period
in which the law does not change are answered together, unless the answer depends on the day itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from threading import Lock

import polars as pl
from attrs import define, field, frozen

from policy.backends.columns.answers import AnswerTally
from policy.backends.columns.evaluator import Answers, ColumnsEvaluator, in_place
from policy.diagnostics import PolicyError
from policy.ir import program as ir
from policy.ir.program import Function, Program
from policy.ir.reach import citable, reach
from policy.ir.simplify import specialised
from policy.model.values import EPOCH_DAY
from policy.pipeline import dated
from policy.rulebook import Rulebook

ROW = "_row_number"


@frozen(kw_only=True)
class TableQuestion:
    """A question to a table: its date or the column of dates, and how the columns are read."""

    question: str
    on: date | None = None
    dates: str = ""  # their column, where `on` is None
    keep: tuple[str, ...] = ()  # columns that are no facts and are copied to the output
    scaled: bool = False

    @property
    def no_facts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.keep, self.dates) if self.dates else self.keep))


@define(eq=False, slots=False)
class DatedEvaluator:
    """One question of a rulebook, on any date."""

    undated: Program
    asking: TableQuestion
    schema: Mapping[str, pl.DataType]
    evaluators: dict[int, ColumnsEvaluator] = field(factory=dict)
    lock: Lock = field(factory=Lock)
    remarks_by_period: dict[int, str] = field(factory=dict)

    @property
    def function(self) -> Function:
        """The question, with the rules of every date."""
        return Rulebook(self.undated).question(self.asking.question)

    def ready(self) -> ColumnsEvaluator:
        """An evaluator of some date, which has checked the columns. Raises PolicyError where they do not fit."""
        if self.asking.dates and self.schema and self.schema.get(self.asking.dates) not in (pl.Date, pl.String):
            has = "is not a column of dates" if self.asking.dates in self.schema else "is not a column of the table"
            raise PolicyError.of("facts-time", f"`{self.asking.dates}` {has}", "it holds the as-of date of each row")
        return self.evaluator((self.asking.on or date(2000, 1, 1)).toordinal())

    def answers(self, table: pl.DataFrame, first: int = 1) -> Answers:
        """The answers to the rows of a table, each as of its date."""
        if self.asking.on is not None:
            return self.evaluator(self.asking.on.toordinal()).answers(table, first)
        numbered = table.with_row_index(ROW, first)
        ordinals = _ordinals(table[self.asking.dates])
        periods = self._periods()
        answered_as = {day: self._representative(day, periods) for day in ordinals.unique().drop_nulls()}
        known = ordinals.replace_strict(answered_as, default=None, return_dtype=pl.Int64)
        parts, tally, alone, in_c = [], AnswerTally(), 0, 0
        for day in sorted(set(answered_as.values())):
            rows = numbered.filter(known == day)
            answers = self.evaluator(day).answers(rows.drop(ROW), first)
            parts.append((rows[ROW], answers.table))
            tally.add(answers.tally)
            alone += answers.row_by_row
            in_c += answers.in_c
        undated = numbered.filter(known.is_null())
        if undated.height:
            parts.append((undated[ROW], self._refused(undated.height, tally)))
        return (
            Answers(in_place(numbered[ROW], parts), tally, alone, in_c)
            if parts
            else self.ready().answers(table, first)
        )

    def evaluator(self, day: int) -> ColumnsEvaluator:
        with self.lock:
            if day not in self.evaluators:
                rulebook = dated(self.undated, date.fromordinal(day))
                asking = self.asking
                rules = [r.name for r in self.function.rules]
                kept = [name for name in asking.no_facts if self.schema]
                self.evaluators[day] = rulebook.columns(asking.question, self.schema, kept, asking.scaled, rules)
            return self.evaluators[day]

    @property
    def not_in_c(self) -> str:
        """Why so many rows were not answered in C; empty where they were, or were few."""
        return next((why for e in self.evaluators.values() if (why := e.kernels.reason)), "")

    def remarks(self, day: int) -> str:
        """How far answers as of a day reach, by all that the question could cite on it; empty without limits."""
        period = bisect_right(self.changes, day)
        with self.lock:
            if period not in self.remarks_by_period:
                program = specialised(self.undated, day)
                remarks = reach(program, citable(program, self.function.id))
                self.remarks_by_period[period] = "; ".join(r.en for r in remarks)
            return self.remarks_by_period[period]

    def remark_column(self, days: pl.Series) -> pl.Series:
        """The remark on each row, as of its date."""
        ordinals = _ordinals(days)
        remarks = {day: self.remarks(day) for day in ordinals.unique().drop_nulls()}
        return ordinals.replace_strict(remarks, default="", return_dtype=pl.String).fill_null("").alias("remarks")

    @cached_property
    def changes(self) -> list[int]:
        """The days on which a rule, a citation or the reading of a source begins or ends."""
        days = {r.holds_until for r in self.undated.readings.values()}
        for f in self.undated.functions.values():
            for body in (f.body, *(r.condition for r in f.rules), *(when for when, _ in f.citations)):
                for e in ir.walk(body):
                    if isinstance(e, ir.Compare) and e.left == ir.Today() and isinstance(e.right, ir.Const):
                        days.add(e.right.value)
        days |= {day for c in citable(self.undated, self.function.id) for day in (c.start, c.end) if day is not None}
        return sorted(days)

    def _refused(self, height: int, tally: AnswerTally) -> pl.DataFrame:
        """Rows without a date are refused."""
        problem = f"`{self.asking.dates}` is not a date"
        tally.outcomes["refused"] += height
        tally.problems[problem] += height
        schema = self.ready().shape.schema
        cells = {"outcome": "refused", "problem": problem}
        return pl.DataFrame({name: [cells.get(name)] * height for name in schema}, schema=schema)

    def _periods(self) -> Sequence[int] | None:
        """The days on which the answer may change; None where it may on any."""
        days = {1}
        bodies = [
            body
            for id in self.undated.calls_first(self.function.id)
            for body in (self.undated.functions[id].body, *(r.condition for r in self.undated.functions[id].rules))
        ]
        for e in (e for body in bodies for e in ir.walk(body)):
            if isinstance(e, ir.Compare) and e.left == ir.Today() and isinstance(e.right, ir.Const):
                days |= {e.right.value, e.right.value + 1}
            elif ir.Today() in ir.parts(e):
                return None
        return None if ir.Today() in bodies else sorted(days)

    def _representative(self, day: int, periods: Sequence[int] | None) -> int:
        """The first day of the period that a day is in."""
        return day if periods is None else periods[max(0, bisect_right(periods, day) - 1)]


def _ordinals(days: pl.Series) -> pl.Series:
    """A column of dates, or of texts of dates, in days; null where a cell is none."""
    if days.dtype == pl.String:
        days = days.str.to_date("%Y-%m-%d", strict=False)
    return days.to_physical().cast(pl.Int64) + EPOCH_DAY


def evaluator_of(undated: Program, asking: TableQuestion, schema: Mapping[str, pl.DataType]) -> DatedEvaluator:
    """The evaluator for tables with these columns. Raises PolicyError where they do not fit the question."""
    evaluator = DatedEvaluator(undated, asking, schema)
    evaluator.ready()
    return evaluator

"""A question asked of tables whose rows are each of a date: the law of the day, row by row.

In: a program of no date yet, and one date or the column that has them. Out: answers in the order of the rows. Rows
of days between which the law does not change are asked together, unless the answer turns on the day itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from threading import Lock
from typing import Any

import polars as pl
from attrs import define, field, frozen

from policy.backends.columns.answers import Tally
from policy.backends.columns.evaluator import Answers, ColumnsEvaluator, in_place
from policy.diagnostics import Collector, PolicyError
from policy.ir import program as ir
from policy.ir.program import Function, Program
from policy.ir.reach import citable, reach
from policy.ir.simplify import specialised
from policy.pipeline import dated
from policy.rulebook import Rulebook

ROW = "_row_number"


@frozen(kw_only=True)
class Asking:
    """What is asked of a table: the question, its date or the column of dates, and how its columns are read."""

    question: str
    on: date | None = None
    dates: str = ""  # the column that has them, where `on` is None
    keep: tuple[str, ...] = ()  # columns that are no facts and come out again
    scaled: bool = False

    @property
    def no_facts(self) -> tuple[str, ...]:
        return (*self.keep, self.dates) if self.dates and self.dates not in self.keep else self.keep


@define(eq=False, slots=False)
class DatedEvaluator:
    """One question of a rulebook, of whatever date."""

    undated: Program
    asking: Asking
    schema: Mapping[str, Any]
    evaluators: dict[int, ColumnsEvaluator] = field(factory=dict)
    lock: Any = field(factory=Lock)
    told: dict[int, str] = field(factory=dict)  # remarks, by the period that they hold for

    @property
    def function(self) -> Function:
        """The question, with the rules of every date."""
        return Rulebook(self.undated).question(self.asking.question)

    def ready(self) -> ColumnsEvaluator:
        """An evaluator of some date, to know the columns by. Raises PolicyError where they are not what is asked."""
        found = Collector()
        if self.asking.dates and self.schema and self.schema.get(self.asking.dates) not in (pl.Date, pl.String):
            has = "is not a column of dates" if self.asking.dates in self.schema else "is not a column of the table"
            found.error("facts-time", f"`{self.asking.dates}` {has}", None, "it says as of when each row is asked")
            raise PolicyError(found.found)
        return self.evaluator((self.asking.on or date(2000, 1, 1)).toordinal())

    def answers(self, table: pl.DataFrame, first: int = 1) -> Answers:
        """The answers to the rows of a table, each as of its date."""
        if self.asking.on is not None:
            return self.evaluator(self.asking.on.toordinal()).answers(table, first)
        numbered = table.with_row_index(ROW, first)
        ordinals = _ordinals(table[self.asking.dates])
        periods = self._periods()
        together = [(day, self._representative(day, periods)) for day in ordinals.unique().drop_nulls()]
        known = ordinals.replace_strict(dict(together), default=None, return_dtype=pl.Int64)
        parts, tally, alone = [], Tally(), 0
        for day in sorted({asked for _, asked in together}):
            rows = numbered.filter(known == day)
            made = self.evaluator(day).answers(rows.drop(ROW), first)
            parts.append((rows[ROW], made.table))
            tally.add(made.tally)
            alone += made.one_by_one
        undated = numbered.filter(known.is_null())
        if undated.height:
            parts.append((undated[ROW], self._refused(undated.height, tally)))
        return Answers(in_place(numbered[ROW], parts), tally, alone) if parts else self.ready().answers(table, first)

    def evaluator(self, day: int) -> ColumnsEvaluator:
        with self.lock:
            if day not in self.evaluators:
                rulebook = dated(self.undated, date.fromordinal(day))
                asking = self.asking
                rules = [r.name for r in self.function.rules]
                kept = [name for name in asking.no_facts if self.schema]
                self.evaluators[day] = rulebook.columns(asking.question, self.schema, kept, asking.scaled, rules)
            return self.evaluators[day]

    def remarks(self, day: int) -> str:
        """How far answers as of a day reach, by all that the question could cite on it; empty where all is said."""
        period = bisect_right(self.changes, day)
        with self.lock:
            if period not in self.told:
                program = specialised(self.undated, day)
                remarks = reach(program, citable(program, self.function.id))
                self.told[period] = "; ".join(r.en for r in remarks)
            return self.told[period]

    def remark_column(self, days: pl.Series) -> pl.Series:
        """The remark on each row, as of its date."""
        ordinals = _ordinals(days)
        told = {day: self.remarks(day) for day in ordinals.unique().drop_nulls()}
        return ordinals.replace_strict(told, default="", return_dtype=pl.String).fill_null("").alias("remarks")

    @cached_property
    def changes(self) -> list[int]:
        """The days on which something comes into force or ends, or a source's reading does."""
        days = {r.holds_until for r in self.undated.readings.values()}
        for f in self.undated.functions.values():
            for body in (f.body, *(r.condition for r in f.rules), *(when for when, _ in f.citations)):
                for e in ir.walk(body):
                    if isinstance(e, ir.Compare) and e.left == ir.Today() and isinstance(e.right, ir.Const):
                        days.add(e.right.value)
        days |= {day for c in citable(self.undated, self.function.id) for day in (c.start, c.end) if day is not None}
        return sorted(days)

    def _refused(self, height: int, tally: Tally) -> pl.DataFrame:
        """Rows without a date are not asked as of any other."""
        problem = f"`{self.asking.dates}` is not a date"
        tally.outcomes["refused"] += height
        tally.problems[problem] += height
        schema = self.ready().shape.schema
        told = {"outcome": "refused", "problem": problem}
        return pl.DataFrame({name: [told.get(name)] * height for name in schema}, schema=schema)

    def _periods(self) -> Sequence[int] | None:
        """The days on which what is asked may change; None where it may on any."""
        days = {1}
        bodies = [
            body
            for id in self.undated.calls_first(self.function.id)
            for body in (self.undated.functions[id].body, *(r.condition for r in self.undated.functions[id].rules))
        ]
        for e in (e for body in bodies for e in ir.walk(body)):
            match e:
                case ir.Compare(_, ir.Today(), ir.Const(day)):
                    days |= {day, day + 1}
                case _ if ir.Today() in ir.parts(e):
                    return None
        return None if ir.Today() in bodies else sorted(days)

    def _representative(self, day: int, periods: Sequence[int] | None) -> int:
        """The first day of the period that a day is in."""
        return day if periods is None else periods[max(0, bisect_right(periods, day) - 1)]


def _ordinals(days: pl.Series) -> pl.Series:
    """A column of dates, or of texts of dates, in days; null where it is none."""
    if days.dtype == pl.String:
        days = days.str.to_date("%Y-%m-%d", strict=False)
    return days.to_physical().cast(pl.Int64) + 719_163


def evaluator_of(undated: Program, asking: Asking, schema: Mapping[str, Any]) -> DatedEvaluator:
    """What answers tables with these columns. Raises PolicyError where they are not what is asked."""
    made = DatedEvaluator(undated, asking, schema)
    made.ready()
    return made

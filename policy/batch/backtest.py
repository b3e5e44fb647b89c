"""Backtest: one question to two rulebooks over a history, the differences by rule and by amount.

In: two programs, one question, and a table of facts under the names of the earlier program, with the date of each row
or one for all. Out: `RowFlips`: rows by old and new outcome, rows for which a rule is a reason in one rulebook only,
and their amounts, exact. Absent: where the history comes from, and how the result is shown.
"""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path

import polars as pl
from attrs import define, evolve, field, frozen

from policy.answers import Outcome
from policy.backends.columns.totals import halves, total, whole
from policy.batch.dates import DatedEvaluator, TableQuestion, check_kept, evaluator_of
from policy.batch.decide import Progress, ahead, concurrently
from policy.batch.engines import computing
from policy.batch.sinks import Sink, check_rows, presentable
from policy.batch.sources import RowBatch, TableFile
from policy.diagnostics import PolicyError
from policy.ir.program import Function, Program
from policy.model import types
from policy.model.values import show
from policy.verify.common_type import Conversion, comparable
from policy.verify.symbolic import CannotEncodeError
from policy.verify.vocabulary import old_question, under_old_names

OUTCOMES = ("old", "new")
COMPARED = ("outcome", "value", "reasons")
VALUE, REFUSED = Outcome.VALUE.value, "refused"


@define(eq=False)
class Amounts:
    """The number of rows and their total amount; rows of unknown amount are counted apart."""

    rows: int = 0
    amount: int = 0
    unknown: int = 0

    def add(self, rows: int, amount: int, unknown: int) -> None:
        self.rows += rows
        self.amount += amount
        self.unknown += unknown


@define(eq=False)
class RowFlips:
    """The differences between the answers of two rulebooks."""

    question: str
    amount: types.AnswerType | None  # of amounts
    rows: int = 0
    outcomes: dict[tuple[str, str], Amounts] = field(factory=dict)  # equal ones included
    rules: dict[tuple[str, str], Amounts] = field(factory=dict)  # by rule, and the only rulebook with that reason
    of: types.AnswerType | None = None  # in which answers are compared; None where none are ever equal
    values: Amounts = field(factory=Amounts)  # rows whose value differs, and the sum of new minus old
    seconds: float = 0.0

    def malformed(self, rows: int) -> None:
        """Counts rows that neither rulebook reads."""
        if rows:
            self.rows += rows
            self.outcomes.setdefault((REFUSED, REFUSED), Amounts()).add(rows, 0, 0 if self.amount is None else rows)

    @property
    def changed(self) -> int:
        """Rows whose outcome or value differs."""
        return sum(a.rows for (old, new), a in self.outcomes.items() if old != new) + self.values.rows

    def as_json(self) -> dict[str, object]:
        return {
            "question": self.question,
            "rows": self.rows,
            "changed": self.changed,
            "outcomes": [
                {"old": old, "new": new, **self._amounts(a)} for (old, new), a in sorted(self.outcomes.items())
            ],
            "rules": [
                {"rule": rule, "only": side, **self._amounts(a)}
                for (rule, side), a in sorted(self.rules.items(), key=lambda item: (-item[1].rows, item[0]))
            ],
            "values": {
                "rows": self.values.rows,
                "difference": self.values.amount,
                "absent": self.values.unknown,  # in one of both, so that there is no difference
            },
            "seconds": round(self.seconds, 3),
        }

    def _amounts(self, a: Amounts) -> dict[str, object]:
        if self.amount is None:
            return {"rows": a.rows}
        return {"rows": a.rows, "amount": show(a.amount, self.amount), "amount_unknown": a.unknown}


@frozen(eq=False, slots=False)
class TableBacktest:
    """Two rulebooks and one history, whose columns fit both."""

    old: DatedEvaluator
    new: DatedEvaluator
    amount: DatedEvaluator | None
    source: TableFile

    @cached_property
    def alike(self) -> tuple[types.AnswerType, Conversion, Conversion] | None:
        """The type in which answers are compared, and how both become it; None where none are ever equal.

        Raises PolicyError.
        """
        try:
            return comparable(self.old.function.type, self.new.function.type, self.new.undated.renamed)
        except CannotEncodeError as reason:
            message, help = f"the answers are not compared: {reason}", "ask for a value within them, in one step"
            raise PolicyError.of("facts-type", message, help) from reason

    def run(self, out: str | Path | None = None, progress: Progress = lambda *_: None, workers: int = 0) -> RowFlips:
        """Answers every row by both rulebooks; the rows that differ are written to `out`, if given."""
        amount = self.amount.function.type if self.amount else None
        flips = RowFlips(self.new.function.id, amount, of=self.alike[0] if self.alike else None)
        start = time.perf_counter()
        batches = concurrently(ahead(self.source.batches()), self._compared, workers or os.cpu_count() or 1)
        about = {"old": self.old.undated.digest, "new": self.new.undated.digest, "question": flips.question}
        with nullcontext() if out is None else Sink(Path(out), about) as sink, computing(self.source.path):
            for table, malformed in batches:
                flips.malformed(malformed)
                self._count(table, flips, start, progress)
                if sink is not None:
                    sink.write(self._presented(table.filter(self._differs(table))))
            answered = sum(amounts.rows for amounts in flips.outcomes.values())
            check_rows(self.source.path, self.source.rows or 0, answered, flips.rows)
        return flips

    def _compared(self, batch: RowBatch) -> tuple[pl.DataFrame, int]:
        """Both answers to each row, and its amount; and how many rows are malformed."""
        old, new = (e.answers(batch.table, batch.first).table for e in (self.old, self.new))
        kept = batch.table.select(self.old.asking.no_facts)
        columns = [batch.numbers(), *kept.get_columns()]
        for side, table in zip(OUTCOMES, (old, new), strict=True):
            compared = [c for c in COMPARED if c in table.columns]
            columns += [(_plain(table[c]) if c == "reasons" else table[c]).alias(f"{side}_{c}") for c in compared]
        if self.amount is not None:
            columns.append(self.amount.answers(batch.table, batch.first).table["value"].alias("amount"))
        return pl.DataFrame(columns), len(batch.malformed)

    def _count(self, table: pl.DataFrame, flips: RowFlips, start: float, progress: Progress) -> None:
        amount = pl.col("amount") if self.amount is not None else pl.lit(0, dtype=pl.Int128)
        counts = table.group_by("old_outcome", "new_outcome").agg(_counts(amount))
        for old, new, rows, *sums, unknown in counts.iter_rows():
            flips.outcomes.setdefault((old, new), Amounts()).add(rows, whole(*sums), unknown)
        if "old_reasons" in table.columns:
            for side, other in (OUTCOMES, OUTCOMES[::-1]):
                only = pl.col(f"{side}_reasons").list.set_difference(f"{other}_reasons").alias("rule")
                given = table.select(only, amount.alias("a")).explode("rule", empty_as_null=False, keep_nulls=False)
                for rule, rows, *sums, unknown in given.group_by("rule").agg(_counts(pl.col("a"))).iter_rows():
                    flips.rules.setdefault((rule, side), Amounts()).add(rows, whole(*sums), unknown)
        if "old_value" in table.columns:
            differing = table.filter(self._other_value().fill_null(False))
            both = differing.filter(pl.col("old_value").is_not_null() & pl.col("new_value").is_not_null())
            flips.values.add(differing.height, self._less(both), differing.height - both.height)
        flips.rows += table.height
        flips.seconds = time.perf_counter() - start
        progress(flips.rows, self.source.rows, flips.seconds)

    def _differs(self, table: pl.DataFrame) -> pl.Expr:
        """Rows whose outcome, value or reasons are not the same."""
        compared = [c.removeprefix("old_") for c in table.columns if c.startswith("old_")]
        other = [pl.col(f"old_{c}").ne_missing(pl.col(f"new_{c}")) for c in compared if c != "value"]
        if "value" in compared:
            one_missing = pl.col("old_value").is_null() != pl.col("new_value").is_null()
            other.append(pl.coalesce(self._other_value(), one_missing))
        return pl.any_horizontal(other)

    def _other_value(self) -> pl.Expr:
        """That two values, of which one may be absent, are not equal as quantities; null where there are not two."""
        old, new = pl.col("old_value"), pl.col("new_value")
        if self.alike is None:
            other = pl.lit(True)
        elif self._number is not None:
            _, was, now = self.alike
            coarse, fine, factor = (old, new, was.factor) if was.factor > 1 else (new, old, now.factor)
            other = old != new if factor == 1 else (fine % factor != 0) | (fine // factor != coarse)
        elif self.alike[1].names:
            other = old.replace(dict(self.alike[1].names)) != new
        else:
            other = old != new
        answered = (pl.col("old_outcome") == VALUE) & (pl.col("new_outcome") == VALUE)
        either, both = old.is_null() | new.is_null(), old.is_null() & new.is_null()
        return pl.when(answered & either).then(~both).when(answered).then(other)

    @property
    def _number(self) -> types.Number | None:
        """The type of answers that are numbers, some of which may be absent."""
        of = None if self.alike is None else self.alike[0]
        inner = types.inner_of(of)
        return inner if isinstance(inner, types.Number) else None

    def _less(self, differing: pl.DataFrame) -> int:
        """How much less the old values are together, in the type of both; nothing where it is no number."""
        if self.alike is None or self._number is None:
            return 0
        old, new = (total(differing[c]) for c in ("old_value", "new_value"))
        return new * self.alike[2].factor - old * self.alike[1].factor

    def _presented(self, table: pl.DataFrame) -> pl.DataFrame:
        """The rows that differ, in decimals, dates and times."""
        scaled = self.old.asking.scaled
        shown = []
        for name, of in (("old_value", self.old.function.type), ("new_value", self.new.function.type)):
            if name in table.columns:
                shown.append(_shown(table, name, of, scaled))
        if self.amount is not None:
            shown.append(_shown(table, "amount", self.amount.function.type, scaled))
        return table.with_columns(shown)


def _counts(amount: pl.Expr) -> tuple[pl.Expr, ...]:
    """How many rows, the halves of the sum of their amounts, and how many amounts are unknown."""
    return pl.len().alias("rows"), *halves(amount), amount.is_null().sum().alias("unknown")


def _shown(table: pl.DataFrame, name: str, of: types.AnswerType, scaled: bool) -> pl.Series:
    return table.select(pl.col(name).alias("value")).select(presentable(of, scaled).alias(name))[name]


def _plain(column: pl.Series) -> pl.Series:
    """Reasons as texts, as the rules of two rulebooks have different names."""
    return column.cast(pl.List(pl.String)).fill_null([]) if isinstance(column.dtype, pl.List) else column


def backtest_of(
    old: Program, new: Program, asking: TableQuestion, source: TableFile, amount: str = ""
) -> TableBacktest:
    """A backtest. Raises PolicyError where the question or the columns do not fit one of the rulebooks."""
    if source.format == "lines":
        message = "a history in JSON Lines is not read in columns"
        raise PolicyError.of("table-format", message, "make it Parquet, Arrow or CSV")
    then = evolve(asking, question=old_question(old, new, asking.question))
    new = under_old_names(old, new)
    sides = [evaluator_of(program, a, source.columns) for program, a in ((old, then), (new, asking))]
    of_each = [c for c in COMPARED if c in sides[0].ready().shape.schema]
    check_kept(
        asking, {"row", *(f"{side}_{c}" for side in OUTCOMES for c in of_each), *(["amount"] if amount else [])}
    )
    measured = evaluator_of(new, evolve(asking, question=amount), source.columns) if amount else None
    if measured is not None and not _is_number(measured.function):
        message = f"`{measured.function.id}` is not an amount"
        raise PolicyError.of("facts-type", message, "name a value that is a number")
    return TableBacktest(sides[0], sides[1], measured, source)


def _is_number(function: Function) -> bool:
    return isinstance(function.type, types.Number) and function.kind in ("value", "table")

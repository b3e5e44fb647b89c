"""Answers as a table: outcome, value, reasons, needs and problem, the same columns for every row.

`value` is a scaled integer (days of a date, microseconds of an instant), a text or a boolean, and else null.
`reasons` are the names of the rules that apply, `needs` what is missing, `problem` why a row was refused or the
rules fail.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import assert_never

import polars as pl
from attrs import define, field, frozen

from policy.answers import Answer, Outcome
from policy.backends.columns.kernel import KernelAnswers
from policy.backends.columns.operators import looked_up
from policy.backends.columns.totals import total
from policy.diagnostics import Diagnostic, in_one_line
from policy.ir.program import Function
from policy.model import types
from policy.model.types import AnswerType
from policy.vocabulary import RuntimeValue

OUTCOMES = (*(o.value for o in Outcome), "refused")
OUTCOME = pl.Enum(OUTCOMES)
NEEDS = pl.List(pl.String)
_VALUES = re.compile(r"(?<=: )`[^`]*`|(?<=did you mean )`[^`]*`|(?<=is )-?[0-9][0-9,.]*|(?<=\[)[0-9]+(?=\])")
MOST_COMBINATIONS = 4_096  # of reasons and of needs, remembered from batch to batch


@frozen(eq=False)
class AnswerColumns:
    """The columns of a question's answers."""

    function: Function
    value: pl.DataType | None  # the type of the column, None for a decision
    reasons: pl.DataType | None  # likewise, None for any other question

    @property
    def adds_up(self) -> bool:
        """Whether the values are numbers."""
        return isinstance(types.inner_of(self.function.type), types.Number)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        columns = {
            "outcome": OUTCOME,
            "value": self.value,
            "reasons": self.reasons,
            "needs": NEEDS,
            "problem": pl.String(),
        }
        return {name: dtype for name, dtype in columns.items() if dtype is not None}


def shape_of(function: Function, rules: Sequence[str] = ()) -> AnswerColumns:
    if function.kind == "decision":
        names = dict.fromkeys(rules or (r.name for r in function.rules))
        return AnswerColumns(function, None, pl.List(pl.Enum(list(names))))
    return AnswerColumns(function, _column_of(function.type), None)


def _column_of(of: AnswerType) -> pl.DataType:
    match of:
        case types.Results(fields=fields):
            return pl.Struct({name: _column_of(inner) for name, inner in fields})
        case types.OptionalOf(item):
            return _column_of(item)
        case types.Boolean():
            return pl.Boolean()
        case types.Text() | types.Enum():
            return pl.String()
        case types.ListOf(item) | types.SetOf(item):
            return pl.List(_column_of(item))
        case types.Number() | types.Date() | types.Instant() | types.Record() | types.Broken():
            return pl.Int128()
        case _:
            assert_never(of)


def drafts_of(shape: AnswerColumns) -> Drafts:
    return Drafts(shape, Combinations(shape.reasons or pl.Null()), Combinations(NEEDS))


def _value_of(answer: Answer | list[Diagnostic], of: AnswerType) -> RuntimeValue:
    return None if isinstance(answer, list) or answer.value is None else _held(answer.value, of)


def _held(value: RuntimeValue, of: AnswerType) -> RuntimeValue:
    """A value as its column holds it."""
    if isinstance(of, types.Results):
        return {name: _held(v, inner) for (name, inner), v in zip(of.fields, value, strict=True)}
    return sorted(value) if isinstance(value, frozenset) else value


@define(eq=False)
class Combinations:
    """Lists of names, each under its number; 0 is no list. Several batches may share them."""

    dtype: pl.DataType
    numbers: dict[tuple[str, ...], int] = field(factory=dict)
    lock: Lock = field(factory=Lock)
    _series: pl.Series | None = None

    def number(self, names: tuple[str, ...]) -> int:
        with self.lock:
            return self.numbers.setdefault(names, len(self.numbers) + 1) if names else 0

    def lists(self, numbers: pl.Expr) -> pl.Expr:
        """The list of each number."""
        with self.lock:
            if not self.numbers:
                return pl.lit(None, dtype=self.dtype)
            if self._series is None or len(self._series) <= len(self.numbers):
                self._series = pl.Series([None, *map(list, self.numbers)], dtype=self.dtype)
            return looked_up(self._series, numbers)


@define
class AnswerTally:
    """How often each outcome, reason, need and problem occurs. Problems are counted without the values in them.

    `total` is the exact sum of the values, in units of their scale, where they are numbers; None where it is beyond
    what counted them.
    """

    outcomes: Counter[str] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    needs: Counter[str] = field(factory=Counter)
    problems: Counter[str] = field(factory=Counter)
    total: int | None = 0

    def count(self, found: KernelAnswers) -> None:
        """Counts the answers of a kernel."""
        self._add(found.total)
        for one, rows in zip(found.answers, found.rows, strict=True):
            if rows:
                self.outcomes[one.outcome.value] += rows
                self.reasons.update(dict.fromkeys(one.reasons, rows))
                self.needs.update(dict.fromkeys(one.needs, rows))

    def add(self, other: AnswerTally) -> None:
        self.outcomes.update(other.outcomes)
        self.reasons.update(other.reasons)
        self.needs.update(other.needs)
        self.problems.update(other.problems)
        self._add(other.total)

    def _add(self, total: int | None) -> None:
        self.total = None if self.total is None or total is None else self.total + total


@frozen(eq=False)
class _Few:
    """The different answers of a kernel, in the rows of their numbers; columns that hold one thing alone are kept."""

    drafts: pl.DataFrame
    finished: pl.DataFrame
    columns: dict[str, pl.Series] = field(factory=dict)

    def repeated(self, column: pl.Series, height: int) -> pl.Series:
        kept = self.columns.get(column.name)
        if kept is None or len(kept) < height:
            kept = self.columns[column.name] = column[1:2].new_from_index(0, height)
        return kept[:height]


@frozen(eq=False)
class Drafts:
    """Builds the answers to batches, in parts and in any order; lists are held by number until the end."""

    shape: AnswerColumns
    reasons: Combinations
    needs: Combinations
    masks: dict[tuple[int, ...], int] = field(factory=dict)  # to the numbers of reasons
    few: dict[bytes, _Few] = field(factory=dict)  # the last of a kernel

    @property
    def is_full(self) -> bool:
        """Whether so many combinations are remembered that it is time to start again."""
        return len(self.reasons.numbers) + len(self.needs.numbers) > MOST_COMBINATIONS

    @property
    def schema(self) -> dict[str, pl.DataType]:
        held: dict[str, pl.DataType] = {"outcome": pl.UInt8(), "reasons": pl.UInt32(), "needs": pl.UInt32()}
        return {name: held.get(name, dtype) for name, dtype in self.shape.schema.items()}

    def tally(self, drafts: pl.DataFrame) -> AnswerTally:
        """How often each outcome, reason and need occurs, and why rows were refused or failed."""
        tally = AnswerTally()
        tally.outcomes.update({OUTCOMES[n]: count for n, count in drafts["outcome"].value_counts().iter_rows()})
        for combinations, counted, name in (
            (self.reasons, tally.reasons, "reasons"),
            (self.needs, tally.needs, "needs"),
        ):
            if name in drafts.columns:
                lists = [(), *combinations.numbers]
                for number, count in drafts[name].value_counts().iter_rows():
                    counted.update(dict.fromkeys(lists[number], count))
        problems = drafts["problem"].drop_nulls()
        tally.problems.update(_VALUES.sub("…", problem) for problem in problems)
        if self.shape.adds_up:
            tally.total = total(drafts["value"])
        return tally

    def finished(self, drafts: pl.DataFrame) -> pl.DataFrame:
        """The answers with their lists in place of numbers."""
        columns = {
            "outcome": looked_up(pl.Series(OUTCOMES, dtype=OUTCOME), pl.col("outcome")),
            "reasons": self.reasons.lists(pl.col("reasons")),
            "needs": self.needs.lists(pl.col("needs")),
        }
        replaced = [columns[name].alias(name) for name in self.shape.schema if name in columns]
        return drafts.with_columns(replaced).select(n for n in self.shape.schema if n in drafts.columns)

    def answered(self, result: pl.DataFrame) -> pl.DataFrame:
        """The answers in a plan's result; those of rows that are unknown or faults are to be replaced."""
        columns: list[pl.Expr | pl.Series]
        columns = [pl.lit(0, dtype=pl.UInt32).alias("needs"), pl.lit(None, dtype=pl.String).alias("problem")]
        if self.shape.reasons is None:
            outcome = pl.lit(OUTCOMES.index("value"), dtype=pl.UInt8)
            columns.append(_value(self.shape, result).alias("value"))
        else:
            permitted, denied = (pl.lit(OUTCOMES.index(o), dtype=pl.UInt8) for o in ("permitted", "denied"))
            outcome = pl.when("value0").then(permitted).otherwise(denied)
            columns.append(self._reasons(result))
        return result.with_columns(outcome.alias("outcome"), *columns).select(list(self.schema))

    def values(self, result: pl.DataFrame) -> tuple[pl.DataFrame, AnswerTally]:
        """The finished answers of a plan's result that has a value for every row."""
        known = {"outcome": pl.lit("value", dtype=OUTCOME), "value": _value(self.shape, result)}
        columns = [known.get(n, pl.lit(None, dtype=d)).alias(n) for n, d in self.shape.schema.items()]
        answers = result.with_columns(columns).select(list(self.shape.schema))
        added = total(answers["value"]) if self.shape.adds_up else 0
        return answers, AnswerTally(Counter(value=result.height), total=added)

    def of_kernel(self, found: KernelAnswers, finished: bool) -> pl.DataFrame:
        """The answers of a kernel; those of rows that it leaves are to be replaced. As drafts, or finished."""
        made = self.few.get(found.key)
        if made is None:
            drafts = self._few(found)
            made = _Few(drafts, self.finished(drafts))
            self.few.clear()
            self.few[found.key] = made
        few, columns, others = made.finished if finished else made.drafts, dict[str, pl.Series](), list[pl.Series]()
        for name, one in zip(few.columns, few.get_columns(), strict=True):
            if not found.left and (few.height == 2 or one.null_count() == few.height):
                columns[name] = made.repeated(one, len(found.numbers))
            else:
                others.append(one)
        if others:
            gathered = pl.DataFrame(others)[found.numbers]  # together, which looks at the numbers once
            columns |= zip(gathered.columns, gathered.get_columns(), strict=True)
        if found.value is not None:
            columns["value"] = found.value
        return pl.DataFrame({name: columns[name] for name in self.schema})

    def _few(self, found: KernelAnswers) -> pl.DataFrame:
        """The different answers of a kernel as drafts, in the rows of their numbers."""
        rows = [{"outcome": OUTCOMES.index("refused"), "reasons": 0, "needs": 0}]
        for one in found.answers:
            reasons, needs = self.reasons.number(one.reasons), self.needs.number(one.needs)
            rows.append({"outcome": OUTCOMES.index(one.outcome.value), "reasons": reasons, "needs": needs})
        return pl.DataFrame(rows, schema={n: d for n, d in self.schema.items() if n != "value"})

    def _reasons(self, result: pl.DataFrame) -> pl.Expr | pl.Series:
        """The rules that apply, as the number of their combination."""
        masks = [c for c in result.columns if c.startswith(("deny", "permit"))]
        if not masks:
            return pl.lit(self.reasons.number(("otherwise",)), dtype=pl.UInt32).alias("reasons")
        found = result.select(masks).unique()
        numbers = [self._combination(masks, row) for row in found.iter_rows()]
        numbered = found.with_columns(pl.Series("reasons", numbers, dtype=pl.UInt32))
        return result.select(masks).join(numbered, on=masks, how="left", maintain_order="left")["reasons"]

    def _combination(self, columns: list[str], masks: tuple[int, ...]) -> int:
        if masks not in self.masks:
            names = _names(self.shape.function, dict(zip(columns, masks, strict=True)))
            self.masks[masks] = self.reasons.number(names)
        return self.masks[masks]

    def undecided(self, needs: pl.Series, names: tuple[str, ...]) -> pl.DataFrame:
        """Rows that are undecided, by the bits of what they need."""
        found = needs.unique()
        combinations = (tuple(sorted(name for n, name in enumerate(names) if mask >> n & 1)) for mask in found)
        numbers = pl.Series("needs", map(self.needs.number, combinations), dtype=pl.UInt32)
        numbered = pl.DataFrame([found.alias("mask"), numbers])
        rows = pl.DataFrame([needs.alias("mask")]).join(numbered, on="mask", how="left", maintain_order="left")
        outcome = pl.lit(OUTCOMES.index("undecided"), dtype=pl.UInt8).alias("outcome")
        rest = {"value": None, "reasons": 0, "problem": None}
        columns = [pl.lit(rest[n], dtype=d).alias(n) for n, d in self.schema.items() if n in rest]
        return rows.with_columns(outcome, *columns).select(list(self.schema))

    def row_by_row(self, answers: Sequence[Answer | list[Diagnostic]]) -> pl.DataFrame:
        """Answers given one by one, and findings where a row was refused."""
        rows = []
        for answer in answers:
            cells: dict[str, RuntimeValue] = {
                "value": _value_of(answer, self.shape.function.type),
                "reasons": 0,
                "needs": 0,
            }
            if isinstance(answer, list):
                cells |= {"outcome": OUTCOMES.index("refused"), "problem": in_one_line(answer)}
            else:
                cells["outcome"] = OUTCOMES.index(answer.outcome.value)
                cells["reasons"] = self.reasons.number(tuple(r.rule for r in answer.reasons))
                cells["needs"] = self.needs.number(answer.needs)
                cells["problem"] = answer.verdict.fault or None
            rows.append({name: cells[name] for name in self.schema})
        return pl.DataFrame(rows, schema=self.schema)


def _value(shape: AnswerColumns, result: pl.DataFrame) -> pl.Expr:
    if isinstance(shape.function.type, types.Results):
        return _struct(shape.function.type, result, iter(range(result.width)))
    names = [c for c in result.columns if c.startswith("value")]
    if isinstance(shape.value, pl.List):
        return pl.concat_list([pl.col(n).cast(shape.value.inner) for n in names])
    assert shape.value is not None
    value = pl.col("value0").cast(shape.value)
    return pl.when("present0").then(value) if "present0" in result.columns else value


def _struct(of: types.Results, result: pl.DataFrame, numbers: Iterator[int]) -> pl.Expr:
    """The fields of a record, which stand one after the other in the plan's result."""
    fields = []
    for name, inner in of.fields:
        if isinstance(inner, types.Results):
            fields.append(_struct(inner, result, numbers).alias(name))
        else:
            n = next(numbers)
            value = pl.col(f"value{n}").cast(_column_of(inner))
            if f"present{n}" in result.columns:
                value = pl.when(pl.col(f"present{n}")).then(value)
            fields.append(value.alias(name))
    return pl.struct(fields)


def _names(function: Function, masks: dict[str, int]) -> tuple[str, ...]:
    held = []
    for effect in ("deny", "permit"):
        rules = [r.name for r in function.rules[:-1] if r.effect == effect]
        for column, mask in masks.items():
            if column.startswith(effect):
                start = int(column.removeprefix(effect))
                held += [name for n, name in enumerate(rules[start:]) if mask >> n & 1]
    return tuple(sorted(held, key=[r.name for r in function.rules].index)) or ("otherwise",)

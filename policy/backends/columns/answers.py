"""Answers as a table: outcome, value, reasons and needs, and what was wrong, the same columns for every row.

`value` is a scaled integer (days of a date, microseconds of an instant), a text or a boolean; null where there is
none. `reasons` are the names of the rules that apply, `needs` what is missing, `problem` why a row was refused or
the rules give no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from attrs import frozen

from policy.decisions import Answer, Outcome
from policy.diagnostics import Diagnostic
from policy.ir.program import Function
from policy.model import types
from policy.model.types import Type

OUTCOMES = (*(o.value for o in Outcome), "refused")
OUTCOME = pl.Enum(OUTCOMES)
NEEDS = pl.List(pl.String)


@frozen(eq=False)
class Shape:
    """The columns of a question's answers."""

    function: Function
    value: Any  # the type of the column, None for a decision
    reasons: Any  # likewise, None for anything else

    @property
    def schema(self) -> dict[str, Any]:
        columns = {
            "outcome": OUTCOME,
            "value": self.value,
            "reasons": self.reasons,
            "needs": NEEDS,
            "problem": pl.String,
        }
        return {name: dtype for name, dtype in columns.items() if dtype is not None}

    def of_answers(self, answers: Sequence[Answer | list[Diagnostic]]) -> pl.DataFrame:
        """Answers given one by one, and findings where a row was refused."""
        columns: dict[str, list[Any]] = {name: [] for name in self.schema}
        for answer in answers:
            for name, cells in columns.items():
                cells.append(_cell(name, answer))
        return pl.DataFrame(columns, schema=self.schema)


def shape_of(function: Function) -> Shape:
    if function.kind == "decision":
        return Shape(function, None, pl.List(pl.Enum(list(dict.fromkeys(r.name for r in function.rules)))))
    return Shape(function, _column_of(function.type), None)


def _column_of(of: Type) -> Any:
    match of:
        case types.OptionalOf(item):
            return _column_of(item)
        case types.Boolean():
            return pl.Boolean()
        case types.Text() | types.Enum():
            return pl.String()
        case types.ListOf(item) | types.SetOf(item):
            return pl.List(_column_of(item))
    return pl.Int128()


def _cell(name: str, answer: Answer | list[Diagnostic]) -> Any:
    if isinstance(answer, list):
        told = {"outcome": "refused", "problem": "; ".join(d.message for d in answer)}
        return told.get(name)
    match name:
        case "outcome":
            return answer.outcome.value
        case "value":
            return sorted(answer.value) if isinstance(answer.value, frozenset) else answer.value
        case "reasons":
            return [r.rule for r in answer.reasons] or None
        case "needs":
            return list(answer.needs) or None
    return answer.verdict.fault or None


def answered(shape: Shape, result: pl.DataFrame) -> pl.DataFrame:
    """The answers in a plan's result, none of which is unknown or a fault."""
    if shape.reasons is not None:
        outcome = (
            pl.when("value0").then(pl.lit("permitted", dtype=OUTCOME)).otherwise(pl.lit("denied", dtype=OUTCOME))
        )
        columns = [result.select(outcome.alias("outcome"))["outcome"], _reasons(shape, result)]
    else:
        columns = [_constant("outcome", "value", OUTCOME, result.height), _value(shape, result)]
    columns += [_constant("needs", None, NEEDS, result.height), _constant("problem", None, pl.String, result.height)]
    return pl.DataFrame(columns)


def _constant(name: str, value: Any, dtype: Any, height: int) -> pl.Series:
    return pl.Series(name, [value], dtype=dtype).new_from_index(0, height)


def _value(shape: Shape, result: pl.DataFrame) -> pl.Series:
    names = [c for c in result.columns if c.startswith("value")]
    if not isinstance(shape.value, pl.List):
        value = pl.col("value0")
        if "present0" in result.columns:
            value = pl.when("present0").then(value)
        return result.select(value.cast(shape.value).alias("value"))["value"]
    return result.select(pl.concat_list([pl.col(n).cast(shape.value.inner) for n in names]).alias("value"))["value"]


def _reasons(shape: Shape, result: pl.DataFrame) -> pl.Series:
    """The names of the rules that apply, by a look-up of each combination that occurs."""
    masks = [c for c in result.columns if c.startswith(("deny", "permit"))]
    if not masks:
        return _constant("reasons", ["otherwise"], shape.reasons, result.height)
    found = result.select(masks).unique()
    lists = [_names(shape.function, dict(zip(masks, row, strict=True))) for row in found.iter_rows()]
    named = found.with_columns(pl.Series("reasons", lists, dtype=shape.reasons))
    return result.select(masks).join(named, on=masks, how="left", maintain_order="left")["reasons"]


def _names(function: Function, masks: dict[str, int]) -> list[str]:
    held = []
    for effect in ("deny", "permit"):
        rules = [r.name for r in function.rules[:-1] if r.effect == effect]
        for column, mask in masks.items():
            if column.startswith(effect):
                start = int(column.removeprefix(effect))
                held += [name for n, name in enumerate(rules[start:]) if mask >> n & 1]
    return sorted(held, key=[r.name for r in function.rules].index) or ["otherwise"]


def undecided(shape: Shape, rows: pl.Series, needs: pl.Series, names: tuple[str, ...]) -> pl.DataFrame:
    """Rows that are undecided, by the bits of what they need."""
    found = needs.unique()
    lists = [sorted(name for n, name in enumerate(names) if mask >> n & 1) for mask in found]
    named = pl.DataFrame(
        {"mask": found, "needs": pl.Series(lists, dtype=NEEDS)}, schema={"mask": pl.Int64, "needs": NEEDS}
    )
    told = pl.DataFrame({"mask": needs}).join(named, on="mask", how="left", maintain_order="left")["needs"]
    columns = [
        told if name == "needs" else _constant(name, "undecided" if name == "outcome" else None, dtype, len(rows))
        for name, dtype in shape.schema.items()
    ]
    return pl.DataFrame(columns).with_columns(rows)

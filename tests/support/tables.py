"""Run-time facts as tables, for tests that ask the same of rows one by one and of all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from policy.answers import MISSING, Answer, Outcome
from policy.backends.columns.evaluator import Answers
from policy.ir.program import Program
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import Type
from policy.pipeline import Rulebook


class MixedError(Exception):
    """A table says of all rows that an optional fact is missing, or of none: a null says that it is absent."""


ABSENT = object()  # a column that is not in the table, for its fact is missing in every row


def dtype_of(of: Type, program: Program, values: Sequence[Any]) -> Any:
    """The type of the column that holds such facts; ABSENT where no row has an optional one that is known."""
    if isinstance(of, types.OptionalOf):
        if any(v is MISSING for v in values):
            if not all(v is MISSING for v in values):
                raise MixedError
            return ABSENT
        return dtype_of(of.of, program, [v for v in values if v is not None])
    match of:
        case types.Boolean():
            return pl.Boolean()
        case types.Text() | types.Enum():
            return pl.String()
        case types.Date():
            return pl.Date()
        case types.Instant():
            return pl.Datetime("us", "UTC")
        case types.Record(name):
            known = [v for v in values if v is not MISSING]
            fields = {
                f.name: dtype_of(f.type, program, [getattr(v, attribute(f.name)) for v in known])
                for f in program.records[name]
            }
            return pl.Struct({n: d for n, d in fields.items() if d is not ABSENT})
        case types.ListOf(item) | types.SetOf(item):
            return pl.List(dtype_of(item, program, [x for v in values if v is not MISSING for x in v]))
    return pl.Int64()


def cell(value: Any, of: Type, dtype: Any, program: Program) -> Any:
    """A fact as a cell; numbers stay scaled."""
    if value is MISSING or value is None:
        return None
    inner = of.of if isinstance(of, types.OptionalOf) else of
    match inner:
        case types.Record(name):
            kept = {f.name: f.dtype for f in dtype.fields}
            return {
                f.name: cell(getattr(value, attribute(f.name)), f.type, kept[f.name], program)
                for f in program.records[name]
                if f.name in kept
            }
        case types.ListOf(item) | types.SetOf(item):
            elements = sorted(value) if isinstance(value, frozenset) else value
            return [cell(v, item, dtype.inner, program) for v in elements]
        case types.Date():
            return value - 719_163
    return value


def table_of(book: Rulebook, question: str, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """The facts of a question, a row each."""
    columns = []
    for n, (name, of) in enumerate(book.question(question).parameters):
        values = [row[n] for row in rows]
        dtype = dtype_of(of, book.program, values)
        if dtype is not ABSENT:
            columns.append(pl.Series(name, [cell(v, of, dtype, book.program) for v in values], dtype=dtype))
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=len(rows))


def _listed(value: Any) -> Any:
    """A value, with what is held as a set, list or record as the list of it."""
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, frozenset):
        value = sorted(value)
    elif not isinstance(value, tuple | list):
        return value
    return [_listed(v) for v in value]


def told(answer: Answer) -> dict[str, Any]:
    """What a row of answers says, from an answer."""
    value = _listed(answer.value)
    verdict = answer.verdict
    return {
        "outcome": answer.outcome.value,
        "value": value,
        "reasons": [r.rule for r in verdict.reasons] if answer.outcome in (Outcome.PERMITTED, Outcome.DENIED) else [],
        "needs": list(verdict.needs),
        "problem": verdict.fault,
    }


def rows_of(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table of answers, likewise."""
    return [
        {
            "outcome": row["outcome"],
            "value": _listed(row.get("value")),
            "reasons": row.get("reasons") or [],
            "needs": row["needs"] or [],
            "problem": row["problem"] or "",
        }
        for row in answers.iter_rows(named=True)
    ]


def agree(book: Rulebook, question: str, rows: Sequence[tuple[Any, ...]], meant: Sequence[Answer]) -> Answers:
    """Asks of all the rows at once, which must give what was meant; gives what came of it."""
    table = table_of(book, question, rows)
    answers = book.columns(question, table.schema, scaled=True).answers(table)
    for n, (row, answer) in enumerate(zip(rows_of(answers.table), meant, strict=True)):
        assert row == told(answer), f"row {n}: {row}, but {told(answer)}"
    return answers

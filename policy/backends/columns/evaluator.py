"""A question asked of whole tables: the outcome, value, reasons and needs of every row, equal to the interpreter's.

In: a program of one date, a question, and tables of its facts. Out: a table of answers, row for row. A row that has
no expression, or whose numbers are too large for 128 bits, is answered by itself, and counted. Absent: files, dates
of rows, and threads; an evaluator may be used from several.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

import polars as pl
from attrs import define, evolve, field, frozen

from policy.backends.columns.answers import Shape, answered, shape_of, undecided
from policy.backends.columns.compile import OPAQUE, Compiler
from policy.backends.columns.graph import ROWS, Node
from policy.backends.columns.plan import Plan, plan_of
from policy.backends.columns.values import AwkwardError, RecordAt, Scalar, Value, Written
from policy.backends.python import PythonEvaluator
from policy.decisions import Answer
from policy.diagnostics import Collector, PolicyError
from policy.facts.from_json import FactReader
from policy.facts.from_rows import RowReader
from policy.facts.from_table import Layout, Range, Read, layout
from policy.ir.program import Function, Program

ROW = "_row_number"


@frozen(eq=False)
class Answers:
    """The answers to some rows, in their order, and how many of them were worked out one by one."""

    table: pl.DataFrame
    one_by_one: int


@define(eq=False)
class _Plans:
    """The plan for the widest ranges met so far; made anew when a table goes beyond them."""

    program: Program
    function: Function
    wants_needs: bool
    ranges: dict[str, Range] = field(factory=dict)
    plan: Plan | None = None
    needs: tuple[str, ...] = ()
    awkward: str = ""
    lock: Any = field(factory=Lock)

    def plan_for(self, ranges: Mapping[str, Range]) -> tuple[Plan | None, tuple[str, ...]]:
        with self.lock:
            wider = {path: _together(self.ranges.get(path), r) for path, r in ranges.items()}
            if wider != self.ranges or (self.plan is None and not self.awkward):
                self.ranges = wider
                self._make()
            return self.plan, self.needs

    def _make(self) -> None:
        compiler = Compiler(self.program, self.ranges, self.wants_needs)
        try:
            wanted = _wanted(compiler, self.function)
            self.plan, self.awkward = plan_of(wanted), ""
        except AwkwardError as awkward:
            self.plan, self.awkward = None, str(awkward)
        self.needs = tuple(compiler.needs)


def _together(known: Range | None, new: Range) -> Range:
    """A range that holds both, widened to a power of two so that it is seldom left."""
    low = -(1 << (-new.low).bit_length()) if new.low < 0 else 0
    high = (1 << new.high.bit_length()) - 1 if new.high > 0 else 0
    if known is None:
        return Range(new.nullable, low, high)
    return Range(known.nullable or new.nullable, min(known.low, low), max(known.high, high))


def _wanted(compiler: Compiler, function: Function) -> dict[str, Node]:
    """The columns that make up an answer."""
    env = compiler.parameters(function)
    value = compiler.evaluate(function.body, env)
    if isinstance(value, RecordAt | frozenset):
        raise AwkwardError("the answer is no single value")
    parts = _parts(value)
    wanted: dict[str, Node] = {f"value{n}": compiler.spelt(p) for n, p in enumerate(parts)}
    wanted |= {f"present{n}": p.present for n, p in enumerate(parts) if p.present is not None}
    faults = [p.fault for p in parts]
    if function.kind == "decision":
        held: dict[str, list[Node]] = {"permit": [], "deny": []}
        g = compiler.graph
        for rule in function.rules[:-1]:
            condition = compiler.compiled(rule.condition, env)
            faults.append(condition.fault)
            held[rule.effect].append(g.certain(compiler.truth(condition)))
        permitted = g.certain(compiler.truth(parts[0]))
        for effect, applies in (("deny", g.negated(permitted)), ("permit", permitted)):
            for at in range(0, len(held[effect]), MASK):
                holding = [g.both(applies, h) for h in held[effect][at : at + MASK]]
                wanted[f"{effect}{at}"] = g.node("bits", *holding, dtype=pl.Int64(), nullable=False, scope=ROWS)
    if (fault := compiler.merged(*faults)) is not None:
        wanted["fault"] = fault
    if (needs := compiler.together(*(p.needs for p in parts))) is not None:
        wanted["needs"] = needs
    return wanted


MASK = 60  # rules whose conditions are held in one number


def _parts(value: Value) -> list[Scalar]:
    if isinstance(value, Scalar):
        return [value]
    if isinstance(value, Written) and value.items:
        return [part for item in value.items for part in _single(item)]
    raise AwkwardError("the answer is no single value")


def _single(item: Value) -> list[Scalar]:
    if not isinstance(item, Scalar):
        raise AwkwardError("a list inside a list is the answer")
    return [item]


@define(eq=False)
class ColumnsEvaluator:
    """One question of a program of one date, asked of tables with the columns of `layout`."""

    program: Program
    function: Function
    layout: Layout
    rows: RowReader
    evaluator: PythonEvaluator
    shape: Shape
    _values: _Plans
    _needs: _Plans

    @property
    def awkward(self) -> str:
        """Why the question is answered row by row; empty where it is not."""
        return self._values.awkward

    def answers(self, table: pl.DataFrame, first: int = 1) -> Answers:
        """The answers to the rows of a table, the first of which is row number `first` to people."""
        read = self.layout.read(table)
        if read.odd is None and (result := self._evaluated(read)) is not None:
            if "fault" not in result.columns and not _doubtful(result):
                return Answers(answered(self.shape, result), 0)
        numbered = table.with_row_index(ROW, first)
        return self._in_parts(numbered, read.odd)

    def _evaluated(self, read: Read) -> pl.DataFrame | None:
        plan, _ = self._values.plan_for(read.ranges)
        return None if plan is None else plan.run(read.frames)

    def _in_parts(self, table: pl.DataFrame, odd: pl.Series | None) -> Answers:
        """The rows that are plain, those that are undecided, and the rest one by one; in order again."""
        plain = table if odd is None else table.filter(~odd)
        alone = table.clear() if odd is None else table.filter(odd)
        parts: list[pl.DataFrame] = []
        result = self._evaluated(self.layout.read(plain)) if plain.height else None
        if result is None:
            alone = table
        else:
            unknown, fault = _doubts(result)
            sure = ~(unknown | fault)
            parts.append(answered(self.shape, result.filter(sure)).with_columns(plain[ROW].filter(sure)))
            doubtful = plain.filter(unknown & ~fault)
            if doubtful.height:
                told, unnamed = self._undecided(doubtful)
                parts.append(told)
                alone = pl.concat([alone, unnamed])
            alone = pl.concat([alone, plain.filter(fault)])
        if alone.height:
            parts.append(self._one_by_one(alone))
        whole = pl.concat(parts, how="vertical_relaxed").sort(ROW).drop(ROW)
        return Answers(whole, alone.height)

    def _undecided(self, table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What undecided rows need, and the rows whose needs only the interpreter can name."""
        read = self.layout.read(table)
        plan, names = self._needs.plan_for(read.ranges)
        result = None if plan is None else plan.run(read.frames)
        if result is None or "needs" not in result.columns:
            return undecided(self.shape, table.clear()[ROW], pl.Series([], dtype=pl.Int64), names), table
        needs = result["needs"]
        named = (needs > 0) & (needs < (1 << OPAQUE)) & _doubts(result)[0]
        told = undecided(self.shape, table[ROW].filter(named), needs.filter(named), names)
        return told, table.filter(~named)

    def _one_by_one(self, table: pl.DataFrame) -> pl.DataFrame:
        numbers, answers = [], []
        for row in table.iter_rows(named=True):
            numbers.append(row[ROW])
            read = self.rows.read(row[ROW], row)
            answers.append(read if isinstance(read, list) else self.evaluator.answer(*read))
        return self.shape.of_answers(answers).with_columns(pl.Series(ROW, numbers, dtype=table[ROW].dtype))

    def answer(self, number: int, row: Mapping[str, Any]) -> Answer | Collector:
        """One row's answer with all that an answer tells, or what is wrong with the row."""
        read = self.rows.read(number, row)
        return Collector(read) if isinstance(read, list) else self.evaluator.answer(*read)


def _doubtful(result: pl.DataFrame) -> bool:
    return any(result[name].null_count() for name in _deciding(result))


def _deciding(result: pl.DataFrame) -> list[str]:
    """The columns that are null where an answer is not known."""
    names = [c for c in result.columns if c.startswith("value")]
    return [p if (p := "present" + n.removeprefix("value")) in result.columns else n for n in names]


def _doubts(result: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Where the answer is not known, and where it is a fault."""
    nobody = pl.Series("none", [False], dtype=pl.Boolean).new_from_index(0, result.height)
    unknown = nobody
    for name in _deciding(result):
        unknown = unknown | result[name].is_null()
    return unknown, result["fault"].fill_null(False) if "fault" in result.columns else nobody


def evaluator(
    program: Program,
    function: Function,
    made: PythonEvaluator,
    reader: FactReader,
    schema: Mapping[str, Any],
    keep: tuple[str, ...] = (),
    scaled: bool = False,
) -> ColumnsEvaluator:
    """A question's evaluator for tables with these columns. Raises PolicyError where they are not what is asked."""
    placed = layout(program, function, schema, keep, scaled)
    if isinstance(placed, Collector):
        raise PolicyError(placed.found)
    return ColumnsEvaluator(
        program,
        function,
        placed,
        RowReader(evolve(reader, null_is_missing=True), placed.names, placed.wrap, scaled),
        made,
        shape_of(function),
        _Plans(program, function, False),
        _Plans(program, function, True),
    )

"""A question to whole tables: the outcome, value, reasons and needs of every row, equal to the interpreter's.

In: a program of one date, a question, and tables of its facts. Out: a table of answers, row for row. Rows without an
expression, or with numbers too large for 128 bits, are answered one by one, and counted. Absent: files, dates of
rows, and threads; an evaluator may be used from several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import polars as pl
from attrs import define, evolve, field, frozen

from policy.answers import Answer
from policy.backends.columns.answers import AnswerColumns, AnswerTally, Drafts, drafts_of, shape_of
from policy.backends.columns.compile import Compiler
from policy.backends.columns.context import OPAQUE
from policy.backends.columns.graph import INT64, ROWS, ColumnNode
from policy.backends.columns.kernel import KernelAnswers, Kernels, kernels_of
from policy.backends.columns.plan import Plan, plan_of
from policy.backends.columns.values import ListLiteral, Scalar, UnsupportedError, Value
from policy.backends.python import PythonEvaluator
from policy.diagnostics import Collector, Diagnostic, PolicyError
from policy.facts.cells import in_text
from policy.facts.from_json import FactReader
from policy.facts.from_rows import RowReader
from policy.facts.from_table import Range, Read, TableLayout, layout
from policy.ir.program import Function, Program
from policy.source import Span
from policy.vocabulary import Effect

ROW = "_row_number"


@frozen(eq=False)
class Answers:
    """The answers to some rows, in their order; how often each occurs; how many rows were answered one by one.

    `in_c` rows were answered by the kernel.
    """

    table: pl.DataFrame
    tally: AnswerTally
    row_by_row: int
    in_c: int = 0


@define(eq=False)
class _Plans:
    """The plan for the widest ranges so far; compiled again when a table exceeds them."""

    program: Program
    function: Function
    wants_needs: bool
    ranges: dict[str, Range] = field(factory=dict)
    plan: Plan | None = None
    needs: tuple[str, ...] = ()
    unsupported: str = ""
    lock: Lock = field(factory=Lock)

    def plan_for(self, ranges: Mapping[str, Range]) -> tuple[Plan | None, tuple[str, ...]]:
        with self.lock:
            wider = {path: _union(self.ranges.get(path), r) for path, r in ranges.items()}
            if wider != self.ranges or (self.plan is None and not self.unsupported):
                self.ranges = wider
                self._compile()
            return self.plan, self.needs

    def _compile(self) -> None:
        compiler = Compiler.of(self.program, self.ranges, self.wants_needs)
        try:
            self.plan, self.unsupported = plan_of(_outputs(compiler, self.function)), ""
        except UnsupportedError as reason:
            self.plan, self.unsupported = None, str(reason)
        self.needs = tuple(compiler.context.needs)


def _union(known: Range | None, new: Range) -> Range:
    """A range that holds both, widened to a power of two so that it is seldom exceeded."""
    low = -(1 << (-new.low).bit_length()) if new.low < 0 else 0
    high = (1 << new.high.bit_length()) - 1 if new.high > 0 else 0
    if known is None:
        return Range(new.nullable, low, high)
    return Range(known.nullable or new.nullable, min(known.low, low), max(known.high, high))


MASK = 60  # rules whose conditions are held in one number


def _outputs(compiler: Compiler, function: Function) -> dict[str, ColumnNode]:
    """The columns that make up an answer."""
    c, logic = compiler.context, compiler.logic
    env = c.parameters(function)
    parts = _parts(compiler.evaluate(function.body, env))
    outputs: dict[str, ColumnNode] = {f"value{n}": logic.as_text(p) for n, p in enumerate(parts)}
    outputs |= {f"present{n}": p.present for n, p in enumerate(parts) if p.present is not None}
    faults = [p.fault for p in parts]
    if function.kind == "decision":
        held: dict[Effect, list[ColumnNode]] = {"permit": [], "deny": []}
        g = compiler.graph
        for rule in function.rules[:-1]:
            condition = compiler.compiled(rule.condition, env)
            faults.append(condition.fault)
            held[rule.effect].append(g.certain(logic.truth(condition)))
        permitted = g.certain(logic.truth(parts[0]))
        effects: tuple[tuple[Effect, ColumnNode], ...] = (("deny", g.negated(permitted)), ("permit", permitted))
        for effect, applies in effects:
            for start in range(0, len(held[effect]), MASK):
                holding = g.node("bits", *held[effect][start : start + MASK], dtype=INT64, nullable=False, scope=ROWS)
                outputs[f"{effect}{start}"] = g.pick(applies, holding, g.constant(0, INT64))
    if (fault := c.any_fault(*faults)) is not None:
        outputs["fault"] = fault
    if (needs := c.all_needs(*(p.needs for p in parts))) is not None:
        outputs["needs"] = needs
    return outputs


def _parts(value: Value) -> list[Scalar]:
    """The one value, or those of a list literal and of those inside it."""
    if isinstance(value, ListLiteral) and value.items:
        return [part for item in value.items for part in _parts(item)]
    if not isinstance(value, Scalar):
        raise UnsupportedError("the answer is no single value")
    return [value]


@define(eq=False)
class ColumnsEvaluator:
    """One question of a program of one date, to tables with the columns of `layout`."""

    program: Program
    function: Function
    layout: TableLayout
    rows: RowReader
    evaluator: PythonEvaluator
    shape: AnswerColumns
    _values: _Plans
    _needs: _Plans
    _drafts: Drafts
    kernels: Kernels

    @property
    def unsupported(self) -> str:
        """Why the question is answered row by row; empty where it is not."""
        return self._values.unsupported

    def drafts(self) -> Drafts:
        """Builds the answers to batches; replaced before it remembers too many combinations."""
        if self._drafts.is_full:
            self._drafts = drafts_of(self.shape)
        return self._drafts

    def answers(self, table: pl.DataFrame, first: int = 1) -> Answers:
        """The answers to the rows of a table, the first of which people know as row number `first`."""
        drafts, kernel = self.drafts(), self.kernels.for_rows(table.height)
        found = None if kernel is None else kernel.run(*self.layout.cells(table))
        if found is not None:
            return self._of_kernel(drafts, table, first, found)
        read = self.layout.read(table)
        result = self._evaluated(read) if read.odd is None else None
        if self.shape.value is not None and result is not None and not _is_doubtful(result):
            return Answers(*drafts.values(result), 0)
        whole, alone = self._by_plan(drafts, table.with_row_index(ROW, first), read, result)
        return Answers(drafts.finished(whole), drafts.tally(whole), alone)

    def _of_kernel(self, drafts: Drafts, table: pl.DataFrame, first: int, found: KernelAnswers) -> Answers:
        """The answers of a kernel, and those to the rows that it leaves."""
        tally, alone = AnswerTally(), 0
        tally.count(found)
        if found.left:
            numbered = table.with_row_index(ROW, first)
            rest = numbered.filter(found.numbers == 0)
            answered, alone = self._by_plan(drafts, rest, self.layout.read(rest))
            whole = in_place(numbered[ROW], [(numbered[ROW], drafts.of_kernel(found, False)), (rest[ROW], answered)])
            tally.add(drafts.tally(answered))
            return Answers(drafts.finished(whole), tally, alone, table.height - found.left)
        return Answers(drafts.of_kernel(found, True), tally, 0, table.height)

    def _by_plan(
        self, drafts: Drafts, numbered: pl.DataFrame, read: Read, result: pl.DataFrame | None = None
    ) -> tuple[pl.DataFrame, int]:
        """The answers to numbered rows by the plan, as drafts, and how many were answered one by one."""
        if read.odd is None:
            return self._completed(drafts, numbered, self._evaluated(read) if result is None else result)
        plain, odd = numbered.filter(~read.odd), numbered.filter(read.odd)
        answered, alone = self._completed(drafts, plain, self._evaluated(self.layout.read(plain)))
        whole = in_place(numbered[ROW], [(plain[ROW], answered), (odd[ROW], self._one_by_one(drafts, odd))])
        return whole, alone + odd.height

    def _evaluated(self, read: Read) -> pl.DataFrame | None:
        plan, _ = self._values.plan_for(read.ranges)
        return None if plan is None else plan.run(read.frames)

    def _completed(
        self, drafts: Drafts, table: pl.DataFrame, result: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, int]:
        """The answers in a plan's result; the rows that it does not answer go to the needs plan, or one by one."""
        if result is None:
            return self._one_by_one(drafts, table), table.height
        answered = drafts.answered(result)
        if not _is_doubtful(result):
            return answered, 0
        unknown, fault = _doubts(result)
        parts = [(table[ROW], answered)]
        alone = table.filter(fault)
        doubtful = table.filter(unknown & ~fault)
        if doubtful.height:
            rows, undecided, unnamed = self._undecided(drafts, doubtful)
            parts.append((rows, undecided))
            alone = pl.concat([alone, unnamed])
        if alone.height:
            parts.append((alone[ROW], self._one_by_one(drafts, alone)))
        return in_place(table[ROW], parts), alone.height

    def _undecided(self, drafts: Drafts, table: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame, pl.DataFrame]:
        """Undecided rows by number, what they need, and the rows whose needs only the interpreter can name."""
        read = self.layout.read(table)
        plan, names = self._needs.plan_for(read.ranges)
        result = None if plan is None else plan.run(read.frames)
        if result is None or "needs" not in result.columns:
            return table.clear()[ROW], drafts.row_by_row([]), table
        needs = result["needs"]
        named = (needs > 0) & (needs < (1 << OPAQUE)) & _doubts(result)[0]
        return table[ROW].filter(named), drafts.undecided(needs.filter(named), names), table.filter(~named)

    def _one_by_one(self, drafts: Drafts, table: pl.DataFrame) -> pl.DataFrame:
        answers = []
        facts = table.select(ROW, *(in_text(pl.col(n), table.schema[n]).alias(n) for n in self.rows.names))
        for row in facts.iter_rows(named=True):
            read = self.rows.read(row[ROW], row)
            answers.append(read if isinstance(read, list) else self.evaluator.answer(*read))
        return drafts.row_by_row(answers)

    def answer_to(self, document: object, whole: Span) -> Answer | list[Diagnostic]:
        """The answer to facts in JSON that are parsed already, or what is wrong with them."""
        read = evolve(self.rows.reader, null_is_missing=False).read_document(document, whole)
        return read if isinstance(read, list) else self.evaluator.answer(*read)

    def of_answers(self, answers: Sequence[Answer | list[Diagnostic]]) -> Answers:
        """Answers that were given one by one, as a table."""
        drafts = self.drafts()
        rows = drafts.row_by_row(answers)
        return Answers(drafts.finished(rows), drafts.tally(rows), 0)


def in_place(rows: pl.Series, parts: list[tuple[pl.Series, pl.DataFrame]]) -> pl.DataFrame:
    """The rows in order; of a row that several parts have, the last counts."""
    if len(parts) == 1 and len(parts[0][0]) == len(rows):
        return parts[0][1]
    at = pl.int_range(len(rows), eager=True)
    start = 0
    for numbers, part in parts:
        if start or len(numbers) < len(rows):  # a first part of all rows has them where they belong
            at = at.scatter(rows.search_sorted(numbers), pl.int_range(start, start + part.height, eager=True))
        start += part.height
    whole = pl.concat([part for _, part in parts], how="vertical_relaxed")
    return whole.select(pl.all().gather(at))


def _is_doubtful(result: pl.DataFrame) -> bool:
    """Whether there is a row that the result does not answer."""
    unknown = any(result[name].null_count() for name in _deciding(result))
    return unknown or ("fault" in result.columns and bool(result["fault"].any()))


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
    python: PythonEvaluator,
    reader: FactReader,
    schema: Mapping[str, pl.DataType],
    keep: tuple[str, ...] = (),
    scaled: bool = False,
    rules: Sequence[str] = (),
) -> ColumnsEvaluator:
    """A question's evaluator for tables with these columns. Raises PolicyError where they do not fit.

    `rules` are the names that the reasons may have, where there are more than on the program's date.
    """
    placed = layout(program, function, schema, keep, scaled)
    if isinstance(placed, Collector):
        raise PolicyError(placed.found)
    shape = shape_of(function, rules)
    return ColumnsEvaluator(
        program,
        function,
        placed,
        RowReader(evolve(reader, null_is_missing=True), placed.names, placed.wrap, scaled),
        python,
        shape,
        _Plans(program, function, False),
        _Plans(program, function, True),
        drafts_of(shape),
        kernels_of(program, function, placed),
    )

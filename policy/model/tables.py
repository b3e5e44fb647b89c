"""Rows of tables from syntax: heads, cells, periods, results. Part of `from_syntax`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import pairwise
from typing import assert_never

from attrs import evolve, field, frozen

from policy.diagnostics import Collector
from policy.model import expressions as typed, rules, types
from policy.model.arithmetic import how_ordered
from policy.model.checker import TypeChecker
from policy.model.coercion import a_type
from policy.model.context import Context
from policy.model.names import Signature
from policy.syntax import tree

RESULT = "result"
Items = tuple[typed.Expression, ...]


def rows_of(
    context: Context,
    name: tree.Name,
    header: tree.Row,
    rows: tuple[tree.Row, ...],
    signature: Signature,
    checker: TypeChecker,
) -> rules.Rows:
    if isinstance(signature.type, types.Broken):  # what heads its columns is not known
        return rules.Rows(columns=(), rows=())
    if any(_unclosed(context, header, n) for n in dict.fromkeys(len(row.cells) for row in rows)):
        return rules.Rows(columns=(), rows=())
    results = _results(context, name, signature)
    kinds: list[str] = []
    columns: list[typed.Expression | None] = []
    for cell in header.cells:
        item = cell.items[0] if cell.kind == "values" and len(cell.items) == 1 else None
        if cell.kind in ("from", "until", "per"):
            kinds.append(cell.kind)
            columns.append(None)
        elif isinstance(item, tree.Reference) and item.name in results:
            if isinstance(signature.type, types.Record):
                context.scope.note(item.span, "field", signature.type.name, item.name)
            else:
                context.scope.note(item.span, "table", signature.id)
            kinds.append(results[item.name])
            columns.append(None)
        elif item is not None:
            kinds.append("test")
            columns.append(_tested(checker, checker.exact(checker.expression(item))))
        else:
            context.found.error("table-shape", "a column's head is what the column tests", cell.span)
            return rules.Rows(columns=(), rows=())
    if any(kinds.count(k) != 1 for k in results.values()) or any(
        kinds.count(k) > 1 for k in ("from", "until", "per")
    ):
        shown = " and one ".join(f"`{head}`" for head in results)
        of_field = "the columns with the results are headed like the fields of the record"
        help = (
            of_field if name.text not in results else f"the column with the results is headed {shown}, like the table"
        )
        what = f"one column must be headed {shown}, and `from`, `until` and `per` may occur once"
        context.found.error("table-shape", what, header.span, help)
        return rules.Rows(columns=(), rows=())
    read = []
    named = NamedCells([row for row in rows if len(row.cells) == len(kinds)], checker)
    texts = [c.span.text for c in header.cells]
    heads = ", ".join(f"`{text}`" for text in texts)
    split = 0  # the line of a row that an empty cell split in two
    for row in rows:
        if len(row.cells) != len(kinds):
            if _unclosed(context, row, len(kinds)):
                continue
            behind = row.span.source.line(row.span.line)[row.span.column - 1 + len(row.span.text) :]
            is_split = behind.lstrip().startswith("|")
            help = "a cell is empty; write `any` where a column does not matter" if is_split else ""
            if row.span.line != split:
                what = f"this row has {len(row.cells)} cells and the head {len(kinds)}"
                context.found.error("table-shape", what, row.span, help or f"the columns are {heads}")
            split = row.span.line if is_split else 0
            continue
        read.append(_row(context, row, kinds, columns, named, checker, signature))
    return rules.Rows(columns=tuple(c for c in columns if c is not None), rows=tuple(read))


def _unclosed(context: Context, row: tree.Row, wanted: int) -> bool:
    """Tells of each `|` that lacks between lines, of which the first has all cells, so that they read as one row."""
    lines, found = [[row.cells[0]]], Collector()
    for before, cell in pairwise(row.cells):
        _, broken, begins = row.span.source.text[before.span.end : cell.span.start].rpartition("\n")
        if broken:
            lines.append([])
            at, end, shown = (before, "end", "{} |") if "|" in begins else (cell, "beginning", "| {}")
            what = f"the row in line {at.span.line} has no `|` at its {end}"
            found.error("table-shape", what, at.span, f"write `{shown.format(at.span.text)}`")
        lines[-1].append(cell)
    is_so = len(lines) > 1 and len(lines[0]) == wanted
    context.found.found += found.found if is_so else ()
    return is_so


@frozen(eq=False)
class NamedCells:
    """What the cells of a column name, worked out once: `other` is anything else."""

    rows: list[tree.Row]
    checker: TypeChecker
    known: dict[int, Items] = field(factory=dict)

    def of(self, at: int, type: types.Type) -> Items:
        if at not in self.known:
            quiet = TypeChecker(self.checker.scope, self.checker.variables, Collector())
            cells = (_in_texts(row.cells[at], type, True) for row in self.rows)
            items = [quiet.typed(i, type) for c in cells if c.kind == "values" for i in c.items]
            self.known[at] = tuple(dict.fromkeys(i for i in items if not isinstance(i, typed.Failed)))
        return self.known[at]


def _results(context: Context, name: tree.Name, signature: Signature) -> dict[str, str]:
    """The heads of columns that hold results, with their kinds: the table's name, or the fields of its record."""
    if not isinstance(signature.type, types.Record):
        return {name.text: RESULT}
    fields = context.scope.fields[signature.type.name]
    for argument, _ in signature.parameters:
        if argument in fields:
            what = f"`{argument}` is an argument of `{name.text}` and a field of its result: no column can be told so"
            context.found.error("table-shape", what, name.span, "rename the argument")
    return {f: f"{RESULT} {f}" for f in fields}


def _row(
    context: Context,
    row: tree.Row,
    kinds: list[str],
    columns: list[typed.Expression | None],
    named: NamedCells,
    checker: TypeChecker,
    signature: Signature,
) -> rules.Row:
    takes = context.scope.fields[signature.type.name] if isinstance(signature.type, types.Record) else {}
    cells: list[rules.Cell] = []
    start: date | None = None
    end: date | None = None
    per = tree.Citations()
    results: dict[str, typed.Expression] = {}
    for at, (cell, kind) in enumerate(zip(row.cells, kinds, strict=True)):
        column = columns[at]
        if column is not None:
            cells.append(_cell(context, cell, column, partial(named.of, at), checker))
        elif cell.kind == "text" and not kind.startswith(RESULT):
            context.found.error("table-file", _unread(cell), cell.span, _CELLS)
        elif kind == "per":
            if cell.kind == "citations":
                per = cell.citations
            else:
                context.found.error("table-shape", "the column `per` holds provisions", cell.span)
        elif kind.startswith(RESULT):
            of = takes.get(kind.removeprefix(RESULT).strip(), signature.type)
            cell = _in_texts(cell, of, False)
            if cell.kind == "values" and len(cell.items) == 1:
                results[kind] = checker.typed(cell.items[0], of)
            elif cell.kind == "text":
                context.found.error("table-file", _unread(cell), cell.span, _CELLS)
            else:
                context.found.error("table-shape", "the result is one value", cell.span, _one_value(cell, kinds))
        elif cell.kind != "any":
            item = cell.items[0] if cell.kind == "values" and len(cell.items) == 1 else None
            if isinstance(item, tree.Moment) and len(item.iso) == 10:
                moment = date.fromordinal(checker.expression(item).value)  # type: ignore[union-attr]  # a literal
                start, end = (moment, end) if kind == "from" else (start, moment)
            else:
                context.found.error("table-shape", f"the column `{kind}` holds dates, or `any`", cell.span)
    period = tree.Period(start, end, span=row.span)
    result = _result(row, results, takes, signature.type)
    return rules.Row(cells=tuple(cells), result=result, **context.dated(row.span, period, per))


def _result(
    row: tree.Row, results: dict[str, typed.Expression], takes: dict[str, types.Type], of: types.Type
) -> typed.Expression:
    """The one result of a row, or the record of its several."""
    if not takes:
        return results.get(RESULT, typed.Failed(type=types.BROKEN, span=row.span))
    items = tuple(results.get(f"{RESULT} {f}", typed.Failed(type=types.BROKEN, span=row.span)) for f in takes)
    return typed.RecordOf(tuple(takes), items, takes=tuple(takes.values()), type=of, span=row.span)


_CELLS = "a cell of a file holds what one in a written table does; a text may be without quotation marks"


def _unread(cell: tree.Cell) -> str:
    return f"`{cell.text}` is no cell" if cell.text else "a cell is empty; write `any` where it does not matter"


def _in_texts(cell: tree.Cell, of: types.Type, tests: bool) -> tree.Cell:
    """A cell of a file in a column of texts: the text itself, unless it is written as the language writes it."""
    inner = types.inner_of(of)
    if not cell.text or not isinstance(inner, types.Text):
        return cell
    written = cell.kind == "values" and all(isinstance(i, tree.Text | tree.Absence) for i in cell.items)
    if written or (tests and cell.kind in ("any", "other", "in", "not in")):
        return cell
    return tree.Cell("values", (tree.Text(cell.text, span=cell.span),), text=cell.text, span=cell.span)


def _one_value(cell: tree.Cell, kinds: list[str]) -> str:
    """The remedy for a result that is not one value."""
    if re.fullmatch(r"\d+, ?\d+%?", cell.span.text):
        return f"write a decimal point: `{cell.span.text.replace(', ', ',').replace(',', '.')}`"
    where = " and ".join(str(n) for n, kind in enumerate(kinds, 1) if kind.startswith(RESULT))
    return f"the result stands in column {where}: are the cells in the order of the head?"


def _tested(checker: TypeChecker, column: typed.Expression) -> typed.Expression:
    """The head of a column, which must be something that cells can be compared with."""
    of = types.inner_of(column.type)
    if isinstance(of, types.Record | types.SetOf | types.ListOf):
        return checker.fail("type-mismatch", f"a column cannot test {a_type(of)}", column.span)
    return column


def _cell(
    context: Context,
    cell: tree.Cell,
    column: typed.Expression,
    named: Callable[[types.Type], Items],
    checker: TypeChecker,
) -> rules.Cell:
    of = types.inner_of(column.type)
    if isinstance(of, types.Broken):  # already reported, and no cell can be told right from wrong
        return rules.Cell(kind="any", span=cell.span)
    cell = _in_texts(cell, of, True)
    match cell.kind:
        case "any":
            return rules.Cell(kind="any", span=cell.span)
        case "text":
            context.found.error("table-file", _unread(cell), cell.span, _CELLS)
            return rules.Cell(kind="any", span=cell.span)
        case "values":
            return rules.Cell(kind="values", items=tuple(checker.typed(i, of) for i in cell.items), span=cell.span)
        case "other":
            return rules.Cell(kind="other", items=named(of), span=cell.span)
        case "bounds":
            tests = tuple((operator, _bound(e, column, checker)) for operator, e in cell.tests)
            return rules.Cell(kind="bounds", tests=tests, span=cell.span)
        case "in" | "not in":
            return rules.Cell(kind=cell.kind, items=(checker.typed(cell.items[0], types.SetOf(of)),), span=cell.span)
        case "from" | "until" | "per" | "citations":
            context.found.error("table-shape", "this is not allowed in a column that tests facts", cell.span)
            return rules.Cell(kind="any", span=cell.span)
        case _:
            assert_never(cell.kind)


def _bound(e: tree.Expression, column: typed.Expression, checker: TypeChecker) -> typed.Expression:
    inner = types.inner_of(column.type)
    plain = evolve(column, type=inner)
    _, bound, of = checker.same_type(plain, checker.exact(checker.expression(e, inner)))
    if not types.has_order(of):
        return checker.fail("type-mismatch", f"`{types.describe(of)}` has no order", e.span, how_ordered(of))
    return bound

"""The parts of a sentence: cases, points of a condition, what a cell of a table asks. Part of `sentences`."""

from __future__ import annotations

from typing import assert_never

from policy.model import expressions as x, rules, types
from policy.model.expressions import Expression
from policy.reports.plain.frames import Frame
from policy.reports.plain.phrasing import Phrasing

Language = tuple[Phrasing, Frame]


def results_of(e: Expression) -> tuple[Expression, ...]:
    """The results of a row: one, or a record's."""
    return e.items if isinstance(e, x.RecordOf) else (e,)


def cases_of(phrasing: Phrasing, e: Expression) -> tuple[list[tuple[str, str]], str]:
    """A formula by cases: each with its condition, and what holds in any other case."""
    found: list[tuple[str, str]] = []
    while isinstance(e, x.Conditional):
        found.append((phrasing.condition(e.condition), phrasing.term(e.then)))
        e = e.otherwise
    return found, phrasing.term(e)


def as_either(e: Expression) -> Expression:
    """A condition by cases as the cases that meet it: `c and a, or not c and b`."""
    if not isinstance(e, x.Conditional):
        return e
    unless = x.Unary("not", e.condition, type=types.BOOLEAN)
    first = x.Chain("and", (e.condition, e.then), type=types.BOOLEAN)
    return x.Chain("or", (first, x.Chain("and", (unless, e.otherwise), type=types.BOOLEAN)), type=types.BOOLEAN)


def points_of(conditions: tuple[Expression, ...], operator: str) -> tuple[Expression, ...]:
    """The conditions one by one, those that `operator` joins taken apart."""
    found: list[Expression] = []
    for c in conditions:
        if isinstance(c, x.Chain) and c.operator == operator:
            found += points_of(c.operands, operator)
        else:
            found.append(c)
    return tuple(found)


def tested(phrasing: Phrasing, cell: rules.Cell, column: Expression) -> str:
    """What a row asks of one column."""
    term = phrasing.term(column)
    match cell.kind:
        case "values" | "other":
            inside = cell.kind == "values"
            items = [phrasing.term(i) for i in cell.items]
            if isinstance(column.type, types.Boolean) and isinstance(only := cell.items[0], x.Literal):
                return phrasing.condition(column, only.value is inside)
            told = phrasing.told(column, inside, items)
            if told or len(items) > 1:
                return told or phrasing.among(term, inside, phrasing.listed(items), True)
            return phrasing.compared(term, "is" if inside else "is not", items[0], column.type)
        case "bounds":
            return phrasing.within(term, [(operator, phrasing.term(b)) for operator, b in cell.tests], column.type)
        case "in" | "not in":
            (items_of,) = cell.items
            return phrasing.among(term, cell.kind == "in", phrasing.term(items_of), isinstance(items_of, x.SetOf))
        case "any":
            raise AssertionError("a cell that takes any value asks nothing")
        case _:
            assert_never(cell.kind)


def drawn_cell(language: Language, cell: rules.Cell, column: Expression) -> str:
    """The same in a drawn table, where the head says what is tested."""
    phrasing, frame = language
    match cell.kind:
        case "values":
            return phrasing.listed([phrasing.term(i) for i in cell.items])
        case "bounds":
            return phrasing.bounds([(operator, phrasing.term(b)) for operator, b in cell.tests], column.type)
        case "in" | "not in":
            return frame.cell(cell.kind, phrasing.term(cell.items[0]))
        case "any" | "other":
            return frame.cell(cell.kind, "")
        case _:
            assert_never(cell.kind)

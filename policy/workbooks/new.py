"""A table begun from a spreadsheet or a CSV file: what its columns may be, as a declaration of the language.

In: heads and rows as texts. Out: the text of a declaration, with the enums and the record that it needs, in the
standard shape. The keys are the first columns that tell every row from the others, and what follows are results.
A key that is empty means any, and such a row stands behind the others, of which the first that applies counts.
Absent: what the table means: titles, citations and bands are for a person to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Literal, assert_never

from attrs import frozen

from policy.diagnostics import Diagnostic, PolicyError, did_you_mean
from policy.model import written
from policy.model.currencies import MINOR_UNIT
from policy.source import Source
from policy.syntax.build_expressions import MOST_DIGITS as LONGEST
from policy.syntax.from_text import parse, parse_strictly
from policy.syntax.slips import LOOSE_DATE, RESERVED_NAMES
from policy.syntax.to_text import formatted
from policy.workbooks.cells import MOST_DIGITS, Refusal, text_of
from policy.workbooks.csv_folder import csv_lines
from policy.workbooks.from_xlsx import RawBook, RawCell, RawSheet, place
from policy.workbooks.sheets import Column as SheetColumn

MOST_ROWS = 10_000
MOST_MEMBERS = 24  # of an enum that is proposed; more different words are texts
_PERIODS = ("from", "until", "per")
_INTEGER = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_PERCENT = re.compile(r"-?\d+(\.\d+)?%")
_MONEY = re.compile(r"(?:([A-Z]{3}) ?(\d[\d,_]*(?:\.\d+)?)|(\d[\d,_]*(?:\.\d+)?) ?([A-Z]{3}))")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LOOSE = (  # numbers and days as the language does not write them: as a word, one would have lost its meaning
    (
        re.compile(r"[-+]?\d+(?:[,']\d+)+(?:\.\d+)? ?%?|[-+]?\d+(?:\.\d+)? %"),
        "write a number with a decimal point and without anything between its digits, as 1000.5 or 1.5%",
    ),
    (
        re.compile(rf"{LOOSE_DATE.pattern}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}"),
        "write a day by year, month and day, as 2026-03-01",
    ),
)
_DAY = "write a day of the calendar by year, month and day, as 2026-03-01"
_CITED = "write the provisions as the rules declare them, as `LAW/1` or `LAW/1, LAW/2`"
_WORD = re.compile(r"[^\n\"]{1,40}")

Word = Literal["period", "integer", "decimal", "rate", "money", "date", "boolean", "enum", "text"]


@frozen
class RawTable:
    """A head and rows; `places` are those of the rows' cells in the file."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    places: tuple[tuple[str, ...], ...]


@frozen
class _Column:
    """A column as the language is to have it: its name, its type, and the text of each cell."""

    name: str
    word: Word
    type: str
    cells: tuple[str, ...]
    members: tuple[tuple[str, str], ...] = ()  # of an enum, with how the file spells them


def begun(grid: RawTable, name: str = "", keys: Sequence[str] = (), per: str = "") -> str:
    """The declarations of a table. Raises PolicyError, naming every cell, where they cannot be made."""
    table = _identifier(name or grid.name, set())
    taken = {table}
    columns = [_column(grid, n, _identifier(head, taken)) for n, head in enumerate(grid.heads)]
    _readable(grid, columns)
    if per and not _cites(per):
        raise PolicyError.of("workbook", f"`--per {per}` names no provision", _CITED)
    dated = [c for c in columns if c.name in _PERIODS]
    others = [c for c in columns if c.name not in _PERIODS]
    if len(others) < 2:
        raise PolicyError.of(
            "workbook",
            f"`{grid.name}` has fewer than two columns besides dates and provisions",
            "a table has keys and results",
        )
    chosen = _keys(others, dated, [_identifier(k, set()) for k in keys])
    results = [c for c in others if c not in chosen]
    _complete(grid, columns, results)
    _different(grid, chosen, dated)
    return _in_shape(_declarations(table, chosen, dated, results, per))


def _different(grid: RawTable, keys: list[_Column], dated: list[_Column]) -> None:
    """Raises PolicyError, naming both rows, where two have the same keys."""
    seen: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(_told(keys, dated)):
        if key in seen:
            first, second = grid.places[seen[key]][0], grid.places[row][0]
            names = ", ".join(f"`{c.name}`" for c in keys)
            what = f"the rows at `{first}` and `{second}` have the same {names}"
            raise PolicyError.of("workbook", what, "name more columns with `--key`, or leave one of the rows")
        seen[key] = row


def _told(keys: list[_Column], dated: list[_Column]) -> list[tuple[str, ...]]:
    """What tells each row from the others."""
    return list(zip(*(c.cells for c in [*keys, *(d for d in dated if d.name != "per")]), strict=True))


def _complete(grid: RawTable, columns: list[_Column], results: list[_Column]) -> None:
    """Raises PolicyError, naming every cell of a result that is empty."""
    wrong = [
        Diagnostic(
            "workbook-cell", f"`{grid.places[row][n]}` is empty, and `{c.name}` is a result", None, "fill it in"
        )
        for n, c in enumerate(columns)
        for row in range(len(grid.rows))
        if c in results and not grid.rows[row][n]
    ]
    if wrong:
        raise PolicyError(wrong)


def _readable(grid: RawTable, columns: list[_Column]) -> None:
    """Raises PolicyError, naming every cell that the language reads otherwise than is meant, or not at all."""
    wrong = [
        Diagnostic("workbook-cell", f"`{grid.places[row][n]}` is `{text}`", None, help)
        for n, c in enumerate(columns)
        for row, text in enumerate(cells[n] for cells in grid.rows)
        if text and (help := _remedy(c, text))
    ]
    if wrong:
        raise PolicyError(wrong)


def _remedy(column: _Column, text: str) -> str:
    """What to write instead of a cell; "" where it can stay."""
    match column.word:
        case _ if column.name == "per":
            return "" if _cites(text) else _CITED
        case "date" | "period":
            return "" if isinstance(written.date(text), int) else _DAY
        case "integer" | "decimal" | "rate" | "money":
            return "" if sum(map(str.isdigit, text)) <= LONGEST else f"no number has more than {LONGEST} digits"
        case "enum" | "text":
            return next((help for form, help in _LOOSE if form.fullmatch(text) and not _DATE.fullmatch(text)), "")
        case "boolean":
            return ""
        case _:
            assert_never(column.word)


def _cites(text: str) -> bool:
    """Whether a text names provisions."""
    return len(parse_strictly(Source("<new>", f"value v() -> integer = 1 per {text}"))) == 1


def _keys(columns: list[_Column], dated: list[_Column], named: list[str]) -> list[_Column]:
    """The columns named; else the first so many that, with the dates, tell every row from the others."""
    if named:
        known = [c.name for c in columns]
        for n in named:
            if n not in known:
                raise PolicyError.of("workbook", f"there is no column `{n}`", did_you_mean(n, known))
        if set(known) == set(named):
            raise PolicyError.of("workbook", "every column is a key", "leave one for the result")
        return [c for c in columns if c.name in named]
    for many in range(1, len(columns)):
        told = _told(columns[:many], dated)
        if len(set(told)) == len(told):
            return columns[:many]
    return columns[:-1]


# ── columns ─────────────────────────────────────────────────────────────────────────────────


def _column(grid: RawTable, at: int, name: str) -> _Column:
    texts = [row[at] for row in grid.rows]
    filled = [t for t in texts if t]
    head = grid.heads[at].strip().lower()
    if head in _PERIODS:
        return _Column(head, "text" if head == "per" else "period", head, tuple(t or "any" for t in texts))
    word, type = _type(filled)
    members: tuple[tuple[str, str], ...] = ()
    if word == "enum":
        taken: set[str] = set()
        members = tuple((_identifier(t, taken), t) for t in dict.fromkeys(filled))
        type = "".join(part.capitalize() for part in name.split("_"))
    spelt = {text: member for member, text in members}
    return _Column(name, word, type, tuple(_cell(t, word, spelt) if t else "any" for t in texts), members)


def _type(texts: list[str]) -> tuple[Word, str]:
    """What all texts are: the narrowest type that has them."""
    if not texts:
        return "text", "text"
    if all(map(_INTEGER.fullmatch, texts)):
        return "integer", "integer"
    if all(map(_DECIMAL.fullmatch, texts)):
        most = max(len(t.partition(".")[2]) for t in texts)
        return "decimal", f"decimal to {Decimal(1).scaleb(-most):f}"
    if all(map(_PERCENT.fullmatch, texts)):
        most = max(len(t.partition(".")[2]) - 1 for t in texts)
        return "rate", "rate" if most <= 4 else f"rate to {Decimal(1).scaleb(-most):f}%"
    currencies = {m[1] or m[4] for t in texts if (m := _MONEY.fullmatch(t))}
    if len(currencies) == 1 and all(map(_MONEY.fullmatch, texts)) and currencies <= set(MINOR_UNIT):
        return "money", f"money({min(currencies)})"
    if all(map(_DATE.fullmatch, texts)):
        return "date", "date"
    if {t.lower() for t in texts} <= {"true", "false", "yes", "no"}:
        return "boolean", "boolean"
    if len(set(texts)) <= MOST_MEMBERS and all(map(_WORD.fullmatch, texts)):
        return "enum", ""
    return "text", "text"


def _cell(text: str, word: Word, members: dict[str, str]) -> str:
    match word:
        case "integer" | "decimal" | "rate" | "date":
            return text
        case "money":
            m = _MONEY.fullmatch(text)
            assert m is not None
            return f"{(m[2] or m[3]).replace(',', '_')} {m[1] or m[4]}"
        case "boolean":
            return "true" if text.lower() in ("true", "yes") else "false"
        case "enum":
            return members[text]
        case "text" | "period":
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            assert_never(word)


def _identifier(text: str, taken: set[str]) -> str:
    """A name of the language that no other has, as near to the text as one can be."""
    word = re.sub(r"[^a-z0-9]+", "_", text.lower().replace("+", "_plus").replace("%", "_percent")).strip("_")
    word = word if word[:1].isalpha() else f"n{word}" if word else "column"
    word = f"{word}_value" if word in (RESERVED_NAMES | {"other"}) else word
    name = next(n for k in count(1) if (n := word if k == 1 else f"{word}_{k}") not in taken)
    taken.add(name)
    return name


# ── declarations ────────────────────────────────────────────────────────────────────────────


def _declarations(table: str, keys: list[_Column], dated: list[_Column], results: list[_Column], per: str) -> str:
    lines = []
    for c in (*keys, *results):
        if c.word == "enum":
            members = [m if m == text else f'{m} spelt "{_escaped(text)}"' for m, text in c.members]
            lines.append(f"enum {c.type} {{ {', '.join(members)} }}\n")
    head = [c.name for c in keys]
    if len(results) > 1:
        record = "".join(part.capitalize() for part in table.split("_"))
        fields = "\n".join(f"  {c.name}: {c.type}" for c in results)
        lines.append(f"record {record} {{\n{fields}\n}}\n")
        result, heads = record, [c.name for c in results]
    else:
        result, heads = results[0].type, [table]
    arguments = ", ".join(f"{c.name}: {c.type}" for c in keys)
    lines.append(f"table {table}({arguments}) -> {result}")
    rows = range(len(keys[0].cells))
    general = [sum(c.cells[n] == "any" for c in keys) for n in rows]
    lines.append("first row that applies" if any(general) else "exactly one row applies")
    has_per = any(c.name == "per" for c in dated)
    shown = [*keys, *(c for c in dated if c.name != "per"), *results, *(c for c in dated if c.name == "per")]
    named = [*head, *(c.name for c in dated if c.name != "per"), *heads, *(["per"] if has_per or per else [])]
    lines.append(_row(named))
    for n in sorted(rows, key=lambda n: general[n]):  # the special before the general
        cells = [c.cells[n] for c in shown]
        lines.append(_row([*cells, *([per] if per and not has_per else [])]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _in_shape(text: str) -> str:
    source = Source("<new>", text)
    parsed = parse(source)
    if parsed.diagnostics:
        raise PolicyError(parsed.diagnostics)
    return formatted(source, parsed.file)


# ── files ───────────────────────────────────────────────────────────────────────────────────


def of_csv(data: bytes, file: str, name: str) -> RawTable:
    """The rows of a CSV file, whose cells are parted by commas, semicolons or tabs."""
    lines = csv_lines(data, file)
    texts = [
        (n, [" ".join(c.split()) for c in line]) for n, line in enumerate(lines, 1) if any(c.strip() for c in line)
    ]
    if len(texts) < 2:
        raise PolicyError.of("workbook", f"`{file}` has no rows below a head", "the first line names the columns")
    wide = len(texts[0][1])
    for n, line in texts:
        if len(line) != wide:
            raise PolicyError.of(
                "workbook",
                f"line {n} of `{file}` has {len(line)} cells, and the first {wide}",
                "give each column its cell",
            )
    places = tuple(tuple(f"line {n}, column {c + 1}" for c in range(wide)) for n, _ in texts[1:])
    return _grid(name, texts[0][1], [line for _, line in texts[1:]], places)


def of_workbook(book: RawBook, file: str, sheet: str, name: str) -> RawTable:
    """The rows of one sheet, the first that has any where none is named."""
    known = {s.name: s for s in book.sheets}
    if sheet and sheet not in known:
        raise PolicyError.of("workbook", f"`{file}` has no sheet `{sheet}`", did_you_mean(sheet, known))
    chosen = known[sheet] if sheet else next((s for s in book.sheets if s.cells and not s.is_hidden), None)
    if chosen is None or len({row for row, _ in chosen.cells}) < 2:
        raise PolicyError.of("workbook", f"`{file}` has no rows below a head", "the first line names the columns")
    rows = sorted({row for row, _ in chosen.cells})
    wide = chosen.width
    wrong: list[PolicyError] = []
    lines = [[_text(chosen, row, c, book.from_1904, wrong) for c in range(wide)] for row in rows]
    if wrong:
        raise PolicyError([d for e in wrong for d in e.diagnostics])
    places = tuple(tuple(place(chosen.name, row, c) for c in range(wide)) for row in rows[1:])
    return _grid(name or chosen.name, lines[0], lines[1:], places)


def _text(sheet: RawSheet, row: int, column: int, from_1904: bool, wrong: list[PolicyError]) -> str:
    """A cell as text: what a spreadsheet shows of a percentage or a day, and of a number its digits."""
    cell = sheet.cells.get((row, column))
    if cell is None:
        return ""
    if cell.kind == "text":
        return " ".join(cell.text.split())
    if cell.kind == "boolean":
        return cell.text
    said = text_of(cell, SheetColumn("", "test"), "table", from_1904)
    if cell.kind == "number" and isinstance(said, Refusal) and (shown := _shown(cell, said)):
        return shown
    assert isinstance(said, Refusal)
    wrong.append(PolicyError.of("workbook-cell", f"`{place(sheet.name, row, column)}` {said.why}", said.help))
    return ""


def _shown(cell: RawCell, said: Refusal) -> str:
    """What a number is to be written as: the remedy of its refusal has it, where there is one."""
    value = Decimal(cell.text)
    if len(value.normalize().as_tuple().digits) > MOST_DIGITS:
        return ""
    if cell.format == "general":
        return f"{value.normalize():f}"
    found = re.search(r"`([^`]+)`", said.help)
    return found[1] if found else ""


def _grid(
    name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], places: tuple[tuple[str, ...], ...]
) -> RawTable:
    if len(rows) > MOST_ROWS:
        raise PolicyError.of(
            "workbook", f"`{name}` has more than {MOST_ROWS:,} rows", 'keep them in a file: `from "rows.csv"`'
        )
    if empty := [n for n, head in enumerate(heads, 1) if not head.strip()]:
        raise PolicyError.of(
            "workbook", f"column {empty[0]} of `{name}` has no head", "the first line names the columns"
        )
    return RawTable(name, tuple(heads), tuple(map(tuple, rows)), places)

"""What a cell of a workbook says, as a text of the rule language; or why it is refused, and what to write instead.

In: a cell as it is stored, and its column. Out: the text, or a reason with a remedy. Texts are taken as they are,
except where a spreadsheet or a habit of writing makes another number of them. Absent: names and types beyond numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import assert_never

from attrs import frozen

from policy.diagnostics import which_provision
from policy.model import types
from policy.source import Source
from policy.syntax import tree
from policy.syntax.from_text import parse
from policy.workbooks.from_xlsx import RawCell
from policy.workbooks.sheets import Column, Kind, Role

MOST_DIGITS = 15  # that a spreadsheet keeps of a number
_TEXTS = re.compile(r'"(?:[^"\\\n]|\\["\\])*"')
_FULL_WIDTH = re.compile(r"[\uff01-\uff5e\u3000]")
_LEADING_ZERO = re.compile(r"(?<![\w.\-/])0+(?=\d)")
_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(,\d{3})+(?![\d,])")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_FRACTION = re.compile(r"-?(\d*\.\d+|\d+)")
_PROVISION = re.compile(r"[A-Z][A-Z0-9_]*/[A-Za-z0-9_]+([.()-]*[A-Za-z0-9_]+)*\)?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


@frozen
class Refusal:
    """Follows the place of the cell: `is a formula`. And what to do about it."""

    why: str
    help: str


def text_of(cell: RawCell | None, column: Column, kind: Kind, from_1904: bool) -> str | Refusal:
    """The text of a cell, in one line."""
    if cell is None:
        return _empty(column, kind)
    match cell.kind:
        case "formula":
            return Refusal(f"is a formula, `={cell.text[:60]}`", "write what it gives, as text")
        case "error":
            return Refusal(f"holds the error `{cell.text}`", "write the value, as text")
        case "boolean":
            if isinstance(column.type, types.Boolean):
                return cell.text
            return Refusal(
                f"is `{cell.text}`, and the column is of type `{column.told}`", "write such a value, as text"
            )
        case "number":
            return _number(cell, column, from_1904)
        case "text":
            text = " ".join(part.strip() for part in cell.text.strip().splitlines())
            return "" if text == "any" and column.role in ("from", "until") and kind != "table" else text
        case _:
            assert_never(cell.kind)


def _empty(column: Column, kind: Kind) -> str | Refusal:
    match column.role:
        case "from" | "until" if kind == "table":
            return Refusal("is empty", "write a date as 2026-02-11, or `any`")
        case "from" | "until" | "is" | "add" | "remove":
            return ""
        case "per":
            return Refusal(
                "is empty: the row has no citation", "name the provision it stands on, as the sheet `provisions` does"
            )
        case "test":
            return Refusal("is empty", "write `any` where the column does not matter")
        case "result" | "value":
            return Refusal("is empty", "write the value, or delete the row")
        case _:
            assert_never(column.role)


def _number(cell: RawCell, column: Column, from_1904: bool) -> str | Refusal:
    try:
        value = Decimal(cell.text)
    except InvalidOperation:
        return Refusal(f"holds `{cell.text[:40]}`, which is no number", "write it as text")
    if not value.is_finite() or abs(value.adjusted()) > 300:
        return Refusal(f"holds `{cell.text[:40]}`, which is no number", "write it as text")
    digits = len(value.normalize().as_tuple().digits)
    if digits > MOST_DIGITS or value.adjusted() >= MOST_DIGITS:
        why = f"is a number of more than {MOST_DIGITS} digits, `{cell.text}`, of which a spreadsheet keeps no more"
        return Refusal(why, "write it as text, with all its digits")
    shown = _plain(value)
    if cell.format == "date" or column.role in ("from", "until") or isinstance(column.type, types.Date):
        return Refusal(f"is a date stored as the number {shown}", f"write it as text: `{_day(value, from_1904)}`")
    if cell.format == "percent":
        return Refusal(f"is the number {shown} shown as a percentage", f"write it as text: `{_plain(value * 100)}%`")
    of = types.inner_of(column.type)
    match of:
        case types.Number(unit="rate"):
            return Refusal(
                f"is the number {shown}, and the column holds a rate", f"write it as text: `{_plain(value * 100)}%`"
            )
        case types.Number(unit="number" | "quantity"):
            return shown
        case types.Number(currency=currency) if currency:
            return Refusal(f"is the number {shown}, without a currency", f"write it as text: `{shown} {currency}`")
        case types.Number(unit="duration" | "period"):
            return Refusal(f"is the number {shown}, without a unit of time", "write it as text: `8 hours`")
        case types.Text():
            return Refusal(f"is the number {shown}, and the column holds texts", f'write it as text: `"{shown}"`')
        case _:
            return Refusal(f"is the number {shown}", f"write one of type `{column.told}`, as text")


def _plain(value: Decimal) -> str:
    """Without an exponent, and without noughts at its end."""
    return f"{value.normalize():f}"


def _day(serial: Decimal, from_1904: bool) -> str:
    """The day of a serial number, as 2026-02-11; how one is written, where it is none."""
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    try:
        return (first + timedelta(days=int(serial))).isoformat()
    except OverflowError:
        return "2026-02-11"


# ── texts that were changed ─────────────────────────────────────────────────────────────────


def refused(text: str, column: Column) -> Refusal | None:
    """Why a text that was written into a cell is refused: it is not, or not surely, what was meant."""
    outside = _TEXTS.sub('""', text)
    if _FULL_WIDTH.search(outside):
        return Refusal(f"has full-width characters: `{text}`", f"write `{unicodedata.normalize('NFKC', text)}`")
    if column.role in ("from", "until") and text not in ("", "any"):
        return _date(text)
    if isinstance(column.type, types.Number) or isinstance(getattr(column.type, "of", None), types.Number):
        wrong = _spelling(outside, column.type)
        if wrong:
            return wrong
    return _syntax(text, column) if text else None


def refused_version(texts: Mapping[Role, str]) -> tuple[Role, Refusal] | None:
    """Why a version of a set is refused as a whole, and at which of its cells."""
    changes: Role | None = next((role for role in ("add", "remove") if texts[role]), None)
    if texts["is"] and changes:
        return changes, Refusal(
            "is filled in beside `is`", "a version says what the set is, or what changes; not both"
        )
    if changes and not (texts["from"] or texts["until"]):
        return "from", Refusal("is empty", "say from which day the set changes, as 2026-02-11")
    if not (texts["is"] or changes):
        return "is", Refusal("is empty", "write the members, or `none`")
    return None


def _date(text: str) -> Refusal | None:
    if _ISO.fullmatch(text):
        try:
            date.fromisoformat(text)
            return None
        except ValueError:
            return Refusal(
                f"says `{text}`, which is no day of the calendar", "write year, month and day, as 2026-02-28"
            )
    return Refusal(f"says `{text}`, which is no date of the rules", "write year, month and day, as 2026-02-11")


def _spelling(text: str, of: types.Type | None) -> Refusal | None:
    """A number that another country, or another program, writes otherwise."""
    if found := _GROUPED.search(text):
        return Refusal(
            f"has thousands with commas: `{text}`", f"write `{text.replace(found[0], found[0].replace(',', '_'))}`"
        )
    if _DECIMAL_COMMA.search(text):
        help = f"write a decimal point, `{_DECIMAL_COMMA.sub('.', text)}`; or a blank between two numbers"
        return Refusal(f"has a decimal comma: `{text}`", help)
    if _LEADING_ZERO.search(text):
        return Refusal(f"has a leading zero: `{text}`", f"write `{_LEADING_ZERO.sub('', text)}`")
    if isinstance(of, types.Number) and of.unit == "rate" and _FRACTION.fullmatch(text) and Decimal(text):
        return Refusal(
            f"is a fraction, `{text}`, and the column holds a rate", f"write `{_plain(Decimal(text) * 100)}%`"
        )
    return None


def _syntax(text: str, column: Column) -> Refusal | None:
    """Whether the language reads it as a cell of this column."""
    if re.search(r"[|#]", _TEXTS.sub("", text)):
        return Refusal(f"says `{text}`, which is more than one cell", "take out `|` and `#`")
    if column.role in ("is", "add", "remove"):
        return _set(text)
    if column.role == "per" and not all(_PROVISION.fullmatch(part.strip()) for part in text.split(",")):
        named = "name them as the sheet `provisions` does, with commas between them"
        help = which_provision(text, column.choices) or named
        return Refusal(f"says `{text}`, and the column holds provisions", help)
    before = "tighten table t\n| t |\n| "
    parsed = parse(Source("", f"{before}{text} |\n"))
    if parsed.diagnostics:
        told = parsed.diagnostics[0]
        return Refusal(f"says `{text}`, which the language does not read: {told.message}", told.help)
    first = parsed.file.declarations[0] if len(parsed.file.declarations) == 1 else None
    rows = first.rows if isinstance(first, tree.Tighten) else ()
    if len(rows) != 1 or len(rows[0].cells) != 1:
        return Refusal(f"says `{text}`, which is more than one cell", "take out what ends the cell")
    cell = rows[0].cells[0]
    if column.role in ("result", "value") and (cell.kind != "values" or len(cell.items) != 1):
        return Refusal(f"says `{text}`, which is not one value", f"write one of type `{column.told}`")
    return None


def _set(text: str) -> Refusal | None:
    if text == "none":
        return None
    parsed = parse(Source("", f"set s of text = {{ {text} }}\n"))
    if parsed.diagnostics:
        told = parsed.diagnostics[0]
        return Refusal(f"says `{text[:60]}`, which the language does not read: {told.message}", told.help)
    if "}" in _TEXTS.sub("", text):
        return Refusal(
            f"says `{text[:60]}`, which is not the members of a set", "write them with commas between them"
        )
    return None

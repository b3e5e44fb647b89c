"""The same mistake gets the same refusal by every door: a table of doors and mistakes, and random facts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

import optional

optional.columns()
# ruff: noqa: E402  (what follows needs it)
import polars as pl

import doors
from doors import DOORS, HELD, IN_RULES, LEG, LEGS, WRITTEN, frame


class No(str):
    """Why a form of facts cannot have the mistake."""


NULL = No("a null in a table says that nobody knows the fact")
SLOTS = No("an unchecked record has no place for it")
NO_LISTS = No("a cell of CSV holds no list")
TEXTS = No("every cell of CSV is a text, and this one is a good one")
GROUPS = {
    "records": "python",
    "evaluators": "python",
    "parquet": "columns",
    "arrow": "columns",
    "csv": "csv",
    "tests": "tests",
}  # every other is JSON


@frozen
class Mistake:
    """One fact that is wrong, in each form: as Python holds it, as JSON writes it, as a column, as a test in rules.

    All doors say `said` of the fact at `path`, under `code`; but where a whole column is of the wrong type, or the
    checker of the language sees it before anyone reads facts, `otherwise` has what they say.
    """

    path: str
    held: Any
    written: Any
    column: Any  # its type and its cell
    rules: Any
    code: str
    said: str
    unchecked: No | None = None
    csv: No | None = None
    otherwise: dict[str, tuple[str, str]] = field(factory=dict)

    def expected(self, door: str) -> tuple[str, str]:
        return self.otherwise.get(GROUPS.get(door, "json"), (self.code, f"`order.{self.path}`: {self.said}"))


def typed(column: str, wanted: str, remedy: str) -> tuple[str, str]:
    return "facts-type", f"the column is {column}, but `{wanted}` is expected (make it {remedy})"


def mismatch(found: str, wanted: str) -> tuple[str, str]:
    return "type-mismatch", f"this is {found}, but {wanted} is expected"


SPELLING = "is not a decimal number (digits 0-9, one point, no separators)"
TOO_LARGE = "the number is too large for `money(HKD) to 0.01`"
OFFSET = "(write it as 2026-02-11T16:10:00+08:00, with its offset)"
NO_SIDE = "`hold` is not a `Side` (it is one of `buy`, `sell`)"

UNKNOWN_COLUMN = ("facts-unknown", "`pric`")
UNKNOWN_INSIDE = ("facts-unknown", "`order.leg.sise`: `Leg` has no field `sise` (did you mean `size`?)")

MISTAKES = {
    "a misspelt member": Mistake(
        "venue",
        "sharedbook",
        "sharedbook",
        (pl.String, "sharedbook"),
        "sharedbook",
        "facts-type",
        "`sharedbook` is not a `Venue` (did you mean `shared_book`?)",
        otherwise={"tests": ("unknown-name", "a name known here (did you mean `shared_book`?)")},
    ),
    "a number for a member": Mistake(
        "venue",
        1,
        1,
        (pl.Int64, 1),
        "1",
        "facts-type",
        "is a number, but `Venue` is expected",
        otherwise={
            "columns": typed("int64", "Venue", "a text"),
            "csv": ("facts-type", "`1` is not a `Venue` (it is one of `own_book`, `shared_book`)"),
            "tests": mismatch("an `integer`", "a `Venue`"),
        },
    ),
    "a boolean for a whole number": Mistake(
        "count",
        True,
        True,
        (pl.Boolean, True),
        "true",
        "facts-type",
        "is a boolean, but `integer` is expected",
        otherwise={
            "columns": typed("boolean", "integer", "a number"),
            "csv": ("facts-number", f"`true` {SPELLING}"),
            "tests": mismatch("a `boolean`", "an `integer`"),
        },
    ),
    "a binary float": Mistake(
        "price",
        600.5,
        No("a number in JSON is the decimal that is written"),
        (pl.Float64, 600.5),
        No("a number in rules is the decimal that is written"),
        "facts-type",
        "is a binary float, but `money(HKD) to 0.01` is expected (hold it as an int of 10**-2)",
        csv=TEXTS,
        otherwise={
            "columns": typed("float64", "money(HKD) to 0.01", "an exact number; binary floats are not exact"),
        },
    ),
    "a text for a number": Mistake(
        "price",
        "lots",
        "lots",
        (pl.String, "lots"),
        '"lots"',
        "facts-number",
        f"`lots` {SPELLING}",
        otherwise={"tests": mismatch("a `text`", "a `money(HKD) to 0.01`")},
    ),
    "a number for a text": Mistake(
        "name",
        5,
        5,
        (pl.Int64, 5),
        "5",
        "facts-type",
        'is a number, but `text` is expected (write it in quotes: "12.34")',
        csv=TEXTS,
        otherwise={
            "columns": typed("int64", "text", "a text"),
            "tests": mismatch("an `integer`", "a `text`"),
        },
    ),
    "a text for a boolean": Mistake(
        "admitted",
        "no",
        "no",
        (pl.String, "no"),
        '"no"',
        "facts-type",
        "is a text, but `boolean` is expected",
        otherwise={"tests": mismatch("a `text`", "a `boolean`")},
    ),
    "below its bound": Mistake(
        "price",
        -1,
        "-0.01",
        (pl.Decimal(18, 2), Decimal("-0.01")),
        "-0.01 HKD",
        "facts-bounds",
        "is -0.01 HKD, but at least 0.00 HKD is allowed",
    ),
    "above its bound": Mistake(
        "count", 101, 101, (pl.Int64, 101), "101", "facts-bounds", "is 101, but at most 100 is allowed"
    ),
    "an optional one above its bound": Mistake(
        "note", 10, 10, (pl.Int64, 10), "10", "facts-bounds", "is 10, but at most 9 is allowed"
    ),
    "a member below its bound": Mistake(
        "grade", "poor", "poor", (pl.String, "poor"), "poor", "facts-bounds", "is poor, but at least fair is allowed"
    ),
    "a member above its bound": Mistake(
        "grade", "top", "top", (pl.String, "top"), "top", "facts-bounds", "is top, but at most g+ is allowed"
    ),
    "null where nothing is optional": Mistake(
        "count",
        None,
        None,
        NULL,
        "none",
        "facts-type",
        "null says that it is absent, but it is not optional (leave it out if unknown)",
        otherwise={"tests": ("type-mismatch", "`none` is not valid for an `integer` (it is not optional)")},
    ),
    "an unknown field": Mistake(
        "pric",
        1,
        1,
        (pl.Int64, 1),
        "1",
        "facts-unknown",
        "`Order` has no such field (did you mean `price`?)",
        SLOTS,
        otherwise={
            "columns": UNKNOWN_COLUMN,
            "csv": UNKNOWN_COLUMN,
            "tests": ("unknown-field", "`Order` has no field `pric` (did you mean `price`?)"),
        },
    ),
    "an unknown field of a record inside": Mistake(
        "leg.sise",
        1,
        1,
        (
            pl.Struct({"side": pl.String, "size": pl.String, "sise": pl.Int64}),
            {"side": "buy", "size": "2", "sise": 1},
        ),
        "1",
        "facts-unknown",
        "`Leg` has no such field (did you mean `size`?)",
        SLOTS,
        otherwise={
            "columns": UNKNOWN_INSIDE,
            "csv": UNKNOWN_INSIDE,
            "tests": ("unknown-field", "`Leg` has no field `sise` (did you mean `size`?)"),
        },
    ),
    "a text for a record": Mistake(
        "leg",
        "buy",
        "buy",
        (pl.String, "buy"),
        '"buy"',
        "facts-type",
        "is a text, but `Leg` is expected",
        otherwise={
            "columns": typed("string", "Leg", "a struct"),
            "csv": typed("string", "Leg", "a struct"),
            "tests": mismatch("a `text`", "a `Leg`"),
        },
    ),
    "another record": Mistake(
        "leg",
        HELD,
        WRITTEN,
        No("a column of structs with other fields has unknown fields"),
        IN_RULES,
        "facts-type",
        "is an `Order`, but `Leg` is expected",
        otherwise={
            "json": ("facts-unknown", "`order.leg.venue`: `Leg` has no such field (it has `side`, `size`)"),
            "tests": ("unknown-field", "`Leg` has no field `venue` (it has `side`, `size`)"),
        },
    ),
    "below the bound of a field inside": Mistake(
        "leg.size",
        -1,
        "-0.00000001",
        (LEG, {"side": "buy", "size": "-0.00000001"}),
        "-0.00000001",
        "facts-bounds",
        "is -0.00000001, but at least 0 is allowed",
    ),
    "a member of no enum inside": Mistake(
        "leg.side",
        "hold",
        "hold",
        (LEG, {"side": "hold", "size": "2"}),
        "hold",
        "facts-type",
        NO_SIDE,
        otherwise={"tests": ("unknown-name", "`hold` is neither a member of `Side` nor a name known here")},
    ),
    "a bad element of a list": Mistake(
        "sizes[1]",
        "lots",
        "lots",
        (pl.List(pl.String), ["1", "lots"]),
        '"lots"',
        "facts-number",
        f"`lots` {SPELLING}",
        csv=NO_LISTS,
        otherwise={"tests": mismatch("a `text`", "an `integer`")},
    ),
    "a member of no enum in a list": Mistake(
        "legs[0].side",
        "hold",
        "hold",
        (LEGS, [{"side": "hold", "size": "2"}]),
        "hold",
        "facts-type",
        NO_SIDE,
        csv=NO_LISTS,
        otherwise={"tests": ("unknown-name", "`hold` is neither a member of `Side` nor a name known here")},
    ),
    "no list": Mistake(
        "sizes",
        1,
        1,
        (pl.Int64, 1),
        "1",
        "facts-type",
        "is a number, but `list of integer` is expected",
        csv=NO_LISTS,
        otherwise={
            "columns": typed("int64", "list of integer", "a list"),
            "tests": mismatch("an `integer`", "a `list of integer`"),
        },
    ),
    "too many digits": Mistake(
        "price",
        10**18,
        "10000000000000000",
        (pl.Decimal(38, 0), Decimal(10**16)),
        "10000000000000000 HKD",
        "facts-number",
        TOO_LARGE,
    ),
    "too many decimals": Mistake(
        "price",
        No("Python holds an int of the last decimal"),
        "1.001",
        (pl.Decimal(18, 3), Decimal("1.001")),
        "1.001 HKD",
        "facts-number",
        "`1.001` has more decimals than `money(HKD) to 0.01` (nothing is rounded silently)",
        otherwise={"tests": ("narrowing", "decimals would be lost")},
    ),
    "a day that is none": Mistake(
        "day",
        0,
        "2026-02-30",
        (pl.String, "2026-02-30"),
        "2026-02-30",
        "facts-time",
        "there is no day `2026-02-30`",
        otherwise={
            "python": ("facts-time", "there is no day `0` (hold it as its ordinal day, `date.toordinal()`)"),
            "tests": ("bad-date", "there is no day `2026-02-30`"),
        },
    ),
    "a text that is no day": Mistake(
        "day",
        "soon",
        "soon",
        (pl.String, "soon"),
        '"soon"',
        "facts-time",
        "is not a date (write it as 2026-02-11)",
        otherwise={"tests": mismatch("a `text`", "a `date`")},
    ),
    "a moment that is none": Mistake(
        "moment",
        10**18,
        "2026-02-30T16:10:00+08:00",
        (pl.String, "2026-02-30T16:10:00+08:00"),
        "2026-02-30T16:10:00+08:00",
        "facts-time",
        f"there is no moment `2026-02-30T16:10:00+08:00` {OFFSET}",
        otherwise={
            "python": ("facts-time", f"there is no moment `{10**18}` (hold it as microseconds since 1970 UTC)"),
            "tests": ("bad-date", "there is no moment `2026-02-30T16:10:00+08:00`"),
        },
    ),
    "a moment without its offset": Mistake(
        "moment",
        "2026-02-11T16:10:00",
        "2026-02-11T16:10:00",
        (pl.Datetime("us"), datetime(2026, 2, 11, 16, 10)),
        '"2026-02-11T16:10:00"',
        "facts-time",
        f"is not an instant {OFFSET}",
        otherwise={
            "columns": typed("datetime(time_unit='us', time_zone=none)", "instant", "a moment with its time zone"),
            "tests": mismatch("a `text`", "an `instant`"),
        },
    ),
}


@pytest.mark.parametrize("title", MISTAKES)
def test_the_same_mistake_gets_the_same_refusal(title: str, tmp_path: Path) -> None:
    m = MISTAKES[title]
    cells = (
        m.column
        if isinstance(m.column, No)
        else frame(WRITTEN, **{m.path.partition(".")[0].partition("[")[0]: m.column})
    )
    forms = [
        value if isinstance(value, No) else form.but(m.path, value)
        for form, value in ((HELD, m.held), (WRITTEN, m.written), (IN_RULES, m.rules))
    ]
    held = (forms[0], forms[0] if m.unchecked is None else m.unchecked)
    met = []
    for door, told in doors.every(*held, forms[1], cells, cells if m.csv is None else m.csv, forms[2], tmp_path):
        met.append(door)
        if not isinstance(told, str):
            code, said = m.expected(door)
            inner = said.replace(f"`order.{m.path}`", f"`Leg.{m.path.rpartition('.')[2]}`")
            assert said in told.said or inner in told.said, door
            assert told.codes in (frozenset(), {code}), door  # tables and evaluators tell no code
    assert met == DOORS


def test_every_door_takes_what_is_right(tmp_path: Path) -> None:
    cells = frame(WRITTEN)
    told = dict(doors.every(HELD, HELD, WRITTEN, cells, cells, IN_RULES, tmp_path))
    assert told == dict.fromkeys(DOORS, doors.FINE)

"""Recorded prices: bars of a CSV file as others publish them, gzipped or not, in whatever order and width.

In: a file with a column of times (Unix seconds) and one of closing prices, found by their names. Out: exact
prices, oldest first, and a finding for each row that cannot be used. Absent: any other column, so that what is
wrong with those does no harm.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from attrs import frozen

from policy.diagnostics import Collector, Diagnostic, PolicyError
from policy.files import BROKEN, plain
from policy.model.types import MOST_FACT_DIGITS
from policy.model.values import scaled
from policy.scenario import csv_lines
from policy.source import Source, Span

SCALE = 8  # decimals kept of a recorded price
_TIMES = ("unix", "unix timestamp", "timestamp", "time")
_PRICES = ("close", "price")
_SECONDS = re.compile(r"[0-9]{1,11}")
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")
MOST_FINDINGS = 20


@frozen
class RecordedPrice:
    """A price at a moment (microseconds since 1970 UTC), as an integer of 10^-8."""

    at: int
    price: int


def recorded_prices(path: Path) -> tuple[tuple[RecordedPrice, ...], list[Diagnostic]]:
    """The prices of a file, oldest first, and what is wrong with its rows. Raises PolicyError where there is none."""
    plain(path)
    found = Collector()
    rows = _rows(path)
    header = next(rows, Source(str(path), ""))
    names = [name.strip().lower() for name in csv_lines.cells(header, found, "prices-columns") or []]
    time, price = (next((names.index(n) for n in known if n in names), -1) for known in (_TIMES, _PRICES))
    if time < 0 or price < 0:
        help = "name them `Unix` (seconds since 1970) and `Close` in the first line"
        whole = Span(header, 0, len(header.text))
        message = f"`{path}` has no column of times or none of prices"
        raise PolicyError(found.found or PolicyError.of("prices-columns", message, help, whole).diagnostics)
    if (twice := csv_lines.named_twice(names)) in (names[time], names[price]):
        message = f"`{path}` has the column `{twice}` twice"
        raise PolicyError.of("prices-columns", message, "name each column once", Span(header, 0, len(header.text)))
    prices: dict[int, int] = {}
    for row in rows:
        read = _row(row, time, price, found)
        if read is None:
            continue
        if prices.setdefault(read.at, read.price) != read.price:
            whole = Span(row, 0, len(row.text))
            found.error("prices-row", "this moment has another price already", whole, "keep one of the two")
    if not prices:
        help = "see what is wrong with its rows"
        found.error("prices-row", f"`{path}` holds no price that can be used", None, help)
        raise PolicyError(found.found[-1:] + found.found[:MOST_FINDINGS])
    return tuple(RecordedPrice(at, prices[at]) for at in sorted(prices)), found.found


def _rows(path: Path) -> Iterator[Source]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield Source(str(path), line.rstrip("\r\n"), number - 1)
    except BROKEN as failure:
        raise PolicyError.of("unreadable", f"`{path}` cannot be read: {failure}", "fetch it again") from failure


def _row(row: Source, time: int, price: int, found: Collector) -> RecordedPrice | None:
    cells = csv_lines.cells(row, found, "prices-row")
    if cells is None:
        return None
    whole = Span(row, 0, len(row.text))
    if len(cells) <= max(time, price):
        help = "give every cell that the first line names"
        found.error("prices-row", "this row ends before its time and price", whole, help)
        return None
    if not _SECONDS.fullmatch(cells[time]):
        found.error("prices-row", f"`{cells[time]}` is not a moment", whole, "write seconds since 1970, in UTC")
        return None
    value = scaled(Decimal(cells[price]), SCALE) if _PRICE.fullmatch(cells[price]) else None
    if not value or value >= 10**MOST_FACT_DIGITS:
        help = f"write a decimal above zero, with at most {SCALE} decimals"
        found.error("prices-row", f"`{cells[price]}` is not a price", whole, help)
        return None
    return RecordedPrice(int(cells[time]) * 10**6, value)

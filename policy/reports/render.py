"""Figures as a page: one self-contained HTML file that needs no network, no script and no second look-up.

In: computed figures. Out: text, the same for the same figures. Absent: arithmetic and decisions; the filters
here only punctuate. Everything printed is escaped, and a name a template does not find is an error.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from policy.reports import dates
from policy.reports.plain import amounts

SHIPPED = Path(__file__).parent / "templates"
_FIRST_WIDE = 0x2E80
_ISO_DATE = re.compile(r"(?<![\w/-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])", re.ASCII)
_PIECES = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+")


class Templates(ImmutableSandboxedEnvironment):
    """How every template is printed, shipped or not: the same syntax, filters and escaping, and no way at Python.

    Figures are dictionaries here; the name of a figure goes before a method of the same name.
    """

    def __init__(self, loader: BaseLoader, undefined: type[StrictUndefined] = StrictUndefined) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        del self.globals["lipsum"], self.filters["random"]  # the same figures make the same page
        self.filters.update(
            amount=amount,
            grouped=grouped,
            long_date=long_date,
            chinese_date=chinese_date,
            long_dates=long_dates,
            chinese_dates=chinese_dates,
            long_moment=amounts.long_moment,
            chinese_moment=amounts.chinese_moment,
            long_span=amounts.long_span,
            chinese_span=amounts.chinese_span,
            chinese_amount=amounts.chinese_amount,
            words=words,
            broken=broken,
            anchor=anchor,
            shortened=shortened,
        )

    def getattr(self, obj: object, attribute: str) -> object:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def _shipped() -> Templates:
    return Templates(FileSystemLoader(SHIPPED))


def page(template: str, **figures: object) -> str:
    """A page made of figures by one of the shipped templates."""
    return _shipped().get_template(template).render(figures)


def grouped(number: str | int) -> str:
    """A number, with or without a unit, its thousands set apart and with a minus sign for print: `−1,234.50 HKD`."""
    text = amounts.grouped(str(number))
    return f"−{text[1:]}" if text.startswith("-") else text


def amount(number: str | int) -> str:
    """A number with its currency before it: `−HK$1,234.50`."""
    return amounts.said_in_english(grouped(number))


def long_date(iso: str) -> str:
    """`1 March 2026`."""
    return dates.long_date(date.fromisoformat(iso))


def chinese_date(iso: str) -> str:
    """`2026年3月1日`."""
    return dates.chinese_date(date.fromisoformat(iso))


def long_dates(text: str) -> str:
    """A text with its ISO dates as people write them in English."""
    return _ISO_DATE.sub(lambda found: long_date(found[0]), text)


def chinese_dates(text: str) -> str:
    """A text with its ISO dates as people write them in Chinese."""
    return _ISO_DATE.sub(lambda found: chinese_date(found[0]), text)


def words(name: str) -> str:
    """The name of a rule or fact, read as words."""
    return name.replace("_", " ")


def broken(text: str, width: int) -> list[str]:
    """A text in lines for a picture; a Chinese character is as wide as two letters, and breaks anywhere."""
    lines = [""]
    for piece in _PIECES.findall(text):
        room = width - sum(map(_columns, lines[-1]))
        if lines[-1] and sum(map(_columns, piece.rstrip())) > room:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def anchor(name: str) -> str:
    """A full name as the target of a link."""
    return name.replace(".", "-").replace("/", "-")


def shortened(number: str) -> str:
    """A whole number of thousands or millions as `350k` or `1.5m`, as long as that is exact; else as it is."""
    if number.isdigit() and int(number):
        for size, letter in ((1_000_000, "m"), (1_000, "k")):
            tenths, rest = divmod(int(number) * 10, size)
            if not rest and tenths >= 10:
                return f"{tenths // 10}" + (f".{tenths % 10}" if tenths % 10 else "") + letter
    return grouped(number) if number.replace(".", "").isdigit() else number


def _columns(character: str) -> int:
    return 2 if ord(character) >= _FIRST_WIDE else 1

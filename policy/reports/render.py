"""Figures as a page: one self-contained HTML file that needs no network, no script and no second look-up.

In: computed figures. Out: text, the same for the same figures. Absent: arithmetic and decisions; the filters
here only punctuate. Everything printed is escaped, and a name a template does not find is an error.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from policy.reports.figures import Figures

_TEMPLATES = Path(__file__).parent / "templates"
_MONTHS = "January February March April May June July August September October November December"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        amount=amount, grouped=grouped, long_date=long_date, chinese_date=chinese_date, words=words
    )
    return environment


def demo_page(figures: Figures) -> str:
    """The report of the demonstration."""
    return page("demo.html.jinja", figures=figures)


def page(template: str, **figures: Any) -> str:
    """A page made of figures by one of the templates."""
    return _environment().get_template(template).render(figures)


def grouped(number: str | int) -> str:
    """A decimal text with its thousands set apart: `1,234,567.80`."""
    whole, point, decimals = str(number).partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{decimals}"


def amount(text: str) -> str:
    """Money with its thousands set apart: `1,234,567.80 HKD`."""
    number, space, currency = text.partition(" ")
    return grouped(number) + space + currency


def long_date(iso: str) -> str:
    """`1 March 2026`."""
    day = date.fromisoformat(iso)
    month = _MONTHS.split()[day.month - 1]
    return f"{day.day} {month} {day.year}"


def chinese_date(iso: str) -> str:
    """`2026年3月1日`."""
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def words(name: str) -> str:
    """The name of a rule or fact, read as words."""
    return name.replace("_", " ")

"""Dates as people read them.

In: a date. Out: its text in English or Chinese. Absent: times of day, and days outside of the calendar.
"""

from __future__ import annotations

from datetime import date

MONTHS = "January February March April May June July August September October November December".split()


def long_date(day: date) -> str:
    """`11 February 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def chinese_date(day: date) -> str:
    """`2026年2月11日`."""
    return f"{day.year}年{day.month}月{day.day}日"

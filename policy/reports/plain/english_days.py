"""Days, months and calendars in English. Part of `english`.

In: days and lengths of time as phrases. Out: phrases. Absent: everything else that a rule says.
"""

from __future__ import annotations

from typing import assert_never

from policy.model import expressions as x
from policy.model.expressions import Expression
from policy.reports.plain.english_words import LATER, NEAR, PASSED
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.wording import Comparison
from policy.vocabulary import BusinessDayOperator, CalendarOperator, ElapsedOperator, OrderOperator


class EnglishDays(Phrasing):
    """When something is, and how long after something else."""

    def days(self, days: Expression) -> str:
        said = self.term(days)
        return (
            f"{said} {'day' if said == '1' else 'days'}" if isinstance(days, x.Literal) and said.isdigit() else said
        )

    def later_than(self, day: str, operator: OrderOperator, time: str, other: str) -> str:
        return f"{day} {LATER[operator].format(time)} {other}"

    def near(self, day: str, time: str, holds: bool) -> str:
        return NEAR[holds].format(day, self.today, time)

    def months(self, months: int) -> str:
        count, word = (months // 12, "year") if months % 12 == 0 and months > 12 else (months, "month")
        return f"{count} {word}{'' if count == 1 else 's'}"

    def passed(self, operator: Comparison, time: str, day: str) -> str:
        one = time.startswith("1 ")
        return PASSED[operator].format(time, day).replace(" have ", " has " if one else " have ", 1)

    def elapsed(self, operator: ElapsedOperator, first: str, last: str) -> str:
        return f"the number of {operator} {first} to {last}"

    def on_calendar(self, operator: BusinessDayOperator, calendar: str, terms: list[str]) -> str:
        match operator:
            case "business days after" | "business days before":
                (number, day), way = terms, operator.rpartition(" ")[2]
                if number == "1":
                    return f"the {'first' if way == 'after' else 'last'} business day ({calendar}) {way} {day}"
                return f"the day reached by counting {number} business days ({calendar}) {way} {day}"
            case "business day on or after":
                return f"the first business day ({calendar}) on or after {terms[0]}"
            case "business day on or before":
                return f"the last business day ({calendar}) on or before {terms[0]}"
            case "business days between":
                return f"the number of business days ({calendar}) after {terms[0]} up to and including {terms[1]}"
            case "a business day":
                raise AssertionError("whether a day is a business day is a condition")
            case _:
                assert_never(operator)

    def business_day(self, day: str, calendar: str, holds: bool) -> str:
        return f"{day} is {'' if holds else 'not '}a business day ({calendar})"

    def calendar(self, operator: CalendarOperator, day: str) -> str:
        match operator:
            case "year of" | "month of":
                return f"the {operator} {day}"
            case "day of":
                return f"the day of the month of {day}"
            case "weekday of":
                return f"the weekday of {day} (1 is Monday, 7 is Sunday)"
            case (
                "first day of the month of" | "last day of the month of" | "first day of the quarter of"
                | "last day of the quarter of" | "first day of the year of" | "last day of the year of"
            ):  # fmt: skip
                return f"the {operator} {day}"
            case _:
                assert_never(operator)

    def days_later(self, later: bool, day: str, days: str) -> str:
        return f"the day {days} {'after' if later else 'before'} {day}"

    def months_later(self, day: str, months: int) -> str:
        return f"the day {self.months(abs(months))} {'after' if months >= 0 else 'before'} {day}"

"""Days, months and calendars in Traditional Chinese. Part of `chinese`.

In: days and lengths of time as phrases. Out: phrases. Absent: everything else that a rule says.
"""

from __future__ import annotations

from typing import assert_never

from policy.model import expressions as x
from policy.model.expressions import Expression
from policy.reports.plain.chinese_words import NEAR, PASSED, TIMES
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.wording import Comparison
from policy.vocabulary import BusinessDayOperator, CalendarOperator, ElapsedOperator, OrderOperator


class ChineseDays(Phrasing):
    """When something is, and how long after something else."""

    def days(self, days: Expression) -> str:
        said = self.term(days)
        return f"{said}日" if isinstance(days, x.Literal) and said.isdigit() else said

    def later_than(self, day: str, operator: OrderOperator, time: str, other: str) -> str:
        self.subjects.append(day)
        return f"{day}{TIMES[operator]}{other}後{time}"

    def near(self, day: str, time: str, holds: bool) -> str:
        self.subjects.append(day)
        return NEAR[holds].format(day, self.today, time)

    def months(self, months: int) -> str:
        return f"{months // 12}年" if months % 12 == 0 and months > 12 else f"{months}個月"

    def passed(self, operator: Comparison, time: str, day: str) -> str:
        return f"自{day}起計{PASSED[operator]}{time}"

    def elapsed(self, operator: ElapsedOperator, first: str, last: str) -> str:
        return f"由{first}至{last}的足{'年' if operator == 'whole years from' else '月'}數"

    def on_calendar(self, operator: BusinessDayOperator, calendar: str, terms: list[str]) -> str:
        match operator:
            case "business days after":
                return f"{terms[1]}後{'首' if terms[0] == '1' else f'第{terms[0]}'}個營業日（{calendar}）"
            case "business days before":
                return f"{terms[1]}前{'最後一' if terms[0] == '1' else f'第{terms[0]}'}個營業日（{calendar}）"
            case "business day on or after":
                return f"{terms[0]}當日或其後的首個營業日（{calendar}）"
            case "business day on or before":
                return f"{terms[0]}當日或之前的最後一個營業日（{calendar}）"
            case "business days between":
                return f"{terms[0]}後至{terms[1]}（包括當日）的營業日數目（{calendar}）"
            case "a business day":
                raise AssertionError("whether a day is a business day is a condition")
            case _:
                assert_never(operator)

    def business_day(self, day: str, calendar: str, holds: bool) -> str:
        return f"{day}{'為' if holds else '並非'}營業日（{calendar}）"

    def calendar(self, operator: CalendarOperator, day: str) -> str:
        match operator:
            case "year of":
                return f"{day}的年份"
            case "month of":
                return f"{day}的月份"
            case "day of":
                return f"{day}在該月的日數"
            case "weekday of":
                return f"{day}的星期序數（星期一為1，星期日為7）"
            case "first day of the month of":
                return f"{day}所在月份的首日"
            case "last day of the month of":
                return f"{day}所在月份的最後一日"
            case "first day of the quarter of":
                return f"{day}所在季度的首日"
            case "last day of the quarter of":
                return f"{day}所在季度的最後一日"
            case "first day of the year of":
                return f"{day}所在年度的首日"
            case "last day of the year of":
                return f"{day}所在年度的最後一日"
            case _:
                assert_never(operator)

    def days_later(self, later: bool, day: str, days: str) -> str:
        return f"{day}{'後' if later else '前'}{days}當日"

    def months_later(self, day: str, months: int) -> str:
        return f"{day}{'後' if months >= 0 else '前'}{self.months(abs(months))}當日"

"""Numbers, dates and times as people read them, in English and in Traditional Chinese.

In: a run-time value and its type. Out: its text, with every digit it has. Absent: rounding, and names of any kind.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.reports import dates

_HONG_KONG = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = date.max.toordinal()
_CURRENCIES_ZH = {"HKD": "港元", "USD": "美元", "CNY": "人民幣", "EUR": "歐元", "GBP": "英鎊", "JPY": "日圓"}
_DURATIONS_ZH = {"day": "日", "hour": "小時", "minute": "分鐘", "second": "秒"}
_DIGITS = re.compile(r"^-?\d+")
_ONE_DECIMAL = re.compile(r"^(-?\d+\.\d)(?= )")


def grouped(number: str) -> str:
    """A number's text with its thousands set apart: `1,234,567.80`."""
    return _DIGITS.sub(lambda whole: f"{int(whole[0]):,}" if whole[0] != "-0" else "-0", number)


def long_date(day: int) -> str:
    """`11 February 2026`."""
    if not 1 <= day <= _LAST_DAY:
        return show(day, types.DATE)
    return dates.english(date.fromordinal(day))


def chinese_date(day: int) -> str:
    """`2026年2月11日`."""
    if not 1 <= day <= _LAST_DAY:
        return show(day, types.DATE)
    return dates.chinese(date.fromordinal(day))


def iso(day: int | None) -> str:
    """`2026-02-11`; nothing where a period is open."""
    return show(day, types.DATE) if day is not None else ""


def english(value: Any, of: Type) -> str:
    """`15,000,000 USD`, `0.0375%`, `30 days`, `11 February 2026`."""
    match of:
        case types.Date():
            return long_date(value)
        case types.Instant():
            at = _EPOCH + timedelta(microseconds=value)
            local = at.astimezone(_HONG_KONG)
            return f"{long_date(local.toordinal())}, {_clock(local)} Hong Kong time"
        case types.Text():
            return f"“{value}”"
        case types.Boolean():
            return "yes" if value else "no"
        case types.Number():
            return grouped(_money(show(value, of)))
    return show(value, of)


def chinese(value: Any, of: Type) -> str:
    """`15,000,000 美元`, `0.0375%`, `30日`, `2026年2月11日`."""
    match of:
        case types.Date():
            return chinese_date(value)
        case types.Instant():
            local = (_EPOCH + timedelta(microseconds=value)).astimezone(_HONG_KONG)
            return f"香港時間{chinese_date(local.toordinal())}{_clock(local)}"
        case types.Text():
            return f"「{value}」"
        case types.Boolean():
            return "是" if value else "否"
        case types.Number():
            return said_in_chinese(grouped(_money(show(value, of))))
    return show(value, of)


def said_in_chinese(text: str) -> str:
    """A number's text with its unit in Chinese: `1,000.00 港元`, `30日`."""
    number, space, unit = text.partition(" ")
    duration = _DURATIONS_ZH.get(unit.removesuffix("s"))
    return number + duration if duration else number + space + _CURRENCIES_ZH.get(unit, unit)


def _money(text: str) -> str:
    """Half a million is written `500000.0 HKD` in the rules' own way, and never so by people."""
    return _ONE_DECIMAL.sub(r"\g<1>0", text)


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S") + (f".{moment.microsecond:06d}" if moment.microsecond else "")

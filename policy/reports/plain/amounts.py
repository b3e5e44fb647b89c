"""Numbers, dates and times as people read them, in English and in Traditional Chinese.

In: a run-time value and its type, and the rulebook's offset from UTC. Out: its text, with every digit it has; a
moment is told with the offset. Absent: rounding, and names of any kind.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, assert_never

from policy.model import types
from policy.model.types import Type
from policy.model.values import show
from policy.reports import dates

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = date.max.toordinal()
_SYMBOLS = {"HKD": "HK$", "USD": "US$", "CNY": "RMB", "EUR": "€", "GBP": "£", "JPY": "¥"}
_CURRENCIES_ZH = {"HKD": "港元", "USD": "美元", "CNY": "元人民幣", "EUR": "歐元", "GBP": "英鎊", "JPY": "日圓"}
_DURATIONS_ZH = {"year": "年", "month": "個月", "day": "日", "hour": "小時", "minute": "分鐘", "second": "秒"}
_DIGITS = re.compile(r"^-?\d+")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_ZEROS = re.compile(r"(\.\d\d\d*?)0+(?= )")
_ONE_DECIMAL = re.compile(r"^(-?\d+\.\d)(?= )")
_NO_CENTS = re.compile(r"^(-?\d+)\.0+(?= )")


def grouped(number: str) -> str:
    """A number's text with its thousands set apart: `1,234,567.80`."""
    return _DIGITS.sub(lambda whole: f"{int(whole[0]):,}" if whole[0] != "-0" else "-0", number)


def long_day(day: int) -> str:
    """`11 February 2026`."""
    if not 1 <= day <= _LAST_DAY:
        return show(day, types.DATE)
    return dates.long_date(date.fromordinal(day))


def chinese_day(day: int) -> str:
    """`2026年2月11日`."""
    if not 1 <= day <= _LAST_DAY:
        return show(day, types.DATE)
    return dates.chinese_date(date.fromordinal(day))


def iso(day: int | None) -> str:
    """`2026-02-11`; nothing where a period is open."""
    return show(day, types.DATE) if day is not None else ""


def long_span(first: str, until: str) -> str:
    """From one ISO date to another: `16–18 June 2026`, `30 June – 2 July 2026`."""
    start, end = date.fromisoformat(first), date.fromisoformat(until)
    if start == end:
        return long_day(start.toordinal())
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{long_day(end.toordinal())}"
    year = f" {start.year}" if start.year != end.year else ""
    return f"{start.day} {dates.MONTHS[start.month - 1]}{year} – {long_day(end.toordinal())}"


def chinese_span(first: str, until: str) -> str:
    """`2026年6月16日至18日`, `2026年6月30日至7月2日`."""
    start, end = date.fromisoformat(first), date.fromisoformat(until)
    if start == end:
        return chinese_day(start.toordinal())
    year = f"{end.year}年" if start.year != end.year else ""
    month = f"{end.month}月" if (start.year, start.month) != (end.year, end.month) else ""
    return f"{chinese_day(start.toordinal())}至{year}{month}{end.day}日"


def moment_at(microseconds: int, offset: int) -> str:
    """A moment as data, so many minutes ahead of UTC: `2026-11-20T09:00:00+08:00`, exact to the microsecond."""
    try:
        return _ahead(_EPOCH + timedelta(microseconds=microseconds), offset).isoformat()
    except OverflowError:
        return show(microseconds, types.INSTANT)


def moved(iso: str, offset: int) -> str:
    """The same moment at another offset. What is no moment stays as it is."""
    at = _moment(iso)
    try:
        return iso if at is None else _ahead(at, offset).isoformat()
    except OverflowError:
        return iso


def _ahead(moment: datetime, offset: int) -> datetime:
    return moment.astimezone(timezone(timedelta(minutes=offset)))


def long_moment(iso: str) -> str:
    """`20 November 2026, 09:00 (UTC+8)`; seconds where there are any. What is no moment stays as it is."""
    at = _moment(iso)
    if at is None:
        return iso
    return f"{long_day(at.toordinal())}, {at:%H:%M}{f':{_seconds(at)}' if _seconds(at) else ''} ({_offset(at)})"


def chinese_moment(iso: str) -> str:
    """`2026年11月20日09時00分（UTC+8）`."""
    at = _moment(iso)
    if at is None:
        return iso
    return f"{chinese_day(at.toordinal())}{at:%H時%M分}{f'{_seconds(at)}秒' if _seconds(at) else ''}（{_offset(at)}）"


def _moment(iso: str) -> datetime | None:
    if not _ISO_MOMENT.fullmatch(iso):
        return None
    try:
        return datetime.fromisoformat(iso)
    except (OverflowError, ValueError):
        return None


def _offset(moment: datetime) -> str:
    """`UTC+8`, `UTC-3:30`, `UTC`."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def _seconds(moment: datetime) -> str:
    if moment.microsecond:
        return f"{moment:%S.%f}".rstrip("0")
    return f"{moment:%S}" if moment.second else ""


def english(value: Any, of: Type, offset: int) -> str:
    """`US$15,000,000`, `0.0375%`, `30 days`, `11 February 2026`."""
    match of:
        case types.Date():
            return long_day(value)
        case types.Instant():
            return long_moment(moment_at(value, offset))
        case types.Text():
            return f"“{value}”"
        case types.Boolean():
            return "yes" if value else "no"
        case types.Number():
            return said_in_english(grouped(_money(show(value, of))))
        case types.Enum() | types.Record() | types.SetOf() | types.ListOf() | types.OptionalOf() | types.Broken():
            return show(value, of)
        case _:
            assert_never(of)


def chinese(value: Any, of: Type, offset: int) -> str:
    """`15,000,000美元`, `0.0375%`, `30日`, `2026年2月11日`."""
    match of:
        case types.Date():
            return chinese_day(value)
        case types.Instant():
            return chinese_moment(moment_at(value, offset))
        case types.Text():
            return f"「{value}」"
        case types.Boolean():
            return "是" if value else "否"
        case types.Number():
            return said_in_chinese(grouped(_money(show(value, of))))
        case types.Enum() | types.Record() | types.SetOf() | types.ListOf() | types.OptionalOf() | types.Broken():
            return show(value, of)
        case _:
            assert_never(of)


def english_amount(text: str) -> str:
    """`HK$4,576,000.00`."""
    return said_in_english(grouped(text))


def chinese_amount(text: str) -> str:
    """`4,576,000.00港元`."""
    return said_in_chinese(grouped(text)).replace(" ", "").replace("-", "−")


def said_in_english(text: str) -> str:
    """A number's text with its currency before it: `HK$1,000.00`, `-US$5`; any other unit stays behind."""
    number, _, unit = text.partition(" ")
    if unit not in _SYMBOLS:
        return text
    sign = number[:1] if number[:1] in "-−+" else ""
    return sign + _SYMBOLS[unit] + number.removeprefix(sign)


def said_in_chinese(text: str) -> str:
    """A number's text with its unit in Chinese: `1,000.00港元`, `30日`."""
    number, space, unit = text.partition(" ")
    word = _DURATIONS_ZH.get(unit.removesuffix("s")) or _CURRENCIES_ZH.get(unit)
    return number + word if word else number + space + unit


def _money(text: str) -> str:
    """Half a million is written `500000.0 HKD` in the rules' own way, which people never do; nor eight decimals."""
    return _ONE_DECIMAL.sub(r"\g<1>0", _NO_CENTS.sub(r"\1", _ZEROS.sub(r"\1", text)))

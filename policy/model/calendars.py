"""Calendars from syntax: days of rest and holidays, and the days for which they are known. Part of `from_syntax`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from policy.answers import NO_WORDS, BilingualText
from policy.diagnostics import did_you_mean
from policy.model import rules
from policy.model.context import Context
from policy.syntax import tree

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def rest_of(context: Context, d: tree.Calendar) -> tuple[int, ...]:
    """The days of the week on which nobody works, of which Monday is 1."""
    found: list[int] = []
    for name in d.rest:
        if name.text not in WEEKDAYS:
            help = did_you_mean(name.text, WEEKDAYS) or "a day of the week is `monday`, `tuesday`, … `sunday`"
            context.found.error("unknown-name", f"`{name.text}` is no day of the week", name.span, help)
        elif WEEKDAYS.index(name.text) + 1 in found:
            context.found.error("duplicate-name", f"`{name.text}` is written twice", name.span)
        else:
            found.append(WEEKDAYS.index(name.text) + 1)
    if len(found) == len(WEEKDAYS):
        context.found.error(
            "calendar-days", f"`{d.name.text}` has no business day", d.name.span, "leave out days of rest"
        )
    return tuple(found)


def versions_of(context: Context, d: tree.Calendar) -> tuple[rules.CalendarVersion, ...]:
    """What is known of which days, in order; each day once, and no day left out between the first and the last."""
    versions = []
    rest = context.cited(d.per)
    for v in d.versions:
        dated = context.dated(v.span, v.period, v.per)
        if dated["start"] is None or dated["end"] is None:
            message = "a calendar says from which day until which its holidays are known"
            context.found.error("calendar-days", message, v.period.span, "write `from … until …`")
            continue
        holidays = tuple(_holidays(context, v, dated["start"], dated["end"]))
        dated["citations"] = tuple(dict.fromkeys((*dated["citations"], *rest)))
        versions.append(rules.CalendarVersion(holidays=holidays, **dated))
    ordered = sorted(versions, key=lambda v: v.start or 0)
    for before, after in pairwise(ordered):
        if before.end != after.start:
            is_gap = (before.end or 0) < (after.start or 0)
            message = "the days before these are left out" if is_gap else "some of these days are there twice"
            help, other = "begin a version on the day on which the one before ends", (before.span, "the one before")
            context.found.error("calendar-days", message, after.span, help, related=(other,))
            return ()
    return tuple(ordered)


def _holidays(context: Context, v: tree.CalendarVersion, start: int, end: int) -> Iterator[tuple[int, BilingualText]]:
    seen: dict[int, tree.Holiday] = {}
    for h in v.holidays:
        if h.on is None:  # there is no such day, as has been said
            continue
        day = h.on.toordinal()
        if day in seen:
            context.found.error("calendar-days", f"`{h.on}` is written twice", h.span, "leave one of them out")
        elif not start <= day < end:
            context.found.error("calendar-days", f"`{h.on}` is not within these days", h.span, "move it to its own")
        else:
            seen[day] = h
            yield day, h.title or NO_WORDS

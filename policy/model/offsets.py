"""The offset of a rulebook's time from UTC: one for all its rulesets.

In: an offset as it is written, `+08:00`. Out: minutes ahead of UTC, with a finding where rulesets differ. Absent:
summer time: what a moment is called must not turn on a database of time zones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from policy.diagnostics import Collector
from policy.syntax import tree

_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")
_MOST = 14 * 60  # minutes; nowhere is further from UTC


def minutes_of(offset: str) -> int | None:
    """`+04:00` is 240; None for what is no offset."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    minutes = 60 * int(match[2]) + int(match[3])
    return None if minutes > _MOST else minutes if match[1] == "+" else -minutes


def written(minutes: int) -> str:
    """240 is `+04:00`."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def offset_of(heads: Iterable[tree.Ruleset], found: Collector) -> int:
    """What the heads of a rulebook's rulesets declare; 0, which is UTC, where none does."""
    known: tuple[int, tree.Ruleset] | None = None
    for head in heads:
        if head.offset is None:
            continue
        minutes = minutes_of(head.offset.value)
        if minutes is None:
            message = f"`{head.offset.value}` is no offset from UTC"
            found.error("bad-offset", message, head.offset.span, 'write `"+08:00"`, hours and minutes ahead of UTC')
        elif known is None:
            known = minutes, head
        elif minutes != known[0]:
            first, where = known[1], known[1].offset
            assert where is not None
            found.error(
                "two-offsets",
                f"`{head.name.text}` is at `{written(minutes)}`, and `{first.name.text}` at `{written(known[0])}`",
                head.offset.span,
                "a rulebook has one time: remove one of the two",
                related=((where.span, "the other offset"),),
            )
    return known[0] if known is not None else 0

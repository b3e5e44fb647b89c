"""What happened in a market, as a page.

In: what the tally of a run says, as plain data. Out: HTML. Absent: the run itself, which may have been millions
of events long.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from policy.reports.render import page

_LONGEST_BAR = 1000
_EFFECTS = (
    ("deny", "Refused or stopped", "拒絕或停止", "refuse"),
    ("permit", "Let be or called for", "准許或要求", "accept"),
)


@frozen
class Group:
    """The rules of one effect, the most frequent first, each with the length of its bar."""

    title: str
    zh: str
    kind: str
    rules: tuple[dict[str, Any], ...]


def trading_page(about: dict[str, str], tally: dict[str, Any], unread: int) -> str:
    """The page of one run; `about` names the scenario, the date and the rulebook."""
    return page("trading.html.jinja", about=about, tally=tally, unread=unread, groups=_groups(tally["rules"]))


def _groups(rules: list[dict[str, Any]]) -> tuple[Group, ...]:
    found = []
    for effect, title, zh, kind in _EFFECTS:
        of = sorted((r for r in rules if r["effect"] == effect), key=lambda r: (-r["count"], r["event"], r["rule"]))
        longest = max((r["count"] for r in of), default=1)
        rows = ({**r, "share": _LONGEST_BAR * r["count"] // longest} for r in of)
        if of:
            found.append(Group(title, zh, kind, tuple(rows)))
    return tuple(found)

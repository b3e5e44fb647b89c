"""Figures as a short plain text for a terminal, in a compliance officer's words.

In: computed figures. Out: about twenty-five lines of at most 100 columns. Absent: arithmetic, colour, and any
detail that the page has room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.reports.figures import Amount, Figures
from policy.reports.render import grouped, long_date

_MOST_REASONS = 6


def demo_summary(figures: Figures) -> str:
    """The demonstration at a glance."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: Figures) -> Iterator[str]:
    market, margin = figures.market, figures.margin
    overlay = f" under {figures.overlay}" if figures.overlay else ""
    yield f"A trading session and {len(margin.accounts)} margin accounts, as of {long_date(figures.on)}"
    sources = ", ".join(f"{count} {status}" for status, count in figures.sources)
    yield f"rulebook {figures.digest[:16]}{overlay}; provisions relied on, by source: {sources}"
    yield ""
    counts = market.counts
    yield f"{counts.orders:>5} orders asked"
    yield f"{counts.accepted:>5} accepted"
    yield f"{counts.refused:>5} refused; an order may be refused for several reasons:"
    for row in market.refused_by[:_MOST_REASONS]:
        yield f"{row.count:>11}  {row.en}  ({_provisions(c.provision for c in row.cited)}; {row.status})"
    left_out = len(market.refused_by) - _MOST_REASONS
    if left_out > 0:
        yield f"{'':>11}  and {left_out} more reasons"
    yield f"{counts.undecided:>5} undecided and not let in; wanting: " + ", ".join(
        f"{row.need} ({row.count})" for row in market.needed
    )
    yield f"{market.trades:>5} trades worth HKD {grouped(market.value)}"
    yield ""
    yield from _priority(figures)
    yield ""
    yield f"{'Collateral, HKD':<40}{'market value':>16}{'lending value':>28}{'as capital':>16}"
    for kind in margin.kinds:
        lending, capital = _amount(kind.lending_value), _amount(kind.capital_value)
        yield f"      {kind.kind:<34}{grouped(kind.market_value):>16}{lending:>28}{capital:>16}"
    yield f"{margin.calls:>5} margin calls due, {margin.no_calls} not due, {margin.calls_undecided} undecided"
    yield ""
    yield f"{'The same orders asked as of':<40}" + "".join(f"{on:>16}" for on in figures.changes.dates)
    for change in figures.changes.rows[:3]:
        yield f"      {change.what.lower():<34}" + "".join(f"{_amount(value):>16}" for value in change.values)
    refused = {(row.file, row.line) for row in figures.unread}
    wanting = len(figures.wanted)
    yield f"{len(refused):>5} lines of facts refused, with reasons; {wanting} numbers or facts are wanting"


def _priority(figures: Figures) -> Iterator[str]:
    priority = figures.market.priority
    yield f"Client priority: at {len(priority.levels)} prices clients and the market maker waited together"
    yield f"{priority.fills:>5} fills there; in {priority.jumped} a client passed a market maker that came earlier"
    yield f"{priority.breaches:>5} fills of a market maker before a waiting client"


def _provisions(names: Iterable[str]) -> str:
    return ", ".join(names)


def _amount(amount: Amount) -> str:
    known = grouped(amount.text) if amount.text else ""
    if not amount.needs:
        return known
    return f"{known} + undecided" if known not in ("", "0.00") else "undecided"

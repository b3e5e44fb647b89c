"""The demonstration at a glance, for a terminal.

In: its document. Out: about thirty lines. Absent: arithmetic, colour, and any detail that the page has room for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

from policy.exchange.events import OrderRejected
from policy.reports.documents import Document
from policy.reports.journal.dates import DateTable
from policy.reports.journal.margin import MarginDay
from policy.reports.journal.market import DaySummary
from policy.reports.journal.reasons import GivenReason
from policy.reports.journal.trading import Day
from policy.reports.render import grouped, long_date
from policy.wire import word

_WIDTH = 120  # columns of a terminal
_MOST_REASONS = 6


def summary_text(document: Document) -> str:
    """The figures of the document that a compliance officer asks for first."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    cover, parts = document.cover, document.parts
    trading: Day = parts["trading"]
    margin: MarginDay = parts["margin"]
    summary: DaySummary = parts["summary"]
    dates: DateTable = parts["dates"]
    yield f"A trading session and {len(margin.accounts)} margin accounts, as of {long_date(cover.on)}"
    under = f" under {cover.under}" if cover.under else ""
    sources = ", ".join(f"{count} {status}" for status, count in cover.sources)
    yield f"rulebook {cover.digest[:16]}{under}; provisions relied on, by source: {sources}"
    yield ""
    yield from _orders(trading, parts["reasons"])
    yield ""
    evidence = trading.evidence
    yield f"Client priority: at {len(evidence.levels)} prices clients and the market maker waited together"
    yield f"{evidence.fills:>5} fills there; in {evidence.overtaken} a client passed a market maker that came earlier"
    yield f"{evidence.breaches:>5} fills of a market maker before a waiting client"
    yield ""
    yield f"{'Collateral, HKD':<44}{'market value':>16}{'lending value':>28}{'as capital':>20}"
    for row in margin.classes:
        after, capital = _known(row.after, row.after_undecided), _known(row.capital, row.capital_undecided)
        yield f"      {row.kind.en:<38}{grouped(row.before):>16}{after:>28}{capital:>20}"
    calls = [account.call.kind for account in margin.accounts if account.call]
    yield (
        f"{calls.count('refuse'):>5} margin calls due, {calls.count('accept')} not due, "
        f"{calls.count('doubt')} undecided"
    )
    advances = [advance.answer.kind for advance in margin.advances]
    yield (
        f"{advances.count('accept'):>5} advances made, {advances.count('refuse')} rejected, "
        f"{advances.count('doubt')} undecided"
    )
    yield ""
    yield f"{'The same commands as of':<44}" + "".join(f"{on:>16}" for on in dates.dates)
    for figure in dates.rows:
        yield f"      {figure.what.en:<38}" + "".join(f"{grouped(value):>16}" for value in figure.values)
    yield (
        f"{summary.unread:>5} lines could not be read and {summary.invalid} commands were invalid, with reasons; "
        f"{len(summary.needs)} numbers or facts are missing"
    )


def _orders(trading: Day, reasons: tuple[GivenReason, ...]) -> Iterator[str]:
    yield f"{trading.accepted + trading.refused + trading.undecided:>5} orders asked"
    yield f"{trading.accepted:>5} accepted"
    yield f"{trading.refused:>5} rejected; an order may be rejected for several reasons:"
    refusals = [row for row in trading.out_by if row.event == word(OrderRejected)]
    statuses = {(r.rule, r.text): r.cited for r in reasons}
    for row in refusals[:_MOST_REASONS]:
        known = dict.fromkeys(c.status for c in statuses.get((row.rule, row.text), ()))
        reason = f"{row.text.en}  ({', '.join(row.per)}; {', '.join(known)})"
        yield from wrap(reason, _WIDTH, initial_indent=f"{row.count:>11}  ", subsequent_indent=" " * 13)
    if len(refusals) > _MOST_REASONS:
        yield f"{'':>11}  and {len(refusals) - _MOST_REASONS} more reasons"
    needs = Counter(need.en for order in trading.undecided_orders for need in order.needs)
    yield f"{trading.undecided:>5} undecided, not accepted; missing:"
    for missing, count in sorted(needs.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:>11}  {missing}"
    yield f"{trading.trades:>5} trades worth HKD {grouped(trading.value)}"


def _known(text: str, undecided: bool) -> str:
    if not undecided:
        return grouped(text)
    return f"{grouped(text)} + undecided" if text != "0.00" else "undecided"

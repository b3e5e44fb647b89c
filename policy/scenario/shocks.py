"""A scenario's portfolio under shocks to its prices: everything at once, then one thing at a time.

In: a way to have the scenario carried out afresh, as each shock starts from the same day. Out: rows of what the
accounts come to at once, and of what the rules did until a day later, when nobody brought anything. Absent: prices
of its own; paths that were recorded are `stress`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from attrs import frozen

from policy.answers import BilingualText, Outcome
from policy.financing.commands import MONEY, PRICE as ASSET_PRICE
from policy.financing.events import AccountStated, CollateralSold, LoanUncovered, MarginCalled, PositionView
from policy.perpetuals.events import BucketStated
from policy.perpetuals.mark_events import Deleveraged, FundDrawdown, LiquidationBegun
from policy.reports.journal.series import plain
from policy.reports.journal.stress import StressRow, drawn_together
from policy.reports.journal.tally import Tally
from policy.scenario.market import Venues
from policy.scenario.run import Run
from policy.scenario.statements import statements
from policy.scenario.stress import HOUR, Move, Prices, concerned, stress
from policy.wire import word

TOGETHER = (0, 10, 20, 30, 40, 50)  # percent that all prices fall by
ALONE = 30  # percent that one price falls by
_MOST_ALONE = 12
_LATER = 26 * HOUR  # when a call that gave a day is past its time
_AGAIN = 5 * HOUR  # after which prices are told again, so that none grows too old meanwhile

_CURRENCY = ASSET_PRICE.unit.partition(":")[2]  # money does not fall against itself

Fresh = Callable[[], tuple[Venues, Prices]]


@frozen
class Shock:
    """A shock by its name, and the share of each price that it leaves."""

    name: BilingualText
    factors: Mapping[str, Fraction]


def shocks_of(names: tuple[str, ...], held: set[str]) -> Iterator[Shock]:
    """Those that a portfolio with these prices is put under; a contract falls with what it is on.

    Alone falls only what someone holds.
    """
    for percent in TOGETHER:
        name = (
            BilingualText(f"everything −{percent}%", f"全部 −{percent}%")
            if percent
            else BilingualText("as it is", "現狀")
        )
        yield Shock(name, dict.fromkeys(names, 1 - Fraction(percent, 100)))
    bases = [n for n in names if not any(n != other and n in concerned(other, names) for other in names)]
    alone = [b for b in bases if not held.isdisjoint(concerned(b, names))]
    for base in alone[:_MOST_ALONE] if len(bases) > 1 else ():
        fallen = dict.fromkeys(concerned(base, names), 1 - Fraction(ALONE, 100))
        yield Shock(
            BilingualText(f"{base} −{ALONE}%", f"{base} −{ALONE}%"), dict.fromkeys(names, Fraction(1)) | fallen
        )


def stress_rows(fresh: Fresh) -> tuple[StressRow, ...]:
    """A row for every shock; none where the scenario has no margin accounts, or nothing in it has a price."""
    market, prices = fresh()
    stated = list(statements(market))
    names = tuple(name for name in prices.names if name != _CURRENCY)
    if not names or not stated:
        return ()
    held = {p.asset if isinstance(p, PositionView) else p.contract for s in stated for p in s.positions}
    return drawn_together([_row(shock, *fresh()) for shock in shocks_of(names, held)])


def _row(shock: Shock, market: Venues, prices: Prices) -> StressRow:
    tally = Tally()
    moves = [Move(after, shock.factors) for after in range(HOUR, _LATER + 1, _AGAIN)]
    rows = stress(prices, moves, Run(market, [tally.add]).submit)
    next(rows)
    stated = [s for s in statements(market) if isinstance(s, AccountStated)]
    for _ in rows:  # a day later
        pass
    undecided = sum(
        isinstance(s, BucketStated) and s.verdict.outcome is Outcome.UNDECIDED for s in statements(market)
    )
    return _figures(shock, stated, tally, undecided)


def _figures(shock: Shock, stated: list[AccountStated], tally: Tally, undecided: int) -> StressRow:
    lent = [s.views.lending_value for s in stated]
    known = all(value is not None for value in lent)
    short = sum(max(0, s.loan - (value or 0)) for s, value in zip(stated, lent, strict=True))
    count = tally.counts.count
    return StressRow(
        shock=shock.name,
        before=plain(sum(s.views.market_value or 0 for s in stated), MONEY),
        after=plain(sum(value or 0 for value in lent), MONEY) if known else "",
        loans=plain(sum(s.loan for s in stated), MONEY),
        short=plain(short, MONEY) if known else "",
        calls=count(MarginCalled),
        called=_money(tally, MarginCalled, "amount"),
        sales=count(CollateralSold),
        proceeds=_money(tally, CollateralSold, "proceeds"),
        uncovered=_money(tally, LoanUncovered, "shortfall"),
        liquidations=count(LiquidationBegun),
        from_fund=_money(tally, FundDrawdown, "from_fund"),
        deleveraged=count(Deleveraged),
        unborne=_money(tally, FundDrawdown, "uncovered"),
        undecided=undecided,
    )


def _money(tally: Tally, cls: type[object], name: str) -> str:
    counted = tally.events.get(word(cls))
    return plain(*counted.money[name]) if counted and name in counted.money else "0.00"

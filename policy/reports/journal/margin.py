"""Margin loans and perpetual contracts as rows, out of a journal.

In: commands and their events, one after another, and what the rules call things. Out: `MarginDay`: collateral before
and after the haircut, concentration, advances, calls and how they ended, sales, liquidations, funding, the insurance
fund change by change, deleveraging in order. Absent: valuation of its own; what collateral carries is what the engine
said when it last stated an account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import define, evolve, field, frozen

from policy.answers import BilingualText
from policy.financing.commands import MONEY, PRICE, QUANTITY
from policy.financing.events import (
    AccountStated,
    AdvanceRejected,
    BookJudged,
    CallMet,
    CallOverdue,
    CollateralListed,
    CollateralNotReleased,
    CollateralSold,
    LenderJudged,
    LoanAdvanced,
    LoanUncovered,
    MarginCalled,
)
from policy.market.events import invalid_code
from policy.model.values import show
from policy.perpetuals import commands as contracts
from policy.perpetuals.events import (
    DepositRejected,
    FundToppedUp,
    PerpetualExpelled,
    PerpetualNotListed,
    PerpetualRejected,
    ReleaseRejected,
)
from policy.perpetuals.mark_events import (
    RATE,
    Deleveraged,
    FundDrawdown,
    FundingPaid,
    FundingSettled,
    LiquidationBegun,
    LiquidationEnded,
    LiquidationStep,
)
from policy.reports.journal.collateral import AccountDecision, AccountRow, ClassRow, Collateral, HoldingRow
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.event_counts import EventCounts
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Chart, Series, chart_of, plain, tidy
from policy.reports.journal.waterfall import LiquidationRow, Waterfalls
from policy.reports.rows import Mark

_MOST = 500  # rows of a kind; what lies beyond is counted
_ENFORCED = (MarginCalled, CallOverdue, CollateralSold, LoanUncovered, CallMet, LiquidationBegun, Deleveraged)
_REFUSALS = (
    AdvanceRejected, CollateralNotReleased, DepositRejected, ReleaseRejected, PerpetualRejected, PerpetualExpelled,
    PerpetualNotListed, CollateralListed, LenderJudged, BookJudged,
)  # fmt: skip
_Row = TypeVar("_Row")
_OPEN, _LATE, _SOLD = (
    BilingualText("open", "未履行"),
    BilingualText("past its time", "已逾期"),
    BilingualText("collateral sold", "已變現抵押品"),
)
_MET = {
    _OPEN: BilingualText("met", "已履行"),
    _LATE: BilingualText("met late", "逾期履行"),
    _SOLD: BilingualText("met after collateral was sold", "變現抵押品後履行"),
}


@frozen
class LoanBook:
    """The loan book as last judged."""

    at: str
    total: str
    group: str
    group_loans: str
    collateral: str
    collateral_loans: str


@frozen
class MarginCall:
    """A margin call and what became of it: `accept` where it was met, `refuse` where not, `doubt` while open."""

    at: str
    account: str
    amount: str
    loan: str
    due: str
    end: BilingualText
    kind: Mark
    ended: str


@frozen
class Advance:
    """An advance that a client asked for, and the answer."""

    at: str
    account: str
    amount: str
    answer: AccountDecision


@frozen
class Sale:
    """Collateral that was sold."""

    at: str
    account: str
    asset: str
    quantity: str
    price: str
    proceeds: str
    loan: str
    rank: int


@frozen
class FundingRow:
    """What a contract's positions paid and received."""

    contract: str
    settlements: int
    paid: str
    received: str
    last_rate: str


@frozen
class MarginDay:
    """The whole; money of loans in HKD, of contracts in USD."""

    classes: tuple[ClassRow, ...]
    holdings: tuple[HoldingRow, ...]
    loans: str  # of the accounts
    accounts: tuple[AccountRow, ...]
    book: LoanBook | None
    called: int
    still_open: int  # calls
    sold: int
    lost: int  # loans left uncovered
    liquidated: int
    reduced: int
    borne: str
    advances: tuple[Advance, ...]
    calls: tuple[MarginCall, ...]
    sales: tuple[Sale, ...]
    uncovered: tuple[tuple[str, str, str], ...]  # when, whose, how much
    liquidations: tuple[LiquidationRow, ...]
    funding: tuple[FundingRow, ...]
    fund: Chart | None
    refused_by: tuple[RuleRow, ...]
    called_by: tuple[RuleRow, ...]
    more: int  # rows that the tables have no room for


@define
class _Paid:
    settlements: int = 0
    paid: int = 0
    received: int = 0
    rate: str = ""


@define
class MarginTally:
    """Follows the lender and the desk; `figures` may be asked for at any time."""

    glossary: Glossary
    collateral: Collateral = field(init=False)
    book: LoanBook | None = None
    advances: list[Advance] = field(factory=list)
    calls: list[MarginCall] = field(factory=list)
    open_calls: dict[str, int] = field(factory=dict)
    sales: list[Sale] = field(factory=list)
    uncovered: list[tuple[str, str, str]] = field(factory=list)
    liquidations: list[LiquidationRow] = field(factory=list)
    waterfalls: Waterfalls = field(init=False)
    funding: dict[str, _Paid] = field(factory=dict)
    fund: Series = field(factory=lambda: Series(contracts.MONEY))
    borne: int = 0
    more: int = 0

    def __attrs_post_init__(self) -> None:
        self.collateral = Collateral(self.glossary)
        self.waterfalls = Waterfalls(self.glossary)

    def take(self, at: int, command: Command, events: Sequence[Event]) -> None:
        if invalid_code(events) is None:
            self.collateral.take(command)
        for event in events:
            self._lending(at, event)
            self._perpetual(at, event)

    def _keep(self, rows: list[_Row], row: _Row) -> None:
        if len(rows) < _MOST:
            rows.append(row)
        else:
            self.more += 1

    # ── margin loans ────────────────────────────────────────────────────────────────────────

    def _lending(self, at: int, event: Event) -> None:
        when = self.glossary.at(at)
        match event:
            case AccountStated():
                self.collateral.state(event)
            case BookJudged():
                largest = event.client_group, tidy(event.client_group_loans, MONEY)
                self.book = LoanBook(
                    when,
                    tidy(event.total_loans, MONEY),
                    *largest,
                    event.collateral,
                    tidy(event.collateral_loans, MONEY),
                )
            case LoanAdvanced():
                answer = AccountDecision.of(
                    (event.verdict,), self.glossary, "accept", BilingualText("advanced", "已墊付")
                )
                self._keep(self.advances, Advance(when, event.account, tidy(event.amount, MONEY), answer))
            case AdvanceRejected():
                against = tuple(v for v in (event.verdict, event.lender, event.book) if v is not None)
                answer = AccountDecision.of(against, self.glossary, "refuse", BilingualText("rejected", "拒絕"))
                self._keep(self.advances, Advance(when, event.account, tidy(event.amount, MONEY), answer))
            case MarginCalled():
                self.open_calls[event.account] = len(self.calls)
                due = self.glossary.at(event.due_by) if event.due_by is not None else ""
                amounts = tidy(event.amount, MONEY), tidy(event.loan, MONEY)
                self._keep(self.calls, MarginCall(when, event.account, *amounts, due, _OPEN, "doubt", ""))
            case CallMet():
                self._end(event.account, None, at)
                self.open_calls.pop(event.account, None)
            case CallOverdue():
                self._end(event.account, _LATE, at)
            case CollateralSold():
                self._end(event.account, _SOLD, at)
                quantity, price = show(event.quantity, QUANTITY), tidy(event.price, PRICE)
                paid = tidy(event.proceeds, MONEY), tidy(event.loan, MONEY)
                self._keep(self.sales, Sale(when, event.account, event.asset, quantity, price, *paid, event.rank))
            case LoanUncovered():
                self._keep(self.uncovered, (when, event.account, tidy(event.shortfall, MONEY)))
            case _:
                pass

    def _end(self, account: str, end: BilingualText | None, at: int) -> None:
        """Nothing as an end is that the call was met, however it stood before."""
        number = self.open_calls.get(account, _MOST)
        if number < len(self.calls):
            call = self.calls[number]
            kind: Mark = "refuse" if end else "accept"
            ended = end or _MET.get(call.end, call.end)
            self.calls[number] = evolve(call, end=ended, kind=kind, ended=self.glossary.at(at))

    # ── perpetual contracts ─────────────────────────────────────────────────────────────────

    def _perpetual(self, at: int, event: Event) -> None:
        for row in self.waterfalls.rows(at, event):
            self._keep(self.liquidations, row)
        match event:
            case FundToppedUp() | LiquidationStep() | LiquidationEnded():
                self.fund.add(at, event.fund)
            case FundDrawdown():
                self.borne += event.from_fund
                self.fund.add(at, event.fund)
            case FundingSettled():
                paid = self.funding.setdefault(event.contract, _Paid())
                paid.settlements += 1
                paid.rate = show(event.rate, RATE)
            case FundingPaid():
                paid = self.funding.setdefault(event.contract, _Paid())
                paid.paid += max(event.payment, 0)
                paid.received += max(-event.payment, 0)
            case _:
                pass

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, reasons: Reasons, counts: EventCounts) -> MarginDay:
        """The rows of all that was read."""
        return MarginDay(
            classes=self.collateral.classes(),
            holdings=self.collateral.holdings(),
            loans=self.collateral.loans(),
            accounts=self.collateral.accounts(),
            book=self.book,
            called=counts.count(MarginCalled),
            still_open=sum(call.kind == "doubt" for call in self.calls),
            sold=counts.count(CollateralSold),
            lost=counts.count(LoanUncovered),
            liquidated=counts.count(LiquidationBegun),
            reduced=counts.count(Deleveraged),
            borne=plain(self.borne, contracts.MONEY),
            advances=tuple(self.advances),
            calls=tuple(self.calls),
            sales=tuple(self.sales),
            uncovered=tuple(self.uncovered),
            liquidations=tuple(self.liquidations),
            funding=tuple(
                FundingRow(
                    contract,
                    p.settlements,
                    plain(p.paid, contracts.MONEY),
                    plain(p.received, contracts.MONEY),
                    p.rate,
                )
                for contract, p in sorted(self.funding.items())
            ),
            fund=chart_of(self.fund, self.glossary.at),
            refused_by=reasons.rows(*_REFUSALS, effect="deny"),
            called_by=reasons.rows(*_ENFORCED),
            more=self.more,
        )

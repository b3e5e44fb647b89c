"""Margin loans and perpetual contracts as rows, out of a journal.

In: records, one after another, and what the rules call things. Out: `MarginDay`: collateral before and after the
haircut, concentration, calls and how they ended, sales, liquidations, funding, the insurance fund change by change,
deleveraging in order. Absent: valuation of its own; what collateral carries is what the engine said when it last
stated an account.
"""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field, frozen

from policy.audit.records import Record
from policy.decisions import Words
from policy.reports.journal.collateral import AccountRow, Collateral, Holding
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Course, Drawn, drawn, exact, local, plain, tidied
from policy.reports.plain.amounts import in_hong_kong

_MOST = 500  # rows of a kind; what lies beyond is counted
_CALLED = (
    "margin_called", "call_overdue", "collateral_sold", "loan_uncovered", "call_met", "liquidation_begun",
    "deleveraged",
)  # fmt: skip
_REFUSED = (
    "advance_refused", "collateral_not_released", "deposit_refused", "release_refused", "perpetual_refused",
    "perpetual_removed", "perpetual_not_listed", "collateral_listed", "lender_judged", "book_judged",
)  # fmt: skip
_OPEN, _LATE, _SOLD = (
    Words("open", "未履行"),
    Words("past its time", "已逾期"),
    Words("collateral sold", "已變現抵押品"),
)
_MET = {
    _OPEN: Words("met", "已履行"),
    _LATE: Words("met late", "逾期履行"),
    _SOLD: Words("met after collateral was sold", "變現抵押品後履行"),
}


@frozen
class Book:
    """The loan book as last judged."""

    at: str
    total: str
    group: str
    group_loans: str
    collateral: str
    collateral_loans: str


@frozen
class Call:
    """A margin call and what became of it: `accept` where it was met, `refuse` where not, `doubt` while open."""

    at: str
    account: str
    amount: str
    loan: str
    due: str
    end: Words
    kind: str
    ended: str


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
class Liquidation:
    """A step of a liquidation, or a loss that the fund bore."""

    at: str
    account: str
    bucket: str
    what: Words
    amount: str
    fund: str


@frozen
class Deleveraged:
    """A winning position that was reduced against a failed one, by its rank."""

    at: str
    contract: str
    account: str
    other: str
    rank: int
    size: str
    price: str


@frozen
class Funding:
    """What a contract's positions paid and received."""

    contract: str
    settlements: int
    paid: str
    received: str
    last_rate: str


@frozen
class MarginDay:
    """The whole; money of loans in HKD, of contracts in USD."""

    holdings: tuple[Holding, ...]
    accounts: tuple[AccountRow, ...]
    book: Book | None
    called: int
    sold: int
    lost: int  # loans left uncovered
    liquidated: int
    reduced: int
    borne: str
    calls: tuple[Call, ...]
    sales: tuple[Sale, ...]
    uncovered: tuple[tuple[str, str, str], ...]  # when, whose, how much
    liquidations: tuple[Liquidation, ...]
    deleveraged: tuple[Deleveraged, ...]
    funding: tuple[Funding, ...]
    fund: Drawn | None
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
    counts: dict[str, int] = field(factory=dict)
    book: Book | None = None
    calls: list[Call] = field(factory=list)
    open_calls: dict[str, int] = field(factory=dict)
    sales: list[Sale] = field(factory=list)
    uncovered: list[tuple[str, str, str]] = field(factory=list)
    liquidations: list[Liquidation] = field(factory=list)
    deleveraged: list[Deleveraged] = field(factory=list)
    funding: dict[str, _Paid] = field(factory=dict)
    fund: Course = field(factory=Course)
    borne: int = 0
    more: int = 0

    def __attrs_post_init__(self) -> None:
        self.collateral = Collateral(self.glossary)

    def take(self, record: Record) -> None:
        self.collateral.take(record.input)
        for event in record.events:
            kind = event["event"]
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self._lending(kind, event, record.at)
            self._perpetual(kind, event, record.at)

    def _keep(self, rows: list[Any], row: Any) -> None:
        if len(rows) < _MOST:
            rows.append(row)
        else:
            self.more += 1

    # ── margin loans ────────────────────────────────────────────────────────────────────────

    def _lending(self, kind: str, event: dict[str, Any], at: int) -> None:
        match kind:
            case "account_stated":
                self.collateral.state(event)
            case "book_judged":
                loans = (tidied(event[n]) for n in ("total_loans", "client_group_loans", "collateral_loans"))
                total, group, asset = loans
                self.book = Book(in_hong_kong(at), total, event["client_group"], group, event["collateral"], asset)
            case "margin_called":
                self.open_calls[event["account"]] = len(self.calls)
                amounts = tidied(event["amount"]), tidied(event["loan"])
                due = local(event["due_by"])
                self._keep(self.calls, Call(in_hong_kong(at), event["account"], *amounts, due, _OPEN, "doubt", ""))
            case "call_met":
                self._end(event["account"], None, at)
                self.open_calls.pop(event["account"], None)
            case "call_overdue":
                self._end(event["account"], _LATE, at)
            case "collateral_sold":
                self._end(event["account"], _SOLD, at)
                names = event["account"], event["asset"], event["quantity"]
                paid = tidied(event["price"]), tidied(event["proceeds"]), tidied(event["loan"])
                self._keep(self.sales, Sale(in_hong_kong(at), *names, *paid, event["rank"]))
            case "loan_uncovered":
                self._keep(self.uncovered, (in_hong_kong(at), event["account"], tidied(event["shortfall"])))

    def _end(self, account: str, end: Words | None, at: int) -> None:
        """Nothing as an end is that the call was met, however it stood before."""
        number = self.open_calls.get(account, _MOST)
        if number < len(self.calls):
            call = self.calls[number]
            told, kind = (end, "refuse") if end else (_MET.get(call.end, call.end), "accept")
            self.calls[number] = evolve(call, end=told, kind=kind, ended=in_hong_kong(at))

    # ── perpetual contracts ─────────────────────────────────────────────────────────────────

    def _perpetual(self, kind: str, event: dict[str, Any], at: int) -> None:
        if "fund" in event:
            self.fund.add(at, exact(event["fund"]))
        match kind:
            case "liquidation_begun":
                self._step(event, at, Words("begun; equity", "開始；權益"), event["equity"])
            case "liquidation_step":
                self._step(event, at, Words("position closed", "平倉"), event["closed"])
            case "liquidation_ended":
                self._step(event, at, Words("ended; equity", "結束；權益"), event["equity"])
            case "loss_borne":
                self.borne += exact(event["from_fund"])
                self._step(event, at, Words("loss borne by the fund", "基金承擔的損失"), event["from_fund"])
            case "deleveraged":
                names = event["contract"], event["account"], event["other"], event["rank"], event["size"]
                self._keep(self.deleveraged, Deleveraged(in_hong_kong(at), *names, tidied(event["price"])))
            case "funding_settled":
                paid = self.funding.setdefault(event["contract"], _Paid())
                paid.settlements += 1
                paid.rate = event["rate"]
            case "funding_paid":
                paid, amount = self.funding.setdefault(event["contract"], _Paid()), exact(event["payment"])
                paid.paid += max(amount, 0)
                paid.received += max(-amount, 0)

    def _step(self, event: dict[str, Any], at: int, what: Words, amount: str) -> None:
        names = in_hong_kong(at), event["account"], event["bucket"]
        self._keep(self.liquidations, Liquidation(*names, what, tidied(amount), tidied(event.get("fund"))))

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, reasons: Reasons) -> MarginDay:
        """The rows of all that was read."""
        count = self.counts.get
        return MarginDay(
            holdings=self.collateral.holdings(),
            accounts=self.collateral.accounts(),
            book=self.book,
            called=count("margin_called", 0),
            sold=count("collateral_sold", 0),
            lost=count("loan_uncovered", 0),
            liquidated=count("liquidation_begun", 0),
            reduced=count("deleveraged", 0),
            borne=plain(self.borne),
            calls=tuple(self.calls),
            sales=tuple(self.sales),
            uncovered=tuple(self.uncovered),
            liquidations=tuple(self.liquidations),
            deleveraged=tuple(self.deleveraged),
            funding=tuple(
                Funding(contract, p.settlements, plain(p.paid), plain(p.received), p.rate)
                for contract, p in sorted(self.funding.items())
            ),
            fund=drawn(self.fund),
            refused_by=reasons.rows(*_REFUSED, effect="deny"),
            called_by=reasons.rows(*_CALLED),
            more=self.more,
        )

"""Margin loans and perpetual contracts as rows, out of a journal.

In: records, one after another. Out: `MarginDay`: collateral before and after the haircut, concentration, calls and
how they ended, sales, liquidations, funding, the insurance fund over time, deleveraging in order. Absent: valuation
of its own; what a position carries is what the engine said when it last stated it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, evolve, field, frozen

from policy.audit.records import Header, Record
from policy.decisions import Words
from policy.reports.book.figures import Cover
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Drawn, Steps, drawn, exact, plain
from policy.reports.words import moment

TITLE = Words("Margin and perpetual contracts", "保證金及永續合約")
_MOST = 500  # rows of a kind; what lies beyond is counted
_CALLED = ("margin_called", "call_overdue", "call_met")
_REFUSED = ("advance_refused", "collateral_not_released", "deposit_refused", "release_refused", "perpetual_refused")
_OPEN, _MET, _LATE, _SOLD = (
    Words("open", "未履行"),
    Words("met", "已履行"),
    Words("past its time", "已逾期"),
    Words("collateral sold", "已變現抵押品"),
)


@frozen
class Holding:
    """An asset as collateral, of all accounts as last stated; `lending` is empty where a number is wanting."""

    asset: str
    accounts: int
    market: str
    lending: str
    wanting: tuple[str, ...]
    share: int  # of all market value, in thousandths, rounded down


@frozen
class Book:
    """The loan book as last judged."""

    at: str
    outcome: str
    total: str
    group: str
    group_loans: str
    collateral: str
    collateral_loans: str


@frozen
class Call:
    """A margin call and what became of it."""

    at: str
    account: str
    amount: str
    loan: str
    due: str
    end: Words
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
    """The whole."""

    cover: Cover
    scenario: str
    holdings: tuple[Holding, ...]
    book: Book | None
    calls: tuple[Call, ...]
    sales: tuple[Sale, ...]
    uncovered: tuple[tuple[str, str, str], ...]  # when, whose, how much
    liquidations: tuple[Liquidation, ...]
    deleveraged: tuple[Deleveraged, ...]
    funding: tuple[Funding, ...]
    fund: Drawn | None
    refused_by: tuple[RuleRow, ...]
    called_by: tuple[RuleRow, ...]
    needs: tuple[tuple[str, int], ...]
    left_out: int  # rows that the tables have no room for


@define
class _Paid:
    settlements: int = 0
    paid: int = 0
    received: int = 0
    rate: str = ""


@define
class MarginTally:
    """Follows a journal."""

    header: Header
    reasons: Reasons = field(factory=Reasons)
    stated: dict[str, list[dict[str, Any]]] = field(factory=dict)
    book: Book | None = None
    calls: list[Call] = field(factory=list)
    open_calls: dict[str, int] = field(factory=dict)
    sales: list[Sale] = field(factory=list)
    uncovered: list[tuple[str, str, str]] = field(factory=list)
    liquidations: list[Liquidation] = field(factory=list)
    deleveraged: list[Deleveraged] = field(factory=list)
    funding: dict[str, _Paid] = field(factory=dict)
    fund: Steps = field(factory=Steps)
    left_out: int = 0
    first: int = 0
    last: int = 0

    def read(self, records: Iterable[Record]) -> MarginTally:
        for record in records:
            self.first = self.first or record.at
            self.last = record.at
            for event in record.events:
                self.reasons.add(event, str(event.get("account") or event.get("id") or record.seq))
                self._lending(event, moment(record.at))
                self._perpetual(event, record.at, moment(record.at))
        return self

    def _keep(self, rows: list[Any], row: Any) -> None:
        if len(rows) < _MOST:
            rows.append(row)
        else:
            self.left_out += 1

    # ── margin loans ────────────────────────────────────────────────────────────────────────

    def _lending(self, event: dict[str, Any], at: str) -> None:
        match event["event"]:
            case "account_stated":
                self.stated[event["account"]] = event["positions"]
            case "book_judged":
                names = ("total_loans", "client_group", "client_group_loans", "collateral", "collateral_loans")
                self.book = Book(at, event["verdict"]["outcome"], *(str(event[n] or "") for n in names))
            case "margin_called":
                self.open_calls[event["account"]] = len(self.calls)
                amount, due = event["amount"] or "", event["due_by"] or ""
                self._keep(self.calls, Call(at, event["account"], amount, event["loan"], due, _OPEN, ""))
            case "call_met":
                self._end(event["account"], _MET, at)
                self.open_calls.pop(event["account"], None)
            case "call_overdue":
                self._end(event["account"], _LATE, at)
            case "collateral_sold":
                self._end(event["account"], _SOLD, at)
                values = (event[n] for n in ("account", "asset", "quantity", "price", "proceeds", "rank"))
                self._keep(self.sales, Sale(at, *values))
            case "loan_uncovered":
                self._keep(self.uncovered, (at, event["account"], event["shortfall"]))

    def _end(self, account: str, end: Words, at: str) -> None:
        number = self.open_calls.get(account, _MOST)
        if number < len(self.calls):
            self.calls[number] = evolve(self.calls[number], end=end, ended=at)

    # ── perpetual contracts ─────────────────────────────────────────────────────────────────

    def _perpetual(self, event: dict[str, Any], moment_: int, at: str) -> None:
        if isinstance(event.get("fund"), str):
            self.fund.add(moment_, exact(event["fund"]))
        match event["event"]:
            case "liquidation_begun":
                self._step(event, at, Words("begun; equity", "開始；權益"), event["equity"])
            case "liquidation_step":
                self._step(event, at, Words("closed in the market", "於市場平倉"), event["closed"])
            case "liquidation_ended":
                self._step(event, at, Words("ended; equity", "結束；權益"), event["equity"])
            case "loss_borne":
                self._step(event, at, Words("loss borne by the fund", "基金承擔的損失"), event["from_fund"])
            case "deleveraged":
                values = (event[n] for n in ("contract", "account", "other", "rank", "size", "price"))
                self._keep(self.deleveraged, Deleveraged(at, *values))
            case "funding_settled":
                paid = self.funding.setdefault(event["contract"], _Paid())
                paid.settlements += 1
                paid.rate = event["rate"]
            case "funding_paid":
                paid, amount = self.funding.setdefault(event["contract"], _Paid()), exact(event["payment"])
                paid.paid += max(amount, 0)
                paid.received += max(-amount, 0)

    def _step(self, event: dict[str, Any], at: str, what: Words, amount: str) -> None:
        fund = event.get("fund") or ""
        self._keep(self.liquidations, Liquidation(at, event["account"], event["bucket"], what, amount, fund))

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, platform: str) -> MarginDay:
        """The rows of all that was read."""
        header, span = self.header, (self.first, self.last, (moment(self.first), moment(self.last)))
        return MarginDay(
            cover=Cover(TITLE, platform, header.on, header.rules, header.overlay, self.reasons.status),
            scenario=str(header.about.get("scenario", "")),
            holdings=self._holdings(),
            book=self.book,
            calls=tuple(self.calls),
            sales=tuple(self.sales),
            uncovered=tuple(self.uncovered),
            liquidations=tuple(self.liquidations),
            deleveraged=tuple(self.deleveraged),
            funding=tuple(
                Funding(contract, p.settlements, plain(p.paid), plain(p.received), p.rate)
                for contract, p in sorted(self.funding.items())
            ),
            fund=drawn(self.fund, Steps(), *span) if self.fund.points else None,
            refused_by=self.reasons.rows(*_REFUSED, effect="deny"),
            called_by=self.reasons.rows(*_CALLED, "collateral_sold", "liquidation_begun"),
            needs=tuple(sorted(self.reasons.needs.items(), key=lambda item: (-item[1], item[0]))),
            left_out=self.left_out,
        )

    def _holdings(self) -> tuple[Holding, ...]:
        by_asset: dict[str, list[dict[str, Any]]] = {}
        for positions in self.stated.values():
            for position in positions:
                by_asset.setdefault(position["asset"], []).append(position)
        values = {a: sum(exact(p["market_value"]) for p in ps) for a, ps in by_asset.items()}
        total = sum(values.values())
        rows = []
        for asset, positions in sorted(by_asset.items(), key=lambda item: (-values[item[0]], item[0])):
            known = all(p["lending_value"] is not None for p in positions)
            lending = plain(sum(exact(p["lending_value"]) for p in positions)) if known else ""
            wanting = () if known else tuple(sorted({n for p in positions for n in p["needs"]}))
            share = 1000 * values[asset] // total if total else 0
            rows.append(Holding(asset, len(positions), plain(values[asset]), lending, wanting, share))
        return tuple(rows)

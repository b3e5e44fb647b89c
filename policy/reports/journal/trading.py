"""A trading day as rows, out of a journal.

In: commands and their events, one after another, and what the rules call things. Out: `Day`: orders and what they
still needed, evidence that clients went first, the market makers' share, trading by instrument and platform, flows
between platforms, what was unsettled against its limit, failures, and what the reserve held. Absent: the rules; what
they decided stands in the events (`priority` follows who waited where).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import define, field, frozen

from policy.answers import BilingualText, Outcome, joined
from policy.exchange.commands import MONEY, PRICE, QUANTITY, AdmitParticipant, AdmitPlatform, Ask, Place
from policy.exchange.events import (
    Answered,
    LossCovered,
    OrderAccepted,
    OrderCancelled,
    OrderDecremented,
    OrderExpelled,
    OrderRejected,
    OrderReplaced,
    ParticipantAdmitted,
    ReplaceRejected,
    Settled,
    SettlementArranged,
    SettlementFailed,
    Traded,
    TradeRejected,
)
from policy.market.events import invalid_code
from policy.model.types import QuotedAmount
from policy.model.values import show
from policy.model.written import number
from policy.reports.journal.book import Lines
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.event_counts import EventCounts
from policy.reports.journal.flows import FlowRow, Flows, PlaceRow, PlatformRow
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.priority import Evidence, PriorityWatch
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Chart, Series, chart_of, plain, tidy
from policy.reports.journal.standing import Standing, Standings, needed
from policy.reports.plain.amounts import chinese_amount, english_amount

_CURRENCY = MONEY.currency
_REFUSALS = (OrderRejected, TradeRejected, ReplaceRejected, OrderExpelled)
_MOST = 500  # rows of a table; what lies beyond is counted
_Row = TypeVar("_Row")


@frozen
class Maker:
    """Trades of a market maker; `share` of all value and `bar`, of the largest, are in thousandths, rounded down."""

    name: str
    kind: BilingualText
    trades: int
    value: str
    share: int
    bar: int


@frozen
class SettlementFailure:
    """Something that was not settled, or what it cost."""

    at: str
    what: BilingualText
    who: str
    amount: str
    covered: str
    uncovered: str


@frozen
class UnsettledCover:
    """What stood behind unsettled trades from a moment on; `share` of the limit in thousandths, rounded down."""

    at: str
    limit: str
    reserve: str
    compensation: str
    share: int
    said: BilingualText


@frozen
class Undecided:
    """An order, or a question about admission, that the rules could not decide, and what they needed."""

    what: str
    who: str
    needs: tuple[BilingualText, ...]


@frozen
class InstrumentRow:
    """Trading in an instrument."""

    instrument: str
    trades: int
    quantity: str
    value: str
    last: str


@frozen
class BalanceRow:
    """What was brought in, and where it is at the end."""

    what: str
    brought_in: str
    free: str
    reserved: str
    difference: str


@frozen
class Day:
    """The whole; money is in `currency`. `refused` are orders that a rule forbids, `undecided` the others."""

    currency: str
    accepted: int
    refused: int
    undecided: int
    trades: int
    value: str
    settlements: int
    out_by: tuple[RuleRow, ...]
    in_by: tuple[RuleRow, ...]
    evidence: Evidence
    makers: tuple[Maker, ...]
    maker_trades: int
    maker_value: str
    maker_share: int
    flows: tuple[FlowRow, ...]
    places: tuple[PlaceRow, ...]
    undecided_orders: tuple[Undecided, ...]
    standings: tuple[Standing, ...]
    instruments: tuple[InstrumentRow, ...]
    platforms: tuple[PlatformRow, ...]
    balances: tuple[BalanceRow, ...]  # empty where nobody stated them
    unsettled: Chart | None
    reserve: Chart | None
    covers: tuple[UnsettledCover, ...]
    failures: tuple[SettlementFailure, ...]
    more: int  # rows that the tables have no room for


Stated = tuple[QuotedAmount, QuotedAmount, QuotedAmount]  # brought in, free and reserved


@define
class _Traded:
    trades: int = 0
    quantity: QuotedAmount = 0
    value: int = 0
    last: QuotedAmount = 0


@define
class Trading:
    """Follows the exchange; `figures` may be asked for at any time."""

    glossary: Glossary
    capacity: dict[str, str] = field(factory=dict)
    lines: Lines = field(init=False)
    priority: PriorityWatch = field(init=False)
    flows: Flows = field(init=False)
    undecided: int = 0
    undecided_orders: list[Undecided] = field(factory=list)
    standings: Standings = field(init=False)
    instruments: dict[str, _Traded] = field(factory=dict)
    stated: dict[str, Stated] = field(factory=dict)  # at the end
    makers: dict[str, tuple[int, int]] = field(factory=dict)  # trades of a market maker and their value
    maker: tuple[int, int] = (0, 0)
    value: int = 0
    open_trades: dict[int, int] = field(factory=dict)
    open_value: int = 0
    limit: int | None = None
    unsettled: Series = field(factory=lambda: Series(MONEY))
    reserve: Series = field(factory=lambda: Series(MONEY))
    covers: list[UnsettledCover] = field(factory=list)
    failures: list[SettlementFailure] = field(factory=list)
    more: int = 0

    def __attrs_post_init__(self) -> None:
        self.flows = Flows(self.glossary)
        self.lines = Lines(self.capacity)
        self.standings = Standings(self.glossary)
        self.priority = PriorityWatch(self.lines, self.glossary)

    def take(self, at: int, command: Command, events: Sequence[Event]) -> None:
        match command:
            case _ if invalid_code(events) is not None:
                pass
            case AdmitParticipant(id=id, facts={"capacity": str(capacity)}):
                self.capacity[id] = capacity
            case AdmitPlatform() | Ask(about="platform"):
                self.flows.licensed(command)
            case _:
                pass
        for event in events:
            self._event(at, command, event)

    def _event(self, at: int, command: Command, event: Event) -> None:
        match event:
            case ParticipantAdmitted():
                self.flows.platform[event.id] = event.platform
            case Answered():
                self.standings.answered(event)
            case OrderAccepted():
                assert isinstance(command, Place)
                self.flows.ordered(command.by, Outcome.PERMITTED)
                level = (command.instrument, command.venue, command.side, command.price)
                self.lines.join(event.id, command.by, level, command.quantity, at)
            case OrderRejected():
                assert isinstance(command, Place)
                self._refused(command, event)
            case OrderReplaced():
                self._replaced(at, event)
            case OrderDecremented() if event.id in self.lines.orders:
                self.lines.keep(event.id, event.remaining)
            case OrderCancelled() | OrderExpelled():
                self.lines.leave(event.id)
            case Traded():
                self._traded(at, event)
            case SettlementArranged():
                self._arranged(at, event)
            case Settled():
                self._closed(at, event.trades)
            case SettlementFailed():
                self._closed(at, event.trades)
                who = f"{event.platform} → {event.other}"
                failed = SettlementFailure(
                    self.glossary.at(at),
                    BilingualText("did not deliver", "未能交付"),
                    who,
                    tidy(event.gross, MONEY),
                    "",
                    "",
                )
                self._keep(self.failures, failed)
            case LossCovered():
                self._loss(at, event)
            case _:
                pass

    # ── orders and trades ───────────────────────────────────────────────────────────────────

    def _refused(self, order: Place, event: OrderRejected) -> None:
        self.flows.ordered(order.by, event.verdict.outcome)
        if event.verdict.outcome is not Outcome.DENIED:
            self.undecided += 1
            self._keep(self.undecided_orders, Undecided(event.id, order.by, needed(self.glossary, event.verdict)))

    def _replaced(self, at: int, event: OrderReplaced) -> None:
        order = self.lines.orders.get(event.id)
        if order is None:
            return
        if event.kept_its_place and order.level[3] == event.price:
            self.lines.keep(event.id, event.remaining)
        else:
            self.lines.join(event.id, order.by, (*order.level[:3], event.price), event.remaining, at)

    def _traded(self, at: int, event: Traded) -> None:
        self.priority.traded(at, event)
        owners = [self.lines.orders.get(order) for order in (event.buyer, event.seller)]
        by = [order.by if order else "" for order in owners]
        for id in dict.fromkeys((event.resting, event.incoming)):
            self.lines.fill(id, event.quantity)
        self.value += event.value
        traded = self.instruments.setdefault(event.instrument, _Traded())
        traded.trades += 1
        traded.quantity += event.quantity
        traded.value += event.value
        traded.last = event.price
        makers = [name for name in dict.fromkeys(by) if not self.lines.is_client(name)]
        if makers:
            self.maker = self.maker[0] + 1, self.maker[1] + event.value
        for name in makers:
            trades, total = self.makers.get(name, (0, 0))
            self.makers[name] = trades + 1, total + event.value
        self.flows.traded(by[0], by[1], event.value)
        if not event.settled:
            self.open_trades[event.number] = event.value
            self._open(at, event.value)

    def _open(self, at: int, change: int) -> None:
        self.open_value += change
        self.unsettled.add(at, self.open_value)

    # ── settlement ──────────────────────────────────────────────────────────────────────────

    def _arranged(self, at: int, event: SettlementArranged) -> None:
        limit = (event.facts or {}).get("arrangement", {}).get("unsettled_limit")
        read = number(limit, MONEY) if isinstance(limit, str) else None
        self.limit = read if isinstance(read, int) else None
        if self.limit is not None:
            self.unsettled.limit(at, self.limit)
            self.reserve.limit(at, self.limit)
        self.unsettled.add(at, self.open_value)
        texts = [r.text for r in event.verdict.reasons]
        said = joined(texts, " ", "")
        self._covered(at, event, said)

    def _covered(self, at: int, event: SettlementArranged | LossCovered, said: BilingualText) -> None:
        self.reserve.add(at, event.reserve_fund)
        share = 1000 * event.reserve_fund // self.limit if self.limit else 0
        held = tidy(event.reserve_fund, MONEY), tidy(event.compensation, MONEY)
        self._keep(self.covers, UnsettledCover(self.glossary.at(at), tidy(self.limit, MONEY), *held, share, said))

    def _closed(self, at: int, trades: tuple[int, ...]) -> None:
        self._open(at, -sum(self.open_trades.pop(n, 0) for n in trades))

    def _loss(self, at: int, event: LossCovered) -> None:
        paid = event.from_reserve_fund + event.from_compensation
        amounts = [tidy(amount, MONEY) for amount in (event.loss, paid, event.uncovered)]
        self._keep(
            self.failures,
            SettlementFailure(self.glossary.at(at), BilingualText("loss", "損失"), event.participant, *amounts),
        )
        en, zh = [english_amount(amount) for amount in amounts], [chinese_amount(amount) for amount in amounts]
        said = BilingualText(
            f"Loss {en[0]}: {en[1]} covered, {en[2]} not.", f"損失{zh[0]}：已補償{zh[1]}，未補償{zh[2]}。"
        )
        self._covered(at, event, said)

    def _keep(self, rows: list[_Row], row: _Row) -> None:
        if len(rows) < _MOST:
            rows.append(row)
        else:
            self.more += 1

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, reasons: Reasons, counts: EventCounts) -> Day:
        """The rows of all that was read."""
        return Day(
            currency=_CURRENCY,
            accepted=counts.count(OrderAccepted),
            refused=counts.count(OrderRejected) - self.undecided,
            undecided=self.undecided,
            trades=counts.count(Traded),
            value=plain(self.value, MONEY),
            settlements=counts.count(Settled),
            out_by=reasons.rows(*_REFUSALS, effect="deny"),
            in_by=reasons.rows(OrderAccepted, OrderReplaced, effect="permit"),
            evidence=self.priority.evidence(),
            makers=tuple(self._makers()),
            maker_trades=self.maker[0],
            maker_value=plain(self.maker[1], MONEY),
            maker_share=_share(self.maker[1], self.value),
            flows=self.flows.rows(),
            places=self.flows.places(),
            undecided_orders=tuple(self.undecided_orders),
            standings=self.standings.rows(),
            instruments=tuple(
                InstrumentRow(name, t.trades, show(t.quantity, QUANTITY), plain(t.value, MONEY), plain(t.last, PRICE))
                for name, t in sorted(self.instruments.items())
            ),
            platforms=self.flows.platforms(),
            balances=tuple(self._balance(*item) for item in self.stated.items()),
            unsettled=chart_of(self.unsettled, self.glossary.at),
            reserve=chart_of(self.reserve, self.glossary.at),
            covers=tuple(self.covers),
            failures=tuple(self.failures),
            more=self.more,
        )

    def _balance(self, what: str, stated: Stated) -> BalanceRow:
        of = MONEY if what == _CURRENCY else QUANTITY
        brought_in, free, reserved = stated
        amounts = (brought_in, free, reserved, free + reserved - brought_in)
        return BalanceRow(what, *(plain(a, of) if of is MONEY else show(a, of) for a in amounts))

    def _makers(self) -> list[Maker]:
        longest = max((value for _, value in self.makers.values()), default=1)
        ordered = sorted(self.makers.items(), key=lambda item: (-item[1][1], item[0]))
        return [
            Maker(
                name,
                self.glossary.named(self.capacity[name]),
                trades,
                plain(value, MONEY),
                _share(value, self.value),
                _share(value, longest),
            )
            for name, (trades, value) in ordered
        ]


def _share(part: int, whole: int) -> int:
    return 1000 * part // whole if whole else 0

"""A trading day as rows, out of a journal.

In: records, one after another, and what the rules call things. Out: `Day`: evidence that clients went first, the
market makers' share, flows between platforms, what was unsettled against its limit, failures, and what the reserve
held. Absent: the rules; what they said stands in the records (`priority` follows who waited where).
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from policy.audit.records import Record
from policy.decisions import Words
from policy.reports.journal.book import Lines
from policy.reports.journal.flows import FlowRow, Flows, PlaceRow
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.priority import Evidence, Priority
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Course, Drawn, drawn, exact, plain, tidied, tidy
from policy.reports.plain.amounts import chinese_amount, grouped, in_hong_kong

_REFUSED = ("refused", "trade_refused", "replace_refused", "removed")
_MOST = 500  # failures, and changes of the arrangement


@frozen
class Maker:
    """Trades of a market maker; `share` of all value and `bar`, of the largest, are in thousandths, rounded down."""

    name: str
    kind: Words
    trades: int
    value: str
    share: int
    bar: int


@frozen
class Failure:
    """Something that was not settled, or what it cost."""

    at: str
    what: Words
    who: str
    amount: str
    covered: str
    uncovered: str


@frozen
class Cover:
    """What stood behind unsettled trades from a moment on; `share` of the limit in thousandths, rounded down."""

    at: str
    limit: str
    reserve: str
    compensation: str
    share: int
    said: Words


@frozen
class Day:
    """The whole; money is in `currency`."""

    currency: str
    accepted: int
    refused: int
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
    unsettled: Drawn | None
    reserve: Drawn | None
    covers: tuple[Cover, ...]
    failures: tuple[Failure, ...]
    more: int  # failures and covers that the tables have no room for


@define
class Trading:
    """Follows the exchange; `figures` may be asked for at any time."""

    glossary: Glossary
    capacity: dict[str, str] = field(factory=dict)
    lines: Lines = field(init=False)
    priority: Priority = field(init=False)
    flows: Flows = field(factory=Flows)
    counts: dict[str, int] = field(factory=dict)
    made: dict[str, tuple[int, int]] = field(factory=dict)  # trades of a market maker and their value
    maker: tuple[int, int] = (0, 0)
    value: int = 0
    open_trades: dict[int, int] = field(factory=dict)
    open_value: int = 0
    limit: str = ""
    unsettled: Course = field(factory=Course)
    reserve: Course = field(factory=Course)
    covers: list[Cover] = field(factory=list)
    failures: list[Failure] = field(factory=list)
    more: int = 0

    def __attrs_post_init__(self) -> None:
        self.lines = Lines(self.capacity)
        self.priority = Priority(self.lines, self.glossary)

    def take(self, record: Record) -> None:
        command = record.input
        match command.get("do"):
            case "admit_participant":
                capacity = command.get("facts", {}).get("capacity")
                if capacity is not None:
                    self.capacity[command["id"]] = capacity
            case "admit_platform":
                self.flows.licensed(command)
            case "ask" if command.get("about") == "platform":
                self.flows.licensed(command)
        for event in record.events:
            self.counts[event["event"]] = self.counts.get(event["event"], 0) + 1
            self._event(record, event)

    def _event(self, record: Record, event: dict[str, Any]) -> None:
        match event["event"]:
            case "participant_admitted":
                self.flows.platform[event["id"]] = event["platform"]
            case "accepted":
                given = record.input
                level = (given["instrument"], given["venue"], given["side"], str(given.get("price", "market")))
                self.lines.join(event["id"], given["by"], level, exact(given["quantity"]), record.at)
            case "replaced":
                self._replaced(record.at, event)
            case "cancelled" | "removed":
                self.lines.leave(event["id"])
            case "traded":
                self._traded(record.at, event)
            case "settlement_arranged":
                self._arranged(record.at, event)
            case "settled" | "settlement_failed":
                self._closed(record.at, event)
            case "loss_covered":
                self._loss(record.at, event)

    # ── orders and trades ───────────────────────────────────────────────────────────────────

    def _replaced(self, at: int, event: dict[str, Any]) -> None:
        order = self.lines.orders.get(event["id"])
        if order is None:
            return
        if event["kept_its_place"] and order.level[3] == event["price"]:
            self.lines.keep(event["id"], exact(event["remaining"]))
        else:
            level = (*order.level[:3], event["price"])
            self.lines.join(event["id"], order.by, level, exact(event["remaining"]), at)

    def _traded(self, at: int, event: dict[str, Any]) -> None:
        self.priority.traded(at, event)
        quantity, value = exact(event["quantity"]), exact(event["value"])
        owners = [self.lines.orders.get(event[side]) for side in ("buyer", "seller")]
        by = [order.by if order else "" for order in owners]
        for id in dict.fromkeys((event["resting"], event["incoming"])):
            self.lines.fill(id, quantity)
        self.value += value
        makers = [name for name in dict.fromkeys(by) if not self.lines.is_client(name)]
        if makers:
            self.maker = self.maker[0] + 1, self.maker[1] + value
        for name in makers:
            trades, total = self.made.get(name, (0, 0))
            self.made[name] = trades + 1, total + value
        self.flows.traded(by[0], by[1], value)
        if not event["settled"]:
            self.open_trades[event["number"]] = value
            self._open(at, value)

    def _open(self, at: int, change: int) -> None:
        self.open_value += change
        self.unsettled.add(at, self.open_value)

    # ── settlement ──────────────────────────────────────────────────────────────────────────

    def _arranged(self, at: int, event: dict[str, Any]) -> None:
        self.limit = (event.get("facts") or {}).get("arrangement", {}).get("unsettled_limit") or ""
        if self.limit:
            self.unsettled.limit(at, exact(self.limit))
            self.reserve.limit(at, exact(self.limit))
        self.unsettled.add(at, self.open_value)
        texts = [r["text"] for r in event["verdict"].get("reasons", ())]
        said = Words(" ".join(t["en"] for t in texts), "".join(t.get("zh") or t["en"] for t in texts))
        self._covered(at, event, said)

    def _covered(self, at: int, event: dict[str, Any], said: Words) -> None:
        held, limit = exact(event["reserve_fund"]), exact(self.limit)
        self.reserve.add(at, held)
        share = 1000 * held // limit if limit else 0
        both = tidied(event["reserve_fund"]), tidied(event["compensation"])
        self._keep(self.covers, Cover(in_hong_kong(at), tidied(self.limit), *both, share, said))

    def _closed(self, at: int, event: dict[str, Any]) -> None:
        self._open(at, -sum(self.open_trades.pop(n, 0) for n in event["trades"]))
        if event["event"] == "settlement_failed":
            what, who = Words("did not deliver", "未能交付"), f"{event['platform']} → {event['other']}"
            self._keep(self.failures, Failure(in_hong_kong(at), what, who, tidied(event["gross"]), "", ""))

    def _loss(self, at: int, event: dict[str, Any]) -> None:
        paid = exact(event["from_reserve_fund"]) + exact(event["from_compensation"])
        loss, uncovered = tidied(event["loss"]), tidied(event["uncovered"])
        covered = tidy(paid, loss.rpartition(" ")[2])
        row = Failure(in_hong_kong(at), Words("loss", "損失"), event["participant"], loss, covered, uncovered)
        self._keep(self.failures, row)
        en = [grouped(amount) for amount in (loss, covered, uncovered)]
        zh = [chinese_amount(amount) for amount in (loss, covered, uncovered)]
        said = Words(f"Loss {en[0]}: {en[1]} covered, {en[2]} not.", f"損失{zh[0]}：已補償{zh[1]}，未補償{zh[2]}。")
        self._covered(at, event, said)

    def _keep(self, rows: list[Any], row: Any) -> None:
        if len(rows) < _MOST:
            rows.append(row)
        else:
            self.more += 1

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, reasons: Reasons) -> Day:
        """The rows of all that was read."""
        return Day(
            currency="HKD",
            accepted=self.counts.get("accepted", 0),
            refused=self.counts.get("refused", 0),
            trades=self.counts.get("traded", 0),
            value=plain(self.value),
            settlements=self.counts.get("settled", 0),
            out_by=reasons.rows(*_REFUSED, effect="deny"),
            in_by=reasons.rows("accepted", "replaced", effect="permit"),
            evidence=self.priority.evidence(),
            makers=tuple(self._makers()),
            maker_trades=self.maker[0],
            maker_value=plain(self.maker[1]),
            maker_share=_share(self.maker[1], self.value),
            flows=self.flows.rows(),
            places=self.flows.places(),
            unsettled=drawn(self.unsettled),
            reserve=drawn(self.reserve),
            covers=tuple(self.covers),
            failures=tuple(self.failures),
            more=self.more,
        )

    def _makers(self) -> list[Maker]:
        longest = max((value for _, value in self.made.values()), default=1)
        ordered = sorted(self.made.items(), key=lambda item: (-item[1][1], item[0]))
        return [
            Maker(
                name,
                self.glossary.named(self.capacity[name]),
                trades,
                plain(value),
                _share(value, self.value),
                _share(value, longest),
            )
            for name, (trades, value) in ordered
        ]


def _share(part: int, whole: int) -> int:
    return 1000 * part // whole if whole else 0

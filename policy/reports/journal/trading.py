"""A trading day as rows, out of a journal.

In: records, one after another. Out: `Day`: orders by rule, evidence that clients went first, the market maker's
share, flows between platforms, what was unsettled against its limit, failures, and what the reserve held. Absent:
the rules; what they said stands in the records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field, frozen

from policy.audit.records import Header, Record
from policy.decisions import Words
from policy.reports.book.figures import Cover
from policy.reports.journal.book import Level, Lines
from policy.reports.journal.reasons import Reasons, RuleRow
from policy.reports.journal.series import Drawn, Steps, drawn, exact, plain
from policy.reports.words import clock, moment

TITLE = Words("A trading day", "交易日報")
_IN, _OUT = ("accepted",), ("refused", "trade_refused", "removed", "replace_refused")
_MOST_LEVELS = 200
_MOST_FAILURES = 500


@frozen
class LevelRow:
    """A price at which clients and the market maker waited in one line when someone was filled there."""

    instrument: str
    venue: str
    side: str
    price: str
    first: str
    fills: int
    to_clients: int
    passed: int  # of those to clients, where a market maker had come earlier
    breaches: int  # fills of the market maker while a client waited


@frozen
class Flow:
    """Trades between two platforms, or within one."""

    buyer: str
    seller: str
    trades: int
    value: str


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
class Day:
    """The whole."""

    cover: Cover
    scenario: str
    commands: int
    accepted: int
    refused: int
    trades: int
    value: str
    currency: str
    in_by: tuple[RuleRow, ...]
    out_by: tuple[RuleRow, ...]
    levels: tuple[LevelRow, ...]
    more_levels: int
    fills: int
    passed: int
    breaches: int
    maker_trades: int
    maker_value: str
    maker_share: int  # in thousandths of all value, rounded down
    flows: tuple[Flow, ...]
    unsettled: Drawn | None
    reserve: Drawn | None
    settlements: int
    failures: tuple[Failure, ...]
    needs: tuple[tuple[str, int], ...]


@define
class _AtLevel:
    first: str
    fills: int = 0
    to_clients: int = 0
    passed: int = 0
    breaches: int = 0


@define
class Trading:
    """Follows a journal; `figures` may be asked for at any time."""

    header: Header
    capacity: dict[str, str] = field(factory=dict)
    platform: dict[str, str] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)  # where a platform is licensed
    reasons: Reasons = field(factory=Reasons)
    counts: dict[str, int] = field(factory=dict)
    levels: dict[Level, _AtLevel] = field(factory=dict)
    totals: _AtLevel = field(factory=lambda: _AtLevel(""))
    flows: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    maker: tuple[int, int] = (0, 0)
    value: int = 0
    open_trades: dict[int, int] = field(factory=dict)
    open_value: int = 0
    unsettled: Steps = field(factory=Steps)
    cap: Steps = field(factory=Steps)
    reserve: Steps = field(factory=Steps)
    failures: list[Failure] = field(factory=list)
    first: int = 0
    last: int = 0
    commands: int = 0
    lines: Lines = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.lines = Lines(self.capacity)

    def read(self, records: Iterable[Record]) -> Trading:
        for record in records:
            self.first = self.first or record.at
            self.last = record.at
            self.commands += 1
            self._command(record.input)
            for event in record.events:
                self.counts[event["event"]] = self.counts.get(event["event"], 0) + 1
                self.reasons.add(event, str(event.get("id") or event.get("incoming") or record.seq))
                self._event(record, event)
        return self

    # ── one record ──────────────────────────────────────────────────────────────────────────

    def _command(self, command: dict[str, Any]) -> None:
        match command.get("do"):
            case "admit_participant":
                self.capacity[command["id"]] = command.get("facts", {}).get("capacity", "client")
            case "ask" if command.get("about") == "platform":
                for facts in command.get("facts", {}).values():
                    if isinstance(facts, dict) and "jurisdiction" in facts:
                        self.places[command["id"]] = str(facts["jurisdiction"])

    def _event(self, record: Record, event: dict[str, Any]) -> None:
        match event["event"]:
            case "participant_admitted":
                self.platform[event["id"]] = event["platform"]
            case "accepted":
                given = record.input
                level = (given["instrument"], given["venue"], given["side"], str(given.get("price", "market")))
                self.lines.join(event["id"], given["by"], level, exact(given["quantity"]))
            case "replaced":
                self._replaced(event)
            case "cancelled" | "removed":
                self.lines.leave(event["id"])
            case "traded":
                self._traded(record, event)
            case "settlement_arranged":
                limit = (event.get("facts") or {}).get("arrangement", {}).get("unsettled_limit")
                self.cap.add(record.at, exact(limit))
                self.reserve.add(record.at, exact(event["reserve_fund"]))
            case "settled" | "settlement_failed":
                self._closed(record, event)
            case "loss_covered":
                self._loss(record, event)

    def _replaced(self, event: dict[str, Any]) -> None:
        order = self.lines.orders.get(event["id"])
        if order is None:
            return
        if event["kept_its_place"] and order.level[3] == event["price"]:
            self.lines.keep(event["id"], exact(event["remaining"]))
        else:
            self.lines.join(event["id"], order.by, (*order.level[:3], event["price"]), exact(event["remaining"]))

    def _traded(self, record: Record, event: dict[str, Any]) -> None:
        seen = self.lines.seen_from(event["resting"])
        if seen is not None and (seen.makers_waited if seen.by_client else seen.clients_waited):
            for row in (self.levels.setdefault(seen.order.level, _AtLevel(event["resting"])), self.totals):
                row.fills += 1
                row.to_clients += seen.by_client
                row.passed += seen.passed_a_maker
                row.breaches += not seen.by_client
        quantity, value = exact(event["quantity"]), exact(event["value"])
        owners = {side: self.lines.orders.get(event[side]) for side in ("buyer", "seller")}
        for id in dict.fromkeys((event["resting"], event["incoming"])):
            self.lines.fill(id, quantity)
        by = [o.by if o else "" for o in owners.values()]
        self.value += value
        if not all(map(self.lines.is_client, by)):
            self.maker = self.maker[0] + 1, self.maker[1] + value
        flow = (self.platform.get(by[0], ""), self.platform.get(by[1], ""))
        trades, total = self.flows.get(flow, (0, 0))
        self.flows[flow] = trades + 1, total + value
        if not event["settled"]:
            self.open_trades[event["number"]] = value
            self._open(record.at, value)

    def _open(self, at: int, change: int) -> None:
        self.open_value += change
        self.unsettled.add(at, self.open_value)

    def _closed(self, record: Record, event: dict[str, Any]) -> None:
        self._open(record.at, -sum(self.open_trades.pop(n, 0) for n in event["trades"]))
        if event["event"] == "settlement_failed" and len(self.failures) < _MOST_FAILURES:
            what = Words("did not deliver", "未能交付")
            who = f"{event['platform']} → {event['other']}"
            self.failures.append(Failure(clock(record.at), what, who, event["gross"], "", ""))

    def _loss(self, record: Record, event: dict[str, Any]) -> None:
        self.reserve.add(record.at, exact(event["reserve_fund"]))
        if len(self.failures) < _MOST_FAILURES:
            covered = plain(exact(event["from_reserve_fund"]) + exact(event["from_compensation"]))
            what = Words("loss covered", "損失獲補償")
            self.failures.append(
                Failure(clock(record.at), what, event["participant"], event["loss"], covered, event["uncovered"])
            )

    # ── at the end ──────────────────────────────────────────────────────────────────────────

    def figures(self, platform: str) -> Day:
        """The rows of all that was read."""
        rows = sorted(self.levels.items(), key=lambda item: (-item[1].fills, item[0]))
        span = (self.first, self.last, (moment(self.first), moment(self.last)))
        cover = Cover(TITLE, platform, self.header.on, self.header.rules, self.header.overlay, self.reasons.status)
        return Day(
            cover=cover,
            scenario=str(self.header.about.get("scenario", "")),
            commands=self.commands,
            accepted=self.counts.get("accepted", 0),
            refused=self.counts.get("refused", 0),
            trades=self.counts.get("traded", 0),
            value=plain(self.value),
            currency="HKD",
            in_by=self.reasons.rows(*_IN),
            out_by=self.reasons.rows(*_OUT, effect="deny"),
            levels=tuple(
                LevelRow(*level, row.first, row.fills, row.to_clients, row.passed, row.breaches)
                for level, row in rows[:_MOST_LEVELS]
            ),
            more_levels=max(0, len(rows) - _MOST_LEVELS),
            fills=self.totals.fills,
            passed=self.totals.passed,
            breaches=self.totals.breaches,
            maker_trades=self.maker[0],
            maker_value=plain(self.maker[1]),
            maker_share=1000 * self.maker[1] // self.value if self.value else 0,
            flows=tuple(
                Flow(self._placed(a), self._placed(b), trades, plain(value))
                for (a, b), (trades, value) in sorted(self.flows.items(), key=lambda i: (-i[1][1], i[0]))
            ),
            unsettled=drawn(self.unsettled, self.cap, *span) if self.unsettled.points else None,
            reserve=drawn(self.reserve, Steps(), *span) if self.reserve.points else None,
            settlements=self.counts.get("settled", 0),
            failures=tuple(self.failures),
            needs=tuple(sorted(self.reasons.needs.items(), key=lambda item: (-item[1], item[0]))),
        )

    def _placed(self, platform: str) -> str:
        place = self.places.get(platform)
        return f"{platform} ({place})" if place else platform

"""Orders and trades by platform, trades between platforms, and between the places of their licences.

In: who trades through which platform, orders and trades. Out: rows by platform, by pair of platforms, and by place.
Absent: settlement.
"""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

from policy.answers import NO_WORDS, BilingualText, Outcome
from policy.exchange.commands import MONEY, AdmitPlatform, Ask
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.series import plain


@frozen
class FlowRow:
    """Trades between two platforms, or within one; `bar` is in thousandths of the largest."""

    buyer: BilingualText
    seller: BilingualText
    trades: int
    value: str
    bar: int


@frozen
class PlaceRow:
    """What was bought and sold through a place's platforms; `place` is empty where it is unknown."""

    place: BilingualText
    platforms: tuple[str, ...]
    trades: int
    bought: str
    sold: str


@frozen
class PlatformRow:
    """What was ordered and traded through a platform; a trade across platforms counts on both."""

    platform: str
    place: BilingualText
    orders: int
    accepted: int
    refused: int
    undecided: int
    trades: int
    bought: str
    sold: str


@define
class Flows:
    """Follows trades."""

    glossary: Glossary
    platform: dict[str, str] = field(factory=dict)  # of participants
    licensed_in: dict[str, str] = field(factory=dict)  # of platforms
    pairs: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)
    orders: dict[str, Counter[Outcome]] = field(factory=dict)  # what became of orders, by platform

    def licensed(self, command: AdmitPlatform | Ask) -> None:
        """Notes where a platform is licensed, if it says so when it is admitted, or a question about it does."""
        if isinstance(command, AdmitPlatform) and command.licensed_in:
            self.licensed_in[command.id] = command.licensed_in
        for facts in command.facts.values():
            if isinstance(facts, dict) and "jurisdiction" in facts:
                self.licensed_in[command.id] = str(facts["jurisdiction"])

    def ordered(self, by: str, outcome: Outcome) -> None:
        """An order, and whether the rules accepted it."""
        self.orders.setdefault(self.platform.get(by, ""), Counter())[outcome] += 1

    def traded(self, buyer: str, seller: str, value: int) -> None:
        pair = self.platform.get(buyer, ""), self.platform.get(seller, "")
        trades, total = self.pairs.get(pair, (0, 0))
        self.pairs[pair] = trades + 1, total + value

    def rows(self) -> tuple[FlowRow, ...]:
        """By pair, the largest first."""
        longest = max((value for _, value in self.pairs.values()), default=1)
        ordered = sorted(self.pairs.items(), key=lambda item: (-item[1][1], item[0]))
        return tuple(
            FlowRow(self._placed(a), self._placed(b), trades, plain(value, MONEY), 1000 * value // max(longest, 1))
            for (a, b), (trades, value) in ordered
        )

    def places(self) -> tuple[PlaceRow, ...]:
        """By place; platforms whose place is unknown come first, each by itself."""
        found: dict[str, list[str]] = {}
        for name in sorted({name for pair in self.pairs for name in pair}):
            found.setdefault(self.licensed_in.get(name, f" {name}"), []).append(name)
        return tuple(self._place(place, tuple(names)) for place, names in sorted(found.items()))

    def platforms(self) -> tuple[PlatformRow, ...]:
        """By platform, in the order in which their first orders came."""
        return tuple(self._platform(name, outcomes) for name, outcomes in self.orders.items())

    def _platform(self, name: str, outcomes: Counter[Outcome]) -> PlatformRow:
        accepted, refused = outcomes[Outcome.PERMITTED], outcomes[Outcome.DENIED]
        undecided = outcomes.total() - accepted - refused
        place = self.licensed_in.get(name, "")
        return PlatformRow(
            name, self._named(place), outcomes.total(), accepted, refused, undecided, *self._through((name,))
        )

    def _place(self, place: str, names: tuple[str, ...]) -> PlaceRow:
        return PlaceRow(self._named("" if place.startswith(" ") else place), names, *self._through(names))

    def _named(self, place: str) -> BilingualText:
        return self.glossary.named(place) if place else NO_WORDS

    def _through(self, names: tuple[str, ...]) -> tuple[int, str, str]:
        """Trades in which a platform of these had a side, and what was bought and sold through them."""
        of = [(pair, counted) for pair, counted in self.pairs.items() if set(pair) & set(names)]
        bought = sum(value for (buyer, _), (_, value) in of if buyer in names)
        sold = sum(value for (_, seller), (_, value) in of if seller in names)
        return sum(count for _, (count, _) in of), plain(bought, MONEY), plain(sold, MONEY)

    def _placed(self, platform: str) -> BilingualText:
        place = self._named(self.licensed_in.get(platform, ""))
        if not place.en:
            return BilingualText(platform)
        return BilingualText(f"{platform} ({place.en})", f"{platform}（{place.zh}）" if place.zh else "")

"""What crossed between platforms, and between the places where they are licensed.

In: who trades through which platform, and trades. Out: rows by pair of platforms, and by place. Absent: settlement.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from policy.reports.journal.series import plain


@frozen
class FlowRow:
    """Trades between two platforms, or within one; `bar` is in thousandths of the largest."""

    buyer: str
    seller: str
    trades: int
    value: str
    bar: int


@frozen
class PlaceRow:
    """What was bought and sold through a place's platforms; `place` is empty where the journal does not tell it."""

    place: str
    platforms: tuple[str, ...]
    trades: int
    bought: str
    sold: str


@define
class Flows:
    """Follows trades."""

    platform: dict[str, str] = field(factory=dict)  # of participants
    licensed_in: dict[str, str] = field(factory=dict)  # of platforms
    pairs: dict[tuple[str, str], tuple[int, int]] = field(factory=dict)

    def licensed(self, command: dict[str, Any]) -> None:
        """Notes where a platform is licensed, if it says so when it is admitted, or a question about it does."""
        if command.get("licensed_in"):
            self.licensed_in[command["id"]] = str(command["licensed_in"])
        for facts in command.get("facts", {}).values():
            if isinstance(facts, dict) and "jurisdiction" in facts:
                self.licensed_in[command["id"]] = str(facts["jurisdiction"])

    def traded(self, buyer: str, seller: str, value: int) -> None:
        pair = self.platform.get(buyer, ""), self.platform.get(seller, "")
        trades, total = self.pairs.get(pair, (0, 0))
        self.pairs[pair] = trades + 1, total + value

    def rows(self) -> tuple[FlowRow, ...]:
        """By pair, the largest first."""
        longest = max((value for _, value in self.pairs.values()), default=1)
        ordered = sorted(self.pairs.items(), key=lambda item: (-item[1][1], item[0]))
        return tuple(
            FlowRow(self._placed(a), self._placed(b), trades, plain(value), 1000 * value // max(longest, 1))
            for (a, b), (trades, value) in ordered
        )

    def places(self) -> tuple[PlaceRow, ...]:
        """By place, the platforms whose place is not told each for itself and first."""
        found: dict[str, list[str]] = {}
        for name in sorted({name for pair in self.pairs for name in pair}):
            found.setdefault(self.licensed_in.get(name, f" {name}"), []).append(name)
        return tuple(self._place(place, tuple(names)) for place, names in sorted(found.items()))

    def _place(self, place: str, names: tuple[str, ...]) -> PlaceRow:
        of = [(pair, counted) for pair, counted in self.pairs.items() if set(pair) & set(names)]
        bought = sum(value for (buyer, _), (_, value) in of if buyer in names)
        sold = sum(value for (_, seller), (_, value) in of if seller in names)
        trades = sum(count for _, (count, _) in of)
        return PlaceRow("" if place.startswith(" ") else place, names, trades, plain(bought), plain(sold))

    def _placed(self, platform: str) -> str:
        place = self.licensed_in.get(platform)
        return f"{platform} ({place})" if place else platform

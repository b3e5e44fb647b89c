"""What secures margin loans, before and after the haircut: by class of asset, by asset, by account.

In: what each asset is listed as, and accounts as the lender last stated them. Out: rows and their bars. Absent:
valuation; an asset of which any part could not be valued has no value after the haircut, and says what is wanting.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen

from policy.decisions import Words
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.series import exact, plain

_MOST_ACCOUNTS = 100


@frozen
class Holding:
    """An asset as collateral, of all accounts; `after` is empty where a number is wanting.

    `share` of all market value, and the bars of both values against the largest, are in thousandths, rounded down.
    """

    asset: str
    kind: Words
    accounts: int
    before: str
    after: str
    wanting: tuple[Words, ...]
    share: int
    bar: int
    bar_after: int


@frozen
class AccountRow:
    """An account: its collateral before and after the haircut, and its loan; `short` is what the loan lies above."""

    account: str
    before: str
    after: str
    loan: str
    short: str
    bar: int
    bar_after: int
    mark: int  # the loan on the same scale


@define
class Collateral:
    """Keeps each account's last statement."""

    glossary: Glossary
    kinds: dict[str, Words] = field(factory=dict)
    stated: dict[str, dict[str, Any]] = field(factory=dict)

    def take(self, command: dict[str, Any]) -> None:
        if command.get("do") == "list_collateral":
            kind = command.get("facts", {}).get("class", "")
            self.kinds[command["asset"]] = self.glossary.named(kind)

    def state(self, event: dict[str, Any]) -> None:
        self.stated[event["account"]] = event

    def holdings(self) -> tuple[Holding, ...]:
        """By class, then by value, the largest first."""
        by_asset: dict[str, list[dict[str, Any]]] = {}
        for event in self.stated.values():
            for position in event["positions"]:
                by_asset.setdefault(position["asset"], []).append(position)
        values = {a: sum(exact(p["market_value"]) for p in ps) for a, ps in by_asset.items()}
        total, longest = sum(values.values()), max(values.values(), default=0)
        by_class: dict[str, int] = {}
        for asset, value in values.items():
            by_class[self._kind(asset).en] = by_class.get(self._kind(asset).en, 0) + value
        rows = []
        for asset in sorted(by_asset, key=lambda a: (-by_class[self._kind(a).en], self._kind(a).en, -values[a], a)):
            positions = by_asset[asset]
            known = all(p["lending_value"] is not None for p in positions)
            after = sum(exact(p["lending_value"]) for p in positions) if known else 0
            wanting = () if known else dict.fromkeys(self.glossary.needed(n) for p in positions for n in p["needs"])
            rows.append(
                Holding(
                    asset,
                    self._kind(asset),
                    len(positions),
                    plain(values[asset]),
                    plain(after) if known else "",
                    tuple(wanting),
                    _part(values[asset], total),
                    _part(values[asset], longest),
                    _part(after, longest),
                )
            )
        return tuple(rows)

    def _kind(self, asset: str) -> Words:
        return self.kinds.get(asset, Words("not listed", "未列明"))

    def accounts(self) -> tuple[AccountRow, ...]:
        """The largest loans first."""
        ordered = sorted(self.stated.items(), key=lambda item: (-exact(item[1]["loan"]), item[0]))[:_MOST_ACCOUNTS]
        values = [(e["views"]["market_value"], e["loan"]) for _, e in ordered]
        longest = max((max(exact(value), exact(loan)) for value, loan in values), default=0)
        rows = []
        for account, event in ordered:
            views, loan = event["views"], exact(event["loan"])
            before, after = exact(views["market_value"]), exact(views["lending_value"])
            known = views["lending_value"] is not None
            rows.append(
                AccountRow(
                    account,
                    plain(before) if views["market_value"] is not None else "",
                    plain(after) if known else "",
                    plain(loan),
                    plain(loan - after) if known and loan > after else "",
                    _part(before, longest),
                    _part(after, longest),
                    _part(loan, longest),
                )
            )
        return tuple(rows)


def _part(value: int, whole: int) -> int:
    return 1000 * value // whole if whole else 0

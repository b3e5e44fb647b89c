"""What secures margin loans, before and after the haircut: by class of asset, by asset, by account.

In: what each asset is listed as, and accounts as the lender last stated them. Out: rows and their bars. Absent:
valuation; an asset of which any part could not be valued has no value after the haircut, and says what it needs. What
collateral carries for a loan and what it counts for in the lender's capital stand side by side, never added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, field, frozen

from policy.answers import BilingualText, Outcome, Verdict
from policy.financing.commands import MONEY, QUANTITY, ListCollateral
from policy.financing.events import AccountStated, PositionView
from policy.model.values import show
from policy.reports.journal.entries import Command
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.series import plain
from policy.reports.rows import Mark

_MOST_ACCOUNTS = 100


@frozen
class AccountDecision:
    """A decision about an account: `accept`, `refuse`, or `doubt` where it is undecided; why, or what it needs."""

    kind: Mark
    answer: BilingualText
    reasons: tuple[BilingualText, ...] = ()
    needs: tuple[BilingualText, ...] = ()

    @classmethod
    def of(
        cls, verdicts: Iterable[Verdict], glossary: Glossary, kind: Mark, answer: BilingualText
    ) -> AccountDecision:
        """What some verdicts come to: undecided only where no reason was given."""
        listed = list(verdicts)
        reasons = tuple(dict.fromkeys(reason.text for v in listed for reason in v.reasons))
        if reasons:
            return cls(kind, answer, reasons)
        needs = tuple(dict.fromkeys(glossary.needed(need) for v in listed for need in v.needs or (v.fault,)))
        return cls("doubt", BilingualText("undecided", "未能決定"), (), needs)


@frozen
class CollateralTerms:
    """Whether an asset is accepted as collateral, and its haircuts for a loan and in the lender's capital."""

    accepted: Verdict
    haircut: str
    capital_haircut: str


@frozen
class AccountVerdicts:
    """Whether an account is to be called, whether its collateral is to be sold, and in which order it would be."""

    call: Verdict
    sale: Verdict
    order: tuple[str, ...]


@frozen
class HoldingRow:
    """An asset as collateral, of all accounts; `after` and `capital` are empty where a number is missing.

    Whether it is `accepted`, and its haircuts for a loan and in capital, are empty where nobody asked at the end.
    `share` of all market value, and the bars of both values against the largest, are in thousandths, rounded down.
    """

    asset: str
    kind: BilingualText
    accepted: AccountDecision | None
    haircut: str
    capital_haircut: str
    accounts: int
    before: str
    after: str
    capital: str
    needs: tuple[BilingualText, ...]
    share: int
    bar: int
    bar_after: int


@frozen
class ClassRow:
    """All collateral of a class: sums of what is known; `_undecided` where more would have to be added."""

    kind: BilingualText
    before: str
    after: str
    after_undecided: bool
    capital: str
    capital_undecided: bool


@frozen
class PositionRow:
    """A position of an account; amounts are empty where they are unknown, and `needs` says what is missing."""

    asset: str
    kind: BilingualText
    quantity: str
    before: str
    after: str
    capital: str
    needs: tuple[BilingualText, ...]


@frozen
class AccountRow:
    """An account: its collateral before and after the haircut, and its loan; `short` is what the loan lies above."""

    account: str
    before: str
    after: str
    capital: str
    needs: tuple[BilingualText, ...]
    loan: str
    short: str
    call: AccountDecision | None  # nothing where nobody asked at the end
    sale: AccountDecision | None
    sale_order: tuple[str, ...]
    positions: tuple[PositionRow, ...]
    bar: int
    bar_after: int
    mark: int  # the loan on the same scale


@define
class Collateral:
    """Keeps each account's last statement, and what holds of accounts and assets at the end."""

    glossary: Glossary
    kinds: dict[str, BilingualText] = field(factory=dict)
    terms: Mapping[str, CollateralTerms] = field(factory=dict)  # by asset, where someone asked at the end
    stated: dict[str, AccountStated] = field(factory=dict)
    verdicts: Mapping[str, AccountVerdicts] = field(factory=dict)  # by account, where someone asked at the end

    def take(self, command: Command) -> None:
        if isinstance(command, ListCollateral):
            self.kinds[command.asset] = self.glossary.named(str(command.facts.get("class", "")))

    def state(self, event: AccountStated) -> None:
        self.stated[event.account] = event

    def holdings(self) -> tuple[HoldingRow, ...]:
        """By class, then by value, the largest first."""
        by_asset: dict[str, list[PositionView]] = {}
        for event in self.stated.values():
            for position in event.positions:
                by_asset.setdefault(position.asset, []).append(position)
        values = {a: sum(p.market_value or 0 for p in ps) for a, ps in by_asset.items()}
        total, longest = sum(values.values()), max(values.values(), default=0)
        by_class: dict[str, int] = {}
        for asset, value in values.items():
            by_class[self._kind(asset).en] = by_class.get(self._kind(asset).en, 0) + value
        rows = []
        for asset in sorted(by_asset, key=lambda a: (-by_class[self._kind(a).en], self._kind(a).en, -values[a], a)):
            positions = by_asset[asset]
            after, capital = _sum(p.lending_value for p in positions), _sum(p.capital_value for p in positions)
            rows.append(
                HoldingRow(
                    asset,
                    self._kind(asset),
                    self._accepted(asset),
                    terms.haircut if (terms := self.terms.get(asset)) else "",
                    terms.capital_haircut if terms else "",
                    len(positions),
                    plain(values[asset], MONEY),
                    _known(after),
                    _known(capital),
                    self._needed(n for p in positions for n in p.needs),
                    _part(values[asset], total),
                    _part(values[asset], longest),
                    _part(after or 0, longest),
                )
            )
        return tuple(rows)

    def _accepted(self, asset: str) -> AccountDecision | None:
        terms = self.terms.get(asset)
        if terms is None:
            return None
        permitted = terms.accepted.outcome is Outcome.PERMITTED
        if permitted:
            return AccountDecision("accept", BilingualText("accepted", "接受"))
        return AccountDecision.of((terms.accepted,), self.glossary, "refuse", BilingualText("not accepted", "不接受"))

    def classes(self) -> tuple[ClassRow, ...]:
        """By class of asset, in the order of `holdings`, and all of them together where there are several."""
        by_class: dict[BilingualText, list[PositionView]] = {}
        for row in self.holdings():
            by_class.setdefault(row.kind, [])
        for event in self.stated.values():
            for position in event.positions:
                by_class[self._kind(position.asset)].append(position)
        rows = [_class_row(kind, positions) for kind, positions in by_class.items()]
        every = [position for positions in by_class.values() for position in positions]
        return (
            (*rows, _class_row(BilingualText("all collateral", "全部抵押品"), every))
            if len(rows) > 1
            else tuple(rows)
        )

    def loans(self) -> str:
        """All loans of the accounts that were stated."""
        return plain(sum(event.loan for event in self.stated.values()), MONEY)

    def _kind(self, asset: str) -> BilingualText:
        return self.kinds.get(asset, BilingualText("not listed", "未列明"))

    def _needed(self, names: Iterable[str]) -> tuple[BilingualText, ...]:
        return tuple(dict.fromkeys(map(self.glossary.needed, names)))

    def accounts(self) -> tuple[AccountRow, ...]:
        """The largest loans first."""
        ordered = sorted(self.stated.values(), key=lambda event: (-event.loan, event.account))[:_MOST_ACCOUNTS]
        longest = max((max(e.views.market_value or 0, e.loan) for e in ordered), default=0)
        return tuple(self._account(event, longest) for event in ordered)

    def _account(self, event: AccountStated, longest: int) -> AccountRow:
        views, loan = event.views, event.loan
        before, after = views.market_value, views.lending_value
        verdicts = self.verdicts.get(event.account)
        return AccountRow(
            event.account,
            _known(before),
            _known(after),
            _known(None if views.capital_needs else views.capital_value),
            self._needed((*views.lending_needs, *views.capital_needs)),
            plain(loan, MONEY),
            plain(loan - after, MONEY) if after is not None and loan > after else "",
            self._due(verdicts.call) if verdicts else None,
            self._due(verdicts.sale) if verdicts else None,
            verdicts.order if verdicts else (),
            tuple(map(self._position, event.positions)),
            _part(before or 0, longest),
            _part(after or 0, longest),
            _part(loan, longest),
        )

    def _due(self, verdict: Verdict) -> AccountDecision:
        if verdict.outcome is Outcome.DENIED:
            return AccountDecision.of((verdict,), self.glossary, "accept", BilingualText("not due", "無須"))
        return AccountDecision.of((verdict,), self.glossary, "refuse", BilingualText("due", "須執行"))

    def _position(self, position: PositionView) -> PositionRow:
        return PositionRow(
            position.asset,
            self._kind(position.asset),
            show(position.quantity, QUANTITY),
            _known(position.market_value),
            _known(position.lending_value),
            _known(position.capital_value),
            self._needed(position.needs),
        )


def _class_row(kind: BilingualText, positions: list[PositionView]) -> ClassRow:
    lent, capital = [p.lending_value for p in positions], [p.capital_value for p in positions]
    return ClassRow(
        kind,
        plain(sum(p.market_value or 0 for p in positions), MONEY),
        plain(sum(v or 0 for v in lent), MONEY),
        None in lent,
        plain(sum(v or 0 for v in capital), MONEY),
        None in capital,
    )


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum; None where any of them is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _known(value: int | None) -> str:
    return plain(value, MONEY) if value is not None else ""


def _part(value: int, whole: int) -> int:
    return 1000 * value // whole if whole else 0

"""Margin accounts as rows: what was valued, and what is due.

In: valuations under one rulebook, with the names of the accounts. Out: `figures.Margin`. Absent: any judgement;
totals are sums of what the rulebook gave, and need whatever any part of them needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from policy.decisions import Outcome, Words
from policy.margin.valuation import Holding, Valuation, total
from policy.reports.figures import AccountRow, HoldingRow, KindRow, Margin
from policy.reports.words import money, money_of, rate_of, state, sum_of


@frozen(eq=False)
class NamedValuation:
    """A valuation, whose it is, and the advance that was asked for in cents."""

    name: str
    asked: int
    valuation: Valuation


def margin_of(accounts: Sequence[NamedValuation], titles: dict[str, Words]) -> Margin:
    """The rows of all accounts and their totals."""
    valuations = [a.valuation for a in accounts]
    outcomes = [v.call.outcome for v in valuations]
    return Margin(
        accounts=tuple(_account(a, titles) for a in accounts),
        kinds=_kinds([h for v in valuations for h in v.holdings], titles),
        market_value=money(sum(v.market_value.known for v in valuations)),
        lending_value=sum_of(total(h.carries for v in valuations for h in v.holdings)),
        capital_value=sum_of(total(v.capital for v in valuations)),
        loans=money(sum(v.account.loan for v in valuations)),
        calls=outcomes.count(Outcome.PERMITTED),
        no_calls=outcomes.count(Outcome.DENIED),
        calls_undecided=len(outcomes) - outcomes.count(Outcome.PERMITTED) - outcomes.count(Outcome.DENIED),
    )


def _account(named: NamedValuation, titles: dict[str, Words]) -> AccountRow:
    valuation = named.valuation
    account = valuation.account
    return AccountRow(
        name=named.name,
        lender=titles[f"Lender.{account.lender}"].en,
        holdings=tuple(_holding(h, titles) for h in valuation.holdings),
        loan=money(account.loan),
        market_value=money(valuation.market_value.known),
        lending_value=money_of(valuation.carried),
        from_virtual_assets=money_of(valuation.from_virtual_assets),
        capital_value=sum_of(valuation.capital),
        room=money_of(valuation.room),
        asked=money(named.asked),
        advance=state(valuation.advance),
        call=state(valuation.call),
        sale=state(valuation.sale),
        sale_order=tuple(h.position.asset.symbol for h in valuation.sale_order),
    )


def _kinds(holdings: Sequence[Holding], titles: dict[str, Words]) -> tuple[KindRow, ...]:
    """A row for each class of asset, in the order in which it is first held."""
    rows = []
    for kind in dict.fromkeys(h.position.asset.class_ for h in holdings):
        own = [h for h in holdings if h.position.asset.class_ == kind]
        rows.append(
            KindRow(
                kind=titles[f"AssetClass.{kind}"].en,
                kind_zh=titles[f"AssetClass.{kind}"].zh,
                market_value=money(sum(h.position.market_value for h in own)),
                lending_value=sum_of(total(h.carries for h in own)),
                capital_value=sum_of(total(h.counts for h in own)),
            )
        )
    return tuple(rows)


def _holding(holding: Holding, titles: dict[str, Words]) -> HoldingRow:
    position = holding.position
    return HoldingRow(
        asset=position.asset.symbol,
        kind=titles[f"AssetClass.{position.asset.class_}"].en,
        market_value=money(position.market_value),
        accepted=state(holding.accepted),
        haircut=rate_of(holding.haircut),
        lending_value=sum_of(holding.carries),
        capital_haircut=rate_of(holding.capital_haircut),
        capital_value=money_of(holding.capital),
    )

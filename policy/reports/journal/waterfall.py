"""Who bears a client's default, in order: margin, the group's own gain, book, fund, deleveraged positions, nobody.

In: events of the perpetuals desk, one after another. Out: a row for each, with the rules that it stands on; a trade
of a liquidation has the worst price that the rules allowed it. Absent: any reckoning; amounts are what the desk said.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, evolve, field, frozen

from policy.answers import BilingualText, Verdict
from policy.model.values import show
from policy.perpetuals.commands import MONEY, PRICE, SIZE
from policy.perpetuals.events import PerpetualTraded
from policy.perpetuals.mark_events import (
    ClosedAgainstOwn,
    Deleveraged,
    FundDrawdown,
    LiquidationBegun,
    LiquidationEnded,
    LiquidationStep,
    LiquidationUndecided,
)
from policy.reports.journal.entries import Event
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.series import plain

_UNDECIDED = BilingualText("undecided whether it is due", "未能決定應否平倉")
_MARGIN = BilingualText("the client's margin and profit", "客戶保證金連盈虧")
_BOOK = BilingualText("closed in the book", "於市場平倉")
_OWN = BilingualText("the same group's gain", "同一集團的盈利")
_FEE = BilingualText("fee to the insurance fund", "撥入保險基金的費用")
_FUND = BilingualText("the insurance fund", "保險基金")
_NOBODY = BilingualText("borne by nobody", "無人承擔")
_LEFT = BilingualText("left to the client", "餘額歸客戶")


@frozen
class LiquidationRow:
    """One stage of a liquidation; empty texts where the stage has no such thing.

    `what` is who bears it, `amount` what there was, was realised, paid or borne, and `fund` what the fund held then.
    """

    at: str
    account: str
    bucket: str
    what: BilingualText
    with_whom: str = ""
    contract: str = ""
    size: str = ""
    price: str = ""
    limit: str = ""  # the worst price that the rules allow
    amount: str = ""
    fund: str = ""
    per: tuple[str, ...] = ()
    cited: tuple[tuple[str, str], ...] = ()  # the provisions of `per`, each with its status
    needs: tuple[BilingualText, ...] = ()  # what is missing, where it is undecided


@define
class Waterfalls:
    """Takes events; gives rows as soon as they are whole."""

    glossary: Glossary
    undecided: set[tuple[str, str]] = field(factory=set)  # buckets of which a row says so already
    _step: list[PerpetualTraded | ClosedAgainstOwn | Deleveraged] = field(factory=list)  # of one that has not ended

    def rows(self, at: int, event: Event) -> Iterator[LiquidationRow]:
        for row in self._rows(at, event):
            yield evolve(row, cited=tuple(dict.fromkeys(map(self._cited, row.per))))

    def _cited(self, text: str) -> tuple[str, str]:
        """A provision with how its source was read, whatever the event knew of that."""
        provision = text.partition(" ")[0]
        citation = self.glossary.citations.get(provision)
        return provision, citation.status.value if citation else ""

    def _rows(self, at: int, event: Event) -> Iterator[LiquidationRow]:
        when = self.glossary.at(at)
        match event:
            case LiquidationUndecided(account=account, bucket=bucket):
                if (account, bucket) not in self.undecided:
                    self.undecided.add((account, bucket))
                    needs = dict.fromkeys(map(self.glossary.needed, event.verdict.needs))
                    yield LiquidationRow(when, account, bucket, _UNDECIDED, needs=tuple(needs))
            case LiquidationBegun(account=account, bucket=bucket):
                self.undecided.discard((account, bucket))
                equity = plain(event.equity, MONEY)
                yield LiquidationRow(when, account, bucket, _MARGIN, amount=equity, per=_cited(event.verdict))
            case PerpetualTraded(incoming=None) | ClosedAgainstOwn() | Deleveraged():
                self._step.append(event)
            case LiquidationStep():
                yield from self._closed(when, event)
            case FundDrawdown():
                names = when, event.account, event.bucket
                fund = plain(event.fund, MONEY)
                if event.from_fund:
                    borne = plain(event.from_fund, MONEY)
                    yield LiquidationRow(*names, _FUND, amount=borne, fund=fund, per=event.per)
                if event.uncovered:
                    yield LiquidationRow(*names, _NOBODY, amount=plain(event.uncovered, MONEY), fund=fund)
            case LiquidationEnded():
                names = when, event.account, event.bucket
                yield LiquidationRow(*names, _LEFT, amount=plain(event.equity, MONEY), fund=plain(event.fund, MONEY))
            case _:
                pass

    def _closed(self, when: str, step: LiquidationStep) -> Iterator[LiquidationRow]:
        """What was closed in a step, and its fee; the step says what the rules allowed its trades, and why."""
        closed, self._step = self._step, []
        for event in closed:
            yield _traded(when, event, step) if isinstance(event, PerpetualTraded) else _against(when, event)
        if step.fee:
            fee, fund = plain(step.fee, MONEY), plain(step.fund, MONEY)
            names = when, step.account, step.bucket
            yield LiquidationRow(*names, _FEE, contract=step.contract, amount=fee, fund=fund, per=step.per)


def _traded(when: str, event: PerpetualTraded, step: LiquidationStep) -> LiquidationRow:
    sold = (event.seller, event.seller_bucket) == (step.account, step.bucket)
    return LiquidationRow(
        when,
        step.account,
        step.bucket,
        _BOOK,
        with_whom=event.buyer if sold else event.seller,
        contract=event.contract,
        size=show(event.size, SIZE),
        price=plain(event.price, PRICE),
        limit="" if step.worst_price is None else plain(step.worst_price, PRICE),
        amount=plain(event.seller_realised if sold else event.buyer_realised, MONEY),
        per=step.price_per,
    )


def _against(when: str, event: ClosedAgainstOwn | Deleveraged) -> LiquidationRow:
    if isinstance(event, Deleveraged):
        what = BilingualText(f"deleveraged, rank {event.rank}", f"自動減倉，排名{event.rank}")
        per = (*_cited(event.verdict), *event.per)
    else:
        what, per = _OWN, event.per
    return LiquidationRow(
        when,
        event.account,
        event.bucket,
        what,
        with_whom=event.other,
        contract=event.contract,
        size=show(event.size, SIZE),
        price=plain(event.price, PRICE),
        amount=plain(event.realised, MONEY),
        per=per,
    )


def _cited(verdict: Verdict) -> tuple[str, ...]:
    return tuple(dict.fromkeys(citation.provision for reason in verdict.reasons for citation in reason.citations))

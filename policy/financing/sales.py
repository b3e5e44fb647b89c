"""Forced sales: in the rulebook's order, each position only as far as a sale is certainly due.

In: an account of which the rules say that collateral is to be sold. Out: sold positions, a smaller loan, events.
Proceeds are the market value at the price given. Absent: levels and ranks, which are the rulebook's; and any
sale of what has no price or no rank.
"""

from __future__ import annotations

from collections.abc import Container

from policy.answers import Outcome, UndecidedError, Verdict
from policy.financing.calls import review_call
from policy.financing.collateral import lend, move, revalue, suppose, worth
from policy.financing.events import CollateralSold, Event, LoanUncovered, SaleEnded, SaleHalted, SaleUndecided
from policy.financing.state import NO_CALL, Account, Held, Lending, open_questions
from policy.financing.views import views
from policy.interface import provisions


def review(account: Account, context: Lending) -> None:
    """What the rules ask of the account now: a call, a sale, both or neither."""
    facts, rules = account.facts, context.rules
    if account.settled:
        try:
            if not (rules.call.fast(facts) or rules.sale.fast(facts)):
                return
        except UndecidedError:
            pass  # the reviews emit what is missing
    review_call(account, context)
    _review_sale(account, context)
    account.settled = facts.call == NO_CALL and not (
        account.stopped or account.call_reported or account.sale_reported
    )


def revalue_and_review(account: Account, repriced: Container[str], context: Lending) -> None:
    """An account at new prices of some assets, and what the rules then ask of it."""
    rules, loans, held = context.rules, context.loans, account.held
    found = rules.together(account.facts, held.values()) if rules.together is not None and account.settled else None
    if found is None:
        revalue([position for asset, position in held.items() if asset in repriced], rules, loans)
        review(account, context)
        return
    due, counted = found
    for position, now in zip(held.values(), counted, strict=True):
        if now != position.counted:
            loans.count(position.asset.connected, position.counted, now)
            position.counted = now
    if due:
        review(account, context)


def _review_sale(account: Account, context: Lending) -> None:
    verdict = context.rules.sale.verdict(account.facts)
    asked = open_questions(verdict)
    if asked:
        _once(account, asked, context, SaleUndecided(account=account.id, verdict=verdict))
    elif verdict.outcome is not Outcome.PERMITTED:
        account.sale_reported = ()
    elif not _certain(account, context):  # a call is open, and whether it is met is undecided
        needs = open_questions(context.rules.met.verdict(account.facts))
        _halt(account, _unpriced(account), needs, verdict, context)
    elif account.held:
        _sell(account, verdict, context)
    else:
        _tell_uncovered(account, verdict, context)


def _halt(account: Account, assets: tuple[str, ...], needs: tuple[str, ...], due: Verdict, context: Lending) -> None:
    halted = SaleHalted(account=account.id, assets=assets, needs=needs, verdict=due)
    _once(account, ("halted", *assets, *needs), context, halted)


def _unpriced(account: Account) -> tuple[str, ...]:
    return tuple(held.asset.id for held in account.held.values() if held.asset.price is None)


def _tell_uncovered(account: Account, verdict: Verdict, context: Lending) -> None:
    loan = account.facts.loan
    _once(account, (str(loan),), context, LoanUncovered(account=account.id, shortfall=loan, verdict=verdict))


def _once(account: Account, reported: tuple[str, ...], context: Lending, event: Event) -> None:
    """Emits an event that the account has not had before."""
    if account.sale_reported != reported:
        account.sale_reported = reported
        context.emit(event)


def _certain(account: Account, context: Lending) -> bool:
    """Whether a sale is certainly due, a call that would now be met counting as met."""
    facts, rules = account.facts, context.rules
    call = facts.call
    try:
        if call != NO_CALL and rules.met.fast(facts):
            facts.call = NO_CALL
        return bool(rules.sale.fast(facts))
    except UndecidedError:
        return False
    finally:
        facts.call = call


def _sell(account: Account, due: Verdict, context: Lending) -> None:
    ranked, unranked, needs = _ranked(account, context)
    if unranked:
        _halt(account, unranked, needs, due, context)
        return
    for rank, held in enumerate(ranked, 1):
        _sell_position(held, rank, _least_to_sell(held, context), due, context)
        if not _certain(account, context):
            break
    account.sale_reported = ()
    review_call(account, context)
    after = context.rules.sale.verdict(account.facts)
    if account.held or after.outcome is not Outcome.PERMITTED:
        seen = views(account, context.rules)
        context.emit(SaleEnded(account=account.id, loan=account.facts.loan, views=seen, verdict=after))
    else:
        _tell_uncovered(account, after, context)


def _ranked(account: Account, context: Lending) -> tuple[list[Held], tuple[str, ...], tuple[str, ...]]:
    """The positions as the rulebook ranks them; else the assets that it cannot rank, and what it needs for that."""
    keys: list[tuple[tuple[int, ...], Held]] = []
    unranked: list[str] = []
    needs: set[str] = set()
    for held in account.held.values():
        if held.asset.price is None:
            unranked.append(held.asset.id)
            needs.add("position.market_value")
            continue
        try:
            keys.append((context.rules.order.fast(held.position), held))
        except UndecidedError as undecided:
            unranked.append(held.asset.id)
            needs.update(open_questions(undecided.answer.verdict))
    keys.sort(key=lambda pair: pair[0])  # of equals, what was posted first
    return [held for _, held in keys], tuple(unranked), tuple(sorted(needs))


def _least_to_sell(held: Held, context: Lending) -> int:
    """The fewest lots after which a sale is no longer certainly due, as a quantity; all where none are enough."""
    lot = held.asset.lot
    low, high = 0, held.quantity // lot
    if _due_after(held, high * lot, context):
        return held.quantity
    while high - low > 1:
        middle = (low + high) // 2
        if _due_after(held, middle * lot, context):
            low = middle
        else:
            high = middle
    return high * lot


def _due_after(held: Held, quantity: int, context: Lending) -> bool:
    """Whether a sale would still be certainly due once so much had been sold; nothing is."""
    facts = held.account.facts
    loan = facts.loan
    facts.loan = max(0, loan - worth(context.rules, held.asset, quantity))
    value = suppose(held, worth(context.rules, held.asset, held.quantity - quantity))
    due = _certain(held.account, context)
    facts.loan = loan
    suppose(held, value)
    return due


def _sell_position(held: Held, rank: int, quantity: int, due: Verdict, context: Lending) -> None:
    account, asset = held.account, held.asset
    assert asset.price is not None  # else nothing is sold
    proceeds = worth(context.rules, asset, quantity)
    repaid = min(account.facts.loan, proceeds)
    move(held, -quantity, context)
    lend(account, -repaid, context)
    context.emit(
        CollateralSold(
            account=account.id,
            asset=asset.id,
            rank=rank,
            order_per=provisions(context.rules.order),
            quantity=quantity,
            price=asset.price,
            proceeds=proceeds,
            repaid=repaid,
            returned=proceeds - repaid,
            loan=account.facts.loan,
            verdict=due,
        )
    )

"""Margin calls: made, met, overdue, or undecided; and advances, stopped and resumed.

In: an account whose facts have changed, or a moment that has come. Out: its call as the rules now have it, and
events. Absent: levels, amounts and times, which are the rulebook's; and any guess where it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from policy.answers import Outcome, Verdict
from policy.financing.events import (
    AdvancesResumed,
    AdvancesStopped,
    CallMet,
    CallOverdue,
    CallUndecided,
    MarginCalled,
)
from policy.financing.state import NO_CALL, OVERDUE, UNMET, Account, Lending, open_questions
from policy.financing.views import views
from policy.interface import provisions


def review_call(account: Account, context: Lending) -> None:
    """Whether the account is to be called, or its call is met."""
    facts, rules = account.facts, context.rules
    open_call = facts.call != NO_CALL
    verdict = (rules.met if open_call else rules.call).verdict(facts)
    asked = open_questions(verdict)
    told, account.call_reported = account.call_reported, asked
    if asked:
        if asked != told:
            context.emit(CallUndecided(account=account.id, verdict=verdict))
            _review_advances(account, context)
        return
    if verdict.outcome is not Outcome.PERMITTED:
        if told or account.stopped:
            _review_advances(account, context)
        return
    if open_call:
        _meet(account, verdict, context)
    else:
        _call(account, verdict, context)
    _review_advances(account, context)


def _call(account: Account, verdict: Verdict, context: Lending) -> None:
    rules = context.rules
    amount = rules.amount.answer(account.facts)
    account.facts.call = UNMET
    needs = (*open_questions(amount.verdict), *set_deadline(account, context.now, context))
    context.emit(
        MarginCalled(
            account=account.id,
            amount=amount.value,
            due_by=account.due_by,
            needs=tuple(sorted(set(needs))),
            per=provisions(rules.amount, rules.deadline),
            loan=account.facts.loan,
            views=views(account, rules),
            verdict=verdict,
        )
    )


def set_deadline(account: Account, called_at: int, context: Lending) -> tuple[str, ...]:
    """Gives the call its last moment, as the rules have it; what they need where they have none."""
    deadline = context.rules.deadline.answer(called_at)
    if deadline.outcome is not Outcome.VALUE:
        return open_questions(deadline.verdict)
    account.due_by = deadline.value
    heappush(context.deadlines, (deadline.value, account.id))
    return ()


def _meet(account: Account, verdict: Verdict, context: Lending) -> None:
    account.facts.call = NO_CALL
    account.due_by = None
    context.emit(CallMet(account=account.id, loan=account.facts.loan, verdict=verdict))


def _review_advances(account: Account, context: Lending) -> None:
    """Whether anything may still be advanced, asked as an advance of nothing."""
    verdict = context.rules.advance.verdict(account.facts, 0)
    stopped = verdict.outcome is not Outcome.PERMITTED
    if stopped != account.stopped:
        account.stopped = stopped
        context.emit((AdvancesStopped if stopped else AdvancesResumed)(account=account.id, verdict=verdict))


def overdue(accounts: Mapping[str, Account], context: Lending, now: int) -> list[Account]:
    """The accounts whose time to meet a call has run out, in the order in which it did."""
    found, waiting = [], []
    while context.deadlines and context.deadlines[0][0] <= now:
        due_by, id = entry = heappop(context.deadlines)
        account = accounts[id]
        if account.facts.call != UNMET or account.due_by != due_by:
            continue  # met meanwhile
        verdict = context.rules.overdue.verdict(due_by, now)
        if verdict.outcome is Outcome.PERMITTED:
            account.facts.call = OVERDUE
            context.emit(CallOverdue(account=id, due_by=due_by, verdict=verdict))
            found.append(account)
        else:
            waiting.append(entry)
    for entry in waiting:
        heappush(context.deadlines, entry)
    return found

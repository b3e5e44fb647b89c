"""Margin calls: made, met, overdue, or undecided; and advances, stopped and resumed.

In: an account whose facts have changed, or a moment that has come. Out: its call as the rules now have it, and
events. Absent: levels, amounts and times, which are the rulebook's; and any guess where it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from policy.decisions import Outcome, Verdict
from policy.margin.financing.events import (
    AdvancesResumed,
    AdvancesStopped,
    CallMet,
    CallOverdue,
    CallUndecided,
    MarginCalled,
)
from policy.margin.financing.state import NO_CALL, OVERDUE, UNMET, Account, Books, open_questions
from policy.margin.financing.views import views
from policy.wanted import provisions


def review_call(account: Account, books: Books) -> None:
    """Whether the account is to be called, or its call is met."""
    facts, rules = account.facts, books.rules
    open_call = facts.call != NO_CALL
    verdict = (rules.met if open_call else rules.call).verdict(facts)
    asked = open_questions(verdict)
    told, account.call_told = account.call_told, asked
    if asked:
        if asked != told:
            books.tell(CallUndecided(account=account.id, verdict=verdict))
            _review_advances(account, books)
        return
    if verdict.outcome is not Outcome.PERMITTED:
        if told or account.stopped:
            _review_advances(account, books)
        return
    if open_call:
        _meet(account, verdict, books)
    else:
        _call(account, verdict, books)
    _review_advances(account, books)


def _call(account: Account, verdict: Verdict, books: Books) -> None:
    assert books.now is not None  # a command has come
    rules = books.rules
    amount = rules.amount.answer(account.facts)
    account.facts.call = UNMET
    needs = (*open_questions(amount.verdict), *promise(account, books.now, books))
    books.tell(
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


def promise(account: Account, called_at: int, books: Books) -> tuple[str, ...]:
    """Gives the call its last moment, as the rules have it; what they need where they have none."""
    deadline = books.rules.deadline.answer(called_at)
    if deadline.outcome is not Outcome.VALUE:
        return open_questions(deadline.verdict)
    account.due_by = deadline.value
    heappush(books.deadlines, (deadline.value, account.id))
    return ()


def _meet(account: Account, verdict: Verdict, books: Books) -> None:
    account.facts.call = NO_CALL
    account.due_by = None
    books.tell(CallMet(account=account.id, loan=account.facts.loan, verdict=verdict))


def _review_advances(account: Account, books: Books) -> None:
    """Whether anything may still be advanced, asked as an advance of nothing."""
    verdict = books.rules.advance.verdict(account.facts, 0)
    stopped = verdict.outcome is not Outcome.PERMITTED
    if stopped != account.stopped:
        account.stopped = stopped
        books.tell((AdvancesStopped if stopped else AdvancesResumed)(account=account.id, verdict=verdict))


def overdue(accounts: Mapping[str, Account], books: Books) -> list[Account]:
    """The accounts whose time to meet a call has run out, told in the order in which it did."""
    assert books.now is not None  # a command has come
    found, waiting = [], []
    while books.deadlines and books.deadlines[0][0] <= books.now:
        due_by, id = entry = heappop(books.deadlines)
        account = accounts[id]
        if account.facts.call != UNMET or account.due_by != due_by:
            continue  # met meanwhile
        verdict = books.rules.overdue.verdict(due_by, books.now)
        if verdict.outcome is Outcome.PERMITTED:
            account.facts.call = OVERDUE
            books.tell(CallOverdue(account=id, due_by=due_by, verdict=verdict))
            found.append(account)
        else:
            waiting.append(entry)
    for entry in waiting:
        heappush(books.deadlines, entry)
    return found

"""Advances and repayments, and the whole book that they make.

In: an account and an amount. Out: a larger or smaller loan, or the verdicts that stand against it. An advance is
asked of the account, of the lender, and of the book with the advance in it. Absent: any limit.
"""

from __future__ import annotations

from policy.answers import MISSING, Outcome, Verdict
from policy.financing.collateral import lend
from policy.financing.commands import MONEY
from policy.financing.events import AdvanceRejected, BookJudged, LoanAdvanced, LoanRepaid
from policy.financing.state import Account, Lender, Lending
from policy.market.checks import InvalidCommandError, positive, within_facts
from policy.market.events import InvalidCode
from policy.model.values import show


def advance(account: Account, amount: int, lender: Lender, context: Lending) -> None:
    """Lends the amount, or emits every verdict against it."""
    positive(amount, MONEY, "amount")
    within_facts(account.facts.loan + amount, "loan")
    rules = context.rules
    verdict = rules.advance.verdict(account.facts, amount)
    facts = rules.advance.as_facts(account.facts, amount)
    lend(account, amount, context)
    of_book = book_verdict(lender, context)
    if all(v.outcome is Outcome.PERMITTED for v in (verdict, lender.standing, of_book)):
        context.emit(LoanAdvanced(account=account.id, amount=amount, loan=account.facts.loan, verdict=verdict))
        return
    facts |= rules.offered.as_facts(lender.firm) | rules.book.as_facts(lender.book)
    lend(account, -amount, context)
    context.emit(
        AdvanceRejected(
            account=account.id,
            amount=amount,
            verdict=_against(verdict),
            lender=_against(lender.standing),
            book=_against(of_book),
            facts=facts,
        )
    )


def _against(verdict: Verdict) -> Verdict | None:
    return None if verdict.outcome is Outcome.PERMITTED else verdict


def repay(account: Account, amount: int, context: Lending) -> None:
    """Takes the amount off the loan."""
    positive(amount, MONEY, "amount")
    if amount > account.facts.loan:
        message = f"{show(amount, MONEY)} is more than the loan of {show(account.facts.loan, MONEY)}"
        raise InvalidCommandError(InvalidCode.EXCEEDS_LOAN, message)
    lend(account, -amount, context)
    context.emit(LoanRepaid(account=account.id, amount=amount, loan=account.facts.loan))


def book_verdict(lender: Lender, context: Lending) -> Verdict:
    """Whether the book as it stands is within its limits; its sums become facts first."""
    loans, facts = context.loans, lender.book
    facts.total_loans = loans.total
    facts.largest_client_group = loans.by_group.largest()[1]
    facts.largest_collateral = MISSING if loans.uncounted else loans.by_collateral.largest()[1]
    return context.rules.book.verdict(facts)


def book_judged(verdict: Verdict, context: Lending) -> BookJudged:
    """The verdict with the sums that it is on."""
    loans = context.loans
    group, of_group = loans.by_group.largest()
    collateral, on_collateral = loans.by_collateral.largest()
    return BookJudged(
        total_loans=loans.total,
        client_group=group,
        client_group_loans=of_group,
        collateral=collateral,
        collateral_loans=None if loans.uncounted else on_collateral,
        verdict=verdict,
    )

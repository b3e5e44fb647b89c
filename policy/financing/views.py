"""An account as its lender sees it, and as the lender's capital does: two views, side by side.

In: an account and the rules in force. Out: amounts, and what the rules need for those they could not give.
Absent: any sum across the two views.
"""

from __future__ import annotations

from policy.answers import MISSING, Answer, Outcome
from policy.financing.events import AccountStated, PositionView, Views
from policy.financing.rules import FinancingRules
from policy.financing.state import Account, Held, open_questions


def views(account: Account, rules: FinancingRules) -> Views:
    """Both views of all that the account holds."""
    positions = [held.position for held in account.held.values()]
    carried = rules.carried.answer(account.facts)
    capital = [rules.capital.answer(position) for position in positions]
    values = [position.market_value for position in positions]
    return Views(
        market_value=None if any(value is MISSING for value in values) else sum(values),
        lending_value=_amount(carried),
        lending_needs=open_questions(carried.verdict),
        capital_value=sum(_amount(answer) or 0 for answer in capital),
        capital_needs=_needs(capital),
    )


def statement(account: Account, rules: FinancingRules) -> AccountStated:
    """The account and each of its positions."""
    return AccountStated(
        account=account.id,
        loan=account.facts.loan,
        call=account.facts.call,
        due_by=account.due_by,
        views=views(account, rules),
        positions=tuple(_position(held, rules) for held in account.held.values()),
    )


def _position(held: Held, rules: FinancingRules) -> PositionView:
    position = held.position
    answers = (rules.lending.answer(position), rules.capital.answer(position))
    return PositionView(
        asset=held.asset.id,
        quantity=held.quantity,
        price=held.asset.price,
        market_value=None if position.market_value is MISSING else position.market_value,
        lending_value=_amount(answers[0]),
        capital_value=_amount(answers[1]),
        needs=_needs(answers),
    )


def _amount(answer: Answer) -> int | None:
    return answer.value if answer.outcome is Outcome.VALUE else None


def _needs(answers: tuple[Answer, ...] | list[Answer]) -> tuple[str, ...]:
    return tuple(sorted({need for answer in answers for need in open_questions(answer.verdict)}))

"""Money whose currency is a fact: it is in the currency of a path, as `h.currency`, and meets no other.

In: types and typed expressions. Out: what an amount is in, and findings where amounts of unlike currencies would
meet. Absent: any trace of it in a program, where such an amount is a number.
"""

from __future__ import annotations

import re

from attrs import evolve

from policy.model import expressions as typed, types
from policy.model.coercion import Coercion
from policy.model.expressions import Expression
from policy.model.traversal import walk
from policy.model.types import MONEY_IN, Number, Type
from policy.source import Span
from policy.syntax import tree


def of_field(of: Type, base: Span) -> Type:
    """The type of a field of `base`: an amount is in the currency that `base` has."""
    if isinstance(of, types.OptionalOf):
        return types.OptionalOf(of_field(of.of, base))
    if isinstance(of, Number) and of.currency_of:
        return Number(f"{MONEY_IN}{spelt(base)}.{of.currency_of}", of.scale)
    return of


def converted(checker: Coercion, left: Expression, right: Expression) -> Expression | None:
    """The finding where an amount is multiplied by a price that is not asked for of its currency."""
    for amount, price in ((left, right), (right, left)):
        if isinstance(amount.type, Number) and isinstance(price.type, Number):
            currency = amount.type.currency_of
            if currency and price.type.unit.startswith("price:") and not _asks(price, currency):
                message = f"nothing says that this is the price of `{currency}`"
                help = f"ask for it by the currency, as `price_of({currency})`"
                return checker.fail("currency-mismatch", message, price.span, help)
    return None


def gathered(checker: Coercion, node: tree.Aggregate, body: Expression) -> Expression:
    """What an aggregate adds, compares or gives: amounts of different elements do not meet."""
    if isinstance(body, typed.ListOf):  # keys that are told apart together
        return evolve(body, items=tuple(gathered(checker, node, key) for key in body.items))
    of = types.inner_of(body.type)
    if isinstance(of, Number) and re.search(rf"\b{re.escape(node.variable.text)}\b", of.currency_of):
        message = f"each `{node.variable.text}` may have another currency"
        help = f"convert it first, at a price of its currency: `… * price_of({of.currency_of})`"
        return checker.fail("currency-mismatch", message, body.span, help)
    return body


def in_record(e: Expression, of: Type, currency: str) -> Expression:
    """What is written for a field of a record: an amount in the record's own currency is the number of it."""
    own = currency_field(of) and isinstance(e.type, Number) and e.type.unit == f"{MONEY_IN}{currency}"
    return evolve(e, type=plain(e.type)) if own else e


def currency_field(of: Type) -> str:
    """The field of the same record that has the currency of an amount; nothing for any other type."""
    amount = types.inner_of(of)
    return amount.currency_of if isinstance(amount, Number) else ""


def plain(of: Type) -> Type:
    """The type as which a fact is written out: an amount as a number, since the currency stands beside it."""
    if isinstance(of, types.OptionalOf):
        return evolve(of, of=plain(of.of))
    return Number("number", of.scale) if isinstance(of, Number) and of.currency_of else of


def _asks(price: Expression, currency: str) -> bool:
    return any(isinstance(e, typed.FieldAccess) and spelt(e.span) == currency for e in walk(price))


def spelt(span: Span) -> str:
    return "".join(span.text.split())

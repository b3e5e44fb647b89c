"""What is asked of a record by the facts that move: it gives what each question gives alone, or nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import policy
from arenas import ExchangeArena, told_with_and_without
from changed_rules import law_with
from policy.answers import MISSING, Outcome, UndecidedError
from policy.exchange.rules import ExchangeRules, Rules, exchange_rules
from policy.facts.records import unchecked

MEMBERS = {
    "capacity": ("client", "client", "affiliated_market_maker"),
    "investor": ("retail", "institutional_professional", "individual_professional"),
    "venue": ("shared_book", "own_book", "off_platform"),
    "intermediary": ("bank", "broker"),
}
TRUTHS = (
    *("settled_intraday", "issued_by_a_group", "financed", "only_stablecoins", "settlement_failed"),
    *("admitted", "knowledge_assessed", "shared_book_approved", "overseas_platform_eligible"),
    *("maker_approved", "maker_independent", "maker_reviewed"),
)
NUMBERS = {"exposure_limit": (0, 10**6), "risks_disclosed_at": (None, 5, 6, 7), "opted_in_at": (None, 5, 6, 7)}
ASKED = (
    "side",
    "price",
    "quantity",
    "fees",
    "accepted_at",
    "sequence",
    "available",
    "available_quantity",
    "exposure",
)


def drawn(asked: ExchangeRules, chance: Random) -> Any:
    """What stands of an order: mostly as a platform lets it in."""
    usual = chance.random() < 0.8
    facts: dict[str, Any] = {name: chance.choice(members) for name, members in {**MEMBERS, **NUMBERS}.items()}
    facts |= {name: usual if name not in TRUTHS[:5] else not usual for name in TRUTHS}
    for name in chance.sample([*facts], chance.choice((0, 0, 1, 3))):
        facts[name] = chance.choice((MISSING, facts[name], chance.random() < 0.5 if name in TRUTHS else MISSING))
    return unchecked(asked.accepted.records["Order"], **facts)


def moved(chance: Random) -> list[Any]:
    """The facts that move, in the order of `ASKED`."""
    odd = chance.random() < 0.2
    side = chance.choice(("buy", "sell", "swap") if odd else ("buy", "sell"))
    price = chance.choice((0, 1) if odd else (1, 50_000, 10**9))
    quantity = chance.choice((0,) if odd else (1, 3 * 10**7, 10**8))
    money, tokens = (chance.choice((-1, 0, 10**6) if odd else (10**6, 10**17)) for _ in range(2))
    exposure = chance.choice((-1, 10**18, MISSING) if odd else (0, 0, 10**5, MISSING))
    return [side, price, quantity, chance.choice((0, 0, 100)), 6, 0 if odd else 1, money, tokens, exposure]


def alone(asked: ExchangeRules, record: Any) -> Any:
    verdict = asked.accepted.verdict(record)
    try:
        return verdict, asked.notional.fast(record), asked.priority.fast(record)
    except UndecidedError:
        return verdict, None, None


def agree(rules: Rules, chance: Random) -> int:
    """How many orders are permitted, of many that are asked either way."""
    assert rules.standing is not None
    permitted = 0
    for _ in range(300):
        record = drawn(rules.asked, chance)
        ask = rules.standing(record)
        for _ in range(4):
            facts = moved(chance)
            found = None if ask is None else ask(*facts)
            for name, fact in zip(ASKED, facts, strict=True):
                setattr(record, name, fact)
            one_by_one = alone(rules.asked, record)
            is_permitted = one_by_one[0].outcome is Outcome.PERMITTED and None not in one_by_one
            is_known = all(getattr(record, name) is not MISSING for name in record._fields)
            permitted += is_permitted
            if is_permitted and (is_known or found is not None):
                assert found == one_by_one, record
            else:
                assert found is None, (one_by_one, record)
    return permitted


@pytest.mark.parametrize("day", ["2023-07-01", "2026-03-01", "2026-06-30"])
def test_an_order_is_asked_at_once_what_it_is_asked_alone(day: str) -> None:
    assert agree(exchange_rules(policy.load(on=day)), Random(day)) > 60


def test_the_rules_that_permit_an_order_are_its_reasons() -> None:
    otherwise = 'otherwise permit "The order may be accepted." zh "可接受此買賣盤。" per VATP/7.23'
    permits = "".join(
        f'\n  permit {name} when {test} because "So." zh "如此。" per VATP/7.23'
        for name, test in (("known", "order.knowledge_assessed"), ("small", "order.price < 5.00 HKD"))
    )
    law = law_with((otherwise, otherwise.replace("permit", "deny", 1).replace("may be", "may not be") + permits))
    assert agree(exchange_rules(law("2026-03-01")), Random(2)) > 60


def test_a_worth_that_a_table_gives_is_asked_alone() -> None:
    table = """table weight(order: Order) -> rate "weight" zh "權重"
  exactly one row applies
  | order.side | weight | per               |
  | buy, sell  | 100%   | HOUSE/rounding_up |

value order_notional"""
    worth = "(order.price * order.quantity)"
    changed = law_with(("value order_notional", table), (worth, f"{worth[:-1]} * weight(order))"))
    rules = exchange_rules(changed("2026-03-01"))
    assert rules.standing is not None
    assert rules.standing(drawn(rules.asked, Random(1))) is None


def test_a_worth_that_turns_on_the_account_is_asked_alone() -> None:
    worth = "= round up to 0.01 (order.price * order.quantity)"
    changed = law_with((worth, f"{worth[:-1]} + order.available * 0)"))
    assert exchange_rules(changed("2026-03-01")).standing is None


def test_the_exchange_says_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, apart = told_with_and_without(monkeypatch, ExchangeArena, "standing", 80, 5)
    assert apart == at_once

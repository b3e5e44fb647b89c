"""Random facts for the rules of `random_rules`, one by one or as the rows of a table."""

from __future__ import annotations

from random import Random
from typing import Any

from policy.answers import MISSING
from random_expressions import TEXTS

OPTIONAL = ("maybe", "perhaps", "spare")


def facts(chance: Random, missing: float) -> dict[str, Any]:
    """Random facts for `f`, in run-time form; each field is left out with the probability `missing`."""

    def amount() -> int:
        return chance.choice((0, 1, 9_999, 10_000, 12_345_678, chance.randint(-(10**9), 10**9)))

    def number() -> Any:
        return MISSING if chance.random() < missing / 2 else chance.choice((0, 1, 7, -3, 3_000))

    def item() -> dict[str, Any]:
        return thin(
            {
                "amount": amount(),
                "kind": chance.choice(("red", "green", "blue")),
                "flag": chance.random() < 0.5,
                "size": chance.randint(0, 10**6),
                "price": chance.randint(0, 10**7),
            }
        )

    def thin(record: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in record.items() if chance.random() >= missing}

    return thin(
        {
            "amount": abs(amount()),
            "other": amount(),
            "tether": amount(),
            "held": thin(
                {
                    "code": chance.choice(("red", "green", "blue")),
                    "sum": amount(),
                    "fee": chance.randint(-(10**6), 10**6),
                }
            ),
            "share": chance.choice((0, 1, 600_000, 1_000_000, chance.randint(-(10**6), 10**7))),
            "count": chance.choice((0, 1, 7, -3, 3_000)),
            "size": chance.randint(-5, 10**6),
            "price": chance.randint(0, 10**7),
            "flag": chance.random() < 0.5,
            "sure": chance.random() < 0.5,
            "kind": chance.choice(("red", "green", "blue")),
            "side": chance.choice(("buy", "sell")),
            "name": chance.choice(TEXTS),
            "day": 739_000 + chance.randint(0, 900),
            "moment": 1_770_000_000_000_000 + chance.randint(0, 10**13),
            "maybe": chance.choice((None, amount())),
            "perhaps": chance.choice((None, "red", "blue")),
            "item": item(),
            "items": [item() for _ in range(chance.randint(0, 3))],
            "spare": chance.choice((None, item())),
            "later": 1_770_000_000_000_000 + chance.randint(0, 10**13),
            "term": chance.choice((0, 1, 3, 12, 25, -2, 10**6)),
            "wait": chance.choice((0, 86_400, 30 * 86_400)),
            "chosen": frozenset(chance.sample(("red", "green", "blue"), chance.randint(0, 3))),
            "labels": frozenset(chance.sample(TEXTS, chance.randint(0, 3))),
            "numbers": [number() for _ in range(chance.randint(0, 4))],
            "grid": [[number() for _ in range(chance.randint(0, 2))] for _ in range(chance.randint(0, 3))],
            "days": [739_000 + chance.randint(0, 900) for _ in range(chance.randint(0, 3))],
        }
    )


def facts_of_a_table(chance: Random, missing: float, height: int) -> list[dict[str, Any]]:
    """Random facts for rows of one table, which says of all rows, or of none, that an optional fact is missing."""
    gone = {name for name in OPTIONAL if chance.random() < missing}
    rows = []
    for _ in range(height):
        given = facts(chance, missing)
        known = {k: v for k, v in given.items() if k not in OPTIONAL}
        rows.append(known | {name: given.get(name) for name in OPTIONAL if name not in gone})
    return rows

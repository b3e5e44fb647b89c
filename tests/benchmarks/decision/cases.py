"""One thousand orders, the same ones every time, of which a little over half are accepted.

Each rule denies a few orders in a hundred and some orders are denied by several. One order in seven stands
exactly at a limit, or one hundred-millionth of a dollar to either side of it. Amounts are integers
throughout, so that every machine draws the same.
"""

from random import Random

from by_hand import (
    DOLLAR,
    FATF_MEMBERS,
    LARGEST_ORDER,
    MARKET_MAKER_PURCHASE,
    PLATFORM_LIMIT,
    RETAIL_LIMIT,
    SMALLEST_ORDER,
    Facts,
)

SEED = 20261122
COUNT = 1_000

_INSIDE = sorted(FATF_MEMBERS)
_OUTSIDE = ["AE", "BG", "BM", "DZ", "IR", "KP", "KW", "KY", "MM", "SC", "VG", "VN"]


def cases(count: int = COUNT, seed: int = SEED) -> list[Facts]:
    """`count` orders drawn from `seed`."""
    random = Random(seed)
    return [_at_a_limit(random, _order(random)) for _ in range(count)]


def _order(random: Random) -> Facts:
    notional = random.randrange(100, 1_000) * 10 ** random.randrange(5) * DOLLAR + random.randrange(DOLLAR)
    if random.random() < 0.05:
        notional = random.choice([notional // 10**6, notional + LARGEST_ORDER])
    paid_in_percent = random.randrange(20, 100) if random.random() < 0.12 else random.randrange(100, 400)
    professional = random.random() < 0.6
    limit = PLATFORM_LIMIT if professional else RETAIL_LIMIT
    return Facts(
        side=random.choice(["buy", "sell"]),
        capacity=random.choices(["client", "affiliated_market_maker", "house"], [75, 19, 6])[0],
        notional=notional,
        available=-(-notional * paid_in_percent // 100),
        exposure=limit * random.randrange(104) // 100 + random.randrange(DOLLAR),
        jurisdiction=random.choice(_OUTSIDE if random.random() < 0.09 else _INSIDE),
        professional=professional,
        halted=random.random() < 0.05,
        opted_in=random.choices([True, False, None], [64, 16, 20])[0],
    )


def _at_a_limit(random: Random, facts: Facts) -> Facts:
    """`facts`, one time in seven moved to within one unit of one of the limits."""
    if random.random() >= 1 / 7:
        return facts
    nudge = random.choice([-1, 0, 1])
    match random.randrange(6):
        case 0:
            return facts | {"available": facts["notional"] - nudge}
        case 1:
            return facts | {"exposure": PLATFORM_LIMIT - facts["notional"] + nudge, "professional": True}
        case 2:
            return facts | {"exposure": RETAIL_LIMIT - facts["notional"] + nudge, "professional": False}
        case 3:
            return _worth(facts, SMALLEST_ORDER + nudge)
        case 4:
            return _worth(facts, LARGEST_ORDER + nudge)
        case _:
            worth = _worth(facts, MARKET_MAKER_PURCHASE + nudge)
            return worth | {"capacity": "affiliated_market_maker", "side": "buy"}


def _worth(facts: Facts, notional: int) -> Facts:
    return facts | {"notional": notional, "available": notional, "exposure": facts["exposure"] // 4}

"""rule-engine 5.1.0: a tree of Python objects, walked.

Called through a parsed `Rule` that looks facts up with `operator.getitem`. Declaring the types of the facts
makes it a quarter slower, because each fact is then checked for each decision. Numbers become `Decimal`
inside.
"""

import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

from by_hand import (
    FATF_MEMBERS,
    LARGEST_ORDER,
    MARKET_MAKER_PURCHASE,
    PLATFORM_LIMIT,
    RETAIL_LIMIT,
    SMALLEST_ORDER,
    Facts,
)

_MEMBERS = ", ".join(f'"{code}"' for code in sorted(FATF_MEMBERS))

RULE = f"""
not (
  halted
  or notional < {SMALLEST_ORDER}
  or notional > {LARGEST_ORDER}
  or notional > available
  or exposure + notional > {PLATFORM_LIMIT}
  or capacity == "house"
  or (capacity == "affiliated_market_maker" and side == "buy" and notional > {MARKET_MAKER_PURCHASE})
  or (not professional and exposure + notional > {RETAIL_LIMIT})
  or (not professional and capacity == "client" and not opted_in)
  or not (jurisdiction in [{_MEMBERS}])
)
"""


def load() -> Callable[[Facts], bool]:
    """The rule's own `matches`."""
    engine: Any = import_module("rule_engine")
    decide: Callable[[Facts], bool] = engine.Rule(RULE, engine.Context(resolver=operator.getitem)).matches
    return decide

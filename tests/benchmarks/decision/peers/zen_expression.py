"""zen-engine 2.1.3, its expression language: evaluated in Rust.

Called through `compile_expression`; `evaluate_expression` would parse the text again for each decision. One
expression gives yes or no and stops early, but names no rule.
"""

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

EXPRESSION = f"""
not (
  halted
  or notional < {SMALLEST_ORDER}
  or notional > {LARGEST_ORDER}
  or notional > available
  or exposure + notional > {PLATFORM_LIMIT}
  or capacity == "house"
  or (capacity == "affiliated_market_maker" and side == "buy" and notional > {MARKET_MAKER_PURCHASE})
  or (not professional and exposure + notional > {RETAIL_LIMIT})
  or (not professional and capacity == "client" and opted_in != true)
  or not (jurisdiction in [{_MEMBERS}])
)
"""


def load() -> Callable[[Facts], bool]:
    """The compiled expression, which takes the dictionary as it is."""
    zen: Any = import_module("zen")
    decide: Callable[[Facts], bool] = zen.compile_expression(EXPRESSION).evaluate
    return decide

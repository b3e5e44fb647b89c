"""datalogic-py 5.9.0: JSONLogic, evaluated in Rust.

Called through a compiled `Rule`, whose `evaluate` walks the dictionary itself; a `Session` and a
`DataHandle` made per decision were no faster. Testing for membership last instead of sixth changed nothing.
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


def _fact(name: str) -> dict[str, str]:
    return {"var": name}


_NOTIONAL = _fact("notional")
_EXPOSED = {"+": [_fact("exposure"), _NOTIONAL]}
_RETAIL = {"!": [_fact("professional")]}

_DENIED: dict[str, Any] = {
    "trading_halted": _fact("halted"),
    "order_too_small": {"<": [_NOTIONAL, SMALLEST_ORDER]},
    "order_too_large": {">": [_NOTIONAL, LARGEST_ORDER]},
    "not_prefunded": {">": [_NOTIONAL, _fact("available")]},
    "over_platform_limit": {">": [_EXPOSED, PLATFORM_LIMIT]},
    "outside_fatf": {"!": [{"in": [_fact("jurisdiction"), sorted(FATF_MEMBERS)]}]},
    "house_order": {"==": [_fact("capacity"), "house"]},
    "market_maker_buying": {
        "and": [
            {"==": [_fact("capacity"), "affiliated_market_maker"]},
            {"==": [_fact("side"), "buy"]},
            {">": [_NOTIONAL, MARKET_MAKER_PURCHASE]},
        ]
    },
    "over_retail_limit": {"and": [_RETAIL, {">": [_EXPOSED, RETAIL_LIMIT]}]},
    "retail_not_opted_in": {
        "and": [_RETAIL, {"==": [_fact("capacity"), "client"]}, {"!": [_fact("opted_in")]}],
    },
}


def load() -> Callable[[Facts], bool]:
    """The compiled rule, which takes the dictionary as it is."""
    datalogic: Any = import_module("datalogic_py")
    rule = datalogic.Engine().compile_checked({"!": [{"or": list(_DENIED.values())}]})
    decide: Callable[[Facts], bool] = rule.evaluate
    return decide

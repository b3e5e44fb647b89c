"""zen-engine 2.1.3, a decision table as its editor writes it: evaluated in Rust.

Called through an engine with a static loader, which compiles the table once: `create_decision` and
`get_decision` take 128 microseconds where this takes 8. The whole decision in a single column, one
condition to a row, is a fifth faster again, but is no longer a table that anyone would read.
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
_COLUMNS = [
    "halted",
    "notional",
    "exposure + notional",
    "jurisdiction",
    "capacity",
    "side",
    "professional",
    "opted_in",
]
_DENIED = {
    "trading_halted": {"halted": "true"},
    "order_too_small": {"notional": f"< {SMALLEST_ORDER}"},
    "order_too_large": {"notional": f"> {LARGEST_ORDER}"},
    "not_prefunded": {"notional": "> available"},
    "over_platform_limit": {"exposure + notional": f"> {PLATFORM_LIMIT}"},
    "outside_fatf": {"jurisdiction": f"not in [{_MEMBERS}]"},
    "house_order": {"capacity": '"house"'},
    "market_maker_buying": {
        "capacity": '"affiliated_market_maker"',
        "side": '"buy"',
        "notional": f"> {MARKET_MAKER_PURCHASE}",
    },
    "over_retail_limit": {"professional": "false", "exposure + notional": f"> {RETAIL_LIMIT}"},
    "retail_not_opted_in": {"professional": "false", "capacity": '"client"', "opted_in": "$ != true"},
}


def _row(name: str, tests: dict[str, str], accepted: str) -> dict[str, str]:
    return {"_id": name, **dict.fromkeys(_COLUMNS, ""), **tests, "accepted": accepted}


def _table() -> dict[str, Any]:
    rows = [_row(name, tests, "false") for name, tests in _DENIED.items()]
    return {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name, "type": "expression"} for name in _COLUMNS],
        "outputs": [{"id": "accepted", "name": "accepted", "field": "accepted", "type": "expression"}],
        "rules": [*rows, _row("otherwise", {}, "true")],
    }


def _graph() -> dict[str, Any]:
    """The table between an input and an output: the smallest graph that the engine evaluates."""
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in"},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": _table()},
            {"id": "out", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def load() -> Callable[[Facts], bool]:
    """The engine's `evaluate`, of which only the answer is kept."""
    zen: Any = import_module("zen")
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"order_acceptance": _graph()}}})
    evaluate = engine.evaluate

    def decide(facts: Facts) -> bool:
        accepted: bool = evaluate("order_acceptance", facts)["result"]["accepted"]
        return accepted

    return decide

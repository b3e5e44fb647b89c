"""How deep Python may call: a program of ours allows more, a library says that there is too little.

In: how many expressions of a program stand inside each other. Absent: how many may, which is a lint's (`lints.cost`).
"""

from __future__ import annotations

import sys

USUAL = 200  # expressions inside each other that fit into Python's usual stack
CALLS = 30_000  # enough for the deepest program that passes the lints, and still far from the end of the machine's


def allow_deep_programs() -> None:
    """For processes that are ours: the limit holds for all of a process, so no library may set it."""
    if sys.getrecursionlimit() < CALLS:
        sys.setrecursionlimit(CALLS)


def check_depth(depth: int) -> None:
    """Raises `RecursionError` where a program so deep could exceed Python's limit."""
    if depth > USUAL and (limit := sys.getrecursionlimit()) < CALLS:
        raise RecursionError(
            f"rules nested {depth:,} deep may exceed Python's limit of {limit:,} calls: "
            f"raise it with `sys.setrecursionlimit({CALLS})` before they are loaded"
        )

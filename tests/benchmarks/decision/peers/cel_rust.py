"""common-expression-language 0.10.0: CEL, evaluated in Rust.

Called through a compiled program that is given the dictionary; facts put into a `Context` beforehand, or
the set of codes written as a chain of comparisons, gain five per cent at most, and one map of all the facts
takes twice as long.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from by_hand import Facts

_EXPRESSION = Path(__file__).with_name("order_acceptance.cel")


def load() -> Callable[[Facts], bool]:
    """The program's own `execute`."""
    cel: Any = import_module("cel")
    decide: Callable[[Facts], bool] = cel.compile(_EXPRESSION.read_text(encoding="utf-8")).execute
    return decide

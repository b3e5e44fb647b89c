"""cel-expr-python 0.1.3: CEL, evaluated in C++.

Called through a compiled and type-checked expression whose variables are the facts; an `Activation` or one
map of all the facts is slower, and an `Arena` that is kept makes no difference worth its memory.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from by_hand import Facts

_EXPRESSION = Path(__file__).with_name("order_acceptance.cel")


def load() -> Callable[[Facts], bool]:
    """`eval` of the expression, and the plain value of what it gives."""
    cel: Any = import_module("cel_expr_python.cel")
    text, integer, boolean = cel.Type.STRING, cel.Type.INT, cel.Type.BOOL
    types = {
        "side": text,
        "capacity": text,
        "notional": integer,
        "available": integer,
        "exposure": integer,
        "jurisdiction": text,
        "professional": boolean,
        "halted": boolean,
        "opted_in": cel.Type.DYN,
    }
    evaluate = cel.NewEnv(variables=types).compile(_EXPRESSION.read_text(encoding="utf-8")).eval

    def decide(facts: Facts) -> bool:
        accepted: bool = evaluate(data=facts).value()
        return accepted

    return decide

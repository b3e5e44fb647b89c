"""opa-py-wasm 1.2.1 on wasmtime 46.0.1: the same WebAssembly as `opa_wasmtime.py`, called more carefully.

One instance and no deadline. Giving it JSON text that it need not check gains one per cent.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from by_hand import Facts

_POLICY = Path(__file__).with_name("order_acceptance.wasm")


def load() -> Callable[[Facts], bool]:
    """`evaluate` of a pool of one."""
    opa: Any = import_module("opapywasm")
    settings = opa.PolicyConfig(pool_size=1, eval_timeout_seconds=None, borrow_timeout_seconds=None)
    decide: Callable[[Facts], bool] = opa.OpaWasmPolicy.from_wasm_file(str(_POLICY), config=settings).evaluate
    return decide

"""Everything that answers: the functions written by hand, this project's engine, and the peers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import by_hand
from by_hand import Facts, Order

Decide = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Engine:
    """One row of the table."""

    name: str
    load: Callable[[], Decide]
    """Makes the function that is timed; whatever it raises is what the row says."""
    prepare: Callable[[Facts], Any]
    """Makes what that function takes. Not timed."""
    reasons_of: Callable[[Any], Iterable[str]] | None
    """Reads the names of the rules that deny off an answer, or `None` where the answer is yes or no."""
    against: str
    """The name of the hand-written row that takes the same and tells the same."""
    requirement: str = ""
    """What pip must have installed for it: a package of `requirements.txt`, or `this project`."""


def _record(facts: Facts) -> Order:
    return Order(**facts)


def _dictionary(facts: Facts) -> Facts:
    return facts


def _names(answer: Iterable[str]) -> Iterable[str]:
    return answer


def _hand(name: str, decide: Decide, prepare: Callable[[Facts], Any], tells: bool) -> Engine:
    return Engine(name, lambda: decide, prepare, _names if tells else None, against=name)


BY_HAND = (
    _hand("by hand: record, yes or no", by_hand.accepted, _record, tells=False),
    _hand("by hand: record, all reasons", by_hand.reasons, _record, tells=True),
    _hand("by hand: dict, yes or no", by_hand.accepted_facts, _dictionary, tells=False),
    _hand("by hand: dict, all reasons", by_hand.reasons_facts, _dictionary, tells=True),
)
_RECORD_FAST, _RECORD_REASONS, _DICT_FAST, _ = (engine.name for engine in BY_HAND)


def _from_ours(name: str) -> Any:
    """A function of `ours.py`, imported only when it is needed, for it wants this project installed."""
    return getattr(import_module("ours"), name)


def _prepared_by_ours(facts: Facts) -> Any:
    return _from_ours("prepare")(facts)


def _reasons_by_ours(decision: Any) -> Iterable[str]:
    names: Iterable[str] = _from_ours("reasons_of")(decision)
    return names


def _ours(name: str, loader: str, reasons_of: Callable[[Any], Iterable[str]] | None, against: str) -> Engine:
    def load() -> Decide:
        decide: Decide = _from_ours(loader)()
        return decide

    return Engine(name, load, _prepared_by_ours, reasons_of, against, "this project")


OURS = (
    _ours("ours: yes or no", "load_fast", None, _RECORD_FAST),
    _ours("ours: all reasons", "load_reasons", _reasons_by_ours, _RECORD_REASONS),
    _ours("ours: explained", "load_explained", _reasons_by_ours, _RECORD_REASONS),
)


def _peer(name: str, module: str, requirement: str) -> Engine:
    def load() -> Decide:
        decide: Decide = import_module(f"peers.{module}").load()
        return decide

    return Engine(name, load, _dictionary, None, _DICT_FAST, requirement)


PEERS = (
    _peer("datalogic-py", "datalogic", "datalogic-py"),
    _peer("zen-engine: compiled expression", "zen_expression", "zen-engine"),
    _peer("zen-engine: decision table", "zen_table", "zen-engine"),
    _peer("cel-expr-python (C++)", "cel_cpp", "cel-expr-python"),
    _peer("common-expression-language (Rust)", "cel_rust", "common-expression-language"),
    _peer("rule-engine", "rule_engine", "rule-engine"),
    _peer("cedarpy: handles", "cedar", "cedarpy"),
    _peer("OPA: opa-wasmtime", "opa_wasmtime", "opa-wasmtime"),
    _peer("OPA: opa-py-wasm", "opa_py_wasm", "opa-py-wasm"),
)

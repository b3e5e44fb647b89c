"""The product of two programs, in which a claim can compare them: each function under its name and its side.

In: two programs about the same facts; see `vocabulary` for two that are not. Out: one program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from attrs import evolve, fields

from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, map_parts, parts, walk
from policy.ir.reads import records_of

BEFORE, AFTER = "@before", "@after"


def product_of(before: Program, after: Program) -> Program:
    """The product of two programs, about the facts of the later one."""
    functions = {**_named(before, BEFORE), **_named(after, AFTER)}
    enums = {**before.enums, **after.enums}
    depth = max(before.depth, after.depth)
    return evolve(after, functions=functions, enums=enums, depth=depth)


def _named(program: Program, which: str) -> dict[str, Function]:
    def renamed(e: Expr) -> Expr:
        inner = map_parts(e, renamed)
        return evolve(inner, function=inner.function + which) if isinstance(inner, ir.Call) else inner

    return {
        id + which: evolve(
            f,
            id=id + which,
            body=renamed(f.body),
            rules=tuple(evolve(r, condition=renamed(r.condition)) for r in f.rules),
        )
        for id, f in program.functions.items()
    }


def called(function: Function, which: str) -> Expr:
    """A call of the function on one side, on the given facts."""
    return ir.Call(function.id + which, tuple(ir.Variable(n) for n, _ in function.parameters))


# ── dependencies ────────────────────────────────────────────────────────────────────────────


def fingerprints(program: Program) -> dict[str, str]:
    """For each function a digest of all that its answer depends on, without places, texts and citations."""
    result: dict[str, str] = {}
    for id in program.calls_first(*program.functions):
        f = program.functions[id]
        total = hashlib.sha256(repr((f.kind, f.parameters, f.type)).encode())
        for body in (f.body, *(r.condition for r in f.rules)):
            total.update("\n".join(_words(body, result)).encode())
        for record in records_of(program, f.parameters).values():
            total.update(repr([(x.name, x.type, x.least, x.most) for x in record]).encode())
        result[id] = total.hexdigest()
    return result


def _words(e: Expr, known: dict[str, str]) -> Iterator[str]:
    """An expression in prefix order, each call with the fingerprint of what it calls."""
    for node in walk(e):
        if isinstance(node, ir.Call):
            yield f"Call {known[node.function]} {len(node.arguments)}"
        elif isinstance(node, ir.Const) and isinstance(node.value, frozenset):
            yield f"Set {sorted(map(repr, node.value))}"
        else:
            plain = [getattr(node, a.name) for a in fields(type(node))]
            scalars = [v for v in plain if isinstance(v, str | int | bool | None)]
            yield f"{type(node).__name__} {scalars!r} {len(parts(node))}"

"""What an answer itself stands on: the provisions that tests name after `per`.

Those of a decision are cited by the rules that are its reasons; those of a table, value or parameter by the rows and
versions that gave it. Absent: what the questions that it asks in turn stand on, which tests of these name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field

from policy.answers import Citation
from policy.ir import program as ir
from policy.ir.interpret import Environment, FaultError, Interpreter
from policy.ir.logic import all_of, any_of
from policy.ir.program import Expr, Function, Program
from policy.model.rules import Expectation
from policy.vocabulary import RuntimeValue


@define(eq=False)
class _Citing(Interpreter):
    """Notes what the question `asked` cites, itself or in what an overlay lays over it."""

    asked: str = ""
    within: int = 0  # calls of other questions
    provisions: set[str] = field(factory=set)

    def applied(self, case: ir.Case) -> None:
        if not self.within:
            self.cite(case)

    def cite(self, piece: ir.Case | ir.Rule) -> None:
        assert self.program.on is not None
        self.provisions.update(c.provision for c in piece.citations if c.in_force(self.program.on))

    def result(self, call: RuntimeValue, function: Function, env: Environment) -> RuntimeValue:
        is_other = function.id.partition("#")[0] != self.asked
        self.within += is_other
        try:
            return super().result(call, function, env)
        finally:
            self.within -= is_other


def stands_on(program: Program, function: Function, arguments: tuple[RuntimeValue, ...]) -> frozenset[str]:
    """The provisions that the answer of a question itself stands on; none where there is no answer."""
    citing = _Citing(program, asked=function.id)
    env = citing.facts(function, arguments)
    try:
        value = citing.whole(citing.evaluate(function.body, env))
        if function.kind == "decision" and isinstance(value, bool):
            citing.provisions.clear()
            for n in citing.applying(function, value, env) or [len(function.rules) - 1]:
                citing.cite(function.rules[n])
    except FaultError:
        return frozenset()
    return frozenset(citing.provisions)


def cites(e: Expectation, program: Program, function: Function, arguments: tuple[RuntimeValue, ...]) -> bool:
    """Whether the answer stands on what is expected, where anything is."""
    return not e.provisions or stands_on(program, function, arguments) == frozenset(e.provisions)


def per(provisions: frozenset[str] | tuple[str, ...]) -> str:
    """Provisions as tests name them, after an answer."""
    return f" per {', '.join(sorted(provisions))}" if provisions else ""


# ── for all facts ───────────────────────────────────────────────────────────────────────────

Piece = tuple[str, int]  # a rule, row or version: the function that it is in, and its place there


def asked(function: Function) -> Expr:
    """The question about its own parameters."""
    return ir.Call(function.id, tuple(ir.Variable(n) for n, _ in function.parameters))


def citing(function: Function, functions: Mapping[str, Function]) -> dict[str, dict[Piece, Expr]]:
    """By provision: the pieces that cite it, each with when the answer stands on it."""
    found: dict[str, dict[Piece, Expr]] = {}
    for piece, citations, counts in _pieces(function, functions):
        for c in citations:
            found.setdefault(c.provision, {})[piece] = all_of([*_in_force(c), counts])
    return found


def _pieces(
    function: Function, functions: Mapping[str, Function]
) -> Iterator[tuple[Piece, tuple[Citation, ...], Expr]]:
    if function.kind == "decision":
        outcome = asked(function)
        for n, rule in enumerate(function.rules):
            counts = all_of([outcome if rule.effect == "permit" else ir.Not(outcome), rule.condition])
            yield (_plain(function.id), n), rule.citations, counts
        return
    own = [id for id in _called(function, functions) if _base(id) == _base(function.id)]
    for part in (function, *(functions[id] for id in own)):
        for e in (e for e in ir.walk(part.body) if isinstance(e, ir.Choose)):
            for n, case in enumerate(e.cases):
                before = [c.condition for c in e.cases[:n]] if e.mode == "first" else []
                yield (_plain(part.id), n), case.citations, all_of([*map(ir.Not, before), case.condition])


def _called(function: Function, functions: Mapping[str, Function]) -> list[str]:
    found, pending = [], list(function.calls)
    while pending:
        id = pending.pop()
        if id not in found and id in functions:
            found.append(id)
            pending += functions[id].calls
    return found


def _in_force(c: Citation) -> Iterator[Expr]:
    if c.start is not None:
        yield ir.Compare("<=", ir.Const(c.start), ir.Today())
    if c.end is not None:
        yield ir.Compare("<", ir.Today(), ir.Const(c.end))


def stands(pieces: Mapping[Piece, Expr]) -> Expr:
    """That the answer stands on what these pieces cite."""
    return any_of(list(pieces.values()))


def _base(id: str) -> str:
    return _plain(id).partition("#")[0]


def _plain(id: str) -> str:
    """The name of a function, or of that which a mutant has in its place."""
    return id.partition("@")[0]

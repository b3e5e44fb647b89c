"""What an answer itself stands on: the provisions that tests name after `per`.

Those of a decision are cited by the rules that are its reasons; those of a table, value or parameter by the rows and
versions that gave it. Absent: what the questions that it asks in turn stand on, which tests of these name.
"""

from __future__ import annotations

from attrs import define, field

from policy.ir import program as ir
from policy.ir.interpret import Environment, FaultError, Interpreter
from policy.ir.program import Function, Program
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

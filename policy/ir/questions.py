"""A question of a program of one date, as answers carry it, and the interpreter as an evaluator."""

from __future__ import annotations

from attrs import define, field, frozen

from policy.answers import Answer, Basis, Derivation
from policy.ir.explain import Known, explained
from policy.ir.interpret import Interpreter
from policy.ir.program import Program
from policy.model import types
from policy.model.values import show
from policy.vocabulary import RuntimeValue


@define(eq=False, repr=False)
class DatedQuestion:
    """One question as of one date; explains answers on demand. Meets `answers.Question`."""

    name: str
    program: Program
    known: Known = field(factory=dict)  # what explanations have worked out before

    def __repr__(self) -> str:
        return f"<question {self.name} on {self.on}>"

    @property
    def on(self) -> str:
        assert self.program.on is not None
        return show(self.program.on, types.DATE)

    @property
    def digest(self) -> str:
        return self.program.digest

    def basis(self, arguments: tuple[RuntimeValue, ...]) -> Basis:
        return explained(self.program, self.name, arguments, self.known)[0]

    def derivation(self, arguments: tuple[RuntimeValue, ...]) -> Derivation:
        return explained(self.program, self.name, arguments, self.known)[1]


@frozen(eq=False, repr=False)
class InterpretedEvaluator:
    """The reference interpreter behind the face that every backend shows."""

    question: DatedQuestion

    def __repr__(self) -> str:
        return f"<interpreter of {self.question.name} on {self.question.on}>"

    def answer(self, *arguments: RuntimeValue) -> Answer:
        return Interpreter(self.question.program).answer(self.question, arguments)

"""How an answer came about: the interpreter, watched. Gives the basis (citations, facts) and the derivation.

The same walk as `interpret`, so an explanation can never tell another story than the answer.
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, evolve, field, frozen

from policy.decisions import MISSING, Basis, Citation, Derivation
from policy.ir import program as ir
from policy.ir.held import misfits
from policy.ir.interpret import FaultError, Interpreter, Unknown
from policy.ir.interpret import Place as Within
from policy.ir.program import Function, Program
from policy.model import types
from policy.model.types import Type, short
from policy.model.values import show

LONGEST_REPEATED = 20  # lines that a call takes when it is told again; a longer one is not repeated


@define(eq=False)
class _Frame:
    """A line of the derivation while it is being made."""

    label: str
    citations: list[Citation] = field(factory=list)
    note: str = ""
    parts: list[Derivation] = field(factory=list)
    size: int = 1  # in lines

    def add(self, part: Derivation, size: int = 1) -> None:
        if part not in self.parts:
            self.parts.append(part)
            self.size += size


@frozen(eq=False)
class Explainer(Interpreter):
    """An interpreter that writes down what it does; `root` are the types of the question's parameters."""

    root: dict[str, Type] = field(factory=dict)
    frames: list[_Frame] = field(factory=lambda: [_Frame("")])
    facts_read: dict[str, Any] = field(factory=dict)
    cited: dict[Citation, None] = field(factory=dict)
    lines: dict[Any, tuple[Derivation, int]] = field(factory=dict)  # by call: what to say of it, in how many lines
    silent: Interpreter = field(default=Factory(lambda self: Interpreter(self.program), takes_self=True))

    def evaluate(self, e: ir.Expr, env: dict[str, Any]) -> Any:
        value = super().evaluate(e, env)
        in_question = len(self.frames) == 2  # deeper, a variable is what a caller handed over
        if in_question and isinstance(e, ir.Variable) and e.name in self.root:
            if not isinstance(value, Within | Unknown):
                self.read(e.name, value)
        return value

    def applied(self, case: ir.Case) -> None:
        frame = self.frames[-1]
        frame.citations += case.citations
        frame.note = case.label
        self.cited.update(dict.fromkeys(case.citations))

    def read(self, path: str, value: Any) -> None:
        self.facts_read.setdefault(path, value)
        self.frames[-1].add(Derivation(path, self.shown_fact(path, value)))

    def shown_fact(self, path: str, value: Any) -> str:
        return "not given" if value is MISSING else show(value, self.type_at(path))

    def type_at(self, path: str) -> Type:
        """The type of the fact at a path of the question being explained."""
        name, *steps = path.replace("]", "").replace("[", ".[").split(".")
        of = self.root[name]
        for step in steps:
            if isinstance(of, types.OptionalOf):
                of = of.of
            if step.startswith("["):
                assert isinstance(of, types.ListOf | types.SetOf)
                of = of.of
            else:
                assert isinstance(of, types.Record)
                of = next(f.type for f in self.program.records[of.name] if f.name == step)
        return of

    def called(self, function: Function, arguments: tuple[Any, ...], env: dict[str, Any]) -> Any:
        call = self.call(function, arguments)
        told = call in self.lines
        value = super().called(function, arguments, env)
        if call in self.lines:
            line, size = self.lines[call]
            frame = self.frames[-1]
            if told and size > LONGEST_REPEATED and line not in frame.parts:
                line, size = evolve(line, value=f"{line.value}, as above", parts=()), 1
            frame.add(line, size)
        return value

    def result(self, call: Any, function: Function, env: dict[str, Any]) -> Any:
        if function.kind == "set":
            return self.evaluate(function.body, env)
        frame = _Frame(short(function.id).replace("#law", " in the law"), [c for _, c in function.citations])
        self.cited.update(dict.fromkeys(c for _, c in function.citations))
        self.frames.append(frame)
        try:
            value = self.evaluate(function.body, env)
            if function.kind == "decision":
                self.cite_reasons(function, value, env)
        finally:
            self.frames.pop()
        self.lines[call] = self.line(frame, function, value), frame.size
        return value

    def cite_reasons(self, function: Function, value: Any, env: dict[str, Any]) -> None:
        if isinstance(value, Unknown):
            return
        indices = self.silent.applying(function, value, env) or range(len(function.rules))
        for n in indices:
            self.frames[-1].citations += function.rules[n].citations
            self.cited.update(dict.fromkeys(function.rules[n].citations))

    def line(self, frame: _Frame, function: Function, value: Any) -> Derivation:
        value = self.whole(value)
        if isinstance(value, Unknown):
            text = "undecided: needs " + ", ".join(sorted(value.needs))
        elif function.kind == "decision":
            text = "permitted" if value else "denied"
        else:
            text = show(value, function.type)
        note = f" ({frame.note})" if frame.note and frame.note != "always" else ""
        citations = tuple(dict.fromkeys(frame.citations))
        return Derivation(frame.label, text + note, citations, str(function.place), tuple(frame.parts))


def explained(program: Program, name: str, arguments: tuple[Any, ...]) -> tuple[Basis, Derivation]:
    """The basis and the derivation of the answer to a question."""
    function = program.functions[name]
    if wrong := misfits(program, function, arguments):  # no rule was asked
        told = f"no answer: {'; '.join(wrong)}"
        return Basis((), ()), Derivation(short(name), told, (), str(function.place))
    explainer = Explainer(program, root=dict(function.parameters))
    env = explainer.facts(function, arguments)
    if function.kind == "decision":
        derivation = _decision(explainer, function, env)
    else:
        try:
            explainer.called(function, (), env)
            derivation = explainer.frames[0].parts[-1]
        except FaultError as fault:
            derivation = Derivation(short(name), f"no answer: {fault}", (), str(function.place))
    facts = tuple((path, explainer.shown_fact(path, v)) for path, v in explainer.facts_read.items())
    return Basis(tuple(explainer.cited), facts), derivation


def _decision(explainer: Explainer, function: Function, env: dict[str, Any]) -> Derivation:
    """A decision rule by rule; only the rules it turned on count for the basis."""
    silent = explainer.silent
    try:
        value = silent.evaluate(function.body, env)
    except FaultError as fault:
        value = fault
    lines: list[Derivation] = []
    reasons = silent.applying(function, value, env) if isinstance(value, bool) else []
    by_default = isinstance(value, bool) and not reasons
    for n, rule in enumerate(function.rules[:-1]):
        counts = by_default or n in reasons or not isinstance(value, bool)
        watcher = explainer if counts else Explainer(explainer.program, root=explainer.root)
        frame = _Frame(f"{rule.effect} {rule.name}")
        watcher.frames.append(frame)
        try:
            holds = watcher.evaluate(rule.condition, env)
            text = "unknown" if isinstance(holds, Unknown) else "applies" if holds else "does not apply"
        except FaultError as fault:
            text = f"no answer: {fault}"
        watcher.frames.pop()
        if counts:
            explainer.cited.update(dict.fromkeys(rule.citations))
        lines.append(Derivation(frame.label, text, rule.citations, str(rule.place), tuple(frame.parts)))
    otherwise = function.rules[-1]
    if by_default:
        explainer.cited.update(dict.fromkeys(otherwise.citations))
        text = "applies, for no rule does"
        lines.append(Derivation(f"otherwise {otherwise.effect}", text, otherwise.citations, str(otherwise.place)))
    if isinstance(value, Unknown):
        outcome = "undecided: needs " + ", ".join(sorted(value.needs))
    elif isinstance(value, bool):
        outcome = "permitted" if value else "denied"
    else:
        outcome = f"no answer: {value}"
    return Derivation(short(function.id), outcome, (), str(function.place), tuple(lines))

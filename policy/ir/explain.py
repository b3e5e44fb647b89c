"""How an answer came about: the interpreter, watched. Gives the basis (citations, facts) and the derivation.

The same walk as `interpret`, so an explanation can never tell another story than the answer.
"""

from __future__ import annotations

from attrs import Factory, define, evolve, field, frozen

from policy.answers import MISSING, Basis, Citation, Derivation, Inner, Reason
from policy.ir import program as ir
from policy.ir.interpret import Environment, FaultError, Interpreter, Located, Unknown
from policy.ir.program import Function, Program
from policy.ir.reach import reach, uncited
from policy.ir.validation import misfits
from policy.ir.verdicts import verdict_of
from policy.model import types
from policy.model.types import OF, Type, short
from policy.model.values import show
from policy.vocabulary import RuntimeValue

Known = dict[tuple[str, bool, tuple[int, ...]], tuple[Reason, ...]]  # reasons by decision, outcome and rules

MOST_KNOWN = 4_096  # reasons that are remembered
LONGEST_REPEATED = 20  # lines that a call takes when it is told again; a longer one is not repeated


@define(eq=False)
class _Frame:
    """A line of the derivation while it is being made; `because`: the reasons of decisions asked on the way."""

    label: str
    citations: list[Citation] = field(factory=list)
    note: str = ""
    parts: list[Derivation] = field(factory=list)
    because: dict[Inner, None] = field(factory=dict)
    size: int = 1  # in lines

    def add(self, part: Derivation, size: int = 1) -> None:
        if part not in self.parts:
            self.parts.append(part)
            self.size += size


@frozen
class _Line:
    """What is told of a call, in how many lines, and the reasons of the decisions that it rests on."""

    derivation: Derivation
    size: int
    because: tuple[Inner, ...]


@define(eq=False)
class Explainer(Interpreter):
    """An interpreter that writes down what it does; `root` are the types of the question's parameters."""

    root: dict[str, Type] = field(factory=dict)
    frames: list[_Frame] = field(factory=lambda: [_Frame("")])
    facts_read: dict[str, RuntimeValue] = field(factory=dict)
    cited: dict[Citation, None] = field(factory=dict)
    uncited: dict[tuple[str, ir.Rule | ir.Case], None] = field(
        factory=dict
    )  # of what: rules that cite nothing in force
    lines: dict[RuntimeValue, _Line] = field(factory=dict)  # by call
    known: Known = field(factory=dict)
    silent: Interpreter = field(default=Factory(lambda self: Interpreter(self.program), takes_self=True))

    def evaluate(self, e: ir.Expr, env: Environment) -> RuntimeValue:
        value = super().evaluate(e, env)
        in_question = len(self.frames) == 2  # deeper, a variable is what a caller handed over
        if in_question and isinstance(e, ir.Variable) and e.name in self.root:
            if not isinstance(value, Located | Unknown):
                self.read(e.name, value)
        return value

    def applied(self, case: ir.Case) -> None:
        frame = self.frames[-1]
        frame.citations += case.citations
        frame.note = case.label
        self.cite(frame.label, case)

    def cite(self, of: str, piece: ir.Rule | ir.Case) -> None:
        """A rule or case of something counts for the basis."""
        self.cited.update(dict.fromkeys(piece.citations))
        if piece.not_in_force:
            self.uncited[of, piece] = None

    def read(self, path: str, value: RuntimeValue) -> None:
        self.facts_read.setdefault(path, value)
        self.frames[-1].add(Derivation(path, self.shown_fact(path, value)))

    def shown_fact(self, path: str, value: RuntimeValue) -> str:
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

    def call(self, function: Function, arguments: tuple[RuntimeValue, ...], env: Environment) -> RuntimeValue:
        call = self.call_key(function, arguments)
        repeated = call in self.lines
        value = super().call(function, arguments, env)
        if call in self.lines:
            line, frame = self.lines[call], self.frames[-1]
            frame.because.update(dict.fromkeys(line.because))
            if repeated and line.size > LONGEST_REPEATED and line.derivation not in frame.parts:
                frame.add(evolve(line.derivation, value=f"{line.derivation.value}, as above", parts=()))
            else:
                frame.add(line.derivation, line.size)
        return value

    def result(self, call: RuntimeValue, function: Function, env: Environment) -> RuntimeValue:
        if function.kind == "set":
            return self.evaluate(function.body, env)
        frame = _Frame(_label(function.id), [c for _, c in function.citations])
        self.cited.update(dict.fromkeys(c for _, c in function.citations))
        self.frames.append(frame)
        try:
            if function.kind == "decision":
                value = self.silent.evaluate(function.body, env)
                because = tuple(Inner(function.id, reason) for reason in self.decision(function, value, env, frame))
            else:
                value = self.evaluate(function.body, env)
                because = tuple(frame.because)
        finally:
            self.frames.pop()
        self.lines[call] = _Line(self.line(frame, function, value), frame.size, because)
        return value

    def decision(
        self,
        function: Function,
        value: RuntimeValue,
        env: Environment,
        into: _Frame,
        others: bool = False,
    ) -> tuple[Reason, ...]:
        """Tells a decision rule by rule, and gives its reasons. Only the rules it turned on count for the basis;
        the `others` are told where that is wanted."""
        applied = self.silent.applying(function, value, env) if isinstance(value, bool) else []
        by_default = isinstance(value, bool) and not applied
        because: dict[int, dict[Inner, None]] = {}
        for n, rule in enumerate(function.rules[:-1]):
            if by_default or n in applied or not isinstance(value, bool):
                because[n] = self.rule(rule, env, into)
                self.cite(into.label, rule)
            elif others:
                Explainer(self.program, root=self.root).rule(rule, env, into)
        if by_default:
            otherwise = function.rules[-1]
            self.cite(into.label, otherwise)
            into.add(
                Derivation(otherwise.label, "applies, for no rule does", otherwise.citations, str(otherwise.place))
            )
            because = {-1: {inner: None for found in because.values() for inner in found}}
        if not isinstance(value, bool):
            return ()
        reasons = self.reasons(function, value, tuple(applied))
        return tuple(
            evolve(reason, because=tuple(because[n])) for n, reason in zip(applied or [-1], reasons, strict=True)
        )

    def reasons(self, function: Function, permitted: bool, applied: tuple[int, ...]) -> tuple[Reason, ...]:
        """The reasons that these rules are; worked out once for all explanations of the question."""
        key = function.id, permitted, applied
        if key not in self.known:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[key] = verdict_of(function, permitted, applied, self.program).reasons
        return self.known[key]

    def rule(self, rule: ir.Rule, env: Environment, into: _Frame) -> dict[Inner, None]:
        """Tells whether a rule applies; gives the reasons of the decisions that it asks."""
        frame = _Frame(rule.label)
        self.frames.append(frame)
        try:
            holds = self.evaluate(rule.condition, env)
            text = "unknown" if isinstance(holds, Unknown) else "applies" if holds else "does not apply"
        except FaultError as fault:
            text = f"no answer: {fault}"
        finally:
            self.frames.pop()
        into.add(Derivation(frame.label, text, rule.citations, str(rule.place), tuple(frame.parts)), frame.size)
        return frame.because

    def line(self, frame: _Frame, function: Function, value: RuntimeValue) -> Derivation:
        value = self.whole(value)
        is_outcome = isinstance(value, Unknown) or function.kind == "decision"
        text = _outcome(value) if is_outcome else show(value, function.type)
        note = f" ({frame.note})" if frame.note and frame.note != "always" else ""
        citations = tuple(dict.fromkeys(frame.citations))
        return Derivation(frame.label, text + note, citations, str(function.place), tuple(frame.parts))


def explained(
    program: Program, name: str, arguments: tuple[RuntimeValue, ...], known: Known
) -> tuple[Basis, Derivation]:
    """The basis and the derivation of the answer to a question; `known` is kept from one to the next."""
    function = program.functions[name]
    if wrong := misfits(program, function, arguments):  # no rule was asked
        why = f"no answer: {'; '.join(wrong)}"
        return Basis((), ()), Derivation(short(name), why, (), str(function.place))
    explainer = Explainer(program, root=dict(function.parameters), known=known)
    env = explainer.facts(function, arguments)
    reasons: tuple[Reason, ...] = ()
    if function.kind == "decision":
        try:
            value = explainer.silent.evaluate(function.body, env)
        except FaultError as fault:
            value = fault
        frame = _Frame(short(name))
        reasons = explainer.decision(function, value, env, frame, others=True)
        text = f"no answer: {value}" if isinstance(value, FaultError) else _outcome(value)
        derivation = Derivation(frame.label, text, (), str(function.place), tuple(frame.parts))
    else:
        try:
            explainer.call(function, (), env)
            derivation = explainer.frames[0].parts[-1]
        except FaultError as fault:
            derivation = Derivation(short(name), f"no answer: {fault}", (), str(function.place))
    facts = tuple((path, explainer.shown_fact(path, v)) for path, v in explainer.facts_read.items())
    remarks = (*reach(program, explainer.cited), *uncited(program, explainer.uncited))
    return Basis(tuple(explainer.cited), facts, reasons, remarks), derivation


def _label(id: str) -> str:
    """What a question is called in a derivation: a local name by itself, a field of an answer as `tier.rate`."""
    name = short(id).replace(OF, ".")
    whole, mark, part = name.partition("#")
    if part == "=":
        return whole
    if part == "law":
        return f"{whole} in the law"
    return part if mark and not part.isdigit() else name


def _outcome(value: bool | Unknown) -> str:
    if isinstance(value, Unknown):
        return "undecided: needs " + ", ".join(sorted(value.needs))
    return "permitted" if value else "denied"

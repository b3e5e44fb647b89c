"""Replays facts on the reference interpreter: a solution of the solver counts only where the interpreter agrees."""

from __future__ import annotations

from typing import Literal, assert_never

from attrs import evolve, field, frozen

from policy.answers import MISSING
from policy.facts.records import record_classes, record_from
from policy.ir.interpret import FaultError, Interpreter, LimitError, Unknown, at
from policy.ir.program import Call, Expr, Program, parts, walk
from policy.ir.reads import records_of
from policy.ir.simplify import simplify, specialised
from policy.ir.validation import RuntimeValidator
from policy.model import types
from policy.model.rules import Parameters
from policy.model.written import Wrong
from policy.verify.claims import Query
from policy.verify.facts import Fact, Given
from policy.vocabulary import RecordClass, RuntimeValue


@frozen(eq=False)
class _Reader(Interpreter):
    """Records which facts are read."""

    paths: dict[str, None] = field(factory=dict)

    def read(self, path: str, value: Fact) -> None:
        self.paths[path] = None


class _Acceptance(RuntimeValidator):
    """Whether the reader of facts accepts facts whose records are dicts: their bounds, above all."""

    def __init__(self, program: Program) -> None:
        self.program, self.accepts = program, True

    def wrong(self, path: str, wrong: Wrong) -> RuntimeValue:
        self.accepts = False
        return MISSING

    def record(self, given: RuntimeValue, of: types.Record, path: str) -> RuntimeValue:
        if isinstance(given, dict):  # any other was checked when it was made
            for f in self.program.records[of.name]:
                self.field(given.get(f.name, MISSING), f, f"{path}.{f.name}")
        return given


@frozen(eq=False)
class DatedProgram:
    """A program as of any day, and the classes of its records; shared by all claims."""

    program: Program
    programs: dict[int, Program] = field(factory=dict)
    classes: dict[str, RecordClass] = field(factory=dict)

    def on(self, day: int) -> Program:
        """The program as of a day."""
        if day not in self.programs:
            self.programs[day] = specialised(self.program, day)
        if not self.classes:
            self.classes.update(record_classes(self.program))
        return self.programs[day]


@frozen(eq=False)
class Replay:
    """A query, to be replayed on facts of `parameters`."""

    dated: DatedProgram
    parameters: Parameters
    query: Query
    simple: dict[tuple[int, int], Expr] = field(factory=dict)

    def holds(self, given: Given, on: int) -> bool:
        """Whether the facts are a solution: the reader accepts them, and the interpreter confirms it."""
        return self.accepts(given) and self._holds(given, on, {})

    def accepts(self, given: Given) -> bool:
        """Whether the reader of facts accepts the facts."""
        reader = _Acceptance(self.dated.program)
        for value, (name, of) in zip(given, self.parameters, strict=True):
            reader.value(value, of, name)
        return reader.accepts

    def reads(self, given: Given, on: int) -> dict[str, None]:
        """The paths of the facts that are read."""
        paths: dict[str, None] = {}
        self._holds(given, on, paths)
        return paths

    def outcome(self, given: Given, on: int, e: Expr, paths: dict[str, None] | None = None) -> Fact:
        """The value of an expression, `Unknown`, or the `FaultError`; records what is read in `paths`."""
        program = self.dated.on(on)
        key = id(e), on
        if key not in self.simple:
            self.simple[key] = simplify(e, on)
        reader = _Reader(program, paths={} if paths is None else paths)
        env = {
            name: at(record_from(value, of, self.dated.classes, program, checked=False), name)
            for value, (name, of) in zip(given, self.parameters, strict=True)
        }
        try:
            return reader.whole(reader.evaluate(self.simple[key], env))
        except FaultError as fault:
            return fault

    def _holds(self, given: Given, on: int, paths: dict[str, None]) -> bool:
        query = self.query
        if query.where is not None and self.outcome(given, on, query.where, paths) is not True:
            return False
        value = self.outcome(given, on, query.expression, paths)
        match query.kind:
            case "true":
                return value is True
            case "possible":
                return value is True or isinstance(value, Unknown)
            case "unknown":
                return isinstance(value, Unknown)
            case "fault":
                return isinstance(value, FaultError) and not isinstance(value, LimitError)
            case "fault or limit":
                return isinstance(value, FaultError)
            case "different":
                assert query.other is not None
                return state(value) != state(self.outcome(given, on, query.other, paths))
            case "exactly one true":
                assert query.other is not None
                return (value is True) is not (self.outcome(given, on, query.other, paths) is True)
            case _:
                assert_never(query.kind)


def state(value: Fact) -> tuple[Literal["fault", "unknown", "value"], Fact]:
    """What two outcomes must share to be equal."""
    if isinstance(value, FaultError):
        return "fault", None
    if isinstance(value, Unknown):
        return "unknown", None
    return "value", value


def part_of(program: Program, *expressions: Expr) -> Program:
    """The part of a program that these expressions call."""
    called = [c.function for e in expressions for c in walk(e) if isinstance(c, Call)]
    kept = program.calls_first(*called)
    depth = program.depth + max(map(_depth, expressions), default=0)
    return evolve(program, functions={id: program.functions[id] for id in kept}, depth=depth)


def part_about(program: Program, parameters: Parameters, *expressions: Expr) -> Program:
    """The part that expressions about these facts call, with the records of the facts only."""
    return evolve(part_of(program, *expressions), records=records_of(program, parameters))


def _depth(e: Expr) -> int:
    """How many expressions lie inside each other."""
    deepest, pending = 0, [(e, 1)]
    while pending:
        inner, level = pending.pop()
        deepest = max(deepest, level)
        pending += [(p, level + 1) for p in parts(inner)]
    return deepest


def without_unread(given: Fact, path: str, read: dict[str, None]) -> Fact:
    """The facts that were read, the others missing."""
    if isinstance(given, dict):
        return {n: without_unread(v, f"{path}.{n}", read) for n, v in given.items()}
    if isinstance(given, list):
        return [without_unread(v, f"{path}[{n}]", read) for n, v in enumerate(given)]
    return given if path in read or "[" in path.rpartition(".")[2] or "." not in path else MISSING

"""Tries facts on the reference interpreter: a case that the solver found counts only where the interpreter agrees."""

from __future__ import annotations

from typing import Any

from attrs import evolve, field, frozen

from policy.decisions import MISSING
from policy.facts.records import record_classes, record_from
from policy.ir.interpret import FaultError, Interpreter, Unknown, at
from policy.ir.program import Call, Expr, Program, walk
from policy.ir.simplify import simplify, specialised
from policy.model.rules import Parameters
from policy.verify.claims import Sought

Given = tuple[Any, ...]  # facts in run-time form, records as dicts


@frozen(eq=False)
class _Reader(Interpreter):
    """Notes which facts are read."""

    paths: dict[str, None] = field(factory=dict)

    def read(self, path: str, value: Any) -> None:
        self.paths[path] = None


@frozen(eq=False)
class Trial:
    """What is sought, to be tried on facts of `parameters`. Only what it calls is kept of the program."""

    program: Program
    parameters: Parameters
    sought: Sought
    dated: dict[int, tuple[Program, tuple[Expr | None, ...]]] = field(factory=dict)
    classes: dict[str, type[Any]] = field(factory=dict)

    def holds(self, given: Given, on: int) -> bool:
        """Whether the facts are like those sought."""
        return self._holds(given, on, {})

    def reads(self, given: Given, on: int) -> dict[str, None]:
        """The paths of the facts that this turns on."""
        paths: dict[str, None] = {}
        self._holds(given, on, paths)
        return paths

    def outcome(self, given: Given, on: int, e: Expr) -> Any:
        """What an expression comes to: a value, `Unknown`, or the `FaultError`."""
        return self._outcome(self._on(on)[0], given, simplify(e, on), {})

    def _holds(self, given: Given, on: int, paths: dict[str, None]) -> bool:
        program, (expression, other, where) = self._on(on)
        if where is not None and self._outcome(program, given, where, paths) is not True:
            return False
        assert expression is not None
        value = self._outcome(program, given, expression, paths)
        match self.sought.outcome:
            case "true":
                return value is True
            case "fault":
                return isinstance(value, FaultError)
            case "unknown":
                return isinstance(value, Unknown)
        assert other is not None
        return state(value) != state(self._outcome(program, given, other, paths))

    def _on(self, on: int) -> tuple[Program, tuple[Expr | None, ...]]:
        if on not in self.dated:
            asked = (self.sought.expression, self.sought.other, self.sought.where)
            expressions = tuple(None if e is None else simplify(e, on) for e in asked)
            self.dated[on] = specialised(part_of(self.program, *(e for e in asked if e)), on), expressions
        return self.dated[on]

    def _outcome(self, program: Program, given: Given, e: Expr, paths: dict[str, None]) -> Any:
        if not self.classes:
            self.classes.update(record_classes(program))
        reader = _Reader(program, paths=paths)
        facts = [record_from(g, of, self.classes, program) for g, (_, of) in zip(given, self.parameters, strict=True)]
        env = {name: value for (name, _), value in zip(self.parameters, facts, strict=True)}
        try:
            return reader.whole(reader.evaluate(e, {n: at(v, n) for n, v in env.items()}))
        except FaultError as fault:
            return fault


def state(value: Any) -> tuple[str, Any]:
    """What two outcomes must have in common to be the same."""
    if isinstance(value, FaultError):
        return "fault", None
    if isinstance(value, Unknown):
        return "unknown", None
    return "value", value


def part_of(program: Program, *expressions: Expr) -> Program:
    """The program without what these expressions never call."""
    called = [c.function for e in expressions for c in walk(e) if isinstance(c, Call)]
    kept = program.calls_first(*called)
    return evolve(program, functions={id: program.functions[id] for id in kept}, depth=max(program.depth, 1_000))


def without_unread(given: Any, path: str, read: dict[str, None]) -> Any:
    """The facts that were read, the others missing."""
    if isinstance(given, dict):
        return {n: without_unread(v, f"{path}.{n}", read) for n, v in given.items()}
    if isinstance(given, list):
        return [without_unread(v, f"{path}[{n}]", read) for n, v in enumerate(given)]
    return given if path in read or "[" in path.rpartition(".")[2] or "." not in path else MISSING

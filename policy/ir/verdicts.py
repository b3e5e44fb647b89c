"""Which rules applied, put into words: the `Verdict` that every backend returns for the same rules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from policy.decisions import Outcome, Reason, Verdict, weakest
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, Rule, parts


def verdict_of(function: Function, permitted: bool, applied: Iterable[int], program: Program) -> Verdict:
    """The verdict of a decision whose rules with the indices `applied` are the reasons for its outcome."""
    rules = [function.rules[n] for n in applied] or [function.rules[-1]]
    consulted = rules if rules[0].name != "otherwise" else list(function.rules)
    reading = _Reading(program)
    own = {name: name for name, _ in function.parameters}
    for rule in consulted:
        reading.read(rule.condition, own)
    outcome = Outcome.PERMITTED if permitted else Outcome.DENIED
    return Verdict(outcome, tuple(map(reason_of, rules)), tuple(reading.found))


def reason_of(rule: Rule) -> Reason:
    return Reason(
        rule.name,
        rule.effect,
        rule.text,
        rule.citations,
        weakest(c.status for c in rule.citations),
        f"{PurePath(rule.place.file).name}:{rule.place.line}",
    )


class _Reading:
    """The paths of the facts that expressions may read; every different call is followed once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[str, None] = {}
        self.followed: set[tuple[str, tuple[str | None, ...]]] = set()

    def read(self, e: Expr, paths: dict[str, str]) -> None:
        """Notes what `e` may read; `paths` says what path each variable stands for."""
        path = _path(e, paths)
        if path is not None:
            self.found[path] = None
            return
        match e:
            case ir.Call(name, arguments):
                function = self.program.functions[name]
                passed = tuple(_path(a, paths) for a in arguments)
                for argument, known in zip(arguments, passed, strict=True):
                    if known is None:
                        self.read(argument, paths)
                if (name, passed) not in self.followed:
                    self.followed.add((name, passed))
                    given = zip(function.parameters, passed, strict=True)
                    self.read(function.body, {p: known for (p, _), known in given if known is not None})
            case ir.Aggregate(_, variable, over, where, body):
                listed = _path(over, paths)
                inside = {**paths, variable: f"{listed}[]"} if listed is not None else paths
                if listed is None:
                    self.read(over, paths)
                elif body == ir.Variable(variable) and where is None:
                    self.found[listed] = None
                for part in (where, body):
                    if part is not None and part != ir.Variable(variable):
                        self.read(part, inside)
            case _:
                for part in parts(e):
                    self.read(part, paths)


def _path(e: Expr, paths: dict[str, str]) -> str | None:
    match e:
        case ir.Variable(name):
            return paths.get(name)
        case ir.Field(of, name):
            inner = _path(of, paths)
            return None if inner is None else f"{inner}.{name}"
    return None

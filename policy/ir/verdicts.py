"""Which rules applied, put into words: the `Verdict` that every backend returns for the same rules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from policy.decisions import Citation, Outcome, Reason, Verdict, weakest
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, Rule, parts


def verdict_of(function: Function, permitted: bool, applied: Iterable[int], program: Program) -> Verdict:
    """The verdict of a decision whose rules with the indices `applied` are the reasons for its outcome."""
    rules = [function.rules[n] for n in applied] or [function.rules[-1]]
    consulted = rules if rules[0].name != "otherwise" else list(function.rules)
    readings = {rule.name: _Reading(program, function, rule) for rule in consulted}
    paths = dict.fromkeys(path for reading in readings.values() for path in reading.found)
    outcome = Outcome.PERMITTED if permitted else Outcome.DENIED
    return Verdict(outcome, tuple(_reason(rule, readings[rule.name]) for rule in rules), tuple(paths))


def _reason(rule: Rule, reading: _Reading) -> Reason:
    """The reason that a rule is; its status is the weakest of what it cites and of the numbers and sets it uses."""
    used = (*rule.citations, *reading.used)
    return Reason(
        rule.name,
        rule.effect,
        rule.text,
        rule.citations,
        weakest(c.status for c in used),
        f"{PurePath(rule.place.file).name}:{rule.place.line}",
    )


class _Reading:
    """What a rule may read: paths of facts (`found`), and what its parameters and sets stand on (`used`).

    Every different call is followed once. The rows of tables are not among `used`, for which applies is a matter
    of the facts; `Answer.basis` has those that did.
    """

    def __init__(self, program: Program, function: Function, rule: Rule) -> None:
        self.program = program
        self.found: dict[str, None] = {}
        self.used: dict[Citation, None] = {}
        self.followed: set[tuple[str, tuple[str | None, ...]]] = set()
        self.read(rule.condition, {name: name for name, _ in function.parameters})

    def read(self, e: Expr, paths: dict[str, str]) -> None:
        """Notes what `e` may read; `paths` says what path each variable stands for."""
        path = _path(e, paths)
        if path is not None:
            self.found[path] = None
            return
        match e:
            case ir.Call(name, arguments):
                function = self.program.functions[name]
                if not function.parameters and isinstance(function.body, ir.Choose):
                    self.used.update(dict.fromkeys(c for case in function.body.cases for c in case.citations))
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

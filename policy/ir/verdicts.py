"""Which rules applied, put into words: the `Verdict` that every backend returns for the same rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from policy.decisions import Outcome, Reason, Verdict, weakest
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, Rule, parts


def verdict_of(function: Function, permitted: bool, applied: Iterable[int], program: Program) -> Verdict:
    """The verdict of a decision whose rules with the indices `applied` are the reasons for its outcome."""
    rules = [function.rules[n] for n in applied] or [function.rules[-1]]
    consulted = rules if rules[0].name != "otherwise" else list(function.rules)
    paths = dict.fromkeys(p for r in consulted for p in reads(r.condition, program, _own(function)))
    outcome = Outcome.PERMITTED if permitted else Outcome.DENIED
    return Verdict(outcome, tuple(map(reason_of, rules)), tuple(paths))


def reason_of(rule: Rule) -> Reason:
    return Reason(
        rule.name,
        rule.effect,
        rule.text,
        rule.citations,
        weakest(c.status for c in rule.citations),
        f"{PurePath(rule.place.file).name}:{rule.place.line}",
    )


def _own(function: Function) -> dict[str, str]:
    return {name: name for name, _ in function.parameters}


def reads(e: Expr, program: Program, paths: dict[str, str]) -> Iterator[str]:
    """Paths of the facts that `e` may read; `paths` says what path each variable stands for."""
    path = _path(e, paths)
    if path is not None:
        yield path
        return
    match e:
        case ir.Call(name, arguments):
            function = program.functions[name]
            inner: dict[str, str] = {}
            for (parameter, _), argument in zip(function.parameters, arguments, strict=True):
                passed = _path(argument, paths)
                if passed is None:
                    yield from reads(argument, program, paths)
                else:
                    inner[parameter] = passed
            yield from reads(function.body, program, inner)
        case ir.Aggregate(_, variable, over, where, body):
            listed = _path(over, paths)
            inside = {**paths, variable: f"{listed}[]"} if listed is not None else paths
            if listed is None:
                yield from reads(over, program, paths)
            elif body == ir.Variable(variable) and where is None:
                yield listed
            for part in (where, body):
                if part is not None and part != ir.Variable(variable):
                    yield from reads(part, program, inside)
        case _:
            for part in parts(e):
                yield from reads(part, program, paths)


def _path(e: Expr, paths: dict[str, str]) -> str | None:
    match e:
        case ir.Variable(name):
            return paths.get(name)
        case ir.Field(of, name):
            inner = _path(of, paths)
            return None if inner is None else f"{inner}.{name}"
    return None

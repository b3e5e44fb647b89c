"""Which rules applied, put into words: the `Verdict` that every backend returns for the same rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from policy.answers import Citation, Outcome, Reason, Verdict, weakest
from policy.ir import program as ir
from policy.ir.program import Expr, Function, Program, Rule, walk
from policy.ir.reads import paths_read


def verdict_of(function: Function, permitted: bool, applied: Iterable[int], program: Program) -> Verdict:
    """The verdict of a decision whose rules with the indices `applied` are the reasons for its outcome."""
    rules = [function.rules[n] for n in applied] or [function.rules[-1]]
    consulted = rules if rules[0].name != "otherwise" else list(function.rules)
    paths = dict.fromkeys(path for rule in consulted for path in paths_read(program, function, rule.condition))
    outcome = Outcome.PERMITTED if permitted else Outcome.DENIED
    return Verdict(outcome, tuple(_reason(rule, program) for rule in rules), tuple(paths))


def _reason(rule: Rule, program: Program) -> Reason:
    """The reason that a rule is; its status is the weakest of what it cites and of the numbers and sets it uses."""
    used = (*rule.citations, *_citations_used(rule.condition, program))
    return Reason(
        rule.name,
        rule.effect,
        rule.text,
        rule.citations,
        weakest(c.status for c in used),
        f"{PurePath(rule.place.file).name}:{rule.place.line}",
    )


def _citations_used(e: Expr, program: Program) -> Iterator[Citation]:
    """What the parameters and sets stand on that `e` uses, itself or in what it calls.

    The rows of tables are not among them, for which applies is a matter of the facts; `Answer.basis` has those that
    did.
    """
    called = {c.function for c in walk(e) if isinstance(c, ir.Call)}
    for id in program.calls_first(*sorted(called)) if called else ():
        function = program.functions[id]
        if not function.parameters and isinstance(function.body, ir.Choose):
            for case in function.body.cases:
                yield from case.citations

"""Whether anything can tell a mutant from the original; and if so, the facts that do.

In: a program, and mutants of one declaration of it. Out: for each the question and the facts on which it answers
otherwise, or for other reasons; or that there are none. All mutants are put to one solver, which knows the original
and all that it calls once. Absent: tests; a mutant comes here when no test has killed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from policy.ir import program as ir
from policy.ir.program import FALSE, Expr, Function, Program, map_parts
from policy.model.rules import Parameters
from policy.testing.citing import asked, citing, stands
from policy.testing.mutants import Mutant
from policy.verify.claims import Batch, Claim, Query, differ, exactly_one_true, is_true
from policy.verify.prove import Limits, Solution, encode, reads_lists, solve
from policy.verify.replay import part_of

FIRST, SECOND = "first", "second"  # the two things that a priority orders


@frozen(eq=False)
class Distinction:
    """What tells a mutant apart: a question and facts; no `case` where nothing does, and no `known` if undecided."""

    asked: str = ""
    case: Solution | None = None
    known: bool = True
    longest: int = 0  # up to which lists were looked at, 0 where there are none
    cited: bool = False  # whether it answers the same, and stands on other provisions


def told_apart(program: Program, mutants: Sequence[Mutant], limits: Limits, cited: bool = False) -> list[Distinction]:
    """For each mutant, what tells it apart; of those that cite otherwise, by what their answers stand on."""
    result = [Distinction() for _ in mutants]
    open = set(range(len(mutants)))
    for id in _askers(program, mutants[0]):
        original = program.functions[id]
        if original.kind == "property":
            continue
        functions = dict(program.functions)
        queries: dict[int, list[Query]] = {}
        for n in sorted(open):
            renamed = _variant(program, mutants[n], id, f"@{n}")
            functions.update((f.id, f) for f in renamed)
            new = functions.get(f"{id}@{n}")
            if new is not None:
                queries[n] = list(_miscited(original, new, functions) if cited else _queries(original, new))
            else:
                queries[n] = []
        found = _solved(evolve(program, functions=functions), _parameters(original), queries, limits)
        for n, told in found.items():
            known = told.case is not None or (told.known and result[n].known)
            longest = max(told.longest, result[n].longest)
            result[n] = evolve(told, asked=id, known=known, longest=longest, cited=cited)
            if told.case is not None:
                open.discard(n)
    return result


def _askers(program: Program, mutant: Mutant) -> list[str]:
    """The questions by which a mutant can be told apart: its own; for a set, those that use it."""
    if program.functions[mutant.asked].kind != "set":
        return [mutant.asked]
    return [f.id for f in program.functions.values() if mutant.asked in f.calls]


def _parameters(asked: Function) -> Parameters:
    if asked.kind != "priority":
        return asked.parameters
    [(_, of)] = asked.parameters
    return ((FIRST, of), (SECOND, of))


def _variant(program: Program, mutant: Mutant, asked: str, mark: str) -> list[Function]:
    """The changed functions, and those between them and the question, each with `mark` behind its name."""
    changed = {f.id: f for f in mutant.functions}
    between = {id for id in program.functions if id.startswith(mutant.asked + "#")}  # laid over by an overlay
    ours = {*changed, asked, *between}

    def marked(e: Expr) -> Expr:
        inner = map_parts(e, marked)
        if isinstance(inner, ir.Call) and inner.function in ours:
            return evolve(inner, function=inner.function + mark)
        return inner

    return [
        evolve(
            f,
            id=id + mark,
            body=marked(f.body),
            rules=tuple(evolve(r, condition=marked(r.condition)) for r in f.rules),
        )
        for id in ours
        for f in [changed.get(id, program.functions[id])]
    ]


def _queries(old: Function, new: Function) -> Iterator[Query]:
    """What is satisfiable where a test could tell the two apart: by the answer, or by a reason for it."""
    if old.kind == "priority":
        yield is_true(ir.And((_before(old), ir.Not(_before(new)), *_known(old))))
        return
    before, after = asked(old), asked(new)
    yield differ(before, after)
    if old.kind != "decision":
        return
    spoken = [{r.name: r for r in f.rules[:-1]} for f in (old, new)]
    for name in dict.fromkeys((*spoken[0], *spoken[1])):
        a, b = (rules.get(name) for rules in spoken)
        if a is None or b is None or (a.effect, a.condition) != (b.effect, b.condition):
            yield exactly_one_true(_reason(a, before), _reason(b, after))


def _miscited(old: Function, new: Function, functions: Mapping[str, Function]) -> Iterator[Query]:
    """What is satisfiable where the answers, which are known, stand on other provisions."""
    known = ir.Compare("is", asked(old), asked(old))
    before, after = citing(old, functions), citing(new, functions)
    for provision in dict.fromkeys((*before, *after)):
        a, b = before.get(provision, {}), after.get(provision, {})
        if a.keys() != b.keys():
            yield exactly_one_true(stands(a), stands(b), where=known)


def _reason(rule: ir.Rule | None, outcome: Expr) -> Expr:
    """That a rule is a reason for the outcome."""
    if rule is None:
        return FALSE
    return ir.And((outcome if rule.effect == "permit" else ir.Not(outcome), rule.condition))


def _before(priority: Function) -> Expr:
    """That the first comes before the second, key by key."""
    assert isinstance(priority.body, ir.Items)
    [(name, _)] = priority.parameters
    result: Expr = FALSE
    for key in reversed(priority.body.items):
        first, second = (ir.Let(name, ir.Variable(x), key) for x in (FIRST, SECOND))
        less, same = ir.Compare("<", first, second), ir.Compare("is", first, second)
        result = less if result == FALSE else ir.Or((less, ir.And((same, result))))
    return result


def _known(priority: Function) -> Iterator[Expr]:
    """That all keys of both are known, since a test compares them whole; so no fact of theirs is left out."""
    assert isinstance(priority.body, ir.Items)
    [(name, _)] = priority.parameters
    for key in priority.body.items:
        for x in (FIRST, SECOND):
            yield ir.Let(name, ir.Variable(x), ir.Compare("is", key, key))


def _solved(
    program: Program, parameters: Parameters, queries: dict[int, list[Query]], limits: Limits
) -> dict[int, Distinction]:
    """For each number, the first solution of its queries."""
    numbered = [(n, q) for n, some in queries.items() for q in some]
    claims = tuple(Claim("mutant", "", "", "", q) for _, q in numbered)
    part = part_of(program, *(e for _, q in numbered for e in q.expressions))
    a = encode(part, Batch(parameters, claims), limits)
    result: dict[int, Distinction] = {n: Distinction() for n in queries}
    for place, (n, q) in enumerate(numbered):
        if result[n].case is not None:
            continue
        case = None if str(place) in a.wrong else solve(a, str(place), q)
        longest = limits.longest if a.facts.lists and reads_lists(a.program, q) else 0
        if case is None:
            result[n] = evolve(result[n], known=False)
        elif case.found:
            result[n] = Distinction(case=case)
        else:
            result[n] = evolve(result[n], longest=max(longest, result[n].longest))
    return result

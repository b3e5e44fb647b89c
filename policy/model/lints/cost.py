"""Questions whose answer would take too many calls, or calls nested too deep.

Calls with the same arguments are worked out once, so what counts is how many different ones there can be: an
argument that is a fact is the same wherever it is handed on, one that is computed is new wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.diagnostics import Diagnostic
from policy.model import expressions as typed
from policy.model.calls import callees_first
from policy.model.expressions import Expression, parts
from policy.model.rules import Amendment, Asking, Declaration, Model
from policy.model.traversal import bodies, everything
from policy.nodes import frozen
from policy.remembered import remembered

MOST_CALLS = 10_000  # different ones, to answer a question
DEEPEST = 2_000  # expressions inside each other, on the longest way through all calls

_CALLS = (typed.Apply, typed.Named)

Inside = dict[str, list[Declaration | Amendment]]  # what a question is made of


@frozen(eq=False)
class _Levels:
    """How far inside some expressions anything stands at most, and each call, by its name."""

    deepest: int
    calls: tuple[tuple[str, int], ...]

    def depth(self, deep: dict[str, int]) -> int:
        """The same through all calls."""
        depth = self.deepest
        for name, level in self.calls:
            if level + deep[name] > depth:
                depth = level + deep[name]
        return depth


@frozen(eq=False)
class _Made:
    """What a declaration calls, how far inside, and the same of its local names."""

    calls: tuple[str, ...]
    levels: _Levels
    local: tuple[tuple[str, _Levels], ...]


def lint(model: Model) -> Iterator[Diagnostic]:
    inside: Inside = {id: [d] for id, d in model.declared.items()}
    for amendment in model.amendments:
        inside[amendment.target].append(amendment)
    at_most: dict[str, int] = {}  # calls, were none the same as another
    deep: dict[str, int] = {}
    costly: set[str] = set()

    made = {id: [_made(d) for d in within] for id, within in inside.items()}
    calls = {
        id: each[0].calls if len(each) == 1 else tuple(n for m in each for n in m.calls) for id, each in made.items()
    }
    for id in callees_first(inside, calls.__getitem__):
        called = calls[id]
        if costly and not costly.isdisjoint(called):  # what rests on a costly one is not to blame
            costly.add(id)
            continue
        at_most[id] = 1 + sum(map(at_most.__getitem__, called))
        for name, levels in made[id][0].local:
            deep[f"{id}#{name}"] = levels.depth(deep)
        deep[id] = max([m.levels.depth(deep) for m in made[id]])
        if deep[id] > DEEPEST:
            what = f"has {deep[id]:,} expressions inside each other; {DEEPEST:,} are the most"
        elif at_most[id] > MOST_CALLS and _many(id, model, inside):
            what = f"takes more than {MOST_CALLS:,} different calls"
        else:
            continue
        span = model.declared[id].span
        help = "call with facts, not with what is computed of them"
        yield Diagnostic("too-costly", f"the answer {what}", span, help)
        costly.add(id)


@remembered
def _made(declared: Declaration | Amendment) -> _Made:
    calls = [e.name for e in everything(declared) if isinstance(e, _CALLS)]
    local = declared.local if isinstance(declared, Asking) else ()
    levels = tuple((name.name, _levels_in([name.body])) for name in local)
    return _Made(tuple(calls), _levels_in(bodies(declared)), levels)


def _levels_in(expressions: Iterable[Expression]) -> _Levels:
    deepest = 0
    calls: dict[str, int] = {}
    pending = [(e, 1) for e in expressions]
    while pending:
        e, level = pending.pop()
        deepest = max(level, deepest)
        if isinstance(e, _CALLS):
            calls[e.name] = max(level, calls.get(e.name, 0))
        elif isinstance(e, typed.Defined):
            name = f"{e.of}#{e.name}"
            calls[name] = max(level, calls.get(name, 0))
        pending += [(part, level + 1) for part in parts(e)]
    return _Levels(deepest, tuple(calls.items()))


def _many(question: str, model: Model, inside: Inside) -> bool:
    """Whether the answer takes more than `MOST_CALLS` different calls. A call is its name and its arguments."""
    own = tuple(getattr(model.declared[question], "parameters", ()))
    pending = [(question, tuple(name for name, _ in own))]
    numbers = {call: n for n, call in enumerate(pending)}
    while pending and len(numbers) <= MOST_CALLS:
        call = pending.pop()
        name, given = call
        parameters = getattr(model.declared[name], "parameters", ())
        known = {n: a for (n, _), a in zip(parameters, given, strict=True)}
        for e in (x for d in inside[name] for x in everything(d) if isinstance(x, _CALLS)):
            arguments = e.arguments if isinstance(e, typed.Apply) else ()
            new = e.name, tuple(_fact(a, known) or f"{numbers[call]} {id(a)}" for a in arguments)
            if new not in numbers:
                numbers[new] = len(numbers)
                pending.append(new)
    return len(numbers) > MOST_CALLS


def _fact(e: Expression, known: dict[str, str]) -> str:
    """The path of a fact, or nothing where the expression is none."""
    if isinstance(e, typed.Local):
        return known.get(e.name, "")
    path = _fact(e.of, known) if isinstance(e, typed.FieldAccess) else ""
    return f"{path}.{e.name}" if isinstance(e, typed.FieldAccess) and path else ""

"""Claims about a finite rulebook judged by trying all its facts on all days that can matter, on the interpreter.

In: a rulebook of `finite_rules`. Out: for each verdict of the prover whether it is so; and `main`, which judges any
number of rulebooks. What claims mean is said here once more, in answers to questions where that is possible.

    python tests/support/brute_force.py 1 600      # the seeds from 1 up to 600
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

from attrs import define, evolve, field

from finite_rules import DAYS, ITEM, QUEUED, Finite
from policy.facts.records import record_classes, record_from
from policy.ir import program as ir
from policy.ir.from_model import program_of
from policy.ir.interpret import FaultError, Interpreter, LimitError, Unknown, at
from policy.ir.program import Expr, Program
from policy.ir.simplify import simplify, specialised
from policy.model import types
from policy.model.overlays import overlaid
from policy.pipeline import Checked, RulesFile, check, dated
from policy.source import Source
from policy.verify import overlay
from policy.verify.claims import Batch, Claim, ClaimResult, ProofStatus, Query
from policy.verify.difference import change, compared, directions
from policy.verify.prove import Limits, prove
from policy.verify.questions import batches

LIMITS = Limits(5.0, 2)


class WrongError(AssertionError):
    """A verdict that is not so."""


@define(eq=False)
class World:
    """A program on all days, and its facts."""

    program: Program
    made: Finite
    dated: dict[int, Program] = field(factory=dict)
    simple: dict[tuple[int, int], Expr] = field(factory=dict)
    records: dict[str, list[Any]] = field(factory=dict)
    classes: dict[str, Any] = field(factory=dict)
    kept: list[Expr] = field(factory=list)

    def on(self, day: int) -> Program:
        if day not in self.dated:
            self.dated[day] = specialised(self.program, day)
        return self.dated[day]

    def facts(self, of: types.Type) -> list[Any]:
        """All facts of a record, as the interpreter takes them."""
        assert isinstance(of, types.Record)
        if of.name not in self.records:
            if not self.classes:
                self.classes.update(record_classes(self.program))
            kinds = {"small.F": self.made.fields, "small.Q": QUEUED, "small.Item": ITEM}[of.name]
            values = product(*(k.facts for k in kinds.values()))
            held = (dict(zip(kinds, v, strict=True)) for v in values)
            self.records[of.name] = [record_from(h, of, self.classes, self.program) for h in held]
        return self.records[of.name]

    def all(self, parameters: Sequence[tuple[str, types.Type]]) -> Iterator[dict[str, Any]]:
        """All facts of these parameters."""
        for values in product(*(self.facts(of) for _, of in parameters)):
            yield {n: at(v, n) for (n, _), v in zip(parameters, values, strict=True)}

    def value(self, e: Expr, facts: dict[str, Any], day: int, interpreter: Interpreter) -> Any:
        key = id(e), day
        if key not in self.simple:
            self.kept.append(e)
            self.simple[key] = simplify(e, day)
        try:
            return interpreter.whole(interpreter.evaluate(self.simple[key], facts))
        except FaultError as fault:
            return fault

    def days(self, expressions: Sequence[Expr]) -> Iterator[int]:
        """A day of each kind: on two of a kind the expressions are the same, and so is all that they call."""
        called = [c.function for e in expressions for c in ir.walk(e) if isinstance(c, ir.Call)]
        seen: set[tuple[Expr, ...]] = set()
        for day in DAYS:
            bodies = (self.on(day).functions[id].body for id in self.program.calls_first(*called))
            of_day = (*(simplify(e, day) for e in expressions), *bodies)
            if of_day not in seen:
                seen.add(of_day)
                yield day

    def outcomes(self, batch: Batch, expressions: Sequence[Expr]) -> Iterator[tuple[dict[str, Any], int, list[Any]]]:
        """What the expressions come to on all facts and days."""
        for day in self.days(expressions):
            interpreter = Interpreter(self.on(day))
            for facts in self.all(batch.parameters):
                interpreter.memo.clear()
                yield facts, day, [self.value(e, facts, day, interpreter) for e in expressions]


def solves(query: Query, values: dict[int, Any]) -> bool:
    """Whether values of a query's expressions are a solution."""
    value = values[id(query.expression)]
    if query.where is not None and values[id(query.where)] is not True:
        return False
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
            return told(value) != told(values[id(query.other)])
        case "exactly one true":
            return (value is True) is not (values[id(query.other)] is True)


def told(value: Any) -> Any:
    """What two answers must share."""
    if isinstance(value, FaultError):
        return "fault", None
    return ("unknown", None) if isinstance(value, Unknown) else ("value", value)


def solved(world: World, batch: Batch) -> list[bool]:
    """For each claim whether its query has a solution."""
    if batch.claims[0].kind == "argument":
        return [depends(world, batch)]
    expressions = [e for c in batch.claims for e in c.query.expressions]
    found = [False] * len(batch.claims)
    for _, _, values in world.outcomes(batch, expressions):
        by_id = dict(zip(map(id, expressions), values, strict=True))
        for n, claim in enumerate(batch.claims):
            found[n] = found[n] or solves(claim.query, by_id)
        if all(found):
            break
    return found


def depends(world: World, batch: Batch) -> bool:
    """Whether a question of one argument has two answers on a day, or may have, as one rests on an unset number."""
    (name, of), _ = batch.parameters
    asked = ir.Call(batch.claims[0].subject, (ir.Variable(name),))
    answers: dict[int, set[Any]] = {}
    for _, day, [value] in world.outcomes(evolve(batch, parameters=((name, of),)), [asked]):
        answers.setdefault(day, set()).add(told(value))
    is_open = any(id in world.program.notes for id in world.program.calls_first(batch.claims[0].subject))
    no_answers = {("fault", None), ("unknown", None)}
    return any(
        (is_open and ("unknown", None) in told_on) or len(told_on - no_answers) > 1 for told_on in answers.values()
    )


def judge(claim: Claim, result: ClaimResult, is_solved: bool, has_lists: bool) -> str:
    """The result, if it is right; raises WrongError if it is not. Longer lists than are tried may show a case."""
    holds = claim.is_universal is not is_solved
    if has_lists and result.status is ProofStatus.PROVED and not (claim.is_universal or is_solved):
        return f"{claim.kind} proved, if at all by longer lists"
    right = {
        ProofStatus.PROVED: holds,
        ProofStatus.REFUTED: not holds,
        ProofStatus.NOT_FOUND: not holds,
        ProofStatus.UNDECIDED: True,
        ProofStatus.NOT_ENCODED: True,
    }
    if not right.get(result.status, False):
        raise WrongError(
            f"{claim.subject}: {claim.statement} is {result.outcome}, but it {'holds' if holds else 'fails'}"
        )
    return f"{claim.kind} {result.status.value}"


def accepted(rules: Checked, result: ClaimResult) -> bool:
    """Whether an example is accepted as facts of a question, where its claim is about one."""
    example = result.example
    question = result.subject
    kind = rules.model.declared[question].kind if question in rules.model.declared else ""
    if example is None or kind not in ("value", "table", "decision"):
        return False
    book = dated(program_of(rules.model, "d"), example.on)
    read = book.reader(question).read(Source("<facts>", json.dumps(example.facts)))
    if isinstance(read, list):
        raise WrongError(f"{question}: the example {example} is refused: {read[0].message}")
    return True


def judged(seed: int) -> Counter[str]:
    """All verdicts about one rulebook; how many there were of each kind."""
    made = Finite(Random(seed))
    rules = check([RulesFile("small.policy", made.text.encode()), RulesFile("house.policy", made.house.encode())])
    if rules.errors:
        return Counter({f"refused by check: {rules.errors[0].code}": 1})
    tally: Counter[str] = Counter()
    law = program_of(rules.model, "law")
    world = World(law, made)
    for batch in batches(rules.model, law):
        if not batch.claims:
            continue
        tally.update(judged_batch(world, rules, batch))
    house = program_of(overlaid(rules.model, "small.house"), "house", "small.house")
    both = overlay.compared(rules.model, law, house, "small.house")
    for batch in both.batches:
        tally.update(judged_batch(World(both.program, made), rules, batch))
    tally.update(judged_change(made, rules, law))
    return tally


def judged_batch(world: World, rules: Checked, batch: Batch) -> Iterator[str]:
    results = prove(world.program, batch, LIMITS)
    has_lists = bool({"items", "list"} & set(world.made.fields))
    for claim, result, is_solved in zip(batch.claims, results, solved(world, batch), strict=True):
        yield judge(claim, result, is_solved, has_lists)
        if accepted(rules, result):
            yield "example accepted"


def judged_change(made: Finite, rules: Checked, law: Program) -> Iterator[str]:
    """Whether what is said of a change of the rules is so."""
    other = check([RulesFile("small.policy", made.changed.encode())])
    if other.errors:
        return
    c = change(law, program_of(other.model, "changed"), directions(rules.model))
    world = World(c.both, made)
    for id in c.other:
        function = c.both.functions.get(id + "@before")
        if function is None or any(not isinstance(of, types.Record) for _, of in function.parameters):
            continue
        difference = compared(c, id, LIMITS)
        batch = Batch(function.parameters, ())
        sides = [
            ir.Call(id + side, tuple(ir.Variable(n) for n, _ in function.parameters))
            for side in ("@before", "@after")
        ]
        ways = {way_of(function, *values) for _, _, values in world.outcomes(batch, sides)} - {""}
        said, differs = {w.name for w in difference.ways}, bool(ways)
        ways -= {"otherwise"}
        if difference.outcome in ("not decided", "cannot be encoded", "asked differently", "added", "removed"):
            yield f"difference {difference.outcome}"
        elif (difference.outcome == "equivalent") is differs or (not difference.why and said != ways):
            raise WrongError(f"{id}: {difference.outcome} {sorted(said)}, but {sorted(ways)}")
        else:
            yield f"difference {'found' if differs else 'none'}"


def way_of(function: ir.Function, before: Any, after: Any) -> str:
    """In which way two answers differ; nothing where they do not."""
    (a, x), (b, y) = told(before), told(after)
    if (a, x) == (b, y):
        return ""
    if a == b == "value":
        if function.kind == "decision":
            return "permits more" if y else "denies more"
        if isinstance(x, bool):
            return "other"
        return "rises" if y > x else "falls"
    if a == "value":
        return f"newly {'undecided' if b == 'unknown' else 'fails'}"
    if b == "value":
        return "newly decided" if a == "unknown" else "fails no more"
    return "otherwise"


def main(first: int, last: int) -> None:
    """Judges rulebooks and prints what is wrong, and how many verdicts there were of each kind."""
    tally: Counter[str] = Counter()
    wrong = 0
    begun = time.monotonic()
    for seed in range(first, last + 1):
        try:
            tally.update(judged(seed))
        except Exception as reason:
            wrong += 1
            print(f"seed {seed}: {type(reason).__name__}: {str(reason)[:1500]}", flush=True)
        if seed % 20 == 0:
            done = sum(tally.values())
            print(f"seed {seed}: {done} verdicts, {wrong} wrong, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{last - first + 1} rulebooks, {sum(tally.values())} verdicts, {wrong} wrong")
    for what, count in sorted(tally.items()):
        print(f"{count:7} {what}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""Two small rulebooks whose facts are not quite the same, and what differs between them, by trying every fact.

Each fact is read by the readers of both rulebooks and answered by their interpreters. Whatever the proofs say of the
pair is compared with that.

    PYTHONPATH=tests/support python -m two_vocabularies 1 500    # the pairs of seeds 1 to 500
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

from attrs import frozen

from cases_of_rules import HEAD
from policy.ir.program import Program
from policy.model import types
from policy.pipeline import RulesFile, check, dated, load_program
from policy.rulebook import Rulebook
from policy.verify.difference import Difference, change, compared, directions
from policy.verify.prove import Limits
from policy.verify.vocabulary import FactDifference
from random_vocabularies import Asked, Pair, Thing

ON = "2026-03-01"
LIMITS = Limits(20.0, 2)
Json = Any

# ── what differs ────────────────────────────────────────────────────────────────────────────


def _program(text: str) -> Program:
    return load_program([RulesFile("t.policy", (HEAD + text).encode())])


def _read(book: Rulebook, question: str, facts: dict[str, Json]) -> Any:
    read = book.reader(question).read(json.dumps({"f": facts}))
    return None if isinstance(read, list) else read


@frozen(eq=False)
class Judge:
    """The pair, its programs, and what the proofs say of it."""

    pair: Pair
    programs: tuple[Program, Program]
    books: tuple[Rulebook, Rulebook]
    facts: dict[str, FactDifference]
    differences: dict[str, Difference]

    @staticmethod
    def of(pair: Pair) -> Judge:
        before, after = map(_program, pair.texts)
        model = check([RulesFile("t.policy", (HEAD + pair.texts[1]).encode())]).model
        c = change(before, after, directions(model))
        found = {id: compared(c, id, LIMITS) for id in c.other}
        books = dated(before, ON), dated(after, ON)
        return Judge(pair, (before, after), books, {d.name: d for d in c.vocabulary.facts}, found)

    def accepted(self, thing: Thing, value: Any, side: int) -> bool:
        known = thing.side(side)
        if known is None:
            return False
        facts = _placed({}, thing, {known[0]: thing.written(value, side)})
        return _read(self.books[side], self.pair.asked[0].names[side], facts) is not None

    def wrong(self) -> Iterator[str]:
        common: list[list[Any]] = []
        for thing in self.pair.things:
            kept = [[self.accepted(thing, v, side) for side in (0, 1)] for v in thing.values()]
            yield from self.wrong_of_fact(thing, kept)
            both_know = thing.before and thing.after
            common.append([v for v, k in zip(thing.values(), kept, strict=True) if (all(k) if both_know else any(k))])
        for asked in self.pair.asked:
            yield from self.wrong_of_question(asked, common)

    def wrong_of_fact(self, thing: Thing, kept: list[list[bool]]) -> Iterator[str]:
        name = (thing.after or thing.before or ("", None))[0]
        told = self.facts.get(name)
        if thing.before is None or thing.after is None:
            expected = "removed" if thing.after is None else "added"
        elif thing.is_retyped:  # though a number without its currency would be read by both
            expected = "accepted otherwise"
        else:
            newly, lost = any(a and not b for b, a in kept), any(b and not a for b, a in kept)
            one = "newly accepted" if newly else "newly refused" if lost else ""
            expected = "accepted otherwise" if newly and lost else one
        if (told.outcome if told else "") != expected:
            yield f"fact {name}: {told.outcome if told else 'nothing'}, but it is {expected or 'the same'}"

    def wrong_of_question(self, asked: Asked, common: list[list[Any]]) -> Iterator[str]:
        id = f"t.{asked.names[1]}"
        told = self.differences.get(id)
        outcome = told.outcome if told else "equivalent"
        read = [self.pair.things[n] for side in (0, 1) for n in asked.reads[side]]
        gone = any(self.pair.things[n].after is None for n in asked.reads[0])
        new = any(self.pair.things[n].before is None for n in asked.reads[1])
        if any(t.is_retyped for t in read) or (gone and new):
            if outcome != "asked differently":
                yield f"{id}: {outcome}, though the facts are not the same"
            return
        if outcome in ("not decided", "cannot be encoded"):
            yield f"{id}: {outcome}"
            return
        ways: dict[str, Fraction] = {}
        used = sorted(asked.reads[0] | asked.reads[1])
        for values in product(*(self.values(n, common[n]) for n in used)):
            answers = [self.answer(asked.names[side], dict(zip(used, values, strict=True)), side) for side in (0, 1)]
            if way := _way(*answers):
                by = answers[1][1] - answers[0][1] if way in ("rises", "falls") else Fraction(0)
                ways[way] = max(ways.get(way, Fraction(0)), abs(by))
        said = {w.name for w in told.ways} if told else set()
        if said != set(ways) or (outcome == "equivalent") is not (not ways):
            yield f"{id}: {outcome} {sorted(said)}, but it is {sorted(ways)}"
        for w in told.ways if told else ():
            if w.by and w.name in ways and Fraction(w.by.split()[0]) != ways[w.name]:
                yield f"{id}: {w.name} by {w.by}, but it is {float(ways[w.name])}"
            side = 0 if gone else 1
            facts = w.example.facts["f"] if self.books[side].question(asked.names[side]).parameters else {}
            if gone is False and _read(self.books[side], asked.names[side], facts) is None:  # type: ignore[arg-type]
                yield f"{id}: the example {facts} is no fact"

    def values(self, n: int, common: list[Any]) -> list[Any]:
        """What a thing may be: of one in each element of a list, lists of at most two."""
        if self.pair.things[n].place != "ps":
            return common
        return [(), *((a,) for a in common), *product(common, common)]

    def answer(self, question: str, values: dict[int, Any], side: int) -> tuple[str, Any]:
        """The answer's unit, and its value as a quantity."""
        facts: dict[str, Json] = {}
        for n, value in values.items():
            thing = self.pair.things[n]
            known = thing.side(side)
            if thing.place == "ps":
                facts["ps"] = [{known[0]: thing.written(v, side)} if known else {} for v in value]
            elif known:
                _placed(facts, thing, {known[0]: thing.written(value, side)})
        read = _read(self.books[side], question, facts)
        assert read is not None, facts
        answer = self.books[side].interpreter(question).answer(*read)
        of = self.books[side].question(question).type
        if isinstance(of, types.Number):
            return of.unit, Fraction(answer.value, 10**of.scale)
        return "", answer.outcome.value


def _placed(facts: dict[str, Json], thing: Thing, fact: dict[str, Json]) -> dict[str, Json]:
    """The facts with one more, where it stands."""
    if thing.place == "ps":
        return {**facts, "ps": [fact]}
    facts.update({"p": fact} if thing.place == "p" else fact)
    return facts


def _way(before: tuple[str, Any], after: tuple[str, Any]) -> str:
    """How two answers differ; empty where they do not."""
    if before[0] != after[0]:
        return "other"
    if before[1] == after[1]:
        return ""
    if isinstance(after[1], str):
        return "permits more" if after[1] == "permitted" else "denies more"
    return "rises" if after[1] > before[1] else "falls"


def judged(seed: int) -> list[str]:
    """What is wrong with what the proofs say of the pair of a seed."""
    pair = Pair.of(seed)
    return [f"seed {seed}: {wrong}\n{pair.texts[0]}\n---\n{pair.texts[1]}" for wrong in Judge.of(pair).wrong()]


def claims(seed: int) -> int:
    """How many facts and questions of a pair are judged."""
    pair = Pair.of(seed)
    return len(pair.things) + len(pair.asked)


if __name__ == "__main__":
    first, last = map(int, sys.argv[1:3])
    found = [wrong for seed in range(first, last + 1) for wrong in judged(seed)]
    print("\n\n".join(found))
    print(f"{last - first + 1} pairs, {sum(map(claims, range(first, last + 1)))} claims, {len(found)} wrong")

"""Whatever text and facts are given: findings and answers, never an exception, and never for ever."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import click
import pytest

from cases_of_rules import HEAD
from mutations import RULESETS, STRANGE, mutated, remarked, rulebooks
from policy.answers import Outcome
from policy.cli.answers import derivation_json, derivation_text
from policy.cli.sarif import sarif
from policy.diagnostics import draw
from policy.facts.schema import template
from policy.model.regions import Box, Ints, Region, ValueSet, disjoint, overlapping
from policy.pipeline import Rulebook, RulesFile, check, dated, load, program
from policy.recursion import allow_deep_programs
from policy.source import Source
from policy.syntax.from_text import parse
from policy.syntax.to_text import formatted
from policy.testing.coverage import Coverage, watched
from policy.testing.run import Runner
from policy.testing.samples import try_properties
from random_rules import Rules

# ── rules ───────────────────────────────────────────────────────────────────────────────────


def survives(texts: list[RulesFile]) -> None:
    """Checks the texts; where nothing is wrong, asks every question, and runs every test and property."""
    checked = check(texts)
    for d in checked.diagnostics:
        assert draw(d)
        assert d.as_json()
    sarif(checked.diagnostics)
    if checked.errors:
        return
    for overlay in ("", *(r.name for r in checked.model.rulesets.values() if r.amends)):
        rulebook = dated(program(checked, overlay), "2026-03-01")
        for function in rulebook.program.functions.values():
            if function.kind != "set":
                for facts in (template(rulebook.program, function), {}):
                    answers_alike(rulebook, function.id, json.dumps(facts))
    runner = Runner(checked.model, "")
    for test in checked.model.tests:
        runner.run(test)
    list(try_properties(runner, 10))


def answers_alike(rulebook: Rulebook, question: str, facts: str) -> Any:
    """The answer, the same from both evaluators and explained; None where the facts are refused."""
    read = rulebook.reader(question).read(Source("facts", facts))
    if isinstance(read, list):
        assert all(map(draw, read))
        return None
    answer = rulebook.interpreter(question).answer(*read)
    assert rulebook.evaluator(question).answer(*read) == answer
    assert all(need in answer.derivation.value for need in answer.needs)
    return answer


def survive_mutations(seeds: range) -> None:
    seen = rulebooks()
    for seed in seeds:
        chance = Random(seed)
        texts = list(chance.choice(seen))
        at = chance.randrange(len(texts))
        data = mutated(texts[at].data.decode(), chance).encode("utf-8", "replace")
        texts[at] = RulesFile(texts[at].name, data)
        try:
            survives(texts)
        except Exception as failure:
            failure.add_note(f"seed {seed}: {texts}")
            raise


@pytest.mark.parametrize("part", range(2))
def test_mutated_rules_give_findings(part: int) -> None:
    survive_mutations(range(part * 200, part * 200 + 200))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_thousands_of_mutated_rules_give_findings(part: int) -> None:
    survive_mutations(range(1_000 + part * 300, 1_300 + part * 300))


def test_a_step_that_is_no_number() -> None:
    text = HEAD + 'value v(n: integer) -> integer "v" zh "值" = round down to "a" (n / 3) per LAW/1'
    assert [d.code for d in check([RulesFile("t.policy", text.encode())]).errors] == ["bad-step"]


def test_a_record_that_shares_a_name_and_a_field() -> None:
    text = HEAD + 'enum A { x "x" zh "x" } record A "a" zh "a" { kind: A } record B "b" zh "b" { kind: A }'
    assert [d.code for d in check([RulesFile("t.policy", text.encode())]).errors] == ["duplicate-name"]


# ── facts ───────────────────────────────────────────────────────────────────────────────────


def survive_facts(seeds: range) -> None:
    rulebook = load(on="2026-03-01")
    functions = [f for f in rulebook.program.functions.values() if f.parameters and f.kind not in ("property", "set")]
    forms = {f.id: json.dumps(template(rulebook.program, f), ensure_ascii=False, indent=1) for f in functions}
    for seed in seeds:
        chance = Random(seed)
        question = chance.choice(list(forms))
        answers_alike(rulebook, question, mutated(forms[question], chance))
        words = [*STRANGE, "null", "1e400", "-0", "1E-30", "NaN", '""', '"9999-12-31"', "[[]]", '{"a": 1}', "true"]
        line = forms[question].split("\n")
        at = chance.randrange(len(line))
        key, colon, value = line[at].partition(": ")
        line[at] = key + colon + chance.choice(words) + ("," if value.endswith(",") else "")
        answers_alike(rulebook, question, "\n".join(line))


def test_mutated_facts_are_answered_or_refused() -> None:
    survive_facts(range(400))


@pytest.mark.slow
def test_thousands_of_mutated_facts_are_answered_or_refused() -> None:
    survive_facts(range(1_000, 4_000))


@pytest.mark.parametrize("data", [b"\xff\xfe{}", b'{"n": "caf\xe9"}', b"\xed\xa0\x80"])
def test_facts_that_are_not_utf_8_are_refused(data: bytes) -> None:
    rulebook = dated(program(check([RulesFile("t.policy", (HEAD + chain(1)).encode())])), "2026-03-01")
    [finding] = rulebook.reader("v0").read_bytes("facts", data)
    assert finding.code == "not-utf-8"
    assert draw(finding)


# ── the formatter ───────────────────────────────────────────────────────────────────────────


def format_remarks(seeds: range) -> None:
    shipped = [f.read_text(encoding="utf-8") for f in sorted(RULESETS.rglob("*.policy"))]
    for seed in seeds:
        chance = Random(seed)
        text = chance.choice(shipped) if chance.random() < 0.25 else Rules(chance).text
        source = Source("t", remarked(text, chance, chance.choice((0.002, 0.02, 0.2))))
        parsed = parse(source)
        assert not parsed.diagnostics, seed
        once = Source("t", formatted(source, parsed.file))  # asserts that no token and no comment is lost
        again = parse(once)
        assert again.file == parsed.file, seed
        assert formatted(once, again.file) == once.text, seed
        assert "\r" not in once.text
        assert all(line == line.rstrip() for line in once.text.split("\n")), seed


@pytest.mark.slow
def test_comments_and_line_breaks_anywhere_survive_formatting() -> None:
    format_remarks(range(40))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_comments_and_line_breaks_anywhere_survive_formatting(part: int) -> None:
    format_remarks(range(1_000 + part * 60, 1_060 + part * 60))


# ── size ────────────────────────────────────────────────────────────────────────────────────


def chain(length: int, step: str = "v{}(n) + 1", of: str = "integer") -> str:
    values = [f'value v0(n: integer) -> {of} "v" zh "值" = {"n" if of == "integer" else "n > 1"} per LAW/1']
    for n in range(1, length):
        values.append(f'value v{n}(n: integer) -> {of} "v" zh "值" = {step.format(*[n - 1] * 9)} per LAW/1')
    return "\n".join(values)


def table(hit: str, cell: str, last: str, type: str = "integer") -> str:
    rows = "\n".join(f"| {cell.format(n)} | {n} | LAW/1 |" for n in range(2_000))
    return f'table v(n: {type}) -> integer "t" zh "表" {hit}\n| n | v | per |\n{rows}\n| {last} | 7 | LAW/1 |'


def decisions(length: int) -> str:
    """Each is asked for three times by the next."""
    texts = ['decision v0(n: integer) "d" zh "定" otherwise permit "o" zh "許"']
    texts.append('deny r when n > 10 because "r" zh "理" per LAW/1')
    for n in range(1, length):
        texts.append(
            f'decision v{n}(n: integer) "d" zh "定" otherwise permit "o" zh "許" per LAW/1\n'
            f'deny a when v{n - 1}(n) and not v{n - 1}(n) because "a" zh "甲" per LAW/1\n'
            f'deny b when not v{n - 1}(n) because "b" zh "乙" per LAW/1'
        )
    return "\n".join(texts)


RULES = "".join(f' deny r{n} when n > {n} or n is -{n} because "r" zh "理" per LAW/1\n' for n in range(500))
IFS = "".join(f"if n is {n} then {n + 1} else " for n in range(95))
ONE = "exactly one row applies"
SHAPES = {
    "a chain": (chain(500), "v499"),
    "a chain, last first": ("\n".join(reversed(chain(500).split("\n"))), "v499"),
    "a chain of alternatives": (chain(500, "n is 0 or (n is -1 and n is -2) or v{}(n)", "boolean"), "v499"),
    "each calls the last twice": (chain(40, "max(v{}(n), v{}(n))"), "v39"),
    "each computes for the last": (chain(13, "max(v{}(2 * n), v{}(2 * n + 1))"), "v12"),
    "each takes one of two": (chain(40, "if v{}(n) > n then v{}(n) else v{}(n) + 1"), "v39"),
    "decisions about decisions": (decisions(40), "v39"),
    "a table of numbers": (table(ONE, "{}", "other"), "v"),
    "a table of words": (table(ONE, '"w{}"', "other", "text"), "v"),
    "a table of bounds": (table("highest of the rows that apply", ">= {}", "< 0"), "v"),
    "a table in order": (table("first row that applies", "{}", "any"), "v"),
    "500 rules": (f'decision v(n: integer) "d" zh "定" otherwise permit "o" zh "許"\n{RULES}', "v"),
    "if after if": (f'value v(n: integer) -> integer "v" zh "值" = {IFS} 0 per LAW/1', "v"),
    "nested magnitudes": (f'value v(n: integer) -> integer "v" zh "值" = {"abs(" * 48}n{")" * 48} per LAW/1', "v"),
    "nested clamps": (
        f'value v(n: integer) -> integer "v" zh "值" = {"clamp(" * 95}n{", 0, 9)" * 95} per LAW/1',
        "v",
    ),
}


@pytest.fixture
def deep() -> Iterator[None]:
    """A process that allows deep programs."""
    before = sys.getrecursionlimit()
    allow_deep_programs()
    yield
    sys.setrecursionlimit(before)


DEAR = {"a chain of alternatives", "each computes for the last", "a table of bounds", "a chain, last first"}


@pytest.mark.parametrize("shape", [pytest.param(s, marks=[pytest.mark.slow] if s in DEAR else []) for s in SHAPES])
@pytest.mark.usefixtures("deep")
def test_large_rulebooks_are_checked_and_answered_in_time(shape: str) -> None:
    text, question = SHAPES[shape]
    started = time.process_time()
    checked = check([RulesFile("t.policy", (HEAD + text).encode())])
    assert not checked.errors
    rulebook = dated(program(checked), "2026-03-01")
    facts = {"n": "w7" if "text" in text else 1}
    answer = answers_alike(rulebook, question, json.dumps(facts))
    assert answer.outcome not in (Outcome.UNDECIDED, Outcome.FAILED)
    assert answers_alike(rulebook, question, "{}").needs == ("n",)
    assert len(derivation_text(answer.derivation)) < 2_000_000
    assert json.dumps(derivation_json(answer.derivation))
    watched(rulebook.program, rulebook.question(question), answer.arguments, Coverage())
    assert time.process_time() - started < 20


@pytest.mark.parametrize("text", [chain(30, "max(v{}(2 * n), v{}(2 * n + 1))"), chain(1_200)])
def test_what_would_take_too_long_or_too_deep_is_refused(text: str) -> None:
    codes = [d.code for d in check([RulesFile("t.policy", (HEAD + text).encode())]).errors]
    assert codes == ["too-costly"]


def test_a_library_does_not_change_how_deep_python_may_call() -> None:
    before = sys.getrecursionlimit()
    checked = check([RulesFile("t.policy", (HEAD + chain(500)).encode())])
    with pytest.raises(RecursionError, match=r"nested 2,998 deep .* `sys.setrecursionlimit\(30000\)`"):
        program(checked)
    assert sys.getrecursionlimit() == before


@pytest.mark.usefixtures("deep")
def test_what_is_long_is_told_once() -> None:
    pairs = [
        'value a0(n: integer) -> integer "v" zh "值" = n per LAW/1',
        'value b0(n: integer) -> integer "v" zh "值" = n per LAW/1',
    ]
    for n in range(1, 40):
        for name in "ab":
            body = f"max(a{n - 1}(n), b{n - 1}(n))"
            pairs.append(f'value {name}{n}(n: integer) -> integer "v" zh "值" = {body} per LAW/1')
    rulebook = dated(program(check([RulesFile("t.policy", (HEAD + "\n".join(pairs)).encode())])), "2026-03-01")
    told = click.unstyle(derivation_text(answers_alike(rulebook, "a39", '{"n": 5}').derivation))
    assert "b38: 5, as above" not in told
    assert "a37: 5, as above" in told
    assert told.count("\n") < 1_000


# ── what rows cover ─────────────────────────────────────────────────────────────────────────


def region(of: str, chance: Random) -> Region:
    if of == "words":
        return ValueSet(frozenset(chance.sample("abcdefghijk", chance.randint(0, 4))), chance.random() < 0.2)
    points = sorted(chance.sample(range(20), 2 * chance.choice((0, 1, 1, 1, 2, 3))))
    return Ints(tuple(zip(points[::2], points[1::2], strict=True)))


def test_regions_meet_as_sets_do() -> None:
    def members(r: Region) -> set[int]:
        assert isinstance(r, Ints)
        return {x for low, high in r.intervals for x in range(low, high)}

    chance = Random(1)
    for _ in range(2_000):
        a, b = region("ints", chance), region("ints", chance)
        assert isinstance(a, Ints)
        assert isinstance(b, Ints)
        assert members(a.intersection(b)) == members(a) & members(b)
        assert members(a.difference(b)) == members(a) - members(b)


def test_overlaps_are_those_of_every_pair() -> None:
    chance = Random(2)
    for _ in range(300):
        columns = [chance.choice(("ints", "words")) for _ in range(chance.randint(1, 3))]
        rows: list[Box | None] = [
            tuple(region(c, chance) for c in columns) if chance.random() < 0.95 else None
            for _ in range(chance.randint(1, 40))
        ]
        known = [(n, box) for n, box in enumerate(rows) if box is not None]
        wanted = [(m, n) for (m, a), (n, b) in product(known, known) if m < n and not disjoint(a, b)]
        assert overlapping(rows) == wanted

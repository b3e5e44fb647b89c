"""The rulebook as C: its answers are the interpreter's, whatever the rules, the facts and the caller."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest

import case_files
import native_agreement
import optional
from cases_of_rules import split
from native import UNDEFINED, Library, built, compiler, told, written
from native_agreement import agree
from policy import resources
from policy.backends.c import operators
from policy.backends.c.compile import compiled, questions_of
from policy.diagnostics import PolicyError
from policy.facts.records import record_from
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.pipeline import RulesFile, check, dated, program, read_folder
from policy.source import Source
from policy.testing.run import NO_DATE, Runner
from policy.vocabulary import ArithmeticOperator, ComparisonOperator, PartOfDate, RoundingMode

SUPPORT = Path(native_agreement.__file__).parent
Built = Callable[..., Library]
HEAD = 'language 1\nruleset t "t"\nsource S "s" status official\nprovision S/1 "one"\n'


@pytest.fixture
def of_rules(tmp_path: Path) -> Built:
    """What makes a library of rules; skipped without a compiler."""
    compiler()

    def make(text: str, *flags: str, overlay: str = "") -> Library:
        checked = check([RulesFile("t.policy", (HEAD + text).encode())])
        assert not checked.errors, checked.errors
        undated = program(checked, overlay)
        return built(compiled(undated, questions_of(undated)), tmp_path, *(flags or ("-O0", *UNDEFINED)))

    return make


def test_c_knows_every_operator() -> None:
    assert operators.COMPARE.keys() == set(get_args(ComparisonOperator))
    assert operators.ARITHMETIC.keys() == set(get_args(ArithmeticOperator))
    assert operators.OVERFLOWS.keys() == operators.ARITHMETIC.keys() - {"min", "max"}
    assert operators.DIVIDE.keys() == set(get_args(RoundingMode))
    assert operators.DATE_PART.keys() == set(get_args(PartOfDate))


# ── the same answers ────────────────────────────────────────────────────────────────────────


def test_random_rules(tmp_path: Path) -> None:
    compiler()
    counted: Counter[str] = Counter()
    for seed in (3, 4):
        counted += agree(seed, 12, tmp_path)
    assert all(counted[outcome] > 3 for outcome in ("value", "permitted", "denied", "undecided", "failed")), counted


@pytest.mark.slow
def test_many_random_rules(tmp_path: Path) -> None:
    compiler()
    counted: Counter[str] = Counter()
    for seed in (*range(100, 118), 1075, 1277):
        counted += agree(seed, 60, tmp_path)
    assert counted.total() > 5_000


@pytest.mark.slow
def test_random_rules_under_the_address_sanitizer() -> None:
    """In a process of its own, which loads the sanitizer before all else."""
    found = subprocess.run([compiler(), "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    sanitizer = found.stdout.strip()
    if not Path(sanitizer).is_absolute():
        pytest.skip("this needs the address sanitizer of GCC: apt install gcc")
    names = {**os.environ, "LD_PRELOAD": sanitizer, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, str(SUPPORT / "native_agreement.py"), "400", "7", "-fsanitize=address", *UNDEFINED]
    done = subprocess.run(command, env=names, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    assert "value" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("overlay", ["", "example.house.orders"])
def test_the_shipped_tests(overlay: str, tmp_path: Path) -> None:
    compiler()
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    runner, asked = Runner(checked.model, "shipped"), 0
    undated = runner.whole(overlay)
    library = built(compiled(undated, questions_of(undated)), tmp_path)
    for test in checked.model.tests:
        if (test.ruleset if checked.model.rulesets[test.ruleset].amends else "") != overlay:
            continue
        day = test.on or NO_DATE
        law, _, classes = runner.program(test.ruleset, day)
        for e in (e for e in test.expectations if e.kind != "refused" and e.question in library.layout.asked):
            types = [of for _, of in law.functions[e.question].parameters]
            for facts in (e.arguments, e.other):
                if len(facts) == len(types):
                    given = [record_from(f, of, classes, law) for f, of in zip(facts, types, strict=True)]
                    meant = InterpretedEvaluator(DatedQuestion(e.question, law)).answer(*given)
                    assert library.ask(e.question, day, given) == told(meant), test.title.en
                    asked += 1
    assert asked > (10 if overlay else 1_500)


def corpus_cases() -> Iterator[case_files.Case]:
    for file in sorted((case_files.CORPUS / "decisions").glob("*.txt")):
        yield from case_files.read(file)[1]


@pytest.mark.slow
def test_the_corpus(tmp_path: Path) -> None:
    """Every case that has rules, asked as it stands; what C refuses it refuses by name."""
    compiler()
    asked, refused = 0, []
    for number, case in enumerate(corpus_cases()):
        texts, questions = split(case.input)
        checked = check(texts)
        for under in dict.fromkeys(a.under for a in questions):
            undated, some = program(checked, under), [a for a in questions if a.under == under]
            functions = [dated(undated, a.on).question(a.question) for a in some]
            chosen = [undated.functions[id] for id in dict.fromkeys(f.id for f in functions)]
            try:
                made = compiled(undated, chosen)
            except PolicyError as error:
                refused.append(error.diagnostics[0].message)
                continue
            folder = tmp_path / f"{number}{under}"
            folder.mkdir()
            library = built(made, folder)
            for a, function in zip(some, functions, strict=True):
                book = dated(undated, a.on)
                for facts in a.facts:
                    read = book.reader(a.question).read(Source("<facts>", facts))
                    if isinstance(read, tuple):
                        meant = told(book.interpreter(a.question).answer(*read))
                        assert library.ask(function.id, date.fromisoformat(a.on).toordinal(), read) == meant, (
                            case.title
                        )
                        asked += 1
    assert asked > 400
    assert all("a list that the rules make" in message or "lists" in message for message in refused), refused


# ── what is hard to get right ───────────────────────────────────────────────────────────────

NUMBERS = """
record R { a: integer  b: integer  list: list of integer  name: text }
value product(r: R) -> integer "p" = r.a * r.b * r.a * r.b per S/1
value wide(r: R) -> integer "w" = r.a * r.b per S/1
value quotient(r: R) -> integer "q" = round half even to 1 (r.a * r.a / r.b) per S/1
value total(r: R) -> integer "t" = sum(x * x for x in r.list) per S/1
value middle(r: R) -> integer "m" = (max(x for x in r.list) default 0) + (min(x for x in r.list) default 0) per S/1
value largest(r: R) -> integer "l" = sum of the 2 largest (x for x in r.list) per S/1
value ordered(r: R) -> integer "o"
  = first of (x for x in [y for y in r.list by lowest y * y then highest y]) default 0 per S/1
value second(r: R) -> integer "s"
  = first of (x for x in first 2 of (y for y in r.list by highest y) by lowest x) default 0 per S/1
value two(r: R) -> integer "t" = sum(x for x in first 2 of (y for y in r.list by highest y * y then lowest y)) per S/1
value kinds(r: R) -> integer "k" = count(distinct x for x in r.list) per S/1
value middle_of(r: R) -> integer "m" = round down to 1 (median of (x for x in r.list) default 0) per S/1
value signs(r: R) -> integer "s" = count(distinct x > 0 for x in r.list) per S/1
value among(r: R) -> boolean "a" = r.a * r.b in {0, 1, -21, 1000000000} per S/1
decision named(r: R) "n" otherwise permit "o"
  deny rude when r.name in {"虛擬", "a\\"b", ""} because "r" per S/1
"""
MOST = 10**18 - 1
WIDE = """
record R { a: integer  b: integer }
set wide of integer = {1, 9000000000000000000}
value among(r: R) -> boolean "m" = r.a * r.b in {0, 18446744073709551617, 5} per S/1
value doubled(r: R) -> boolean "d" = r.a * 2 in {2, 18000000000000000000} per S/1
value below(r: R) -> boolean "b" = r.a < 18446744073709551617 or any(x is r.a for x in [r.a]) per S/1
"""


def test_sets_of_numbers_beyond_64_bits(of_rules: Built) -> None:
    """They are compared one by one; another use of such a set is refused."""
    library = of_rules(WIDE)
    book = dated(library.layout.program, "2026-03-01")
    for a, b in ((1, 1), (5, 1), (0, 7), (274_177, 67_280_421_310_721), (9 * 10**17, 10)):
        r = book.records["R"](a=a, b=b)
        for id in ("t.among", "t.doubled", "t.below"):
            assert library.ask(id, 739_676, (r,)) == told(book.interpreter(id).answer(r)), (id, a, b)
    text = WIDE + 'value total(r: R) -> integer "t" = sum(x * 2 for x in wide) per S/1\n'
    undated = program(check([RulesFile("t.policy", (HEAD + text).encode())]))
    with pytest.raises(PolicyError, match="a set with a number of more than 18 digits"):
        compiled(undated, [undated.functions["t.total"]])


@pytest.mark.parametrize("optimised", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_numbers_at_their_ends(of_rules: Built, optimised: bool) -> None:
    """Products beyond 64 and 128 bits, sums that pass 128 bits on the way, halves, and texts of any bytes."""
    library = of_rules(NUMBERS, *(("-O2", *UNDEFINED) if optimised else ()))
    book = dated(library.layout.program, "2026-03-01")
    chance, seen = Random(7), Counter[str]()
    ends = (0, 1, -1, 2, 3, -7, 10**9, MOST, -MOST, 2**31, 2**59, 10**17)
    for _ in range(150):
        some = [chance.choice(ends) for _ in range(chance.randint(0, 5))]
        name = chance.choice(("虛擬", 'a"b', "", "a\0b", "a"))
        facts = {"a": chance.choice(ends), "b": chance.choice(ends), "list": tuple(some), "name": name}
        r = book.records["R"](**facts)
        for id in library.layout.asked:
            meant = told(book.interpreter(id).answer(r))
            assert library.ask(id, 739_676, (r,)) == meant, (id, facts)
            seen[meant[4] or meant[0]] += 1
    assert seen["a number is too large"] > 20
    assert seen["division by zero"] > 5


# ── callers who err ─────────────────────────────────────────────────────────────────────────

FACTS = """
enum Kind { red "r", green "g" }
record Item { amount: integer at least 0 at most 100 }
record R { flag: boolean  kind: Kind  number: integer  name: text  item: Item  items: list of Item
  numbers: list of integer  kinds: set of Kind  labels: set of text  spare: optional Item  day: date }
decision may(r: R) "m" otherwise permit "o"
  deny one when r.flag and r.kind is red and r.number > 3 and r.name is "x" and r.item.amount > 3 because "a" per S/1
  deny two when any(i.amount > 3 for i in r.items) or 3 in r.numbers or r.kind in r.kinds because "b" per S/1
  deny three when "x" in r.labels or (r.spare is present and r.spare.amount > 3) because "c" per S/1
  deny four when r.day > 2026-01-01 because "d" per S/1
"""
FINE: dict[str, Any] = {
    "flag": True, "kind": "red", "number": 4, "name": "x",
    "numbers": (1,), "kinds": frozenset(), "labels": frozenset(), "spare": None, "day": 739_000,
}  # fmt: skip


def test_callers_who_err_are_told(of_rules: Built) -> None:
    """A status and a path for each mistake, and never a crash."""
    library = of_rules(FACTS)
    asked, layout = library.layout.asked["t.may"], library.layout
    book = dated(layout.program, "2026-03-01")
    items = tuple(book.records["Item"](amount=n) for n in (4, 1))
    record = record_from(
        {**FINE, "item": items[0], "items": items[1:]},
        book.question("may").parameters[0][1],
        book.records,
        book.program,
    )
    needs = dict(layout.needs(asked))
    function = getattr(library.dll, asked.c)

    def ask(change: Callable[[Any, Any, Any], object], on: int = 739_676) -> tuple[int, str]:
        facts, answer = library.facts[asked.function.id](), library.answers[asked.function.id]()
        facts.size, facts.version = ctypes.sizeof(facts), layout.version
        answer.size, answer.version = ctypes.sizeof(answer), layout.version
        library.fill(asked.facts, facts, {"r": record})
        inner = library.structs[layout.structs["t.R"].c].from_address(facts.r)
        change(facts, inner, answer)
        status = function(ctypes.byref(facts), on, ctypes.byref(answer))
        return status, needs.get(answer.where, "")

    def setting(name: str, value: Any) -> Callable[[Any, Any, Any], object]:
        return lambda _, inner, __: setattr(inner, name, value)

    def null(name: str) -> Callable[[Any, Any, Any], object]:
        return lambda _, inner, __: setattr(getattr(inner, name), "at", None)

    assert function(None, 739_676, None) == 1
    assert ask(lambda f, _, __: None) == (0, "")
    assert ask(lambda f, _, __: setattr(f, "size", 3))[0] == 2
    assert ask(lambda _, __, a: setattr(a, "size", 3))[0] == 2
    assert ask(lambda f, _, __: setattr(f, "version", 3))[0] == 3
    assert ask(lambda _, __, a: setattr(a, "version", 3))[0] == 3
    assert ask(lambda _, __, ___: None, on=0)[0] == 4
    assert ask(lambda _, __, ___: None, on=3_652_060)[0] == 4
    assert ask(lambda f, _, __: setattr(f, "r", None)) == (1, "r")
    assert ask(setting("flag", 2)) == (5, "r.flag")
    assert ask(setting("kind", 2)) == (6, "r.kind")
    assert ask(setting("kind", -1)) == (6, "r.kind")
    assert ask(setting("number", 10**18)) == (7, "r.number")
    assert ask(setting("number", -(2**63))) == (7, "r.number")
    assert ask(setting("day", 0)) == (7, "r.day")
    assert ask(setting("item", None)) == (1, "r.item")
    assert ask(null("items")) == (1, "r.items")
    assert ask(null("numbers")) == (1, "r.numbers")
    assert ask(lambda _, inner, __: setattr(inner.numbers, "length", 10**6 + 1)) == (8, "r.numbers")
    for many, path in ((("red", "green"), "kinds"), (("b", "a"), "labels"), (("a", "a"), "labels")):
        of = layout.structs["t.R"].members[path].inner
        assert ask(setting(path, library.list(many, of.of))) == (9, f"r.{path}")  # type: ignore[union-attr]
    small = library.record(record.item, layout.structs["t.R"].members["item"].inner)  # type: ignore[arg-type]
    small.amount = 101
    assert ask(setting("item", ctypes.addressof(small))) == (7, "r.item.amount")


REFUSED = """
record R { flag: boolean  a: integer  b: integer }
value made(r: R) -> list of integer "m" = [r.a, r.b] per S/1
value chosen(r: R) -> integer "c" = count(x for x in (if r.flag then [r.a] else [r.b])) per S/1
"""


def test_what_c_cannot_do_is_refused_by_name_and_place() -> None:
    undated = program(check([RulesFile("t.policy", (HEAD + REFUSED).encode())]))
    with pytest.raises(PolicyError) as refusal:
        compiled(undated, questions_of(undated))
    (found,) = refusal.value.diagnostics
    assert found.code == "not-in-c"
    assert "`t.chosen` (t.policy:8:" in found.message
    compiled(undated, [undated.functions["t.made"]])


# ── what is written ─────────────────────────────────────────────────────────────────────────


def test_the_text_is_the_same_on_every_run() -> None:
    one, two = (program(check([RulesFile("t.policy", (HEAD + FACTS).encode())])) for _ in range(2))
    first, second = (compiled(p, questions_of(p)) for p in (one, two))
    assert (first.header, first.source) == (second.header, second.source)


READ = """
parameter floor: integer "f" from 2026-01-01 = 3 per S/1
parameter ceiling: integer "c" = 9 per S/1
record Line { price: integer  idle: integer  parts: list of list of Part }
record Part { weight: integer  colour: integer }
record R { lines: list of Line  wait: duration  other: text  maybe: optional Part  floors: set of text }
value read(r: R) -> integer "r"
  = sum(l.price + sum(sum(p.weight for p in ps) for ps in l.parts) for l in r.lines)
  + (if r.maybe is present then r.maybe.colour else floor + ceiling) per S/1
value waits(r: R) -> duration "w" = r.wait per S/1
value floors(r: R) -> set of text "f" = r.floors per S/1
"""


def test_the_header_says_what_each_question_reads_and_counts(of_rules: Built) -> None:
    """Its needs are the facts that it reads and what the rules may lack; the library says of which rules it is."""
    library = of_rules(READ)
    layout, header = library.layout, library.made.header
    assert [path for _, path in layout.needs(layout.asked["t.read"])] == [
        "floor",
        *("r", "r.lines", "r.lines[]", "r.lines[].price", "r.lines[].parts", "r.lines[].parts[]"),
        *("r.lines[].parts[][]", "r.lines[].parts[][].weight", "r.maybe", "r.maybe.colour"),
    ]
    assert [path for _, path in layout.needs(layout.asked["t.floors"])] == ["r", "r.floors", "r.floors[]"]
    assert "duration, 1 is 0.000001 seconds" in header
    digest = ctypes.c_char.in_dll(library.dll, "rulebook_digest")
    assert ctypes.string_at(ctypes.addressof(digest)).decode() == layout.program.digest


def test_no_library_is_called(tmp_path: Path) -> None:
    nm = optional.program("binutils", "nm")
    undated = program(check([RulesFile("t.policy", (HEAD + FACTS + NUMBERS.replace("R", "N")).encode())]))
    source = written(compiled(undated, questions_of(undated)), tmp_path)
    subprocess.run([compiler(), "-std=c11", "-O1", "-c", str(source), "-o", str(tmp_path / "t.o")], check=True)
    out = subprocess.run([nm, "-u", str(tmp_path / "t.o")], check=True, capture_output=True, text=True).stdout
    assert set(out.split()) - {"U"} <= {
        "__divti3",
        "__udivti3",
        "__umodti3",
        "__muloti4",
        "memset",
        "memcpy",
        "_GLOBAL_OFFSET_TABLE_",
    }

"""Whole tables by a loop in C: the answers of the plan and the interpreter, and no crash on what is not taken."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

import optional

pl = optional.columns()
pa = optional.library("pyarrow", "columns")

from cases_of_rules import HEAD, rulebook  # noqa: E402
from native import STRICT, UNDEFINED, compiler  # noqa: E402
from policy import cache  # noqa: E402
from policy.backends.c import native  # noqa: E402
from policy.backends.c.rows import MOST_ANSWERS, rows_of  # noqa: E402
from policy.backends.columns import kernel as kernels  # noqa: E402
from policy.backends.columns.evaluator import Answers, ColumnsEvaluator  # noqa: E402
from policy.backends.columns.kernel import Kernel, _array, _bit_of, _Column, _point  # noqa: E402
from policy.batch.decide import AnswerSummary, answers_to  # noqa: E402
from policy.cli.batch import summary_text  # noqa: E402
from policy.facts.records import record_from  # noqa: E402
from policy.ir.from_model import program_of  # noqa: E402
from policy.pipeline import Rulebook, RulesFile, check, dated  # noqa: E402
from random_expressions import DAYS  # noqa: E402
from random_facts import OPTIONAL, facts  # noqa: E402
from random_rules import Rules  # noqa: E402
from tables import rows_of as told, table_of  # noqa: E402

RULES = """
enum Class { stock "stock" zh "股票", token "token" zh "代幣", bond "bond" zh "債券" }
record Asset { class: Class symbol: text }
record Position { asset: Asset worth: money(HKD) at least 0 HKD share: rate day: date held: boolean
  count: integer parts: integer spare: integer at most 9  note: optional integer  kind: optional Class }
parameter floor: money(HKD) "floor" zh "下限" unset "nobody knows" zh "未知" per LAW/1
value lent(p: Position) -> money(HKD)
  = if p.held then round down to 0.01 (p.worth * p.share) else 0 HKD per LAW/1
value quotient(p: Position) -> integer = round half up to 1 (p.count / p.parts) per LAW/1
value cube(p: Position) -> integer = p.count * p.count * p.count per LAW/1
value noted(p: Position) -> optional integer = p.note per LAW/1
value class_of(p: Position) -> Class = if p.held then p.asset.class else bond per LAW/1
value is_token(p: Position) -> boolean = p.asset.class is token and p.asset.symbol is not "X" per LAW/1
value listed(ns: list of integer) -> integer = count(n for n in ns) per LAW/1
decision accepted(p: Position)
  otherwise permit "yes" zh "可" per LAW/1
  deny too_large when p.worth > 100 HKD because "large" zh "大" per LAW/1
  deny tokens when p.asset.class in {token, bond} because "token" zh "幣" per LAW/1
  deny early when p.day < 2026-01-01 because "early" zh "早" per LAW/1
  deny noted when p.note is present and p.note > 5 because "noted" zh "註" per LAW/1
  deny low when p.held and p.worth < floor because "low" zh "低" per LAW/1
"""
QUESTIONS = ("lent", "quotient", "cube", "noted", "class_of", "is_token")
SCHEMA = {
    "asset.class": pl.Enum(["bond", "token", "stock"]),
    "asset.symbol": pl.String(),
    "worth": pl.Int64(),
    "share": pl.Int64(),
    "day": pl.Date(),
    "held": pl.Boolean(),
    "count": pl.Int64(),
    "parts": pl.Int64(),
    "spare": pl.Int64(),
    "note": pl.Int64(),
    "kind": pl.String(),
}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook([RulesFile("t.policy", (HEAD + RULES).encode())], "2026-03-01")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of these tests alone, where a kernel is compiled once."""
    folder = tmp_path_factory.getbasetemp() / "kernels"
    monkeypatch.setenv("POLICY_CACHE", str(folder))
    monkeypatch.setenv("POLICY_KERNEL", "always")
    monkeypatch.setattr(native, "FLAGS", ("-std=c11", "-O0", *native.FLAGS[2:]))


def positions(chance: Random, height: int, missing: float) -> pl.DataFrame:
    def cells(make: Any, least: float = 0.0) -> list[Any]:
        return [None if chance.random() < max(missing, least) else make() for _ in range(height)]

    numbers = (0, 1, -1, 5_000, 10_000, 10_001, 10**17, 10**18 - 1, 10**18)
    return pl.DataFrame(
        {
            "asset.class": cells(lambda: chance.choice(("stock", "token", "bond"))),
            "asset.symbol": cells(lambda: chance.choice(("", "X", "Y", "a long text of many letters, 股票"))),
            "worth": cells(lambda: chance.choice(numbers)),
            "share": cells(lambda: chance.choice((0, 1, 500_000, 1_000_000, -3))),
            "day": cells(lambda: chance.choice((date(2025, 12, 31), date(2026, 1, 1)))),
            "held": cells(lambda: chance.random() < 0.7),
            "count": cells(lambda: chance.choice(numbers)),
            "parts": cells(lambda: chance.choice((0, 1, 3, -7, 10**18 - 1))),
            "spare": cells(lambda: chance.choice((1, 9, 9, 9, 10))),
            "note": cells(lambda: chance.choice((1, 6)), 0.5),
            "kind": cells(lambda: "token", 0.5),
        },
        schema=SCHEMA,
    )


def evaluator(book: Rulebook, question: str, table: pl.DataFrame) -> ColumnsEvaluator:
    return book.columns(question, table.schema, scaled=True)


def both(book: Rulebook, question: str, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The answers of the kernel, which are those of the plan, and counted alike."""
    asked = evaluator(book, question, table)
    made = asked.answers(table)
    with monkeypatch.context() as off:
        off.setenv("POLICY_KERNEL", "off")
        planned = asked.answers(table)
    assert planned.in_c == 0
    assert told(made.table) == told(planned.table)
    assert made.table.schema == planned.table.schema
    assert made.tally == planned.tally
    assert made.row_by_row <= planned.row_by_row
    return made


@pytest.mark.parametrize("question", ["accepted", *(pytest.param(q, marks=pytest.mark.slow) for q in QUESTIONS)])
def test_a_kernel_answers_as_the_plan_does(book: Rulebook, question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    chance, in_c = Random(question), 0
    for missing in (0.0, 0.15):
        table = positions(chance, 150, missing)
        in_c += both(book, question, table, monkeypatch).in_c
        in_c += both(book, question, table.slice(3, 101).drop("spare", "share", strict=False), monkeypatch).in_c
    assert in_c > 100, "most rows are the kernel's own"


def test_values_are_added_up_beyond_what_128_bits_hold(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    counts = pl.Series("count", [-(10**12), 3 * 10**12, 10**15] * 100)  # the cube of the last is too large
    made = both(book, "cube", positions(Random(3), 300, 0.0).with_columns(counts), monkeypatch)
    assert made.tally.total == sum(made.table["value"].drop_nulls().to_list()) > 2**128


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
def test_kernels_of_random_rules_answer_as_plans_do(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random facts, partly missing, without the lists, which no kernel takes."""
    compiler()
    monkeypatch.setattr(native, "FLAGS", (*STRICT, "-O0", "-fPIC", "-shared"))
    in_c = rows = 0
    for seed in range(part * 6, part * 6 + 6):
        chance = Random(seed)
        rules = Rules(chance)
        checked = check(
            [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
        )
        book = dated(program_of(checked.model, "random", ""), date.fromisoformat(chance.choice(DAYS)))
        record = book.program.functions["random.rules.queue"].parameters[0][1]
        for missing in (0.0, 0.15):
            table = []
            for _ in range(40):
                given = {k: v for k, v in facts(chance, missing).items() if k not in OPTIONAL}
                table.append((record_from(given | dict.fromkeys(OPTIONAL), record, book.records, book.program),))
            for name in rules.questions:
                whole = table_of(book, name, table)
                flat = whole.unnest(whole.columns[0])
                taken = [c for c in flat.columns if "List" not in str(flat.schema[c]) and c != "spare"]
                thrice = pl.concat([flat.select(taken)] * 3)  # more than a block
                in_c += both(book, name, thrice.slice(1), monkeypatch).in_c
                rows += thrice.height
    assert in_c > rows / 30, "many of their questions are about lists, but not all"


@pytest.mark.slow
def test_the_loop_passes_every_warning_and_the_sanitizers(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    monkeypatch.setattr(native, "FLAGS", (*STRICT, *UNDEFINED, "-O0", "-fPIC", "-shared"))
    table = positions(Random(4), 100, 0.1)
    for question in ("noted", "accepted"):
        assert both(book, question, table, monkeypatch).in_c


@pytest.mark.parametrize(("start", "height"), [(0, 64), (3, 63), (5, 66), (8, 300), (9, 640)])
def test_whole_rows_are_answered_in_blocks_as_one_by_one(
    book: Rulebook, start: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of which the rules lack a number, or that are out of bounds, stand among them."""
    compiler()
    assert "block(" in rows_of(book.program, book.question("accepted")).source
    chance = Random(height)
    table = positions(chance, start + height, 0.0).with_columns(
        pl.Series("worth", [chance.choice((0, 5_000, 10_000, 10_001, 10**17)) for _ in range(start + height)]),
        pl.lit(1, pl.Int64).alias("count"),
        pl.Series("spare", [10 if n in (70, 600) else 9 for n in range(start + height)]),
    )
    answers = both(book, "accepted", table.slice(start), monkeypatch)
    assert height - answers.in_c <= 2
    assert height < 100 or {"permitted", "denied", "undecided"} <= {*answers.table["outcome"].to_list()}


def test_a_decision_of_many_rules_is_answered_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than there is a table of answers for."""
    compiler()
    rules, chance = range(20), Random(5)
    fields = " ".join(f"f{n}: boolean" for n in rules)
    denials = "\n".join(f'  deny d{n} when r.f{n} because "d" zh "d" per LAW/1' for n in rules)
    text = f'record R {{ {fields} }}\ndecision may(r: R)\n  otherwise permit "y" zh "y" per LAW/1\n{denials}\n'
    wide = rulebook([RulesFile("t.policy", (HEAD + text).encode())], "2026-03-01")
    assert "block(" in rows_of(wide.program, wide.question("may")).source
    table = pl.DataFrame({f"f{n}": [chance.random() < 0.1 for _ in range(300)] for n in rules})
    assert both(wide, "may", table, monkeypatch).in_c == 300


def test_a_condition_that_can_fail_is_asked_row_by_row() -> None:
    text = """
decision may(n: integer)
  otherwise permit "y" zh "y" per LAW/1
  deny a when round down to 1 (1 / n) > 0 because "d" zh "d" per LAW/1
"""
    made = rulebook([RulesFile("t.policy", (HEAD + text).encode())], "2026-03-01")
    assert "block(" not in rows_of(made.program, made.question("may")).source


def test_a_table_without_a_column_of_facts_needs_them_all(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    table = pl.DataFrame({"account": ["a", "b", "c"]})
    asked = book.columns("accepted", table.schema, keep=("account",))
    answers = asked.answers(table)
    assert answers.in_c == 3
    monkeypatch.setenv("POLICY_KERNEL", "off")
    assert told(answers.table) == told(asked.answers(table).table)
    assert answers.table["outcome"].to_list() == ["undecided"] * 3


def test_answers_are_numbered_alike_from_batch_to_batch(book: Rulebook) -> None:
    compiler()
    tables = [positions(Random(seed), 60, 0.2) for seed in range(6)]
    asked = evaluator(book, "accepted", tables[0])
    apart = [evaluator(book, "accepted", t).answers(t).table for t in tables]
    for table, alone in zip(tables, apart, strict=True):
        assert asked.answers(table).table.equals(alone)
    whole = list(answers_to(asked, pl.concat(tables), 2))
    assert pl.concat([a.table for a in whole]).equals(pl.concat(apart))


@pytest.mark.slow
def test_more_different_answers_than_are_told_are_left_to_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    rules = range(12)
    fields = " ".join(f"f{n}: boolean" for n in rules)
    denials = "\n".join(f'  deny d{n} when r.f{n} because "d" zh "d" per LAW/1' for n in rules)
    text = f'record R {{ {fields} }}\ndecision may(r: R)\n  otherwise permit "y" zh "y" per LAW/1\n{denials}\n'
    wide = rulebook([RulesFile("t.policy", (HEAD + text).encode())], "2026-03-01")
    rows = [[bool(n >> k & 1) for k in rules] for n in range(1 << len(rules))]
    table = pl.DataFrame(rows, schema=[f"f{n}" for n in rules], orient="row")
    assert both(wide, "may", table, monkeypatch).in_c == MOST_ANSWERS
    few = table.head(50)
    assert both(wide, "may", few, monkeypatch).in_c == 50


# ── columns that are not as the loop takes them ─────────────────────────────────────────────


def made_kernel(book: Rulebook, question: str, table: pl.DataFrame) -> Kernel:
    kernel = evaluator(book, question, table).kernels.for_rows(1)
    assert kernel is not None
    return kernel


@pytest.mark.slow
def test_sliced_chunked_and_foreign_columns_are_read_where_they_are(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler()
    table = positions(Random(9), 64, 0.1)
    chunked = pl.concat([table.slice(5, 20), table.slice(1, 30)], rechunk=False)
    arrow = table.to_arrow()
    views = pl.DataFrame(arrow.set_column(1, "asset.symbol", arrow["asset.symbol"].cast(pa.string_view())))
    words = arrow["asset.symbol"].cast(pa.string()).dictionary_encode()
    encoded = pl.DataFrame(arrow.set_column(1, "asset.symbol", words))
    shifted = pa.py_buffer(
        b"\0" + pa.array(table["worth"].fill_null(0).to_list(), pa.int64()).buffers()[1].to_pybytes()
    )
    odd = pa.Array.from_buffers(pa.int64(), 64, [None, shifted.slice(1)])
    misaligned = pl.DataFrame(arrow.set_column(arrow.column_names.index("worth"), "worth", odd))
    for question in ("is_token", "accepted"):
        for given in (table.slice(7, 9), table.slice(63), chunked, views, encoded, misaligned, table.clear()):
            both(book, question, given, monkeypatch)


def test_memory_of_another_type_width_or_alignment_is_not_pointed_at(book: Rulebook) -> None:
    compiler()
    kernel = made_kernel(book, "accepted", positions(Random(9), 5, 0.0))
    slot = next(s for s in kernel.rows.slots if s.path == "p.worth")
    assert _point(_Column(), pa.array([1, 2]), slot)
    sliced = _Column()
    assert _point(sliced, pa.array([1, 2, None, 4]).slice(2), slot)
    assert sliced.valid
    assert _bit_of(pa.array([1, 2, None, 4]).slice(2)) == 2
    assert _bit_of(pa.array([1, 2]).slice(1)) is None
    odd = pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(bytes(17)).slice(1)])
    wrong = [odd, pa.array([1], pa.int32()), pa.array([1.0]), pa.array(["a"]), pa.array([1]).dictionary_encode()]
    assert not any(_point(_Column(), array, slot) for array in [*wrong, pa.array([], pa.int64())])
    text = next(s for s in kernel.rows.slots if s.path == "p.asset.class")
    assert not _point(_Column(), pa.array([1], pa.uint32()), text), "codes of few members are bytes"
    strange = positions(Random(9), 5, 0.0).select(pl.lit(1, dtype=pl.Int32).alias("p.worth"))
    assert kernel.run(strange, None) is None


def test_lists_optional_records_and_answers_of_several_values_are_left_to_the_plan(book: Rulebook) -> None:
    table = pl.DataFrame({"ns": [[1, 2], []]})
    asked = evaluator(book, "listed", table)
    answers = asked.answers(table)
    assert answers.in_c == 0
    assert told(answers.table)[0]["value"] == 2
    assert asked.kernels.refusal == "`ns` is a list or an optional record"


def test_the_summary_says_which_engine_answered(book: Rulebook) -> None:
    compiler()
    table = positions(Random(2), 40, 0.0)
    asked = evaluator(book, "accepted", table)
    made = asked.answers(table)
    summary = AnswerSummary(asked.function, "0" * 64, ())
    summary.add(made)
    assert summary.as_json()["in_c"] == made.in_c
    assert f"{made.in_c} rows answered in C" in summary_text(summary)
    said = AnswerSummary(asked.function, "0" * 64, (), not_in_c="`cc` does not compile the rules: \x1b[31m")
    assert "not in C: `cc` does not compile the rules" in summary_text(said)
    assert "\x1b[31m" not in summary_text(said)


# ── compilers, and what they make ───────────────────────────────────────────────────────────


def script(folder: Path, text: str) -> str:
    """A program that stands where a compiler should."""
    path = folder / "strange-cc"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


OUT = 'while [ "$1" != -o ]; do shift; done; out="$2"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "echo 'strange: error: no such flag' >&2; exit 3",
            "does not compile the rules: strange: error: no such flag",
        ),
        ("exit 4", "does not compile the rules: it ended with 4"),
        ("exit 0", "ended well and made nothing: it is no C compiler"),
        (f"{OUT}; echo hello > $out", "made something that is no library of these rules: it is no C compiler"),
        (
            f'real() {{ gcc "$@"; }}; real "$@"; {OUT}; head -c 9000 $out > $out.x; mv $out.x $out',
            "no library of these",
        ),
        ("sleep 30 & wait", "took more than 0.2 s, and was ended"),
    ],
)
def test_a_compiler_that_is_none_leaves_it_to_the_plan(
    book: Rulebook, text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", script(tmp_path, text))
    monkeypatch.setattr(native, "LONGEST", 0.2 if "sleep" in text else 60)
    table = positions(Random(1), 20, 0.1)
    asked = evaluator(book, "lent", table)
    assert asked.answers(table).in_c == 0
    assert reason in asked.kernels.refusal
    assert told(asked.answers(table).table) == told(evaluator(book, "lent", table).answers(table).table)


@pytest.mark.parametrize("named", ["/no/such/compiler", "no-such-compiler", "/tmp", "'"])
def test_a_compiler_that_is_not_there_leaves_it_to_the_plan(
    book: Rulebook, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", named)
    table = positions(Random(1), 20, 0.1)
    asked = evaluator(book, "lent", table)
    assert asked.answers(table).in_c == 0
    assert "does not run" in asked.kernels.refusal


def test_without_any_compiler_the_plan_answers(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(native, "program", lambda _: "")
    monkeypatch.setattr(native, "is_there", lambda _: False)
    table = positions(Random(1), 20, 0.1)
    asked = evaluator(book, "lent", table)
    assert asked.answers(table).in_c == 0
    assert asked.kernels.refusal.startswith("there is no C compiler")
    assert asked.kernels.reason == "", "a small table is not worth a word"


@pytest.mark.slow
def test_a_kernel_is_compiled_once_and_kept(book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    monkeypatch.setenv("POLICY_CACHE", str(tmp_path / "cache"))
    source = rows_of(book.program, book.question("lent")).source
    assert native.library(source, may_compile=False) is None
    assert native.library(source) is not None
    (kept,) = (tmp_path / "cache").iterdir()
    calls: list[object] = []
    monkeypatch.setattr(native, "_compile", lambda *given: calls.append(given))
    assert native.library(source, may_compile=False) is not None
    assert not calls
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])  # cut off, as by a full disk
    assert native.library(source, may_compile=False) is None
    kept.write_bytes(whole[:-1] + b"!")
    assert cache.fetch(kept.name) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_costs_only_time(
    book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler()
    tmp_path.chmod(0o500)
    monkeypatch.setenv("POLICY_CACHE", str(tmp_path))
    assert both(book, "lent", positions(Random(1), 20, 0.1), monkeypatch).in_c


@pytest.mark.slow
def test_a_cache_that_is_no_folder_costs_only_time(
    book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POLICY_CACHE", str(tmp_path / "file"))
    assert both(book, "lent", positions(Random(1), 20, 0.1), monkeypatch).in_c


@pytest.mark.slow
def test_a_kernel_is_made_when_there_are_rows_enough(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler()
    monkeypatch.delenv("POLICY_KERNEL")
    monkeypatch.setattr(kernels, "FROM_CACHE", 40)
    monkeypatch.setattr(kernels, "FROM_SOURCE", 80)
    monkeypatch.setenv("POLICY_CACHE", "off")
    table = positions(Random(1), 30, 0.0)
    asked = evaluator(book, "lent", table)
    assert [asked.answers(table).in_c > 0 for _ in range(4)] == [False, False, True, True]
    assert _array(table["worth"]).type == pa.int64()

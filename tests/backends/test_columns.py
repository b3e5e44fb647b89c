"""Tables: what is asked of all rows at once is answered as the reference interpreter answers each."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import optional
from random_expressions import DAYS
from random_facts import facts_of_a_table
from random_rules import Rules

pl = optional.columns()

from cases_of_rules import HEAD, rulebook  # noqa: E402
from policy.diagnostics import PolicyError  # noqa: E402
from policy.facts.records import record_from  # noqa: E402
from policy.ir.from_model import program_of  # noqa: E402
from policy.model.overlays import overlaid  # noqa: E402
from policy.pipeline import Rulebook, RulesFile, check, dated  # noqa: E402
from tables import agree, rows_of  # noqa: E402

SEEDS = st.integers(0, 2**64 - 1)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
SEEDED = QUIET | {"phases": [Phase.generate]}  # a seed has no smaller form
BIG = st.sampled_from([0, 1, -1, 2**31, 10**17, 10**18 - 1, 1 - 10**18, 5, 50, -50]) | st.integers(
    1 - 10**18, 10**18 - 1
)


def book_of(text: str, on: str = "2026-03-01") -> Rulebook:
    return rulebook([RulesFile("t.policy", (HEAD + text).encode())], on)


# ── agreement ───────────────────────────────────────────────────────────────────────────────


def tables_agree(seed: int, height: int = 12) -> tuple[int, int]:
    """A random program asked of random tables; how many rows there were, and how many were answered one by one."""
    chance = Random(seed)
    rules = Rules(chance)
    checked = check(
        [RulesFile("random.policy", rules.text.encode()), RulesFile("house.policy", rules.house.encode())]
    )
    overlay = chance.choice(("", "random.house"))
    undated = program_of(overlaid(checked.model, overlay), "random", overlay)
    book = dated(undated, date.fromisoformat(chance.choice(DAYS)))
    record = book.program.functions["random.rules.queue"].parameters[0][1]
    rows = alone = 0
    for missing in (0.0, 0.15):
        made = facts_of_a_table(chance, missing, height)
        table = [(record_from(given, record, book.records, book.program),) for given in made]
        for name in rules.questions:
            interpreter = book.interpreter(name)
            answers = agree(book, name, table, [interpreter.answer(*row) for row in table])
            rows, alone = rows + height, alone + answers.row_by_row
    return rows, alone


@settings(max_examples=4, **SEEDED)
@given(SEEDS)
def test_random_tables_of_random_rules(seed: int) -> None:
    tables_agree(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_hundreds_of_random_tables(part: int) -> None:
    counted = [tables_agree(seed) for seed in range(part * 125, part * 125 + 40)]
    rows, alone = (sum(column) for column in zip(*counted, strict=True))
    assert alone < rows / 3, "most random rows are answered as columns (76 of 100 in a thousand programs)"


# ── numbers at the edges of 64 and 128 bits ─────────────────────────────────────────────────

ROUNDING = """
value quotient(a: integer, b: integer, c: integer) -> integer
  = round {mode} to {step} (a * b / c) per LAW/1
value share(a: money(HKD), r: rate) -> money(HKD) = round {mode} to 0.01 (a * r) per LAW/1
value cost(p: price(HKD), q: quantity) -> money(HKD) = round {mode} to 0.05 (p * q) per LAW/1
value cube(a: integer, b: integer, c: integer) -> integer = a * b * c per LAW/1
value square_sum(a: integer, b: integer, c: integer) -> integer = a * b + b * c - a * c per LAW/1
"""


@pytest.mark.parametrize("mode", ["down", "up", "half even", "half up"])
@settings(max_examples=40, **QUIET)
@given(st.lists(st.tuples(BIG, BIG, BIG), min_size=1, max_size=8), st.sampled_from(["1", "10", "7"]))
def test_arithmetic_never_wraps(mode: str, rows: list[tuple[int, int, int]], step: str) -> None:
    book = book_of(ROUNDING.format(mode=mode, step=step))
    for name in ("quotient", "cube", "square_sum"):
        agree(book, name, rows, [book.interpreter(name).answer(*row) for row in rows])
    for name in ("share", "cost"):
        pairs = [row[:2] for row in rows]
        agree(book, name, pairs, [book.interpreter(name).answer(*row) for row in pairs])


@settings(max_examples=40, **QUIET)
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 10**6)), min_size=1, max_size=20))
def test_products_are_split_to_stay_in_64_bits(rows: list[tuple[int, int]]) -> None:
    for mode in ("down", "up", "half even", "half up"):
        book = book_of(ROUNDING.format(mode=mode, step="1"))
        answers = agree(book, "share", rows, [book.interpreter("share").answer(*row) for row in rows])
        assert answers.row_by_row == 0


STRICT = """
table worth(n: integer) -> integer "worth" zh "值"
  first row that applies
  | n | worth | per |
  | < 0 | 1 | LAW/1 |
value second(a: integer, b: integer) -> integer = b per LAW/1
value passed_over(n: integer) -> integer = second(worth(n), n) per LAW/1
parameter unset_one: integer "one" zh "一" unset "nobody knows" zh "未知" per LAW/1
value over_nobody_knows_what(n: integer) -> integer = round down to 1 (n / abs(abs(3) - unset_one)) per LAW/1
"""


def test_a_fault_in_what_a_call_passes_over_is_a_fault() -> None:
    book = book_of(STRICT)
    agree(book, "passed_over", [(-1,), (1,)], [book.interpreter("passed_over").answer(n) for n in (-1, 1)])


def test_a_divisor_that_nobody_knows_leaves_it_undecided() -> None:
    book, name = book_of(STRICT), "over_nobody_knows_what"
    agree(book, name, [(7,), (0,)], [book.interpreter(name).answer(n) for n in (7, 0)])


def test_a_constant_is_looked_up_in_a_long_set() -> None:
    book = book_of(
        """
value vowel(word: text) -> boolean = word in {"a", "e", "i", "o", "u", "ae", "oe", "ue", "ea"} per LAW/1
value vowel_and(n: integer) -> boolean = vowel("a") and n > 0 per LAW/1
value vowel_only(n: integer) -> boolean = vowel("b") or vowel("ea") per LAW/1
"""
    )
    for name in ("vowel_and", "vowel_only"):
        agree(book, name, [(1,), (0,), (2,)], [book.interpreter(name).answer(n) for n in (1, 0, 2)])


def test_a_number_too_large_for_128_bits_is_left_to_the_interpreter() -> None:
    book = book_of(ROUNDING.format(mode="down", step="1"))
    rows = [(10**18 - 1, 10**18 - 1, 10**18 - 1), (10**18 - 1, 10**18 - 1, 99), (2, 3, 5)]
    answers = agree(book, "cube", rows, [book.interpreter("cube").answer(*row) for row in rows])
    assert [row["outcome"] for row in rows_of(answers.table)] == ["failed", "value", "value"]
    assert answers.row_by_row == 1


def test_the_sum_of_a_long_list_of_the_greatest_numbers() -> None:
    book = book_of("value all_of(ns: list of integer) -> integer = sum(n * n for n in ns) per LAW/1")
    rows = [((10**18 - 1,) * 150,), ((10**18 - 1,) * 3,), ((),)]
    answers = agree(book, "all_of", rows, [book.interpreter("all_of").answer(*row) for row in rows])
    assert [row["outcome"] for row in rows_of(answers.table)] == ["failed", "value", "value"]


# ── columns that facts stand in ─────────────────────────────────────────────────────────────

POSITIONS = """
enum Class { stock "stock" zh "股票", token "token" zh "代幣" }
record Asset { class: Class symbol: text }
record Position { asset: Asset worth: money(HKD) at least 0 HKD day: date moment: instant share: rate held: boolean
  note: optional text }
value lent(position: Position) -> money(HKD) "lent" zh "借"
  = if position.held then round down to 0.01 (position.worth * position.share) else 0 HKD per LAW/1
decision accepted(position: Position)
  otherwise permit "yes" zh "可" per LAW/1
  deny too_large when position.worth > 100 HKD because "large" zh "大" per LAW/1
  deny tokens when position.asset.class is token because "token" zh "幣" per LAW/1
  deny early when position.day < 2026-01-01 because "early" zh "早" per LAW/1
"""


def asked(question: str, table: pl.DataFrame, **options: object) -> list[dict[str, object]]:
    book = book_of(POSITIONS)
    return rows_of(book.columns(question, table.schema, **options).answers(table).table)


@pytest.mark.parametrize(
    "worth",
    [
        pl.Series(["1000.00", "0.5", "7 HKD", "1e1"]),
        pl.Series(["1000.00", "0.50", "7.00", "10.00"]).cast(pl.Decimal(12, 2)),
        pl.Series(["1000.0", "0.5", "7", "10"]).cast(pl.Decimal(5, 1)),
        pl.Series(["1000.0000", "0.5000", "7", "10"]).cast(pl.Decimal(9, 4)),
    ],
    ids=["texts", "decimals", "fewer decimals", "more decimals"],
)
def test_amounts_stand_in_texts_and_decimals(worth: pl.Series) -> None:
    table = pl.DataFrame({"worth": worth, "share": ["0.5", "60%", "25 bp", "1"], "held": [True] * 4})
    assert [row["value"] for row in asked("lent", table)] == [50_000, 30, 1, 1_000]


def test_whole_numbers_are_whole_units_unless_they_are_scaled() -> None:
    table = pl.DataFrame({"worth": [10], "share": [1], "held": [True]})
    assert asked("lent", table)[0]["value"] == 1_000
    scaled = pl.DataFrame({"worth": [10], "share": [1_000_000], "held": [True]})
    assert asked("lent", scaled, scaled=True)[0]["value"] == 10


def test_columns_may_be_structs_or_dotted_or_fields_of_the_only_record() -> None:
    row = {"asset": {"class": "token"}, "worth": "200.00", "day": date(2026, 2, 1)}
    dotted = {"position.asset.class": ["token"], "position.worth": ["200.00"], "position.day": [date(2026, 2, 1)]}
    flat = {"asset.class": ["token"], "worth": ["200.00"], "day": ["2026-02-01"]}
    for table in (pl.DataFrame({"position": [row]}), pl.DataFrame(dotted), pl.DataFrame(flat)):
        assert asked("accepted", table)[0]["reasons"] == ["too_large", "tokens"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"worth": [1.5]}, "`position.worth`: the column is float64, but `money(HKD) to 0.01` is expected"),
        ({"wroth": ["1"]}, "`position.wroth`: `Position` has no field `wroth`"),
        ({"moment": [1]}, "`position.moment`: the column is int64, but `instant` is expected"),
        ({"held": [1]}, "`position.held`: the column is int64, but `boolean` is expected"),
        ({"asset.colour": ["red"]}, "`position.asset.colour`: `Asset` has no field `colour`"),
    ],
)
def test_columns_that_do_not_fit_are_reported_before_any_row(column: dict[str, list[object]], message: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        asked("accepted", pl.DataFrame(column))
    assert [d.message for d in refusal.value.diagnostics] == [message]
    assert refusal.value.diagnostics[0].help


def test_a_bad_row_is_refused_and_stops_no_other() -> None:
    table = pl.DataFrame(
        {
            "worth": ["10.00", "10.001", "-1.00", None, "ten", "1000000000000000000"],
            "asset.class": ["stock", "stock", "stock", "bond", "stock", "stock"],
            "day": ["2026-02-01"] * 6,
        }
    )
    rows = asked("accepted", table)
    assert [row["outcome"] for row in rows] == ["permitted", *["refused"] * 5]
    remedy = "(nothing is rounded silently)"
    assert rows[1]["problem"] == f"`position.worth`: `10.001` has more decimals than `money(HKD) to 0.01` {remedy}"
    assert rows[2]["problem"] == "`position.worth`: is -1.00 HKD, but at least 0.00 HKD is allowed"
    assert "`bond` is not a `Class`" in str(rows[3]["problem"])


def test_undecided_rows_say_what_they_need() -> None:
    table = pl.DataFrame({"worth": ["10.00", None, "500.00"], "asset.class": ["stock", "token", None]})
    rows = asked("accepted", table)
    assert [row["outcome"] for row in rows] == ["undecided", "denied", "denied"]
    assert [row["needs"] for row in rows] == [["position.day"], [], []]
    assert [row["reasons"] for row in rows] == [[], ["tokens"], ["too_large"]]


def test_a_settled_date_is_compared_with_a_column() -> None:
    book = book_of("value later(d: date, e: date) -> boolean = today + 1 month > max(d, e) per LAW/1", "2026-01-31")
    rows = [(739_674, 1), (739_675, 1), (1, 739_676)]
    agree(book, "later", rows, [book.interpreter("later").answer(*row) for row in rows])


def test_a_list_that_no_column_has_is_needed_by_every_row() -> None:
    book = book_of(
        "record R { n: integer of: list of integer }\n"
        "value some(r: R) -> integer = if r.n > 0 then sum(x for x in r.of) else 0 per LAW/1\n"
    )
    table = pl.DataFrame({"n": [1, 0, None]})
    told = rows_of(book.columns("some", table.schema).answers(table).table)
    assert [(row["outcome"], row["needs"]) for row in told] == [
        ("undecided", ["r.of"]),
        ("value", []),
        ("undecided", ["r.n", "r.of"]),
    ]


# ── long tables ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("height", [300, pytest.param(2_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("hit", ["exactly one row applies", "first row that applies"])
def test_a_long_table_whose_facts_may_be_missing(height: int, hit: str) -> None:
    rows = "\n".join(f"  | any | >= {n} and < {n + 1} | {n}% | LAW/1 |" for n in range(height))
    book = book_of(f"table t(s: text, x: integer) -> rate\n  {hit}\n  | s | x | t | per |\n{rows}\n")
    table = pl.DataFrame({"s": ["a", None, "b", "c"], "x": [5, height - 1, None, height]})
    answers = book.columns("t", table.schema).answers(table)
    told = rows_of(answers.table)
    assert [row["outcome"] for row in told] == ["value", "value", "undecided", "failed"]
    assert told[2]["needs"] == ["x"]
    assert answers.row_by_row == 1, "only the row that fails: an undecided one is told by the columns"


def test_a_long_table_of_texts_that_may_be_missing() -> None:
    rows = "\n".join(f'  | "S{n}" | {n} | {n}% | LAW/1 |' for n in range(300))
    book = book_of(f"table t(s: text, x: integer) -> rate\n  first row that applies\n  | s | x | t | per |\n{rows}\n")
    table = pl.DataFrame({"s": ["S5", None, "S6"], "x": [5, 6, None]})
    told = rows_of(book.columns("t", table.schema).answers(table).table)
    assert [(row["outcome"], row["needs"]) for row in told] == [
        ("value", []),
        ("undecided", ["s"]),
        ("undecided", ["x"]),
    ]


def test_the_least_of_many_and_a_long_line_of_ranks() -> None:
    many = range(900)
    fields = " ".join(f"f{n}: integer" for n in many)
    members = [f"m{n}" for n in many]
    book = book_of(
        f"enum E {{ {', '.join(members)} }}\nrecord R {{ k: E {fields} }}\n"
        f"value least(r: R) -> integer = min({', '.join(f'r.f{n}' for n in many)}) per LAW/1\n"
        f"priority p(r: R) {' before '.join(members)} by r.k per LAW/1\n"
    )
    R = book.records["R"]
    given = [(R(k=f"m{n}", **{f"f{m}": (m - 17) ** 2 + n for m in many}),) for n in (0, 16, 17, 899)]
    for question, expected in (("least", [0, 16, 17, 899]), ("p", [(0,), (16,), (17,), (899,)])):
        meant = [book.interpreter(question).answer(*row) for row in given]
        assert [a.value for a in meant] == expected
        assert [book.evaluator(question).answer(*row) for row in given] == meant
        agree(book, question, given, meant)


HUGE = f"1{'0' * 29} * 1{'0' * 29}"
LESS = f"1{'0' * 25} * -1{'0' * 25}"


@pytest.mark.parametrize("engine", ["off", "always"])
def test_constants_beyond_128_bits_are_faults_where_they_are_asked_for(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the plan and by the loop in C, which is left to the plan where there is no compiler."""
    monkeypatch.setenv("POLICY_KERNEL", engine)
    book = book_of(
        f'value much(n: integer) -> integer "m" = if n > 100 then {HUGE} else 3 per LAW/1\n'
        f'value half(n: integer) -> integer "h" = round down to 1 ({HUGE} / 2) + n per LAW/1\n'
        f'value scaled(n: integer) -> integer "s" = round down to 1 ({HUGE} * n / 3) per LAW/1\n'
        f'value under(n: integer) -> integer "u" = round half even to 1000 ((n - 3) / ({LESS})) per LAW/1\n'
        'value twice(n: integer) -> boolean "t" = n * 2 in {2, 18000000000000000000} per LAW/1\n'
        'value square(n: integer) -> boolean "q" = n * n in {18446744073709551617, 10000} per LAW/1\n'
    )
    seen = set()
    for question in ("much", "half", "scaled", "under", "twice", "square"):
        rows = [(n,) for n in (0, 1, 100, 101, 10**18 - 1)]
        answers = [book.interpreter(question).answer(*row) for row in rows]
        agree(book, question, rows, answers)
        seen |= {a.verdict.fault or a.value for a in answers}
    assert seen == {3, "a number is too large", True, False}


def test_a_column_of_arrow_durations_is_told_which_number_to_be() -> None:
    book = book_of("value waits(d: duration) -> duration = d + 1 hour per LAW/1\n")
    with pytest.raises(PolicyError, match="make it a number of seconds, or a text as `8 hours`"):
        book.columns("waits", pl.Schema({"d": pl.Duration("us")}))
    answers = [
        book.columns("waits", {"d": of}).answers(pl.DataFrame({"d": [cell]})).table["value"].to_list()
        for of, cell in ((pl.Int64(), 28_800), (pl.String(), "8 hours"))
    ]
    assert answers[0] == answers[1] == [9 * 3_600 * 10**6]

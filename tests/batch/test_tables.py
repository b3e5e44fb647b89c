"""Whole files: streamed, refused row by row, written whole or not at all; and two rulebooks on one history."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

import optional

pl = optional.columns()
parquet = optional.library("pyarrow.parquet", "columns")

import policy  # noqa: E402
from policy.cli import main  # noqa: E402
from policy.facts.from_json import FactReader  # noqa: E402
from policy.pipeline import dated, load_program, read_folder  # noqa: E402

RULES = """language 1
ruleset t "t" zh "規則"
source LAW "the law" zh "法例" reference "L1" status official
provision LAW/1 "one" zh "一"
enum Class { stock "stock" zh "股票", token "token" zh "代幣" }
record Position { class: Class worth: money(HKD) at least 0 HKD seen: date }
parameter rate_of_the_day: rate "rate" zh "率"
  from 2026-01-01 = 40% per LAW/1
  from 2026-02-01 = LATER per LAW/1
value lent(position: Position) -> money(HKD) "lent" zh "借"
  = round down to 0.01 (position.worth * rate_of_the_day) per LAW/1
value worth(position: Position) -> money(HKD) "worth" zh "值" = position.worth per LAW/1
value huge(position: Position) -> money(HKD) "huge" zh "巨"
  = position.worth * 1_000_000_000 * 10_000_000_000 per LAW/1
decision accepted(position: Position) "accepted?" zh "可否？"
  otherwise permit "yes" zh "可" per LAW/1
  deny too_large when position.worth > 100.00 HKD because "large" zh "大" per LAW/1
  deny tokens when position.class is token because "token" zh "幣" from 2026-02-01 per LAW/1
  deny unseen when today - position.seen > 30 days because "unseen" zh "未見" per LAW/1
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own, with two rulebooks in it."""
    monkeypatch.chdir(tmp_path)
    for name, later in (("rules", "60%"), ("proposed", "50%")):
        Path(name).mkdir()
        Path(name, "t.policy").write_text(RULES.replace("LATER", later), encoding="utf-8")
    changed = Path("proposed/t.policy").read_text(encoding="utf-8").replace("> 100.00 HKD", "> 50.00 HKD")
    Path("proposed/t.policy").write_text(changed, encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="policy")


def decide(question: str, facts: str, out: str, *more: str) -> Result:
    return run("decide", question, "--rules", "rules", "--facts", facts, "--out", out, *more)


def positions(height: int) -> Any:
    chance = Random(7)
    days = [date(2026, 1, 1) + timedelta(days=n % 60) for n in range(height)]
    return pl.DataFrame(
        {
            "id": range(height),
            "day": days,
            "class": [chance.choice(("stock", "token")) for _ in days],
            "worth": [f"{chance.randint(0, 200)}.{chance.randint(0, 99):02}" for _ in days],
            "seen": [day - timedelta(days=chance.randint(0, 60)) for day in days],
        },
        schema_overrides={"id": pl.Int64},
    )


WRITERS = {
    "parquet": lambda t, f: t.with_columns(pl.col("worth").cast(pl.Decimal(12, 2))).write_parquet(f),
    "arrow": lambda t, f: t.with_columns(pl.col("worth").cast(pl.Decimal(12, 2))).write_ipc(f),
    "csv": lambda t, f: t.write_csv(f),
    "jsonl": lambda t, f: t.with_columns(pl.col("day", "seen").cast(pl.String)).write_ndjson(f),
}
READERS = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "csv": pl.read_csv, "jsonl": pl.read_ndjson}


def meant(question: str, table: Any) -> list[tuple[Any, ...]]:
    """What the reference interpreter answers to each row, as of its own date."""
    undated = load_program(read_folder(["rules"])[0])
    told = []
    for row in table.iter_rows(named=True):
        rulebook = dated(undated, row["day"])
        reader: FactReader = rulebook.reader(question)
        from policy.source import Source

        facts = {k: str(row[k]) for k in ("class", "worth", "seen")}
        read = reader.read(Source("row", json.dumps({"position": facts})))
        assert isinstance(read, tuple)
        answer = rulebook.interpreter(question).answer(*read)
        told.append((row["id"], answer.outcome.value, [r.rule for r in answer.reasons], answer.value))
    return told


@pytest.mark.parametrize("into", ["parquet", "arrow", "csv", "jsonl"])
@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "jsonl"])
def test_every_kind_of_table_as_of_each_row_s_date(kind: str, into: str) -> None:
    table = positions(300)
    WRITERS[kind](table, f"facts.{kind}")
    result = decide("accepted", f"facts.{kind}", f"out.{into}", "--on-column", "day", "--keep", "id")
    assert result.exit_code == 1, result.output  # some are denied
    out = READERS[into](f"out.{into}")
    reasons = [r.split("; ") if isinstance(r, str) else list(r) for r in out["reasons"]]
    wanted = meant("accepted", table)
    assert [(int(n), o, r) for n, o, r in zip(out["id"], out["outcome"], reasons, strict=True)] == [
        (n, o, r) for n, o, r, _ in wanted
    ]
    assert out["row"].to_list() == list(range(1, 301))
    assert out["rulebook"].n_unique() == 1


def test_values_come_out_as_exact_decimals() -> None:
    table = positions(100)
    WRITERS["parquet"](table, "facts.parquet")
    decide("lent", "facts.parquet", "out.parquet", "--on-column", "day", "--keep", "id")
    out = pl.read_parquet("out.parquet")
    assert out.schema["value"] == pl.Decimal(38, 2)
    assert [int(v.scaleb(2)) for v in out["value"]] == [value for _, _, _, value in meant("lent", table)]
    assert parquet.read_schema("out.parquet").metadata[b"policy.question"] == b"t.lent"


def test_json_tells_a_summary() -> None:
    WRITERS["csv"](positions(50), "facts.csv")
    result = decide(
        "accepted", "facts.csv", "o.csv", "--on", "2026-02-03", "--keep", "id", "--keep", "day", "--format", "json"
    )
    summary = json.loads(result.stdout)
    assert summary["rows"] == 50
    assert sum(summary["outcomes"].values()) == 50
    assert set(summary["reasons"]) <= {"too_large", "tokens", "unseen", "otherwise"}


def test_the_values_of_all_rows_are_added_up_exactly() -> None:
    """Beyond what 128 bits hold; and in thousands for people."""
    table = positions(40).with_columns(pl.lit(f"{10**15}.00").alias("worth"))
    WRITERS["csv"](table, "facts.csv")
    asked = ("huge", "facts.csv", "o.parquet", "--on", "2026-02-03", "--keep", "id", "--keep", "day")
    assert json.loads(decide(*asked, "--format", "json").stdout)["total"] == f"{40 * 10**34}.00 HKD"
    assert f"\ntotal: {40 * 10**34:,}.00 HKD\n" in decide(*asked).stdout
    assert "total" not in json.loads(decide("accepted", *asked[1:], "--format", "json").stdout)


# ── what does not fit ───────────────────────────────────────────────────────────────────────


def test_columns_that_do_not_fit_stop_before_the_first_row() -> None:
    pl.DataFrame({"worth": [1.5], "clazz": ["stock"]}).write_parquet("facts.parquet")
    result = decide("accepted", "facts.parquet", "out.parquet", "--on", "2026-03-01")
    assert result.exit_code == 2
    assert "the column is float64" in result.stderr
    assert "did you mean `class`" in result.stderr
    assert not Path("out.parquet").exists()
    assert not Path("out.parquet.part").exists()


def test_bad_rows_are_refused_and_told_apart() -> None:
    Path("facts.csv").write_text(
        "class,worth,seen\nstock,10.00,2026-02-20\nbond,10.00,2026-02-20\nstock,10\nstock,-1,2026-02-20\n"
        "stock,1,2026-02-20,x\nstock,ten,2026-02-30\nstock,20.00,\n"
    )
    result = decide("accepted", "facts.csv", "out.csv", "--on", "2026-03-01")
    assert result.exit_code == 2
    out = pl.read_csv("out.csv")
    assert out["outcome"].to_list() == [
        "permitted",
        "refused",
        "refused",
        "refused",
        "refused",
        "refused",
        "undecided",
    ]
    assert out["problem"][2] == "it has 2 cells, but the header has 3"
    assert "`bond` is not a `Class`" in out["problem"][1]
    assert out["needs"][6] == "position.seen"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on", "2026-03-01", "--facts", "facts.xlsx"], "does not say what kind of table it is"),
        (["--on", "2026-03-01", "--facts", "none.parquet"], "`none.parquet` cannot be read"),
        (["--on-column", "when", "--facts", "facts.csv"], "`when` is not a column of the table"),
        (["--facts", "facts.csv"], "give `--on 2026-03-01`"),
        (["--on", "2026-03-01", "--facts", "facts.csv", "--keep", "nme"], "there is no column `nme` to keep"),
    ],
)
def test_what_cannot_be_asked_is_said(arguments: list[str], message: str) -> None:
    Path("facts.csv").write_text("class,worth\nstock,10.00\n")
    result = run("decide", "accepted", "--rules", "rules", "--out", "out.csv", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_row_without_a_date_is_refused() -> None:
    Path("facts.csv").write_text("day,worth\n2026-03-01,500\n,500\n2026-02-30,500\n")
    decide("accepted", "facts.csv", "out.csv", "--on-column", "day")
    assert pl.read_csv("out.csv")["outcome"].to_list() == ["denied", "refused", "refused"]


def test_a_table_of_no_rows_has_an_answer_of_no_rows() -> None:
    for kind in ("parquet", "jsonl"):
        WRITERS[kind](positions(1).clear(), f"facts.{kind}")
        assert (
            decide("accepted", f"facts.{kind}", f"{kind}.parquet", "--on-column", "day", "--keep", "id").exit_code
            == 0
        )
        assert pl.read_parquet(f"{kind}.parquet").columns[:2] == ["row", "id"]


# ── whole or not at all, and no more memory than a few batches take ─────────────────────────


def big(path: str, height: int, group: int = 131_072) -> None:
    """A table too large to be held, written a part at a time."""
    part = positions(group).with_columns(
        pl.col("worth").cast(pl.Decimal(12, 2)), pl.col("class").cast(pl.Categorical)
    )
    with parquet.ParquetWriter(path, part.to_arrow().schema) as writer:
        for _ in range(height // group):
            writer.write_table(part.to_arrow())


@pytest.mark.slow
def test_an_interrupted_run_leaves_no_answer_and_the_next_starts_cleanly() -> None:
    big("facts.parquet", 131_072 * 40)
    command = [sys.executable, "-m", "policy", "decide", "accepted", "--rules", "rules", "--facts", "facts.parquet"]
    command += ["--on-column", "day", "--keep", "id", "--out", "out.parquet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = Path("out.parquet.part")
    while process.poll() is None and not (part.exists() and part.stat().st_size > 100_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Path("out.parquet").exists()
    assert part.exists()
    pl.read_parquet("facts.parquet", n_rows=1_000).write_parquet("few.parquet")
    command[command.index("facts.parquet")] = "few.parquet"
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert pl.read_parquet("out.parquet").height == 1_000
    assert not part.exists()


MEMORY = """
import resource, sys
from datetime import date
from policy.pipeline import load_program, read_folder
from policy.batch.dates import TableQuestion
from policy.batch.decide import run_of
from policy.batch.sources import source_of
undated = load_program(read_folder(["rules"])[0])
asking = TableQuestion(question="accepted", on=date(2026, 3, 1), keep=("id", "day"))
run_of(undated, asking, source_of(sys.argv[1])).to("out.parquet")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    peaks = []
    for groups in (8, 80):
        big(f"{groups}.parquet", 131_072 * groups)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, f"{groups}.parquet"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "POLICY_CACHE": "off"},
        )
        peaks.append(int(done.stdout) // 1_024)
    assert peaks[1] < peaks[0] * 1.5 + 50, f"{peaks} MB for one and ten million rows"


# ── two rulebooks on one history ────────────────────────────────────────────────────────────


def backtest(question: str, *more: str) -> Result:
    return run("backtest", "rules", "proposed", "--history", "facts.parquet", "--question", question, *more)


def test_flips_by_rule_and_by_amount() -> None:
    table = positions(2_000)
    WRITERS["parquet"](table, "facts.parquet")
    more = ("--on-column", "day", "--keep", "id", "--amount", "worth", "--out", "flipped.parquet", "--format", "json")
    result = backtest("accepted", *more)
    assert result.exit_code == 1, result.stderr
    flips = json.loads(result.stdout)
    newly = table.with_columns(pl.col("worth").cast(pl.Decimal(12, 2))).filter(pl.col("worth").is_between(50, 100))
    newly = newly.filter(pl.col("worth") > 50)
    rule = next(r for r in flips["rules"] if r["rule"] == "too_large")
    assert rule == {
        "rule": "too_large",
        "only": "new",
        "rows": newly.height,
        "amount": f"{newly['worth'].sum()} HKD",
        "amount_unknown": 0,
    }
    out = pl.read_parquet("flipped.parquet")
    assert out["id"].to_list() == newly["id"].to_list()
    changed = sum(o["rows"] for o in flips["outcomes"] if o["old"] != o["new"])
    assert changed == flips["changed"] == out.filter(pl.col("old_outcome") != pl.col("new_outcome")).height


def test_amounts_are_added_up_beyond_what_128_bits_hold() -> None:
    table = positions(400).with_columns(pl.lit(f"{9 * 10**15}.00").alias("worth"), pl.lit("token").alias("class"))
    table.with_columns(pl.col("worth").cast(pl.Decimal(20, 2))).write_parquet("facts.parquet")
    result = backtest("lent", "--on-column", "day", "--keep", "id", "--amount", "huge", "--format", "json")
    flips = json.loads(result.stdout)
    assert [o["amount"] for o in flips["outcomes"]] == [f"{400 * 9 * 10**34}.00 HKD"]


def test_flips_of_values_are_told_with_their_difference() -> None:
    table = positions(500)
    WRITERS["parquet"](table, "facts.parquet")
    result = backtest("lent", "--on", "2026-02-10", "--keep", "id", "--keep", "day", "--format", "json")
    flips = json.loads(result.stdout)
    worths = [int(w.replace(".", "")) for w in table["worth"]]
    assert flips["values"]["difference"] == sum(w * 50 // 100 - w * 60 // 100 for w in worths)
    told = backtest("lent", "--on", "2026-02-10", "--keep", "id", "--keep", "day")
    assert told.exit_code == 1
    assert "come out otherwise" in told.stdout
    cents = flips["values"]["difference"]
    assert f"another value; new less old: -{-cents // 100:,}.{-cents % 100:02} HKD\n" in told.stdout


def test_rulebooks_that_agree_flip_nothing() -> None:
    WRITERS["parquet"](positions(200), "facts.parquet")
    result = run(
        "backtest", "rules", "rules", "--history", "facts.parquet", "--question", "accepted", "--on-column", "day",
        "--keep", "id",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "0 of 200 rows come out otherwise" in result.stdout


# ── made-up books ───────────────────────────────────────────────────────────────────────────


def test_the_demonstration_of_many_rows_adds_up_to_the_cent() -> None:
    from policy.batch import synthetic

    told = json.loads(run("demo", "--rows", "3000", "--format", "json").stdout)
    assert [t["rows"] for t in told] == [3_000, 3_000]
    assert all(sum(t["outcomes"].values()) == 3_000 for t in told)
    rulebook = policy.load(on="2026-03-01")
    lending = rulebook.interpreter("lending_value")
    position, asset = rulebook.records["Position"], rulebook.records["Asset"]
    (batch,) = synthetic.batches(3_000, synthetic.positions)
    total = 0
    for kind, symbol, listing, worth in batch.table.iter_rows():
        held = position(asset=asset(class_=kind, symbol=symbol, listing=listing), market_value=worth)
        total += lending.answer(held).value
    assert told[0]["total"] == f"{total // 100}.{total % 100:02} HKD"


def test_a_table_in_memory_is_answered_in_batches_as_it_is_in_one() -> None:
    from policy.batch import synthetic
    from policy.batch.decide import answers_to

    table = next(synthetic.batches(50_000, synthetic.positions)).table
    large = pl.concat([table] * 6)
    evaluator = policy.load(on="2026-03-01").columns("lending_value", large.schema, scaled=True)
    parts = list(answers_to(evaluator, large))
    assert len(parts) == 3
    assert pl.concat([p.table for p in parts]).equals(evaluator.answers(large).table)


def test_synthetic_rows_are_the_same_however_many_there_are() -> None:
    from policy.batch import synthetic

    some, more = (next(synthetic.batches(n, synthetic.orders)).table for n in (100, 1_000))
    assert some.equals(more.head(100))


FORMULAS = {  # as a client may have called an account, and as a spreadsheet shall see it
    '=HYPERLINK("http://example.com","pay")': '\'=HYPERLINK("http://example.com","pay")',
    "=1+1": "'=1+1",
    "+1+1": "'+1+1",
    "-1+1": "'-1+1",
    "-2+3+cmd|' /C calc'!A0": "'-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1+1": "'\t=1+1",
    "\r=1+1": "'\r=1+1",
    "  =1+1": "'  =1+1",
    "＝1+1": "'＝1+1",
    "-12.50": "-12.50",
    "-12,000.50 HKD": "-12,000.50 HKD",
    "+5%": "+5%",
    'Chan, "Tai" Man': 'Chan, "Tai" Man',
    "a=b": "a=b",
    "'quoted": "'quoted",
}


def test_no_text_in_csv_is_a_formula_and_numbers_stay_numbers() -> None:
    table = pl.DataFrame(
        {
            "=name": list(FORMULAS),
            "class": pl.Series(["stock"] * len(FORMULAS)).cast(pl.Categorical),
            "worth": ["1.00"] * len(FORMULAS),
            "seen": ["2026-03-01"] * len(FORMULAS),
            "change": [-n for n in range(len(FORMULAS))],
        }
    )
    table.write_parquet("facts.parquet")
    kept = [word for name in ("=name", "class", "change") for word in ("--keep", name)]
    for out in ("out.csv", "out.parquet"):
        result = decide("worth", "facts.parquet", out, "--on", "2026-03-01", *kept)
        assert result.exit_code == 0, result.output
    written = pl.read_csv("out.csv", infer_schema=False)
    assert written["'=name"].to_list() == list(FORMULAS.values())
    assert written["class"].to_list() == ["stock"] * len(FORMULAS)
    assert written["change"].to_list() == [str(-n) for n in range(len(FORMULAS))]
    assert pl.read_parquet("out.parquet")["=name"].to_list() == list(FORMULAS)  # no spreadsheet runs what is in it

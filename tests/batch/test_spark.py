"""Clusters: a standalone master and two workers on loopback give the answers that one machine gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import optional
from spark_cluster import Cluster, cluster, settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default", "ignore::ResourceWarning"),  # Spark's own
]
pl = optional.columns()
optional.library("pandas", "spark")
optional.library("pyspark", "spark")
optional.java()

import policy  # noqa: E402
from policy import resources  # noqa: E402
from policy.batch.dates import TableQuestion, evaluator_of  # noqa: E402
from policy.pipeline import RulesFile, load_program, read_folder  # noqa: E402

HEIGHT = 40_000
ORDERS = TableQuestion(question="order_accepted", dates="day", keep=("id",), scaled=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch, cluster(tmp_path_factory.mktemp("cluster"), 2) as made:
        for name, value in settings().items():
            patch.setenv(name, value)
        yield made


@pytest.fixture(scope="module")
def spark(running: Cluster) -> Iterator[Any]:
    from policy.batch.spark import session

    made = session(running.url)
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


def orders(height: int) -> Any:
    """Orders of every kind, over the dates on which the law changes; some cells are missing."""
    n = pl.int_range(height)

    def one_of(*words: str) -> Any:
        return pl.Series(words).gather(n.hash(len(words)) % len(words))

    def amount(most: int) -> Any:
        return (n.hash(most) % most + 1).cast(pl.Int64)

    def yes(of: int) -> Any:
        return n.hash(of) % of > 0

    return pl.select(
        id=n,
        day=pl.lit(date(2025, 6, 1)) + pl.duration(days=n % 400),
        side=one_of("buy", "sell"),
        capacity=one_of("client", "affiliated_market_maker"),
        investor=one_of("retail", "individual_professional", "institutional_professional"),
        venue=one_of("own_book", "shared_book", "off_platform"),
        price=amount(10**9),
        quantity=amount(10**10),
        fees=amount(10**4),
        available=amount(10**11),
        available_quantity=amount(10**10),
        admitted=yes(9),
        financed=pl.when(yes(7)).then(False),
        knowledge_assessed=yes(5),
        exposure=amount(10**9),
        exposure_limit=amount(10**12),
        only_stablecoins=pl.lit(False),
        shared_book_approved=yes(11),
        overseas_platform_eligible=yes(13),
    ).with_columns(pl.col("day").cast(pl.Date))


@pytest.fixture(scope="module")
def program() -> Any:
    return load_program(read_folder([resources.folder("rulesets")])[0])


@pytest.fixture(scope="module")
def one_machine(program: Any) -> Any:
    """The answers that this machine gives by itself."""
    table = orders(HEIGHT)
    answers = evaluator_of(program, ORDERS, table.schema).answers(table).table
    assert answers["outcome"].n_unique() == 3
    texts = [pl.col("outcome").cast(pl.String), pl.col("reasons").cast(pl.List(pl.String))]
    return pl.concat([table.select("id"), answers.with_columns(texts)], how="horizontal")


@pytest.fixture(scope="module")
def facts(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("facts") / "orders.parquet"
    orders(HEIGHT).write_parquet(folder, row_group_size=5_000)
    return spark.read.parquet(str(folder))


def collected(answers: Any) -> Any:
    return pl.DataFrame(answers.toArrow()).sort("id")


def test_a_cluster_gives_the_answers_that_one_machine_gives(facts: Any, program: Any, one_machine: Any) -> None:
    from policy.batch.spark import answers_of

    got = collected(answers_of(facts, program, ORDERS))
    assert got.drop("day", "rulebook", "remarks").equals(one_machine)
    assert got["rulebook"].unique().to_list() == [program.digest]
    asked = evaluator_of(program, ORDERS, orders(HEIGHT).schema)
    assert got["remarks"].to_list() == asked.remark_column(got["day"]).to_list()


def test_partitions_and_their_order_change_nothing(facts: Any, program: Any, one_machine: Any) -> None:
    from policy.batch.spark import answers_of

    for shuffled in (facts.repartition(7), facts.orderBy("price").coalesce(1), facts.repartition(3, "venue")):
        assert collected(answers_of(shuffled, program, ORDERS)).drop("day", "rulebook", "remarks").equals(one_machine)


ACCOUNTS = """language 1
ruleset t "t" zh "規則"
source LAW "the law" zh "法例" reference "L1" status official
provision LAW/1 "one" zh "一"
record Position { class: text worth: money(HKD) }
record Account { positions: list of Position limit: rate }
value total(account: Account) -> money(HKD) "total" zh "總額" = sum(p.worth for p in account.positions) per LAW/1
value lent(account: Account) -> money(HKD) "lent" zh "借"
  = round down to 0.01 (sum(min(p.worth, round down to 0.01 (total(account) * account.limit))
    for p in account.positions) * 40%) per LAW/1
decision concentrated(account: Account) "concentrated?" zh "集中？"
  otherwise permit "no" zh "否" per LAW/1
  deny too_much when any(p.worth > total(account) * account.limit for p in account.positions)
    because "too much of one" zh "過於集中" per LAW/1
"""


def test_accounts_are_groups_of_positions(spark: Any) -> None:
    from policy.batch.spark import grouped_answers_of

    program = load_program([RulesFile("t.policy", ACCOUNTS.encode())])
    n = pl.int_range(9_000)
    positions = pl.select(
        account=n % 700,
        limit=pl.lit(250_000),
        **{"class": n.cast(pl.String)},
        worth=(n.hash(1) % 10**9).cast(pl.Int64),
    )
    by = ("account", "limit")
    whole = positions.group_by(by, maintain_order=True).agg(pl.struct("class", "worth").alias("positions"))
    for question in ("lent", "concentrated"):
        asking = TableQuestion(question=question, on=date(2026, 3, 1), keep=("account",), scaled=True)
        wanted = evaluator_of(program, asking, whole.schema).answers(whole).table
        table = spark.createDataFrame(positions.to_arrow()).repartition(5)
        got = pl.DataFrame(grouped_answers_of(table, program, asking, by, "positions").toArrow()).sort("account")
        assert got.height == 700
        told = "value" if question == "lent" else "reasons"
        if told == "value":
            assert [int(v) for v in got[told]] == wanted[told].to_list()
        else:
            assert got[told].to_list() == wanted[told].cast(pl.List(pl.String)).to_list()


def test_a_worker_killed_in_the_middle_changes_nothing(
    running: Cluster, spark: Any, facts: Any, program: Any, one_machine: Any
) -> None:
    from policy.batch.spark import answers_of

    gone: list[float] = []

    def kill_one() -> None:
        busy = spark.sparkContext.statusTracker()
        while not busy.getActiveStageIds():
            time.sleep(0.01)
        while not any(info and info.numCompletedTasks for info in map(busy.getStageInfo, busy.getActiveStageIds())):
            time.sleep(0.01)
        running.kill(running.workers[0])
        gone.append(time.monotonic())

    killer = threading.Thread(target=kill_one)
    killer.start()
    many = facts.repartition(40)
    got = collected(answers_of(many, program, ORDERS))
    ended = time.monotonic()
    killer.join(30)
    assert gone, "the worker was killed"
    assert gone[0] < ended, "while the question was being asked"
    assert got.drop("day", "rulebook", "remarks").equals(one_machine)
    running.start_worker()


def test_the_command_line_asks_a_cluster(tmp_path: Path, one_machine: Any) -> None:
    orders(HEIGHT).write_parquet(tmp_path / "orders.parquet")
    command = [
        sys.executable,
        "-m",
        "policy",
        "decide",
        "order_accepted",
        "--facts",
        str(tmp_path / "orders.parquet"),
    ]
    command += ["--on-column", "day", "--keep", "id", "--scaled", "--out", str(tmp_path / "out.parquet")]
    with cluster(tmp_path, 1) as alone:
        done = subprocess.run(
            [*command, "--engine", alone.url],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | settings() | {"POLICY_CACHE": "off"},
            timeout=300,
        )
    assert done.returncode == 3, done.stderr
    assert f"{HEIGHT:,} rows" in done.stdout
    assert (tmp_path / "out.parquet" / "_SUCCESS").exists()
    got = pl.read_parquet(tmp_path / "out.parquet" / "*.parquet").sort("id")
    assert got["outcome"].to_list() == one_machine["outcome"].to_list()


def test_columns_that_do_not_fit_are_told_before_any_work(spark: Any, program: Any) -> None:
    from policy.batch.spark import answers_of

    floats = spark.createDataFrame([(1.5,)], "price double")
    with pytest.raises(policy.PolicyError, match="float64"):
        answers_of(floats, program, TableQuestion(question="order_accepted", on=date(2026, 3, 1)))


# ── the command, on this machine ────────────────────────────────────────────────────────────

CLASSES = ["virtual_asset", "fiat"] * 50
VALUES = [f"{n}.00" for n in range(100)]


def on_this_machine(facts: str, out: str = "o.jsonl") -> subprocess.CompletedProcess[str]:
    """`decide --engine`, where nothing says which Python the workers take, and another comes first on the path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYSPARK")}
    environment |= {"PATH": "/usr/bin:/bin", "SPARK_LOCAL_IP": "127.0.0.1", "POLICY_CACHE": "off"}
    command = [sys.executable, "-m", "policy", "decide", "lending_value", "--on", "2026-03-01", "--facts", facts]
    return subprocess.run(
        [*command, "--engine", "local[2]", "--out", out],
        capture_output=True, text=True, check=False, env=environment, timeout=300,
    )  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "names", [("position.asset.class", "position.market_value"), ("asset.class", "market_value")]
)
def test_columns_whose_names_have_dots(here: Path, names: tuple[str, str]) -> None:
    pl.DataFrame(dict(zip(names, (CLASSES, VALUES), strict=True))).write_parquet("f.parquet")
    done = on_this_machine("f.parquet")
    assert "100 rows" in done.stdout, done.stderr
    lines = [json.loads(line) for f in Path("o.jsonl").glob("*.json") for line in f.read_text().splitlines()]
    assert len(lines) == 100
    assert f"\ntotal: {sum(Decimal(str(line.get('value', 0))) for line in lines):,.2f} HKD\n" in done.stdout
    assert sorted(f.name for f in here.iterdir() if f.name.startswith("o.")) == ["o.jsonl"]
    again = on_this_machine("f.parquet")
    assert again.returncode == 2
    assert "`o.jsonl` is a directory" in again.stderr.replace("'", "`")


RAGGED = ["asset.class,market_value", "stock,1.00", "stock,1.00,x", "stock"]
LOST = {
    "a row with too many cells": RAGGED[:3],
    "a row with too few": [*RAGGED[:2], RAGGED[3]],
    "a quote that is not closed": [*RAGGED[:2], '"stock,1.00'],
    "a column twice": ["market_value,market_value", "1.00,1.00"],
}


@pytest.mark.parametrize("case", LOST)
def test_rows_that_spark_would_drop_refuse_the_file(here: Path, case: str) -> None:
    Path("f.csv").write_text("\n".join(LOST[case]) + "\n")
    done = on_this_machine("f.csv")
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("error[") == 1
    assert "Traceback" not in done.stderr.partition("error[")[2]
    assert [f.name for f in here.iterdir() if f.name.startswith("o.")] == []


@pytest.mark.usefixtures("here")
def test_kinds_that_a_cluster_does_not_write_are_told_before_any_work() -> None:
    pl.DataFrame({"asset.class": CLASSES, "market_value": VALUES}).write_parquet("f.parquet")
    done = on_this_machine("f.parquet", "o.csv")
    assert done.returncode == 2
    assert done.stderr.startswith("error[table-format]: `o.csv`: a cluster does not write this kind")

"""A market's day as a document: from a run or from its journal the same, with evidence a person can follow."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from policy import resources
from policy.answers import Outcome, Verdict
from policy.audit.records import Header, JournalRecord
from policy.cli import main
from policy.documents import edition
from policy.documents.markets import followed
from policy.exchange import events as exchange
from policy.exchange.commands import MONEY as HKD, AdmitParticipant, AdmitPlatform, Place
from policy.exchange.events import OrderAccepted, ParticipantAdmitted, Traded
from policy.financing import events as financing
from policy.financing.commands import ListCollateral
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid, InvalidCode
from policy.model.types import Number
from policy.perpetuals import events as perpetuals
from policy.reports.documents import Document
from policy.reports.journal.glossary import ClientsFirst, Glossary
from policy.reports.journal.market import Recorded
from policy.reports.journal.names import EVENTS, MONEY
from policy.reports.journal.series import MOST_STEPS, Series, chart_of, tidy
from policy.wire import command_json, event_json, money_of, word

SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
PERMITTED = Verdict(Outcome.PERMITTED)
STORIES = [
    pytest.param(path.name, marks=[pytest.mark.slow] if path.name == "demonstration" else [])  # the longest
    for path in sorted(SCENARIOS.iterdir())
    if path.is_dir()
]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code in (0, 2), result.output
    return result.stdout


def tidied(text: str) -> str:
    """An amount without the zeros that say nothing."""
    number, _, currency = text.partition(" ")
    whole, _, part = number.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')} {currency}"


@cache
def day(name: str) -> Document:
    return followed(edition(on="2026-03-01").rules, SCENARIOS / name, Recorded.whole)[0].document("A platform")


def figures(name: str) -> dict[str, Any]:
    return day(name).as_json()


# ── one document, whatever it is made from ──────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "kind"), [("shared_book", "trading"), ("affiliated_market_maker", "trading")])
def test_a_run_and_its_journal_make_the_same_page(name: str, kind: str, tmp_path: Path) -> None:
    page, journal, read = (str(tmp_path / n) for n in ("run.html", "day.jsonl", "read.html"))
    run("trade", str(SCENARIOS / name), "--report", page, "--journal", journal)
    run("report", kind, "--journal", journal, "-o", read)
    assert Path(page).read_bytes() == Path(read).read_bytes()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("perpetual_contracts", "Report on margin and perpetual contracts"),
        ("margin_financing", "Report on margin and perpetual contracts"),
        ("safeguards_under_stress", "Days in the market 6–7 July 2026"),
    ],
)
def test_the_document_of_a_run_has_the_parts_that_happened(name: str, title: str, tmp_path: Path) -> None:
    page = tmp_path / "day.html"
    run("trade", str(SCENARIOS / name), "--report", str(page))
    text = page.read_text(encoding="utf-8")
    assert f"<h1>{title}</h1>" in text
    assert ('id="priority"' in text) is (name == "safeguards_under_stress")
    assert 'id="collateral"' in text


def test_lines_that_could_not_be_read_are_told(tmp_path: Path) -> None:
    for file in (SCENARIOS / "affiliated_market_maker").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "wrong.jsonl").write_text('{"do": "plaice"}\n', encoding="utf-8")
    page = tmp_path / "day.html"
    run("trade", str(tmp_path), "--report", str(page))
    assert "Lines that could not be read: 1" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_all_that_happened_is_what_a_run_counts(name: str) -> None:
    counted = json.loads(run("trade", str(SCENARIOS / name), "--format", "json"))["events"]
    kinds = figures(name)["summary"]["kinds"]
    assert [k["count"] for k in kinds] == [c["count"] for c in counted.values()]
    sums = [[amount for _, amount in k["money"]] for k in kinds]
    assert sums == [[tidied(m) for n, m in c.items() if n != "count"] for c in counted.values()]


@pytest.mark.parametrize("module", [exchange, financing, perpetuals])
def test_every_event_and_all_its_money_has_a_name(module: Any) -> None:
    for cls in get_args(module.Event):
        assert word(cls) in EVENTS
        assert {name for name, _ in money_of(cls)} <= MONEY.keys()


# ── client priority ─────────────────────────────────────────────────────────────────────────


def test_what_came_before_the_rule_is_told_and_is_no_breach() -> None:
    evidence = figures("affiliated_market_maker")["trading"]["evidence"]
    assert evidence["rule"]["provisions"] == ["AMM/client_priority"]
    assert evidence["rule"]["since"] == "2026-02-11"
    assert (evidence["fills"], evidence["overtaken"], evidence["breaches"], evidence["pre_rule_fills"]) == (
        7,
        6,
        0,
        1,
    )
    eve, *since = evidence["levels"]
    assert (eve["in_force"], eve["maker_first"], eve["to_clients"]) == (False, 1, 0)
    assert [q["by"] for q in eve["queue"] if q["filled_first"]] == ["harbour_liquidity"]
    assert all(row["in_force"] and row["maker_first"] == 0 for row in since)
    assert [[q["client"] for q in row["queue"] if q["filled_first"]] for row in since] == [[True], [True]]


def record(seq: int, command: Any, *events: Any) -> JournalRecord:
    return JournalRecord(seq, command.at, command_json(command), "", "", list(map(event_json, events)), "")


def placed(seq: int, id: str, by: str, side: str) -> tuple[Place, OrderAccepted]:
    order = Place(id, by, "BTC", seq * 10**6, venue="own_book", side=side, quantity=10**8, price=10_0000)
    return order, OrderAccepted(id, PERMITTED, money=1000, tokens=0)


def crossed(seq: int, resting: str, per: list[str]) -> JournalRecord:
    ids = {"resting": resting, "incoming": f"S{seq}", "buyer": resting, "seller": f"S{seq}", "venue": "own_book"}
    amounts = {"price": 10_0000, "quantity": 10**8, "value": 1000}
    traded = Traded(seq, "BTC", settled=True, per=tuple(per), **ids, **amounts)
    return record(seq, *placed(seq, f"S{seq}", "seller", "sell"), traded)


def maker(seq: int, name: str) -> JournalRecord:
    command = AdmitParticipant(name, "p", seq * 10**6, {"capacity": "affiliated_market_maker"})
    return record(seq, command, ParticipantAdmitted(name, "p"))


@given(
    orders=st.lists(st.booleans(), min_size=1, max_size=12),
    seed=st.randoms(use_true_random=False),
    known=st.booleans(),
)
def test_fills_are_counted_as_a_plain_list_counts_them(orders: list[bool], seed: Any, known: bool) -> None:
    """Against a list of those who wait: every fill while both kinds wait, and who was passed over."""
    glossary = Glossary({}, ClientsFirst(("A/1",), "2026-01-01"))
    told = Recorded.whole(Header("0" * 64, "", "2026-01-01", {}), glossary)
    told.take(maker(1, "mm"))
    line = [(f"B{n}", is_client) for n, is_client in enumerate(orders)]
    for n, (id, is_client) in enumerate(line):
        told.take(record(n + 2, *placed(n + 2, id, f"c{n}" if is_client else "mm", "buy")))
    fills = passed = before = 0
    for n in range(len(orders)):
        id, is_client = filled = seed.choice(line)
        others = [w for w in line if w != filled]
        if any(c is not is_client for _, c in others):
            fills += 1
            passed += is_client and any(not c for _, c in line[: line.index(filled)])
            before += not is_client
        line.remove(filled)
        told.take(crossed(100 + n, id, ["A/1 (official)"] if known else ["A/2 (official)"]))
    assert told.trading is not None
    found = told.trading.figures(told.tally.reasons, told.tally.counts).evidence
    assert (found.fills, found.overtaken) == (fills, passed)
    assert (found.breaches, found.pre_rule_fills) == ((before, 0) if known else (0, before))


# ── pictures ────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5000))
def test_a_series_stays_short_and_keeps_its_extremes(values: list[int]) -> None:
    series = Series(HKD)
    for n, value in enumerate(values):
        series.add(n, value)
    assert len(series.steps) <= 2 * MOST_STEPS
    assert max(s.high for s in series.steps) == max(values)
    assert min(s.low for s in series.steps) == min(values)
    assert series.steps[-1].last == values[-1]


def test_a_crash_at_the_last_moment_is_as_wide_as_the_months_before() -> None:
    series = Series(HKD)
    month = 30 * 24 * 3600 * 10**6
    for at, value in ((0, 8), (month, 9), (2 * month, 0), (2 * month + 1, 5)):
        series.add(at, value)
    picture = chart_of(series, Glossary().at)
    assert picture is not None
    assert picture.path == "M0 112H250V0H500V1000H750V445H1000"
    assert [t.x for t in picture.ticks] == [0, 250, 500]


def test_a_cap_is_drawn_where_it_held() -> None:
    series = Series(HKD)
    series.limit(0, 10)
    series.add(0, 5)
    series.limit(1, 20)
    picture = chart_of(series, Glossary().at)
    assert picture is not None
    assert picture.cap == "M0 500H500V0H1000"
    assert picture.path == "M0 750H500V750H1000"


def test_nothing_that_ever_was_is_no_picture() -> None:
    series = Series(HKD)
    series.add(0, 0)
    assert chart_of(series, Glossary().at) is None


@pytest.mark.parametrize(
    ("value", "of", "text"),
    [
        (0, HKD, "0.00 HKD"),
        (1_234_567_89, HKD, "1234567.89 HKD"),
        (-50, HKD, "-0.50 HKD"),
        (1850 * 10**8, Number("money:USD", 8), "1850.00 USD"),
        (77170_83340000, Number("money:USD", 8), "77170.8334 USD"),
        (None, HKD, ""),
    ],
)
def test_amounts_have_two_decimals_and_no_more_than_say_something(value: int | None, of: Number, text: str) -> None:
    assert tidy(value, of) == text


# ── margin and stress ───────────────────────────────────────────────────────────────────────


def test_a_scenario_states_every_account_and_a_journal_only_those_that_were() -> None:
    portfolio = figures("portfolio")
    assert portfolio["stated"]
    assert len(portfolio["margin"]["accounts"]) == 7
    assert {h["kind"]["en"] for h in portfolio["margin"]["holdings"]} == {
        "listed security",
        "virtual asset",
        "stablecoin of an HKMA-licensed issuer",
    }
    shares = [h["share"] for h in portfolio["margin"]["holdings"]]
    assert 990 <= sum(shares) <= 1000


def test_a_journal_says_that_stress_needs_the_portfolio(tmp_path: Path) -> None:
    journal = str(tmp_path / "day.jsonl")
    run("trade", str(SCENARIOS / "portfolio"), "--journal", journal)
    page = run("report", "margin", "--journal", journal, "--language", "en")
    assert "falls of prices need the portfolio itself" in page
    assert "No account was stated" in page


def test_stress_is_what_policy_stress_portfolio_says() -> None:
    rows = {row["shock"]["en"]: row for row in figures("portfolio")["stress"]}
    shock = ["stress", "portfolio", str(SCENARIOS / "portfolio"), "--shock", "BTC=-30%", "--format", "json"]
    events = json.loads(run(*shock))["in_all"]["events"]
    row = rows["BTC −30%"]
    # a day's funding brings down once more whom steps had saved, and two positions are closed against that one's
    assert row["liquidations"] == events["liquidation_begun"]["count"] + 1
    assert row["deleveraged"] == events["deleveraged"]["count"] + 2
    assert tidied(row["from_fund"] + " USD") == tidied(events["fund_drawdown"]["from_fund"])


def test_a_deeper_fall_leaves_less() -> None:
    rows = [row for row in figures("portfolio")["stress"] if not row["shock"]["en"].endswith("−30%")]
    worth = [Decimal(row["before"]) for row in rows]
    assert worth == sorted(worth, reverse=True)
    assert rows[0]["shock"]["en"] == "as it is"
    assert (rows[0]["calls"], rows[0]["short"]) == (0, "0.00")
    assert [row["mark"] <= 1000 for row in rows]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", STORIES)
def test_no_code_stands_where_a_word_should(name: str, language: str) -> None:
    provisions, messages = r"\b[A-Z]+/\S+", r"<li>`.*?</li>"
    told = re.sub(rf"<(style|code|svg)\b.*?</\1>|{messages}|{provisions}", "", day(name).page(language), flags=re.S)
    for event in EVENTS:
        if "_" in event:
            assert event not in told
    for member in ("affiliated_market_maker", "own_book", "shared_book", "otherwise", "listed_security"):
        assert not re.search(rf"\b{member}\b", told)
    assert "T00:00" not in told
    assert "+00:00" not in told


@pytest.mark.slow
def test_money_does_not_fall_against_itself_and_alone_falls_only_what_is_held() -> None:
    falls = [row["shock"]["en"] for row in figures("margin_financing")["stress"]]
    assert not any(fall.startswith(("HKD ", "ETH ", "SOL ")) for fall in falls)
    assert "HKDX −30%" in falls


def test_calls_tell_how_they_ended() -> None:
    calls = {(c["account"], c["end"]["en"], c["kind"]) for c in figures("margin_financing")["margin"]["calls"]}
    assert ("harbour_mills", "met", "accept") in calls
    assert ("chan", "met after collateral was sold", "accept") in calls


# ── what readers of them found ──────────────────────────────────────────────────────────────


def test_three_days_are_called_so_and_told_as_a_span() -> None:
    cover = figures("shared_book")["cover"]
    assert cover["title"] == {"en": "Report on trading days 18–20 June 2026", "zh": "交易日報（2026年6月18日至20日）"}
    assert (cover["on"], cover["until"]) == ("2026-06-18", "2026-06-20")
    assert "適用日期</dt><dd>2026年6月18日至20日" in day("shared_book").page("zh")


def test_the_home_platform_s_place_of_licence_is_told() -> None:
    places = {p["place"]["en"]: p for p in figures("shared_book")["trading"]["places"]}
    assert places["Hong Kong"]["platforms"] == ["hk"]
    assert places["Hong Kong"]["bought"] == "3193250.00"
    assert "" not in places


def test_what_of_a_loss_is_not_covered_is_told_apart() -> None:
    trading = figures("shared_book")["trading"]
    [loss] = [f for f in trading["failures"] if f["what"]["en"] == "loss"]
    assert (loss["amount"], loss["covered"], loss["uncovered"]) == (
        "4576000.00 HKD",
        "4000000.00 HKD",
        "576000.00 HKD",
    )
    said = [c["said"] for c in trading["covers"] if c["said"]["en"].startswith("Loss")]
    assert said == [
        {
            "en": "Loss HK$4,576,000.00: HK$4,000,000.00 covered, HK$576,000.00 not.",
            "zh": "損失4,576,000.00港元：已補償4,000,000.00港元，未補償576,000.00港元。",
        }
    ]


def test_why_there_are_more_reasons_than_refusals_is_told() -> None:
    rows = [r for r in figures("shared_book")["trading"]["out_by"] if r["event"] == "order_rejected"]
    assert {r["of"] for r in rows} == {8}
    assert sum(r["count"] for r in rows) == 12
    assert "8 in all, for 12 reasons: one may have several" in day("shared_book").page("en")
    assert "共8宗、12項理由（一宗可有多項理由）" in day("shared_book").page("zh")


def test_moments_are_in_the_rulebook_s_time_with_their_offset() -> None:
    english, chinese = (day("margin_financing").page(language) for language in ("en", "zh"))
    assert re.search(r"\d{4}, \d\d:\d\d(:\d\d)? \(UTC\+8\)", english)
    assert re.search(r"日\d\d時\d\d分(\d\d秒)?（UTC\+8）", chinese)
    for page in (english, chinese):
        assert re.findall(r'datetime="\d{4}-\d\d-\d\dT[^"]*"', page)
        assert all(at.endswith('+08:00"') for at in re.findall(r'datetime="\d{4}-\d\d-\d\dT[^"]*"', page))


def test_a_cover_counts_provisions_by_the_status_of_their_source() -> None:
    sources = dict(figures("shared_book")["cover"]["sources"])
    assert list(sources) == ["official", "secondary", "press", "house"]
    assert all(sources[s] > 0 for s in ("official", "secondary", "house"))
    assert "Weakest source" not in day("shared_book").page("en")


def test_an_invalid_command_tells_a_document_nothing() -> None:
    """What it says of a day, a participant, a platform or an asset has come to nothing."""
    told = Recorded.whole(Header("0" * 64, "", "2026-01-01", {}), Glossary({}, ClientsFirst(("A/1",), "2026-01-01")))
    assert told.trading is not None
    assert told.margin is not None
    told.take(maker(1, "mm"))
    late, invalid = 10**18, CommandInvalid("new_day", InvalidCode.TOO_FAR_AHEAD, "")
    told.follow(NewDay(late, on=800_000), [invalid])
    assert (told.last, told.until) == (10**6, "")
    again = CommandInvalid("admit_participant", InvalidCode.DUPLICATE, "")
    told.follow(AdmitParticipant("mm", "p", 2 * 10**6, {"capacity": "client"}), [again])
    told.follow(AdmitPlatform("p", 3 * 10**6, licensed_in="SG"), [again])
    told.follow(ListCollateral("BTC", 4 * 10**6, 1, {"class": "fiat"}), [again])
    assert told.trading.capacity == {"mm": "affiliated_market_maker"}
    assert not told.trading.flows.licensed_in
    assert not told.margin.collateral.kinds
    assert told.last == 4 * 10**6

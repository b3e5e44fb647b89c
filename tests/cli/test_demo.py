"""The demonstration: its figures add up, its page is the same every time, and it tells what is wrong."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policy import resources
from policy.cli import main
from policy.documents.markets import DATES
from policy.reports.render import grouped


def demo(*arguments: str, report: Path) -> str:
    result = CliRunner().invoke(main, ["demo", "--report", str(report), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads(demo("--format", "json", report=folder / "json.html"))
    return parts


@pytest.fixture(scope="module")
def summary(folder: Path) -> str:
    return demo(report=folder / "text.html")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    demo(report=folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


# ── figures ─────────────────────────────────────────────────────────────────────────────────


def test_every_order_is_accounted_for(figures: dict[str, Any]) -> None:
    trading = figures["trading"]
    orders = resources.folder("rulesets") / "hk_sfc" / "scenarios" / "demonstration" / "orders.jsonl"
    placed = sum('"do": "place"' in line for line in orders.read_text(encoding="utf-8").splitlines())
    counts = {name: trading[name] for name in ("accepted", "refused", "undecided")}
    assert sum(counts.values()) == placed - figures["summary"]["unread"] - 1  # one price has too many decimals
    for name, count in counts.items():
        assert sum(row[name] for row in trading["platforms"]) == count
    assert len(trading["undecided_orders"]) == counts["undecided"]


def test_the_demonstration_shows_something_of_everything(figures: dict[str, Any]) -> None:
    trading, margin = figures["trading"], figures["margin"]
    assert min(trading[name] for name in ("accepted", "refused", "undecided", "trades")) > 0
    refused = {row["rule"] for row in trading["out_by"]}
    assert refused >= {"not_prefunded", "retail_not_opted_in", "token_not_admitted", "market_maker_not_reviewed"}
    assert {account["call"]["kind"] for account in margin["accounts"]} == {"accept", "refuse", "doubt"}
    assert {advance["answer"]["kind"] for advance in margin["advances"]} == {"accept", "refuse", "doubt"}


def test_nothing_is_made_and_nothing_is_lost(figures: dict[str, Any]) -> None:
    balances = figures["trading"]["balances"]
    assert balances[0]["what"] == "HKD"
    assert {row["what"] for row in balances} >= {"BTC", "ETH"}
    for row in balances:
        assert Decimal(row["free"]) + Decimal(row["reserved"]) == Decimal(row["brought_in"])
        assert Decimal(row["difference"]) == 0


def test_what_is_bought_is_sold(figures: dict[str, Any]) -> None:
    trading = figures["trading"]
    value = Decimal(trading["value"])
    assert sum(Decimal(row["value"]) for row in trading["instruments"]) == value
    assert sum(Decimal(row["bought"]) for row in trading["platforms"]) == value
    assert sum(Decimal(row["sold"]) for row in trading["platforms"]) == value
    assert sum(row["trades"] for row in trading["instruments"]) == trading["trades"]


def test_clients_went_first(figures: dict[str, Any]) -> None:
    evidence = figures["trading"]["evidence"]
    assert evidence["breaches"] == 0
    assert evidence["overtaken"] > 0
    assert evidence["fills"] == sum(level["fills"] for level in evidence["levels"])
    for level in evidence["levels"]:
        assert {row["client"] for row in level["queue"]} == {True, False}
        assert [row["client"] for row in level["queue"] if row["filled_first"]] == [True]


def test_every_reason_has_words_in_two_languages_and_a_source(figures: dict[str, Any]) -> None:
    assert {row["effect"] for row in figures["reasons"]} == {"deny", "permit"}
    for row in figures["reasons"]:
        assert row["text"]["en"]
        assert row["text"]["zh"]
        assert row["cited"]
        assert {cited["status"] for cited in row["cited"]} <= {"official", "secondary", "press", "house"}


def test_margin_totals_are_sums_of_the_accounts(figures: dict[str, Any]) -> None:
    margin = figures["margin"]
    *classes, together = margin["classes"]
    assert sum(Decimal(a["before"]) for a in margin["accounts"]) == Decimal(together["before"])
    assert sum(Decimal(a["loan"]) for a in margin["accounts"]) == Decimal(margin["loans"])
    for name in ("before", "after", "capital"):
        assert sum(Decimal(row[name]) for row in classes) == Decimal(together[name])
    for account in margin["accounts"]:
        if account["after"]:
            carried = sum(Decimal(p["after"]) for p in account["positions"])
            assert carried == Decimal(account["after"])


def test_what_is_undecided_says_what_it_needs(figures: dict[str, Any]) -> None:
    margin = figures["margin"]
    states = [a[name] for a in margin["accounts"] for name in ("call", "sale")]
    for state in (*states, *(advance["answer"] for advance in margin["advances"])):
        assert bool(state["needs"]) == (state["kind"] == "doubt")
    needs = {need["name"]: need for need in figures["summary"]["needs"]}
    assert {"margin_call_level", "schedule_2_haircut", "makers_need_approval"} <= needs.keys()
    assert needs["margin_call_level"]["why"] == {
        "en": "The guidelines require a prudent trigger level, and no text read gives it.",
        "zh": "《指引》要求設審慎的觸發水平，所閱文本並無載明。",
    }


def test_an_asset_has_its_haircuts(figures: dict[str, Any]) -> None:
    holdings = {row["asset"]: row for row in figures["margin"]["holdings"]}
    assert (holdings["BTC"]["haircut"], holdings["BTC"]["capital_haircut"]) == ("60%", "100%")
    assert holdings["BTC"]["accepted"]["kind"] == "accept"
    assert holdings["SOL"]["accepted"]["kind"] == "refuse"
    assert holdings["8123.HK"]["haircut"] == holdings["8123.HK"]["after"] == ""


def test_the_dates_make_a_difference(figures: dict[str, Any]) -> None:
    dates = figures["dates"]
    assert dates["dates"] == list(DATES)
    accepted = next(row["values"] for row in dates["rows"] if row["what"]["en"] == "orders accepted")
    assert len(set(accepted)) == len(DATES)
    assert accepted[-1] == str(figures["trading"]["accepted"])
    grounds = {ground for row in dates["turned"] for ground in row["grounds"]}
    assert {"no shared book yet", "group trading banned", "market maker not reviewed"} <= grounds


def test_a_line_with_a_mistake_is_refused_with_a_remedy_and_the_rest_go_on(figures: dict[str, Any]) -> None:
    (unread,) = figures["summary"]["unread_lines"]
    assert unread == {
        "place": "orders.jsonl:47",
        "message": "`quantitiy`: the question has no such fact",
        "help": "did you mean `quantity`?",
    }
    assert any("is not a multiple of the tick" in message for message in figures["summary"]["messages"])
    assert any("capacity_assessed" in message for message in figures["summary"]["messages"])


def test_figures_hold_no_float(figures: dict[str, Any]) -> None:
    assert not re.search(r"\d\.\d+e[+-]?\d", json.dumps(figures, ensure_ascii=False))


# ── the page and the summary ────────────────────────────────────────────────────────────────


def test_the_page_is_the_same_byte_for_byte(folder: Path, page: str) -> None:
    demo("--format", "json", report=folder / "again.html")
    assert (folder / "again.html").read_text(encoding="utf-8") == page


class _Outline(HTMLParser):
    """Notes the elements, identifiers and outward references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outward: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "action", "data"):
                self.outward.append(value or "")
            assert not name.startswith("on"), "no script"


def test_the_page_stands_alone(page: str) -> None:
    outline = _Outline()
    outline.feed(page)
    assert not outline.outward
    assert outline.tags.count("script") == 1  # the search, which finds nothing elsewhere
    assert "url(" not in page
    assert "@import" not in page
    assert all(link.startswith("#") for link in outline.links)
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert {"header", "nav", "main", "footer", "h1", "caption", "svg"} <= set(outline.tags)


def test_names_are_printed_and_never_obeyed(page: str) -> None:
    assert "Ng &amp; Sons &lt;Holdings&gt; Ltd" in page
    assert "<Holdings>" not in page


def test_the_summary_fits_a_terminal(figures: dict[str, Any], summary: str) -> None:
    lines = summary.splitlines()
    assert 20 <= len(lines) <= 45
    assert max(map(len, lines)) <= 120
    assert f"{figures['trading']['accepted']} accepted" in summary
    assert "undecided" in summary


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1234567.80", "1,234,567.80"), ("0", "0"), ("-1234.5", "−1,234.5"), ("999", "999"), ("-0.05", "−0.05")],
)
def test_thousands_are_set_apart(text: str, shown: str) -> None:
    assert grouped(text) == shown


def test_the_house_s_own_rules_go_over_it(tmp_path: Path) -> None:
    summary = demo("--under", "example.house", report=tmp_path / "house.html")
    assert "under example.house" in summary

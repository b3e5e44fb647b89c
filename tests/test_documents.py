"""Documents: whole in themselves, the same bytes for the same input, and nothing from facts becomes markup."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import optional
import pytest
from click.testing import CliRunner
from documents_made import document, printed

from policy import resources
from policy.cli import main
from policy.decisions import Words
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.letter import Letter
from policy.reports.markdown import markdown_of

SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
ORDER = {
    "order": {
        "side": "buy", "capacity": "client", "investor": "retail", "venue": "own_book", "price": "1000.00 HKD",
        "quantity": "0.5", "fees": "1.25 HKD", "available": "5 HKD", "financed": False, "admitted": True,
        "only_stablecoins": False, "knowledge_assessed": True, "exposure": "0 HKD", "exposure_limit": "9.00 HKD",
    }
}  # fmt: skip
FEW = [
    str(SCENARIOS.parent / f"{name}.policy")
    for name in ("sources", "vocabulary", "collateral", "haircuts", "perpetuals", "perpetual_margin")
]
SMALL = [word for file in FEW for word in ("--rules", file)]
KINDS = {
    "small rulebook": ["rulebook", "--on", "2026-03-01", *SMALL],
    "small traceability": ["traceability", "--on", "2026-03-01", *SMALL],
    "rulebook": ["rulebook", "--on", "2026-06-18", "--no-proofs"],
    "decision": ["decision", "order_accepted", "--on", "2026-03-01", "--to", "<b>=1+1</b>", "--facts", "-"],
    "trading": ["trading", str(SCENARIOS / "shared_book")],
    "market maker": ["trading", str(SCENARIOS / "affiliated_market_maker")],
    "financing": ["margin", str(SCENARIOS / "margin_financing")],
    "perpetuals": ["margin", str(SCENARIOS / "perpetual_contracts")],
    "portfolio": ["margin", str(SCENARIOS / "portfolio")],
    "stress": ["margin", str(SCENARIOS / "safeguards_under_stress")],
    "dates": ["change", "shipped", "shipped", "--on", "2026-02-10", "--to", "2026-02-11", "--no-proofs"],
    "house": ["change", "shipped", "shipped+example.house", "--on", "2026-06-18", "--no-proofs"],
}


@cache
def made(kind: str, *options: str) -> str:
    """A document of a kind, printed. With options other than `--language` and `--format` all is done anew."""
    told = dict(zip(options[::2], options[1::2], strict=True))
    if told.keys() <= {"--language", "--format"}:
        whole = document(*KINDS[kind], facts=json.dumps(ORDER))
        return printed(whole, told.get("--language", "both"), told.get("--format", "html"))
    optional.proofs(KINDS[kind])
    result = CliRunner().invoke(main, ["report", *KINDS[kind], *options], input=json.dumps(ORDER))
    assert result.exit_code == 0, result.output
    return result.stdout


class Reader(HTMLParser):
    """Notes identities, inner links, headings, and anything a page would fetch from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value and value.startswith("#"):
                self.links.append(value[1:])
            elif name in ("src", "href", "action", "data") and value:
                self.outside.append(value)


@pytest.mark.parametrize("language", [*(pytest.param(one, marks=pytest.mark.slow) for one in ("en", "zh")), "both"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_whole_in_itself(kind: str, language: str) -> None:
    reader = Reader()
    page = made(kind, "--language", language)
    reader.feed(page)
    assert len(set(reader.ids)) == len(reader.ids)
    assert set(reader.links) <= set(reader.ids)
    assert reader.outside == []
    assert {"main", "header", "h1", "footer"} <= set(reader.tags)
    assert reader.tags.count("h1") == 1
    assert ("zh-Hant-HK" in page) is (language != "en")
    assert not re.search(r">\s*None\s*<", page)


@pytest.mark.parametrize("kind", KINDS)
def test_markdown_says_the_same(kind: str) -> None:
    text = made(kind, "--language", "en", "--format", "markdown")
    assert text.startswith(("Policy that runs", "#")) or "\n# " in text
    assert not re.search(r"(?<!\\)<[a-z/]", text)
    widths = [re.sub(r"\\\|", "", line).count("|") for line in text.split("\n") if line.startswith("|")]
    assert all(w > 1 for w in widths)


def test_no_date_and_no_number_is_lost_from_page_to_figures() -> None:
    figures, page = json.loads(made("trading", "--format", "json")), made("trading", "--language", "en")
    assert figures["trading"]["trades"] == 13
    assert figures["trading"]["value"] == "3312850.00"
    assert "3,312,850.00" in page


def test_text_from_facts_becomes_no_markup() -> None:
    page = made("decision", "--language", "en")
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "\\<b\\>=1+1" in made("decision", "--language", "en", "--format", "markdown")


def test_a_letter_asks_for_what_is_missing() -> None:
    cover = Cover(Words("A decision", "裁定"), "P", "2026-03-01", "0" * 64, "", (("house", 1),))
    letter = Letter(cover, "", "", Words("May it?", "可否？"), "undecided", Words("Not decided"), (), (), (), ())
    page = Document("decision.html.jinja", cover, {"letter": letter}).page("en")
    assert "Not decided" in page


def test_tables_changed_cells_are_marked() -> None:
    page = made("house", "--language", "en")
    assert re.search(r"<ins>.*?</ins>", page)
    assert "tightened" in page


@pytest.mark.parametrize("files", [pytest.param([], marks=pytest.mark.slow, id="all"), pytest.param(FEW, id="few")])
def test_traceability_agrees_with_coverage(files: list[str]) -> None:
    run = CliRunner().invoke
    tested = json.loads(run(main, ["test", *files, "--format", "json"]).stdout)["coverage"]
    chosen = [word for file in files for word in ("--rules", file)]
    report = json.loads(printed(document("traceability", "--on", "2026-06-18", *chosen), "en", "json"))["t"]
    assert report["percent"] == tested["percent"]
    assert report["pieces"] == tested["rules"]
    assert len(report["uncovered"]) == len(tested["uncovered"])
    rows = [row for source in report["sources"] for row in source["rows"]]
    assert len(rows) == tested["provisions"]
    assert sorted(r["provision"] for r in rows if r["state"] == "untested") == sorted(tested["untested"])
    assert {r["provision"]: r["excused"] for r in rows if r["excused"]} == tested["excused"]


def test_a_pack_is_the_same_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules"
    assert CliRunner().invoke(main, ["init", str(rules)]).exit_code == 0
    for where in ("one", "two"):
        (tmp_path / where).mkdir()
        monkeypatch.chdir(tmp_path / where)
        arguments = ["report", "pack", "pack", "--rules", "../rules", "--on", "2026-06-18", "--since", "2026-01-01"]
        optional.proofs(arguments)
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / w / "pack").iterdir()} for w in ("one", "two"))
    assert one == two
    assert set(one) >= {"index.html", "rulebook.html", "traceability.html", "change.html", "manifest.txt"}
    assert CliRunner().invoke(main, arguments).exit_code == 2  # it would be written over


def test_markdown_escapes_what_markdown_means() -> None:
    assert markdown_of("<p>a|b *c* [d](e) &lt;i&gt;</p>") == "a\\|b \\*c\\* \\[d\\](e) \\<i\\>\n"


def test_a_date_is_printed_in_full() -> None:
    assert "18 June 2026" in made("rulebook", "--language", "en")
    assert date(2026, 6, 18).isoformat() in made("rulebook", "--format", "json")


def test_a_letter_draws_how_the_answer_was_reached() -> None:
    letter = json.loads(made("decision", "--format", "json"))["letter"]
    titles = [n["title"]["en"] for n in letter["tree"]["nodes"]]
    root = [n for n in letter["tree"]["nodes"] if n["x"] == 1]
    assert [n["title"]["en"] for n in root] == ["May the order be accepted?: no"]
    assert {r["text"]["en"] for r in letter["reasons"]} <= set(titles)  # the rules that apply, and no others
    assert len(letter["tree"]["edges"]) == len(titles) - 1
    assert "fees: 1.25 HKD" in titles

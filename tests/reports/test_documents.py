"""Documents: whole in themselves, the same bytes for the same input, and nothing from facts becomes markup."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from documents_made import EACH, FEW, Reader, document, made, printed
from policy.answers import BilingualText
from policy.cli import main
from policy.reports.book.figures import Cover
from policy.reports.documents import Document
from policy.reports.letter import NOTHING_ASKED, Letter
from policy.reports.markdown import markdown_of
from policy.reports.render import SHIPPED, long_dates


@pytest.mark.parametrize("language", [*(pytest.param(one, marks=pytest.mark.slow) for one in ("en", "zh")), "both"])
@pytest.mark.parametrize("kind", EACH)
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


@pytest.mark.parametrize("kind", EACH)
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
    cover = Cover(BilingualText("A decision", "決定"), "P", "2026-03-01", "0" * 64, "", (("house", 1),))
    letter = Letter(
        "",
        "",
        NOTHING_ASKED,
        BilingualText("May it?", "可否？"),
        "undecided",
        BilingualText("Not decided"),
        (),
        (),
        (),
        (),
    )
    page = Document("decision.html.jinja", cover, {"letter": letter}).page("en")
    assert "Not decided" in page


@pytest.mark.slow
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
    assert {r["provision"]: r["excused"]["en"] for r in rows if r["excused"]["en"]} == tested["excused"]


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
    one, two = (
        {p.name: p.read_bytes() for p in (tmp_path / w / "pack").rglob("*") if p.is_file()} for w in ("one", "two")
    )
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
    assert [n["title"]["en"] for n in root] == ["May the order be accepted? no"]
    assert {r["text"]["en"] for r in letter["reasons"]} <= set(titles)  # the rules that apply, and no others
    assert len(letter["tree"]["edges"]) == len(titles) - 1
    assert "amount of fees: HK$1.25" in titles


def test_no_line_of_a_template_is_longer_than_a_screen() -> None:
    long = [
        f"{file.name}:{number}"
        for file in sorted(SHIPPED.glob("*.jinja"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 160
    ]
    assert not long


def test_a_remark_tells_its_dates_as_people_write_them() -> None:
    page = made("small rulebook")
    assert "ends 1 January 2019 (read 26 November 2026)" in page
    assert "於2026年11月26日閱讀" in page
    assert long_dates("VATP/2026-01-02 of 2026-01-02, 2026-13-01") == "VATP/2026-01-02 of 2 January 2026, 2026-13-01"

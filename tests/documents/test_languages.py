"""A rulebook in a third language: what of a document is in it, what is not and says so, and what answers have."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from policy import documents
from policy.answers import BilingualText, joined
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.documents import Edition, Format, rules_of
from policy.pipeline import RulesFile, check, day_of
from policy.wire.reading import _verdict as read_verdict
from policy.wire.writing import verdict_json

RULES = """language 1
ruleset mo.margin "Margin" zh "保證金" pt "Margem"
source LAW "The law on margin" zh "保證金法" pt "A lei da margem" reference "L1" status official
provision LAW/1 "Margin is paid first." zh "先付保證金。" pt "A margem é paga primeiro."
enum Kind "kind" zh "種類" pt "tipo" { coin "coin" zh "幣" pt "moeda", bond "bond" zh "債券" pt "título" }
record Order "order" zh "買賣盤" pt "ordem" {
  paid: boolean "margin paid" zh "已付保證金" pt "margem paga"
  kind: Kind "kind of asset" zh "資產種類" pt "tipo de ativo"
}
decision accepted(order: Order) "May it be accepted?" zh "可否接受？" pt "Pode ser aceite?"
  otherwise permit "It may." zh "可以。" pt "Pode." per LAW/1
  deny unpaid
    when order.kind is coin
    unless order.paid
    because "Margin is not paid." zh "未付保證金。" pt "A margem não está paga."
    per LAW/1
test "unpaid" zh "未付" pt "por pagar" on 2026-03-01
  expect accepted({ paid: false, kind: coin }) denied by unpaid
"""
FACTS = '{"order": {"paid": false, "kind": "coin"}}'


@pytest.fixture(scope="module")
def edition() -> Edition:
    return Edition(rules_of([RulesFile("rules.policy", RULES.encode())]), day_of("2026-03-01"))


def test_nothing_is_missing_in_a_rulebook_in_three_languages() -> None:
    checked = check([RulesFile("rules.policy", RULES.encode())])
    assert not checked.diagnostics
    assert checked.model.languages == ("en", "zh", "pt")


def test_a_book_has_the_texts_of_the_rules_in_its_language_and_says_what_is_not(edition: Edition) -> None:
    page = documents.rulebook(edition, proofs=False).page("pt")
    for words in ("Margem", "A lei da margem", "A margem é paga primeiro.", "A margem não está paga.", "por pagar"):
        assert f'<span lang="pt">{words}</span>' in page, words
    assert "Remark: texts of the rules are in `pt` where the rules have it" in page
    assert "the kind of asset is coin, except where “margin paid” is true" in page
    assert "margem paga: no; tipo de ativo: moeda</td><td>no. A margem não está paga.</td>" in page
    assert not re.search("[\u4e00-\u9fff]", page.split("</style>")[-1].split("<script>")[0])


def test_a_workbook_has_them_too(edition: Edition) -> None:
    optional.library("xlsxwriter", "xlsx")
    made = zipfile.ZipFile(io.BytesIO(documents.rulebook(edition, proofs=False).printed("xlsx", "pt")))
    texts = made.read("xl/sharedStrings.xml").decode()
    for words in ("Margem", "A lei da margem", "texts of the rules are in `pt`"):
        assert words in texts, words


def test_a_letter_tells_facts_and_reasons_in_its_language(edition: Edition) -> None:
    page = documents.decision(edition, "accepted", FACTS).page("pt")
    for words in (
        "Pode ser aceite?",
        "A margem não está paga.",
        "tipo de ativo",
        "moeda",
        "A margem é paga primeiro.",
    ):
        assert words in page, words


def test_other_documents_are_as_they_were(edition: Edition) -> None:
    book = documents.rulebook(edition, proofs=False)
    assert "Margem" not in book.page("both") + book.page("zh") + book.page("en")
    assert json.loads(book.printed("json"))["book"]["concerns"][0]["title"] == {
        "en": "Margin",
        "zh": "保證金",
        "pt": "Margem",
    }


def test_a_language_that_the_rules_do_not_have_is_refused(edition: Edition, tmp_path: Path) -> None:
    book = documents.rulebook(edition, proofs=False)
    formats: tuple[Format, ...] = ("html", "markdown", "xlsx")
    for format in formats:
        with pytest.raises(PolicyError, match="the rules have no texts in `fr`"):
            book.printed(format, "fr")
    (tmp_path / "rules.policy").write_text(RULES, encoding="utf-8")
    words = ["report", "rulebook", str(tmp_path), "--on", "2026-03-01", "--no-proofs", "--format", "markdown"]
    told = CliRunner().invoke(main, [*words, "--language", "pt"])
    assert told.exit_code == 0
    assert "A margem é paga primeiro." in told.stdout
    assert CliRunner().invoke(main, [*words, "--language", "fr"]).exit_code == 2
    assert "is not a language" in CliRunner().invoke(main, [*words, "--language", "P T"]).stderr


def test_answers_have_every_language_and_journals_keep_them(edition: Edition, tmp_path: Path) -> None:
    answer = edition.rulebook.evaluator("accepted").answer(
        *edition.rulebook.reader("accepted").read_bytes("f", FACTS.encode())
    )
    written = verdict_json(answer.verdict)
    assert written["reasons"][0]["text"]["pt"] == "A margem não está paga."
    assert read_verdict(written).reasons[0].text == answer.reasons[0].text
    (tmp_path / "rules.policy").write_text(RULES, encoding="utf-8")
    (tmp_path / "facts.json").write_text(FACTS, encoding="utf-8")
    words = [
        "decide",
        "accepted",
        str(tmp_path / "rules.policy"),
        "--facts",
        str(tmp_path / "facts.json"),
        "--on",
        "2026-03-01",
    ]
    assert "  A margem não está paga.\n" in CliRunner().invoke(main, words).stdout
    assert '"pt": "A margem não está paga."' in CliRunner().invoke(main, [*words, "--format", "json"]).stdout


def test_texts_are_joined_in_every_language_that_one_of_them_has() -> None:
    texts = BilingualText("kind", "種類", (("pt", "tipo"),)), BilingualText("no. 1", "第1項")
    assert joined(texts, ", ", "，") == BilingualText("kind, no. 1", "種類，第1項", (("pt", "tipo, no. 1"),))
    assert texts[0].told("pt") == "tipo"
    assert texts[1].told("pt") == "no. 1"

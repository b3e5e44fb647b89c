"""Documents tell what is proved, what is not, and what a change means for every possible client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main

optional.library("z3", "proofs")

LOAN = """
enum Kind { listed "listed share" zh "上市股份", coin "coin" zh "代幣" }
record Pledge "pledge" zh "抵押品" {
  kind: Kind "what is pledged" zh "抵押品類別"
  worth: money(HKD) "worth" zh "價值"
}
value lent(p: Pledge) -> money(HKD) "what may be lent" zh "可借款額" stricter when lower
  = round down to 0.01 (%s) per LAW/1
value each(whole: money(HKD), parts: integer) -> money(HKD) "share of each" zh "每份"
  = round down to 0.01 (whole / parts) per LAW/1
decision may_pledge(p: Pledge) "May it be pledged?" zh "可否抵押？"
  otherwise permit "It may." zh "可以。" per LAW/1
  deny coins when p.kind is coin %s because "Coins are not taken." zh "不接受代幣。" per LAW/1
property never_above_worth "no more is lent than it is worth" zh "借款不多於價值" per LAW/1
  for any p: Pledge where p.worth >= 0 HKD
  always lent(p) <= p.worth
"""


def report(*words: str) -> Any:
    result = CliRunner().invoke(main, ["report", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def rules(folder: Path, name: str, lent: str, also: str = "") -> str:
    path = folder / name
    path.mkdir()
    (path / "loan.policy").write_text(HEAD + LOAN % (lent, also), encoding="utf-8")
    return str(path)


def test_a_rulebook_tells_what_is_proved_and_what_is_not(tmp_path: Path) -> None:
    asked = ["rulebook", "--on", "2026-03-01", "--rules", rules(tmp_path, "rules", "p.worth / 2")]
    book = json.loads(report(*asked, "--format", "json"))["book"]
    entries = {e["id"]: e for c in book["concerns"] for e in c["entries"]}
    assert [p["outcome"]["en"] for p in entries["t.never_above_worth"]["proofs"]] == ["proved"]
    assert book["proofs"]["claims"] == sum(count for _, _, count in book["proofs"]["counts"])
    [doubt] = book["proofs"]["doubts"]
    assert (doubt["id"], doubt["proof"]["status"]) == ("t.each", "refuted")
    assert doubt["proof"]["case"]["comes_to"] == "fails: division by zero"
    assert [value["en"] for _, value in doubt["proof"]["case"]["facts"]] == ["HK$0.00", "0"]
    page = report(*asked, "--language", "zh")
    assert "不成立" in page
    assert "必有答案" in page
    assert report(*asked, "--language", "zh") == page


def test_a_rulebook_tells_that_nothing_was_to_be_proved(tmp_path: Path) -> None:
    page = report("rulebook", "--on", "2026-03-01", "--no-proofs", "--rules", rules(tmp_path, "rules", "p.worth / 2"))
    assert "No proofs were run for this copy." in page


def test_a_change_tells_what_it_means_for_everyone(tmp_path: Path) -> None:
    old, new = (
        rules(tmp_path, "old", "p.worth / 2"),
        rules(tmp_path, "new", "p.worth * 60%", "unless p.worth > 10 HKD"),
    )
    asked = ["change", old, new, "--on", "2026-03-01"]
    meaning = json.loads(report(*asked, "--format", "json"))["change"]["meaning"]
    found = {d["id"]: d for d in meaning["differs"]}
    assert found["t.may_pledge"]["outcome"] == "looser"
    [[kind, worth]] = found["t.may_pledge"]["where"]
    assert kind[1] == {"en": "coin", "zh": "代幣"}
    assert worth[1] == {"en": "at least HK$10.01", "zh": "不少於10.01港元"}
    [step] = found["t.may_pledge"]["steps"]
    assert (step["before"]["en"], step["after"]["en"]) == ("no", "yes")
    assert found["t.lent"]["outcome"] == "incomparable"  # less is lent where the worth is negative
    assert {s["way"]["en"] for s in found["t.lent"]["steps"]} == {"rises", "falls"}
    assert {outcome: n for outcome, _, n in meaning["counts"]}["equivalent"] == 1
    assert "更多情況為是" in report(*asked, "--language", "zh")


def test_without_a_solver_a_document_asks_for_one_or_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.extras._failure", lambda library: ModuleNotFoundError(name=library))
    folder = rules(tmp_path, "rules", "p.worth / 2")
    result = CliRunner().invoke(main, ["report", "rulebook", "--on", "2026-03-01", "--rules", folder])
    assert result.exit_code == 2
    assert "policy-that-runs[proofs]" in result.stderr
    assert "--no-proofs" in result.stderr

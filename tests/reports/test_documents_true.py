"""Documents say what was: one rulebook, what was in force before, and accounts that differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from documents_made import KINDS, SMALL, document, printed
from policy import resources
from policy.cli import main
from policy.pipeline import digest_of, read_folder

RULESETS = resources.folder("rulesets")
SCENARIOS = RULESETS / "hk_sfc" / "scenarios"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def told(*words: str) -> Any:
    return json.loads(printed(document(*words), "en", "json"))


# ── one rulebook ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def house_day(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A journal that was kept under the example house."""
    journal = str(tmp_path_factory.mktemp("journal") / "day.jsonl")
    assert run("trade", str(SCENARIOS / "shared_book"), "--journal", journal).exit_code in (0, 2)
    return journal


@pytest.mark.parametrize("kind", ["pack", pytest.param("traceability", marks=pytest.mark.slow)])
def test_a_journal_of_another_overlay_is_refused_with_the_option_that_is_right(
    kind: str, house_day: str, tmp_path: Path
) -> None:
    into = [str(tmp_path / "pack")] if kind == "pack" else []
    result = run("report", kind, *into, "--on", "2026-06-18", "--journal", house_day)
    texts, _ = read_folder([RULESETS])
    assert result.exit_code == 2
    assert "journal-rules" in result.stderr
    assert digest_of(texts, "example.house")[:16] in result.stderr
    assert digest_of(texts)[:16] in result.stderr
    assert "--under example.house" in result.stderr
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize("kind", ["trading", "margin"])
def test_so_is_a_journal_of_other_rules(kind: str, house_day: str) -> None:
    result = run("report", kind, "--journal", house_day, *SMALL)
    assert result.exit_code == 2
    assert "the journal was kept under the rulebook" in result.stderr
    assert "name the rules that it was kept under with `--rules`" in result.stderr


def test_a_backtest_says_that_its_journal_was_kept_under_neither(house_day: str) -> None:
    result = run("backtest", "shipped", "shipped", "--journal", house_day)
    assert "the journal was kept under neither, but under the rulebook" in result.stdout
    assert result.exit_code == 0


# ── what was in force before ────────────────────────────────────────────────────────────────

RULES = """language 1
ruleset our "Our rules" zh "本行規則"
source M "our manual" zh "本行手冊" status house
provision M/1 "A limit." zh "上限。"
enum Kind { small "small" zh "小", large "large" zh "大" }
set watched of Kind "watched" zh "受監察"
  from 2026-01-01 = { small } per M/1
%(set)sparameter cut: rate "cut" zh "扣減率" stricter when higher
  from 2026-02-11 = 60%% per M/1
  from 2026-05-27 = 60%% per M/1
%(cut)stable fee(k: Kind) -> rate "fee" zh "收費" stricter when higher
  exactly one row applies
  | k     | fee     | per |
  |-------|---------|-----|
  | small | 1%%     | M/1 |
  | large | %(fee)s | M/1 |
decision may(k: Kind) "may it?" zh "可否？"
  otherwise permit "It may." zh "可以。" per M/1
%(rule)s"""
OLD = {"set": "", "cut": "", "fee": "2%", "rule": ""}
NEW = {
    "set": "  from 2026-12-01 = { small, large } per M/1\n",
    "cut": "  from 2026-12-01 = 70% per M/1\n",
    "fee": "3%",
    "rule": '  deny large when k is large from 2026-12-01 because "Too large." zh "過大。" per M/1\n',
}


@pytest.fixture
def both(tmp_path: Path) -> list[str]:
    for name, parts in (("old", OLD), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "our.policy").write_text(RULES % parts, encoding="utf-8")
    return [str(tmp_path / "old"), str(tmp_path / "new")]


def stages(both: list[str], on: str) -> dict[str, list[Any]]:
    result = run("report", "change", *both, "--on", on, "--no-proofs", "--format", "json")
    assert result.exit_code == 0, result.output
    return {c["id"].rpartition(".")[2]: c["stages"] for c in json.loads(result.stdout)["change"]["changed"]}


def leads(piece: Any) -> tuple[str, str]:
    before, after = (piece[side][0]["lead"] if piece[side] else "" for side in ("before", "after"))
    return before, after


def test_a_new_version_is_set_against_the_one_in_force_before(both: list[str]) -> None:
    [stage] = stages(both, "2026-12-02")["cut"]
    [piece] = stage["pieces"]
    assert stage["verdict"] == "tightened"
    assert leads(piece) == ("From 27 May 2026, the cut is 60%.", "From 1 December 2026, the cut is 70%.")


def test_what_begins_later_is_set_against_the_day_before(both: list[str]) -> None:
    found = stages(both, "2026-11-26")
    [cut] = found["cut"]
    assert (cut["since"], leads(cut["pieces"][0])) == (
        "2026-12-01",
        ("From 27 May 2026, the cut is 60%.", "From 1 December 2026, the cut is 70%."),
    )
    [watched] = found["watched"]
    assert watched["since"] == "2026-12-01"
    assert leads(watched["pieces"][0])[0] == "From 1 January 2026, only small is among the watched."
    [may] = found["may"]
    assert (may["since"], may["verdict"], leads(may["pieces"][0])[0]) == ("2026-12-01", "tightened", "")
    [fee] = found["fee"]
    assert fee["since"] == ""
    changed = [cells[-1] for state, cells in fee["table"]["rows"] if state == "changed"]
    assert [(c["before"]["en"], c["after"]["en"]) for c in changed] == [("2%", "3%")]


@pytest.mark.slow
def test_what_a_house_lays_over_the_law_is_set_against_the_law() -> None:
    changed = {c["id"]: c for c in told(*KINDS["house"])["change"]["changed"]}
    trades = changed["hk.sfc.client_onboarding.trades_that_show_knowledge"]
    [piece] = trades["stages"][0]["pieces"]
    before, after = leads(piece)
    assert "at least 5 transactions" in before
    assert "at least 10 transactions" in after
    assert trades["verdict"] == "tightened"


def test_the_cover_of_a_change_has_both_digests(both: list[str]) -> None:
    digests = [digest_of(read_folder([path])[0]) for path in both]
    page = run("report", "change", *both, "--on", "2026-12-02", "--no-proofs", "--language", "en").stdout
    cover = page[: page.index("</dl>")]
    assert all(digest[:16] in cover for digest in digests)


def test_a_version_ends_where_the_next_begins(both: list[str]) -> None:
    book = json.loads(
        run("report", "rulebook", "--rules", both[0], "--on", "2026-06-01", "--no-proofs", "--format", "json").stdout
    )
    [cut] = [e for c in book["book"]["concerns"] for e in c["entries"] if e["id"] == "our.cut"]
    assert [(s["since"], s["until"], s["in_force"]) for s in cut["said"]] == [
        ("2026-02-11", "2026-05-27", False),
        ("2026-05-27", "", True),
    ]


# ── accounts ────────────────────────────────────────────────────────────────────────────────

HAIRCUT = "  from 2026-05-27 = 60% per VAF/haircut, HKMA/haircut\n"


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The shipped rules with another haircut from December, and a journal of a portfolio under the law alone."""
    folder = tmp_path_factory.mktemp("draft")
    (folder / "rules").mkdir()
    for file in (RULESETS / "hk_sfc").glob("*.policy"):
        text = file.read_text(encoding="utf-8")
        text = text.replace(HAIRCUT, HAIRCUT + "  from 2026-12-01 = 70% per VAF/haircut\n")
        (folder / "rules" / file.name).write_text(text, encoding="utf-8")
    journal = str(folder / "day.jsonl")
    run("trade", str(SCENARIOS / "portfolio"), "--under", "none", "--journal", journal)
    return str(folder / "rules"), journal


def test_values_calls_and_headroom_are_compared_as_commands_are(draft: tuple[str, str]) -> None:
    rules, journal = draft
    words = ["backtest", "shipped", rules, "--journal", journal, "--on", "2026-12-02"]
    result = run(*words, "--format", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["flipped"] == 0
    differing = {(d["account"], d["figure"]): (d["before"], d["after"]) for d in report["accounts"]["differing"]}
    assert differing["chan", "lending value"] == ("822000.00 HKD", "744000.00 HKD")
    assert differing["wong", "lending value"] == ("464800.00 HKD", "433600.00 HKD")
    assert differing["lee", "lending value"] == ("612200.00 HKD", "565400.00 HKD")
    assert ("chan", "headroom") in differing
    text = run(*words)
    assert text.exit_code == 1
    assert "chan   lending value: 822,000.00 HKD → 744,000.00 HKD" in text.stdout


@pytest.mark.slow
def test_a_change_tells_the_accounts_that_differ(draft: tuple[str, str]) -> None:
    rules, journal = draft
    words = ["change", "shipped", rules, "--on", "2026-12-02", "--no-proofs", "--journal", journal]
    whole = document(*words)
    [value] = [
        f
        for f in whole.as_json()["change"]["run"]["figures"]
        if (f["account"], f["what"]["en"]) == ("chan", "lending value")
    ]
    assert (value["before"]["zh"], value["after"]["zh"]) == ("822,000.00港元", "744,000.00港元")
    assert "None changes: neither" not in whole.page("en")


@pytest.mark.slow
def test_none_flips_is_said_only_of_what_was_compared(draft: tuple[str, str], house_day: str) -> None:
    def page(journal: str, rules: str) -> str:
        return document("change", rules, rules, "--on", "2026-06-18", "--no-proofs", "--journal", journal).page("en")

    assert "None changes: neither what became of a command, nor any value, call or headroom." in page(
        draft[1], "shipped"
    )
    assert "values, calls and headroom were not compared" in page(house_day, "shipped+example.house")
    assert (
        "no margin account: no lending value, call or headroom was there to compare"
        in run("backtest", "shipped", "shipped", "--journal", house_day).stdout
    )


# ── who is answered differently ─────────────────────────────────────────────────────────────

OVERLAID = ["shipped", "shipped+example.house"]


def hundredths(amount: str) -> int:
    return int(amount.removesuffix(" HKD").replace(".", ""))


def test_each_client_is_told_what_flips_and_by_how_much(house_day: str) -> None:
    report = json.loads(run("backtest", *OVERLAID, "--journal", house_day, "--format", "json").stdout)
    clients = {c["client"]: c for c in report["clients"]}
    [lee] = [f for f in clients["lee"]["flips"] if f["examples"] == ["L1"]]
    assert (lee["before"], lee["after"]) == ("order_accepted (otherwise)", "order_rejected (chosen_too_soon)")
    counts = [sum(f["count"] for f in c["flips"]) for c in report["clients"]]
    assert counts == sorted(counts, reverse=True)
    of_none = sum(f["count"] for f in report["flips"] if f["command"] in ("new_day", "settle"))
    assert sum(counts) == report["flipped"] - of_none
    traded = [m for c in report["clients"] for m in c["money"] if m["what"] == "traded value"]
    for m in traded:
        assert hundredths(m["after"]) - hundredths(m["before"]) == hundredths(m["difference"]) != 0
    whole = report["money"]["traded value"]
    both_sides = 2 * (hundredths(whole["after"]) - hundredths(whole["before"]))
    assert sum(hundredths(m["difference"]) for m in traded) == both_sides
    assert {"ho", "merlion"} <= {c for c in clients if not clients[c]["flips"]}  # whose trades alone differ


@pytest.mark.slow
def test_a_change_has_a_section_of_clients_and_the_terminal_a_line_each(house_day: str) -> None:
    made = document("change", *OVERLAID, "--on", "2026-06-18", "--no-proofs", "--journal", house_day)
    page = printed(made, "en", "markdown").partition("## Clients who are answered differently")[2]
    assert "Order rejected (chosen too soon)" in page.partition("\n## ")[0]
    assert "−HK\\$60,000.00" in page.partition("\n## ")[0]
    assert "差額" in printed(made, "zh", "html")
    text = run("backtest", *OVERLAID, "--journal", house_day).stdout
    assert "\n  lee: 2 flips of place (L1, L2); traded value 120,300.00 HKD → 60,300.00 HKD\n" in text
    none = document("change", "shipped", "shipped", "--on", "2026-06-18", "--no-proofs", "--journal", house_day)
    assert "Clients who are answered differently" not in printed(none, "en", "html")

"""How far answers reach: what was read until when, what was in force on the date asked, which inner rule spoke."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
import policy
from documents_made import document, printed
from policy.answers import Answer
from policy.cli import main
from policy.ir.program import Choose, walk
from policy.pipeline import Rulebook, RulesFile, check, dated, program

RULES = """language 1
ruleset t
source LAW "law" zh "法" issued 2025-11-03 read 2026-11-26 holds until 2026-07-01 status official
source LIST "list" zh "名單" read 2026-11-26 holds until 2026-10-01 status secondary
source OWN "own" zh "自訂" status house
provision LAW/1 "one"
provision LIST/old from 2025-10-24 until 2026-02-13 "old list"
provision LIST/new from 2026-02-13 "new list"
provision OWN/1 "own"
decision listed(place: text) otherwise permit "not listed" per OWN/1
  deny on_list when place is "KW" because "on the list" per LIST/old, LIST/new
  deny odd when place is "XX" because "odd" per OWN/1
value fit(place: text) -> boolean = listed(place) per OWN/1
decision eligible(place: text) otherwise permit "eligible" per OWN/1
  deny not_fit when not fit(place) because "not fit" per LAW/1
  deny own when place is "ZZ" because "own" per OWN/1
table rank(place: text) -> integer
  first row that applies
  | place | rank | per   |
  | "KW"  | 2    | LAW/1 |
  | any   | 1    | OWN/1 |
"""


def on(day: str) -> Rulebook:
    return dated(program(check([RulesFile("t.policy", RULES.encode())])), day)


def answers(day: str, question: str, place: str) -> list[Answer]:
    """By generated code and by the interpreter."""
    asked = on(day)
    return [asked.evaluator(question).answer(place), asked.interpreter(question).answer(place)]


@pytest.mark.parametrize(
    ("day", "cited"),
    [
        ("2025-10-23", []),
        ("2025-10-24", ["LIST/old"]),
        ("2026-02-12", ["LIST/old"]),
        ("2026-02-13", ["LIST/new"]),
        ("2030-01-01", ["LIST/new"]),
    ],
)
def test_only_what_is_in_force_is_cited(day: str, cited: list[str]) -> None:
    for answer in answers(day, "listed", "KW"):
        assert [c.provision for r in answer.reasons for c in r.citations] == cited
        assert [c.provision for c in answer.basis.citations] == cited
        [line] = [p for p in answer.derivation.parts if p.label == "deny on_list"]
        assert [c.provision for c in line.citations] == cited


def test_a_rule_that_cites_nothing_in_force_says_so() -> None:
    for answer in answers("2025-10-23", "listed", "KW"):
        [remark] = answer.basis.remarks
        assert remark.en == (
            "`listed: deny on_list` cites nothing in force on 2025-10-23: "
            "LIST/old is in force from 2025-10-24 until 2026-02-13, LIST/new is in force from 2026-02-13"
        )
        assert "LIST/old" in remark.zh
    for answer in answers("2025-11-02", "rank", "KW"):
        assert answer.basis.citations == ()
        assert [r.en for r in answer.basis.remarks] == [
            "`rank: row 1` cites nothing in force on 2025-11-02: LAW/1 is in force from 2025-11-03"
        ]


@pytest.mark.parametrize(
    ("day", "question", "place", "remarks"),
    [
        ("2026-06-30", "eligible", "KW", []),
        ("2026-07-01", "eligible", "KW", ["the reading of LAW ends 2026-07-01 (read 2026-11-26)"]),
        (
            "2026-10-01",
            "eligible",
            "KW",
            [
                "the reading of LAW ends 2026-07-01 (read 2026-11-26)",
                "the reading of LIST ends 2026-10-01 (read 2026-11-26)",
            ],
        ),
        ("2026-10-01", "eligible", "ZZ", []),  # the house's own rule alone spoke
        ("2026-10-01", "rank", "KW", ["the reading of LAW ends 2026-07-01 (read 2026-11-26)"]),
        ("2026-10-01", "rank", "SG", []),
    ],
)
def test_a_remark_where_the_reading_of_a_source_ends(day: str, question: str, place: str, remarks: list[str]) -> None:
    for answer in answers(day, question, place):
        assert [r.en for r in answer.basis.remarks] == [f"{r}: later changes may be missing" for r in remarks]
        assert all(r.zh for r in answer.basis.remarks)


def test_a_reason_tells_the_reasons_of_the_decisions_that_it_asks() -> None:
    for answer in answers("2026-03-01", "eligible", "KW"):
        assert [r.because for r in answer.reasons] == [()]  # a verdict is shared between answers
        [reason] = answer.basis.reasons
        assert reason.rule == "not_fit"
        [inner] = reason.because
        assert (inner.question, inner.reason.rule) == ("t.listed", "on_list")
        assert [c.provision for c in inner.reason.citations] == ["LIST/new"]
        assert [c.provision for c in answer.basis.citations] == ["LIST/new", "OWN/1", "LAW/1"]
        [rule] = [p for p in answer.derivation.parts if p.label == "deny not_fit"]
        [fit] = [p for p in rule.parts if p.label == "fit"]
        [listed] = [p for p in fit.parts if p.label == "listed"]
        assert [(p.label, p.value) for p in listed.parts] == [("deny on_list", "applies")]


def explained(question: str, facts: dict[str, Any], day: str, folder: Path, *more: str) -> str:
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    told = CliRunner().invoke(main, ["explain", question, "--facts", str(folder / "facts.json"), "--on", day, *more])
    assert told.exit_code in (0, 1), told.output
    return told.stdout


PLATFORM = {
    "jurisdiction": "KW",
    "assessment": {"documented": False},
    **dict.fromkeys(
        "same_group licensed_there regime_follows_fatf regime_follows_iosco regime_compares covers_market_abuse "
        "covers_client_assets clients_eligible approved_by_sfc surveillance_unified data_immediate "
        "operator_responsible".split(),
        True,
    ),
}


def test_an_affiliate_in_kuwait_is_told_which_rule_refused_its_place(tmp_path: Path) -> None:
    told = explained("overseas_platform_eligible", {"platform": PLATFORM}, "2026-03-01", tmp_path)
    reasons, tree = told.split("\n\n", 1)
    for rule in ("gulf_state", "grey_listed"):
        assert f"because of fatf_member_or_equivalent: {rule}" in reasons
        assert f"deny {rule}: applies" in tree
    assert "FATF/grey_list_2026_02" in reasons
    for other in ("FATF/grey_list_2025_10", "FATF/grey_list_2026_06", "remark"):
        assert other not in told
    data = json.loads(
        explained("overseas_platform_eligible", {"platform": PLATFORM}, "2026-12-01", tmp_path, "--format", "json")
    )
    [reason] = [r for r in data["reasons"] if r["because"]]
    assert [(b["question"], b["rule"]) for b in reason["because"]] == [
        ("hk.sfc.jurisdictions.fatf_member_or_equivalent", "gulf_state"),
        ("hk.sfc.jurisdictions.fatf_member_or_equivalent", "grey_listed"),
    ]
    assert {c["provision"] for b in reason["because"] for c in b["citations"]} >= {"FATF/grey_list_2026_06"}
    assert any("SLC" in r["en"] and "2026-07-01" in r["en"] for r in data["remarks"])


@pytest.mark.parametrize(
    ("day", "cited"),
    [
        ("2025-12-01", "FATF/grey_list_2025_10"),
        ("2026-02-13", "FATF/grey_list_2026_02"),
        ("2026-11-26", "FATF/grey_list_2026_06"),
    ],
)
def test_bulgaria_is_refused_by_the_list_of_the_day(day: str, cited: str) -> None:
    answer = policy.load(on=day).ask(
        "fatf_member_or_equivalent", '{"jurisdiction": "BG", "assessment": {"documented": false}}'
    )
    [reason] = answer.reasons
    assert [c.provision for c in reason.citations if "grey_list" in c.provision] == [cited]


def test_all_that_is_in_force_today_stands_on_something_in_force() -> None:
    rules = policy.load(on="2026-11-26").program
    bare = [
        f"{f.id} {piece.label}"
        for f in rules.functions.values()
        for piece in (*f.rules, *(c for e in walk(f.body) if isinstance(e, Choose) for c in e.cases))
        if piece.not_in_force
    ]
    assert bare == []


def test_tables_say_how_far_their_answers_reach(tmp_path: Path) -> None:
    """Of one date in the file's metadata and the summary; where each row has its date, in a column."""
    optional.columns()
    parquet = optional.library("pyarrow.parquet", "columns")
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    days = ("2025-10-23", "2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01", "no date")
    rows = "".join(f"SG,{day}\n" for day in days)
    (tmp_path / "facts.csv").write_text("place,day\n" + rows, encoding="utf-8")
    law = "the reading of LAW ends 2026-07-01 (read 2026-11-26): later changes may be missing"
    both = f"{law}; the reading of LIST ends 2026-10-01 (read 2026-11-26): later changes may be missing"

    def decide(*words: str) -> str:
        into = ["--facts", str(tmp_path / "facts.csv"), "--out", str(tmp_path / "out.parquet")]
        told = CliRunner().invoke(main, ["decide", "eligible", "--rules", str(tmp_path / "t.policy"), *into, *words])
        assert told.exit_code in (0, 2), told.output
        return told.stdout

    said = json.loads(decide("--on", "2026-10-01", "--keep", "day", "--format", "json"))
    table = parquet.read_table(tmp_path / "out.parquet")
    assert said["remarks"] == both
    assert table.schema.metadata[b"policy.remarks"].decode() == both
    assert "remarks" not in table.column_names
    assert f"remark: {both}" in decide("--on", "2026-10-01", "--keep", "day")
    assert "remark" not in decide("--on", "2026-06-30", "--keep", "day")
    decide("--on-column", "day")
    rows = parquet.read_table(tmp_path / "out.parquet").to_pydict()
    assert rows["day"] == list(days)
    assert rows["remarks"] == ["", "", law, law, both, ""]


# ── documents ───────────────────────────────────────────────────────────────────────────────

ORDER = {
    "order": {
        "side": "buy", "capacity": "client", "investor": "retail", "venue": "own_book", "price": "1000.00 HKD",
        "quantity": "0.5", "fees": "1.25 HKD", "available": "600 HKD", "financed": False, "admitted": False,
        "only_stablecoins": False, "knowledge_assessed": False, "exposure": "0 HKD", "exposure_limit": "900.00 HKD",
    }
}  # fmt: skip


def letter(question: str, facts: dict[str, Any], day: str, language: str, format: str = "markdown") -> str:
    made = document("decision", question, "--on", day, "--facts", "-", facts=json.dumps(facts))
    return printed(made, language, format)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "Remark: the reading of these sources ends 1 July 2026 (read 26 November 2026), and later changes may"
                " be missing:\n",
                "- SFC circular on shared liquidity by virtual asset trading platforms (SLC)",
                "Is the jurisdiction a member of the FATF or equivalent? No:",
                "The place is under increased monitoring, which no assessment has considered.",
                "Nothing that can be changed removes this reason.",
            ],
        ),
        (
            "zh",
            [
                "備註：下列來源於2026年11月26日閱讀，所讀內容只確知適用至2026年7月1日前，其後如有修訂，未必反映在此：",
                "證監會有關虛擬資產交易平台共享流動性的通函（SLC）",
                "該司法管轄區是否特別組織成員或對等？否：",
                "該地受加強監察，而評估未有考慮此點。",
                "並無可更改的事實可消除此項理由。",
            ],
        ),
    ],
)
def test_a_letter_says_how_far_it_reaches_and_why_in_both_languages(language: str, said: list[str]) -> None:
    optional.library("z3", "proofs")
    text = letter("overseas_platform_eligible", {"platform": PLATFORM}, "2026-12-01", language)
    for words in said:
        assert words in text
    assert "FATF/grey\\_list\\_2026\\_06" in text
    assert "2026\\_02" not in text


def test_a_letter_draws_the_rule_of_an_inner_decision() -> None:
    told = json.loads(letter("overseas_platform_eligible", {"platform": PLATFORM}, "2026-03-01", "en", "json"))
    assert told["cover"]["remarks"] == []
    titles = {node["title"]["en"] for node in told["letter"]["tree"]["nodes"]}
    assert "The place is under increased monitoring, which no assessment has considered." in titles
    assert "Only the Gulf Cooperation Council is a member; the state needs an assessment." in titles
    [reason] = [r for r in told["letter"]["reasons"] if r["because"]]
    assert len(reason["because"]) == 2


def test_a_letter_says_what_would_remove_each_reason() -> None:
    optional.library("z3", "proofs")
    english, chinese = (letter("order_accepted", ORDER, "2026-06-18", language) for language in ("en", "zh"))
    for text, stays, trained in (
        (
            english,
            "Nothing that can be changed removes this reason.",
            "the client's knowledge of virtual assets is established: yes",
        ),
        (chinese, "並無可更改的事實可消除此項理由。", "客戶的虛擬資產知識已獲確認：由否改為是"),
    ):
        assert stays in text
        assert trained in text
    assert "What would put it right" in english


def test_a_letter_says_where_no_remedy_was_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy.documents.letters.has_solver", lambda: False)
    words = ["report", "decision", "order_accepted", "--on", "2026-06-18", "--facts", "-", "--format", "markdown"]
    told = CliRunner().invoke(main, words, input=json.dumps(ORDER))
    assert "was not worked out: there is no solver" in told.stdout
    assert "未有求解器" in told.stdout


def test_the_rulebook_and_the_provisions_show_when_sources_were_read_and_hold(tmp_path: Path) -> None:
    rules = tmp_path / "t.policy"
    rules.write_text(RULES, encoding="utf-8")
    made = document("rulebook", "--rules", str(rules), "--on", "2026-07-01", "--no-proofs")
    for language, said in (
        (
            "en",
            ("26 November 2026 | 1 July 2026", "from 24 October 2025, before 13 February 2026", "ends 1 July 2026"),
        ),
        (
            "zh",
            (
                "2026年11月26日 | 2026年7月1日",
                "2025年10月24日起，2026年2月13日前",
                "備註：下列來源於2026年11月26日閱讀",
            ),
        ),
    ):
        text = printed(made, language, "markdown")
        for words in said:
            assert words in text
    listed = CliRunner().invoke(main, ["provisions", str(rules)]).stdout
    assert "LIST/old  secondary · from 2025-10-24 until 2026-02-13" in listed
    assert "LAW/1  official · from 2025-11-03" in listed
    assert "OWN/1  house\n" in listed
    rows = json.loads(CliRunner().invoke(main, ["provisions", str(rules), "--format", "json"]).stdout)
    assert {r["provision"]: (r["from"], r["until"]) for r in rows}["LIST/old"] == ("2025-10-24", "2026-02-13")


def test_what_is_not_in_force_is_not_untested(tmp_path: Path) -> None:
    rules = tmp_path / "t.policy"
    rules.write_text(RULES, encoding="utf-8")
    for day, state in (("2026-02-12", "not in force"), ("2026-02-13", "untested")):
        made = document("traceability", "--rules", str(rules), "--on", day)
        rows = {r["provision"]: r for s in json.loads(printed(made, "en", "json"))["t"]["sources"] for r in s["rows"]}
        assert rows["LIST/new"]["state"] == state
        assert "LIST/new" in printed(made, "zh", "markdown").replace("\\", "")

"""Documents say what was: one rulebook, what was in force before, accounts that differ, every example's facts, and a
Chinese page in Chinese.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from documents_made import document, printed
from test_documents import KINDS, SMALL, made

from policy import resources
from policy.cli import main
from policy.decisions import Words
from policy.pipeline import Text, check, digest_of, read_folder
from policy.reports.book.examples import Examples
from policy.reports.plain import amounts
from policy.reports.plain.english import genitive
from policy.reports.plain.facts import in_words
from policy.reports.plain.sentences import Sentences
from policy.reports.reliance import Reliance
from policy.reports.render import SHIPPED

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


@pytest.mark.parametrize("kind", ["pack", "traceability"])
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
    assert leads(watched["pieces"][0])[0] == "From 1 January 2026, the watched: “small”."
    [may] = found["may"]
    assert (may["since"], may["verdict"], leads(may["pieces"][0])[0]) == ("2026-12-01", "tightened", "")
    [fee] = found["fee"]
    assert fee["since"] == ""
    changed = [cells[-1] for state, cells in fee["table"]["rows"] if state == "changed"]
    assert [(c["before"]["en"], c["after"]["en"]) for c in changed] == [("2%", "3%")]


def test_what_a_house_lays_over_the_law_is_set_against_the_law() -> None:
    changed = {c["id"]: c for c in told(*KINDS["house"])["change"]["changed"]}
    trades = changed["hk.sfc.client_onboarding.trades_that_show_knowledge"]
    [piece] = trades["stages"][0]["pieces"]
    before, after = leads(piece)
    assert before.endswith("is 5.")
    assert after.endswith("is 10.")
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


def test_a_change_tells_the_accounts_that_differ(draft: tuple[str, str]) -> None:
    rules, journal = draft
    words = ["change", "shipped", rules, "--on", "2026-12-02", "--no-proofs", "--journal", journal]
    whole = document(*words)
    [value] = [
        f
        for f in whole.as_json()["change"]["run"]["figures"]
        if (f["account"], f["what"]["en"]) == ("chan", "lending value")
    ]
    assert (value["before"]["zh"], value["after"]["zh"]) == ("822,000.00 港元", "744,000.00 港元")
    assert "None flips: neither" not in whole.page("en")


def test_none_flips_is_said_only_of_what_was_compared(draft: tuple[str, str], house_day: str) -> None:
    def page(journal: str, rules: str) -> str:
        return document("change", rules, rules, "--on", "2026-06-18", "--no-proofs", "--journal", journal).page("en")

    assert "None flips: neither what became of a command, nor any value, call or headroom." in page(
        draft[1], "shipped"
    )
    assert "values, calls and headroom were not compared" in page(house_day, "shipped+example.house")
    assert (
        "no margin account: no lending value, call or headroom was there to compare"
        in run("backtest", "shipped", "shipped", "--journal", house_day).stdout
    )


# ── examples ────────────────────────────────────────────────────────────────────────────────

TESTED = """language 1
ruleset t "T" zh "甲"
source S "s" zh "丙" status house
provision S/1 "P" zh "丁"
record Part "part" zh "部分" { n: integer "n" zh "數" }
record Whole "whole" zh "整體" {
  one: Part "first part" zh "首部分"
  two: Part "second part" zh "次部分"
  parts: list of Part "further parts" zh "其餘部分"
  on: date "day" zh "日子"
  ok: boolean "in order" zh "妥當"
}
value worth(w: Whole) -> integer "worth" zh "價值"
  = w.one.n + w.two.n + count(p for p in w.parts where p.n > 0 and w.ok and w.on < today) per S/1
test "all" on 2026-03-01
  given w = { one: { n: 1 }, two: { n: 2 }, parts: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }],
    on: 2026-01-01, ok: true }
  expect worth(w) = 9
  expect worth(w with { ok: false }) = 3
  expect worth(w with { parts: [] }) = 3
test "the same later" on 2026-04-01
  given w = { one: { n: 1 }, two: { n: 2 }, parts: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }],
    on: 2026-01-01, ok: true }
  expect worth(w) = 9
"""


def test_an_example_tells_its_facts_or_what_differs() -> None:
    checked = check([Text("t.policy", TESTED.encode())])
    assert not checked.errors
    model = checked.model
    first, second, third, fourth = Examples(model).of(model.declared["t.worth"])
    assert first.base == 0
    assert {k.en: v.en for k, v in first.given} == {
        "first part, n": "1",
        "second part, n": "2",
        "further parts": "6: (n: 1), (n: 2), (n: 3) and 3 more",
        "day": "1 January 2026",
        "in order": "yes",
    }
    assert (second.base, second.given) == (1, ((Words("in order", "妥當"), Words("no", "否")),))
    assert (third.base, third.given) == (1, ((Words("further parts", "其餘部分"), Words("an empty list", "空列表")),))
    assert (fourth.number, fourth.base, fourth.given) == (4, 1, ())


def test_no_example_of_the_shipped_rulebook_is_blank() -> None:
    entries = [e for c in told(*KINDS["rulebook"])["book"]["concerns"] for e in c["entries"]]
    asks = {e["id"] for e in entries if e["kind"] in ("decision", "value", "table")}
    examples = [(e["id"], x) for e in entries for x in e["examples"] if e["id"] in asks]
    assert len(examples) > 1000
    assert [x["place"] for id, x in examples if not x["given"] and not x["base"]] == []
    page = made("rulebook", "--language", "en")
    given = re.findall(r"<tr><th scope=\"row\">\d+\. .*?</td><td>(.*?)</td><td>", page)
    assert len(given) >= len(examples)
    assert all(given)


def test_a_loop_s_variable_is_called_by_what_it_is() -> None:
    model = check([Text("t.policy", TESTED.encode())]).model
    [said] = Sentences(model).of(model.declared["t.worth"])
    assert "each part among" in str(said.en)
    assert "each p among" not in str(said.en)


# ── words ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("iso", "en", "zh"),
    [
        ("2026-11-20T01:00:00+00:00", "20 November 2026, 09:00 (UTC+8)", "2026年11月20日09時00分（香港時間）"),
        ("2026-11-20T09:00:05+08:00", "20 November 2026, 09:00:05 (UTC+8)", "2026年11月20日09時00分05秒（香港時間）"),
        (
            "2026-11-20T23:59:59.000250+00:00",
            "21 November 2026, 07:59:59.00025 (UTC+8)",
            "2026年11月21日07時59分59.00025秒（香港時間）",
        ),
        ("a moment out of the calendar", "a moment out of the calendar", "a moment out of the calendar"),
    ],
)
def test_a_moment_is_told_in_hong_kong_s_time(iso: str, en: str, zh: str) -> None:
    from policy.model import types

    assert (amounts.long_moment(iso), amounts.chinese_moment(iso)) == (en, zh)
    model = check([Text("t.policy", TESTED.encode())]).model
    assert in_words(model, iso, types.INSTANT) == Words(en, zh)


def test_days_are_told_as_a_span() -> None:
    assert amounts.long_span("2026-06-30", "2026-07-02") == "30 June – 2 July 2026"
    assert amounts.long_span("2026-12-31", "2027-01-01") == "31 December 2026 – 1 January 2027"
    assert amounts.chinese_span("2026-06-30", "2026-07-02") == "2026年6月30日至7月2日"
    assert amounts.chinese_span("2026-12-31", "2027-01-01") == "2026年12月31日至2027年1月1日"


def test_no_genitive_is_doubled() -> None:
    assert (genitive("the events"), genitive("the order")) == ("the events’", "the order’s")
    page = made("rulebook", "--language", "en")
    assert "s’s " not in page


def test_a_record_is_named_once_and_one_decision_is_one() -> None:
    reliance = Reliance()
    verdict = {"outcome": "denied", "reasons": [{"per": ["A/1"]}]}
    reliance.add(17, [{"event": "refused", "verdict": verdict}])
    reliance.add(85, [{"event": "refused", "verdict": verdict}] * 2)
    assert (reliance.provisions["A/1"].count, reliance.provisions["A/1"].first) == (3, [17, 85])


def test_what_is_not_encoded_is_not_called_excused() -> None:
    report = told(*KINDS["small traceability"])["t"]
    for counts in (report["by_status"], report["by_pillar"], report["by_measure"]):
        assert all(c["tested"] + c["excused"] + c["untested"] == c["provisions"] for c in counts)
        assert all(c["tested_bar"] < 1000 for c in counts if c["excused"] or c["untested"])
    for language, words in (("en", "not encoded, for this reason"), ("zh", "未編入規則（附理由）")):
        page = made("small traceability", "--language", language)
        body = re.sub(r"<style>.*?</style>|class=\"[^\"]*\"", "", page, flags=re.S)
        assert words in body
        assert "excused" not in body.lower()
        assert "獲豁免" not in body


# ── Chinese ─────────────────────────────────────────────────────────────────────────────────

# What may stand in Latin letters on a Chinese page, kind by kind.
_ALLOWED = {
    "places in files, and names of overlays": r"[\w/.]+\.policy:\d+(:\d+)?|\b[a-z]+\.[a-z.]+\b",
    "provisions": r"\b[A-Z]+/[\w.()]+",
    "codes of sources, currencies, tickers and places": r"\b[A-Z0-9]{2,}\b(\(\w\))?",
    "digests": r"\b[0-9a-f]{16,}\b",
    "names of parameters, which have no Chinese": r"（[a-z_ ]+）",
    "quoted texts": r"「[^」]*」|“[^”]*”",
    "commands": r"policy report .*",
}
_NO_CHINESE = re.compile(r"未編入規則，理由：.*|例如.*")  # reasons, of which the rules have no Chinese


def latin(markdown: str, names: set[str]) -> Iterator[str]:
    """Lines with Latin letters that are none of what is allowed, nor among `names`."""
    for line in markdown.split("\n"):
        left = _NO_CHINESE.sub("", line.replace("\\", ""))
        for pattern in _ALLOWED.values():
            left = re.sub(pattern, "", left)
        for name in sorted(names, key=len, reverse=True):
            left = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", "", left)
        if re.search(r"[A-Za-z]{2,}", left):
            yield line


def in_chinese_by_their_authors() -> set[str]:
    """Latin words that rules have in their own Chinese, as abbreviations of laws, and the references of sources."""
    texts, _ = read_folder([RULESETS])
    text = "".join(t.data.decode() for t in texts)
    written = [*re.findall(r'zh "([^"]*)"', text), *re.findall(r'reference "([^"]*)"', text)]
    return {word for zh in written for word in re.findall(r"[A-Za-z][\w.'’-]*", zh)}


@pytest.mark.parametrize(
    "kind", ["rulebook", "small traceability", "house", "dates", "trading", "financing", "perpetuals"]
)
def test_a_chinese_page_is_chinese(kind: str) -> None:
    names = in_chinese_by_their_authors()
    if kind in ("house", "dates"):
        names |= {"shipped+example.house", "shipped"}
    for folder in SCENARIOS.iterdir():
        if kind in ("trading", "financing", "perpetuals") and folder.is_dir():
            written = "".join(f.read_text(encoding="utf-8") for f in folder.glob("*.jsonl"))
            ids = r'"(?:id|by|account|asset|platform|connected|contract|bucket|instrument)": "([^"]+)"'
            names |= set(re.findall(ids, written))
    found = list(latin(made(kind, "--language", "zh", "--format", "markdown"), names))
    assert not found, "\n".join(found)


def test_where_both_are_asked_for_small_words_have_both() -> None:
    page = made("small traceability", "--language", "both")
    assert re.search(r'class="status official">official <span class="zh"[^>]*>官方文本', page)
    rulebook = made("small rulebook", "--language", "both")
    moments = rulebook[
        rulebook.index('class="moments"') : rulebook.index("</table>", rulebook.index('class="moments"'))
    ]
    links = re.findall(r"<li><a [^>]*>(.*?)</a></li>", moments)
    assert links
    assert all('class="zh"' in link for link in links)


# ── fonts ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", ["style.css", "documents.css"])
def test_latin_fonts_stand_before_chinese_ones(file: str) -> None:
    css = (SHIPPED / file).read_text(encoding="utf-8")
    stacks = [s for s in re.findall(r"[^;{]*serif\b[^;}]*", css) if "TC" in s]
    assert stacks
    for stack in stacks:
        chinese = (
            stack.index("Noto Serif TC")
            if "Noto Serif TC" in stack
            else min(stack.index(n) for n in ("PingFang TC", "Noto Sans CJK TC") if n in stack)
        )
        assert 0 < stack.index("Liberation") < chinese
        assert 0 < stack.index("DejaVu") < chinese

"""Documents in words: every example's facts, moments, small words, and a Chinese page in Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from documents_made import KINDS, document, made, printed
from policy import documents, resources
from policy.answers import NO_WORDS, BilingualText, Citation, Outcome, Reason, Status, Verdict
from policy.model import types
from policy.model.values import microseconds
from policy.pipeline import RulesFile, check, read_folder
from policy.reports.book.examples import Examples
from policy.reports.decisions import DecisionTally
from policy.reports.journal.decisions import Decided
from policy.reports.journal.glossary import Glossary, glossary_of
from policy.reports.plain import amounts
from policy.reports.plain.english import English, genitive
from policy.reports.plain.facts import ToldFacts, in_words
from policy.reports.plain.names import Titles
from policy.reports.plain.sentences import Sentences
from policy.reports.render import SHIPPED
from policy.reports.wayout import wayout_of
from policy.verify.counterfactual import Counterfactual, Counterfactuals, FactChange
from policy.verify.remedy import Remedy

RULESETS = resources.folder("rulesets")
SCENARIOS = RULESETS / "hk_sfc" / "scenarios"


def told(*words: str) -> Any:
    return json.loads(printed(document(*words), "en", "json"))


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
    checked = check([RulesFile("t.policy", TESTED.encode())])
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
    assert (second.base, second.given) == (1, ((BilingualText("in order", "妥當"), BilingualText("no", "否")),))
    assert (third.base, third.given) == (
        1,
        ((BilingualText("further parts", "其餘部分"), BilingualText("an empty list", "空列表")),),
    )
    assert (fourth.number, fourth.base, fourth.given) == (4, 1, ())


def test_no_example_of_the_shipped_rulebook_is_blank() -> None:
    entries = [e for c in told(*KINDS["rulebook"])["book"]["concerns"] for e in c["entries"]]
    asks = {e["id"] for e in entries if e["kind"] in ("decision", "value", "table")}
    examples = [(e["id"], x) for e in entries for x in e["examples"] if e["id"] in asks]
    assert len(examples) > 1000
    assert [x["place"] for id, x in examples if not x["given"] and not x["base"]] == []
    page = made("rulebook", "--language", "en")
    given = re.findall(r"<tr(?: id=\"[\w-]+\")?><th scope=\"row\">\d+\. .*?</td><td>(.*?)</td><td>", page)
    assert len(given) >= len(examples)
    assert all(given)


def test_a_loop_s_variable_is_called_by_what_it_is() -> None:
    model = check([RulesFile("t.policy", TESTED.encode())]).model
    [said] = Sentences(model).of(model.declared["t.worth"])
    assert "the number of further parts, counting only those where the part’s n is more than 0" in str(said.en)
    assert "the p’s" not in str(said.en)


def test_a_time_that_is_to_follow_another_is_told_by_it() -> None:
    text = """language 1 ruleset t
decision d(told: instant "time of telling" zh "告知時間", chosen: instant "the time of choosing" zh "選擇時間",
  done: instant "time of doing" zh "執行時間", on: date "day" zh "日期") otherwise deny
  permit p when told < chosen and chosen <= done and on > 2026-01-01 because "p" zh "可"
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    changes = [
        FactChange("told", "none", "2026-01-02T00:00:00+00:00", True),
        FactChange("chosen", "none", "2026-01-02T00:00:00.000001+00:00", True),
        FactChange("done", "none", "2026-01-02T00:00:00.000001+00:00", True),
        FactChange("on", "2026-01-01", "2026-01-02", True),
    ]
    whole = Counterfactuals((Counterfactual(tuple(changes)),), True, (), "2026-01-02T00:00:00+00:00")
    said = wayout_of(Remedy("permitted", whole, ()), ToldFacts.of(model, model.declared["t.d"]))
    assert [(step.after.en, step.after.zh) for step in said.whole.ways[0]] == [
        ("2 January 2026, 00:00 (UTC)", "2026年1月2日00時00分（UTC）"),
        ("just after the time of telling", "緊接告知時間之後"),
        ("the same as the time of choosing", "與選擇時間相同"),
        ("2 January 2026", "2026年1月2日"),
    ]


# ── words ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("iso", "en", "zh"),
    [
        ("2026-11-20T09:00:00+08:00", "20 November 2026, 09:00 (UTC+8)", "2026年11月20日09時00分（UTC+8）"),
        ("2026-11-20T09:00:05Z", "20 November 2026, 09:00:05 (UTC)", "2026年11月20日09時00分05秒（UTC）"),
        (
            "2026-11-20T23:59:59.000250-03:30",
            "20 November 2026, 23:59:59.00025 (UTC-3:30)",
            "2026年11月20日23時59分59.00025秒（UTC-3:30）",
        ),
        ("a moment out of the calendar", "a moment out of the calendar", "a moment out of the calendar"),
    ],
)
def test_a_moment_is_told_with_its_offset(iso: str, en: str, zh: str) -> None:
    assert (amounts.long_moment(iso), amounts.chinese_moment(iso)) == (en, zh)


@pytest.mark.parametrize(
    ("offset", "en", "iso"),
    [
        ("", "20 November 2026, 23:00 (UTC)", "2026-11-20T23:00:00+00:00"),
        ('offset "+04:00"', "21 November 2026, 03:00 (UTC+4)", "2026-11-21T03:00:00+04:00"),
        ('offset "-09:30"', "20 November 2026, 13:30 (UTC-9:30)", "2026-11-20T13:30:00-09:30"),
    ],
)
def test_moments_are_told_in_the_time_of_the_rulebook(offset: str, en: str, iso: str) -> None:
    model = check([RulesFile("t.policy", f"language 1 ruleset t {offset}".encode())]).model
    at = microseconds(datetime(2026, 11, 20, 23, tzinfo=UTC))
    assert in_words(model, "2026-11-21T07:00:00+08:00", types.INSTANT).en == en
    assert English(Titles(model)).amount(at, types.INSTANT) == en
    assert glossary_of(model).at(at) == iso


def test_a_moment_at_the_end_of_the_calendar_keeps_its_offset() -> None:
    assert amounts.moved("9999-12-31T23:59:59+00:00", 480) == "9999-12-31T23:59:59+00:00"


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
    tally = DecisionTally(check([RulesFile("r.policy", b"language 1 ruleset r")]).model, Glossary())
    cited = Citation("A/1", "A", "", Status.OFFICIAL, BilingualText("p"))
    verdict = Verdict(Outcome.DENIED, (Reason("r", "deny", BilingualText("no"), (cited,), Status.OFFICIAL, ""),))
    for record in (17, 85, 85):
        tally.add(Decided(record, 0, "2026-03-01", "", "o", NO_WORDS, "order_rejected", "", (verdict,), {}))
    assert tally.provisions["A/1"] == (3, (17, 85))


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
    "marks of lists": r"\([ivx]+\)",
    "tickers": r"(?<![A-Za-z])(?:BTC|ETH)(?![A-Za-z])",
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
    written += re.findall(r"^source (\w+)", text, re.MULTILINE)
    return {word for zh in written for word in re.findall(r"[A-Za-z][\w.'’-]*", zh)}


def without_addresses(page: str) -> str:
    """A page without the web addresses of sources."""
    texts, _ = read_folder([RULESETS])
    for address in re.findall(r'"https?://([^"]*)"', "".join(t.data.decode() for t in texts)):
        page = page.replace(address, "")
    return page


@pytest.mark.parametrize(
    "kind",
    [
        *("rulebook", "small traceability", "dates", "trading", "financing", "perpetuals"),
        pytest.param("house", marks=pytest.mark.slow),
    ],
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
    found = list(latin(without_addresses(made(kind, "--language", "zh", "--format", "markdown")), names))
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


# ── reasons and titles that rules have in both languages ────────────────────────────────────

IN_BOTH = """language 1
ruleset our "Our rules" zh "本行規則"
source LAW "the law" zh "法例" status house
provision LAW/1 "All of it." zh "全文。"
provision LAW/2 "Of others." zh "關於他人。" excused "It binds others." zh "只約束他人。"
decision may(n: integer "number" zh "數目") "may it?" zh "可否？" otherwise permit "It may." zh "可以。" per LAW/1
test "the first number" zh "首個數目" on 2026-12-01 expect may(1) permitted
test "no Chinese here" on 2026-12-01 expect may(2) permitted
"""


def test_reasons_why_nothing_is_encoded_and_titles_of_tests_are_in_the_language_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "our.policy").write_text(IN_BOTH, encoding="utf-8")
    law = documents.edition(tmp_path, on="2026-12-01")
    made = documents.rulebook(law, proofs=False), documents.traceability(law)
    for one in made:
        zh, en = (one.printed("markdown", language).decode() for language in ("zh", "en"))
        assert "只約束他人。" in zh
        assert "It binds others." in en
        assert "首個數目" in zh
        assert "the first number" in en
        for words in ("It binds others", "the first number", "no Chinese here"):
            assert words not in zh
        assert not {"只約束他人", "首個數目"} & set(en.split())

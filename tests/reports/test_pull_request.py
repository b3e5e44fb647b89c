"""The comment for a pull request: what it tells, how long it is, and that no text of rules is Markdown in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from policy.cli import main
from policy.pipeline import RulesFile, check
from policy.reports.pull_request import LONGEST_TEXT, coded, comment
from policy.reports.touched import Touched, touched
from policy.verify.claims import Witness
from policy.verify.difference import Difference, Way
from policy.verify.regions import Region
from policy.verify.rulebook import Comparison
from policy.verify.vocabulary import FactDifference

NASTY = [
    "@octocat", "see #12 and GH-12", "a | b", "a \\| b", "<img src=x onerror=alert(1)>", "</details><script>",
    "`code`",
    "``", "*bold* _it_ ~~no~~", "[x](http://a.example)", "www.example.com", "http://a.example", "a@b.example", "```",
    "line\nbreak", "&amp; &#64;x", "--- | ---", "/close", " ", "", "<!-- policy diff -->", "$x$", "a" * 1000,
    "\\", "`|\\",
    "保證金 | @某",
]  # fmt: skip
NOTHING = Touched((), (), (), (), (), ())
BEFORE = """language 1
ruleset a.b "x"
source LAW "law" status official
provision LAW/1 "one"
provision LAW/2 "two"
parameter cap: rate stricter when lower = 60% per LAW/1
record Deal { a: money(USD) to 0.01 at least 0 USD at most 1_000 USD }
value most(deal: Deal) -> money(USD) stricter when lower
  = round down to 0.01 (deal.a * cap) per LAW/2
value twice(n: integer) -> integer = n * 2 per LAW/2
test "sixty | @octocat"
  expect most({ a: 100 USD }) = 60 USD
test "four"
  expect twice(2) = 4
"""


def written(text: str, folder: Path) -> str:
    folder.mkdir()
    (folder / "a.policy").write_text(text, encoding="utf-8")
    return str(folder)


def told(after: str, tmp_path: Path) -> str:
    sides = [written(BEFORE, tmp_path / "old"), written(after, tmp_path / "new")]
    result = CliRunner().invoke(main, ["diff", *sides, "--format", "markdown", "-j", "1"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout.replace(str(tmp_path), "")


def test_a_change_is_told_with_what_it_touches(tmp_path: Path) -> None:
    optional.library("z3", "proofs")
    after = BEFORE.replace("60% per", "50% per").replace("= 60 USD", "= 50 USD").replace('"four"', '"a pair"')
    text = told(after, tmp_path)
    assert text.startswith("<!-- policy diff -->\n### 2 of 3 questions answer differently\n\n`/old` → `/new`\n")
    assert "| 1 | proved equal |\n| 2 | stricter |\n" in text
    assert "| `a.b.most` | stricter | falls by `100.00 USD` at most: " in text
    assert "Declarations written otherwise (1)</summary>\n\n- `a.b.cap`\n" in text
    assert "Provisions touched (1)</summary>\n\n- `LAW/1`\n" in text
    tests = text[text.index("Tests touched (3)") :]
    assert (
        "- added: `a.b: a pair`\n- removed: `a.b: four`\n"
        "- changed: <code>a&#46;b&#58; sixty &#124; &#64;octocat</code>" in tests
    )


def test_layout_and_order_change_nothing(tmp_path: Path) -> None:
    optional.library("z3", "proofs")
    head, cap, rest = BEFORE.partition("parameter cap: rate stricter when lower = 60% per LAW/1\n")
    text = told(head + "# moved\n\n" + rest + cap, tmp_path)
    assert "### No answer changes: 3 questions proved equal" in text
    assert "<details>" not in text


def test_only_the_provisions_of_the_rows_that_differ_are_touched() -> None:
    table = """
table t(n: integer) -> integer first row that applies
  | n | t | per |
  | < 3 | 1 | LAW/1 |
  | any | 2 | LAW/2 |
"""
    before, after = (
        check([RulesFile("a.policy", (BEFORE + text).encode())]).model
        for text in (table, table.replace("| 2 |", "| 3 |"))
    )
    found = touched(before, after, frozenset({"a.b.twice"}))
    assert (found.declared, found.provisions) == (("a.b.t",), ("LAW/2",))
    assert found.asking == ("a.b: four",)
    cited = touched(
        before,
        check([RulesFile("a.policy", (BEFORE + table).replace('LAW/1 "one"', 'LAW/1 "uno"').encode())]).model,
        frozenset(),
    )
    assert (cited.declared, cited.provisions) == ((), ("LAW/1",))


def one(text: str) -> Difference:
    way = Way("other", Witness("2026-03-01", {}, (("a", text),)), text, text, by=text, by_of=text)
    return Difference(text, "value", "changed", text, (way,), (Region((), True),), True, 3, text)


@pytest.mark.parametrize("text", NASTY)
def test_no_text_means_anything_in_markdown(text: str) -> None:
    optional.library("markdown_it", "dev")
    from markdown_it import MarkdownIt

    fact = FactDifference(text, text, "newly accepted", text, (text,), (text,))
    names = (text,)
    found = comment(Comparison((fact,), (one(text), one("x.y"))), Touched(*[names] * 6), text, text)
    reader = MarkdownIt("gfm-like")
    page = reader.render(found)
    tags = set(re.findall(r"<(/?[a-z0-9]+|!--[^>]*)", page))
    assert {t.strip("/") for t in tags if not t.startswith("!")} <= {
        "h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "ul", "li", "br",
    }  # fmt: skip
    assert page.count("<!--") == 1
    assert page.count("<details>") == page.count("</details>") == 5
    outside = re.sub(r"<code>.*?</code>", "", page, flags=re.DOTALL)
    assert not re.search(r"@|octocat|#12|http|/close|GH-", outside)
    rows = page.split("</table>")[-2].split("<tr>")[2:]
    assert len(rows) == 2
    assert all(row.count("<td") == 3 for row in rows)


@pytest.mark.parametrize("text", [t for t in NASTY if t and "\n" not in t and len(t) < LONGEST_TEXT])
def test_a_reader_sees_the_text_as_it_is(text: str) -> None:
    optional.library("markdown_it", "dev")
    import html

    from markdown_it import MarkdownIt

    page = MarkdownIt("gfm-like").render(f"| a |\n|---|\n| {coded(text)} |\n")
    [shown] = re.findall(r"<td><code>(.*?)</code></td>", page)
    assert html.unescape(shown) == text


@pytest.mark.parametrize("count", [1, 200, 5_000])
def test_what_there_is_no_room_for_is_counted(count: int) -> None:
    changed = tuple(one(f"a.b.question_{n}") for n in range(count))
    names = tuple(f"a.b: 保證金 test {n}" for n in range(count))
    found = comment(Comparison((), changed), Touched(names, names, names, names, names, names), "old", "new")
    assert len(found.encode()) <= 65_536
    assert found.count("<details>") == found.count("</details>")
    rows = found.count("\n| `a.b.question_")
    assert f"### {count:,} of {count:,} question" in found
    if count == 1:
        assert "Left out" not in found
        assert rows == 1
    if count == 5_000:
        assert f"**Left out**, as a comment holds no more: {count - rows:,} of 5,000 under “questions”; " in found
        assert found.count(" under “") == 5
        assert rows > 100

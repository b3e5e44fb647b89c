"""What a change of rules does, as a comment for a pull request: Markdown of GitHub and GitLab.

In: a comparison, and what the edit touches as written. Out: Markdown, no longer than GitHub takes, with what is left
out counted. Of what rules and facts say nothing means anything in Markdown: no mention, link, table or HTML comes of
it. Absent: posting it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from attrs import define, field

from policy.diagnostics import printable
from policy.reports.touched import Touched
from policy.verify.difference import Difference, Way
from policy.verify.rulebook import Comparison
from policy.verify.vocabulary import FactDifference

MARK = "<!-- policy diff -->"  # by which a later run finds the comment, to write it anew
LONGEST = 65_000  # bytes; GitHub takes 65,536 characters
LONGEST_TEXT = 400  # characters of one text
_EQUAL = "equivalent"
_UNKNOWN = ("not decided", "cannot be encoded")
_CLOSING = 1_500  # bytes kept for the ends of sections and for what is said to be left out


def comment(found: Comparison, edit: Touched, before: str, after: str) -> str:
    """The comment; `before` and `after` name the two rulebooks."""
    changed = [d for d in found.questions if d.outcome != _EQUAL]
    page = _Page()
    page.say(MARK, f"### {_headline(found, changed)}", "", f"{coded(before)} → {coded(after)}", "")
    _counts(page, found)
    _table(page, changed)
    page.section("Facts that only one of the rulebooks accepts", [_fact(f) for f in found.facts])
    page.section("Where, and an example for each", [_question(d) for d in changed])
    page.section("Declarations written otherwise", [f"- {coded(name)}" for name in edit.declared])
    page.section("Provisions touched", [f"- {coded(name)}" for name in edit.provisions])
    tests = [
        f"- {what}: {coded(name)}"
        for what, names in (
            ("added", edit.tests_added),
            ("removed", edit.tests_removed),
            ("changed", edit.tests_changed),
            ("asks what answers differently", edit.asking),
        )
        for name in names
    ]
    page.section("Tests touched", tests)
    return page.text()


def coded(text: str) -> str:
    """A text as code, in which nothing is a mention, a link or HTML; in a table too."""
    shown = printable(text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…")
    if shown.strip() == shown != "" and not re.search(r"[`|\\]", shown):
        return f"`{shown}`"
    quoted = re.sub(r"[^\w ,;()=…→-]|_", lambda m: f"&#{ord(m[0])};", shown)
    return f"<code>{quoted}</code>"


@define
class _Page:
    """Lines, as many as there is room for."""

    lines: list[str] = field(factory=list)
    size: int = 0
    left_out: list[str] = field(factory=list)

    def say(self, *lines: str) -> None:
        self.lines += lines
        self.size += sum(map(_bytes, lines))

    def items(self, what: str, items: Sequence[str]) -> None:
        """Those for which there is room; the others are counted."""
        for n, item in enumerate(items):
            if self.size + _bytes(item) > LONGEST - _CLOSING:
                self.left_out.append(f"{len(items) - n:,} of {len(items):,} under “{what}”")
                return
            self.say(item)

    def section(self, title: str, items: Sequence[str]) -> None:
        """A list that is folded away; none where it is empty."""
        if items:
            self.say("", f"<details><summary>{title} ({len(items):,})</summary>", "")
            self.items(title, items)
            self.say("", "</details>")

    def text(self) -> str:
        if self.left_out:
            self.say("", f"**Left out**, as a comment holds no more: {'; '.join(self.left_out)}.")
        return "\n".join(self.lines) + "\n"


def _bytes(line: str) -> int:
    return len(line.encode()) + 1


def _headline(found: Comparison, changed: Sequence[Difference]) -> str:
    if not changed and not found.facts:
        return f"No answer changes: {_questions(len(found.questions))} proved equal"
    unknown = sum(d.outcome in _UNKNOWN for d in changed)
    told = f"{len(changed) - unknown:,} of {_questions(len(found.questions))} answer differently"
    return told + (f", {unknown:,} could not be decided" if unknown else "")


def _questions(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'}"


def _counts(page: _Page, found: Comparison) -> None:
    outcomes = Counter(d.outcome for d in found.questions)
    page.say("| questions | outcome |", "|--:|---|")
    for outcome in sorted(outcomes):
        page.say(f"| {outcomes[outcome]:,} | {'proved equal' if outcome == _EQUAL else outcome} |")
    lists = max((d.longest for d in found.questions), default=0)
    if lists:
        page.say("", f"Of all facts on all dates that both rulebooks accept, lists of at most {lists} elements.")


def _table(page: _Page, changed: Sequence[Difference]) -> None:
    if changed:
        page.say("", "| question | outcome | what becomes of the answer |", "|---|---|---|")
        page.items(
            "questions",
            [
                f"| {coded(d.question)} | {d.outcome} | {'<br>'.join(map(_way, d.ways)) or _why(d.why)} |"
                for d in changed
            ],
        )


def _way(way: Way) -> str:
    most = ""
    if way.by:
        at_most = "" if way.by.startswith("at least") else " at most"
        most = f" by {coded(way.by + (f' of {way.by_of}' if way.by_of else ''))}{at_most}"
    return f"{way.name}{most}: {coded(way.before)} becomes {coded(way.after)}"


def _why(why: str) -> str:
    return coded(why) if why else ""


def _fact(f: FactDifference) -> str:
    told = [f"- {coded(f.fact)}: {f.outcome}"]
    if f.accepted:
        told.append(f"  - accepted now: {coded('; '.join(f.accepted))}")
    if f.refused:
        told.append(f"  - no longer accepted: {coded('; '.join(f.refused))}")
    return "\n".join(told)


def _question(d: Difference) -> str:
    told = [f"- {d.kind} {coded(d.question)}: {d.outcome}, {coded(d.place)}"]
    told += [f"  - where {coded(str(region))}" for region in d.regions]
    if d.more_regions:
        told.append("  - and elsewhere")
    told += [f"  - {way.name}: {coded(str(way.example))}" for way in d.ways]
    return "\n".join(told)

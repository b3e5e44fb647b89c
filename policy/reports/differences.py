"""What a change does to every possible client, as rows.

In: differences that are proved, and the model for the words of facts. Out: the facts of which the two do not accept
the same; and of those that both accept, for each question that may answer otherwise, where, which way, how far at
most, and an example; in English and Chinese; what is looser comes first. Absent: proving.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import rules, types
from policy.reports.plain.facts import ToldFacts, in_words
from policy.reports.plain.names import in_full
from policy.reports.proofs import ProofCase
from policy.verify.difference import Difference, DifferenceOutcome, Way, WayName
from policy.verify.rulebook import Comparison
from policy.verify.vocabulary import FactDifference, FactOutcome

OUTCOMES: dict[DifferenceOutcome, BilingualText] = {
    "looser": BilingualText("looser", "較寬鬆"),
    "incomparable": BilingualText("stricter for some, looser for others", "對部分人較嚴格，對部分人較寬鬆"),
    "not decided": BilingualText("not decided", "未能決定"),
    "cannot be encoded": BilingualText("cannot be encoded", "無法編成算式"),
    "asked differently": BilingualText("asked about other facts", "查問的事實不同"),
    "changed": BilingualText("different", "有所不同"),
    "removed": BilingualText("removed", "刪除"),
    "added": BilingualText("added", "新增"),
    "stricter": BilingualText("stricter", "較嚴格"),
    "equivalent": BilingualText("the same for everyone", "對任何人均無分別"),
}
_ORDER = list(OUTCOMES)
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)(?![\d.]*%)(?: |$)")
_UNBOUNDED = 10**12
WAYS: dict[WayName, BilingualText] = {
    "permits more": BilingualText("yes to more", "更多情況為是"),
    "denies more": BilingualText("no to more", "更多情況為否"),
    "rises": BilingualText("rises", "上升"),
    "falls": BilingualText("falls", "下降"),
    "other": BilingualText("otherwise", "結果不同"),
    "newly undecided": BilingualText("no longer decided", "不再有決定"),
    "newly decided": BilingualText("decided for the first time", "首次有決定"),
    "newly fails": BilingualText("no longer answered", "不再有答案"),
    "fails no more": BilingualText("answered for the first time", "首次有答案"),
}
FACTS: dict[FactOutcome, BilingualText] = {
    "added": BilingualText("new", "新增"),
    "removed": BilingualText("no longer asked for", "不再查問"),
    "newly accepted": BilingualText("more is accepted", "接受範圍擴大"),
    "newly refused": BilingualText("less is accepted", "接受範圍收窄"),
    "accepted otherwise": BilingualText("other values are accepted", "接受的數值不同"),
}
_YES_NO = {"permitted": BilingualText("yes", "是"), "denied": BilingualText("no", "否")}


@frozen
class DifferenceRow:
    """One way in which answers differ: by how much in the example, and at most anywhere where facts bound that."""

    way: BilingualText
    proportion: BilingualText
    most: BilingualText
    before: BilingualText
    after: BilingualText
    case: ProofCase


@frozen
class Differs:
    """A question whose answers differ. `where` holds the regions outside of which nothing does."""

    id: str
    title: BilingualText
    outcome: str
    outcome_words: BilingualText
    where: tuple[tuple[tuple[BilingualText, BilingualText], ...], ...]
    is_everywhere: tuple[bool, ...]
    more: bool
    steps: tuple[DifferenceRow, ...]
    longest: int
    why: str


@frozen
class FactRow:
    """A fact of which the two do not accept the same: whose it is, what it is called, and which way."""

    owner: BilingualText
    title: BilingualText
    outcome: BilingualText


@frozen
class Differences:
    """The whole."""

    facts: tuple[FactRow, ...]
    questions: int
    counts: tuple[tuple[str, BilingualText, int], ...]
    differs: tuple[Differs, ...]


def differences_of(model: rules.Model, comparison: Comparison) -> Differences:
    """The rows for what a tool has found."""
    found = comparison.questions
    counts = Counter(d.outcome for d in found)
    ordered = sorted(found, key=lambda d: _ORDER.index(d.outcome))
    return Differences(
        tuple(_fact(model, f) for f in comparison.facts),
        len(found),
        tuple((outcome, words, counts[outcome]) for outcome, words in OUTCOMES.items() if counts[outcome]),
        tuple(_differs(model, d) for d in ordered if d.outcome != "equivalent"),
    )


def _fact(model: rules.Model, f: FactDifference) -> FactRow:
    owner = model.declared[f.of]
    fields = owner.fields if isinstance(owner, rules.RecordType) else ()
    titles = [field.title for field in fields if field.name == f.name]
    return FactRow(
        in_full(owner.title, owner.name), in_full(titles[0] if titles else NO_WORDS, f.name), FACTS[f.outcome]
    )


def _differs(model: rules.Model, d: Difference) -> Differs:
    question = model.question(d.question)
    facts = ToldFacts.of(model, question)
    return Differs(
        d.question,
        in_full(question.title, question.name),
        d.outcome,
        OUTCOMES[d.outcome],
        tuple(tuple(facts.limited(c.path, c.ways) for c in r.conditions) for r in d.regions),
        tuple(r.everywhere for r in d.regions),
        d.more_regions,
        tuple(_step(facts, question, w) for w in d.ways),
        d.longest,
        d.why,
    )


def _step(facts: ToldFacts, question: rules.Question, way: Way) -> DifferenceRow:
    of = getattr(question, "type", types.BOOLEAN)
    shown = tuple(facts.said(path, text) for path, text in way.example.shown)
    least = way.by.startswith("at least ")
    by = in_words(facts.model, way.by.removeprefix("at least "), of) if way.by else NO_WORDS
    if way.by_of:
        path, _, more = way.by_of.partition(" and ")
        whole, top = facts.title(path), in_words(facts.model, more, of)
        by = BilingualText(f"{by.en} of the {whole.en}", f"{whole.zh}的{by.zh}")
        by = BilingualText(f"{by.en} and {top.en}", f"{by.zh}加{top.zh}") if more else by
    most = BilingualText(f"by {by.en} at {'least' if least else 'most'}", f"{'最少' if least else '最多'}{by.zh}")
    return DifferenceRow(
        WAYS[way.name],
        _proportion(way.before, way.after),
        most if _is_bounded(way.by.removeprefix("at least ")) else NO_WORDS,
        _answer(facts, way.before, of),
        _answer(facts, way.after, of),
        ProofCase(way.example.on, shown, ""),
    )


def _number(text: str) -> Fraction | None:
    """The amount at the beginning of a value as an author writes it; a percentage is none."""
    found = _AMOUNT.match(text)
    return Fraction(found[1]) if found else None


def _is_bounded(by: str) -> bool:
    """Whether facts bound by how much an amount moves; one that only its type bounds tells nothing of the world."""
    amount = _number(by)
    return bool(by) and (amount is None or abs(amount) < _UNBOUNDED)


def _proportion(before: str, after: str) -> BilingualText:
    """By how much of itself an amount moves, in per cent with one decimal, rounded towards zero."""
    old, new = _number(before), _number(after)
    if not old or new is None:
        return NO_WORDS
    tenths = abs(new - old) * 1000 / abs(old)
    whole, tenth = divmod(int(tenths), 10)
    shown = f"{whole:,}" + (f".{tenth}" if tenth else "") + "%"
    about = ("", "") if tenths == int(tenths) else ("about ", "約")
    return BilingualText(f"by {about[0]}{shown} in the example", f"例中變動{about[1]}{shown}")


def _answer(facts: ToldFacts, text: str, of: types.Type) -> BilingualText:
    if text in _YES_NO:
        return _YES_NO[text]
    kind, _, rest = text.partition(": ")
    if kind == "undecided":
        needs = [facts.needed(n) for n in rest.removeprefix("needs ").split(", ")]
        return BilingualText(
            f"not decided without {', '.join(n.en for n in needs)}", f"欠{'、'.join(n.zh for n in needs)}，未能決定"
        )
    if kind == "fails":
        return BilingualText(f"no answer: {rest}", f"不能作答：{rest}")
    return in_words(facts.model, text, of)

"""One decision as a letter: what was asked, what was decided and why, what would put it right, whom to ask.

In: an answer, and the model for the words of its facts. Out: `Letter`, and the title that names the notice. Absent:
the derivation in full; `policy explain` has that.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import NO_WORDS, Answer, BilingualText, Inner, Outcome, Reason
from policy.model import rules, types
from policy.reports.book.figures import Network
from policy.reports.derivation import tree_of
from policy.reports.plain import amounts
from policy.reports.plain.facts import NOT_STATED, ToldFacts
from policy.reports.plain.names import in_full
from policy.reports.rows import Cited, cited, unanswered
from policy.reports.wayout import Removal, Wayout, wayout_of
from policy.verify.remedy import Remedy
from policy.vocabulary import RuntimeValue

_OUTCOMES = {
    Outcome.PERMITTED: BilingualText("Yes", "是"),
    Outcome.DENIED: BilingualText("No", "否"),
    Outcome.UNDECIDED: BilingualText("Not decided", "未能決定"),
    Outcome.FAILED: BilingualText("No answer can be given", "不能作答"),
}
# What a client asked for, and what is done with it, by the question that decides it.
_SUBJECTS = {
    "order_accepted": ("your order", "accepted", "接納買賣盤"),
    "advance_allowed": ("your loan", "advanced", "墊付貸款"),
    "collateral_released": ("your collateral", "released", "發還抵押品"),
    "collateral_accepted": ("the asset", "accepted as collateral", "接納資產為抵押品"),
    "perpetual_order_accepted": ("your contract order", "accepted", "接納合約買賣盤"),
    "position_size_accepted": ("your contract order", "accepted", "接納合約買賣盤"),
    "perpetual_collateral_accepted": ("your deposit", "accepted as margin", "接納存入資產為保證金"),
    "margin_release_accepted": ("your margin", "released", "釋出保證金"),
}
_EVENTS = {  # of a journal, which are more than an answer to what was asked for
    "order_expelled": BilingualText("Notice: your order was removed from the book", "移除買賣盤通知書"),
    "perpetual_expelled": BilingualText(
        "Notice: your contract order was removed from the book", "移除合約買賣盤通知書"
    ),
    "replace_rejected": BilingualText("Notice: the change of your order was not accepted", "拒絕更改買賣盤通知書"),
    "trade_rejected": BilingualText("Notice: your trade was not carried out", "拒絕成交通知書"),
}
_NOTICES = {
    Outcome.PERMITTED: BilingualText("Notice of approval", "准許通知書"),
    Outcome.DENIED: BilingualText("Notice of refusal", "拒絕通知書"),
    Outcome.UNDECIDED: BilingualText("Notice: no decision could be made", "未能作出決定通知書"),
    Outcome.FAILED: BilingualText("Notice: no decision could be made", "未能作出決定通知書"),
    Outcome.VALUE: BilingualText("Notice of a figure", "計算結果通知書"),
}


def title_of(question: str, outcome: Outcome, event: str = "") -> BilingualText:
    """What the notice is called: by its event in a journal, or by what a client asked for."""
    if event in _EVENTS:
        return _EVENTS[event]
    subject = _SUBJECTS.get(question.rpartition(".")[2])
    if subject is None or outcome is Outcome.VALUE:
        return _NOTICES[outcome]
    what, done, zh = subject
    if outcome is Outcome.PERMITTED:
        return BilingualText(f"Notice: {what} was {done}", f"{zh}通知書")
    if outcome is Outcome.DENIED:
        return BilingualText(f"Notice: {what} was not {done}", f"拒絕{zh}通知書")
    return BilingualText(f"Notice: it could not be decided whether {what} may be {done}", f"未能決定可否{zh}通知書")


def _decided(question: str, outcome: Outcome, event: str, value: BilingualText) -> BilingualText:
    """What was decided, as a sentence where the question is about what a client asked for."""
    title = title_of(question, outcome, event)
    if title in _NOTICES.values():
        return value
    said = title.en.removeprefix("Notice: ")
    return BilingualText(f"{said[0].upper()}{said[1:]}.", f"{title.zh.removesuffix('通知書')}。")


@frozen
class Because:
    """One reason, the reasons of the decisions that it asks, and what would remove it.

    `of` is a decision asked on the way, and how it was answered.
    """

    text: BilingualText
    cited: tuple[Cited, ...]
    because: tuple[Because, ...] = ()
    of: BilingualText | None = None
    cure: Removal | None = None


@frozen
class LetterFact:
    """What was stated, or is wanting, with why where the rules know."""

    what: BilingualText
    value: BilingualText


@frozen
class Request:
    """What was asked: in words, about which order or asset, when, and in which record of the journal."""

    words: BilingualText = NO_WORDS
    about: str = ""
    at: str = ""
    record: int = 0
    event: str = ""  # what became of it


NOTHING_ASKED = Request()


@frozen
class Letter:
    """The whole."""

    to: str
    reference: str
    request: Request
    question: BilingualText
    outcome: str
    answer: BilingualText
    reasons: tuple[Because, ...]
    cited: tuple[Cited, ...]  # all that it rests on, where no reason has its own
    facts: tuple[LetterFact, ...]
    missing: tuple[LetterFact, ...]
    wayout: Wayout | None = None  # what would change a refusal
    tree: Network | None = None  # how the answer was reached, where that can be drawn


def _told(model: rules.Model, value: RuntimeValue, of: types.Type) -> BilingualText:
    """A value in words; a record by its fields."""
    if not isinstance(of, types.Record):
        return BilingualText(amounts.english(value, of, model.offset), amounts.chinese(value, of, model.offset))
    fields = model.get(rules.RecordType, of.name).fields
    told = [(in_full(f.title, f.name), _told(model, v, f.type)) for f, v in zip(fields, value, strict=True)]
    return BilingualText("; ".join(f"{n.en}: {v.en}" for n, v in told), "；".join(f"{n.zh}：{v.zh}" for n, v in told))


def letter_of(
    model: rules.Model,
    answer: Answer,
    to: str,
    reference: str,
    notes: dict[str, str],
    remedy: Remedy | None = None,
    request: Request = NOTHING_ASKED,
) -> Letter:
    """The letter; a refusal tells its `remedy`, or that there is none where nothing could be worked out."""
    question = model.question(answer.question.name)
    of = getattr(question, "type", types.BOOLEAN)
    basis = answer.basis
    facts = ToldFacts.of(model, question)
    value = _OUTCOMES.get(answer.outcome) or _told(model, answer.value, of)
    wayout = wayout_of(remedy, facts) if answer.outcome is Outcome.DENIED else None
    cures = {r.of: r for r in wayout.reasons} if wayout else {}
    if wayout and len(basis.reasons) == 1:
        cures.setdefault(basis.reasons[0].text, wayout.whole)
    return Letter(
        to,
        reference,
        request,
        in_full(question.title, question.name),
        answer.outcome.value,
        _decided(question.name, answer.outcome, request.event, value),
        tuple(_because(model, r, cure=cures.get(r.text)) for r in basis.reasons),
        tuple(cited(c) for c in basis.citations),
        tuple(LetterFact(*facts.said(path, text)) for path, text in basis.facts if text != "not given"),
        tuple(_wanting(facts, need, notes) for need in unanswered(answer)),
        wayout,
        tree_of(facts, answer.derivation),
    )


def _because(
    model: rules.Model, reason: Reason, of: BilingualText | None = None, cure: Removal | None = None
) -> Because:
    inner = tuple(_because(model, i.reason, _asked(model, i)) for i in reason.because)
    return Because(reason.text, tuple(cited(c) for c in reason.citations), inner, of, cure)


def _asked(model: rules.Model, inner: Inner) -> BilingualText:
    """A decision that was asked on the way, and what it came to."""
    asked = model.declared[inner.question]
    title, effect = in_full(asked.title, asked.name), inner.reason.effect
    outcome = _OUTCOMES[Outcome.PERMITTED if effect == "permit" else Outcome.DENIED]
    return BilingualText(f"{title.en} {outcome.en}:", f"{title.zh}{outcome.zh}：")


def _wanting(facts: ToldFacts, need: str, notes: dict[str, str]) -> LetterFact:
    parameter = facts.parameter(need)
    if parameter is None:
        return LetterFact(facts.needed(need), NOT_STATED)
    why = parameter.unset
    return LetterFact(facts.needed(need), in_full(why, need) if why else BilingualText(notes.get(need, "")))

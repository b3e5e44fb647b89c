"""What flips from one rulebook to another, as rows: commands of a journal, margin accounts, money, and test cases.

In: what became of commands, clients and accounts under either rulebook, as plain data, and models for the words. Out:
`JournalRun` and `Flip`, in English and Chinese. Absent: running anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from policy.answers import BilingualText
from policy.model import rules, types
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.names import EVENTS, MONEY
from policy.reports.plain import amounts
from policy.reports.plain.facts import ToldFacts, in_words

Steps = tuple[tuple[str, tuple[str, ...]], ...]  # events, each with the rules that were its reasons
NOTHING = BilingualText("nothing", "並無事件")
_COMMANDS_ZH = {
    "list_instrument": "代幣上架", "admit_platform": "接納平台", "admit_participant": "接納參與者",
    "ask": "查問資格", "deposit_money": "存入款項", "deposit_tokens": "存入代幣",
    "withdraw_money": "提取款項", "withdraw_tokens": "提取代幣",
    "arrange_settlement": "訂立交收安排", "place": "落盤", "cancel": "取消買賣盤", "replace": "更改買賣盤",
    "settle": "交收", "fail_settlement": "交收失敗", "recover_settlement": "追回交收損失",
    "set_up_lender": "設立貸款人", "list_collateral": "列入抵押品", "open_margin_account": "開立保證金帳戶",
    "post_collateral": "存入抵押品", "withdraw_collateral": "提取抵押品", "price_asset": "資產定價",
    "price_assets": "資產定價", "advance_loan": "墊付貸款", "repay_loan": "償還貸款", "state_account": "帳戶結單",
    "list_perpetual": "合約上架", "open_perpetual_account": "開立永續合約帳戶", "deposit_margin": "存入保證金",
    "withdraw_margin": "提取保證金", "post_margin": "撥付保證金", "release_margin": "釋出保證金",
    "top_up_fund": "注資保險基金", "place_perpetual": "合約落盤", "cancel_perpetual": "取消合約買賣盤",
    "index_price": "指數價格", "index_prices": "指數價格", "state_perpetual_account": "保證金結單",
    "new_day": "新一日",
}  # fmt: skip
_FIGURES_ZH = {
    "loan": "貸款", "market value": "市值", "lending value": "可借貸價值", "headroom": "可借餘額",
    "capital value": "速動資金價值", "call": "追繳保證金", "call due by": "追繳時限", "free margin": "可動用保證金",
    "margin": "保證金", "equity": "權益", "liquidation": "是否須強制平倉",
}  # fmt: skip
_OUTCOMES = {
    "permitted": BilingualText("yes", "是"),
    "denied": BilingualText("no", "否"),
    "undecided": BilingualText("undecided", "未能決定"),
    "failed": BilingualText("no answer", "不能作答"),
    "none": BilingualText("none", "無"),
}


@frozen
class Flip:
    """Decisions of a journal, or a case of the tests, whose outcome differs."""

    what: BilingualText
    count: int
    before: BilingualText
    after: BilingualText
    examples: tuple[str, ...]


@frozen
class Figure:
    """A figure of a margin account that differs."""

    account: str
    what: BilingualText
    before: BilingualText
    after: BilingualText


@frozen
class Moved:
    """A sum of money of a client that differs."""

    what: BilingualText
    before: BilingualText
    after: BilingualText
    difference: BilingualText


@frozen
class ClientFlips:
    """A client who is answered differently: commands with another outcome, and sums that differ."""

    client: str
    count: int
    flips: tuple[Flip, ...]
    money: tuple[Moved, ...]


@frozen
class JournalRun:
    """A journal's commands, run under both. `kept` is the journal's own rulebook, where that is neither.

    `clients` are the first of `of_clients`, those with the most flips first.
    """

    commands: int
    decisions: tuple[Flip, ...]
    accounts: int  # compared
    figures: tuple[Figure, ...]
    money: tuple[tuple[BilingualText, BilingualText, BilingualText], ...]
    kept: str
    clients: tuple[ClientFlips, ...]
    of_clients: int


@frozen(eq=False)
class FlipWords:
    """Texts for what flips, of both rulebooks together."""

    model: rules.Model
    glossary: Glossary

    def command(self, said: str, count: int, before: Steps, after: Steps, examples: Iterable[str]) -> Flip:
        what = BilingualText(_spaced(said), _COMMANDS_ZH[said])
        return Flip(what, count, self._fate(before), self._fate(after), tuple(examples))

    def figure(self, account: str, figure: str, before: str, after: str) -> Figure:
        return Figure(
            account, BilingualText(figure, _FIGURES_ZH[figure]), self._standing(before), self._standing(after)
        )

    def client(self, client: str, flips: Iterable[Flip], money: Iterable[tuple[str, str, str, str]]) -> ClientFlips:
        """`money` is a field of a kind of event, before, after, and the difference."""
        told = tuple(flips)
        sums = (Moved(*self.money(what, before, after), self._standing(by)) for what, before, after, by in money)
        return ClientFlips(client, sum(f.count for f in told), told, tuple(sums))

    def money(self, what: str, before: str, after: str) -> tuple[BilingualText, BilingualText, BilingualText]:
        """Sums of the money in a field of a kind of event, as `traded value`."""
        event, _, name = what.partition(" ")
        words = BilingualText(f"{EVENTS[event].en}: {MONEY[name].en}", f"{EVENTS[event].zh}：{MONEY[name].zh}")
        return words, self._standing(before), self._standing(after)

    def case(self, number: int, title: BilingualText, question: str, before: str, after: str, place: str) -> Flip:
        """A case of the tests; one without a Chinese title has its number."""
        asked = self.model.question(question)
        what = BilingualText(f"{number}. {title.en}", f"個案{number}" + (f"：{title.zh}" if title.zh else ""))
        return Flip(what, 1, self._outcome(asked, before), self._outcome(asked, after), (place,))

    # ── words ───────────────────────────────────────────────────────────────────────────────

    def _fate(self, steps: Steps) -> BilingualText:
        words = [self._step(event, names) for event, names in steps]
        return BilingualText(", ".join(w.en for w in words), "、".join(w.zh for w in words)) if words else NOTHING

    def _step(self, event: str, names: Sequence[str]) -> BilingualText:
        """In English with the names of rules, in Chinese with what they say."""
        en, zh = EVENTS[event].en, EVENTS[event].zh
        because = "".join(w.zh for name in names for w in self._because(name))
        return BilingualText(
            f"{en} ({', '.join(map(_spaced, names))})" if names else en,
            f"{zh}（{because.rstrip('。')}）" if because else zh,
        )

    def _because(self, rule: str) -> list[BilingualText]:
        """What a rule says; nothing where two of the name say different things."""
        decisions = self.model.of_kind(rules.Decision)
        said = dict.fromkeys(r.because for d in decisions for r in d.rules if r.name == rule)
        return list(said) if len(said) == 1 else []

    def _standing(self, text: str) -> BilingualText:
        """A figure as a statement has it: an amount, a member of an enum, an outcome, or what it needs."""
        head, _, needs = text.partition(", needs ")
        if needs:
            known, named = self._standing(head), [self.glossary.needed(n) for n in needs.split(", ")]
            return BilingualText(
                f"{known.en}, needs {', '.join(w.en for w in named)}",
                f"{known.zh}，欠缺{'、'.join(w.zh or w.en for w in named)}",
            )
        if head in _OUTCOMES:
            return _OUTCOMES[head]
        if head[:1] in "-0123456789":
            whole = amounts.grouped(head)
            iso = amounts.moved(head, self.model.offset)
            moment = BilingualText(amounts.long_moment(iso), amounts.chinese_moment(iso))
            if moment.en != head:
                return moment
            signed = f"−{whole[1:]}" if whole.startswith("-") else whole
            return BilingualText(amounts.said_in_english(signed), amounts.said_in_chinese(signed))
        return self.glossary.named(head)

    def _outcome(self, question: rules.Question, text: str) -> BilingualText:
        """An outcome as test results write it, with the provisions that it stands on where those are expected."""
        answer, _, cited = text.partition(" per ")
        if cited:
            alone = self._outcome(question, answer)
            return BilingualText(f"{alone.en} per {cited}", f"{alone.zh}（{cited}）")
        en = _spaced(text)
        head, _, names = text.partition(" by ")
        if head in ("permitted", "denied"):
            of = question.rules if isinstance(question, rules.Decision) else ()
            said = [r.because.zh for r in of if r.name in names.split(", ")]
            said += [question.because.zh] if isinstance(question, rules.Decision) and "otherwise" in names else []
            return BilingualText(en, f"{_OUTCOMES[head].zh}。{''.join(said)}")
        head, _, needs = text.partition(", needs ")
        if head == "undecided":
            needed = [ToldFacts.of(self.model, question).needed(n).zh for n in needs.split(", ") if n]
            return BilingualText(en, "未能決定" + (f"，欠缺：{'、'.join(needed)}" if needed else ""))
        if text.startswith("failed"):
            return BilingualText(en, _OUTCOMES["failed"].zh)
        if isinstance(question, rules.Priority):
            return BilingualText(en, "前者先於後者" if text.startswith("the first") else "並非前者先於後者")
        return in_words(self.model, text, getattr(question, "type", types.BROKEN))


def _spaced(text: str) -> str:
    return text.replace("_", " ")

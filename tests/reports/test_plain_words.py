"""What a rule turns on is in the sentence that tells it: constants, dates and names, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any, get_args

import pytest

from policy import resources
from policy.answers import BilingualText
from policy.model import expressions as x, rules, types
from policy.model.overlays import overlaid
from policy.model.values import show
from policy.pipeline import RulesFile, check, read_folder
from policy.reports.plain.chinese import Chinese
from policy.reports.plain.decisions import ToldDecision
from policy.reports.plain.english import English
from policy.reports.plain.names import Titles, in_full
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.sentences import Sentences
from policy.reports.plain.wording import OPPOSITE, Calculation, Comparison
from random_rules import Rules

MONTHS = "January February March April May June July August September October November December".split()
SYMBOLS = {"HKD": "HK$", "USD": "US$", "EUR": "€"}
UNITS_ZH = {"HKD": "港元", "USD": "美元"}
DURATIONS_ZH = {
    "days": "日",
    "day": "日",
    "hours": "小時",
    "hour": "小時",
    "minutes": "分鐘",
    "minute": "分鐘",
    "seconds": "秒",
    "months": "個月",
    "month": "個月",
    "years": "年",
}


IF_ANY = BilingualText("(if any)", "（如有）")


def on_paper(day: int) -> BilingualText:
    d = date.fromordinal(day)
    return BilingualText(f"{d.day} {MONTHS[d.month - 1]} {d.year}", f"{d.year}年{d.month}月{d.day}日")


def of_value(value: Any, of: types.Type, model: rules.Model) -> BilingualText:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    match inner:
        case types.Boolean():
            return BilingualText("")  # said by the verb
        case _ if value is None:
            return BilingualText("", "")
        case types.Date():
            return on_paper(value)
        case types.Enum(name, _):
            return in_full(dict(model.declared[name].members)[value], value)
        case types.Text():
            return BilingualText(value, value)
        case types.Number(unit, _):
            number, _, word = show(value, inner).partition(" ")
            number = number.removesuffix(".0") if word else number
            number += "0" * (unit.startswith("money:") and number[-2:-1] == ".")
            zh = DURATIONS_ZH[word] if unit in ("duration", "period") else UNITS_ZH.get(word, word and f" {word}")
            en = f"{number} {word}".strip() if word not in SYMBOLS else SYMBOLS[word] + number
            return BilingualText(en.replace("$-", "$"), f"{number}{zh}")
    return BilingualText("")


def in_units(one: x.Literal) -> BilingualText:
    """How it is said that a number counts days or months; nothing of what is not one of them."""
    number, _, word = show(one.value, one.type).partition(" ")
    is_length = isinstance(one.type, types.Number) and one.type.unit in ("duration", "period")
    chinese = DURATIONS_ZH.get(word, "").removeprefix("個")
    return BilingualText(f"in {word}s", f"以{chinese}計") if is_length and number == "1" else BilingualText("")


def wanted(e: Any, model: rules.Model, called: dict[str, Told]) -> Iterator[tuple[BilingualText, ...]]:
    """Every constant and every name in an expression, as people read it: the title, or a phrase instead."""
    match e:
        case x.Binary(operator="*", left=left, right=x.Literal() as one) if (counted := in_units(one)).en:
            yield counted, of_value(one.value, one.type, model)  # in signs, it is multiplied
            yield from wanted(left, model, called)
            return
        case x.Binary(operator="default", left=left, right=x.Literal(value=0, type=types.Number(unit))) if (
            unit not in ("duration", "period")
        ):
            yield (BilingualText("(nil where there is none)", "（如無則以零計）"), IF_ANY)
            yield from wanted(left, model, called)
            return
        case x.Binary(
            operator="is" | "is not", left=left, right=x.Literal(value=value, type=types.Enum(members=(_, _))) as one
        ):
            others = [m for m in one.type.members if m != value]  # of two, the one is not the other
            yield tuple(of_value(m, one.type, model) for m in (value, *others))
            yield from wanted(left, model, called)
            return
        case x.OnCalendar(operands=operands):  # one business day after is the first after
            for operand in operands:
                if not (isinstance(operand, x.Literal) and operand.value == 1):
                    yield from wanted(operand, model, called)
            return
        case x.Literal(value=0, type=types.Number(unit)) if unit.startswith(("money", "price")):
            yield of_value(0, e.type, model), BilingualText("nil", "零"), BilingualText("negative", "負數"), IF_ANY
        case x.Literal(value=value):
            yield (of_value(value, e.type, model),)
        case x.Named(name=name) | x.Apply(name=name):
            yield told(in_full(model.declared[name].title, name), model.declared[name].phrases)
        case x.FieldAccess(type=types.Record()):
            pass  # a record within a record goes without saying where it is the only one
        case x.FieldAccess(of=of, name=name):
            record = of.type.of if isinstance(of.type, types.OptionalOf) else of.type
            assert isinstance(record, types.Record)
            field = next(f for f in model.declared[record.name].fields if f.name == name)
            yield told(in_full(field.title, name), field.phrases)
        case x.Local(name=name) | x.Defined(name=name) if called.get(name, (BilingualText(""), None))[0].en:
            yield told(*called[name])
        case x.MonthsLater(months=months):
            n = abs(months)
            yield BilingualText(f"{n} month", f"{n}個月"), BilingualText(f"{n // 12} year", f"{n // 12}年")
        case x.Round(step=step):
            yield (of_value(step, e.type, model),)
        case x.Binary(operator="^", left=left, right=x.Literal(value=n)):
            figure = BilingualText(f"power of {n}", f"{n}次方")
            raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(n))
            words = {2: BilingualText("square", "平方"), 3: BilingualText("cube", "立方")}.get(n, figure)
            yield words, BilingualText(raised, raised)
            yield from wanted(left, model, called)
            return
    known = getattr(model.declared[e.name], "called", ()) if isinstance(e, x.Apply) else ()
    for n, part in enumerate(x.parts(e)):
        if not (known and known[n][0].en and any(known[n][0] in ways for ways in wanted(part, model, called))):
            yield from wanted(part, model, called)  # what a question is asked about may be called as it calls it


Told = tuple[BilingualText, rules.Phrases]
PLACE = re.compile(r"\{\w*\}")
OPENING = re.compile(
    r"^the( (?!which|that|who|where|when)[a-z’']+)+? (?=(is|has|may|must|does|was|cannot)\b)"
    r"|^該[^為並屬]+(?=為|並非|屬於|不屬於)"
)


def told(title: BilingualText, phrases: rules.Phrases) -> tuple[BilingualText, ...]:
    """The ways in which a thing may be told: by its title, or by one of its phrases."""
    bare = re.sub("^(the|a|an) ", "", title.en)
    return (
        BilingualText(title.en, title.zh.removesuffix("？")),
        BilingualText(bare, title.zh),
        BilingualText(re.sub(r" of the [a-z ]+$", "", bare), title.zh[2:]),  # after an owner that says as much
        *(w for w in (phrases.says, phrases.otherwise) if w.en),
    )


def is_in(text: str, words: str) -> bool:
    """Whether every part of a phrase between its places is said; a subject named just before may be missing."""
    parts = [p.strip() for p in PLACE.split(words.lower())]
    return all(p in text or OPENING.sub("", p) in text for p in parts)


def in_row(row: rules.Row, body: rules.Rows) -> Iterator[Any]:
    yield row.result
    for cell, column in zip(row.cells, body.columns, strict=True):
        yield from cell.items
        yield from (bound for _, bound in cell.tests)
        if cell.kind != "any" and (cell.kind != "other" or cell.items):
            yield column


def pieces(d: Any) -> list[tuple[rules.Dated | None, list[Any], list[str]]]:
    """The period, the expressions and the members of each statement, in order; local names first."""
    return [*((None, [l.body], []) for l in getattr(d, "local", ())), *own_pieces(d)]


def own_pieces(d: Any) -> list[tuple[rules.Dated | None, list[Any], list[str]]]:
    match d:
        case rules.Decision():
            return [(r, [*r.when, *r.unless], []) if r is not None else (None, [], []) for r in ToldDecision(d).order]
        case rules.Parameter(unset=unset) if unset is not None:
            return [(None, [], [])]
        case rules.Value() | rules.Parameter():
            return [(v, [v.body], []) for v in (*d.versions, *(v for more in d.tightened for v in more))]
        case rules.Table():
            return [(r, list(in_row(r, body)), []) for body in (d.body, *d.tightened) for r in body.rows]
        case rules.Priority():
            return [(k, [k.by, *([k.side] if k.side is not None else [])], list(k.ranks)) for k in d.keys]
        case rules.Property():
            always = d.always
            if isinstance(always, rules.Precedes):
                named = x.Named(name=always.priority, type=types.BOOLEAN)  # a priority is called by its title
                return [(None, [always.first, always.second, named, *([d.where] if d.where else [])], [])]
            return [(None, [always, *([d.where] if d.where is not None else [])], [])]
        case rules.DatedSet() | rules.Calendar():
            return [(v, [], []) for v in d.versions]
    return []


def missing(model: rules.Model) -> list[str]:
    """What should be in a sentence and is not."""
    sentences = Sentences(model)
    found = []
    for d in model.declared.values():
        said = sentences.of(d)
        pieces_of_d = pieces(d)
        listed = [s.listed or (s.en, s.zh) for s in said]
        whole = " ".join(str(en) for en, _ in listed).lower(), " ".join(str(zh) for _, zh in listed)
        assert len(said) == len(pieces_of_d), d.id
        names = [name for name, _ in getattr(d, "parameters", ())]
        called = dict(zip(names, getattr(d, "called", ()), strict=False))
        for statement, (dated, expressions, ranks) in zip(said, pieces_of_d, strict=True):
            words = [w for e in expressions for w in wanted(e, model, called)]
            dates = [on_paper(day) for day in (dated.start, dated.end) if day is not None] if dated else []
            if isinstance(dated, rules.Key) and ranks:
                words += [(of_value(r, dated.by.type, model),) for r in ranks]
            if isinstance(dated, rules.CalendarVersion):
                words += [(w,) for day, title in dated.holidays for w in (on_paper(day), title)]
            if isinstance(dated, rules.SetVersion):
                words += [(of_value(i, d.type.of, model),) for i in dated.items]
            if isinstance(d, rules.Value | rules.Parameter) and statement.kind != "name":
                words.append(told(in_full(d.title, d.name), d.phrases))
            for en, zh in ((statement.en, statement.zh), *([statement.listed] if statement.listed else [])):
                above = BilingualText("", "") if en is statement.en else statement.under
                texts = f"{above.en} {en}".replace(",", "").lower(), f"{above.zh} {zh}".replace(",", "").lower()
                around = (
                    texts if not statement.listed or en is statement.en else whole
                )  # a date may stand in the lead
                found += [f"{d.id} {statement.name}: {w.en}" for w in dates if w.en.lower() not in around[0]]
                found += [f"{d.id} {statement.name}: {w.zh}" for w in dates if w.zh not in around[1]]
                for ways in words:
                    if not any(is_in(texts[0], w.en.replace(",", "")) for w in ways):
                        found.append(f"{d.id} {statement.name}: {ways[0].en!r}\n  {en}")
                    if not any(is_in(texts[1], (w.zh or w.en).replace(",", "")) for w in ways):
                        found.append(f"{d.id} {statement.name}: {ways[0].zh!r}\n  {zh}")
    return found


@pytest.mark.parametrize("overlay", ["", "example.house"])
def test_every_shipped_rule_is_told_in_full(overlay: str) -> None:
    texts, _ = read_folder([resources.folder("rulesets")])
    assert missing(overlaid(check(texts).model, overlay)) == []


def told_in_full(seed: int) -> None:
    chosen = Rules(Random(seed))
    checked = check([RulesFile("r", chosen.text.encode()), RulesFile("h", chosen.house.encode())])
    assert {d.code for d in checked.errors} <= {"unreachable-row"}  # a row to spare can be told like any other
    assert missing(checked.model) == []
    assert missing(overlaid(checked.model, "random.house")) == []


@pytest.mark.parametrize("seed", range(60))
def test_random_rules_are_told_in_full(seed: int) -> None:
    told_in_full(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 1100))
def test_many_random_rules_are_told_in_full(seed: int) -> None:
    told_in_full(seed)


def test_why_a_number_is_rounded_against_its_stricter_side_is_told() -> None:
    text = """language 1 ruleset t
value fee(a: money(HKD)) -> money(HKD)
  stricter when higher though rounded down because "whole dollars" zh "以整元計"
  = round down to 1 HKD (a * 1%)
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    told = Sentences(model).direction(model.declared["t.fee"])
    assert told == BilingualText(
        "the stricter the higher, though rounded down: whole dollars", "愈高愈嚴格，惟向下取整：以整元計"
    )


@pytest.mark.parametrize("language", [English, Chinese])
def test_every_operator_has_a_phrase_of_its_own(language: type[Phrasing]) -> None:
    phrasing = language(Titles(check([]).model))
    compared, computed = get_args(Comparison), get_args(Calculation)
    assert OPPOSITE.keys() == set(compared)
    for of in (types.INTEGER, types.DATE):
        assert len({phrasing.compared("a", operator, "b", of) for operator in compared}) == len(compared)
    assert len({phrasing.arithmetic(operator, "a", "b") for operator in computed}) == len(computed)


TOLD = """language 1 ruleset t
enum Kind "kind" zh "種類" { red "red" zh "紅", amber "amber" zh "黃", green "green" zh "綠" }
enum Size "size" zh "大小" { small "small" zh "小型", large "large" zh "大型" }
record Case "case" zh "個案" {
  told: boolean "the client was told" zh "客戶已獲告知" otherwise "the client was not told" zh "客戶未獲告知"
  kind: Kind "kind" zh "種類"
    says "the case is {a} one" zh "個案屬{}類" otherwise "the case is not {a} one" zh "個案不屬{}類"
  size: Size "size" zh "大小"
    says "the case is {a} one" zh "個案屬{}" otherwise "the case is not {a} one" zh "個案不屬{}"
  at: optional date "day of choice" zh "選擇日期"
    says "a choice was made" zh "已作選擇" otherwise "no choice was made" zh "未作選擇"
}
"""


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        ("c.told", "the client was told", "客戶已獲告知"),
        ("not c.told", "the client was not told", "客戶未獲告知"),
        ("not (not c.told)", "the client was told", "客戶已獲告知"),
        ("c.told is false", "the client was not told", "客戶未獲告知"),
        ("c.kind is amber", "the case is an amber one", "個案屬黃類"),
        ("c.kind not in {red, amber}", "the case is not a red or an amber one", "個案不屬紅或黃類"),
        ("not (c.kind is red)", "the case is not a red one", "個案不屬紅類"),
        ("not (c.size is small)", "the case is a large one", "個案屬大型"),  # of two, it is the other
        ("c.at is absent", "no choice was made", "未作選擇"),
        (
            "not (c.told or c.at is present)",
            "the client was not told and no choice was made",
            "客戶未獲告知，且未作選擇",
        ),
    ],
)
def test_a_phrase_is_the_one_for_what_is_so(condition: str, en: str, zh: str) -> None:
    text = f'{TOLD}decision d(c: Case) otherwise permit deny r when {condition} because "r" zh "理"\n'
    model = check([RulesFile("t.policy", text.encode())]).model
    [_, rule] = Sentences(model).of(model.declared["t.d"])
    assert rule.listed is not None
    assert [str(c) for c in rule.listed] == [f"{en}.", f"{zh}。"]


def test_conditions_about_one_thing_name_it_once() -> None:
    english = English(Titles(check([]).model))
    said = ["the order is large", "the order has no price", "the client is retail"]
    assert english.joined(True, said) == "the order is large and has no price, and the client is retail"
    unlike = ["the value to which it may lead is small", "the value to which it may lead is paid"]
    assert english.joined(False, unlike) == " or ".join(unlike)


# ── formulas in signs, and things compared ──────────────────────────────────────────────────

SHAPES = """language 1 ruleset t
record Lot "lot" zh "批" {
  price: decimal to 0.01 "price" zh "價格"
  size: integer "size" zh "數量"
  kind: text "kind" zh "種類"
  fee: optional integer "fee" zh "費用"
  large: boolean "the lot is large" zh "批量屬大" otherwise "the lot is small" zh "批量屬小"
}
parameter cap: integer "cap" zh "上限" = 7
"""


def signs_of(formula: str) -> list[tuple[str, str]]:
    """A formula in signs: beside its words, or in their place."""
    text = f'{SHAPES}value v(a: Lot "lot" zh "該批") -> decimal to 0.01 "worth" zh "價值" = {formula}\n'
    model = check([RulesFile("t.policy", text.encode())]).model
    [said] = Sentences(model).of(model.declared["t.v"])
    computed = (str(said.en).partition(" is computed as follows: "), str(said.zh).partition("按以下算式計算："))
    if computed[0][1]:
        (en, zh) = (
            text.partition(" In this formula")[0].partition("。其中")[0].rstrip(".。") for *_, text in computed
        )
        return [(f"worth = {en}", f"價值 = {zh}")]
    return [(line.en, line.zh) for line in said.signs]


@pytest.mark.parametrize(
    ("formula", "en", "zh"),
    [
        ("a.price - (a.price - 1) * 2", "price − (price − 1) × 2", "價格 − (價格 − 1) × 2"),
        ("a.price - (a.price - 1) - 2", "price − (price − 1) − 2", "價格 − (價格 − 1) − 2"),
        ("a.price + a.price - a.price * 2", "price + price − price × 2", "價格 + 價格 − 價格 × 2"),
        ("min(a.price, max(1, a.price + 2))", "min(price; max(1; price + 2))", "最小值(價格; 最大值(1; 價格 + 2))"),
        (
            "clamp(a.price, -1, 1) + cap + 0.5",
            "limited(price; at least −1; at most 1) + 7 + 0.5",
            "限於(價格; 不少於−1; 不超過1) + 7 + 0.5",
        ),
        (
            "round down to 0.1 ((a.price + 1) / 3)",
            "round down((price + 1) ÷ 3; 0.1)",
            "向下取整((價格 + 1) ÷ 3; 0.1)",
        ),
        (
            "a.price + (a.fee default 0) + 1 + 1",
            "price + fee (nil where there is none) + 1 + 1",
            "價格 + 費用（如無則以零計） + 1 + 1",
        ),
    ],
)
def test_a_long_formula_is_told_in_signs_too(formula: str, en: str, zh: str) -> None:
    assert signs_of(formula) == [(f"worth = {en}", f"價值 = {zh}")]


def test_a_short_formula_needs_no_signs_and_one_by_cases_has_a_line_for_each() -> None:
    assert signs_of("a.price - 1") == []
    assert signs_of("if a.large then a.price + 1 + 1 else a.price + 2") == [
        ("worth =", "價值 ="),
        ("where the lot is large: price + 1 + 1", "如批量屬大：價格 + 1 + 1"),
        ("otherwise: price + 2", "否則：價格 + 2"),
    ]


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        ("a.kind is b.kind", "one and other have the same kind", "甲批與乙批的種類相同"),
        ("not (a.kind is b.kind)", "one and other differ in kind", "甲批與乙批的種類不同"),
        (
            "a.kind is b.kind and a.size is b.size and a.price < b.price",
            "one and other have the same kind and size, and one’s price is less than other’s price",
            "甲批與乙批的種類、數量均相同，且甲批的價格少於乙批的價格",
        ),
        ("a.kind is b.kind and a.size is not b.size", "kind, and one and other differ in size", "數量不同"),
        ("a.size is b.price", "one’s size is other’s price", "甲批的數量為乙批的價格"),
    ],
)
def test_two_things_compared_field_by_field_are_alike_or_differ(condition: str, en: str, zh: str) -> None:
    about = 'a: Lot "one" zh "甲批", b: Lot "other" zh "乙批"'
    text = f'{SHAPES}decision d({about}) otherwise permit deny r when {condition} because "r" zh "理"\n'
    model = check([RulesFile("t.policy", text.encode())]).model
    [_, rule] = Sentences(model).of(model.declared["t.d"])
    assert rule.listed is not None
    assert en in str(rule.listed[0]).replace("the one", "one").replace("the other", "other")
    assert zh in str(rule.listed[1])


def test_what_is_denied_of_none_is_said_of_each_and_a_choice_is_told_by_its_cases() -> None:
    text = f"""{SHAPES}
value odd(lots: list of Lot) -> boolean "odd" zh "不符" says "the lots are odd" zh "各批不符"
  = not any(l.kind is not "x" for l in lots)
value few(a: Lot) -> boolean "few" zh "不足" says "it is too little" zh "數量不足"
  = if a.large then a.size < 9 else a.price < 1
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    [odd], [few] = (Sentences(model).of(model.declared[name]) for name in ("t.odd", "t.few"))
    assert "none of" not in str(odd.en)
    assert "for each of the lots, the kind is “x”" in str(odd.en)
    assert "(a) the lot is large and the size is less than 9; or (b) the lot is small and the price is less" in str(
        few.en
    )
    assert "(a) 批量屬大，且數量少於9；或(b) 批量屬小，且價格少於1" in str(few.zh)

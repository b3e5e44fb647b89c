"""Kinds of conditions and formulas that are told as people say them, and not as they are written."""

from __future__ import annotations

import pytest

from policy.model.overlays import overlaid
from policy.pipeline import RulesFile, check
from policy.reports.plain.sentences import Sentences

FACTS = """language 1 ruleset t
record Loan "loan" zh "貸款" {
  owed: money(HKD) "amount owed" zh "欠款"
  worth: money(HKD) "value of the collateral" zh "抵押品價值"
  share: optional rate "share" zh "比例"
  size: decimal to 0.01 "size" zh "數量"
  reviewed_on: date "date of the review" zh "檢討日期"
  opened_at: instant "time of opening" zh "開戶時間"
  closed_at: instant "time of closing" zh "結清時間"
}
parameter level: rate "call level" zh "追繳水平" unset "none" zh "無"
"""


def denied(conditions: str, more: str = "") -> tuple[str, str]:
    text = f'{FACTS}decision d(l: Loan) otherwise permit deny r when {conditions} because "r" zh "理" {more}\n'
    model = check([RulesFile("t.policy", text.encode())]).model
    *_, rule = Sentences(model).of(model.declared["t.d"])
    assert rule.listed is not None
    en, zh = (str(c) for c in rule.listed)
    return en.removesuffix("."), zh.removesuffix("。")


def worth(formula: str, of: str = "money(HKD)") -> tuple[str, str]:
    text = f'{FACTS}value v(l: Loan) -> {of} "worth" zh "價值" = {formula}\n'
    model = check([RulesFile("t.policy", text.encode())]).model
    [said] = Sentences(model).of(model.declared["t.v"])
    return str(said.en), str(said.zh)


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        ("l.owed > 0 HKD", "the amount owed is more than nil", "欠款大於零"),
        ("l.owed <= 0 HKD", "the amount owed is nil or negative", "欠款為零或負數"),
        ("not (l.owed >= 0 HKD)", "the amount owed is negative", "欠款為負數"),
        (
            "l.owed > 0 HKD and l.owed > level * l.worth",  # so that nobody asks for a level that decides nothing
            "the amount owed (if any) is more than the value of the collateral times the call level",
            "欠款（如有）超過抵押品價值乘以追繳水平",
        ),
        (
            "l.worth > level * l.owed and l.owed > 0 HKD",  # another amount: that there is one comes first
            "the amount owed is more than nil and the value of the collateral is more than"
            " that amount times the call level",
            "欠款大於零，且抵押品價值超過該數額乘以追繳水平",
        ),
        (
            "l.reviewed_on + 1 month < today or l.reviewed_on > today",
            "the date of the review is after the day of the decision or more than 1 month before it",
            "檢討日期晚於作出決定當日，或距作出決定當日已逾1個月",
        ),
        (
            "not (l.reviewed_on + 1 month < today or l.reviewed_on > today)",
            "the date of the review is no later than the day of the decision and no more than 1 month before it",
            "檢討日期不晚於作出決定當日，且距作出決定當日不逾1個月",
        ),
        (
            "l.closed_at < l.opened_at + 1 day",
            "the time of closing is earlier than 1 day after the time of opening",
            "結清時間早於開戶時間後1日",
        ),
        (
            "l.size > 1 and (l.owed > 1 HKD or l.worth > 2 HKD or l.share is absent)",
            "the size is more than 1, and any of the following applies: (1) the amount owed is more than HK$1;"
            " (2) the value of the collateral is more than HK$2; or (3) the share does not exist",
            "數量多於1，且有下列任何一項情況：(1) 欠款超過1港元；(2) 抵押品價值超過2港元；或(3) 並無比例",
        ),
    ],
)
def test_conditions_are_told_as_people_say_them(condition: str, en: str, zh: str) -> None:
    assert denied(condition) == (en, zh)


def test_a_rule_without_a_condition_is_told_by_its_dates() -> None:
    text = f"""{FACTS}source S "s" status house
provision S/1 "p"
decision d(l: Loan) otherwise permit
  deny early because "r" zh "理" from 2026-02-11 until 2026-03-01 per S/1
  deny large when l.owed > 1 HKD because "r" zh "理" per S/1
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    _, rule, _ = Sentences(model).of(model.declared["t.d"])
    assert rule.listed is not None
    assert [str(c) for c in rule.listed] == [
        "(a) the decision is made on or after 11 February 2026 and before 1 March 2026; or",
        "(a) 於2026年2月11日或之後而2026年3月1日前作出決定；或",
    ]


@pytest.mark.parametrize(
    ("formula", "en", "zh"),
    [
        (
            "max(0 HKD, l.owed - l.worth)",
            "The worth is the amount owed less the value of the collateral, or nil if that is negative.",
            "價值為欠款減抵押品價值，如為負數則為零。",
        ),
        (
            "round down to 0.01 (l.owed / max(0.01, l.size))",
            "The worth is the amount owed divided by the size (taken as at least 0.01), rounded down to the nearest"
            " HK$0.01.",
            "價值為欠款除以數量（最少以0.01計），向下取整至0.01港元。",
        ),
        (
            "round down to 0.01 (max(0 HKD, l.owed - 90% * (l.worth - 1 HKD)))",
            "The worth is computed as follows: round down(max(HK$0; amount owed − 90% × (value of the collateral −"
            " HK$1)); HK$0.01).",
            "價值按以下算式計算：向下取整(最大值(0港元; 欠款 − 90% × (抵押品價值 − 1港元)); 0.01港元)。",
        ),
    ],
)
def test_formulas_are_told_in_words_until_brackets_stand_in_brackets(formula: str, en: str, zh: str) -> None:
    assert worth(formula) == (en, zh)


def test_a_claim_with_several_conditions_numbers_them() -> None:
    text = f"""{FACTS}property p "p" zh "恆" for any l: Loan
  where l.owed > 1 HKD and (l.worth > 1 HKD or l.size > 1) and l.size > 2
  always l.worth > 0 HKD
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    [said] = Sentences(model).of(model.declared["t.p"])
    assert str(said.en) == (
        "Whenever (1) the amount owed is more than HK$1; (2) the value of the collateral is more than HK$1 or the"
        " size is more than 1; and (3) the size is more than 2, the value of the collateral is more than nil."
    )
    assert str(said.zh) == (
        "凡(1) 欠款超過1港元；(2) 抵押品價值超過1港元，或數量多於1；及(3) 數量多於2，則抵押品價值大於零。"
    )


def test_many_that_are_none_and_many_that_count_are_told() -> None:
    text = f"""{FACTS}value total(ls: list of Loan "loans" zh "各貸款") -> money(HKD) "total" zh "總額"
  = sum(l.owed for l in ls where l.size > 1)
value none_of(ls: list of Loan "loans" zh "各貸款") -> boolean "none" zh "無" says "none is small" zh "並無小額"
  = not any(l.size < 1 and l.owed > 1 HKD for l in ls)
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    [total], [none] = (Sentences(model).of(model.declared[name]) for name in ("t.total", "t.none_of"))
    assert str(total.en) == (
        "The total is the total of the amount owed for each of the loans, counting only those where the size is more"
        " than 1."
    )
    assert str(total.zh) == "總額為各貸款各項欠款的總和（只計數量多於1者）。"
    assert "none of the loans meets all of these conditions: the size is less than 1 and the amount" in str(none.en)
    assert "各貸款中並無任何一項同時符合以下條件：數量少於1，且欠款超過1港元" in str(none.zh)


def test_a_number_is_explained_once_in_a_sentence() -> None:
    text = f"""{FACTS}parameter most: money(HKD) "limit" zh "上限" = 5 HKD
property p "p" zh "恆" for any l: Loan
  always l.owed < most and l.worth < most
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    [said] = Sentences(model).of(model.declared["t.p"])
    assert (str(said.en).count("HK$5"), str(said.en).count("HK$5 (the limit)")) == (2, 1)
    assert (str(said.zh).count("5港元"), str(said.zh).count("5港元（上限）")) == (2, 1)


GROUPED = f"""{FACTS}source S "s" status house
provision S/1 "p"
decision d(l: Loan) "may it be lent?" zh "可否借出"
  otherwise permit
  deny secured when l.worth > 2 HKD and l.owed > 1 HKD because "r" zh "理" from 2026-02-11 per S/1
  deny old when l.size > 9 because "r" zh "理" per S/1
  deny large when l.worth > 2 HKD and l.size > 1 because "r" zh "理" from 2026-02-11 per S/1
  deny missing when l.worth > 2 HKD and l.share is absent because "r" zh "理" from 2026-02-11 per S/1
  deny later when l.worth > 2 HKD and l.size > 3 because "r" zh "理" from 2026-03-01 per S/1
"""


def test_exceptions_that_begin_with_one_condition_stand_under_it() -> None:
    model = check([RulesFile("t.policy", GROUPED.encode())]).model
    _, *told = Sentences(model).of(model.declared["t.d"])
    heading = (
        "From 11 February 2026, where the value of the collateral is more than HK$2:",
        "自2026年2月11日起，如抵押品價值超過2港元：",
    )
    assert [(s.name, s.under.en, s.under.zh) for s in told] == [
        ("old", "", ""),
        ("later", "", ""),  # of another period
        *((name, *heading) for name in ("secured", "large", "missing")),
    ]
    assert [str(s.listed[0]) for s in told if s.listed] == [
        "(a) the size is more than 9;",
        "(b) from 1 March 2026, the value of the collateral is more than HK$2 and the size is more than 3;",
        "(c) the amount owed is more than HK$1;",
        "(d) the size is more than 1; or",
        "(e) the share does not exist.",
    ]
    assert "HK$2" in str(told[-1].en)  # alone, it says all


def test_what_an_overlay_adds_stands_behind_the_groups_of_the_law() -> None:
    house = """language 1 ruleset h amends t "h" zh "h"
tighten decision d deny small when l.worth > 2 HKD and l.size < 1 because "r" zh "理" from 2026-02-11 per S/1
"""
    checked = check([RulesFile("t.policy", GROUPED.encode()), RulesFile("h.policy", house.encode())])
    assert not checked.errors, checked.errors
    model = overlaid(checked.model, "h")
    last = Sentences(model).of(model.declared["t.d"])[-1]
    assert (last.name, last.under.en, last.under.zh) == ("small", "In addition:", "此外：")
    assert str(last.listed and last.listed[0]).startswith("(f) from 11 February 2026, the value of the collateral")


def test_the_period_of_all_grounds_is_told_once() -> None:
    text = f"""{FACTS}source S "s" status house
provision S/1 "p"
decision d(l: Loan) "d" zh "丁"
  says "it may be lent" zh "可借出" otherwise "it may not be lent" zh "不得借出"
  otherwise deny
  permit small when l.size < 1 from 2026-02-11 per S/1
  permit safe when l.worth > 2 HKD from 2026-02-11 per S/1
  deny large when l.owed > 9 HKD because "r" zh "理" from 2026-02-11 per S/1
"""
    model = check([RulesFile("t.policy", text.encode())]).model
    told = [s.listed or (s.en, s.zh) for s in Sentences(model).of(model.declared["t.d"])]
    assert [(str(en), str(zh)) for en, zh in told] == [
        (
            "It may be lent if, and only if, from 11 February 2026, (i) or (ii) applies and (a) does not apply:",
            "如於2026年2月11日或之後符合(i)或(ii)項，且(a)項不適用，可借出；否則不得借出：",
        ),
        ("(i) the size is less than 1; or", "(i) 數量少於1；或"),
        ("(ii) the value of the collateral is more than HK$2.", "(ii) 抵押品價值超過2港元。"),
        ("(a) the amount owed is more than HK$9.", "(a) 欠款超過9港元。"),
    ]


COMPARED = f"""{FACTS}value due(l: Loan, closing: boolean "closing" zh "結清"
    says "the loan is closed" zh "貸款結清" otherwise "the loan is kept" zh "貸款保留",
    part: money(HKD) "part" zh "部分") -> money(HKD) "amount due" zh "應付款額"
  = if closing then l.owed else part
property p "p" zh "恆"
  for any l: Loan, one: money(HKD) "first part" zh "首部分", two: money(HKD) "second part" zh "次部分"
  always """


@pytest.mark.parametrize(
    ("claim", "en", "zh"),
    [
        (
            "due(l, true, one) <= due(l, false, one)",
            "the amount due for the first part where the loan is closed is at most what it is where the loan is kept",
            "在貸款結清的情況下按首部分計算的應付款額不超過在貸款保留的情況下的數額",
        ),
        (
            "due(l, true, one) < due(l, true, two - one)",
            "the amount due for the first part where the loan is closed is less than that for (the second part less"
            " the first part)",
            "在貸款結清的情況下按首部分計算的應付款額少於按（次部分減首部分）計算者",
        ),
        (
            "due(l, true, one) < due(l, false, two)",
            "the amount due for the first part where the loan is closed is less than the amount due for the second"
            " part where the loan is kept",
            "在貸款結清的情況下按首部分計算的應付款額少於在貸款保留的情況下按次部分計算的應付款額",
        ),
    ],
)
def test_two_situations_that_differ_in_one_thing_are_compared_by_it(claim: str, en: str, zh: str) -> None:
    model = check([RulesFile("t.policy", (COMPARED + claim).encode())]).model
    [said] = Sentences(model).of(model.declared["t.p"])
    assert (str(said.en), str(said.zh)) == (f"In every case, {en}.", f"在任何情況下，{zh}。")


def test_exceptions_with_several_conditions_have_no_brackets_in_chinese() -> None:
    (_, zh) = denied("l.size > 1", "unless l.owed > 1 HKD and l.worth > 2 HKD unless l.size > 8")
    assert zh == "數量多於1，但如欠款超過1港元，且抵押品價值超過2港元，或如數量多於8，則屬例外"

"""What a rule turns on is in the sentence that tells it: constants, dates and names, in both languages."""

from __future__ import annotations

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
from policy.pipeline import Text, check, read_folder
from policy.reports.plain.chinese import Chinese
from policy.reports.plain.english import English
from policy.reports.plain.names import Names, in_full
from policy.reports.plain.phrasing import OPPOSITE, Calculation, Comparison, Phrasing
from policy.reports.plain.sentences import Sentences
from random_rules import Rules

MONTHS = "January February March April May June July August September October November December".split()
UNITS_ZH = {"HKD": "港元", "USD": "美元"}
DURATIONS_ZH = {
    "days": "日",
    "day": "日",
    "hours": "小時",
    "hour": "小時",
    "minutes": "分鐘",
    "minute": "分鐘",
    "seconds": "秒",
}


def on_paper(day: int) -> BilingualText:
    d = date.fromordinal(day)
    return BilingualText(f"{d.day} {MONTHS[d.month - 1]} {d.year}", f"{d.year}年{d.month}月{d.day}日")


def of_value(value: Any, of: types.Type, model: rules.Model) -> BilingualText:
    inner = of.of if isinstance(of, types.OptionalOf) else of
    match inner:
        case types.Boolean():
            return BilingualText("")  # said by the verb
        case _ if value is None:
            return BilingualText("nothing", "無")
        case types.Date():
            return on_paper(value)
        case types.Enum(name, _):
            return in_full(dict(model.declared[name].members)[value], value)
        case types.Text():
            return BilingualText(value, value)
        case types.Number(unit, _):
            number, _, word = show(value, inner).partition(" ")
            number += "0" * (unit.startswith("money:") and number[-2:-1] == ".")
            zh = DURATIONS_ZH[word] if unit == "duration" else UNITS_ZH.get(word, word)
            return BilingualText(
                f"{number} {word}".strip(), f"{number}{'' if unit == 'duration' else ' '}{zh}".strip()
            )
    return BilingualText("")


def wanted(e: Any, model: rules.Model) -> Iterator[BilingualText]:
    """Every constant and every name in an expression, as people read it."""
    match e:
        case x.Literal(value=value):
            yield of_value(value, e.type, model)
        case x.Named(name=name) | x.Apply(name=name):
            yield in_full(model.declared[name].title, name)
        case x.FieldAccess(of=of, name=name):
            record = of.type.of if isinstance(of.type, types.OptionalOf) else of.type
            assert isinstance(record, types.Record)
            field = next(f for f in model.declared[record.name].fields if f.name == name)
            words = in_full(field.title, name)
            yield BilingualText(words.en.removeprefix("the ").removeprefix("its ").removeprefix("a "), words.zh)
        case x.MonthsLater(months=months):
            yield BilingualText(f"{abs(months)} month", f"{abs(months)}個月")
        case x.Round(step=step):
            yield of_value(step, e.type, model)
    for part in x.parts(e):
        yield from wanted(part, model)


def in_row(row: rules.Row, body: rules.Rows) -> Iterator[Any]:
    yield row.result
    for cell, column in zip(row.cells, body.columns, strict=True):
        yield from cell.items
        yield from (bound for _, bound in cell.tests)
        if cell.kind != "any" and (cell.kind != "other" or cell.items):
            yield column


def pieces(d: Any) -> list[tuple[rules.Dated | None, list[Any], list[str]]]:
    """The period, the expressions and the members of each statement, in order."""
    match d:
        case rules.Decision():
            return [(r, [*r.when, *r.unless], []) for r in d.rules] + [(None, [], [])]
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
        case rules.DatedSet():
            return [(v, [], []) for v in d.versions]
    return []


def missing(model: rules.Model) -> list[str]:
    """What should be in a sentence and is not."""
    sentences = Sentences(model)
    found = []
    for d in model.declared.values():
        said = sentences.of(d)
        told = pieces(d)
        assert len(said) == len(told), d.id
        for statement, (dated, expressions, ranks) in zip(said, told, strict=True):
            words = [w for e in expressions for w in wanted(e, model)]
            if dated is not None:
                words += [on_paper(day) for day in (dated.start, dated.end) if day is not None]
            if isinstance(dated, rules.Key) and ranks:
                words += [of_value(r, dated.by.type, model) for r in ranks]
            if isinstance(dated, rules.SetVersion):
                words += [of_value(i, d.type.of, model) for i in dated.items]
            if isinstance(d, rules.Value | rules.Parameter):
                words.append(in_full(d.title, d.name))
            en, zh = str(statement.en).replace(",", "").lower(), str(statement.zh).replace(",", "")
            found += [
                f"{d.id} {statement.name}: {w.en!r}\n  {en}" for w in words if w.en.replace(",", "").lower() not in en
            ]
            found += [f"{d.id} {statement.name}: {w.zh!r}\n  {zh}" for w in words if w.zh.replace(",", "") not in zh]
    return found


@pytest.mark.parametrize("overlay", ["", "example.house"])
def test_every_shipped_rule_is_told_in_full(overlay: str) -> None:
    texts, _ = read_folder([resources.folder("rulesets")])
    assert missing(overlaid(check(texts).model, overlay)) == []


def told_in_full(seed: int) -> None:
    chosen = Rules(Random(seed))
    checked = check([Text("r", chosen.text.encode()), Text("h", chosen.house.encode())])
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
    model = check([Text("t.policy", text.encode())]).model
    told = Sentences(model).direction(model.declared["t.fee"])
    assert told == BilingualText(
        "the stricter the higher, though rounded down: whole dollars", "愈高愈嚴格，惟向下取整：以整元計"
    )


@pytest.mark.parametrize("language", [English, Chinese])
def test_every_operator_has_a_phrase_of_its_own(language: type[Phrasing]) -> None:
    phrasing = language(Names(check([]).model))
    compared, computed = get_args(Comparison), get_args(Calculation)
    assert OPPOSITE.keys() == set(compared)
    for of in (types.INTEGER, types.DATE):
        assert len({phrasing.compared("a", operator, "b", of) for operator in compared}) == len(compared)
    assert len({phrasing.arithmetic(operator, "a", "b") for operator in computed}) == len(computed)

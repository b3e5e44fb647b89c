"""Answers that are records, in documents: the letter about one, the head of a table, and the examples from tests."""

from __future__ import annotations

from policy.model import rules
from policy.pipeline import RulesFile, check, dated, program
from policy.reports.book.examples import Examples
from policy.reports.letter import letter_of
from policy.reports.plain.sentences import Sentences

RULES = """language 1
ruleset t "t" zh "規則"
source S "s" zh "源" status house
provision S/1 "one" zh "一"
record Order "order" zh "買賣盤" { size: integer at least 1 "size" zh "數量" }
value doubled(order: Order) -> integer "doubled" zh "雙倍" = order.size * 2 per S/1
record Limits "limits" zh "限額" { floor: money(USD) "floor" zh "下限" }
record Tier "tier" zh "層級" { rate: rate "rate" zh "率" limits: Limits "limits" zh "限額" }
table tier(n: integer "size" zh "規模") -> Tier "tier" zh "層級"
  first row that applies
  | n   | rate | limits           | per |
  | < 5 | 1%   | { floor: 5 USD } | S/1 |
  | any | 2%   | { floor: 9 USD } | S/1 |
test "both" on 2026-03-01
  expect tier(4) = { rate: 1%, limits: { floor: 5 USD } }
  expect tier(5).limits.floor = 9 USD
  expect doubled({ size: 0 }) refused
"""
CHECKED = check([RulesFile("t.policy", RULES.encode())])
TIER = CHECKED.model.get(rules.Table, "t.tier")


def test_a_letter_tells_the_fields_of_an_answer() -> None:
    answer = dated(program(CHECKED), "2026-03-01").ask("tier", '{"n": 4}')
    letter = letter_of(CHECKED.model, answer, "", "", {})
    assert letter.answer.en == "rate: 1%; limits: floor: US$5"
    assert letter.answer.zh == "率：1%；限額：下限：5美元"


def test_a_table_is_drawn_with_a_column_for_each_field() -> None:
    grid = Sentences(CHECKED.model).grid(TIER, TIER.body)
    assert [head.en for head in grid.heads] == ["the size", "rate", "limits"]
    assert [cell.en for cell in grid.rows[0]] == ["less than 5", "1%", "one with floor US$5"]


def test_examples_tell_the_whole_record_or_the_field_that_was_expected() -> None:
    told = [example.outcome for example in Examples(CHECKED.model).of(TIER)]
    assert [o.en for o in told] == ["(rate: 1%; limits, floor: US$5)", "limits, floor: US$9"]
    assert [o.zh for o in told] == ["（率：1%；限額，下限：5美元）", "限額下限：9美元"]


def test_examples_tell_what_is_refused() -> None:
    [told] = Examples(CHECKED.model).of(CHECKED.model.get(rules.Value, "t.doubled"))
    assert [(path.en, value.en) for path, value in told.given] == [("size", "0")]
    assert (told.outcome.en, told.outcome.zh) == ("these facts are not accepted", "不接納此等事實")

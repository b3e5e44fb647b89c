"""Members of an enum as feeds spell them, by every door; what the rules get is always the member."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import optional
from cases_of_rules import HEAD

pl = optional.columns()

import policy  # noqa: E402
from policy.batch.dates import TableQuestion  # noqa: E402
from policy.batch.decide import run_of  # noqa: E402
from policy.batch.sources import source_of  # noqa: E402
from policy.diagnostics import which_member  # noqa: E402
from policy.facts.records import unchecked  # noqa: E402
from policy.pipeline import Rulebook, RulesFile, check, dated, program  # noqa: E402

RULES = (
    HEAD
    + """
enum Rating from highest { AAA, AA_plus spelt "AA+" or "Aa1", AA, AA_minus spelt "AA-", BBB }
record Bond { rating: Rating  others: list of Rating  sought: set of Rating }
value rank(bond: Bond) -> integer = if bond.rating is at least AA_plus then 1 else 0 per LAW/1
value best(bond: Bond) -> Rating = max(max(r for r in bond.others) default BBB, bond.rating) per LAW/2
value is_sought(bond: Bond) -> boolean = bond.rating in bond.sought per LAW/2
"""
)
WHOLE = program(check([RulesFile("spelt.policy", RULES.encode())]))


def rulebook() -> Rulebook:
    return dated(WHOLE, "2026-03-01")


@pytest.mark.parametrize(
    ("spelt", "member"), [("AA+", "AA_plus"), ("Aa1", "AA_plus"), ("AA-", "AA_minus"), ("AA_plus", "AA_plus")]
)
def test_records_and_json_hold_the_member(spelt: str, member: str) -> None:
    bond = rulebook().records["Bond"]
    made = bond(rating=spelt, others=(spelt, "AA"), sought=frozenset({spelt}))
    assert (made.rating, made.others, made.sought) == (member, (member, "AA"), frozenset({member}))
    written = json.dumps({"bond": {"rating": spelt, "others": [spelt, "AA"], "sought": [spelt]}})
    assert rulebook().reader("best").read(written) == (made,)
    assert rulebook().evaluator("is_sought").answer(made).value is True


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "parquet": lambda cells: pl.Series(cells, dtype=pl.String),
    "categorical.parquet": lambda cells: pl.Series(cells, dtype=pl.Categorical),
    "enum.parquet": lambda cells: pl.Series(cells, dtype=pl.Enum(["BBB", "AA+", "AAA", "AA-", "AA_minus", "Aa1"])),
    "csv": lambda cells: pl.Series(cells, dtype=pl.String),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_hold_the_member(kind: str, tmp_path: Path) -> None:
    cells, ranks = ["AA+", "Aa1", "AAA", "AA-", "AA_minus", "BBB", "AA+"], [1, 1, 1, 0, 0, 0, 1]
    file = tmp_path / f"facts.{kind}"
    frame = pl.DataFrame({"rating": COLUMNS[kind](cells)})
    if kind == "csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file)
    run = run_of(WHOLE, TableQuestion(question="rank", on=date(2026, 3, 1)), source_of(file))
    rows = [row for answers, _ in run.answers(1) for row in answers.iter_rows(named=True)]
    assert [row["value"] for row in rows] == ranks, rows


def test_lists_in_columns_hold_the_member(tmp_path: Path) -> None:
    file = tmp_path / "facts.parquet"
    pl.DataFrame({"rating": ["BBB"], "others": [["AA-", "AA+"]]}).write_parquet(file)
    run = run_of(WHOLE, TableQuestion(question="best", on=date(2026, 3, 1)), source_of(file))
    (row,) = (row for answers, _ in run.answers(1) for row in answers.iter_rows(named=True))
    assert row["value"] == "AA_plus"


def test_an_argument_is_the_member_itself() -> None:
    """What nobody reads cannot be changed on its way to the rules: it is refused, with the member to hold."""
    bond = unchecked(rulebook().records["Bond"], rating="AA+")
    answer = rulebook().evaluator("rank").answer(bond)
    assert answer.verdict.fault == (
        "`bond.rating`: `AA+` is how records, JSON and tables may spell it (hold it as `AA_plus`)"
    )
    assert answer == rulebook().interpreter("rank").answer(bond)


@pytest.mark.parametrize("wrong", ["AA*", "A+", "AAAA", "AA_plu", "A-1", "aa_Minus?"])
def test_no_grade_is_suggested_for_another(wrong: str) -> None:
    with pytest.raises(policy.PolicyError) as refusal:
        rulebook().records["Bond"](rating=wrong)
    (found,) = refusal.value.diagnostics
    assert found.help == "it is one of `AAA`, `AA+`, `AA`, `AA-`, `BBB`"


def test_capitals_alone_are_overlooked() -> None:
    assert which_member("aa_plus", ["AAA", "AA_plus", "AA"], ordered=True) == "did you mean `AA_plus`?"
    assert "did you mean" not in which_member("AA", ["AAA", "Aa", "aA"], ordered=True)

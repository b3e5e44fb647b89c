"""The shipped rulebook as its users meet it: clean, tested, and as of three dates three laws."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import policy
from policy import resources
from policy.model.lints.citations import standing_on
from policy.pipeline import Checked, check, read_folder
from policy.syntax.from_text import decode, parse
from policy.syntax.to_text import formatted
from policy.testing.coverage import summarised
from policy.testing.run import Runner
from policy.testing.samples import try_properties

FOLDER = resources.folder("rulesets")
MEASURES = ("shared_order_book", "margin_financing", "perpetual_contracts", "affiliated_market_makers", "safeguards")
PILLARS = ("Access", "Safeguards", "Products", "Infrastructure", "Relationships")


@pytest.fixture(scope="module")
def checked() -> Checked:
    texts, wrong = read_folder([FOLDER])
    assert not wrong
    return check(texts)


def test_nothing_is_found(checked: Checked) -> None:
    assert [str(d) for d in checked.diagnostics] == []


def test_every_test_and_property_holds_and_every_provision_is_tested_or_excused(checked: Checked) -> None:
    runner = Runner(checked.model, "test")
    results = [runner.run(t) for t in checked.model.tests]
    assert [(r.title, r.failures) for r in [*results, *try_properties(runner)] if not r.passed] == []
    summary = summarised(checked.model, (r.coverage for r in results))
    assert summary.untested == ()
    assert [f"{p.what} {p.place}" for p in summary.uncovered] == []


@pytest.mark.parametrize("measure", MEASURES)
def test_each_measure_is_found_from_the_rules(checked: Checked, measure: str) -> None:
    rules = standing_on(checked.model)
    assert any(p.measure == measure and rules.get(p.id) for p in checked.model.provisions.values())


@pytest.mark.parametrize("pillar", PILLARS)
def test_each_pillar_is_found_from_the_rules(checked: Checked, pillar: str) -> None:
    rules = standing_on(checked.model)
    assert any(p.pillar == pillar and rules.get(p.id) for p in checked.model.provisions.values())


def test_bitcoin_as_collateral_over_time() -> None:
    facts = '{"position": {"asset": {"class": "virtual_asset", "symbol": "BTC"}, "market_value": "100.00 HKD"}}'
    answers = [policy.load(on=day).ask("lending_value", facts).value for day in ("2026-02-10", "2026-02-11")]
    assert answers == [0, 40_00]


def test_three_dates_three_laws() -> None:
    """The same book of questions, asked on three dates, is answered in three different ways."""

    def in_force(day: str) -> frozenset[tuple[str, str]]:
        functions = policy.load(on=date.fromisoformat(day)).program.functions.values()
        return frozenset((f.id, r.name) for f in functions for r in f.rules)

    laws = [in_force(day) for day in ("2025-10-01", "2025-12-01", "2026-03-01")]
    assert len(set(laws)) == 3


def test_files_are_in_the_standard_shape() -> None:
    for file in sorted(Path(FOLDER).rglob("*.policy")):
        source, _ = decode(str(file), file.read_bytes())
        assert formatted(source, parse(source).file) == source.text, f"run `policy fmt {file}`"

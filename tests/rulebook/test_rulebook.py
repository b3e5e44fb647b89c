"""The shipped rulebook as its users meet it: clean, tested, and as of three dates three laws."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

import policy
from policy import resources
from policy.answers import Outcome
from policy.model.lints.citations import standing_on
from policy.model.rules import DatedSet, RecordType
from policy.model.types import Date, Instant, ListOf, OptionalOf, SetOf, Type
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


def test_each_test_has_one_title_in_each_language(checked: Checked) -> None:
    titles = sorted({(t.title.en, t.title.zh) for t in checked.model.tests})
    assert [en for en, zh in titles if not zh] == []
    assert [t for t in titles if [en for en, _ in titles].count(t[0]) > 1] == []
    assert [t for t in titles if [zh for _, zh in titles].count(t[1]) > 1] == []


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


def test_a_question_is_compiled_once() -> None:
    """Venues bind the same questions on every day that begins."""
    rulebook = policy.load(on="2026-03-01")
    assert rulebook.evaluator("order_accepted") is rulebook.evaluator("hk.sfc.orders.order_accepted")


def test_files_are_in_the_standard_shape() -> None:
    for file in sorted(Path(FOLDER).rglob("*.policy")):
        source, _ = decode(str(file), file.read_bytes())
        assert formatted(source, parse(source).file) == source.text, f"run `policy fmt {file}`"


def test_the_lists_have_as_many_names_as_were_counted(checked: Checked) -> None:
    (listed,) = (s for s in checked.model.of_kind(DatedSet) if s.name == "fatf_grey_list")
    assert [len(version.items) for version in listed.versions] == [20, 22, 22]


# Dates of what is relied upon: a question on 1 March 2026 about one that lies ahead, and the rule of the answer.
DATED_AHEAD = {
    "StandingAuthority.given_on": ("standing_authority_valid", "authority", "2026-03-02", "not_yet_given"),
    "Compensation.valued_on": ("compensation_sufficient", "arrangement", "2026-03-02", "valuation_older_than_a_day"),
    "SurveillanceSystem.reviewed_on": ("surveillance_adequate", "system", "2026-03-02", "review_overdue"),
    "LendingFirm.last_stress_test": ("financing_offered", "firm", "2026-03-02", "stress_test_overdue"),
    "Evidence.dated": ("evidence_recent", "evidence", "2026-03-02", "otherwise"),
    "CorporateAssessment.assessed_on": ("qualified_corporate", "assessment", "2026-03-02", "not_assessed_yet"),
    "CorporateAssessment.last_traded": ("qualified_corporate", "assessment", "2026-03-02", "assessment_to_be_redone"),
    "CorporateAssessment.confirmed_on": ("qualified_corporate", "assessment", "2026-03-02", "confirmation_overdue"),
    "Token.last_board_report": ("board_told_in_time", "token", "2026-03-02", "board_not_told"),
    "Order.risks_disclosed_at": ("order_accepted", "order", "2026-03-03T00:00Z", "retail_not_opted_in"),
    "Order.opted_in_at": ("order_accepted", "order", "2026-03-03T00:00Z", "retail_not_opted_in"),
}
BESIDE = {  # what else a question must be told, for the date to matter
    "firm": {"kind": "licensed_corporation"},
    "assessment": {"assessed_on": "2024-02-29"},
    "order": {
        "venue": "shared_book",
        "capacity": "client",
        "investor": "retail",
        "accepted_at": "2026-03-02T00:00Z",
        "risks_disclosed_at": "2026-02-28T00:00Z",
        "opted_in_at": "2026-03-01T00:00Z",
    },
}
MAY_LIE_AHEAD = {
    "StandingAuthority.expires_on": "it ends then",
    "EquivalenceAssessment.review_due_on": "it falls due then",
    "LendingBook.withdrawal_due_on": "it is due then",
    "LendingBook.figures_on": "it is due after then",
    "LendingBook.licensed_on": "a later licence has the stricter limit",
    "Token.issued_on": "a token may be judged before it is issued",
    "Client.trades": "those that lie ahead are not counted, as a test of the rulebook says",
    "Order.accepted_at": "the moment asked about",
    "PerpetualOrder.accepted_at": "the moment asked about",
}


def test_every_dated_fact_is_known_to_count_or_not_when_it_lies_ahead(checked: Checked) -> None:
    def innermost(of: Type) -> Type:
        return innermost(of.of) if isinstance(of, ListOf | OptionalOf | SetOf) else of

    dated = {
        f"{record.name}.{field.name}"
        for record in checked.model.of_kind(RecordType)
        for field in record.fields
        if isinstance(innermost(field.type), Date | Instant)
    }
    assert dated == DATED_AHEAD.keys() | MAY_LIE_AHEAD.keys()


@pytest.mark.parametrize("fact", DATED_AHEAD)
def test_nothing_is_relied_upon_that_is_dated_ahead(fact: str) -> None:
    question, of, when, rule = DATED_AHEAD[fact]
    told = {of: BESIDE.get(of, {}) | {fact.partition(".")[2]: when}}
    answer = policy.load(on="2026-03-01").ask(question, json.dumps(told))
    assert answer.outcome is Outcome.DENIED
    assert rule in [reason.rule for reason in answer.reasons]

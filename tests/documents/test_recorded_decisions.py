"""Decisions out of a journal: the list, the letter about one record, and `policy log show`."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import optional
from documents_made import CORPUS, SCENARIOS, Reader, document, printed
from policy import documents, resources
from policy.answers import Outcome
from policy.cli import main
from policy.reports.letter import title_of
from policy.reports.pictures import coloured
from policy.verify.solver import has_solver

DAY, LOAN = str(CORPUS / "day.jsonl"), str(CORPUS / "loan.jsonl")
MARKET = ["--rules", str(CORPUS / "market")]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def listed(journal: str) -> Any:
    made = document("decisions", "--journal", journal, *MARKET)
    return json.loads(printed(made, "en", "json"))["list"]


# ── the list ────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_is_listed_with_client_order_time_reasons_and_facts() -> None:
    refused = listed(DAY)["refused"]
    order = next(row for row in refused["rows"] if row["record"] == 17)
    assert (order["client"], order["about"]) == ("harbour_arrow", "R1")
    assert order["at"] == "2026-02-10T02:00:00+00:00"
    assert order["asked"]["en"] == "Buy 0.5 BTC at HK$600,000 in the platform's own book"
    assert order["reasons"][0]["per"] == ["VATP/13.3"]
    facts = {what["en"]: value["en"] for what, value in order["facts"]}
    assert facts["price"] == "600000 HKD"  # these rules do not ask the question, so facts have no other names
    assert refused["count"] == 2


def test_a_list_counts_what_it_does_not_show_and_says_why_reasons_are_more() -> None:
    found = listed(LOAN)["refused"]
    assert found["reasons"] > found["count"]
    page = printed(document("decisions", "--journal", LOAN, *MARKET), "en", "html")
    assert "The reasons add up to more than the decisions, as one decision may have several." in page


@pytest.mark.parametrize("journal", [DAY, LOAN])
def test_records_and_provisions_lead_to_each_other(journal: str) -> None:
    page = printed(document("decisions", "--journal", journal, *MARKET), "both", "html")
    reader = Reader()
    reader.feed(page)
    assert set(reader.links) <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)
    assert any(link.startswith("record-") for link in reader.links)
    assert "VATP-13-3" in reader.links or journal == LOAN


def test_so_do_those_of_traceability_with_a_journal() -> None:
    made = document("traceability", "--on", "2026-02-11", "--journal", DAY, *MARKET)
    reader = Reader()
    reader.feed(printed(made, "en", "html"))
    assert {"record-17", "VATP-13-3"} <= set(reader.links) <= set(reader.ids)


# ── a letter ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def house_day(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A journal under the shipped rules and the example house."""
    journal = str(tmp_path_factory.mktemp("journal") / "day.jsonl")
    assert run("trade", str(SCENARIOS / "shared_book"), "--journal", journal).exit_code in (0, 2)
    return journal


def letter(record: int, journal: str) -> Any:
    return document("decision", "--journal", journal, "--record", str(record)).as_json()


def test_a_letter_out_of_a_journal_says_what_was_asked_decided_why_and_what_puts_it_right(house_day: str) -> None:
    made = letter(51, house_day)
    assert made["cover"]["title"] == {"en": "Notice: your order was not accepted", "zh": "拒絕接納買賣盤通知書"}
    assert (made["cover"]["on"], made["cover"]["under"]) == ("2026-06-18", "example.house")
    told = made["letter"]
    assert (told["to"], told["request"]["about"], told["request"]["record"]) == ("wong", "W1", 51)
    assert told["request"]["words"]["en"] == "Buy 0.1 BTC at HK$600,000 in the shared book"
    assert told["answer"]["en"] == "Your order was not accepted."
    per = [c["provision"] for r in told["reasons"] for c in r["cited"]]
    assert per == ["VATP/9.4", "SLC/retail_opt_in", "EXAMPLE/13.1"]
    if has_solver():
        assert all(r["cure"]["ways"] or r["cure"]["said"]["en"] for r in told["reasons"])


def test_of_several_decisions_of_a_record_one_is_named(house_day: str) -> None:
    expelled = letter(79, house_day)
    assert expelled["cover"]["title"]["en"] == "Notice: your order was removed from the book"
    assert (expelled["letter"]["to"], expelled["letter"]["request"]["about"]) == ("adria", "A3")
    named = run("report", "decision", "--journal", house_day, "--record", "79", "--order", "A4")
    assert named.exit_code == 2
    assert "holds no decision about `A4`; it holds those about" in named.stderr
    assert "`A3`" in named.stderr
    assert letter(8, house_day)["letter"]["question"]["en"] == "May the token be offered to retail clients?"


def test_facts_of_a_refusal_are_in_words(house_day: str) -> None:
    made = document("decisions", "--journal", house_day).as_json()["list"]
    order = next(row for row in made["refused"]["rows"] if row["record"] == 51)
    facts = {what["en"]: value["en"] for what, value in order["facts"]}
    assert facts["limit price"] == "HK$600,000"


def test_a_notice_is_called_after_what_was_asked() -> None:
    assert title_of("hk.sfc.advance_allowed", Outcome.DENIED).en == "Notice: your loan was not advanced"
    assert title_of("hk.sfc.advance_allowed", Outcome.PERMITTED).zh == "墊付貸款通知書"
    assert title_of("collateral_released", Outcome.UNDECIDED).en.endswith("whether your collateral may be released")
    assert title_of("other", Outcome.DENIED).zh == "拒絕通知書"
    assert title_of("order_accepted", Outcome.VALUE).en == "Notice of a figure"


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ("53", "there is no record 53 in"),
        ("1", "record 1 of"),
        ("18", "does not tell the facts it was decided on"),
    ],
)
def test_a_record_that_is_not_there_or_tells_no_facts(record: str, told: str) -> None:
    result = run("report", "decision", "--journal", DAY, "--record", record, *MARKET)
    assert result.exit_code == 2
    assert "error[no-such-record]" in result.stderr
    assert told in result.stderr


def test_a_journal_of_another_rulebook_is_refused() -> None:
    for kind in (["decision", "--record", "17"], ["decisions"]):
        result = run("report", *kind, "--journal", DAY)
        assert result.exit_code == 2
        assert "error[journal-rules]" in result.stderr


def test_a_letter_is_about_one_decision() -> None:
    for words in (
        ["--record", "17"],
        ["--journal", DAY],
        ["order_accepted"],
        ["--record", "17", "--journal", DAY, "q"],
    ):
        assert run("report", "decision", *words, *MARKET).exit_code == 2


# ── looking through ─────────────────────────────────────────────────────────────────────────


def shown(*words: str, journal: str = DAY) -> list[Any]:
    result = run("log", "show", journal, *words, "--format", "jsonl")
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "records"),
    [
        (["--client", "harbour_arrow", "--refused"], [17]),
        (["--refused"], [14, 17]),
        (["--undecided"], [21]),
        (["--order", "C1"], [19]),
        (["--provision", "VATP/13.3"], [10, 14, 17]),
        (["--since", "2026-02-11"], [22]),
        (["--until", "2026-02-10", "--client", "fund"], [20]),
        (["--client", "nobody"], []),
    ],
)
def test_decisions_are_found_by_client_outcome_order_provision_and_day(words: list[str], records: list[int]) -> None:
    assert [d["record"] for d in shown(*words)] == records
    assert run("log", "show", DAY, *words).exit_code == (0 if records else 1)


def test_an_order_that_is_expelled_is_its_owners(house_day: str) -> None:
    """The house's scenario expels an order at the turn of a day; its owner placed it the day before."""
    expelled = [d for d in shown("--client", "adria", journal=house_day) if d["event"] == "order_expelled"]
    assert [d["about"] for d in expelled] == ["A3"]
    assert expelled[0]["at"].endswith("+08:00")  # the journal tells its offset


def test_the_text_and_the_csv_say_the_same() -> None:
    text = run("log", "show", DAY, "--refused").stdout
    assert "record 17  10 February 2026, 02:00 (UTC)  harbour_arrow R1: Buy 0.5 BTC at HK$600,000" in text
    assert "[VATP/13.3]" in text
    rows = list(csv.DictReader(io.StringIO(run("log", "show", DAY, "--refused", "--format", "csv").stdout)))
    assert [(r["record"], r["client"], r["provisions"]) for r in rows] == [
        ("14", "", "VATP/13.3"),
        ("17", "harbour_arrow", "VATP/13.3"),
    ]


def test_a_journal_that_is_not_whole_is_not_looked_through(tmp_path: Path) -> None:
    torn = tmp_path / "day.jsonl"
    shutil.copy(DAY, torn)
    torn.write_bytes(torn.read_bytes()[:-20])
    for words in (["log", "show", str(torn)], ["report", "decisions", "--journal", str(torn), *MARKET]):
        assert run(*words).exit_code == 3


@pytest.mark.slow
def test_a_notice_with_three_reasons_is_one_page_in_both_languages(house_day: str) -> None:
    """Facts and the derivation are annexes, which begin on a page of their own."""
    weasyprint = optional.library("weasyprint", "pdf")
    firm = documents.firm(resources.folder("rulesets") / "examples" / "firm.toml", date(2026, 6, 19))
    made = document("decision", "--journal", house_day, "--record", "51").signed(firm)
    page = made.page("both")
    letter_alone = re.sub(r'<div class="annex">.*?</main>', "</main>", page, flags=re.DOTALL)
    assert letter_alone != page
    assert len(weasyprint.HTML(string=coloured(letter_alone)).render().pages) == 1

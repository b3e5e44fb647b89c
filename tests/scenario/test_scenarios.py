"""The shipped scenarios: what comes of them, line by line and counted, and that it comes out the same again.

A case in corpus/scenarios is a transcript (`$ trade …`, as in corpus/cli), or names lines of the scenario that its
file is called after (`orders 17`, `prices 2–3`): expected are their commands and events, verdicts in words.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from click.testing import CliRunner, Result

from case_files import Case, parametrised
from financing_cases import rulebook, shown
from policy import resources
from policy.audit.journal import Journal
from policy.audit.records import Header
from policy.audit.replay import replay
from policy.audit.verify import verify
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.exchange.commands import Place
from policy.exchange.events import OrderAccepted
from policy.market.events import CommandRepeated
from policy.perpetuals.commands import PlacePerpetual
from policy.perpetuals.events import PerpetualAccepted
from policy.reports.journal.entries import read_command, read_event
from policy.reports.journal.glossary import Glossary
from policy.reports.journal.market import Recorded
from policy.reports.journal.tally import Tally
from policy.scenario.from_folder import scenario_in
from policy.scenario.market import COMMANDS, Venues, engine_for
from policy.scenario.run import Run, header_of, stage_of
from policy.vocabulary import Json
from policy.wire import command_json, event_json, json_line

SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
NAMES = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())
STORIES = (  # one for each measure, and two falls
    "affiliated_market_maker",
    "lost_index",
    "march_2020",
    "margin_financing",
    "perpetual_contracts",
    "safeguards_under_stress",
    "shared_book",
)
EVERY = pytest.mark.parametrize("name", NAMES)
DEMONSTRATION = "demonstration"  # shows lines that cannot be read, too
STAGE = "portfolio"  # nothing happens in it until its prices are moved

_LINES = re.compile(r"(?:(?P<file>[a-z]+) )?(?P<first>\d+)(?:–(?P<last>\d+))?")


@frozen
class CarriedOut:
    command: Any
    events: list[Any]

    def told(self) -> str:
        """The command without its facts, and its events."""
        said = command_json(self.command)
        return "\n  ".join([json_line({k: v for k, v in said.items() if k != "facts"}), *map(shown, self.events)])


def opened(name: str) -> Venues:
    scenario = scenario_in(SCENARIOS / name)
    market = Venues(lambda day: rulebook(day, scenario.under), scenario.on)
    market.open(stage_of(scenario))
    return market


def carried_out(name: str, market: Venues) -> Iterator[tuple[tuple[str, int], CarriedOut]]:
    scenario = scenario_in(SCENARIOS / name)
    for step in chain(scenario.setting(COMMANDS), scenario.stream(COMMANDS)):
        if step.wrong:
            assert name == DEMONSTRATION, step
            continue
        yield (Path(step.file).stem, step.line), CarriedOut(step.command, market.submit(step.command))


@cache
def steps(name: str) -> dict[tuple[str, int], CarriedOut]:
    """Every line of a scenario, and what came of it."""
    return dict(carried_out(name, opened(name)))


def named(text: str) -> list[tuple[str, int]]:
    """The lines that `orders 6, 9–10` names."""
    found, file = [], ""
    for part in text.split(", "):
        match = _LINES.fullmatch(part)
        assert match, text
        file = match["file"] or file
        found += [(file, line) for line in range(int(match["first"]), int(match["last"] or match["first"]) + 1)]
    return found


def run(line: str) -> Result:
    result = CliRunner().invoke(main, shlex.split(line), prog_name="policy")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder in which `scenarios` are those that are shipped."""
    (tmp_path / "scenarios").symlink_to(SCENARIOS)
    monkeypatch.chdir(tmp_path)


# ── what is expected ────────────────────────────────────────────────────────────────────────


@parametrised("scenarios")
def test_what_is_expected(case: Case, update: bool) -> None:
    told: list[str] = []
    for line in case.input.splitlines():
        if line.startswith("$ "):
            result = run(line[2:])
            told += [line, *result.stdout.splitlines(), *(f"! {x}" for x in result.stderr.splitlines())]
            told.append(f"ends with {result.exit_code}")
        elif line:
            told += [f"{file} {n}: {steps(case.file.stem)[file, n].told()}" for file, n in named(line)]
    masked = re.sub(r"(?<=rulebook )[0-9a-f]{12}|[0-9a-f]{64}", "…", "\n".join(x.rstrip() for x in told))
    case.settle(masked, update)


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_what_happens(name: str) -> None:
    """In the tables of a scenario's README, whatever stands as code beside some lines is in their events."""
    story = (SCENARIOS / name / "README.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in story.splitlines()
        if row.startswith("| ") and not row.startswith("| line ")
    ]
    assert len(rows) > 8
    for lines, _, said in rows:
        events = [e for line in named(lines) for e in steps(name)[line].events]
        words = {word.partition(" (")[0] for event in events for word in _words(event_json(event))}
        assert set(re.findall(r"`([^`]+)`", said)) <= words, lines


def _words(document: Any) -> Iterator[str]:
    if isinstance(document, dict | list):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _words(inner)
    elif isinstance(document, str):
        yield document


# ── the same again ──────────────────────────────────────────────────────────────────────────


@EVERY
def test_what_happens_happens_the_same_again(name: str) -> None:
    again = dict(carried_out(name, opened(name)))
    assert [_bytes(s.events) for s in again.values()] == [_bytes(s.events) for s in steps(name).values()]


def _bytes(events: list[Any]) -> str:
    return "\n".join(json_line(event_json(e)) for e in events)


@EVERY
def test_commands_and_events_are_read_back_as_they_were_written(name: str) -> None:
    for step in steps(name).values():
        command = json.loads(json_line(command_json(step.command)))
        if not COMMANDS.unfit(step.command):
            assert command_json(read_command(command)) == command
        for event in step.events:
            written = json_line(event_json(event))
            again = read_event(json.loads(written))
            assert type(again) is type(event)
            assert json_line(event_json(again)) == written


@pytest.mark.parametrize(
    "event",
    [
        {"event": "teleported", "id": "o"},
        {"id": "o"},
        {"event": "instrument_listed"},
        {"event": "money_deposited", "by": "chan", "amount": "1.001 HKD", "free": "0.00 HKD"},
        {"event": "money_deposited", "by": "chan", "amount": 7, "free": "0.00 HKD"},
        {"event": "money_deposited", "by": "chan", "amount": "1.00 HKD", "free": "0.00 HKD", "at": "noon"},
    ],
)
def test_what_this_version_cannot_read_is_said(event: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="this version cannot read"):
        read_event(event)


@EVERY
def test_a_journal_of_it_is_whole_and_replays_to_the_byte(name: str) -> None:
    scenario, market = scenario_in(SCENARIOS / name), opened(name)
    header = Header(market.rules, scenario.under, scenario.on, {"scenario": scenario.title})
    with Journal.create("days.jsonl", header) as journal:
        Run(market, journal=journal).carry_out(scenario)
    verified = verify("days.jsonl")
    assert (verified.whole, verified.records) == (True, len(steps(name)))
    replayed = replay("days.jsonl", lambda header: engine_for(header, lambda day: rulebook(day, header.overlay)))
    assert (replayed.exact, replayed.same) == (True, len(steps(name)))


@pytest.mark.slow
def test_no_order_of_a_set_shows(tmp_path: Path) -> None:
    journals = []
    for seed in ("1", "2"):
        journal = tmp_path / seed
        words = ["trade", str(SCENARIOS / "safeguards_under_stress"), "--journal", str(journal)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-m", "policy", *words], check=True, capture_output=True, env=environment)
        journals.append(journal.read_bytes())
    assert journals[0] == journals[1]


def _sent(name: str, again: int) -> tuple[Tally, Json]:
    """A scenario, and all its orders that were accepted again so often; what was counted, and the document."""
    scenario, market = scenario_in(SCENARIOS / name), opened(name)
    document = Recorded.whole(header_of(scenario, market, scenario.under), Glossary())
    run = Run(market, [document.follow])
    run.carry_out(scenario)
    accepted = {id for venue in market.venues.values() for id in getattr(venue, "_answered", ())}
    placed = [s.command for s in steps(name).values() if isinstance(s.command, Place | PlacePerpetual)]
    orders = [order for order in placed if order.id in accepted]
    for order in orders * again:
        (event,) = run.submit(evolve(order, at=market.clock.at))
        assert isinstance(event, CommandRepeated)
        assert read_event(event_json(event)) == event
    return document.tally, document.document("A platform").as_json()


@pytest.mark.parametrize("name", ["shared_book", "perpetual_contracts"])
def test_what_comes_of_an_order_is_counted_once_however_often_it_is_sent(name: str) -> None:
    (once, document), (thrice, documented) = _sent(name, 0), _sent(name, 2)
    counted = thrice.as_json()
    accepted = once.counts.count(OrderAccepted) + once.counts.count(PerpetualAccepted)
    assert accepted
    assert counted["events"].pop("command_repeated") == {"count": 2 * accepted}
    assert counted | {"commands": None} == once.as_json() | {"commands": None}
    for part in ("trading", "margin"):
        assert documented.get(part) == document.get(part)


# ── nothing is lost ─────────────────────────────────────────────────────────────────────────


@EVERY
def test_what_was_deposited_is_there_after_every_line(name: str) -> None:
    market = opened(name)
    conserved = {"exchange": _of_exchange, "perpetuals": _of_desk}
    for line, _ in carried_out(name, market):
        for engine, check in conserved.items():
            if engine in market.venues:
                check(market.venues[engine], line)


def _of_exchange(engine: Any, line: tuple[str, int]) -> None:
    for what, (free, held) in engine.ledger.totals().items():
        assert free + held == engine.ledger.deposited.get(what, 0), (line, what)
    assert all(b.free >= 0 and b.held >= 0 for b in engine.ledger.balances.values()), line


def _of_desk(engine: Any, line: tuple[str, int]) -> None:
    assert engine.total() == engine.state.deposited, line
    assert all(bucket.margin >= 0 for bucket in engine.state.buckets()), line


# ── a rulebook that lacks a question ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "signatures"),
    [
        ("shared_book", ["value client_exposure(opening: money(HKD), ", "priority shared_book(order: Order)"]),
        (
            "margin_financing",
            ["decision margin_call_due(account: Account)", "priority forced_sale(position: Position)"],
        ),
        ("perpetual_contracts", ["value mark_price(quote: FundingQuote) -> price(USD) to 0.0001"]),
    ],
)
def test_a_rulebook_without_its_questions_is_refused(name: str, signatures: list[str]) -> None:
    assert run("init lacking").exit_code == 0
    result = run(f"trade scenarios/{name} --rules lacking --under none --journal day.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert not Path("day.jsonl").exists()
    told = " ".join(result.stderr.split())
    for signature in signatures:
        asked = signature.split()[1].partition("(")[0]
        assert f"asks `{asked}`, which this rulebook does not have" in told
        assert f"declare `{signature}" in told


def test_the_overlay_of_a_scenario_may_be_another_or_none() -> None:
    result = run("trade scenarios/affiliated_market_maker --under none --format json")
    assert (result.exit_code, json.loads(result.stdout)["under"]) == (0, "")
    assert run("trade scenarios/shared_book --under no.such.house").exit_code == 2

"""A command with a mistake is refused alike, made in Python, read from a scenario or replayed from a journal.

Every field of every command of the three engines is given everything that it cannot be.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from exchange_cases import AT, ON, exchange, place, rulebook
from policy.answers import MISSING
from policy.audit.journal import Journal
from policy.audit.records import Header, header_line, record_line
from policy.audit.replay import records, replay
from policy.diagnostics import Diagnostic, in_one_line
from policy.exchange import engine as the_exchange
from policy.exchange.commands import AdmitPlatform, Place
from policy.financing import engine as the_lender
from policy.market.commands import NewDay
from policy.market.events import CommandInvalid
from policy.model import types
from policy.model.types import Type
from policy.perpetuals import engine as the_desk
from policy.scenario.from_folder import ScenarioLine, scenario_in
from policy.scenario.market import COMMANDS, Venues, engine_for
from policy.scenario.run import Run
from policy.source import Source
from policy.wire import command_json, json_line

ENGINES = {"exchange": the_exchange, "lender": the_lender, "perpetuals": the_desk}
IS_TEXT: dict[str, Type] = {"str": types.TEXT, "bool": types.BOOLEAN}
LONG = 10**types.MOST_FACT_DIGITS


class No(str):
    """Why a form of commands cannot have the mistake."""


ONLY_WRITTEN = No("Python has another way to hold it")
ONLY_HELD = No("JSON has no way to say it")
NO_LISTS = No("a cell of CSV holds neither a list nor facts")

Wrong = tuple[Any, Any]  # as Python holds it, and as JSON says it


def field_type(field: Any) -> Type | None:
    """The type of a field of a command; None of one that holds facts."""
    of: Type | None = field.metadata.get("type", IS_TEXT.get(field.type))
    return of


def good(of: Type | None) -> Any:
    match of:
        case None:
            return {}
        case types.OptionalOf(item):
            return good(item)
        case types.ListOf(item):
            return (good(item),)
        case types.Enum(_, members):
            return members[0]
        case types.Text():
            return "x"
        case types.Boolean():
            return True
        case types.Date():
            return 739_676
        case types.Instant():
            return AT
        case _:
            return 1


def wrongs(of: Type | None) -> Iterator[Wrong]:
    """Everything that a fact of a type cannot be."""
    match of:
        case None:
            yield from ((None, None), ([], []), ("x", "x"), (5, 5))
        case types.OptionalOf(item):
            yield from (w for w in wrongs(item) if w[0] is not None)
        case types.ListOf(item):
            yield from ((None, None), (5, 5), ("x", "x"))
            for held, written in wrongs(item):
                lists = isinstance(held, No), isinstance(written, No)
                yield (
                    held if lists[0] else (good(item), held),
                    written if lists[1] else [_shown(item), written],
                )
        case types.Enum():
            yield from ((None, None), ("nonsense", "nonsense"), (1, 1), (True, True))
        case types.Text():
            yield from ((None, None), (1, 1), (True, True), (1.5, ONLY_HELD))
        case types.Boolean():
            yield from ((None, None), (1, 1), ("no", "no"))
        case types.Date():
            yield from ((None, None), (True, True), ("soon", "soon"), ("2026-02-30", "2026-02-30"))
            yield from ((0, ONLY_HELD), (1.5, ONLY_HELD), (ONLY_WRITTEN, 1))
        case types.Instant():
            yield from ((None, None), (True, True), ("soon", "soon"), ("2026-02-11T16:10:00", "2026-02-11T16:10:00"))
            yield from ((LONG, ONLY_HELD), (1.5, ONLY_HELD), (ONLY_WRITTEN, 1))
        case types.Quoted():
            yield from ((None, None), (True, True), ("lots", "lots"), ([], []), (1.5, ONLY_HELD), (LONG, ONLY_HELD))
            yield from ((Fraction(1, 3), ONLY_HELD), (Fraction(3), ONLY_HELD), (ONLY_WRITTEN, str(LONG**3)))
        case _:
            yield from ((None, None), (True, True), ("lots", "lots"), (LONG, str(LONG)), ([], []))
            yield from ((1.5, ONLY_HELD), (ONLY_WRITTEN, "0.000000001"))


def _shown(of: Type) -> Any:
    return "x" if isinstance(of, types.Text) else "0.0001"


def commands(engine: str) -> Iterator[tuple[Any, str, Wrong]]:
    """Every command with every mistake in every field."""
    for cls in ENGINES[engine].COMMANDS:
        fields = {f.name: field_type(f) for f in attrs.fields(cls)}
        command = cls(**{name: good(of) for name, of in fields.items()})
        for name, of in fields.items():
            yield from ((command, name, wrong) for wrong in wrongs(of))


def refused(events: list[Any]) -> tuple[str, str]:
    (event,) = events
    assert isinstance(event, CommandInvalid)
    return event.code, event.message


def told(found: list[Diagnostic]) -> tuple[str, str]:
    return found[0].code.replace("-", "_"), in_one_line(found)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_field_of_every_command_is_refused_alike(engine: str) -> None:
    made: Any = ENGINES[engine].opened(rulebook, ON)
    market = Venues(rulebook, ON)
    compared = 0
    for command, name, (held, written) in commands(engine):
        said = None
        if not isinstance(written, No):
            document = json_line(command_json(command) | {name: written})
            read = COMMANDS.read(Source("commands", document))
            assert isinstance(read, list), document
            said = told(read)
        if not isinstance(held, No):
            wrong = attrs.evolve(command, **{name: held})
            code_and_message = refused(made.submit(wrong))
            assert refused(market.submit(wrong)) == code_and_message
            assert said in (None, code_and_message)
            compared += said is not None
    assert compared > 50
    assert not market.venues
    assert market.clock.at is None
    assert made.clock.at is None  # nothing has happened to an engine yet


ORDER = Place("o1", "ann", "BTC", AT, "shared_book", "buy", 1, 1)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (attrs.evolve(ORDER, side="BUY", price=1.5, quantity=-1), "facts_type"),
        (attrs.evolve(ORDER, id=MISSING), "command_incomplete"),
        (attrs.evolve(ORDER, at=AT + 10**9, quantity=True), "facts_type"),
        (attrs.evolve(ORDER, facts={"capacity": 1.5}), "facts_type"),
        (attrs.evolve(ORDER, facts={1: True}), "facts_type"),
        (attrs.evolve(ORDER, facts={"capacity": {"client"}}), "facts_type"),
        (attrs.evolve(ORDER, facts={"sequence": 10**5_000}), "facts_number"),
        (attrs.evolve(ORDER, facts={"capacity": "cleint"}), "facts_type"),
        (AdmitPlatform("p", AT, ("a", MISSING)), "command_incomplete"),
        ("place", "command_unknown"),
        (Place, "command_unknown"),
        (None, "command_unknown"),
    ],
)
def test_a_command_that_is_none_changes_nothing(wrong: Any, code: str) -> None:
    untouched, tried = exchange(), exchange()
    assert refused(tried.submit(wrong))[0] == code
    assert place(tried, "o1", "ann", "buy", 1, 1) == place(untouched, "o1", "ann", "buy", 1, 1)


@pytest.mark.parametrize("limit", [1_000, 30_000])
@pytest.mark.parametrize("depth", [100, 10_000])
def test_facts_that_are_nested_too_deeply_are_refused(limit: int, depth: int) -> None:
    """Whatever depth of calls another part of the program has asked of Python."""
    nested: dict[str, Any] = {}
    for _ in range(depth):
        nested = {"a": nested}
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        assert refused(exchange().submit(attrs.evolve(ORDER, facts=nested)))[0] == "facts_json"
    finally:
        sys.setrecursionlimit(before)


def test_facts_that_contain_themselves_are_refused() -> None:
    nested: dict[str, Any] = {}
    nested["a"] = nested["b"] = [nested, nested]
    assert refused(exchange().submit(attrs.evolve(ORDER, facts=nested)))[0] == "facts_json"


# ── scenarios and journals ──────────────────────────────────────────────────────────────────

FILES = {  # one field of an order, as JSON says it and as a cell; the order as it then reads, or what is wrong
    "a misspelt member": ("venue", "sharedbook", "sharedbook"),
    "a misspelt command": ("do", "plaec", "plaec"),
    "a boolean for a number": ("quantity", True, "true"),
    "a text for a number": ("quantity", "lots", "lots"),
    "a number for a text": ("id", 5, No("every cell of CSV is a text, and this one is a good one")),
    "too many digits": ("fees", "1" + "0" * 18, "1" + "0" * 18),
    "far too many digits": ("price", "1" + "0" * 38, "1" + "0" * 38),
    "too many decimals": ("fees", "1.001", "1.001"),
    "null": ("quantity", None, No("an empty cell says nothing")),
    "nothing": ("quantity", MISSING, ""),
    "an unknown field": ("pric", "1", "1"),
    "a moment that is none": ("at", "2026-02-30T10:00:00+08:00", "2026-02-30T10:00:00+08:00"),
    "a moment without its offset": ("at", "2026-02-11T10:00:00", "2026-02-11T10:00:00"),
    "no facts": ("facts", "x", "x"),
}


@pytest.mark.parametrize("title", FILES)
def test_files_refuse_alike(title: str, tmp_path: Path) -> None:
    name, written, cell = FILES[title]
    plain = command_json(ORDER)
    document = {k: v for k, v in (plain | {name: written}).items() if v is not MISSING}
    read = COMMANDS.read(Source("<commands>", json_line(document)))
    assert isinstance(read, list)
    said = told(read)
    assert told(_from_json_lines(tmp_path, document)) == said
    assert told(_from_journal(tmp_path, document)) == said
    if not isinstance(cell, No):
        assert told(_from_csv(tmp_path, plain | {name: cell})) == said


def _steps(folder: Path, name: str, text: str) -> list[Diagnostic]:
    folder = folder / name.replace(".", "_")
    folder.mkdir()
    (folder / "market.jsonl").write_text(json_line(command_json(NewDay(AT, 739_676))) + "\n")
    (folder / name).write_text(text)
    steps: list[ScenarioLine] = list(scenario_in(folder).stream(COMMANDS))
    assert steps[0].command is None
    return list(steps[0].wrong)


def _from_json_lines(folder: Path, document: dict[str, Any]) -> list[Diagnostic]:
    return _steps(folder, "orders.jsonl", json.dumps(document) + "\n")


def _from_csv(folder: Path, cells: dict[str, Any]) -> list[Diagnostic]:
    file = folder / "cells"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(cells))
        writer.writeheader()
        writer.writerow(cells)
    return _steps(folder, "orders.csv", file.read_text())


def _from_journal(folder: Path, document: dict[str, Any]) -> list[Diagnostic]:
    rules = rulebook(ON).program.digest
    header = Header(rules, "", ON, {})
    first, seal = header_line(header)
    line, _ = record_line(1, AT, document, [], rules, seal)
    (folder / "journal").write_bytes(first + line)
    replayed = replay(folder / "journal", lambda header: engine_for(header, rulebook))
    assert replayed.same == 0
    return [f.diagnostic for f in replayed.findings]


def test_what_is_no_command_is_told_and_not_recorded(tmp_path: Path) -> None:
    header = Header(rulebook(ON).program.digest, "", ON, {})
    with Journal.create(tmp_path / "journal", header) as journal:
        run = Run(Venues(rulebook, ON), journal=journal)
        assert refused(run.submit(attrs.evolve(ORDER, price=1.5)))[0] == "facts_type"
        run.submit(ORDER)
    assert [record.input for _, record in records(tmp_path / "journal", 1)] == [command_json(ORDER)]
    assert replay(tmp_path / "journal", lambda header: engine_for(header, rulebook)).exact

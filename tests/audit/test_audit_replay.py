"""Replaying a journal, and `policy log`: what differs is named, and how it ends says what was found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from journals import HEADER, RULES, lines_of, past_of
from policy.audit.records import Header, Json
from policy.audit.replay import replay
from policy.cli import main
from policy.diagnostics import Diagnostic, PolicyError


def counting(rules: str = RULES, wrong_from: int = 10**9, **wrong: Any) -> Callable[[Header], Any]:
    """An engine that accepts and rests what is placed; from its `wrong_from`th command on, events have `wrong`."""

    def engine_for(header: Header) -> Any:
        assert header == HEADER
        count = 0

        def submit(command: Json) -> tuple[list[Json], str]:
            nonlocal count
            count += 1
            accepted = {"accepted": command["place"], "lots": count, **(wrong if count >= wrong_from else {})}
            return [accepted, {"rested": command["place"]}], rules

        return submit

    return engine_for


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "market.jsonl"
    path.write_bytes(b"".join(lines_of(past_of(5))))
    return path


def test_a_replay_comes_out_the_same_to_the_byte(journal: Path) -> None:
    replayed = replay(journal, counting())
    assert (replayed.exact, replayed.same, replayed.difference) == (True, 5, None)


def test_the_first_event_that_differs_is_named_field_by_field(journal: Path) -> None:
    replayed = replay(journal, counting(wrong_from=3, lots=True, reasons=[{"rule": "cap"}]))
    difference = replayed.difference
    assert difference is not None
    assert (replayed.same, difference.record, difference.event) == (2, 3, 1)
    assert [(f.path, f.recorded, f.replayed) for f in difference.fields] == [
        ("lots", "3", "true"),
        ("reasons", "nothing", '[{"rule":"cap"}]'),
    ]
    assert [(f.diagnostic.code, f.record, f.line) for f in replayed.findings] == [("journal-replay", 3, 4)]


def test_one_and_true_and_an_event_too_many_differ(journal: Path) -> None:
    def submit(_: Json) -> tuple[list[Json], str]:
        return [{"accepted": "o1", "lots": 1}, {"rested": "o1"}, {"rested": ["o1", {}]}], RULES

    difference = replay(journal, lambda _: submit).difference
    assert difference is not None
    assert (difference.record, difference.event) == (1, 3)
    assert [(f.path, f.recorded, f.replayed) for f in difference.fields] == [("", "nothing", '{"rested":["o1",{}]}')]
    one = replay(journal, counting(wrong_from=1, lots=True)).difference
    assert one is not None
    assert [f.replayed for f in one.fields] == ["true"]


def test_other_rules_are_told_first(journal: Path) -> None:
    other = counting("f" * 64, wrong_from=2, lots=0)
    codes = [f.diagnostic.code for f in replay(journal, other).findings]
    assert codes == ["journal-rules", "journal-replay"]
    assert [f.diagnostic.code for f in replay(journal, other, other_rules=True).findings] == ["journal-replay"]
    assert replay(journal, counting("f" * 64), other_rules=True).exact
    assert not replay(journal, counting("f" * 64)).exact


def test_a_damaged_journal_is_not_replayed_but_a_torn_one_is(journal: Path) -> None:
    data = journal.read_bytes()
    journal.write_bytes(data + b'{"seq":6')
    torn = replay(journal, counting())
    assert (torn.same, [f.diagnostic.code for f in torn.findings]) == (5, ["journal-torn"])
    journal.write_bytes(data.replace(b"o2", b"o7"))
    damaged = replay(journal, counting())
    assert (damaged.same, [f.diagnostic.code for f in damaged.findings]) == (0, ["journal-altered"])


def test_a_command_the_engine_cannot_read_is_a_finding(journal: Path) -> None:
    def submit(_: Json) -> tuple[list[Json], str]:
        raise PolicyError([Diagnostic("unknown-name", "there is no command like this")])

    replayed = replay(journal, lambda _: submit)
    assert [(f.diagnostic.code, f.record) for f in replayed.findings] == [("unknown-name", 1)]


# ── the command line ────────────────────────────────────────────────────────────────────────


def log(*words: str | Path) -> Result:
    result = CliRunner().invoke(main, ["log", *map(str, words)], prog_name="policy")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_verify_ends_with_what_it_found(journal: Path) -> None:
    data = journal.read_bytes()
    assert log("verify", journal).exit_code == 0
    assert log("verify", journal, "--kept", "0" * 64).exit_code == 3
    assert log("verify", journal.parent / "none").exit_code == 2
    assert log("verify", journal.parent).exit_code == 2
    journal.write_bytes(data + b"torn")
    assert log("verify", journal).exit_code == 3
    assert log("verify", journal, "--cut").exit_code == 0
    assert journal.read_bytes() == data
    journal.write_bytes(data.replace(b"o2", b"o7") + b"torn")
    assert log("verify", journal, "--cut").exit_code == 3
    assert journal.read_bytes().endswith(b"torn"), "of what was altered nothing is cut"
    journal.write_bytes(b"torn")
    assert log("verify", journal, "--cut").exit_code == 3
    assert journal.read_bytes() == b"torn"


def test_verify_speaks_json(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes() + b"torn")
    said = json.loads(log("verify", journal, "--format", "json").stdout)
    assert (said["whole"], said["records"], said["header"]["overlay"], said["cut"]) == (
        False,
        5,
        "example.house",
        False,
    )
    size = journal.stat().st_size
    found = [(f["code"], f["record"], f["byte"], f["bytes"]) for f in said["findings"]]
    assert found == [("journal-torn", 6, size - 4, 4)]

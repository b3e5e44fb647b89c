"""`--watch`: each way of saving files is one run, and only a change is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest
from click.testing import CliRunner

from policy.cli import main
from policy.cli.watch import look

RULES = """\
language 1
ruleset shop
source LAW "The law" status official
provision LAW/1 "Adults may buy."
decision may_buy(age: integer "age") "May the person buy?"
  otherwise deny "Too young." per LAW/1
  permit adult when age >= 18 because "An adult." per LAW/1
test "an adult buys" on 2026-01-01
  expect may_buy(18) permitted by adult
"""


def in_place(rules: Path) -> None:
    (rules / "shop.policy").write_text(RULES + "# in place\n", "utf-8")


def renamed_over(rules: Path) -> None:
    new = rules / "shop.policy~new"
    new.write_text(RULES + "# renamed\n", "utf-8")
    new.replace(rules / "shop.policy")


def deleted_and_made_again(rules: Path) -> None:
    (rules / "shop.policy").unlink()
    (rules / "shop.policy").write_text(RULES, "utf-8")


def a_checkout(rules: Path) -> None:
    for n in range(50):
        (rules / f"more{n}.policy").write_text(f"language 1\nruleset shop{n}\n", "utf-8")


def a_link_switched(rules: Path) -> None:
    """As a mounted volume publishes files: `..data` leads to a folder of each version."""
    version = rules / f"..version{time.monotonic_ns()}"
    version.mkdir()
    (version / "shop.policy").write_text(RULES + f"# {version.name}\n", "utf-8")
    new = rules / "..new"
    new.symlink_to(version)
    new.replace(rules / "..data")


WAYS: list[Callable[[Path], None]] = [in_place, renamed_over, deleted_and_made_again, a_checkout, a_link_switched]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "shop.policy").write_text(RULES, "utf-8")
    return folder


def linked(rules: Path) -> None:
    (rules / "shop.policy").unlink()
    a_link_switched(rules)
    (rules / "shop.policy").symlink_to("..data/shop.policy")


@pytest.mark.parametrize("save", WAYS)
def test_every_way_of_saving_is_seen(rules: Path, save: Callable[[Path], None]) -> None:
    if save is a_link_switched:
        linked(rules)
    before = look([rules])
    assert look([rules]) == before
    save(rules)
    assert look([rules]) != before


def test_what_is_hidden_written_or_no_rules_is_not_looked_at(rules: Path) -> None:
    before = look([rules], {str(rules / "book.json")})
    for name in ("book.json", ".shop.policy.swp", "4913", "shop.policy~", "notes.txt"):
        (rules / name).write_text("x", "utf-8")
    (rules / ".git").mkdir()
    (rules / ".git" / "old.policy").write_text("x", "utf-8")
    assert look([rules], {str(rules / "book.json")}) == before


def test_standard_input_is_not_watched() -> None:
    result = CliRunner().invoke(main, ["check", "-", "--watch"], input=RULES)
    assert result.exit_code == 2
    assert "standard input cannot be watched; name a file" in result.output


@pytest.mark.parametrize("line", ["check missing --watch", "test --rules missing --watch", "diff HEAD~1 --watch"])
def test_what_is_not_there_is_not_watched(line: str) -> None:
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == 2
    assert "there is nothing to watch at `" in result.output
    assert "name a file or folder that is there" in result.output


@pytest.fixture
def watching(rules: Path) -> Iterator[Queue[str]]:
    """The lines that a watching `policy test` prints, as they come."""
    linked(rules)
    command = [sys.executable, "-u", "-m", "policy", "test", str(rules), "--watch"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=environment
    )
    lines: Queue[str] = Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.rstrip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    yield lines
    process.terminate()
    assert process.wait(timeout=60) == 143
    reader.join(timeout=60)
    assert process.stdout is not None
    process.stdout.close()


def until(lines: Queue[str], said: str) -> list[str]:
    """All lines up to one that says this."""
    found = [lines.get(timeout=60)]
    while said not in found[-1]:
        found.append(lines.get(timeout=60))
    return found


@pytest.mark.slow
def test_each_save_is_one_run(rules: Path, watching: Queue[str]) -> None:
    assert "── run 1: watching" in until(watching, "── run 1")[-1]
    until(watching, "provisions:")
    for run, save in enumerate((a_link_switched, in_place, renamed_over, deleted_and_made_again, a_checkout), 2):
        save(rules)
        heads = [line for line in until(watching, "provisions:") if line.startswith("──")]
        assert len(heads) == 1, f"{save.__name__}: {heads}"
        assert f"── run {run}: " in heads[0]
    assert "and 47 more changed" in heads[0]
    time.sleep(1)
    assert watching.empty(), "nothing was saved, and yet it ran"


@pytest.mark.slow
def test_broken_rules_are_told_and_mended_rules_run_again(rules: Path, watching: Queue[str]) -> None:
    until(watching, "provisions:")
    (rules / "shop.policy").unlink()
    (rules / "shop.policy").write_text(RULES.replace("age >= 18", "aeg >= 18"), "utf-8")
    assert any("error[unknown-name]" in line for line in until(watching, "did you mean `age`?"))
    (rules / "shop.policy").write_text(RULES, "utf-8")
    assert any("1 test: all hold" in line for line in until(watching, "provisions:"))

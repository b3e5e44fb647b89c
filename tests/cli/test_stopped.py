"""A long command that is stopped prints what it has found out, in text; a document of JSON is complete or absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main
from policy.parallel import in_parallel
from policy.pipeline import RulesFile, check
from policy.testing import mutation
from policy.testing.run import Runner
from policy.verify import run as proving

RULES = HEAD + "".join(
    f"parameter p{n}: integer = {n} per LAW/1\n"
    f"value v{n}(a: integer) -> integer = a + p{n} per LAW/1\n"
    f"property low{n} for any a: integer always v{n}(a) < 9\n"
    for n in range(4)
)


@pytest.fixture(autouse=True)
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    optional.library("z3", "proofs")
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLICY_CACHE", "off")


def interrupted(jobs: Sequence[Callable[[], Any]], *others: Any) -> Iterator[Any]:
    """As if the first job were done and shown, the third done, and then an interrupt came."""
    early: dict[int, Any] = others[-1]
    early[2], early[0] = jobs[2](), jobs[0]()
    yield early[0]
    raise KeyboardInterrupt


@pytest.mark.parametrize("format", ["text", "json"])
def test_verify_shows_what_is_found_out(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "in_parallel", interrupted)
    result = CliRunner().invoke(main, ["verify", "t.policy", "--kind", "property", "--format", format])
    assert result.exit_code == 130
    assert result.stderr == "interrupted\n"
    if format == "json":
        assert result.stdout == ""
        return
    shown = [line for line in result.stdout.splitlines() if line.startswith("refuted")]
    assert [line.split(":")[0] for line in shown] == ["refuted  t.low0", "refuted  t.low2"]
    assert result.stdout.endswith("stopped after 2 of 4 claims: 2 claims: 0 proved, 2 refuted\n")


@pytest.mark.parametrize("format", ["text", "json"])
def test_mutation_shows_what_is_found_out(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "in_parallel", interrupted)
    result = CliRunner().invoke(main, ["test", "t.policy", "--mutate", "--format", format])
    assert result.exit_code == 130
    assert "interrupted\n" in result.stderr
    if format == "json":
        assert result.stdout == ""
        return
    assert result.stdout.startswith("stopped after 0 of ")
    assert "# not noticed: t.p0: " in result.stdout
    assert "# not noticed: t.p1: " in result.stdout
    assert "t.p3" not in result.stdout


@pytest.mark.parametrize("processes", [1, 2])
def test_results_are_there_before_they_are_due(processes: int) -> None:
    early: dict[int, int] = {}
    due = in_parallel([partial(pow, 2, n) for n in range(5)], [5, 4, 3, 2, 1], processes, early=early)
    assert next(due) == 1
    assert early[0] == 1
    assert list(due) == [2, 4, 8, 16]
    assert early == {n: 2**n for n in range(5)}


def test_a_share_of_tests_is_of_one_date_and_overlay() -> None:
    days = ["2026-03-01", "2026-04-01", "2026-03-01", "2026-03-01"]
    tests = "".join(f'test "{n}" on {day} expect p1 = 1 expect v1(1) = 2\n' for n, day in enumerate(days))
    runner = Runner(check([RulesFile("t.policy", (RULES + tests).encode())]).model, "")
    assert runner.shares(100) == [[0, 2, 3], [1]]
    assert runner.shares(4) == [[0, 2], [3], [1]]

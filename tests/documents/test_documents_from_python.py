"""Every kind of document is made from Python alone, and is what the command prints; its path leads upwards."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import test_layering
from click.testing import CliRunner

import optional
import policy
from documents_made import FEW, ORDER, SCENARIOS
from policy import documents
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.documents import Document, Edition

ON = date(2026, 3, 1)
FILES = [word for file in FEW for word in ("--rules", file)]
STARTER = str(Path(policy.__file__).parent / "cli" / "starter")
ACCOUNT = SCENARIOS / "margin_financing"


def printed(*words: str, facts: str = "") -> bytes:
    """What the command prints."""
    result = CliRunner().invoke(main, ["report", *words], input=facts)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


@cache
def few() -> Edition:
    return documents.edition(*FEW, on=ON)


@cache
def shipped(on: str = "2026-03-01", under: str = "") -> Edition:
    return documents.edition(on=on, under=under)


def journal(folder: Path, scenario: Path = ACCOUNT) -> str:
    path = str(folder / "day.jsonl")
    assert CliRunner().invoke(main, ["trade", str(scenario), "--journal", path]).exit_code == 0
    return path


# ── each kind ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("format", ["html", "markdown", "json"])
@pytest.mark.parametrize("language", ["both", "en", "zh"])
def test_a_rulebook_in_every_format(format: documents.Format, language: documents.Language) -> None:
    book = documents.rulebook(few(), platform="P", proofs=False)
    options = ["--platform", "P", "--no-proofs", "--format", format, "--language", language]
    assert book.printed(format, language) == printed("rulebook", "--on", "2026-03-01", *FILES, *options)


def test_a_rulebook_with_proofs() -> None:
    optional.library("z3", "proofs")
    starter = documents.edition(STARTER, on=ON)
    words = ["--on", "2026-03-01", "--rules", STARTER]
    assert documents.rulebook(starter).printed("html") == printed("rulebook", *words)


def test_a_page_as_pdf() -> None:
    optional.library("weasyprint", "pdf")
    data = documents.rulebook(documents.edition(STARTER, on=ON), proofs=False).printed("pdf", "en")
    assert data.startswith(b"%PDF")


def test_traceability() -> None:
    assert documents.traceability(few()).printed("html") == printed("traceability", "--on", "2026-03-01", *FILES)


def test_a_letter_about_a_decision() -> None:
    facts = json.dumps(ORDER)
    letter = documents.decision(shipped(), "order_accepted", facts, to="Ms Chan", reference="7")
    words = ["decision", "order_accepted", "--on", "2026-03-01", "--to", "Ms Chan", "--reference", "7"]
    assert letter.printed("html") == printed(*words, "--facts", "-", facts=facts)
    with pytest.raises(PolicyError, match="order_acepted"):
        documents.decision(shipped(), "order_acepted", facts)
    with pytest.raises(PolicyError, match=r"letter\.json"):
        documents.decision(shipped(), "order_accepted", "{", source="letter.json")


@pytest.mark.parametrize("kind", ["trading", pytest.param("margin", marks=pytest.mark.slow)])
def test_a_market_from_a_scenario_and_from_its_journal(kind: str, tmp_path: Path) -> None:
    make: Callable[..., Document] = getattr(documents, kind)
    rules = shipped().rules
    assert make(rules, scenario=ACCOUNT).printed("html") == printed(kind, str(ACCOUNT))
    path = journal(tmp_path)
    assert make(rules, journal=path).printed("html") == printed(kind, "--journal", path)
    with pytest.raises(ValueError, match="either"):
        make(rules)
    with pytest.raises(PolicyError, match="kept under the rulebook"):
        make(few().rules, journal=path)


def test_a_change_between_dates_and_with_a_journal(tmp_path: Path) -> None:
    path = journal(tmp_path)
    old, new = shipped("2026-02-10"), shipped("2026-02-11")
    made = documents.change(old, new, proofs=False, journal=path)
    words = ["change", "shipped", "shipped", "--on", "2026-02-10", "--to", "2026-02-11", "--no-proofs"]
    assert made.printed("html") == printed(*words, "--journal", path)


def test_a_pack(tmp_path: Path) -> None:
    edition = documents.edition(STARTER, on=ON)
    words = f"--rules {STARTER} --on 2026-03-01 --since 2026-01-01 --no-proofs"
    printed("pack", str(tmp_path / "pack"), *words.split())
    command = f"policy report pack pack {words.replace(str(STARTER), Path(STARTER).name)}"  # wherever they lie
    files = documents.pack(edition, since=date(2026, 1, 1), proofs=False, command=command)
    made = tmp_path / "pack"
    assert files == {str(p.relative_to(made)): p.read_bytes() for p in made.rglob("*") if p.is_file()}
    assert {"index.html", "rulebook.md", "traceability.json", "change.html", "manifest.txt"} <= files.keys()


def test_every_kind_is_a_function_and_a_command() -> None:
    kinds = {name for name in documents.__all__ if inspect.isfunction(getattr(documents, name))}
    listed = main.get_command(None, "report").list_commands(None)  # type: ignore[union-attr, arg-type]
    others = {"demonstration", "edition", "firm", "recorded_decision", "rules_of"}  # `policy demo` is a verb
    assert kinds - others == set(listed) - {"templates"}


# ── the path through the rooms ──────────────────────────────────────────────────────────────


_ASIDE = ("", "documents", "nodes", "progress", "remembered")  # making a node, counting, looking up what was made


def rooms_of(make: Callable[[], Any]) -> list[str]:
    """The rooms that `policy.documents` calls, in order. Reading on in a stream is no call, nor is `_ASIDE`."""
    passed: list[str] = []

    def room(frame: FrameType | None) -> str:
        module = frame.f_globals.get("__name__", "") if frame else ""
        return module.split(".")[1] if module.startswith("policy.") else ""

    def note(frame: FrameType, event: str, _: object) -> None:
        called, code = room(frame), frame.f_code
        is_step = event == "call" and code.co_name != "<module>" and not code.co_flags & inspect.CO_GENERATOR
        if (
            is_step
            and room(frame.f_back) == "documents"
            and called not in ("", "documents", "nodes", "progress", "remembered")
        ):
            if passed[-1:] != [called]:
                passed.append(called)

    sys.setprofile(note)
    try:
        make()
    finally:
        sys.setprofile(None)
    return passed


def returns(passed: list[str]) -> Iterator[tuple[str, str]]:
    """Steps from a room to a lower one."""
    for one, next in pairwise(passed):
        if test_layering.LEVEL[next] > test_layering.LEVEL[one]:
            yield one, next


@pytest.mark.parametrize("kind", ["rulebook", "traceability", "trading", "margin"])
def test_the_path_of_a_document_has_no_return_to_a_lower_room(kind: str, tmp_path: Path) -> None:
    path, edition = journal(tmp_path), documents.edition(on=ON)
    make: dict[str, Callable[[], Document]] = {
        "rulebook": lambda: documents.rulebook(documents.edition(STARTER, on=ON)),
        "traceability": lambda: documents.traceability(documents.edition(*FEW, on=ON)),
        "trading": lambda: documents.trading(edition.rules, journal=path),
        "margin": lambda: documents.margin(edition.rules, journal=path),
    }
    if kind == "rulebook":
        optional.library("z3", "proofs")
    passed = rooms_of(make[kind])
    assert passed[-1] == "reports"
    assert not list(returns(passed)), passed

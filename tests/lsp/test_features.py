"""What an editor shows and changes, case by case, and over the whole shipped rulebook.

A case of `tests/corpus/editor` has a command and a piece of rules that is added to those at the head of its file; `‸`
marks the place that is asked about.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from random import Random

import pytest

from case_files import Case, parametrised, read
from policy import resources
from policy.lsp.callers import declared_at, used, users
from policy.lsp.completion import SNIPPETS, Completion, completions
from policy.lsp.hover import hover
from policy.lsp.occurrences import Occurrences, index_of
from policy.lsp.rename import Conflict, renamed
from policy.lsp.snapshot import Snapshot, snapshot
from policy.lsp.symbols import around, foldings, outline
from policy.model.uses import Symbol
from policy.pipeline import RulesFile, check, read_folder
from policy.source import Source
from policy.syntax.from_text import parse
from policy.testing.run import Runner
from policy.vocabulary import SymbolKind

ON = date(2026, 8, 1).toordinal()


@parametrised("editor")
def test_editor(case: Case, update: bool) -> None:
    rules, _ = read(case.file)
    (command, *words), piece = case.input.split("\n", 1)[0].split(" ", 1), case.input.split("\n", 1)[1]
    marked = f"{rules}\n{piece.rstrip()}"
    offset = marked.index("‸")
    text = marked.replace("‸", "")
    if command == "complete":
        case.settle(
            listed(completions(snapshot([RulesFile("t.policy", rules.encode())]), "t.policy", text, offset)), update
        )
        return
    of = snapshot([RulesFile("t.policy", text.encode() + b"\n")])
    assert not of.checked.errors, of.checked.errors
    index = index_of(of)
    at = index.at("t.policy", offset)
    assert at is not None
    match command:
        case "hover":
            case.settle(hover(of, index, at, ON), update)
        case "references":
            case.settle(
                "\n".join(f"{o.span.line}: {line(o.span.source, o.span.line)}" for o in index.of(at.symbol)), update
            )
        case "rename":
            edits = renamed(of, index, at, words[0])
            case.settle(edits.message if isinstance(edits, Conflict) else changed(text, edits), update)
        case _:
            pytest.fail(f"there is no command `{command}`")


def line(source: Source, number: int) -> str:
    return source.line(number).strip()


def changed(text: str, edits: object) -> str:
    """The lines that edits change, as they are afterwards."""
    assert isinstance(edits, tuple)
    lines = {e.span.line for e in edits}
    for e in sorted(edits, key=lambda e: -e.span.start):
        text = text[: e.span.start] + e.replacement + text[e.span.end :]
    return "\n".join(f"{n}: {text.splitlines()[n - 1].strip()}" for n in sorted(lines))


def listed(found: list[Completion]) -> str:
    return "\n".join(f"{c.kind} {c.label}" + (f" ({c.detail})" if c.detail else "") for c in found) or "nothing"


# ── the shipped rulebook ────────────────────────────────────────────────────────────────────


@cache
def shipped() -> tuple[Snapshot, Occurrences]:
    texts, wrong = read_folder([resources.folder("rulesets")])
    assert not wrong
    of = snapshot(texts)
    return of, index_of(of)


def test_every_name_is_declared_somewhere_and_stands_as_it_is_called() -> None:
    of, index = shipped()
    assert not of.checked.errors
    for symbol, occurrences in index.by_symbol.items():
        assert [o.is_definition for o in occurrences] == [n == 0 for n in range(len(occurrences))], symbol
        assert len({o.span.text for o in occurrences}) == 1, symbol


def test_a_snapshot_finds_what_a_check_finds() -> None:
    of, _ = shipped()
    assert of.checked.diagnostics == check(of.texts).diagnostics
    broken = [RulesFile(t.name, t.data.replace(b"lending_value", b"lending_valu", 1)) for t in of.texts]
    assert snapshot(broken).checked.diagnostics == check(broken).diagnostics != ()


def renamed_there_and_back(symbol: Symbol) -> None:
    """A new name everywhere: all tests hold, and the old name again makes the same bytes."""
    of, index = shipped()
    at = index.by_symbol[symbol][0]
    new = at.span.text + ("9" if symbol.kind == "provision" else "_other")
    edits = renamed(of, index, at, new)
    assert not isinstance(edits, Conflict), (symbol, edits)
    after = snapshot([RulesFile(t.name, _put(t, edits)) for t in of.texts])
    touched = {e.span.source.name for e in edits}
    runner = Runner(after.checked.model, "")
    for test in after.checked.model.tests:
        if test.span.source.name in touched:
            assert runner.run(test).passed, (symbol, test.title)
    again = index_of(after)
    file = at.span.source.name
    there = next(o for o in again.by_file[file] if o.span.text == new and o.is_definition)
    back = renamed(after, again, there, at.span.text)
    assert not isinstance(back, Conflict), (symbol, back)
    assert [_put(t, back) for t in after.texts] == [t.data for t in of.texts], symbol


@pytest.mark.slow
def test_a_rename_there_and_back_changes_nothing() -> None:
    _, index = shipped()
    renamed_there_and_back(Random(3).choice([s for s in index.by_symbol if s.kind in ("field", "decision")]))


@pytest.mark.slow
def test_many_renames_there_and_back_change_nothing() -> None:
    _, index = shipped()
    for symbol in Random(0).sample(list(index.by_symbol), 12):
        renamed_there_and_back(symbol)


def _put(text: RulesFile, edits: object) -> bytes:
    assert isinstance(edits, tuple)
    data = text.data.decode()
    for e in sorted((e for e in edits if e.span.source.name == text.name), key=lambda e: -e.span.start):
        data = data[: e.span.start] + e.replacement + data[e.span.end :]
    return data.encode()


def test_declarations_are_found_from_their_uses_and_back() -> None:
    of, index = shipped()
    chance = Random(5)
    files = sorted(of.files)
    for file in chance.sample(files, 12):
        for declared in outline(of, file):
            if declared.kind in ("ruleset", "source", "currency", "test", "amendment"):
                continue
            at = index.at(file, declared.at.start)
            assert at is not None
            assert at.is_definition, declared
            for user in users(of, index, at):
                there = declared_at(of, user.places[0].source.name, user.places[0].start)
                assert there is not None
                assert there.span == user.declared.span
                if there.span != declared.span:
                    targets = {r.declared.span for r in used(of, index, there)}
                    assert declared.span in targets, (declared.name, there.name)


def test_selections_grow_and_declarations_fold() -> None:
    of, index = shipped()
    file = next(f for f in sorted(of.files) if f.endswith("margin_financing.policy"))
    folds = foldings(of, file)
    assert folds
    assert all("\n" in span.text for span in folds)
    for o in index.by_file[file][::25]:
        spans = around(of, file, o.span.start)
        sizes = [s.end - s.start for s in spans]
        assert sizes == sorted(sizes)
        assert spans
        assert spans[-1].start <= o.span.start < spans[-1].end


@pytest.mark.parametrize("word", SNIPPETS)
def test_a_snippet_is_a_declaration(word: str) -> None:
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", SNIPPETS[word])
    assert text.startswith(word)
    assert not parse(Source("t.policy", text)).diagnostics


def test_currencies_stand_in_types_those_of_the_rulebook_first() -> None:
    rules = 'language 1\nruleset a "A"\ncurrency USDT 6 "Tether"\n'
    text = rules + "value owed(n: integer) -> money("
    found = completions(snapshot([RulesFile("t.policy", rules.encode())]), "t.policy", text, len(text))
    assert [c.label for c in found[:2]] == ["USDT", "AED"]
    assert {c.kind for c in found} == {"currency"}
    assert not any(c.kind == "currency" for c in completions(shipped()[0], "t.policy", rules, len(rules)))


def test_what_an_overlay_tightens_shows_how() -> None:
    law = (
        'language 1 ruleset law "law" source L "law" reference "L" status official provision L/1 "one"\n'
        'parameter least: integer "the least age" stricter when higher = 18 per L/1\n'
        'decision may(age: integer) "may enter" otherwise deny per L/1 permit grown when age >= least per L/1\n'
    )
    house = (
        'language 1 ruleset house amends law "house" source H "h" reference "H" status house provision H/1 "own"\n'
        "tighten parameter least = 21 per H/1\n"
        'tighten decision may deny old when age > 99 because "old" per H/1\n'
    )
    read = snapshot([RulesFile("law.policy", law.encode()), RulesFile("house.policy", house.encode())])
    assert not read.checked.errors, read.checked.errors
    index = index_of(read)

    def page(kind: SymbolKind, id: str) -> str:
        at = index.definition(Symbol(kind, id))
        assert at is not None
        return hover(read, index, at, ON).partition("**under** `house`")[2]

    assert "21" in page("parameter", "law.least")
    assert "18" not in page("parameter", "law.least")
    assert "99" in page("decision", "law.may")
    assert not page("ruleset", "law")

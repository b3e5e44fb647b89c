"""The part of the corpus that needs the rules alone; `tests/corpus/README.md` lists all kinds and who runs them.

syntax     a file              → its declarations, or what is wrong with it
errors     one file or more    → the diagnostics, drawn
mistakes   a common mistake    → the same
decisions  rules and questions → the answers, the same from every backend
facts      a question, facts   → the facts as read, or what is wrong with them
plain      rules               → the same in English and in Chinese
sentences  a shipped ruleset   → all that it says, for reviewers
documents  a command           → the page it writes
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner

import optional
from case_files import CORPUS, Case, parametrised, read
from cases_of_rules import answers, drawn, findings, rulebook, split
from policy.answers import MISSING
from policy.cli import main
from policy.facts.records import FactsRecord
from policy.model.values import show
from policy.pipeline import RulesFile, check
from policy.reports.plain.sentences import Sentences
from policy.source import Source, Span
from policy.syntax import tree
from policy.syntax.from_text import decode, parse
from policy.syntax.to_text import formatted
from sheets import sheet, shipped


@parametrised("syntax")
def test_syntax(case: Case, update: bool) -> None:
    source, wrong = decode("t.policy", case.input.encode())
    parsed = parse(source)
    lines = [dump(d) for d in parsed.file.declarations]
    text = "\n".join(lines) if not wrong else ""
    slips = [*wrong, *parsed.diagnostics]
    case.settle("\n\n".join([*filter(None, [text]), *([drawn(slips)] if slips else [])]), update)


def dump(node: Any) -> str:
    """A tree as words in brackets; spans and empty parts are left out."""
    match node:
        case tree.Name(text):
            return text
        case tree.Number(value, unit):
            return f"{value} {unit}".rstrip()
        case tuple():
            return "(" + " ".join(map(dump, node)) + ")"
        case str():
            return f'"{node}"'
    if not attrs.has(type(node)):
        return str(node)
    values = [getattr(node, f.name) for f in attrs.fields(type(node)) if f.name != "span"]
    kept = [dump(v) for v in values if v is not None and v != () and v != "" and v != tree.Citations()]
    return f"[{' '.join([type(node).__name__, *kept])}]"


@parametrised("plain")
def test_plain_words(case: Case, update: bool) -> None:
    checked = check([RulesFile("t.policy", case.input.encode())])
    assert not checked.errors, findings([checked.texts[0]])
    sentences = Sentences(checked.model)
    said = [(d.name, s) for d in checked.model.declared.values() for s in sentences.of(d)]
    clauses = [(f"{name}, {s.kind} {s.name}", *(s.listed or (s.en, s.zh))) for name, s in said]
    case.settle("\n\n".join(f"{head}\n{en}\n{zh}" for head, en, zh in clauses), update)


@parametrised("sentences")
def test_sentences(case: Case, update: bool) -> None:
    case.settle("\n".join(map(sheet, case.input.split("\n")[:-1])), update)


def test_the_sheet_of_sentences_is_complete() -> None:
    named = {c.input.strip() for file in (CORPUS / "sentences").glob("*.txt") for c in read(file)[1]}
    assert shipped().rulesets.keys() - named == set()


@parametrised("documents")
def test_documents(case: Case, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.file.parent)
    program, *arguments = shlex.split(case.input)
    assert program == "policy"
    optional.proofs(arguments)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    case.settle(result.stdout, update)


@parametrised("errors")
def test_errors(case: Case, update: bool) -> None:
    case.settle(findings(split(case.input)[0]), update)


@parametrised("mistakes")
def test_mistakes(case: Case, update: bool) -> None:
    case.settle(findings(split(case.input)[0]), update)


@parametrised("decisions")
def test_formatting_a_case_changes_no_meaning(case: Case) -> None:
    texts, _ = split(case.input)
    neat = [RulesFile(t.name, _neat(t).encode()) for t in texts]
    assert [_neat(t).encode() for t in neat] == [t.data for t in neat]
    assert check(neat).model == check(texts).model


def _neat(text: RulesFile) -> str:
    if text.is_table:
        return text.data.decode()
    source, _ = decode(text.name, text.data)
    return formatted(source, parse(source).file)


@parametrised("decisions")
def test_decisions(case: Case, update: bool) -> None:
    texts, asked = split(case.input)
    assert any(a.facts for a in asked), "nothing is asked"
    case.settle("\n".join(answers(texts, asked)), update)


@parametrised("facts")
def test_facts(case: Case, update: bool) -> None:
    texts, asked = split(case.input)
    results = []
    for a in asked:
        book = rulebook(texts, a.on)
        function = book.question(a.question)
        for facts in a.facts:
            read = book.reader(a.question).read(Source("<facts>", facts))
            if isinstance(read, list):
                assert all(isinstance(d.span, Span) for d in read)
                results.append(drawn(read))
            else:
                of = dict(function.parameters)
                results.append("\n".join(f"{n} = {fact(v, of[n])}" for n, v in zip(of, read, strict=True)))
    case.settle("\n\n".join(results), update)


def fact(value: Any, of: Any) -> str:
    """A fact as an author writes it; records field by field, what is missing as `?`."""
    if value is MISSING:
        return "?"
    if isinstance(value, FactsRecord):
        return "{ " + ", ".join(f"{n}: {fact(getattr(value, n), None)}" for n in value._fields) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(fact(v, getattr(of, "of", None)) for v in value) + "]"
    if isinstance(value, frozenset):  # whose own order is nobody's promise
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(value) if of is None else show(value, of)


# ── the corpus as a whole ───────────────────────────────────────────────────────────────────


def test_every_kind_is_listed_with_a_test_that_runs_it() -> None:
    page = (CORPUS / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \|.*\| `(\S+)` \|$", page, re.MULTILINE))
    assert listed.keys() == {folder.name for folder in CORPUS.iterdir() if folder.is_dir()}
    for kind, runner in listed.items():
        file = CORPUS.parents[1] / runner
        assert f'@parametrised("{kind}")' in file.read_text(encoding="utf-8"), f"{runner} does not run {kind}"


@pytest.mark.parametrize("kind", ["errors", "decisions"])
def test_update_takes_no_slip_for_an_expectation(kind: str, tmp_path: Path) -> None:
    file = tmp_path / kind / "t.txt"
    file.parent.mkdir()
    file.write_text("=== a case\nrecrod R {}\n---\n\n", encoding="utf-8")
    slip = "error[unexpected-word]: `recrod` is not expected here"
    case = Case(file, "a case", "recrod R {}\n", "\n")
    if kind == "errors":
        case.settle(slip, update=True)
    else:
        with pytest.raises(AssertionError, match="does not parse"):
            case.settle(slip, update=True)
    assert (slip in file.read_text(encoding="utf-8")) is (kind == "errors")

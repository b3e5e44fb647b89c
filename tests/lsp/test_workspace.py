"""Open documents over files: whose rulebook, which versions, and what stands while one does not parse."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import optional
from cases_of_rules import HEAD
from policy.lsp.protocol import path_in
from policy.lsp.rename import unparsed
from policy.lsp.workspace import Published, Told, Workspace, home_of, name_of, path_of
from policy.pipeline import check, read_folder
from policy.syntax import kept

LIMITS = HEAD + "parameter most: integer = 5 per LAW/1\n"
RULES = (
    'language 1 ruleset u "u" zh "規" import t\n'
    "value f(n: integer) -> boolean = n <= most per LAW/2\n"
    'test "t" on 2026-03-01 expect f(1) = true\n'
)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """What a process remembers is for one editor."""
    yield
    kept.forget()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "limits.policy").write_text(LIMITS, encoding="utf-8")
    (tmp_path / "rules.policy").write_text(RULES, encoding="utf-8")
    return tmp_path


def codes(result: Published, file: Path) -> list[str]:
    return [d.code for d in result.findings[str(file)]]


def fresh(folder: Path) -> list[tuple[str, str, int]]:
    texts, _ = read_folder([folder])
    return sorted((d.code, path_of(d.span.source.name), d.span.start) for d in check(texts).diagnostics if d.span)


def shown(result: Published) -> list[tuple[str, str, int]]:
    return sorted((d.code, path, d.span.start) for path, ds in result.findings.items() for d in ds if d.span)


def test_what_is_found_is_what_a_check_finds(folder: Path) -> None:
    open_ = Workspace()
    rules = folder / "rules.policy"
    open_.put(str(rules), RULES, 1)
    assert shown(open_.check(str(rules))) == fresh(folder)
    open_.put(str(rules), RULES.replace("most", "mst"), 2)
    result = open_.check(str(rules))
    rules.write_text(RULES.replace("most", "mst"), encoding="utf-8")
    assert shown(result) == fresh(folder)
    assert result.versions == {str(rules): 2}


def test_a_document_that_does_not_parse_stands_for_others_as_it_last_parsed(folder: Path) -> None:
    open_ = Workspace()
    limits, rules = folder / "limits.policy", folder / "rules.policy"
    open_.put(str(limits), LIMITS, 1)
    before = open_.check(str(rules))
    open_.put(str(limits), LIMITS.replace("5 per", "5 per per"), 2)
    broken = open_.check(str(rules))
    assert codes(broken, limits) == ["unexpected-word"]
    assert broken.findings[str(rules)] == before.findings[str(rules)]
    assert broken.whole.checked.model.declared.keys() == before.now.checked.model.declared.keys()
    assert broken.snapshot(str(limits)) is broken.now
    assert broken.snapshot(str(rules)) is broken.whole
    open_.put(str(limits), LIMITS.replace("most", "least"), 3)
    assert codes(open_.check(str(rules)), rules) == ["unknown-name"]


def test_a_result_is_current_until_a_document_of_its_rulebook_changes(folder: Path) -> None:
    open_ = Workspace()
    rules, other = folder / "rules.policy", folder.parent / "elsewhere" / "o.policy"
    other.parent.mkdir(exist_ok=True)
    open_.put(str(rules), RULES, 1)
    result = open_.check(str(rules))
    open_.put(str(other), RULES, 1)
    assert open_.is_current(result)
    open_.put(str(rules), RULES, 2)
    assert not open_.is_current(result)


def test_only_what_the_editor_does_not_show_is_told(folder: Path) -> None:
    """Findings of the document that changed, those of others that are new, and that there are none any more."""
    open_, told = Workspace(), Told()
    limits, rules = str(folder / "limits.policy"), str(folder / "rules.policy")
    lints, gone = (None, ["missing-chinese"]), (None, list[str]())

    def news(text: str, version: int) -> dict[str, tuple[int | None, list[str]]]:
        open_.put(limits, text, version)
        new = open_.check(limits).news(told)
        told.update(new)
        return {path: (at, [d.code for d in found]) for path, (at, found) in new.items()}

    assert news(LIMITS, 1) == {limits: (1, ["provision-without-rule"]), rules: lints}
    assert news(LIMITS + "\n", 2) == {limits: (2, ["provision-without-rule"])}
    assert news(LIMITS.replace("most", "least"), 3) == {limits: (3, []), rules: (None, ["unknown-name"])}
    assert news(LIMITS, 4) == {limits: (4, ["provision-without-rule"]), rules: lints}
    (folder / "rules.policy").unlink()
    assert news(LIMITS, 5)[rules] == gone


def test_closing_a_document_brings_back_its_file(folder: Path) -> None:
    open_ = Workspace()
    rules = folder / "rules.policy"
    open_.put(str(rules), RULES.replace("most", "mst"), 1)
    assert codes(open_.check(str(rules)), rules) == ["unknown-name"]
    open_.close(str(rules))
    assert shown(open_.check(str(rules))) == fresh(folder)


def test_a_document_that_is_no_file_is_checked_alone() -> None:
    open_ = Workspace()
    open_.put("untitled:Untitled-1", LIMITS.replace("integer", "intger"), 1)
    result = open_.check("untitled:Untitled-1")
    assert [d.code for d in result.findings["untitled:Untitled-1"]] == ["unknown-name"]


def test_a_document_in_a_folder_that_is_gone_has_its_name_in_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = path_in(f"{tmp_path.as_uri()}/gone/../gone/t.policy")
    assert path == str(tmp_path / "gone" / "t.policy")
    open_ = Workspace()
    open_.put(path, LIMITS, 1)
    assert [text.name for text in open_.check(path).now.texts] == [name_of(path)]


def test_the_rulebook_of_a_document(folder: Path) -> None:
    inner, listed = folder / "other", folder / "listed" / "deep"
    inner.mkdir()
    listed.mkdir(parents=True)
    assert home_of(str(listed / "a.policy")) == str(listed)
    (folder / "rulebook.txt").write_text("# rules\nlisted # these\n", encoding="utf-8")
    assert home_of(str(listed / "a.policy")) == str(folder)
    assert home_of(str(inner / "a.policy")) == str(inner)
    assert home_of("untitled:x") == "untitled:x"


def test_a_new_document_is_among_the_rules_of_its_folder(folder: Path) -> None:
    open_ = Workspace()
    new = folder / "new.policy"
    open_.put(
        str(new), 'language 1 ruleset v "v" zh "規" import t\nvalue g(n: integer) -> integer = most per LAW/1\n', 1
    )
    assert "unused-argument" in codes(open_.check(str(new)), new)


def test_a_document_opened_again_with_its_first_version_is_another(folder: Path) -> None:
    open_ = Workspace()
    rules = folder / "rules.policy"
    open_.put(str(folder / "limits.policy"), LIMITS, 1)
    open_.put(str(rules), RULES, 1)
    result = open_.check(str(rules))
    open_.close(str(rules))
    open_.put(str(rules), RULES.replace("most", "mst"), 1)
    assert not open_.is_current(result)


def test_a_file_that_changes_during_a_check_is_checked_again(folder: Path) -> None:
    optional.library("pygls", "lsp")
    from policy.lsp.server import Server

    limits, rules = folder / "limits.policy", folder / "rules.policy"
    checked, changed = threading.Event(), threading.Event()

    async def session() -> Published:
        server = Server()
        server.text_document_publish_diagnostics = lambda _: None  # type: ignore[method-assign]  # nobody listens
        server.open.put(str(rules), RULES, 1)
        check_ = server.open.check

        def slowly(path: str) -> Published:
            result = check_(path)
            checked.set()
            changed.wait(60)
            return result

        server.open.check = slowly  # type: ignore[method-assign]
        question = asyncio.create_task(server.result(str(rules)))
        await asyncio.get_running_loop().run_in_executor(None, checked.wait, 60)
        limits.write_text(LIMITS.replace("most", "least"), encoding="utf-8")
        server.forget()
        changed.set()
        return await question

    assert codes(asyncio.run(session()), rules) == ["unknown-name"]


def test_a_file_that_does_not_parse_counts_also_where_it_is_not_open(folder: Path) -> None:
    open_ = Workspace()
    limits, rules = folder / "limits.policy", folder / "rules.policy"
    open_.put(str(limits), LIMITS, 1)
    assert unparsed(open_.check(str(limits)).now) == []
    rules.write_text(RULES.replace("most per", "most per per"), encoding="utf-8")
    assert [path_of(name) for name in unparsed(open_.check(str(limits)).now)] == [str(rules)]

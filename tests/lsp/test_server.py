"""The language server over standard input and output, with a client of the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from cases_of_rules import HEAD
from editors import Editor, editor, types
from policy.lsp.completion import CompletionKind
from policy.lsp.positions import TextLines
from policy.pipeline import RulesFile, check
from policy.source import Source
from policy.syntax.from_text import parse

GOOD = HEAD + "parameter 上限_x: integer = 5 per LAW/1\n".replace("上限_x", "most")
VALUE = (
    'value f(n: integer) -> boolean = "𝒳中文" is "a" or n <= {} per LAW/2\n'
    'test "t" on 2026-03-01 expect f(1) = true\n'
)


async def fixed(ed: Editor, name: str, text: str, finding: types.Diagnostic) -> tuple[str, str]:
    """The title of the one fix of a finding, and the text with it."""
    context = types.CodeActionContext([finding])
    offered = await ed.client.text_document_code_action_async(
        types.CodeActionParams(ed.document(name), finding.range, context)
    )
    assert offered is not None
    (action,) = offered
    assert isinstance(action, types.CodeAction)
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == ed.versions[name]
    (edit,) = change.edits
    assert isinstance(edit, types.TextEdit)
    lines = [line.encode("utf-16-le") for line in text.splitlines(keepends=True)]
    start, end = edit.range.start, edit.range.end
    assert start.line == end.line
    line = lines[start.line]
    written = edit.new_text.encode("utf-16-le")
    lines[start.line] = line[: 2 * start.character] + written + line[2 * end.character :]
    return action.title, b"".join(lines).decode("utf-16-le")


async def asked_about(ed: Editor, name: str, text: str, word: str, declared_in: str) -> None:
    """Where a word is declared, what it is, another name for it, and the outline of its file."""
    n = next(n for n, line in enumerate(text.splitlines()) if word in line)
    at = len(text.splitlines()[n].partition(word)[0].encode("utf-16-le")) // 2 + 1
    document, place = ed.document(name), types.Position(n, at)
    declared = await ed.client.text_document_definition_async(types.DefinitionParams(document, place))
    assert isinstance(declared, types.Location)
    assert declared.uri == ed.uri(declared_in)
    shown = await ed.client.text_document_hover_async(types.HoverParams(document, place))
    assert shown is not None
    assert f"`{word}: integer`" in str(shown.contents)
    edits = await ed.client.text_document_rename_async(types.RenameParams(document, place, "least"))
    assert edits is not None
    changed = {c.text_document.uri for c in edits.document_changes or () if isinstance(c, types.TextDocumentEdit)}
    assert changed == {ed.uri(declared_in), ed.uri(name)}
    offered = await ed.client.text_document_completion_async(types.CompletionParams(document, place))
    assert isinstance(offered, types.CompletionList)
    assert word in [item.label for item in offered.items]
    outline = await ed.client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert [s.name for s in outline or ()] == ["u", "f", "t"]


async def stands_on(ed: Editor, name: str, line: int, character: int) -> tuple[list[str], list[str]]:
    """What stands on the name at a place, and what each of these stands on."""
    place = types.Position(line, character)
    items = await ed.client.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(ed.document(name), place)
    )
    (item,) = items or ()
    callers = await ed.client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item))
    above = [call.from_ for call in callers or ()]
    below = []
    for caller in above:
        asked = types.CallHierarchyOutgoingCallsParams(caller)
        below += [call.to.name for call in await ed.client.call_hierarchy_outgoing_calls_async(asked) or ()]
    return [item.name for item in above], below


async def lens(ed: Editor, name: str) -> types.Command:
    found = await ed.client.text_document_code_lens_async(types.CodeLensParams(ed.document(name))) or ()
    (command,) = (l.command for l in found if l.command is not None and l.command.command == "policy.runTest")
    return command


async def run_tests(ed: Editor, name: str, text: str) -> None:
    """The test of a document passes; expected otherwise, it fails."""
    for expected, title in (("true", "✓ passed"), ("false", "✗ expected false, got true")):
        ed.change(name, text.replace("= true", f"= {expected}"))
        command = await lens(ed, name)
        assert command.title == "run test"
        asked = types.ExecuteCommandParams(command.command, arguments=command.arguments)
        await ed.client.workspace_execute_command_async(asked)
        assert (await lens(ed, name)).title == title
    ed.change(name, text)


def errors(found: list[types.Diagnostic]) -> list[object]:
    return [d.code for d in found if d.severity == types.DiagnosticSeverity.Error]


def test_a_session(tmp_path: Path) -> None:
    """Opened with a finding, behind characters of two units; fixed; broken in another file; formatted; closed."""

    async def session() -> None:
        (tmp_path / "limits.policy").write_text(GOOD, encoding="utf-8")
        text = 'language 1 ruleset u "u" zh "規" import t\n' + VALUE.format("mst")
        async with editor(tmp_path) as ed:
            ed.open("rules.policy", text)
            (finding,) = await ed.findings("rules.policy")
            assert finding.code == "unknown-name"
            assert finding.code_description is not None
            assert finding.code_description.href.endswith("grammar/errors/unknown-name.md")
            line = text.splitlines()[1].encode("utf-16-le")
            place = line[2 * finding.range.start.character : 2 * finding.range.end.character]
            assert place.decode("utf-16-le") == "mst"
            title, mended = await fixed(ed, "rules.policy", text, finding)
            assert title == "did you mean `most`?"
            ed.change("rules.policy", mended)
            assert not errors(await ed.findings("rules.policy"))
            await asked_about(ed, "rules.policy", mended, "most", "limits.policy")

            value = mended.splitlines()[1].partition("f(")[0]
            assert await stands_on(ed, "rules.policy", 1, len(value)) == (["t"], ["f"])
            most = len(mended.splitlines()[1].partition("most")[0].encode("utf-16-le")) // 2
            above, below = await stands_on(ed, "rules.policy", 1, most)  # declared in a file that is not open
            assert above == ["f"]
            assert "most" in below

            await run_tests(ed, "rules.policy", mended)
            ed.open("limits.policy", GOOD)
            ed.change("limits.policy", GOOD + "parameter less: integ")
            assert errors(await ed.findings("limits.policy")) == ["unfinished"]
            assert not errors(await ed.findings("rules.policy"))
            ed.change("limits.policy", GOOD.replace("parameter most", "parameter  most"))
            options = types.FormattingOptions(2, True)
            edits = await ed.client.text_document_formatting_async(
                types.DocumentFormattingParams(ed.document("limits.policy"), options)
            )
            assert edits
            ed.close("limits.policy")
            ed.close("rules.policy")

    asyncio.run(session())


STRANGE = ["", "x", " ", "\n", '"', "中", "𝒳", "(", "per", "1,000", "＝", "most", "\r\n", "\u2028", "\x0b"]
STRANGE += ["parameter y: integer = 1\n", "# 中\n"]


def edited(text: str, rng: Random) -> str:
    """The text with a few characters replaced by others."""
    start = rng.randrange(len(text) + 1)
    return text[:start] + rng.choice(STRANGE) + text[start + rng.choice([0, 0, 1, 2, 5]) :]


def fresh(folder: Path, texts: dict[str, str]) -> dict[str, list[tuple[str, int, int]]]:
    """What a check of these texts finds: in each file, its codes and places."""
    found: dict[str, list[tuple[str, int, int]]] = {name: [] for name in texts}
    for d in check([RulesFile(str(folder / name), text.encode()) for name, text in texts.items()]).diagnostics:
        assert d.span is not None
        line, unit = TextLines(d.span.source.text).position(d.span.start)
        found[Path(d.span.source.name).name].append((d.code, line, unit))
    return {name: sorted(those) for name, those in found.items()}


def test_an_editor_that_sends_stretches_halves_and_nothing(tmp_path: Path) -> None:
    """Whole texts are asked for; whoever sends something else is not told about another text than it shows."""

    async def session() -> None:
        async with editor(tmp_path) as ed:
            ed.open("t.policy", GOOD + VALUE.format("mist"))
            assert [d.code for d in await ed.findings("t.policy")] == ["unknown-name"]
            line = (GOOD + VALUE.format("")).count("\n") - 2
            at = len(VALUE.partition("{}")[0].encode("utf-16-le")) // 2
            place = types.Range(types.Position(line, at + 1), types.Position(line, at + 2))

            async def told(*changes: types.TextDocumentContentChangeEvent) -> list[str]:
                ed.versions["t.policy"] += 1
                document = types.VersionedTextDocumentIdentifier(ed.versions["t.policy"], ed.uri("t.policy"))
                ed.client.text_document_did_change(types.DidChangeTextDocumentParams(document, list(changes)))
                return [str(d.code) for d in await ed.findings("t.policy")]

            assert "unknown-name" not in await told(types.TextDocumentContentChangePartial(place, "o"))
            assert "unknown-name" not in await told()
            assert "unexpected-character" in await told(types.TextDocumentContentChangeWholeDocument("\ud800"))
            assert "unexpected-character" in await told(types.TextDocumentContentChangePartial(place, "x"))

    asyncio.run(session())


@pytest.mark.slow
def test_after_random_edits_the_findings_are_those_of_a_fresh_check(tmp_path: Path) -> None:
    """300 edits of three documents, every thirtieth time compared; then all are mended."""
    good = {
        "limits.policy": GOOD + "parameter other: integer = 7 per LAW/1\n",
        "rules.policy": 'language 1 ruleset u "u" zh "規" import t\n' + VALUE.format("most"),
        "more.policy": 'language 1 ruleset v "v" zh "規" import t\n'
        "value g(n: integer) -> integer = n + most per LAW/1\n",
    }

    folder = tmp_path / "alone"  # without neighbours
    folder.mkdir()

    async def session() -> None:
        rng, texts = Random(7), dict(good)
        for name, text in good.items():
            (folder / name).write_text(text, encoding="utf-8")
        async with editor(folder) as ed:

            async def same(names: list[str]) -> None:
                wanted = fresh(folder, texts)
                for name in names:
                    found = await ed.findings(name)
                    shown = sorted((str(d.code), d.range.start.line, d.range.start.character) for d in found)
                    assert shown == wanted[name], texts[name]

            for name, text in good.items():
                ed.open(name, text)
            await same(list(good))
            for n in range(1, 301):
                name = rng.choice(list(good))
                texts[name] = edited(texts[name], rng)
                ed.change(name, texts[name])
                if n % 30 == 0:
                    broken = [k for k, t in texts.items() if parse(Source(k, t)).diagnostics]
                    await same(broken or list(good))
                    texts[name] = good[name]
                    ed.change(name, good[name])
            for name, text in good.items():
                texts[name] = text
                ed.change(name, text)
            await same(list(good))

    asyncio.run(session())


def test_every_kind_of_completion_has_one_in_the_protocol() -> None:
    from policy.lsp.answers import completion_kind

    assert {completion_kind(kind) for kind in get_args(CompletionKind)} > {types.CompletionItemKind.Keyword}

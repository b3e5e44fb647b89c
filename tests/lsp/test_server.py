"""The language server over standard input and output, with a client of the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

from lsprotocol import types

from cases_of_rules import HEAD
from editors import Editor, editor

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

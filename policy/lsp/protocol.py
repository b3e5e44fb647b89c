"""What is found and offered, in the words of the protocol.

In: findings, spans and edits. Out: the types of LSP. Absent: anything that decides.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import assert_never
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from policy import resources
from policy.diagnostics import Diagnostic, Edit, Severity
from policy.lsp.positions import TextLines
from policy.lsp.workspace import path_of
from policy.source import Source, Span


class Places:
    """Spans as ranges, in the units that the editor counts."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._lines: dict[str, TextLines] = {}  # of the last text by each name

    def lines(self, source: Source) -> TextLines:
        known = self._lines.get(source.name)
        if known is None or known.text != source.text:
            known = self._lines[source.name] = TextLines(source.text, self.encoding)
        return known

    def range(self, span: Span) -> types.Range:
        (start, unit), (end, last) = self.lines(span.source).range(span)
        return types.Range(types.Position(start, unit), types.Position(end, last))

    def location(self, span: Span) -> types.Location:
        return types.Location(uri_of(path_of(span.source.name)), self.range(span))

    def edits(self, edits: Iterable[Edit]) -> list[types.TextEdit]:
        return [types.TextEdit(self.range(e.span), e.replacement) for e in edits]

    def diagnostic(self, d: Diagnostic) -> types.Diagnostic:
        nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
        return types.Diagnostic(
            range=self.range(d.span) if d.span else nowhere,
            message=d.message + (f"\n{d.help}" if d.help else ""),
            severity=_severity(d.severity),
            code=d.code,
            code_description=types.CodeDescription(help_page(d.code)),
            source="policy",
            tags=[types.DiagnosticTag.Unnecessary] if d.code.startswith("unused-") else None,
            related_information=[
                types.DiagnosticRelatedInformation(self.location(span), note) for span, note in d.related
            ]
            or None,
        )

    def workspace_edit(self, edits: Iterable[Edit], versions: Mapping[str, int]) -> types.WorkspaceEdit:
        """Edits of documents in the versions that they were made for, and of files that are not open."""
        by_path: dict[str, list[Edit]] = {}
        for e in edits:
            by_path.setdefault(path_of(e.span.source.name), []).append(e)
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(uri_of(path), versions.get(path)),
                    list(self.edits(those)),
                )
                for path, those in by_path.items()
            ]
        )


def _severity(severity: Severity) -> types.DiagnosticSeverity:
    match severity:
        case Severity.ERROR:
            return types.DiagnosticSeverity.Error
        case Severity.WARNING:
            return types.DiagnosticSeverity.Warning
        case _:
            assert_never(severity)


@cache
def help_page(code: str) -> str:
    """The address of the page about a code."""
    return (resources.folder("grammar") / "errors" / f"{code}.md").as_uri()


def uri_of(path: str) -> str:
    """The address of a document."""
    return Path(path).as_uri() if Path(path).is_absolute() else path


def path_in(uri: str) -> str:
    """The path of a document; its address where it is no file."""
    parts = urlsplit(uri)
    is_file = parts.scheme == "file" and parts.netloc in ("", "localhost")
    return os.path.normpath(unquote(parts.path)) if is_file else uri

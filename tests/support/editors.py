"""An editor, as far as the language server sees one: it opens, changes and closes documents, and asks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import optional

optional.library("pygls", "lsp")

from lsprotocol import types as types  # noqa: E402
from pygls.lsp.client import BaseLanguageClient  # noqa: E402

LONGEST = 120.0  # seconds to wait for findings, on a machine with much else to do


class Editor:
    """Documents of one folder, and what the server said of each, newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = BaseLanguageClient("tests", "1")
        self.told: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.versions: dict[str, int] = {}
        self.news = asyncio.Event()
        self.applied: list[types.ApplyWorkspaceEditParams] = []
        self.begun: asyncio.Queue[int | str] = asyncio.Queue()  # tokens of work that may take a while

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.applied.append(params)
            return types.ApplyWorkspaceEditResult(True)

        @self.client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def create(params: types.WorkDoneProgressCreateParams) -> None:
            self.begun.put_nowait(params.token)

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.told.setdefault(params.uri, []).append(params)
            self.news.set()

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str) -> None:
        self.versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), "policy", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        """The whole text, anew."""
        self.versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.document(name)))

    async def findings(self, name: str) -> list[types.Diagnostic]:
        """What is found in a document as it stands now."""

        async def wait() -> list[types.Diagnostic]:
            while True:
                said = self.told.get(self.uri(name), [])
                if said and said[-1].version == self.versions[name]:
                    return list(said[-1].diagnostics)
                self.news.clear()
                await self.news.wait()

        return await asyncio.wait_for(wait(), LONGEST)


@asynccontextmanager
async def editor(
    folder: Path, encodings: list[types.PositionEncodingKind] | None = None, shows_progress: bool = False
) -> AsyncIterator[Editor]:
    """An editor whose server runs in a process of its own."""
    made = Editor(folder)
    await made.client.start_io(sys.executable, "-m", "policy", "lsp")
    general = types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
    capabilities = types.ClientCapabilities(
        general=general, window=types.WindowClientCapabilities(work_done_progress=shows_progress)
    )
    await made.client.initialize_async(types.InitializeParams(capabilities, root_uri=folder.as_uri()))
    made.client.initialized(types.InitializedParams())
    try:
        yield made
    finally:
        await made.client.shutdown_async(None)
        made.client.exit(None)
        await made.client.stop()

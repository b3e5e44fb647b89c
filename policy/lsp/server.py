"""The language server: documents in, findings and answers out, over standard input and output.

In: what an editor says by the Language Server Protocol. Out: findings of the newest text only, each with the version
of its document; answers to questions about the newest text. A check runs in a thread, once typing pauses.
Absent: what the answers are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import ParamSpec, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from policy.diagnostics import Edit, PolicyError
from policy.lsp.actions import Action, actions, fix_all
from policy.lsp.formatting import formatting
from policy.lsp.positions import UTF_16, TextLines
from policy.lsp.protocol import Places, path_in, uri_of
from policy.lsp.workspace import Published, Told, Workspace, home_of, name_of
from policy.pipeline import day_of
from policy.source import Source

T = TypeVar("T")
P = ParamSpec("P")

PAUSE = 0.05  # seconds without a change after which rules are checked


class Server(LanguageServer):
    """The open documents, what was last found in each rulebook, and what was said of it."""

    def __init__(self) -> None:
        # whole texts: pygls counts lines by more characters than the protocol does, where a change is of a stretch
        super().__init__("policy", version("policy-that-runs"), types.TextDocumentSyncKind.Full)
        self.open = Workspace()
        self.places = Places(UTF_16)
        self.on: date | None = None  # the day as of which values are shown; None: today
        self.results: dict[str, Published] = {}  # the newest, by home
        self.told: dict[str, Told] = {}  # what the editor shows, by home
        self.waiting: dict[str, asyncio.Task[None]] = {}  # checks to come, by home
        self.checking = ThreadPoolExecutor(1, "check")

    # ── checking ────────────────────────────────────────────────────────────────────────────

    def changed(self, path: str) -> None:
        """Checks the rulebook of a document once nothing has changed for a while."""
        home = home_of(path)
        if (earlier := self.waiting.get(home)) is not None:
            earlier.cancel()
        self.waiting[home] = asyncio.get_running_loop().create_task(self._check_soon(path))

    async def _check_soon(self, path: str) -> None:
        await asyncio.sleep(PAUSE)
        try:
            await self.result(path)
        except Exception as failure:  # of a task that nobody awaits
            message = f"policy: the check of {path} failed: {type(failure).__name__}: {failure}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    async def result(self, path: str) -> Published:
        """What is found in the rulebook of a document as it stands now; what is new is published."""
        loop = asyncio.get_running_loop()
        while True:
            known = self.results.get(home_of(path))
            if known is not None and path in known.findings and self.open.is_current(known):
                return known
            result = await loop.run_in_executor(self.checking, self._checked, path)
            if path not in self.open.documents:  # closed meanwhile
                return result
            if self.open.is_current(result):
                if self.results.get(result.home) is not result:
                    self.results[result.home] = result
                    self._publish(result)
                return result

    async def result_with(self, path: str) -> Published | None:
        """What is found in the rulebook of a document, or in that of an open one which has it."""
        if path in self.open.documents:
            return await self.result(path)
        for other in sorted(self.open.documents):
            if path in (result := await self.result(other)).findings:
                return result
        return None

    def _checked(self, path: str) -> Published:
        known = self.results.get(home_of(path))
        if known is not None and path in known.findings and self.open.is_current(known):
            return known  # another question asked for it meanwhile
        return self.open.check(path)

    def _publish(self, result: Published) -> None:
        """Tells what the editor does not show yet."""
        told = self.told.setdefault(result.home, {})
        for path, (at, found) in result.news(told).items():
            diagnostics = [self.places.diagnostic(d) for d in found]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri_of(path), diagnostics, at))
            told[path] = at, found

    def forget(self) -> None:
        """What was found is not so any more: files have changed on the disk."""
        self.open.reread()
        self.results.clear()
        for path in list(self.open.documents):
            self.changed(path)

    # ── answers ─────────────────────────────────────────────────────────────────────────────

    def code_action(self, action: Action, kind: types.CodeActionKind, result: Published) -> types.CodeAction:
        return types.CodeAction(
            title=action.title,
            kind=kind,
            diagnostics=[self.places.diagnostic(d) for d in action.mends],
            is_preferred=kind == types.CodeActionKind.QuickFix or None,
            edit=self.places.workspace_edit(action.edits, result.versions),
        )

    async def aside(self, question: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """The answer to a question that takes a while, found in the thread of the checks."""
        return await asyncio.get_running_loop().run_in_executor(self.checking, partial(question, *given, **named))

    @property
    def knows_snippets(self) -> bool:
        """Whether the editor has places to fill in."""
        document = self.client_capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        return bool(item and item.snippet_support)

    def source(self, path: str) -> Source:
        return Source(name_of(path), self.open.documents[path].text)

    def text_edits(self, edits: Sequence[Edit]) -> list[types.TextEdit]:
        return self.places.edits(edits)


server = Server()


@server.feature(types.INITIALIZE)
async def initialize(ls: Server, params: types.InitializeParams) -> None:
    """`{"on": "2026-03-01"}` among the options of an editor chooses the day."""
    given = params.initialization_options
    day = given.get("on") if isinstance(given, dict) else None
    try:
        ls.on = day_of(day) if isinstance(day, str) and day else None
    except PolicyError as wrong:
        ls.window_show_message(
            types.ShowMessageParams(types.MessageType.Error, f"policy: {wrong.diagnostics[0].message}")
        )


@server.feature(types.INITIALIZED)
async def initialized(ls: Server, _: types.InitializedParams) -> None:
    ls.places = Places(str(getattr(ls.workspace.position_encoding, "value", ls.workspace.position_encoding)))
    watching = ls.client_capabilities.workspace
    files = watching.did_change_watched_files if watching else None
    if files is not None and files.dynamic_registration:
        globs = [types.FileSystemWatcher(f"**/{name}") for name in ("*.policy", "*.csv", "rulebook.txt")]
        options = types.DidChangeWatchedFilesRegistrationOptions(globs)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        ls.client_register_capability(types.RegistrationParams([types.Registration(method, method, options)]))


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    path = path_in(document.uri)
    ls.open.put(path, document.text, document.version)
    ls.changed(path)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    path = path_in(params.text_document.uri)
    text = ls.open.documents[path].text
    for change in params.content_changes:  # whole texts were asked for, and some editors send stretches all the same
        start, end = 0, len(text)
        if isinstance(change, types.TextDocumentContentChangePartial):
            lines = TextLines(text, ls.places.encoding)
            start, end = (lines.offset((p.line, p.character)) for p in (change.range.start, change.range.end))
        text = text[:start] + change.text + text[end:]
    ls.open.put(path, text, params.text_document.version)
    ls.changed(path)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
async def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    path = path_in(params.text_document.uri)
    ls.open.close(path)
    others = [d for d in ls.open.documents if home_of(d) == home_of(path)]
    if others:
        ls.changed(others[0])
        return
    home = home_of(path)
    ls.results.pop(home, None)
    for told in sorted(path for path, (_, found) in ls.told.pop(home, {}).items() if found):
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri_of(told), []))


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
async def saved(ls: Server, _: types.DidSaveTextDocumentParams) -> None:
    ls.forget()


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
async def files_changed(ls: Server, _: types.DidChangeWatchedFilesParams) -> None:
    ls.forget()


_KINDS = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=_KINDS))
async def code_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    path = path_in(params.text_document.uri)
    if path not in ls.open.documents:
        return []
    result = await ls.result(path)
    findings, lines = result.findings.get(path, ()), ls.places.lines(ls.source(path))
    start, end = (lines.offset((p.line, p.character)) for p in (params.range.start, params.range.end))
    wanted = params.context.only
    offered = []
    if not wanted or types.CodeActionKind.QuickFix in wanted:
        quick = types.CodeActionKind.QuickFix
        offered += [ls.code_action(action, quick, result) for action in actions(findings, start, end)]
    if wanted and {types.CodeActionKind.SourceFixAll, types.CodeActionKind.Source} & set(wanted):
        whole = fix_all(findings)
        offered += [ls.code_action(whole, types.CodeActionKind.SourceFixAll, result)] if whole else []
    return offered


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
async def formatted(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    path = path_in(params.text_document.uri)
    if path not in ls.open.documents:
        return None
    return ls.text_edits(formatting(path, ls.open.documents[path].text)) or None

"""Lenses above declarations: they run tests, answer questions, prove claims, compare with the last commit.

In: documents, and the command of a lens. Out: how it went with the texts as they stood, worked out in a process of
its own; whoever asked can cancel it. Absent: outcomes of other texts; after an edit all is to be asked again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from lsprotocol import types

from policy.diagnostics import Edit
from policy.lsp.protocol import path_in
from policy.lsp.runs import RunResult, compared, evaluated, proved, tested
from policy.lsp.server import Server, server
from policy.lsp.snapshot import Snapshot
from policy.lsp.symbols import DeclarationSymbol, outline
from policy.lsp.work import WorkError, worked_out
from policy.lsp.workspace import home_of, name_of
from policy.pipeline import digest_of
from policy.source import Source, Span

Lens = Literal["policy.runTest", "policy.acceptResult", "policy.evaluate", "policy.prove", "policy.compare"]
Ask = Callable[[Snapshot, str], Awaitable[RunResult]]
FACTS = ".json"  # `QUESTION.json` beside a file of rules has facts for a question
_TITLES: dict[Lens, str] = {
    "policy.runTest": "run test",
    "policy.acceptResult": "accept the actual result",
    "policy.evaluate": "evaluate",
    "policy.prove": "prove",
    "policy.compare": "compare with HEAD",
}
_runs: dict[tuple[str, str, str, str], RunResult] = {}  # by digest, file, lens and name


def told_of(snapshot: Snapshot, file: str) -> Callable[[str], tuple[str, ...] | None]:
    """What failed in the test of a title when these texts were last run; nothing where it passed."""
    digest = digest_of(snapshot.texts)

    def told(title: str) -> tuple[str, ...] | None:
        run = _runs.get((digest, file, "policy.runTest", title))
        return None if run is None else () if run.is_good else run.lines or (run.title,)

    return told


def lenses_of(d: DeclarationSymbol, path: str) -> Iterator[Lens]:
    """What can be asked about a declaration."""
    if d.kind == "test":
        yield "policy.runTest"
        yield "policy.acceptResult"
    if d.kind == "ruleset":
        yield "policy.compare"
    if d.kind in ("decision", "value", "table") and _facts(path, d.name).is_file():
        yield "policy.evaluate"
    if d.kind in ("property", "decision", "table", "priority"):
        yield "policy.prove"


def _facts(path: str, question: str) -> Path:
    return Path(path).with_name(question + FACTS)


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
async def lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    path = path_in(params.text_document.uri)
    if path not in ls.open.documents:
        return []
    snapshot, file = (await ls.result(path)).snapshot(path), name_of(path)
    digest = digest_of(snapshot.texts)
    shown = []
    for d in outline(snapshot, file):
        for lens in lenses_of(d, path):
            run = _runs.get((digest, file, lens, d.name))
            title = _TITLES[lens] if run is None else f"{'✓' if run.is_good else '✗'} {run.title}"
            if lens == "policy.acceptResult":
                run = _runs.get((digest, file, "policy.runTest", d.name))
                if run is None or not run.accepted:
                    continue
            command = types.Command(title, lens, arguments=[params.text_document.uri, d.name])
            shown.append(types.CodeLens(ls.places.range(d.span), command))
    return shown


async def _run(ls: Server, lens: Lens, uri: str, name: str, ask: Ask) -> RunResult | None:
    """Works something out about the texts as they stand; the lenses are shown anew."""
    path = path_in(uri)
    if path not in ls.open.documents:
        return None
    snapshot, file = (await ls.result(path)).snapshot(path), name_of(path)
    try:
        run = await _told_while(ls, f"{_TITLES[lens]}: {name}", ask(snapshot, file))
    except WorkError as failure:
        run = RunResult(False, str(failure))
    if run is None:
        return None
    _runs[digest_of(snapshot.texts), file, lens, name] = run
    _shown_anew(ls)
    kind = types.MessageType.Info if run.is_good else types.MessageType.Warning
    message = "\n".join([f"{'✓' if run.is_good else '✗'} {name}: {run.title}", *run.lines[:20]])
    ls.window_show_message(types.ShowMessageParams(kind, message))
    return run


def _shown_anew(ls: Server) -> None:
    asking = ls.client_capabilities.workspace
    if asking and asking.code_lens and asking.code_lens.refresh_support:
        ls.workspace_code_lens_refresh(None)
    if asking and asking.inlay_hint and asking.inlay_hint.refresh_support:
        ls.workspace_inlay_hint_refresh(None)


async def _told_while(ls: Server, title: str, asked: Awaitable[RunResult]) -> RunResult | None:
    """The answer; meanwhile the editor shows that it is awaited, and can cancel it: then there is none."""
    window = ls.client_capabilities.window
    if not (window and window.work_done_progress):
        return await asked
    token, work = str(uuid.uuid4()), asyncio.ensure_future(asked)
    await ls.work_done_progress.create_async(token)
    ls.work_done_progress.begin(token, types.WorkDoneProgressBegin(title, cancellable=True))
    ls.work_done_progress.tokens[token].add_done_callback(lambda _: work.cancel())
    try:
        await asyncio.wait([work])
        return None if work.cancelled() else work.result()
    finally:
        work.cancel()
        ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
        del ls.work_done_progress.tokens[token]


@server.command("policy.runTest")
async def run_test(ls: Server, uri: str, title: str) -> list[str] | None:
    """What fails in the test of this title."""
    run = await _run(ls, "policy.runTest", uri, title, lambda s, file: worked_out(tested, s.texts, file, title))
    return None if run is None else [] if run.is_good else list(run.lines or (run.title,))


@server.command("policy.acceptResult")
async def accept_result(ls: Server, uri: str, title: str) -> bool:
    """Writes what came in place of what the test of this title expected; whether it was written."""
    path = path_in(uri)
    if path not in ls.open.documents:
        return False
    result = await ls.result(path)
    snapshot, file = result.snapshot(path), name_of(path)
    run = _runs.get((digest_of(snapshot.texts), file, "policy.runTest", title))
    if run is None or not run.accepted:
        return False
    edit = ls.places.workspace_edit([_change(snapshot.files[file].span.source, run.accepted)], result.versions)
    answer = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, f"accept: {title}"))
    return answer.applied


def _change(source: Source, text: str) -> Edit:
    """The one edit that makes another text of a source."""
    before, after = source.text, text
    shorter = min(len(before), len(after))
    start = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(Span(source, start, len(before) - end), after[start : len(after) - end])


@server.command("policy.evaluate")
async def evaluate(ls: Server, uri: str, name: str) -> str | None:
    """The answer to a question on the facts in the file beside."""
    facts, on = str(_facts(path_in(uri), name)), ls.on or date.today()
    run = await _run(ls, "policy.evaluate", uri, name, lambda s, _: worked_out(evaluated, s.texts, name, facts, on))
    return run.title if run else None


@server.command("policy.prove")
async def prove(ls: Server, uri: str, name: str) -> str | None:
    """What comes of the claims about a declaration."""

    def ask(snapshot: Snapshot, file: str) -> Awaitable[RunResult]:
        rulesets = snapshot.checked.model.rulesets.values()
        ruleset = next((r.name for r in rulesets if r.span.source.name == file), "")
        return worked_out(proved, snapshot.texts, f"{ruleset}.{name}")

    run = await _run(ls, "policy.prove", uri, name, ask)
    return run.title if run else None


@server.command("policy.compare")
async def compare(ls: Server, uri: str, name: str) -> list[str] | None:
    """What the rulebook changes against the last commit."""
    home = home_of(path_in(uri))
    run = await _run(ls, "policy.compare", uri, name, lambda s, _: worked_out(compared, s.texts, home))
    return list(run.lines or (run.title,)) if run else None

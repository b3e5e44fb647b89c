"""Tests of rules in an editor: a lens above each, which runs it and tells how it went.

In: documents, and the command of a lens. Out: what the test said of the texts as they stood, run in a process of its
own. Absent: outcomes of other texts; after an edit a test is to be run again.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from attrs import evolve
from lsprotocol import types

from policy.lsp.protocol import path_in
from policy.lsp.server import Server, server
from policy.lsp.snapshot import Snapshot
from policy.lsp.symbols import Declared, outline
from policy.lsp.workspace import name_of
from policy.pipeline import Text, check, digest_of

RUN = "policy.runTest"
Outcome = tuple[str, ...]  # what failed, a line each; nothing where the test passed
_outcomes: dict[tuple[str, str, str], Outcome] = {}  # by digest, file and title


def outcome(texts: Sequence[Text], file: str, title: str) -> Outcome:
    """What fails in a test of these texts."""
    from policy.testing.run import Runner

    checked = check(texts)
    if checked.errors:
        return (checked.errors[0].message,)
    chosen = tuple(t for t in checked.model.tests if t.span.source.name == file and t.title.en == title)
    runner = Runner(evolve(checked.model, tests=chosen), digest_of(checked.texts))
    return tuple(f"expected {f.expected}, got {f.actual}" for t in chosen for f in runner.run(t).failures)


def told_of(snapshot: Snapshot, file: str) -> Callable[[str], Outcome | None]:
    """What failed in the test of a title when these texts were last run."""
    digest = digest_of(snapshot.texts)
    return lambda title: _outcomes.get((digest, file, title))


def _tests(snapshot: Snapshot, file: str) -> Iterator[Declared]:
    return (d for d in outline(snapshot, file) if d.kind == "test")


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
async def lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    path = path_in(params.text_document.uri)
    if path not in ls.open.documents:
        return []
    result = await ls.result(path)
    snapshot, file = result.snapshot(path), name_of(path)
    told = told_of(snapshot, file)

    def title(test: Declared) -> str:
        failed = told(test.name)
        return "run test" if failed is None else f"✗ {failed[0]}" if failed else "✓ passed"

    return [
        types.CodeLens(
            ls.places.range(test.span),
            types.Command(title(test), RUN, arguments=[params.text_document.uri, test.name]),
        )
        for test in _tests(snapshot, file)
    ]


@server.command(RUN)
async def run_test(ls: Server, uri: str, title: str) -> list[str] | None:
    """What fails in the test of this title; the lenses are shown anew."""
    path = path_in(uri)
    if path not in ls.open.documents:
        return None
    texts, file = (await ls.result(path)).snapshot(path).texts, name_of(path)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        failed = await asyncio.get_running_loop().run_in_executor(process, outcome, texts, file, title)
    _outcomes[digest_of(texts), file, title] = failed
    asking = ls.client_capabilities.workspace
    if asking and asking.code_lens and asking.code_lens.refresh_support:
        ls.workspace_code_lens_refresh(None)
    kind = types.MessageType.Warning if failed else types.MessageType.Info
    message = "\n".join([f"{'✗' if failed else '✓'} {title}", *failed])
    ls.window_show_message(types.ShowMessageParams(kind, message))
    return list(failed)

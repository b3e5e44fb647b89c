"""Another name for something, everywhere in a rulebook at once.

In: a `Snapshot`, a place and the new name. Out: the edits, or why there can be none. A rename is right where
what was one symbol before the edits is one after them, and nothing else has become it.
Absent: facts in files and journals, which `renamed from` is for.
"""

from __future__ import annotations

from collections import Counter

from attrs import frozen

from policy.diagnostics import Diagnostic, Edit
from policy.lsp.occurrences import Occurrence, Occurrences, index_of
from policy.lsp.snapshot import Snapshot, snapshot
from policy.pipeline import RulesFile, parsed


@frozen
class Conflict:
    """Why a name cannot be given."""

    message: str


def unparsed(snapshot: Snapshot) -> list[str]:
    """The files that do not parse, open or not: which names stand in them is not known."""
    _, found = parsed(snapshot.texts)
    return sorted({d.span.source.name for d in found if d.is_error and d.span is not None})


def renamed(before: Snapshot, index: Occurrences, at: Occurrence, name: str) -> tuple[Edit, ...] | Conflict:
    """The edits that call what stands at a place `name`."""
    old = at.span.text
    if name == old:
        return ()
    edits = tuple(Edit(o.span, name) for o in index.of(at.symbol))
    after = snapshot([RulesFile(t.name, _edited(t, edits)) for t in before.texts])
    worse = _new_errors(before.checked.errors, after.checked.errors)
    if worse:
        return Conflict(f"`{old}` cannot be called `{name}`: {worse[0].message}")
    if _shape(index) != _shape(index_of(after)):
        return Conflict(f"`{old}` cannot be called `{name}`: it means something else where `{old}` is used")
    return edits


def _edited(text: RulesFile, edits: tuple[Edit, ...]) -> bytes:
    spans = sorted((e for e in edits if e.span.source.name == text.name), key=lambda e: -e.span.start)
    if not spans:
        return text.data
    written = spans[0].span.source.text
    for e in spans:
        written = written[: e.span.start] + e.replacement + written[e.span.end :]
    return written.encode()


def _new_errors(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The errors of which there are more than there were."""
    known = Counter(d.code for d in before)
    more = Counter(d.code for d in after) - known
    return [d for d in after if more[d.code]]


def _shape(index: Occurrences) -> list[int]:
    """For each name in the order of the text, the first that means the same, and whether it declares it."""
    first: dict[object, int] = {}
    names = (o for file in sorted(index.by_file) for o in index.by_file[file])
    return [2 * first.setdefault(o.symbol, n) + o.is_definition for n, o in enumerate(names)]

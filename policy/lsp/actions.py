"""What an editor offers about findings: the fixes of those in a stretch, and all fixes of a file at once.

In: the findings of a rulebook. Out: edits with a title each. Absent: the protocol; whether a fix is right, which
`policy.diagnostics` says of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from policy.diagnostics import Diagnostic, Edit, Replacement

_LONGEST = 40  # characters of a removed text that a title shows


@frozen
class Action:
    """A title, the edits, and the findings that they mend."""

    title: str
    edits: tuple[Edit, ...]
    mends: tuple[Diagnostic, ...]


def actions(findings: Iterable[Diagnostic], start: int, end: int) -> Iterator[Action]:
    """The fixes of the findings that touch a stretch of their file."""
    for d in findings:
        if d.fix and d.span is not None and d.span.start <= end and start <= d.span.end:
            yield Action(title(d), d.fix, (d,))


def fix_all(findings: Sequence[Diagnostic]) -> Action | None:
    """All fixes that do not overlap, first come; None where there is none."""
    edits: list[Edit] = []
    mends: list[Diagnostic] = []
    for d in findings:
        if d.fix and not any(_overlap(a, b) for a in d.fix for b in edits):
            edits += d.fix
            mends.append(d)
    return Action("make all fixes of this file", tuple(edits), tuple(mends)) if mends else None


def title(d: Diagnostic) -> str:
    if isinstance(d.help, Replacement):
        return d.help
    edit = d.fix[0]
    if edit.replacement:
        return f"insert `{edit.replacement.strip()}`"
    words = " ".join(edit.span.text.split())
    return f"remove `{words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}`"


def _overlap(a: Edit, b: Edit) -> bool:
    if a.span.source.name != b.span.source.name:
        return False
    return a.span.start <= b.span.end and b.span.start <= a.span.end

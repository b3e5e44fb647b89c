"""A document in the standard shape, as edits of the lines that change.

In: the text of a document. Out: edits; none for a text that does not parse. Absent: the shape itself, which is
`policy.syntax.to_text`.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from policy.diagnostics import Edit
from policy.source import Source, Span
from policy.syntax.from_text import decode, parse
from policy.syntax.to_text import formatted


def formatting(name: str, text: str) -> tuple[Edit, ...]:
    source, wrong = decode(name, text.encode())
    if wrong:
        return ()
    parsed = parse(source)
    return () if parsed.diagnostics else changed_lines(source, formatted(source, parsed.file))


def changed_lines(source: Source, after: str) -> tuple[Edit, ...]:
    """The edits, of whole lines, that make one text of another."""
    old, new = source.text.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return tuple(
        Edit(Span(source, starts[i], starts[j]), "".join(new[k:l]))
        for tag, i, j, k, l in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )

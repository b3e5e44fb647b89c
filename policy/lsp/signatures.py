"""What the call takes that is being written: its arguments with their types, and which of them the cursor is at.

In: the text of a file as it is being typed, an offset, and the last `Snapshot` that could be read. Out: a
`SignatureHelp`, or None outside of a call. Absent: aggregates, which the words of the language explain.
"""

from __future__ import annotations

import re

from attrs import frozen

from policy.lsp.completion import told, visible
from policy.lsp.snapshot import Snapshot
from policy.model import rules, types

_TEXTS = re.compile(r'"(?:[^"\\\n]|\\["\\])*"?|#[^\n]*')
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\Z")


@frozen
class SignatureHelp:
    """A call as it is declared; `arguments` are the places in `label`, `at` the one that is being written."""

    label: str
    arguments: tuple[tuple[int, int], ...]
    at: int
    told: str


def signature_help(snapshot: Snapshot, file: str, text: str, offset: int) -> SignatureHelp | None:
    """The innermost call around an offset."""
    name, at = _call(_TEXTS.sub(lambda m: " " * len(m[0]), text[:offset]))
    asked = (d for d in visible(snapshot, file) if d.name == name and isinstance(d, rules.Asking))
    declared = next((d for d in asked if not isinstance(d, rules.Property)), None)
    if declared is None:
        return None
    label, places = f"{declared.name}(", []
    for n, (argument, of) in enumerate(declared.parameters):
        label += ", " if n else ""
        places.append((len(label), len(label) + len(f"{argument}: {types.describe(of)}")))
        label += f"{argument}: {types.describe(of)}"
    label += ")"
    if isinstance(declared, rules.Value | rules.Table):
        label += f" -> {types.describe(declared.type)}"
    return SignatureHelp(label, tuple(places), min(at, max(len(places) - 1, 0)), told(declared.title))


def _call(before: str) -> tuple[str, int]:
    """The name of the call that is open at the end of a text, and how many arguments stand before the last."""
    depth, commas = 0, 0
    for n in range(len(before) - 1, -1, -1):
        character = before[n]
        if character in ")]}":
            depth += 1
        elif character in "([{" and depth:
            depth -= 1
        elif character == "," and not depth:
            commas += 1
        elif character in "[{":
            commas = 0  # what is written so is one argument of what is around it
        elif character == "(":
            called = _CALLED.search(before, 0, n)
            return (called[1], commas) if called else ("", 0)
    return "", 0

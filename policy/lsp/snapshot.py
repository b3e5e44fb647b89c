"""Rules as they stand at one moment in an editor: their texts, trees and model.

In: the texts of a rulebook, saved or not. Out: a `Snapshot`, also of rules with errors.
Absent: versions of documents, and the protocol; see `workspace` and `server`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from policy.pipeline import Checked, Text, check, parsed
from policy.syntax.tree import File


@frozen(eq=False)
class Snapshot:
    texts: tuple[Text, ...]
    files: Mapping[str, File]  # by name
    checked: Checked


def snapshot(texts: Sequence[Text]) -> Snapshot:
    """The rulebook of these texts."""
    files, _ = parsed(texts)
    return Snapshot(tuple(texts), {f.span.source.name: f for f in files}, check(texts))

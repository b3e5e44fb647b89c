"""Rules as they stand at one moment in an editor: their texts, trees and model, and what each name means.

In: the texts of a rulebook, saved or not. Out: a `Snapshot`, also of rules with errors.
Absent: versions of documents, and the protocol; see `workspace` and `server`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from attrs import frozen

from policy.diagnostics import in_order
from policy.model.from_syntax import model_of
from policy.model.lints import findings
from policy.model.reuse import Memory
from policy.model.uses import Symbol, Uses
from policy.pipeline import Checked, RulesFile, parsed
from policy.source import TABLE, Span
from policy.syntax.tree import File


@frozen(eq=False)
class Snapshot:
    texts: tuple[RulesFile, ...]
    files: Mapping[str, File]  # by name
    checked: Checked
    parts: tuple[Uses, ...]  # of `uses`

    @cached_property
    def uses(self) -> Uses:
        """What each name means."""
        return {span: symbol for part in self.parts for span, symbol in part.items()}

    def uses_in(self, file: str) -> Iterator[tuple[Span, Symbol]]:
        """What each name in a file means, without a look at all the others; a declaration is in one file."""
        for part in self.parts:
            first = next(iter(part), None)
            if first is None:
                continue
            if part is self.parts[-1] or first.source.name == file or first.source.name.endswith(TABLE):
                yield from ((span, symbol) for span, symbol in part.items() if span.source.name == file)


def snapshot(texts: Sequence[RulesFile], memory: Memory | None = None) -> Snapshot:
    """The rulebook of these texts; what `memory` knows of declarations is not worked out again."""
    files, diagnostics = parsed(texts)
    parts: list[Uses] = []
    model, more = model_of(files, parts, memory)
    diagnostics += more
    if not any(d.is_error for d in diagnostics):
        diagnostics += findings(model)
    checked = Checked(tuple(texts), model, tuple(in_order(diagnostics)))
    return Snapshot(tuple(texts), {f.span.source.name: f for f in files}, checked, tuple(parts))

"""What an author would have to look up, shown between the words: steps and types that are not written, last days.

In: a `Snapshot`, a file of it, the day of the question, and how its tests went. Out: `Hint`s in the order of the
text. Absent: what is written there anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from attrs import frozen

from policy.lsp.occurrences import nodes
from policy.lsp.snapshot import Snapshot
from policy.model import rules, types
from policy.model.currencies import MINOR_UNIT
from policy.syntax import tree


@frozen
class Hint:
    """Text behind an offset; `told` says more of it."""

    offset: int
    text: str
    told: str = ""
    is_type: bool = False


def hints(snapshot: Snapshot, file: str, on: date, outcome: Callable[[str], tuple[str, ...] | None]) -> list[Hint]:
    """The hints of a file; `outcome` is what failed in the test of a title, None where it was not run."""
    read = snapshot.files.get(file)
    if read is None:
        return []
    found: list[Hint] = []
    ruleset = next((d.name.text for d in read.declarations if isinstance(d, tree.Ruleset)), "")
    for d in read.declarations:
        found += _steps(d, snapshot.checked.model)
        found += _days(d, on)
        if isinstance(d, tree.Value | tree.Table | tree.Decision | tree.Priority | tree.Property):
            found += _local(d, snapshot.checked.model.declared.get(f"{ruleset}.{d.name.text}"))
        elif isinstance(d, tree.Test) and (failed := outcome(d.title.en)) is not None:
            end = d.span.start + len(d.span.text.split("\n", 1)[0].rstrip())
            found.append(Hint(end, f" ✗ {failed[0]}" if failed else " ✓", "\n".join(failed)))
    return sorted(found, key=lambda hint: hint.offset)


def _steps(d: tree.Declaration, model: rules.Model) -> Iterator[Hint]:
    """The steps of numbers whose types do not name one."""
    for node in nodes(d):
        if isinstance(node, tree.TypeName) and node.step is None:
            if step := _step(node, model):
                yield Hint(node.span.end, f" to {step}", "what it is a multiple of, as no step is written", True)


def _step(written: tree.TypeName, model: rules.Model) -> str:
    scale: int | None = None
    if written.kind in types.DEFAULT_SCALE:
        scale = types.DEFAULT_SCALE[written.kind]
    elif written.kind == "money":
        own = model.currencies.get(written.argument)
        scale = MINOR_UNIT.get(written.argument, own.decimals if own else None)
    return types.describe(types.Number(written.kind, scale)).rpartition(" to ")[2] if scale is not None else ""


def _local(d: tree.Definition, declared: rules.Declaration | None) -> Iterator[Hint]:
    """The types of local names, which are never written."""
    if isinstance(declared, rules.Asking):
        typed = {name.name: name.body.type for name in declared.local}
        for written in getattr(d, "local", ()):
            of = typed.get(written.name.text)
            if of is not None and not isinstance(of, types.Broken):
                yield Hint(written.name.span.end, f": {types.describe(of)}", "", True)


def _days(d: tree.Declaration, on: date) -> Iterator[Hint]:
    """The last day of each period, for `until` names the day after it; and whether it is over or yet to come."""
    for node in nodes(d):
        if not isinstance(node, tree.Period) or not node.span.text or isinstance(d, tree.SourceText):
            continue
        told = []
        if node.end is not None and node.end > date.min:
            told.append(f"last day {node.end - timedelta(1)}")
        if (node.start or date.min) > on:
            told.append(f"not yet in force on {on}")
        elif node.end is not None and node.end <= on:
            told.append(f"no longer in force on {on}")
        if told:
            yield Hint(node.span.end, f" ({', '.join(told)})")

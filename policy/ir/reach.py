"""How far an answer reaches: what it rests on that may no longer hold on its date, or does not hold yet.

In: a program of one date, and what an answer cites. Out: remarks for people. Absent: any bearing on the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policy.answers import BilingualText, Citation
from policy.ir import program as ir
from policy.ir.program import Program
from policy.model import types
from policy.model.values import show


def reach(program: Program, cited: Iterable[Citation]) -> tuple[BilingualText, ...]:
    """A remark for the sources whose reading ends on the program's date or before, one for each day of reading."""
    assert program.on is not None
    return reading_ends(program.readings, (c.source for c in cited), program.on)


def reading_ends(readings: Mapping[str, ir.Reading], sources: Iterable[str], on: int) -> tuple[BilingualText, ...]:
    """The remarks on the sources whose reading ends on that day or before."""
    return tuple(_ended(*item) for item in readings_ended(readings, sources, on))


def readings_ended(
    readings: Mapping[str, ir.Reading], sources: Iterable[str], on: int
) -> list[tuple[ir.Reading, list[str]]]:
    """The readings that end on that day or before, each with the sources so read, the earliest first."""
    ended: dict[ir.Reading, list[str]] = {}
    for source in sorted(set(sources)):
        reading = readings.get(source)
        if reading is not None and reading.holds_until <= on:
            ended.setdefault(reading, []).append(source)
    return sorted(ended.items(), key=lambda i: (i[0].holds_until, i[0].on))


def citable(program: Program, id: str) -> Iterator[Citation]:
    """All that an answer to a question could cite on the program's date."""
    for name in program.calls_first(id):
        function = program.functions[name]
        yield from (c for _, c in function.citations)
        yield from (c for rule in function.rules for c in rule.citations)
        for e in ir.walk(function.body):
            if isinstance(e, ir.Choose):
                yield from (c for case in e.cases for c in case.citations)


def _ended(reading: ir.Reading, sources: list[str]) -> BilingualText:
    end, on, named = show(reading.holds_until, types.DATE), show(reading.on, types.DATE), ", ".join(sources)
    named_zh = "、".join(sources)
    return BilingualText(
        f"the reading of {named} ends {end} (read {on}): later changes may be missing",
        f"{named_zh}於{on}閱讀，所讀內容只確知適用至{end}前；其後如有修訂，未必反映在此",
    )


def uncited(program: Program, pieces: Iterable[tuple[str, ir.Rule | ir.Case]]) -> tuple[BilingualText, ...]:
    """A remark for each rule, row or version of something that cites nothing in force on the program's date."""
    assert program.on is not None
    on = show(program.on, types.DATE)
    found = []
    for of, piece in pieces:
        periods = ", ".join(f"{c.provision} {_period(c)}" for c in piece.not_in_force)
        named = ", ".join(c.provision for c in piece.not_in_force)
        found.append(
            BilingualText(
                f"`{of}: {piece.label}` cites nothing in force on {on}: {periods}",
                f"「{of}: {piece.label}」在{on}並無引用任何有效條文（{named}當日無效）",
            )
        )
    return tuple(dict.fromkeys(found))


def _period(citation: Citation) -> str:
    start = f"from {show(citation.start, types.DATE)}" if citation.start is not None else ""
    end = f"until {show(citation.end, types.DATE)}" if citation.end is not None else ""
    return f"is in force {start} {end}".replace("  ", " ").strip()

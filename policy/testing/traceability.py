"""From every provision to the rules that stand on it and the tests that made them speak.

In: a model, the results of its tests, and the coverage they add up to. Out: a row a provision. Whether a provision
is tested is taken from the coverage, so that this and `policy test --coverage` can never differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from policy.answers import BilingualText
from policy.ir.from_model import location_of
from policy.ir.program import Location
from policy.model import rules
from policy.model.lints.citations import cited_pieces
from policy.testing.coverage import Summary
from policy.testing.run import Result

STATES = ("untested", "failing", "excused", "tested", "not in force")  # the first are what an assessor looks at first


@frozen
class CitedPiece:
    """A piece of the rules that stands on a provision; `tests` made it speak, and `can_speak` tells if any could."""

    what: str
    declared: str
    place: Location
    can_speak: bool
    tests: tuple[Result, ...]

    @property
    def failed(self) -> bool:
        return not all(r.passed for r in self.tests)


@frozen
class Traced:
    """One provision, and everything that stands on it."""

    provision: str
    state: str
    pieces: tuple[CitedPiece, ...]
    excused: BilingualText | None


def traced(model: rules.Model, results: Sequence[Result], summary: Summary, on: int) -> tuple[Traced, ...]:
    """A row for every provision, in the order of the rules; what is not in force on the day need not be tested."""
    speaking: dict[Location, list[Result]] = {}
    for result in results:
        for place in result.coverage.places:
            speaking.setdefault(place, []).append(result)
    coverable = {p.place for p in summary.pieces}
    standing: dict[str, list[CitedPiece]] = {}
    for declared in (*model.declared.values(), *model.amendments):
        for what, span, citations in cited_pieces(declared):
            place = location_of(span)
            spoke = speaking.get(place, [])
            name = declared.target if isinstance(declared, rules.Amendment) else declared.id
            piece = CitedPiece(
                what,
                name,
                place,
                place in coverable,
                tuple(spoke),
            )
            for citation in citations:
                standing.setdefault(citation.provision, []).append(piece)
    untested, excused = set(summary.untested), dict(summary.excused)
    return tuple(
        Traced(
            name,
            _state(name, standing.get(name, []), untested, excused, model.provisions[name].citation.in_force(on)),
            tuple(standing.get(name, ())),
            model.provisions[name].excused,
        )
        for name in summary.provisions
    )


def _state(
    name: str, pieces: list[CitedPiece], untested: set[str], excused: dict[str, str], is_in_force: bool
) -> str:
    if name in untested:
        return "untested" if is_in_force else "not in force"
    if any(p.failed for p in pieces):
        return "failing"
    return "excused" if name in excused else "tested"

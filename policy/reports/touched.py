"""What an edit of rules touches as written: declarations, the provisions they stand on, tests.

In: two models. Out: names, in order. Absent: what answers differ, which is proved (`policy.verify`); an edit of
comments, layout or order touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
from attrs import frozen

from policy.answers import Citation
from policy.model import rules
from policy.model.lints.citations import cited_pieces, dated_pieces


@frozen
class Touched:
    """`declared` are declarations that were added, removed or written otherwise; `provisions` those that their
    differing rules, rows and versions cite, and those that are themselves stated otherwise. Tests are named
    `ruleset: title`; `asking` are the tests that stayed and ask something that answers differently."""

    declared: tuple[str, ...]
    provisions: tuple[str, ...]
    tests_added: tuple[str, ...]
    tests_removed: tuple[str, ...]
    tests_changed: tuple[str, ...]
    asking: tuple[str, ...]


def touched(before: rules.Model, after: rules.Model, differing: frozenset[str]) -> Touched:
    """What differs between two models as written; `differing` are the questions whose answers do."""
    names = [*before.declared, *(id for id in after.declared if id not in before.declared)]
    written = [id for id in names if _differ(before.declared.get(id), after.declared.get(id))]
    provisions = {
        name
        for name in before.provisions.keys() | after.provisions.keys()
        if before.provisions.get(name) != after.provisions.get(name)
    }
    for id in written:
        provisions |= _stands_on(before.declared.get(id), after.declared.get(id))
    old, new = _tests(before), _tests(after)
    return Touched(
        tuple(written),
        tuple(sorted(provisions)),
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(name for name, test in new.items() if name in old and old[name] != test),
        tuple(
            name
            for name, test in new.items()
            if old.get(name) == test and any(e.question in differing for e in test.expectations)
        ),
    )


def _stands_on(before: rules.Declared | None, after: rules.Declared | None) -> set[str]:
    """What the differing pieces of a declaration cite; where only its head differs, what all of it cites."""
    old, new = list(_pieces(before)), list(_pieces(after))
    differing = [piece for piece in old if _is_new(piece, new)] + [piece for piece in new if _is_new(piece, old)]
    if differing:
        return {c.provision for piece in differing for c in piece.citations}
    sides = [d for d in (before, after) if isinstance(d, rules.Declaration)]
    return {c.provision for d in sides for _, _, cited in cited_pieces(d) for c in cited}


def _is_new(piece: rules.Dated, others: list[rules.Dated]) -> bool:
    return all(_differ(piece, other) for other in others)


def _differ(a: object, b: object) -> bool:
    """Whether two things are written otherwise: what is stated of a provision is not written where it is cited."""
    return a != b and _as_written(a) != _as_written(b)


def _as_written(value: object) -> object:
    if isinstance(value, Citation):
        return value.provision
    kind = type(value)
    if attrs.has(kind):
        return kind, *(_as_written(getattr(value, a.name)) for a in attrs.fields(kind) if a.eq)
    if isinstance(value, tuple | list):
        return tuple(map(_as_written, value))
    if isinstance(value, Mapping):
        return {key: _as_written(part) for key, part in value.items()}
    return value


def _pieces(declared: rules.Declared | None) -> Iterator[rules.Dated]:
    if isinstance(declared, rules.Declaration):
        yield from (piece for _, piece in dated_pieces(declared))


def _tests(model: rules.Model) -> dict[str, rules.Test]:
    """The tests by ruleset and title; one that has the title of another is numbered."""
    found: dict[str, rules.Test] = {}
    for test in model.tests:
        name, n = f"{test.ruleset}: {test.title.en}", 1
        while name in found:
            n += 1
            name = f"{test.ruleset}: {test.title.en} ({n})"
        found[name] = test
    return found

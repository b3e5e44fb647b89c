"""Tests that are not read again: nothing was found in them, and neither their text nor what names mean has changed.

In: the tests of a rulebook when it was last checked, and what its names mean now. Out: which declarations to pass
over, and of each such test what lints look at. Absent: its facts and expected answers, so a model with such tests is
good for findings alone. Of other declarations it is known as long that all their branches can be reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from attrs import evolve, field, frozen

from policy.answers import BilingualText
from policy.diagnostics import Diagnostic
from policy.model import rules
from policy.model.lints.branches import unreachable
from policy.remembered import remember
from policy.source import Source, Span
from policy.syntax.from_text import Parsed
from policy.vocabulary import ExpectationKind

NOTHING_FOUND: tuple[Diagnostic, ...] = ()
Meanings = dict[str, Mapping[Any, object]]  # what names mean, by their kinds


@frozen
class Outline:
    """What lints look at of a test: its head, and which questions it asks."""

    title: BilingualText
    ruleset: str
    on: int | None
    asked: tuple[tuple[str, ExpectationKind], ...]
    length: int

    @classmethod
    def of(cls, test: rules.Test) -> Self:
        asked = dict.fromkeys((e.question, e.kind) for e in test.expectations)
        return cls(test.title, test.ruleset, test.on, tuple(asked), test.span.end - test.span.start)

    def at(self, source: Source, start: int) -> rules.Test:
        asked = (
            rules.Expectation(question=question, arguments=(), kind=kind, value=None, names=None)
            for question, kind in self.asked
        )
        span = Span(source, start, start + self.length)
        return rules.Test(title=self.title, ruleset=self.ruleset, on=self.on, expectations=tuple(asked), span=span)


@frozen
class Clean:
    """Tests in which nothing was found, by file and digest, and the digest of what names meant then.

    `reached` are the digests of declarations all of which can be reached; it is not compared, for one that is not
    known is looked through sooner than all are stored.
    """

    meaning: str = ""
    tests: Mapping[str, Mapping[bytes, Outline]] = field(factory=dict)
    reached: frozenset[bytes] = field(default=frozenset(), eq=False)


class Unchanged:
    """The tests of a rulebook that are passed over while it is read, and those to pass over the next time."""

    def __init__(self, before: object) -> None:
        self.before = before if isinstance(before, Clean) else Clean()
        self.now = self.before
        self.passed: list[rules.Test] = []
        self.digests: dict[str, Mapping[int, bytes]] = {}

    def known(self, file: str) -> Mapping[bytes, Outline]:
        """The tests of a file that need not be read."""
        return self.before.tests.get(file, {})

    def note(self, read: Parsed) -> None:
        """Takes from what is known the tests that were left out of a file."""
        file = read.source.name
        self.digests[file] = read.digests
        self.passed += [self.known(file)[read.digests[start]].at(read.source, start) for start in read.left_out]

    def completed(self, model: rules.Model, names: Meanings, clean: bool) -> rules.Model | None:
        """The model with the tests that were passed over, all in the order of declaration.

        None where names mean something else: then all must be read, and nothing is known any more.
        """
        meaning = meaning_of(model, names)
        if self.passed and meaning != self.before.meaning:
            self.before, self.passed = Clean(), []
            return None
        order = {ruleset: n for n, ruleset in enumerate(model.rulesets)}
        tests = sorted((*model.tests, *self.passed), key=lambda t: (order[t.ruleset], t.span.start))
        if clean:
            known = self.before.reached if meaning == self.before.meaning else frozenset()
            self.now = Clean(meaning, self._outlines(tests), self._reached(model, known))
        return evolve(model, tests=tuple(tests))

    def _reached(self, model: rules.Model, known: frozenset[bytes]) -> frozenset[bytes]:
        """The declarations in which everything can be reached, looked through where that is not known."""
        reached = set()
        for declared in model.declared.values():
            digest = self.digests[declared.span.source.name].get(declared.span.start)
            if digest is None or isinstance(declared, rules.Table):  # whose rows may be in another file
                continue
            if digest in known:
                remember(unreachable, declared, NOTHING_FOUND)
            if not unreachable(declared):
                reached.add(digest)
        return frozenset(reached)

    def _outlines(self, tests: Iterable[rules.Test]) -> dict[str, dict[bytes, Outline]]:
        outlines: dict[str, dict[bytes, Outline]] = {}
        for test in tests:
            file = test.span.source.name
            digest = self.digests[file].get(test.span.start)
            if digest is not None:
                outlines.setdefault(file, {})[digest] = Outline.of(test)
        return outlines


def meaning_of(model: rules.Model, names: Meanings) -> str:
    """The digest of all that a test can look up: two rulebooks with the same read the same test alike."""
    return hashlib.sha256("\n".join(_looked_up(model, names)).encode()).hexdigest()


def _looked_up(model: rules.Model, names: Meanings) -> Iterator[str]:
    for ruleset in model.rulesets.values():
        yield f"{ruleset.name} {ruleset.span.source.name}"
    for amendment in model.amendments:
        yield f"{amendment.ruleset} {amendment.target} {[rule.name for rule in amendment.rules]}"
    for kind, of_kind in names.items():
        yield kind
        if kind == "provision":  # a test may cite it, whatever it says
            yield repr(list(of_kind))
        else:
            yield repr(of_kind)

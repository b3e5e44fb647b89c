"""What the declarations of a ruleset are read against: its names, its texts, its dates. Part of `from_syntax`."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from attrs import frozen

from policy.answers import Citation
from policy.diagnostics import Collector, which_provision
from policy.model import rules
from policy.model.checker import TypeChecker
from policy.model.index import Index, RulesetSource
from policy.model.names import Scope
from policy.model.reuse import ANYTHING
from policy.model.types import Type
from policy.source import Span
from policy.syntax import tree


class Dates(TypedDict):
    """What every dated thing has."""

    start: int | None
    end: int | None
    citations: tuple[Citation, ...]
    span: Span


@frozen(eq=False)
class Context:
    """One ruleset of a rulebook; `citations` are those of all its provisions, by name."""

    unit: RulesetSource
    scope: Scope
    index: Index
    citations: dict[str, Citation]

    @property
    def found(self) -> Collector:
        return self.scope.found

    def checker(self, variables: rules.Parameters = ()) -> TypeChecker:
        return TypeChecker(self.scope, dict(variables), self.found)

    def cited(self, citations: tree.Citations) -> tuple[Citation, ...]:
        result = []
        for name in citations.names:
            if name.text in self.citations:
                self.scope.note(name.span, "provision", name.text)
                result.append(self.citations[name.text])
                continue
            self.scope.lookups.add(ANYTHING)
            if name.text not in self.index.provisions and not self.index.suppressed(name.text):
                self.found.error(
                    "unknown-provision",
                    f"there is no provision `{name.text}`",
                    name.span,
                    which_provision(name.text, self.index.provisions)
                    or f'declare it, as `provision {name.text} "…"`',
                )
        return tuple(result)

    def dated(self, span: Span, period: tree.Period | None, per: tree.Citations) -> Dates:
        start, end = days_of(period, self.found)
        return {"start": start, "end": end, "citations": self.cited(per), "span": span}

    def versions(
        self, written: tuple[tree.Version, ...], checker: TypeChecker, of: Type
    ) -> tuple[rules.Version, ...]:
        return tuple(
            rules.Version(body=checker.typed(v.body, of), **self.dated(v.span, v.period, v.per))
            for v in self._compared(written)
        )

    def _compared(self, written: tuple[tree.Version, ...]) -> tuple[tree.Version, ...]:
        """`a = b`, written for `a is b`, reads as two versions; it is reported and read as was meant."""
        if len(written) != 2 or any(v.period for v in written) or written[0].per.names:
            return written
        first, second = written
        sign = Span(second.span.source, second.span.start, second.span.start + 1)
        self.found.error("unexpected-word", "`=` begins a second version here", sign, "write `is` to compare")
        body = tree.Binary("is", first.body, second.body, span=first.body.span)
        return (tree.Version(None, body, second.per, span=first.span),)


def days_of(period: tree.Period | None, found: Collector) -> tuple[int | None, int | None]:
    """The first day of a period, and the first after it."""
    start = ordinal(period.start) if period else None
    end = ordinal(period.end) if period else None
    if start is not None and end is not None and start >= end:
        assert period is not None
        found.error(
            "empty-period",
            "the period ends before it begins",
            period.span,
            "`until` names the first day no longer in force",
        )
    return start, end


def ordinal(day: date | None) -> int | None:
    return day.toordinal() if day else None

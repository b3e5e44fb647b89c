"""A decision as one sentence with lettered exceptions.

In: a decision and the phrases of a language. Out: a clause for each rule and one for the `otherwise`, as they stand
in the list and, for a rule, alone. Absent: citations of statements, which are added by `sentences`.

The only permission is the sentence (`from 1 June 2023 it may, unless …`); several are grounds, marked (i), (ii);
denials are exceptions, marked (a), (b). What remains is said once, at the end or by "only".
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from policy.model import expressions as x, rules
from policy.reports.plain.clauses import Clause, letter, roman
from policy.reports.plain.frames import Frame
from policy.reports.plain.names import in_full
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.points import points_of

_ONE = 1
_MANY = 3  # alternatives within a condition that are told one by one


@frozen
class ToldDecision:
    """The rules of a decision in the order in which they are told: grounds, then exceptions."""

    decision: rules.Decision

    @property
    def permissions(self) -> tuple[rules.Rule, ...]:
        return tuple(r for r in self.decision.rules if r.effect == "permit")

    @property
    def denials(self) -> tuple[rules.Rule, ...]:
        return tuple(r for r in self.decision.rules if r.effect == "deny")

    @property
    def sentence(self) -> rules.Rule | None:
        """The permission that carries the sentence, where there is one only and nothing else permits."""
        alone = self.decision.otherwise == "deny" and len(self.permissions) == _ONE
        return self.permissions[0] if alone else None

    @property
    def has_grounds(self) -> bool:
        return self.decision.otherwise == "deny" and len(self.permissions) > _ONE

    @property
    def said_once(self) -> tuple[int | None, int | None] | None:
        """The period that is told in the sentence and not again with its exceptions: its own, or that of them all."""
        if self.sentence is not None:
            return self.sentence.start, self.sentence.end
        periods = {(r.start, r.end) for r in self.denials}
        return periods.pop() if len(periods) == 1 else None

    @property
    def order(self) -> tuple[rules.Rule | None, ...]:
        """Rules as they are told; None is the `otherwise`."""
        if self.sentence is not None:
            return (self.sentence, *self.denials, None)
        if self.decision.otherwise == "permit":
            return (None, *self.denials, *self.permissions)
        return (None, *self.permissions, *self.denials)


@frozen
class Teller:
    """Tells one decision in one language."""

    shape: ToldDecision
    phrasing: Phrasing
    frame: Frame

    def verdict(self, yes: bool) -> str:
        d = self.shape.decision
        own = {name: self.phrasing.local(name, of) for name, of in d.parameters}
        said = self.phrasing.spoken(in_full(d.title, d.name), d.phrases, yes) if d.phrases.says.en else ""
        return self.phrasing.filled(said, own) or self.frame.answer(self.phrasing.pick(in_full(d.title, d.name)), yes)

    def where(self, r: rules.Rule) -> str:
        """When a rule applies, in one line; nothing where it always does."""
        *first, last = points_of(r.when, "and") or (None,)
        if first and not r.unless and isinstance(last, x.Chain) and last.operator == "or":
            points = self.phrasing.each(last.operands, True, False, True)
            if len(points) >= _MANY:
                return self.frame.and_any(self.phrasing.together([f for f in first if f is not None]), points)
        said = self.phrasing.condition(r.when[0]) if len(r.when) == _ONE else self.phrasing.together(r.when)
        if not r.unless:
            return said
        return self.frame.except_where(said, [self.phrasing.condition(u) for u in r.unless])

    def alone(self, r: rules.Rule) -> Clause:
        """The rule as a sentence of its own."""
        period = self.frame.period(r.start, r.end)
        return self.frame.case(period, self.verdict(r.effect == "permit"), self.where(r))

    def listed(self, r: rules.Rule) -> Clause:
        """The rule in its place in the whole."""
        shape = self.shape
        if r is shape.sentence:
            period = self.frame.period(r.start, r.end)
            return self.frame.permission(period, self.verdict(True), self.where(r), len(shape.denials), "")
        if r.effect == "permit":
            return self._item(r, shape.permissions, roman) if shape.has_grounds else self.alone(r)
        if shape.decision.otherwise == "deny" and not shape.permissions:
            return self.alone(r)
        return self._item(r, shape.denials, letter)

    def _item(self, r: rules.Rule, among: tuple[rules.Rule, ...], mark: Callable[[int], str]) -> Clause:
        n = among.index(r) + 1
        end = "" if n == len(among) else "or" if n == len(among) - 1 else ";"
        told = r.effect == "deny" and (r.start, r.end) == self.shape.said_once
        where = self.where(r)
        period = "" if told or not where else self.frame.period(r.start, r.end)
        dates = (None, None) if told else (r.start, r.end)
        return self.frame.item(mark(n), period, where or self.frame.decided(*dates), end)

    def remaining(self) -> Clause:
        """What holds where no rule applies, as a sentence of its own."""
        d = self.shape.decision
        said = self.verdict(d.otherwise == "permit")
        return self.frame.otherwise(said, None) if d.rules else self.frame.settled("", said)

    def otherwise(self) -> Clause:
        """What holds where no rule applies, in its place: the sentence itself, or what remains."""
        d, shape = self.shape.decision, self.shape
        since = self.frame.period(*shape.said_once) if shape.said_once is not None else ""
        if d.otherwise == "permit":
            return self.frame.permission("", self.verdict(True), "", len(shape.denials), since)
        if shape.has_grounds:
            grounds = [roman(n) for n in range(1, len(shape.permissions) + 1)]
            exceptions = [letter(n) for n in range(1, len(shape.denials) + 1)]
            return self.frame.grounds(self.verdict(True), self.verdict(False), grounds, exceptions, since)
        only = shape.sentence
        if only is None:
            return self.frame.settled("", self.verdict(False))
        before = only.start if not only.when and not only.unless and only.end is None else None
        return self.frame.otherwise(self.verdict(False), before)

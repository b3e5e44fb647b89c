"""A decision as one sentence with lettered exceptions.

In: a decision and the phrases of a language. Out: a clause for each rule and one for the `otherwise`, as they stand
in the list and, for a rule, alone. Absent: citations of statements, which are added by `sentences`.

The only permission is the sentence (`from 1 June 2023 it may, unless …`); several are grounds, marked (i), (ii);
denials are exceptions, marked (a), (b). What remains is said once, at the end or by "only". Three rules and more
of one period that begin with the same condition stand together under it, and do not repeat it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, field, frozen

from policy.model import expressions as x, rules
from policy.model.expressions import Expression
from policy.reports.plain.clauses import Clause, letter, roman
from policy.reports.plain.frames import Frame, Period
from policy.reports.plain.names import in_full
from policy.reports.plain.phrasing import Phrasing
from policy.reports.plain.points import points_of
from policy.vocabulary import Effect

Group = tuple[rules.Rule, ...]  # told together under what they have in common

_ONE = 1
_MANY = 3  # alternatives within a condition that are told one by one; rules that make a group


@frozen
class ToldDecision:
    """The rules of a decision in the order in which they are told: grounds, then exceptions."""

    decision: rules.Decision
    _groups: tuple[Group, ...] = field(init=False)
    permissions: tuple[rules.Rule, ...] = field(init=False)
    denials: tuple[rules.Rule, ...] = field(init=False)

    @_groups.default
    def _found(self) -> tuple[Group, ...]:
        return _grouped([r for r in self.decision.rules if not self.house(r)])

    @permissions.default
    def _permitting(self) -> tuple[rules.Rule, ...]:
        return self._together("permit")

    @denials.default
    def _denying(self) -> tuple[rules.Rule, ...]:
        return self._together("deny")

    def _together(self, effect: Effect) -> tuple[rules.Rule, ...]:
        """Rules of no group, then those of each, then what an overlay lays over them."""
        among = [r for r in self.decision.rules if r.effect == effect]
        grouped = [r for group in self._groups if group[0].effect == effect for r in group]
        alone = [r for r in among if not self.house(r) and r not in grouped]
        return *alone, *grouped, *(r for r in among if self.house(r))

    def house(self, r: rules.Rule) -> bool:
        """Whether a rule is laid over the law."""
        return r.span.source is not self.decision.span.source

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
    def given_once(self) -> Period:
        """The period of all grounds, which is told in the sentence and with none of them."""
        periods = {(r.start, r.end) for r in self.permissions} if self.has_grounds else set()
        return periods.pop() if len(periods) == 1 else (None, None)

    def group(self, r: rules.Rule) -> Group:
        """The rules that are told together under the first condition of this one; nothing where there are too few."""
        if self.sentence is None and not self.has_grounds and self.decision.otherwise == "deny":
            return ()
        return next((group for group in self._groups if r in group), ())

    def after_groups(self, r: rules.Rule) -> bool:
        """Whether a rule stands behind a group and is not of one."""
        beside = self.permissions if r.effect == "permit" else self.denials
        return not self.group(r) and any(self.group(o) for o in beside[: beside.index(r)])

    @property
    def order(self) -> tuple[rules.Rule | None, ...]:
        """Rules as they are told; None is the `otherwise`."""
        if self.sentence is not None:
            return (self.sentence, *self.denials, None)
        if self.decision.otherwise == "permit":
            return (None, *self.denials, *self.permissions)
        return (None, *self.permissions, *self.denials)


def _grouped(among: Sequence[rules.Rule]) -> tuple[Group, ...]:
    """The rules of one effect and period that begin with the same condition, where they are many."""
    found: list[tuple[object, list[rules.Rule]]] = []
    for r in among:
        if (shared := _shared(r)) is not None:
            key = r.effect, r.start, r.end, shared
            alike = next((alike for known, alike in found if known == key), None)
            if alike is None:
                found.append((key, [r]))
            else:
                alike.append(r)
    return tuple(tuple(alike) for _, alike in found if len(alike) >= _MANY)


def _shared(r: rules.Rule) -> Expression | None:
    """The condition with which a rule begins, where others follow."""
    conditions = points_of(r.when, "and")
    return conditions[0] if len(conditions) > _ONE else None


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
        conditions = points_of(r.when, "and")
        if (
            len(conditions) > _ONE
            and not r.unless
            and isinstance(last := conditions[-1], x.Chain)
            and last.operator == "or"
        ):
            points = self.phrasing.each(last.operands, True, False, True)
            if len(points) >= _MANY:
                return self.phrasing.joined(
                    True, [*self.phrasing.each(conditions[:-1], True, True), self.frame.any_of(points)]
                )
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

    def under(self, r: rules.Rule) -> str:
        """What the rules of a group have in common: the heading under which they stand."""
        shared = _shared(r) if self.shape.group(r) else None
        if shared is None:
            return self.frame.besides if self.shape.after_groups(r) else ""
        period = "" if self._told(r) else self.frame.period(r.start, r.end)
        return self.frame.group(period, self.phrasing.condition(shared))

    def _told(self, r: rules.Rule) -> bool:
        """Whether the period of an item is told in the sentence that leads to it."""
        own = r.start, r.end
        return own == self.shape.given_once or (r.effect == "deny" and own == self.shape.said_once)

    def _item(self, r: rules.Rule, among: tuple[rules.Rule, ...], mark: Callable[[int], str]) -> Clause:
        n = among.index(r) + 1
        end = "" if n == len(among) else "or" if n == len(among) - 1 else ";"
        group = self.shape.group(r)
        told = self._told(r) or bool(group)
        where = self.where(evolve(r, when=points_of(r.when, "and")[1:]) if group else r)
        period = "" if told or not where else self.frame.period(r.start, r.end)
        dates = (None, None) if told else (r.start, r.end)
        alone = len(among) == _ONE and not self.shape.has_grounds
        return self.frame.item("" if alone else mark(n), period, where or self.frame.decided(*dates), end)

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
            given = shape.given_once
            since = "" if given == shape.said_once else since
            return self.frame.grounds((self.verdict(True), self.verdict(False)), grounds, given, exceptions, since)
        only = shape.sentence
        if only is None:
            return self.frame.settled("", self.verdict(False))
        before = only.start if not only.when and not only.unless and only.end is None else None
        return self.frame.otherwise(self.verdict(False), before)

"""The frames that sentences of rules are set in: dates, decisions, tables, orders of priority; and those of English.

In: phrases and dates. Out: pieces of sentences. Absent: expressions; those are said by `phrasing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from policy.reports.plain.amounts import long_day
from policy.reports.plain.clauses import Clause
from policy.reports.plain.english import said_list

Period = tuple[int | None, int | None]  # from a day and before another


class Frame(ABC):
    """What a language puts around phrases."""

    besides: str

    @abstractmethod
    def period(self, start: int | None, end: int | None) -> str: ...

    @abstractmethod
    def decided(self, start: int | None, end: int | None) -> str: ...

    @abstractmethod
    def group(self, period: str, where: str) -> str: ...

    @abstractmethod
    def numbered(self, points: list[str]) -> str: ...

    @abstractmethod
    def any_of(self, points: list[str]) -> str: ...

    @abstractmethod
    def holds_where(self, period: str, yes: str, no: str, conditions: list[str], every: bool) -> Clause: ...

    @abstractmethod
    def settled(self, period: str, said: str) -> Clause: ...

    @abstractmethod
    def permission(self, period: str, yes: str, where: str, exceptions: int, since: str) -> Clause: ...

    @abstractmethod
    def grounds(
        self, verdicts: tuple[str, str], grounds: Sequence[str], given: Period, exceptions: Sequence[str], since: str
    ) -> Clause: ...

    @abstractmethod
    def otherwise(self, said: str, before: int | None) -> Clause: ...

    @abstractmethod
    def case(self, period: str, said: str, where: str) -> Clause: ...

    @abstractmethod
    def item(self, mark: str, period: str, where: str, end: str) -> Clause: ...

    @abstractmethod
    def except_where(self, where: str, unless: list[str]) -> str: ...

    @abstractmethod
    def answer(self, title: str, yes: bool) -> str: ...

    @abstractmethod
    def is_worth(self, period: str, title: str, cases: list[tuple[str, str]], last: str) -> Clause: ...

    @abstractmethod
    def computed(
        self, period: str, title: str, cases: list[tuple[str, str]], last: str, legend: list[tuple[str, str]]
    ) -> Clause: ...

    @abstractmethod
    def unsettled(self, yes: str, title: str, why: str) -> Clause: ...

    @abstractmethod
    def unknown(self, title: str, why: str) -> Clause: ...

    @abstractmethod
    def worth(self, title: str, term: str) -> str: ...

    @abstractmethod
    def row(self, period: str, conditions: list[str], said: str) -> Clause: ...

    @abstractmethod
    def cell(self, kind: str, items: str) -> str: ...

    @abstractmethod
    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause: ...

    @abstractmethod
    def always(self, where: str, always: list[str]) -> Clause: ...

    @abstractmethod
    def precedes(self, first: str, second: str, by: str) -> str: ...

    @abstractmethod
    def members(self, period: str, title: str, items: list[str]) -> Clause: ...

    @abstractmethod
    def business_days(self, period: str, title: str, rest: Sequence[int], holidays: list[str]) -> Clause: ...


_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def numbers(points: list[str]) -> list[str]:
    return [f"({n}) {p}" for n, p in enumerate(points, 1)]


def _inside(period: str) -> str:
    return period[:1].lower() + period[1:]


class EnglishFrame(Frame):
    """English."""

    besides = "In addition:"

    def period(self, start: int | None, end: int | None) -> str:
        parts = [f"from {long_day(start)}"] if start is not None else []
        parts += [f"before {long_day(end)}"] if end is not None else []
        return _sentence(" and ".join(parts)) + ", " if parts else ""

    def decided(self, start: int | None, end: int | None) -> str:
        parts = [f"on or after {long_day(start)}"] if start is not None else []
        parts += [f"before {long_day(end)}"] if end is not None else []
        return f"the decision is made {' and '.join(parts)}" if parts else "in any case"

    def numbered(self, points: list[str]) -> str:
        *first, last = numbers(points)
        return f"{'; '.join(first)}; and {last}"

    def any_of(self, points: list[str]) -> str:
        *first, last = numbers(points)
        return f"any of the following applies: {'; '.join(first)}; or {last}"

    def group(self, period: str, where: str) -> str:
        return _sentence(f"{_inside(period)}where {where}:")

    def _begun(self, period: str, said: str) -> str:
        return _sentence(period + said)

    def holds_where(self, period: str, yes: str, no: str, conditions: list[str], every: bool) -> Clause:
        lead = f"{self._begun(period, yes)} if, and only if,"
        if len(conditions) == 1:
            return Clause(f"{lead} {conditions[0]}.")
        joint = "all of the following apply" if every else "any of the following applies"
        last = " and" if every else " or"
        points = [*(f"{c};" for c in conditions[:-2]), f"{conditions[-2]};{last}", f"{conditions[-1]}."]
        return Clause(f"{lead} {joint}:", tuple(points))

    def settled(self, period: str, said: str) -> Clause:
        return Clause(self._begun(period, said) + ".")

    def permission(self, period: str, yes: str, where: str, exceptions: int, since: str) -> Clause:
        given = f" where {where}" if where else ""
        if not exceptions:
            return Clause(f"{self._begun(period, yes)}{given}.")
        comma = "," if where else ""
        which = "the following" if exceptions == 1 else "any of the following"
        when = f", {_inside(since)}" if since else " "
        return Clause(f"{self._begun(period, yes)}{given}{comma} unless{when}{which} applies:")

    def grounds(
        self, verdicts: tuple[str, str], grounds: Sequence[str], given: Period, exceptions: Sequence[str], since: str
    ) -> Clause:
        which = (
            f"({grounds[0]}) or ({grounds[1]})" if len(grounds) == 2 else f"one of ({grounds[0]}) to ({grounds[-1]})"
        )
        none = ["", "({}) does not apply", "neither ({}) nor ({}) applies", "none of ({}) to ({}) applies"]
        unless = none[min(len(exceptions), 3)].format(*exceptions[:1], *exceptions[1:][-1:])
        joint = f" and{f', {_inside(since)}' if since else ' '}{unless}" if unless else ""
        return Clause(
            f"{_sentence(verdicts[0])} if, and only if, {_inside(self.period(*given))}{which} applies{joint}:"
        )

    def otherwise(self, said: str, before: int | None) -> Clause:
        when = "in any other case" if before is None else f"before {long_day(before)}"
        return Clause(f"{_sentence(when)}, {said}.")

    def case(self, period: str, said: str, where: str) -> Clause:
        return Clause(self._begun(period, said) + (f" where {where}" if where else "") + ".")

    def item(self, mark: str, period: str, where: str, end: str) -> Clause:
        when = _inside(period)
        ending = {"": ".", "or": "; or", ";": ";"}[end]
        return Clause(f"{f'({mark}) ' if mark else ''}{when}{where}{ending}")

    def except_where(self, where: str, unless: list[str]) -> str:
        return f"{where}{', ' if where else ''}except where {', or where '.join(unless)}"

    def answer(self, title: str, yes: bool) -> str:
        return f"the answer to “{title}” is {'yes' if yes else 'no'}"

    def is_worth(self, period: str, title: str, cases: list[tuple[str, str]], last: str) -> Clause:
        head = self._begun(period, title) + " is"
        if not cases:
            return Clause(f"{head} {last}.")
        points = [*(f"where {where}, {term};" for where, term in cases), f"in any other case, {last}."]
        return Clause(f"{head}:", tuple(points))

    def computed(
        self, period: str, title: str, cases: list[tuple[str, str]], last: str, legend: list[tuple[str, str]]
    ) -> Clause:
        head = f"{self._begun(period, title)} is computed as follows:"
        known = said_list([f"{number} is {what}" for number, what in legend], "and")
        tail = f"In this formula, {known}." if known else ""
        if not cases:
            return Clause(f"{head} {last}.", (), tail)
        points = [*(f"where {where}: {term};" for where, term in cases), f"in any other case: {last}."]
        return Clause(head, tuple(points), tail)

    def unsettled(self, yes: str, title: str, why: str) -> Clause:
        return Clause(f"The rules do not settle {f'whether {yes}' if yes else f'“{title}”'}. {why}")

    def unknown(self, title: str, why: str) -> Clause:
        return Clause(f"The rules fix no figure for {title}. {why}")

    def worth(self, title: str, term: str) -> str:
        return f"{title} is {term}"

    def row(self, period: str, conditions: list[str], said: str) -> Clause:
        where = f"where {said_list(conditions, 'and')}, " if conditions else ""
        return Clause(_sentence(f"{period}{where}{said}."))

    def cell(self, kind: str, items: str) -> str:
        return {"any": "any", "other": "any other", "in": f"one of {items}", "not in": f"none of {items}"}[kind]

    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause:
        if kind == "ranked":
            return Clause(_sentence(f"{period}by {by}: {', then '.join(ranks)}."))
        if kind == "best":
            return Clause(
                _sentence(f"{period}{by}, by {side}: the highest first for buyers, the lowest for sellers.")
            )
        return Clause(_sentence(f"{period}{by}: the {kind} first."))

    def always(self, where: str, always: list[str]) -> Clause:
        comma = "," if where.startswith(("for each ", "among ")) else ""
        lead = f"Whenever{comma} {where}, " if where else "In every case, "
        if len(always) == 1:
            return Clause(f"{lead}{always[0]}.")
        points = [*(f"{c};" for c in always[:-2]), f"{always[-2]}; and", f"{always[-1]}."]
        return Clause(f"{lead}all of the following hold:", tuple(points))

    def precedes(self, first: str, second: str, by: str) -> str:
        return f"{first} comes before {second} in {by}"

    def members(self, period: str, title: str, items: list[str]) -> Clause:
        if not items:
            return Clause(_sentence(f"{period}there are none of {title}."))
        if len(items) == 1:
            return Clause(_sentence(f"{period}only {items[0]} is among {title}."))
        listed = "; ".join(items) if any("," in i for i in items) else said_list(items, "and")
        return Clause(_sentence(f"{period}these are {title}: {listed}."))

    def business_days(self, period: str, title: str, rest: Sequence[int], holidays: list[str]) -> Clause:
        resting = [f"{_WEEKDAYS[day - 1]}s" for day in rest]
        listed = [f"these: {'; '.join(holidays)}"] if holidays else []
        but = f" except {said_list([*resting, *listed], 'and')}" if resting or listed else ""
        return Clause(_sentence(f"{period}every day is a business day ({title}){but}."))

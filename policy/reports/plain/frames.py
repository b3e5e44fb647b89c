"""The frames that sentences of rules are set in, in each language: dates, verdicts, tables, orders of priority.

In: phrases and dates. Out: pieces of sentences. Absent: expressions; those are said by `phrasing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from attrs import frozen

from policy.reports.plain.amounts import chinese_day, long_day
from policy.reports.plain.english import said_list


@frozen
class Clause:
    """A sentence: how it begins, the points it lists (none, or two and more), and how it ends."""

    lead: str
    points: tuple[str, ...] = ()
    tail: str = ""

    def __str__(self) -> str:
        lettered = " ".join(f"({chr(97 + n)}) {p}" if n < 26 else f"({n + 1}) {p}" for n, p in enumerate(self.points))
        return " ".join(part for part in (self.lead, lettered, self.tail) if part)


class Frame(ABC):
    """What a language puts around phrases."""

    @abstractmethod
    def period(self, start: int | None, end: int | None) -> str: ...

    @abstractmethod
    def where(
        self, period: str, head: str, conditions: list[str], every: bool, unless: list[str], after: str = ""
    ) -> Clause: ...

    @abstractmethod
    def verdict(self, yes: bool) -> str: ...

    @abstractmethod
    def answer_yes(self, title: str) -> str: ...

    @abstractmethod
    def otherwise_no(self) -> str: ...

    @abstractmethod
    def in_other_cases(self, yes: bool) -> Clause: ...

    @abstractmethod
    def is_worth(self, period: str, title: str, term: str) -> Clause: ...

    @abstractmethod
    def unknown(self, title: str, why: str) -> Clause: ...

    @abstractmethod
    def row(self, period: str, conditions: list[str], result: str) -> Clause: ...

    @abstractmethod
    def cell(self, kind: str, items: str) -> str: ...

    @abstractmethod
    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause: ...

    @abstractmethod
    def always(self, things: list[str], where: str, always: list[str]) -> Clause: ...

    @abstractmethod
    def precedes(self, first: str, second: str, by: str) -> str: ...

    @abstractmethod
    def members(self, period: str, title: str, items: list[str]) -> Clause: ...


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


class EnglishFrame(Frame):
    """English."""

    def period(self, start: int | None, end: int | None) -> str:
        parts = [f"from {long_day(start)}"] if start is not None else []
        parts += [f"before {long_day(end)}"] if end is not None else []
        return _sentence(" and ".join(parts)) + ", " if parts else ""

    def where(
        self, period: str, head: str, conditions: list[str], every: bool, unless: list[str], after: str = ""
    ) -> Clause:
        exception = ", unless " + "; or ".join(unless) if unless else ""
        ending = exception + after + "."
        if not conditions:
            return Clause(_sentence(period + head) + " in every case" + ending)
        if len(conditions) == 1:
            return Clause(_sentence(period + head) + " where " + conditions[0] + ending)
        joint = "all of these hold" if every else "any of these holds"
        last = " and" if every else " or"
        points = [c + ";" for c in conditions[:-2]] + [conditions[-2] + ";" + last, conditions[-1]]
        points[-1] += "," if unless else "."
        rest = ending.removeprefix(", ") if unless else _sentence(after.removeprefix("; ")) + "." if after else ""
        return Clause(f"{_sentence(period + head)} where {joint}:", tuple(points), rest)

    def verdict(self, yes: bool) -> str:
        return f"the answer is {'yes' if yes else 'no'}"

    def answer_yes(self, title: str) -> str:
        return f"the answer to “{title}” is yes"

    def otherwise_no(self) -> str:
        return "; otherwise it is no"

    def in_other_cases(self, yes: bool) -> Clause:
        return Clause(f"In every other case the answer is {'yes' if yes else 'no'}.")

    def is_worth(self, period: str, title: str, term: str) -> Clause:
        return Clause(_sentence(f"{period}{title} is{':' if term.startswith('if ') else ''} {term}."))

    def unknown(self, title: str, why: str) -> Clause:
        return Clause(f"No number is known for {title}. {why}")

    def row(self, period: str, conditions: list[str], result: str) -> Clause:
        where = f"where {said_list(conditions, 'and')}: " if conditions else "in every case: "
        return Clause(_sentence(period + where + result + "."))

    def cell(self, kind: str, items: str) -> str:
        return {"any": "any", "other": "any other", "in": f"among {items}", "not in": f"not among {items}"}[kind]

    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause:
        if kind == "ranked":
            return Clause(_sentence(f"{period}{' before '.join(ranks)}, by {by}."))
        if kind == "best":
            which = "the highest first when buying, the lowest first when selling"
            return Clause(_sentence(f"{period}by {by}, the best for {side}: {which}."))
        return Clause(_sentence(f"{period}the {kind} first: {by}."))

    def always(self, things: list[str], where: str, always: list[str]) -> Clause:
        given = f" where {where}" if where else ""
        lead = f"Whatever {said_list(things, 'and')} may be{',' if given else ''}{given}, "
        if len(always) == 1:
            return Clause(f"{lead}this always holds: {always[0]}.")
        points = [*(f"{c};" for c in always[:-2]), f"{always[-2]}; and", f"{always[-1]}."]
        return Clause(f"{lead}all of these always hold:", tuple(points))

    def precedes(self, first: str, second: str, by: str) -> str:
        return f"{first} comes before {second} in {by}"

    def members(self, period: str, title: str, items: list[str]) -> Clause:
        return Clause(_sentence(f"{period}{title}: {'; '.join(items) or 'none'}."))


class ChineseFrame(Frame):
    """Traditional Chinese."""

    def period(self, start: int | None, end: int | None) -> str:
        parts = [f"由{chinese_day(start)}起"] if start is not None else []
        parts += [f"在{chinese_day(end)}前"] if end is not None else []
        return "、".join(parts) + "，" if parts else ""

    def where(
        self, period: str, head: str, conditions: list[str], every: bool, unless: list[str], after: str = ""
    ) -> Clause:
        exception = "，但" + "，或".join(unless) + "者除外" if unless else ""
        ending = exception + after + "。"
        if not conditions:
            return Clause(f"{period}在任何情況下，{head}{ending}")
        if len(conditions) == 1:
            return Clause(f"{period}如{conditions[0]}，則{head}{ending}")
        joint = "下列各項全部符合" if every else "下列任何一項符合"
        points = [
            *(c + "；" for c in conditions[:-2]),
            conditions[-2] + ("；及" if every else "；或"),
            conditions[-1],
        ]
        points[-1] += "，" if unless else "。"
        rest = ending.removeprefix("，") if unless else after.removeprefix("；") + "。" if after else ""
        return Clause(f"{period}如{joint}，則{head}：", tuple(points), rest)

    def verdict(self, yes: bool) -> str:
        return f"答案為{'是' if yes else '否'}"

    def answer_yes(self, title: str) -> str:
        return f"「{title}」的答案為是"

    def otherwise_no(self) -> str:
        return "；否則為否"

    def in_other_cases(self, yes: bool) -> Clause:
        return Clause(f"在其他情況下，答案為{'是' if yes else '否'}。")

    def is_worth(self, period: str, title: str, term: str) -> Clause:
        return Clause(f"{period}{title}為{'：' if term.startswith('如') else ''}{term}。")

    def unknown(self, title: str, why: str) -> Clause:
        return Clause(f"{title}的數字不詳。{why}")

    def row(self, period: str, conditions: list[str], result: str) -> Clause:
        where = f"如{'，且'.join(conditions)}，則為：" if conditions else "在任何情況下為："
        return Clause(period + where + result + "。")

    def cell(self, kind: str, items: str) -> str:
        return {"any": "任何", "other": "其他", "in": f"屬於{items}", "not in": f"不屬於{items}"}[kind]

    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause:
        if kind == "ranked":
            return Clause(f"{period}按{by}，{'先於'.join(ranks)}。")
        if kind == "best":
            return Clause(f"{period}按{side}以{by}最佳者為先：買入以最高者為先，賣出以最低者為先。")
        word = {"earliest": "最早", "latest": "最遲", "lowest": "最低", "highest": "最高"}[kind]
        return Clause(f"{period}{by}{word}者為先。")

    def always(self, things: list[str], where: str, always: list[str]) -> Clause:
        given = f"如{where}，" if where else ""
        lead = f"不論{'、'.join(things)}為何，{given}"
        if len(always) == 1:
            return Clause(f"{lead}以下必然成立：{always[0]}。")
        points = [*(f"{c}；" for c in always[:-2]), f"{always[-2]}；及", f"{always[-1]}。"]
        return Clause(f"{lead}下列各項必然全部成立：", tuple(points))

    def precedes(self, first: str, second: str, by: str) -> str:
        return f"按{by}，{first}先於{second}"

    def members(self, period: str, title: str, items: list[str]) -> Clause:
        return Clause(f"{period}{title}：{'；'.join(items) or '無'}。")

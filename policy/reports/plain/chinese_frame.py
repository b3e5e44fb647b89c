"""The frames that sentences of rules are set in, in Traditional Chinese. The other half of `frames`.

In: phrases and dates. Out: pieces of sentences. Absent: expressions; those are said by `phrasing`.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.reports.plain.amounts import chinese_day
from policy.reports.plain.clauses import Clause
from policy.reports.plain.frames import Frame, Period, numbers

_WEEKDAYS_ZH = "一二三四五六日"


class ChineseFrame(Frame):
    """Traditional Chinese."""

    besides = "此外："

    def period(self, start: int | None, end: int | None) -> str:
        if start is not None and end is not None:
            return f"自{chinese_day(start)}起至{chinese_day(end)}前，"
        if start is not None:
            return f"自{chinese_day(start)}起，"
        return f"於{chinese_day(end)}前，" if end is not None else ""

    def decided(self, start: int | None, end: int | None) -> str:
        when = self._within((start, end))
        return f"{when}作出決定" if when else "在任何情況下"

    def _within(self, period: Period) -> str:
        start, end = period
        since = [f"{chinese_day(start)}或之後"] if start is not None else []
        until = [f"{chinese_day(end)}前"] if end is not None else []
        return f"於{'而'.join((*since, *until))}" if since or until else ""

    def group(self, period: str, where: str) -> str:
        return f"{period}如{where}："

    def numbered(self, points: list[str]) -> str:
        *first, last = numbers(points)
        return f"{'；'.join(first)}；及{last}"

    def any_of(self, points: list[str]) -> str:
        *first, last = numbers(points)
        return f"有下列任何一項情況：{'；'.join(first)}；或{last}"

    def holds_where(self, period: str, yes: str, no: str, conditions: list[str], every: bool) -> Clause:
        if len(conditions) == 1:
            return Clause(f"{period}如{conditions[0]}，{yes}；否則{no}。")
        joint = "符合下列各項" if every else "出現下列任何一項情況"
        points = [
            *(c + "；" for c in conditions[:-2]),
            conditions[-2] + ("；及" if every else "；或"),
            conditions[-1] + "。",
        ]
        return Clause(f"{period}如{joint}，{yes}；否則{no}：", tuple(points))

    def settled(self, period: str, said: str) -> Clause:
        return Clause(f"{period}{said}。")

    def permission(self, period: str, yes: str, where: str, exceptions: int, since: str) -> Clause:
        given = f"如{where}，" if where else ""
        if not exceptions:
            return Clause(f"{period}{given}{yes}。")
        which = "" if exceptions == 1 else "任何一項"
        return Clause(f"{period}{given}除{since.removesuffix('，')}有下列{which}情況外，{yes}：")

    def grounds(
        self, verdicts: tuple[str, str], grounds: Sequence[str], given: Period, exceptions: Sequence[str], since: str
    ) -> Clause:
        yes, no = verdicts
        which = f"({grounds[0]})或({grounds[1]})項" if len(grounds) == 2 else f"({grounds[0]})至({grounds[-1]})項之一"
        none = ["", "({})項不適用", "({})項及({})項均不適用", "({})至({})項均不適用"]
        unless = none[min(len(exceptions), 3)].format(*exceptions[:1], *exceptions[1:][-1:])
        joint = f"，且{since}{unless}" if unless else ""
        return Clause(f"如{self._within(given)}符合{which}{joint}，{yes}；否則{no}：")

    def otherwise(self, said: str, before: int | None) -> Clause:
        when = "在其他情況下" if before is None else f"於{chinese_day(before)}前"
        return Clause(f"{when}，{said}。")

    def case(self, period: str, said: str, where: str) -> Clause:
        return Clause(f"{period}{f'如{where}，' if where else ''}{said}。")

    def item(self, mark: str, period: str, where: str, end: str) -> Clause:
        ending = {"": "。", "or": "；或", ";": "；"}[end]
        return Clause(f"{f'({mark}) ' if mark else ''}{period}{where}{ending}")

    def except_where(self, where: str, unless: list[str]) -> str:
        comma = "，" if where else ""
        if any("，" in u for u in unless):
            return f"{where}{comma}但如{'，或如'.join(unless)}，則屬例外"
        return f"{where}{comma}但{'，或'.join(unless)}者除外"

    def answer(self, title: str, yes: bool) -> str:
        return f"「{title}」的答案為{'是' if yes else '否'}"

    def is_worth(self, period: str, title: str, cases: list[tuple[str, str]], last: str) -> Clause:
        head = f"{period}{title}為"
        if not cases:
            return Clause(f"{head}{last}。")
        return Clause(
            f"{head}：", (*(f"如{where}，為{term}；" for where, term in cases), f"在其他情況下，為{last}。")
        )

    def computed(
        self, period: str, title: str, cases: list[tuple[str, str]], last: str, legend: list[tuple[str, str]]
    ) -> Clause:
        head = f"{period}{title}按以下算式計算："
        known = "，".join(f"{number}為{what}" for number, what in legend)
        tail = f"其中{known}。" if known else ""
        if not cases:
            return Clause(f"{head}{last}。", (), tail)
        points = [*(f"如{where}：{term}；" for where, term in cases), f"在其他情況下：{last}。"]
        return Clause(head, tuple(points), tail)

    def unsettled(self, yes: str, title: str, why: str) -> Clause:
        return Clause(f"規則並無訂明{title.removesuffix('？')}。{why}")

    def unknown(self, title: str, why: str) -> Clause:
        return Clause(f"規則並無訂明{title}。{why}")

    def worth(self, title: str, term: str) -> str:
        return f"{title}為{term}"

    def row(self, period: str, conditions: list[str], said: str) -> Clause:
        where = f"如{'，且'.join(conditions)}，" if conditions else ""
        return Clause(f"{period}{where}{said}。")

    def cell(self, kind: str, items: str) -> str:
        return {"any": "任何", "other": "其他", "in": f"{items}之一", "not in": f"並非{items}之一"}[kind]

    def line(self, period: str, kind: str, by: str, side: str, ranks: list[str]) -> Clause:
        if kind == "ranked":
            return Clause(f"{period}按{by}：{'，其次'.join(ranks)}。")
        if kind == "best":
            return Clause(f"{period}按{side}及{by}：買入以最高者為先，賣出以最低者為先。")
        word = {"earliest": "最早", "latest": "最遲", "lowest": "最低", "highest": "最高"}[kind]
        return Clause(f"{period}{by}：以{word}者為先。")

    def always(self, where: str, always: list[str]) -> Clause:
        lead = f"凡{where}，則" if where else "在任何情況下，"
        if len(always) == 1:
            return Clause(f"{lead}{always[0]}。")
        points = [*(f"{c}；" for c in always[:-2]), f"{always[-2]}；及", f"{always[-1]}。"]
        return Clause(f"{lead}下列各項均屬實：", tuple(points))

    def precedes(self, first: str, second: str, by: str) -> str:
        return f"按{by}，{first}先於{second}"

    def members(self, period: str, title: str, items: list[str]) -> Clause:
        if not items:
            return Clause(f"{period}並無{title}。")
        if len(items) == 1:
            return Clause(f"{period}{title}只有{items[0]}。")
        mark = "；" if any("、" in i for i in items) else "、"
        return Clause(f"{period}下列為{title}：{mark.join(items)}。")

    def business_days(self, period: str, title: str, rest: Sequence[int], holidays: list[str]) -> Clause:
        resting = "、".join(f"星期{_WEEKDAYS_ZH[day - 1]}" for day in rest)
        but = "及".join([*([resting] if resting else []), *(["下列日子"] if holidays else [])])
        listed = f"：{'；'.join(holidays)}" if holidays else ""
        return Clause(f"{period}{f'除{but}外，' if but else ''}每日均為營業日（{title}）{listed}。")

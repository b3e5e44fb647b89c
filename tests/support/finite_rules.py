"""Random small rulebooks over few facts, so few that every claim about them can be judged by trying them all.

In: a source of chance. Out: the text of a rulebook, of its house's rules and of a change; and of each kind of field
the facts that its bounds allow. Absent: what is claimed and judged (`brute_force`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import product
from random import Random
from typing import Any

from attrs import frozen

HEAD = """language 1
ruleset small "s" zh "小"
source S "s" zh "源" status house
provision S/1 "one" zh "一"
enum Kind "k" zh "類" { red "r" zh "紅", green "g" zh "綠" }
enum Grade from highest "g" zh "級" { top "t" zh "頂", good "g" zh "良", fair "f" zh "中", poor "p" zh "劣" }
enum Side "s" zh "邊" { buy "b" zh "買", sell "s" zh "賣" }
"""
HOUSE = """language 1
ruleset small.house amends small "h" zh "自"
source H "h" zh "自" status house
provision H/1 "one" zh "一"
"""
FIRST_DAY = date(2026, 2, 27).toordinal()
MOMENT = 1_772_323_200_000_000  # 2026-03-01T00:00Z
DATES = ("2026-02-27", "2026-02-28", "2026-03-01")
PERIODS = ("", "", "", " from 2026-02-28", " until 2026-03-01")
HITS = (
    "exactly one row applies",
    "first row that applies",
    "highest of the rows that apply",
    "lowest of the rows that apply",
    "sum of the rows that apply",
)
MOST_FACTS = 120
CHANGES = {
    token: group
    for group in (
        ("<", "<=", ">", ">="),
        (" and ", " or "),
        (" + ", " - "),
        ("0", "1", "2"),
        ("permit", "deny"),
        ("true", "false"),
        ("min(", "max("),
        ("2026-02-28", "2026-03-01"),
    )
    for token in group
}
LONGEST_FIRST = sorted(CHANGES, key=len, reverse=True)
CHANGED = re.compile("|".join(rf"(?<=[ (]){t}(?=[ )])" if t.isdigit() else re.escape(t) for t in LONGEST_FIRST))


@frozen
class Kind:
    """A kind of field: its type as it is written, and all facts that it allows, in run-time form."""

    type: str
    facts: tuple[Any, ...]
    of: str  # what expressions take it for


FIELDS = {
    "flag": Kind("boolean", (False, True), "boolean"),
    "sure": Kind("boolean", (False, True), "boolean"),
    "kind": Kind("Kind", ("red", "green"), "kind"),
    "n": Kind("integer at least 0 at most 2", (0, 1, 2), "integer"),
    "far": Kind("integer at least 3 at most 4", (3, 4), "integer"),
    "m": Kind("money(HKD) to 1 at least 1 HKD at most 2 HKD", (1, 2), "money"),
    "share": Kind("rate to 1% at least 0% at most 1%", (0, 1), "rate"),
    "day": Kind("date at least 2026-02-27 at most 2026-03-01", tuple(range(FIRST_DAY, FIRST_DAY + 3)), "date"),
    "later": Kind(
        "optional date at least 2026-02-28 at most 2026-03-01", (None, FIRST_DAY + 1, FIRST_DAY + 2), "later"
    ),
    "moment": Kind(
        "instant at least 2026-03-01T00:00Z at most 2026-03-01T00:00:00.000001Z", (MOMENT, MOMENT + 1), "instant"
    ),
    "wait": Kind("duration at least 1 second at most 2 seconds", (1_000_000, 2_000_000), "duration"),
    "size": Kind("quantity to 1 at least 1 at most 2", (1, 2), "quantity"),
    "price": Kind("price(HKD) to 1 at least 2 HKD at most 3 HKD", (2, 3), "price"),
    "grade": Kind("Grade at least fair at most good", ("good", "fair"), "grade"),
    "mark": Kind("optional Grade at least good", (None, "top", "good"), "mark"),
    "maybe": Kind("optional integer at least 1 at most 2", (None, 1, 2), "maybe"),
    "perhaps": Kind("optional Kind", (None, "red", "green"), "perhaps"),
    "name": Kind("text", ("x", "y", "other", "another"), "text"),
    "kinds": Kind("set of Kind", tuple(map(frozenset, ((), ("red",), ("green",), ("red", "green")))), "set"),
}
ITEM = {"flag": FIELDS["flag"], "n": Kind("integer at least 1 at most 2", (1, 2), "integer")}
ITEMS = tuple(dict(zip(ITEM, values, strict=True)) for values in product(*(k.facts for k in ITEM.values())))
NESTED = {
    "part": Kind("Item", ITEMS, "item"),
    "spare": Kind("optional Item", (None, *ITEMS), "spare"),
    "items": Kind("list of Item", ([], *([i] for i in ITEMS), *([i, j] for i in ITEMS for j in ITEMS)), "items"),
    "list": Kind(
        "list of integer", tuple([list(p) for size in range(3) for p in product((0, 1), repeat=size)]), "list"
    ),
}
QUEUED = {"price": FIELDS["price"], "side": Kind("Side", ("buy", "sell"), "side")}
QUEUED["n"] = Kind("integer at least 0 at most 1", (0, 1), "integer")
DAYS = tuple(  # a day of each stretch on which nothing can change
    date.fromisoformat(day).toordinal()
    for day in (
        "2026-01-26", "2026-01-27", "2026-01-28", "2026-01-31", "2026-02-01",  # a month before the dates of facts
        "2026-02-26", *DATES, "2026-03-02", "2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29", "2026-03-31",
        "2026-04-01",
    )
)  # fmt: skip


class Finite:
    """One random rulebook. `text`, that of a `changed` one, and `house`; `fields` of its record `F`."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.fields = self.chosen()
        self.known: list[tuple[str, str]] = []  # name and kind of what can be called with the facts
        self.parameters: list[tuple[str, str]] = []
        self.variable = ""
        self.count = 0
        records = "record Item { " + " ".join(f"{n}: {k.type}" for n, k in ITEM.items()) + " }\n"
        records += (
            "record F {\n" + "".join(f"  {n}: {self.marked(n)}{k.type}\n" for n, k in self.fields.items()) + "}\n"
        )
        records += "record Q { " + " ".join(f"{n}: {k.type}" for n, k in QUEUED.items()) + " }\n"
        makers: list[Callable[[str], str]] = [self.parameter, self.dated_set]
        makers += [
            chance.choice((self.value, self.value, self.table, self.decision)) for _ in range(chance.randint(2, 4))
        ]
        parts = [make(f"x{n}") for n, make in enumerate(makers)]
        last = [self.priority(), *(self.property(n) for n in range(3))]
        self.text = HEAD + records + "\n".join((*parts, *last))
        self.changed = HEAD + records + "\n".join((*self.changed_in(parts), *last))
        self.house = HOUSE + "".join(
            self.tightened(name, kind, text) for (name, kind), text in self.tightenable(parts)
        )

    def changed_in(self, parts: list[str]) -> list[str]:
        """The declarations with a token or two changed."""
        result = list(parts)
        for _ in range(self.chance.randint(1, 2)):
            places = [(n, m) for n, part in enumerate(result) for m in CHANGED.finditer(part)]
            n, m = self.chance.choice(places)
            other = self.chance.choice([x for x in CHANGES[m[0]] if x != m[0]])
            result[n] = result[n][: m.start()] + other + result[n][m.end() :]
        return result

    def chosen(self) -> dict[str, Kind]:
        """Fields for a record, of few facts together."""
        fields: dict[str, Kind] = {}
        size = 1
        pool = list((FIELDS | NESTED).items())
        self.chance.shuffle(pool)
        for name, kind in pool:
            if size * len(kind.facts) <= MOST_FACTS:
                fields[name] = kind
                size *= len(kind.facts)
        return fields

    def marked(self, name: str) -> str:
        single = name not in NESTED and name != "kinds"
        return "changeable " if single and self.chance.random() < 0.4 else ""

    # ── declarations ────────────────────────────────────────────────────────────────────────

    def parameter(self, name: str) -> str:
        self.parameters.append((name, "integer"))
        values = self.chance.choice((("1",), ("0", "2"), ("unset",)))
        if values == ("unset",):
            versions = ' unset "?" zh "？" per S/1'
        elif len(values) == 1:
            versions = f" = {values[0]} per S/1"
        else:
            start = self.chance.choice(("", "from 2026-02-27 "))
            versions = (
                f"\n  {start}= {values[0]} per S/1\n  from 2026-02-28 = {values[1]} per S/1"
                if start
                else (f"\n  until 2026-02-28 = {values[0]} per S/1\n  from 2026-02-28 = {values[1]} per S/1")
            )
        way = self.chance.choice(("higher", "lower"))
        return f'parameter {name}: integer "p" zh "參" stricter when {way}{versions}\n'

    def dated_set(self, name: str) -> str:
        return (
            f"set {name} of Kind\n  until 2026-02-28 = {{ red }} per S/1\n  from 2026-02-28 = {{ green }} per S/1\n"
        )

    def value(self, name: str) -> str:
        kind = self.chance.choice(("integer", "integer", "boolean", "money", "date", "quantity"))
        body = self.of(kind, 3)
        versions = f"  = {body} per S/1"
        if self.chance.random() < 0.3:
            versions = f"  until 2026-02-28 = {body} per S/1\n  from 2026-02-28 = {self.of(kind, 2)} per S/1"
        stricter = " stricter when higher" if kind in ("integer", "money") else ""
        self.known.append((name, kind))
        return f'value {name}(f: F) -> {_typed(kind)} "v" zh "值"{stricter}\n{versions}\n'

    def table(self, name: str) -> str:
        hit = self.chance.choice(HITS)
        columns = [self.column() for _ in range(self.chance.randint(1, 2))]
        size = self.chance.randint(2, 4)
        period = self.chance.random() < 0.3
        rows = []
        for _ in range(size):
            cells = [self.chance.choice(cells) for _, cells in columns]
            when = [self.chance.choice(("any", "2026-02-28"))] if period else []
            rows.append("  | " + " | ".join((*cells, *when, self.of("integer", 1), "S/1")) + " |\n")
        head = "  | " + " | ".join((*(c for c, _ in columns), *(["from"] if period else []), name, "per")) + " |\n"
        self.known.append((name, "integer"))
        return f'table {name}(f: F) -> integer "t" zh "表" stricter when higher\n  {hit}\n{head}{"".join(rows)}\n'

    def column(self) -> tuple[str, tuple[str, ...]]:
        choices: list[tuple[str, tuple[str, ...]]] = [
            (self.of("boolean", 1), ("true", "false", "any")),
            (self.of("integer", 1), ("0", "1", "> 1", "<= 1", ">= 0 and < 2", "any", *self.cap())),
        ]
        for name, kind in self.fields.items():
            if kind.of == "kind":
                choices.append((f"f.{name}", ("red", "green", "other", "any", "in x1", "not in x1")))
            if kind.of == "date":
                choices.append((f"f.{name}", ("< 2026-02-28", ">= 2026-02-28", "any", "2026-03-01", "> today")))
            if kind.of == "integer":
                choices.append((f"f.{name}", ("0", "1", "2, 3", "> 1", "< 4", "other", "any", *self.cap())))
            if kind.of == "grade":
                choices.append((f"f.{name}", ("good", "fair", "top", "> fair", "<= good", "< top", "other", "any")))
            if kind.of == "maybe":
                choices.append((f"f.{name}", ("1", "> 1", "other", "any")))
        return self.chance.choice(choices)

    def cap(self) -> tuple[str, ...]:
        return tuple(f"< {name}" for name, _ in self.parameters)

    def decision(self, name: str) -> str:
        rules = ""
        for n in range(self.chance.randint(1, 3)):
            effect = self.chance.choice(("deny", "deny", "permit"))
            unless = f" unless {self.of('boolean', 1)}" if self.chance.random() < 0.3 else ""
            period = self.chance.choice(PERIODS)
            rules += f'  {effect} r{n} when {self.of("boolean", 2)}{unless} because "r{n}" zh "理"{period} per S/1\n'
        otherwise = self.chance.choice(("permit", "deny"))
        self.known.append((name, "boolean"))
        return f'decision {name}(f: F) "d" zh "定"\n  otherwise {otherwise} "o" zh "他" per S/1\n{rules}\n'

    def priority(self) -> str:
        keys = ["best q.price for q.side", "lowest q.n", "highest q.n", "sell before buy by q.side from 2026-02-28"]
        self.chance.shuffle(keys)
        chosen = "\n  then ".join(f"{key} per S/1" for key in keys[: self.chance.randint(1, 3)])
        return f'priority queue(q: Q) "q" zh "序"\n  {chosen}\n'

    def property(self, n: int) -> str:
        where = f"  where {self.of('boolean', 2)}\n" if self.chance.random() < 0.6 else ""
        return f'property p{n} "p{n}" per S/1\n  for any f: F\n{where}  always {self.of("boolean", 3)}\n'

    def tightenable(self, parts: list[str]) -> list[tuple[tuple[str, str], str]]:
        kinds = dict(self.known) | dict(self.parameters)
        named = [(name, text) for name, text in ((f"x{n}", part) for n, part in enumerate(parts)) if name in kinds]
        return [((name, kinds[name]), text) for name, text in named if self.chance.random() < 0.5]

    def tightened(self, name: str, kind: str, text: str) -> str:
        if text.startswith("parameter"):
            return f"tighten parameter {name} = 1 per H/1\n" if "unset" not in text else ""
        before = self.known
        self.known = []  # of itself nothing may be made
        try:
            if text.startswith("decision"):
                return (
                    f'tighten decision {name}\n  deny own when {self.of("boolean", 2)} because "h" zh "自" per H/1\n'
                )
            if text.startswith("table"):
                cells, result = self.chance.choice(("true", "false", "any")), self.of("integer", 1)
                head = f"| {self.of('boolean', 1)} | {name} | per |"
                return f"tighten table {name}\n  {head}\n  | {cells} | {result} | H/1 |\n"
            if "stricter" in text:
                return f"tighten value {name} = {self.of(kind, 2)} per H/1\n"
            return ""
        finally:
            self.known = before

    # ── expressions ─────────────────────────────────────────────────────────────────────────

    def of(self, kind: str, depth: int) -> str:
        """An expression of a kind, in brackets wherever that could matter."""
        simple = self.leaves(kind)
        if depth <= 0 or self.chance.random() < 0.25:
            return self.chance.choice(simple)
        if not self.variable and self.chance.random() < 0.15:
            called = [name for name, k in self.known if k == kind]
            if called:
                return f"{self.chance.choice(called)}(f)"
        if self.chance.random() < 0.12:
            test, then, otherwise = (self.of(k, depth - 1) for k in ("boolean", kind, kind))
            return f"(if {test} then {then} else {otherwise})"
        return self.chance.choice(self.compounds(kind, depth - 1))()

    def leaves(self, kind: str) -> list[str]:
        written = {
            "boolean": ["true", "false"],
            "integer": ["0", "1", "2"],
            "money": ["1 HKD", "2 HKD"],
            "date": list(DATES),
            "quantity": [] if "size" in self.fields else ["1"],
        }[kind]
        found = [f"f.{n}" for n, k in self.fields.items() if k.of == kind]
        found += [name for name, k in self.parameters if k == kind]
        if "part" in self.fields:
            found += [f"f.part.{n}" for n, k in ITEM.items() if k.of == kind]
        if self.variable:
            found += [f"{self.variable}.{n}" for n, k in ITEM.items() if k.of == kind] * 2
        if kind == "date":
            found.append("f.day" if "day" in self.fields else DATES[0])
        return found * 3 + written

    def compounds(self, kind: str, depth: int) -> list[Callable[[], str]]:
        def e(of: str) -> str:
            return self.of(of, depth)

        match kind:
            case "boolean":
                return [
                    *self.tests(e),
                    *self.tests(e),
                    *(lambda t=t: t for t in self.tests_of_fields()),
                    *self.over(kind),
                ]
            case "integer":
                forms = [
                    lambda: f"({e('integer')} + {e('integer')})",
                    lambda: f"({e('integer')} - {e('integer')})",
                    lambda: f"({e('integer')} * {e('integer')})",
                    lambda: f"min({e('integer')}, {e('integer')})",
                    lambda: f"max({e('integer')}, {e('integer')})",
                    lambda: f"abs({e('integer')})",
                    lambda: f"(round {self.mode()} to 1 ({e('integer')} / {e('integer')}))",
                ]
                if "maybe" in self.fields:
                    forms.append(lambda: "(f.maybe default 0)")
                return [*forms, *self.over(kind)]
            case "money":
                forms = [
                    lambda: f"({e('money')} + {e('money')})",
                    lambda: f"({e('money')} * {e('integer')})",
                    lambda: f"(round {self.mode()} to 1 HKD ({e('money')} / {e('integer')}))",
                ]
                if "price" in self.fields and "size" in self.fields:
                    forms.append(lambda: f"(round {self.mode()} to 1 HKD (f.price * f.size))")
                if "share" in self.fields:
                    forms.append(lambda: f"(round {self.mode()} to 1 HKD ({e('money')} * f.share))")
                return forms
            case "date":
                return [
                    lambda: f"({e('date')} + {self.chance.choice(('1 day', '2 days', '1 month', '1 year'))})",
                    lambda: f"({e('date')} - {self.chance.choice(('1 day', '1 month'))})",
                ]
            case _:
                return [lambda: self.chance.choice(self.leaves(kind))]

    def tests(self, e: Callable[[str], str]) -> list[Callable[[], str]]:
        order = self.chance.choice(("<", "<=", ">", ">=", "is", "is not"))
        return [
            lambda: f"({e('boolean')} and {e('boolean')})",
            lambda: f"({e('boolean')} or {e('boolean')})",
            lambda: f"(not {e('boolean')})",
            lambda: f"({e('integer')} {order} {e('integer')})",
            lambda: f"({e('money')} {order} {e('money')})",
            lambda: f"({e('date')} {order} {e('date')})",
            lambda: f"(today {self.chance.choice(('<', '>='))} {self.chance.choice(DATES)})",
        ]

    def tests_of_fields(self) -> list[str]:
        forms = {
            "kind": ["(f.kind is red)", "(f.kind in x1)", "(f.kind in { green })"],
            "grade": ["(f.grade is good)", "(f.grade is at least good)", "(f.grade in { poor, fair })"],
            "mark": ["(f.mark is present and f.mark is top)", "((f.mark default poor) is at most fair)"],
            "later": ["(f.later is absent)", "(f.later is present and f.later > 2026-02-28)"],
            "moment": ["(f.moment > 2026-03-01T00:00Z)"],
            "wait": ["(f.wait > 1 second)"],
            "maybe": ["(f.maybe is present)", "(f.maybe is present and f.maybe > 1)", "((f.maybe default 2) < 2)"],
            "perhaps": ["(f.perhaps is absent)", "(f.perhaps is present and f.perhaps is green)"],
            "name": ['(f.name is "x")', '(f.name in { "x", "y" })'],
            "kinds": ["true", "(f.kind in f.kinds)" if "kind" in self.fields else "true"],
            "spare": ["(f.spare is present)", "(f.spare is present and f.spare.flag)"],
            "day": ["(f.day <= today)", "(f.day + 1 month > today)"],
            "list": ["(1 in f.list)"],
        }
        return [form for name in self.fields for form in forms.get(name, [])] or ["true"]

    def over(self, kind: str) -> list[Callable[[], str]]:
        """Aggregates over the items, if there are any and no other is open."""
        if "items" not in self.fields or self.variable:
            return []
        return [lambda: self.aggregate(kind)] * 3

    def aggregate(self, kind: str) -> str:
        self.count += 1
        self.variable = f"i{self.count}"
        where = f" where {self.of('boolean', 1)}" if self.chance.random() < 0.5 else ""
        each = f"for {self.variable} in {self.chance.choice(('f.items', self.ordered_items()))}{where}"
        if kind == "boolean":
            text = f"{self.chance.choice(('any', 'all'))}({self.of('boolean', 1)} {each})"
        else:
            body = self.of("integer", 1)
            text = self.chance.choice(
                (
                    f"sum({body} {each})",
                    f"count({self.variable} {each})",
                    f"count(distinct {body} {each})",
                    f"(max({body} {each}) default 0)",
                    f"(first of ({body} {each}) default 0)",
                )
            )
        self.variable = ""
        return text

    def ordered_items(self) -> str:
        """The items in order, or the first of them."""
        x = f"i{self.count}x"
        order = f"{self.chance.choice(('lowest', 'highest'))} {x}.n"
        return self.chance.choice(
            (f"[{x} for {x} in f.items by {order}]", f"first 1 of ({x} for {x} in f.items by {order})")
        )

    def mode(self) -> str:
        return self.chance.choice(("down", "up", "half up", "half even"))


def _typed(kind: str) -> str:
    return {"money": "money(HKD) to 1", "quantity": "quantity to 1"}.get(kind, kind)

"""Random rules that are well typed: what the backends are held to each other with, on facts of `random_facts`.

Rules come as text, so that every stage is exercised, the parser and the formatter included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from random_expressions import DAYS, Expressions

HEAD = """language 1

ruleset random.rules "Random" zh "隨機"

source S "source" zh "來源" status house
provision S/1 "one" zh "一"

currency USDT 6 "tether" zh "泰達幣"

enum Kind from lowest { red spelt "R" or "rouge" "red" zh "紅", green "green" zh "綠", blue "blue" zh "藍" }
enum Side { buy "buy" zh "買", sell "sell" zh "賣" }

calendar open_days "days of business" zh "辦公日"
  rest sunday, wednesday per S/1
  from 2024-06-01 until 2025-12-01 holidays { 2024-06-03 "one" zh "一", 2025-10-01 "two" zh "二", 2025-10-02 } per S/1
  from 2025-12-01 until 2026-09-01 holidays {
    2025-12-01, 2025-12-02, 2025-12-03, 2026-02-10, 2026-03-01 "three" zh "三", 2026-08-31
  } per S/1

record Item "item" zh "項" {
  amount: money(HKD)
  kind: Kind
  flag: boolean
  size: quantity to 0.001
  price: price(HKD) to 0.01
}
record Held { code: Kind  sum: money in code to 0.01  fee: money in code to 0.0001 }
record Facts "facts" zh "事實" {
  amount: money(HKD) at least 0 HKD
  other: money(HKD)
  tether: money(USDT)
  held: Held
  share: rate
  count: integer
  size: quantity to 0.001
  price: price(HKD) to 0.01
  flag: boolean
  sure: boolean "the facts are sure" zh "事實確切" otherwise "the facts are not sure" zh "事實並不確切"
  kind: Kind "kind of facts" zh "事實種類"
    says "the facts are of {a} kind" zh "事實屬{}類"
    otherwise "the facts are not of {a} kind" zh "事實不屬{}類"
  side: Side
  name: text
  day: date
  moment: instant
  maybe: optional money(HKD)
  perhaps: optional Kind
  item: Item
  items: list of Item
  spare: optional Item
  later: instant
  wait: duration
  term: period
  chosen: set of Kind
  labels: set of text
  numbers: list of integer
  grid: list of list of integer
  days: list of date
}
value price_of(k: Kind) -> price(HKD) "p" zh "價"
  = if k is red then 1 HKD else if k is green then 7.8050 HKD else 0 HKD per S/1
"""

HOUSE = """language 1

ruleset random.house amends random.rules "House" zh "自家"

source H "house" zh "自家" status house
provision H/1 "one" zh "一"

"""


class Rules(Expressions):
    """One random ruleset: `text` is the whole of it, `questions` the names that can be asked."""

    def __init__(self, chance: Random) -> None:
        super().__init__(chance)
        self.tightens: set[str] = set()
        parts = [HEAD]
        parts += [self.parameter(n) for n in range(chance.randint(1, 2))]
        parts += [self.dated_set()]
        early, late = chance.choice(((True, False), (False, True), (False, False)))
        parts += [self.records()] if early else []  # which anything may read
        for n in range(chance.randint(2, 5)):
            make = chance.choice(
                (self.value, self.value, self.table, self.optional_table, self.ranked, self.decision)
            )
            parts.append(make(n))
        parts.append(self.called_with_anything())
        parts += [self.records()] if late else []  # which are made of anything
        parts.append(self.priority())
        answered = self.results
        self.results = answered if early else []  # in the law's own words, nothing may be made of itself
        self.questions = [name for name, _ in self.values] + ["queue", *answered]
        self.text = "\n".join(parts)
        self.house = HOUSE
        for name, kind in self.values[::-1]:  # of itself nothing may be made
            self.values.pop()
            self.house += self.tightened(name, kind)

    # ── declarations ────────────────────────────────────────────────────────────────────────

    def parameter(self, n: int) -> str:
        kind = self.chance.choice(("money", "rate", "integer", "period"))
        name = f"p{n}"
        days = sorted(self.chance.sample(DAYS, self.chance.randint(1, 2)))
        versions = "\n".join(f"  from {day} = {self.literal(kind)} per S/1" for day in days)
        if self.chance.random() < 0.15:
            versions = '  unset "nobody knows" zh "未知" per S/1'
        self.parameters.append((name, kind))
        return f'parameter {name}: {self.type(kind)} "p" zh "參"\n{versions}\n'

    def stricter(self, name: str, kind: str) -> str:
        """Which way the house may go, for what it can tighten at all."""
        if kind not in ("money", "rate", "integer", "period") or self.chance.random() < 0.3:
            return ""
        self.tightens.add(name)
        return f" stricter when {self.chance.choice(('higher', 'lower'))}"

    def tightened(self, name: str, kind: str) -> str:
        """What the house makes of a value, table or decision of the law."""
        if self.chance.random() < 0.4:
            return ""
        if name.startswith("d"):
            return (
                f"tighten decision {name}\n"
                f'  deny house_rule when {self.expression("boolean", 2)} because "h" zh "自" per H/1\n'
            )
        if name not in self.tightens:
            return ""
        if name.startswith("t"):
            kinds = self.chance.choice(("red", "any", "green, blue"))
            return (
                f"tighten table {name}\n  | f.kind | {name} | per |\n"
                f"  | {kinds} | {self.expression(kind, 2)} | H/1 |\n"
            )
        start = self.chance.choice(("", "from 2026-02-11 "))
        return f"tighten value {name}\n  {start}= {self.expression(kind, 2)} per H/1\n"

    def called_with_anything(self) -> str:
        """Values that are called with what is computed, with records, and with lists."""
        self.functions = True
        return (
            'value mix(n: integer, m: money(HKD) to 0.0001, i: Item) -> money(HKD) "m" zh "混"\n'
            "  = if i.flag then round down to 0.01 (m * n / 3) else i.amount per S/1\n"
            'value several(ns: list of integer, n: integer) -> integer "s" zh "數"\n'
            "  = if n in ns then sum(x for x in ns) else n per S/1\n"
        )

    def local(self) -> str:
        """Local names, each of which those after it may use."""
        text = ""
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            kind = self.chance.choice(("money", "rate", "integer", "boolean", "date", "items", "found"))
            name = self.variable()
            text += f"  where {name} = {self.named_body(kind)}\n"
            self.parameters.append((name, kind))
        return text

    def named_body(self, kind: str) -> str:
        x = self.variable()
        if kind == "items":
            return f"[{x} for {x} in {self.list_of_items()} where {x}.amount > {self.literal('money')}]"
        if kind == "found":
            return f"first of ({x} for {x} in {self.list_of_items()} by highest {x}.price)"
        return self.expression(kind, 2)

    @contextmanager
    def named(self) -> Iterator[str]:
        """Local names for one declaration."""
        known = list(self.parameters)
        yield self.local()
        self.parameters = known

    def records(self) -> str:
        """Several results of a row, records written out, and what reads their fields."""
        e, chance = self.expression, self.chance
        made = f"{{ rate: {e('rate', 2)}, inner: {{ amount: {e('money', 2)}, kind: {e('enum', 0)} }} }}"
        hit = chance.choice(("first row that applies", "exactly one row applies"))
        amounts = [("red", "any"), ("green", "< 100 HKD"), ("green", ">= 100 HKD"), ("blue", "any")]
        rows = "\n".join(
            f"  | {k} | {a} | {e('rate', 2)} | {{ amount: {e('money', 1)}, kind: {e('enum', 0)} }}"
            f" | {chance.choice(('any', '2026-02-11'))} | S/1 |"
            for k, a in chance.sample(amounts, 4)[: chance.choice((4, 4, 3))]
        )
        base = chance.choice(("tier(f)", "tiers(f)"))
        text = (
            'record Inner "inner" zh "內" { amount: money(HKD) "amount" zh "額" kind: Kind "kind" zh "類" }\n'
            'record Tier "tier" zh "級" { rate: rate "rate" zh "率" inner: Inner "inner" zh "內" }\n'
            f'value tier(f: Facts) -> Tier "tier" zh "級" = {made} per S/1\n'
            f'table tiers(f: Facts) -> Tier "tiers" zh "級表"\n  {hit}\n'
            f"  | f.kind | f.amount | rate | inner | from | per |\n{rows}\n"
            'value changed(f: Facts) -> Tier "changed" zh "改"\n'
            f"  = if {e('boolean', 2)} then {base} with {{ rate: {e('rate', 1)} }} else tiers(f) per S/1\n"
        )
        self.results += ["tier", "tiers", "changed"]
        if chance.random() > 0.25:
            return text
        self.results.append("ladder")
        return text + self.ladder()

    def ladder(self) -> str:
        """A table that is long enough to be looked up."""
        c = self.chance
        edges = [0, *sorted(c.sample((1, 50, 99, 100, 101, 5_000, 100_000, 123_456), c.randint(5, 7)))]
        bounds = [f">= {low} HKD and < {high} HKD" for low, high in zip(edges, [*edges[1:], 10**7], strict=True)]
        kinds = c.choice((("red", "green", "blue"), ("red", "other"), ("green, blue", "red"), ("red", "any", "blue")))
        sizes = c.choice((("any",), ("any", "< 5", ">= 3")))
        rows = [(k, b, s) for k in kinds for b in bounds for s in sizes]
        c.shuffle(rows)
        made = "\n".join(
            f"  | {k} | {b} | {s} | {self.literal('rate')} | {{ amount: {self.literal('money')}, kind: red }} | S/1 |"
            for k, b, s in rows[: c.choice((len(rows), len(rows), 17))]
        )
        return (
            f'table ladder(f: Facts) -> Tier "ladder" zh "階"\n  first row that applies\n'
            f"  | f.kind | f.amount | f.size | rate | inner | per |\n{made}\n"
        )

    def dated_set(self) -> str:
        return (
            'set kinds of Kind "kinds" zh "類"\n  from 2025-01-01 = { red } per S/1\n'
            "  from 2026-02-11 add { blue } per S/1\n"
        )

    def value(self, n: int) -> str:
        kind = self.chance.choice(("money", "rate", "integer", "boolean", "date", "money", "period"))
        name = f"v{n}"
        with self.named() as local:
            body = self.expression(kind, 4)
            versions = f"  = {body} per S/1"
            if self.chance.random() < 0.3:
                later = self.expression(kind, 3)
                versions = f"  until 2026-02-11 = {body} per S/1\n  from 2026-02-11 = {later} per S/1"
        head = f'value {name}(f: Facts) -> {self.type(kind)} "v" zh "值"{self.stricter(name, kind)}'
        text = f"{head}\n{local}{versions}\n"
        self.values.append((name, kind))
        return text

    def table(self, n: int) -> str:
        kind = self.chance.choice(("money", "rate"))
        name = f"t{n}"
        hit = self.chance.choice(
            (
                "first row that applies",
                "exactly one row applies",
                "highest of the rows that apply",
                "lowest of the rows that apply",
                "sum of the rows that apply",
            )
        )
        one = hit.startswith("exactly")
        amounts = ("< 100 HKD", ">= 100 HKD") if one else ("any", "< 100 HKD", ">= 50 HKD and < 5_000 HKD", "5 HKD")
        more = ("any", "red", "green, blue", "other", "in kinds", "not in kinds", ">= green")
        kinds = ("red", "green", "blue") if one else more
        cells = [(k, a) for k in kinds for a in amounts]
        chosen = cells if one else self.chance.sample(cells, self.chance.randint(1, 5))
        if one and self.chance.random() < 0.4:
            chosen = chosen[1:]
        with self.named() as local:
            rows = "\n".join(
                f"  | {k} | {a} | {self.chance.choice(('any', '2026-02-11'))} | {self.expression(kind, 2)} | S/1 |"
                for k, a in chosen
            )
        self.values.append((name, kind))
        return (
            f'table {name}(f: Facts) -> {self.type(kind)} "t" zh "表"{self.stricter(name, kind)}\n{local}  {hit}\n'
            f"  | f.kind | f.amount | from | {name} | per |\n{rows}\n"
        )

    def ranked(self, n: int) -> str:
        """A table that answers the highest, or the lowest, of members that have an order."""
        c, name = self.chance, f"t{n}"

        def member() -> str:
            return c.choice(
                ("red", "green", "blue", "f.kind", "f.item.kind", "max(f.kind, green)", "f.perhaps default red")
            )

        rows = "\n".join(
            f"  | {c.choice(('any', '< green', 'blue'))} | {c.choice(('any', '< 100 HKD', '>= 50 HKD'))} "
            f"| {c.choice(('any', '2026-02-11'))} | {member()} | S/1 |"
            for _ in range(c.randint(1, 5))
        )
        self.values.append((name, "member"))
        hit = f"{c.choice(('highest', 'lowest'))} of the rows that apply"
        return (
            f'table {name}(f: Facts) -> Kind "t" zh "表"\n  {hit}\n'
            f"  | f.kind | f.amount | from | {name} | per |\n{rows}\n"
        )

    def optional_table(self, n: int) -> str:
        """A table whose columns may be absent."""
        name = f"t{n}"
        perhaps = ("any", "red", "green, blue", "other", "not in kinds", "< red and >= blue")
        maybe = ("any", "< 100 HKD", ">= 50 HKD", "5 HKD", "other")
        rows = "\n".join(
            f"  | {self.chance.choice(perhaps)} | {self.chance.choice(maybe)} | {self.expression('money', 2)} | S/1 |"
            for _ in range(self.chance.randint(1, 4))
        )
        hit = self.chance.choice(("first row that applies", "sum of the rows that apply"))
        self.values.append((name, "money"))
        return (
            f'table {name}(f: Facts) -> money(HKD) "t" zh "表"\n  {hit}\n'
            f"  | f.perhaps | f.maybe | {name} | per |\n{rows}\n"
        )

    def decision(self, n: int) -> str:
        name = f"d{n}"
        rules = []
        with self.named() as local:
            for r in range(self.chance.randint(1, 4)):
                effect = self.chance.choice(("deny", "deny", "permit"))
                unless = f" unless {self.expression('boolean', 2)}" if self.chance.random() < 0.3 else ""
                period = self.chance.choice(("", "", " from 2026-02-11", " until 2025-12-01"))
                rules.append(
                    f"  {effect} r{r} when {self.expression('boolean', 3)}{unless}"
                    f' because "r{r}" zh "理由"{period} per S/1'
                )
        self.values.append((name, "boolean"))
        otherwise = self.chance.choice(("permit", "deny"))
        phrases = f'  says "{{f}} may do {name}" zh "{{f}}可{name}"\n' * (n % 2)
        phrases += f'  otherwise "{{f}} may not do {name}" zh "{{f}}不可{name}"\n' * (n % 2)
        return (
            f'decision {name}(f: Facts) "d" zh "決定"\n{phrases}{local}  otherwise {otherwise} "o" zh "其他"\n'
            + "\n".join(rules)
            + "\n"
        )

    def priority(self) -> str:
        with self.named() as local:
            by = self.expression("integer", 2)
        return (
            f'priority queue(f: Facts) "q" zh "序"\n{local}  best f.price for f.side\n'
            "  then red before green before blue by f.kind per S/1\n"
            f"  then lowest {by}\n  then earliest f.moment\n  then highest f.kind\n  then latest f.day\n"
        )

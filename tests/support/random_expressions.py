"""Random expressions that are well typed, over the facts that `random_rules` declares."""

from __future__ import annotations

from random import Random

MODES = ("down", "up", "half even", "half up")
DAYS = ("2025-10-01", "2025-12-01", "2026-02-10", "2026-02-11", "2026-03-01")
TEXTS = ("BTC", "ETH", "", "虛擬")


class Expressions:
    """Writes expressions about the facts `f`, and about what has been declared of them so far."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.values: list[tuple[str, str]] = []  # name and kind of what may be called with the facts
        self.parameters: list[tuple[str, str]] = []
        self.items: tuple[str, ...] = ()
        self.fresh = 0
        self.functions = False  # whether `mix` and `several` are there to be called
        self.results: list[str] = []  # what answers a record with a rate, and an amount inside it

    def type(self, kind: str) -> str:
        return {"money": "money(HKD)"}.get(kind, kind)

    def literal(self, kind: str) -> str:
        c = self.chance
        match kind:
            case "money":
                return c.choice(("0 HKD", "100 HKD", "99.99 HKD", "5_000.01 HKD", "2 million HKD", "0.01 HKD"))
            case "rate":
                return c.choice(("0%", "60%", "100%", "15.5%", "25 bp", "0.0375%"))
            case "integer":
                return c.choice(("0", "1", "7", "3 thousand"))
            case "period":
                return c.choice(("0 months", "1 month", "3 months", "1 year", "2 years"))
            case "quantity":
                return c.choice(("1", "0.5", "0.001"))
            case "boolean":
                return c.choice(("true", "false"))
            case "text":
                return f'"{c.choice(TEXTS)}"'
            case "date":
                return c.choice(DAYS)
        raise AssertionError(kind)

    def expression(self, kind: str, depth: int) -> str:
        """A random expression of that kind, parenthesised wherever that could matter."""
        if depth <= 0 or self.chance.random() < 0.2:
            return self.leaf(kind)
        callable_ = [name for name, k in self.values if k == kind]
        if callable_ and self.chance.random() < 0.15:
            return f"{self.chance.choice(callable_)}(f)"
        if self.results and kind in ("money", "rate") and self.chance.random() < 0.1:
            of = self.chance.choice(self.results)
            return f"{of}(f).{'rate' if kind == 'rate' else 'inner.amount'}"
        if self.chance.random() < 0.12:
            return (
                f"(if {self.expression('boolean', depth - 1)} then {self.expression(kind, depth - 1)}"
                f" else {self.expression(kind, depth - 1)})"
            )
        return str(getattr(self, f"a_{kind}")(depth - 1))

    def leaf(self, kind: str) -> str:
        fields = {
            "money": ["f.amount", "f.other", "f.item.amount"],
            "rate": ["f.share"],
            "integer": ["f.count"],
            "quantity": ["f.size", "f.item.size"],
            "price": ["f.price", "f.item.price"],
            "boolean": ["f.flag", "f.sure", "f.item.flag"],
            "text": ["f.name"],
            "date": ["f.day", "today"],
            "enum": ["f.kind", "f.item.kind"],
            "instant": ["f.moment"],
            "period": ["f.term"],
        }[kind]
        fields += [name for name, k in self.parameters if k == kind]
        for variable in self.items:
            fields += [
                f"{variable}.{x}"
                for x, k in (("amount", "money"), ("flag", "boolean"), ("kind", "enum"))
                if k == kind
            ]
        if kind not in ("price", "quantity", "enum", "instant") and self.chance.random() < 0.3:
            return self.literal(kind)
        return self.chance.choice(fields)

    def a_money(self, depth: int) -> str:
        e, c, x = self.expression, self.chance, self.variable()
        form = c.randrange(17)
        if form == 14 and c.random() < 0.4:
            mean = c.choice(
                (self.over("average of ", "money", depth), f"{self.over('median of ', 'money', depth)} default 0 HKD")
            )
            return (
                f"round {c.choice(MODES)} to {c.choice(('0.01', '1'))} ({mean}{c.choice(('', ' * 2', ' + 1 HKD'))})"
            )
        if form > 14:
            return self.over(f"sum of the {c.choice((1, 2, 5))} {c.choice(('largest', 'smallest'))} ", "money", depth)
        if form == 11:
            return f"({self.over('first of ', 'money', depth)} default {self.literal('money')})"
        if form == 12 and c.random() < 0.2:  # it is a fault more often than not
            return self.over("the ", "money", depth)
        if form == 13:
            found = [name for name, k in self.parameters if k == "found"]
            if found:
                one = c.choice(found)
                return f"(if {one} is present then {one}.amount else {e('money', depth)})"
            return f"sum({x} for {x} in [{x}x.amount for {x}x in {self.list_of_items()}])"
        if form == 9:
            return f"(if f.spare is present then f.spare.amount else {e('money', depth)})"
        if form == 10:
            if not self.functions:
                return f"abs({e('money', depth)} - {e('money', depth)})"
            return f"mix({e('integer', depth)}, {e('money', depth)}, f.item)"
        if form < 2:
            return f"({e('money', depth)} {c.choice('+-')} {e('money', depth)})"
        if form == 2:
            return f"{c.choice(('min', 'max'))}({e('money', depth)}, {e('money', depth)})"
        if form == 3:
            return f"clamp({e('money', depth)}, {e('money', depth)}, {e('money', depth)})"
        if form == 4:
            return f"abs(-{e('money', depth)})"
        if form == 5:
            return f"(f.maybe default {self.literal('money')})"
        if form == 6:
            return self.over("sum", "money", depth)
        if form == 7:
            return f"({self.over(c.choice(('min', 'max')), 'money', depth)} default {self.literal('money')})"
        held = c.choice(("f.held.sum", "(f.held.sum - f.held.fee)", "max(f.held.sum, f.held.fee)"))
        exact = c.choice(
            (
                f"{e('money', depth)} * {e('rate', depth)}",
                f"{e('price', 0)} * {e('quantity', 0)}",
                f"{e('money', depth)} / {e('integer', 1)}",
                f"{e('money', depth)} * {e('rate', 1)} / {e('rate', 1)} + {e('money', 1)} / 3",
                f"-{e('money', depth)} / 7 * {e('integer', 1)}",
                f"{held} * price_of(f.held.code)",
                f"f.tether / 1 USDT * 1 HKD * {e('rate', depth)}",
            )
        )
        return f"round {c.choice(MODES)} to {c.choice(('0.01', '1', '0.05', '100'))} ({exact})"

    def a_rate(self, depth: int) -> str:
        e, c = self.expression, self.chance
        form = c.randrange(6)
        if form == 4:
            step = c.choice(("0.01%", "0.0001%"))
            return f"round {c.choice(MODES)} to {step} (square root of ({self.squared(depth)}))"
        if form == 0:
            return f"({e('rate', depth)} {c.choice('+-')} {e('rate', depth)})"
        if form == 1:
            return f"clamp({e('rate', depth)}, -5%, 60%)"
        if form == 2:
            return f"round {c.choice(MODES)} to 0.01% ({e('money', depth)} / {e('money', depth)})"
        if form == 3:
            power = c.choice((f"{e('rate', depth)} ^ 2", f"({e('rate', 0)} / 3) ^ 3", f"{e('rate', 0)} * 2 ^ 5"))
            return f"round {c.choice(MODES)} to 0.0001% ({power})"
        return f"round {c.choice(MODES)} to 0.0001% ({e('rate', depth)} * {e('rate', depth)})"

    def squared(self, depth: int) -> str:
        """What a root is taken of: squares, so that it may be exact, products, and what may be below zero."""
        e, c = self.expression, self.chance
        rate = e("rate", depth)
        return c.choice((f"{rate} * {rate}", f"abs({rate} * {e('rate', 0)}) / 3", f"{rate} * 7 / 10", "2.25%"))

    def a_integer(self, depth: int) -> str:
        e, c = self.expression, self.chance
        form, x = c.randrange(16), self.variable()
        if form == 15:
            return f"({self.leaf('integer')} ^ {c.choice((2, 3))})"
        if form == 14:
            keys = f"({x}.kind, {x}.flag{c.choice(('', f', {x}.amount'))})"
            return f"count(distinct {keys} for {x} in {self.list_of_items()})"
        if form == 13:
            return (
                f"count({x} for {x} in {c.choice(('f.chosen', 'kinds'))} where {x} in {c.choice(('kinds', '{red}'))})"
            )
        if form == 12:
            return f"(business days of open_days from {self.leaf('date')} to {e('date', depth)})"
        if form == 11:
            return f"(whole {c.choice(('years', 'months'))} from {self.leaf('date')} to {e('date', depth)})"
        if form == 10:
            return f"({c.choice(('year', 'month', 'day', 'weekday'))} of {e('date', depth)})"
        if form == 9:
            return f"({e('integer', depth)} modulo {c.choice(('7', '2', '-3', 'f.count'))})"
        if form == 4:
            return f"sum({x} * {e('integer', 1)} for {x} in f.numbers where {x} > {e('integer', 1)})"
        if form == 5:
            return f"sum(sum({x} for {x} in {x}s) for {x}s in f.grid where {e('integer', 1)} in {x}s)"
        if form == 6:
            return f"(max(abs({x}) for {x} in [{e('integer', depth)}, {e('integer', depth)}]) default 7)"
        if form == 7:
            return f"abs(abs({e('integer', depth)}) - {e('integer', depth)})"
        if form == 8:
            numbers = c.choice(
                ("f.numbers", f"[{x} for {x} in f.numbers where {x} > 0]", f"[{x} + 1 for {x} in f.numbers]")
            )
            return f"several({numbers}, {e('integer', depth)})" if self.functions else f"-{e('integer', depth)}"
        if form == 0:
            return f"({e('integer', depth)} {c.choice('+-*')} {c.choice(('1', '2', 'f.count'))})"
        if form == 1:
            return self.over("count", "money", depth)
        if form == 2:
            return self.over("count(distinct", "enum", depth)
        return f"round {c.choice(MODES)} to 1 ({e('integer', depth)} / {e('integer', depth)})"

    def a_quantity(self, depth: int) -> str:
        return f"({self.expression('quantity', depth)} + {self.expression('quantity', depth)})"

    def a_price(self, depth: int) -> str:
        return f"max({self.expression('price', depth)}, {self.expression('price', depth)})"

    def a_date(self, depth: int) -> str:
        step = self.chance.choice(("12 months", "1 month", "30 days", "2 weeks", "1 year"))
        form = self.chance.randrange(10)
        if form > 7:
            way = self.chance.choice(("after", "before"))
            number = self.chance.choice(("1", "2", "20", "f.count"))
            of = self.chance.choice((f"{number} business days of open_days", "business day of open_days on or"))
            return f"({of} {way} {self.expression('date', depth)})"
        if form > 4:
            by = self.chance.choice((self.expression("period", depth), "f.count days", "f.wait"))
            return f"({self.expression('date', depth)} {self.chance.choice('+-')} {by})"
        if form == 4:
            edge, run = self.chance.choice(("first", "last")), self.chance.choice(("month", "quarter", "year"))
            return f"({edge} day of the {run} of {self.expression('date', depth)})"
        if form == 0:
            return f"{self.chance.choice(('min', 'max'))}({self.expression('date', depth)}, today)"
        if form == 1:
            x = self.variable()
            return f"(max({x} for {x} in f.days where {x} < {self.expression('date', depth)}) default f.day)"
        return f"({self.expression('date', depth)} {self.chance.choice('+-')} {step})"

    def a_period(self, depth: int) -> str:
        e, c = self.expression, self.chance
        return c.choice(
            (
                f"({e('integer', 0)} {c.choice(('months', 'years'))})",
                f"({e('period', depth)} {c.choice('+-')} {e('period', depth)})",
                f"{c.choice(('min', 'max'))}({e('period', depth)}, {e('period', depth)})",
            )
        )

    def a_boolean(self, depth: int) -> str:
        e, c = self.expression, self.chance
        form = c.randrange(22)
        if form == 21:
            return f"({e('date', depth)} is {c.choice(('', 'not '))}a business day of open_days)"
        if form > 18:
            bound = c.choice(("red", "green", "blue", "f.item.kind", e("enum", depth)))
            return f"({e('enum', depth)} {c.choice(('<', '>', 'is at least', 'is at most'))} {bound})"
        if form == 18:
            of = c.choice(("0.05 HKD", "100 HKD", "f.other"))
            return f"({e('money', depth)} is {c.choice(('', 'not '))}a multiple of {of})"
        if form == 12:
            return f"({e('enum', 0)} {c.choice(('in', 'not in'))} f.chosen)"
        if form == 13:
            return f"(f.name {c.choice(('in', 'not in'))} f.labels)"
        if form == 14:
            items = c.choice(("f.numbers", f"[{e('integer', 1)}, f.count]", f"{{{e('integer', 1)}, f.count}}"))
            return f"({e('integer', depth)} {c.choice(('in', 'not in'))} {items})"
        if form == 15:
            return f"(f.spare is present and (f.spare.flag or f.spare.amount < {e('money', depth)}))"
        if form == 16:
            return c.choice(
                (
                    "(f.later - f.moment < f.wait)",
                    "(f.moment + 24 hours < f.later)",
                    "(f.day - today >= f.wait)",
                    "(max(f.moment, f.later) is f.later)",
                )
            )
        if form == 17:
            x = self.variable()
            return f"{c.choice(('any', 'all'))}({e('integer', 1)} in {x} for {x} in f.grid)"
        if form < 3:
            return f"({e('boolean', depth)} {c.choice(('and', 'or'))} {e('boolean', depth)})"
        if form == 3:
            return f"(not {e('boolean', depth)})"
        if form == 4:
            kind = c.choice(("money", "rate", "integer", "date", "quantity", "price", "instant", "period"))
            if kind == "instant":
                return f"(f.moment {c.choice(('<', '>='))} 2026-02-11T16:10:00+08:00)"
            operator = c.choice(("<", "<=", ">", ">=", "is", "is not"))
            return f"({e(kind, depth)} {operator} {e(kind, depth)})"
        if form == 5:
            return f"({e('enum', 0)} {c.choice(('is', 'is not'))} {c.choice(('red', 'green'))})"
        if form == 6:
            return f"({e('enum', 0)} {c.choice(('in', 'not in'))} {c.choice(('kinds', '{red, blue}', '{}'))})"
        if form == 7:
            return f'(f.name {c.choice(("in", "not in"))} {{"BTC", "ETH"}})'
        if form == 8:
            return f"(f.{c.choice(('maybe', 'perhaps'))} is {c.choice(('present', 'absent'))})"
        if form == 9:
            return f"((f.perhaps default {c.choice(('red', 'blue'))}) is red)"
        if form == 10:
            return f"(f.day - today {c.choice(('<', '>='))} {c.choice(('30 days', '24 hours'))})"
        return self.over(c.choice(("any", "all")), "boolean", depth)

    def a_enum(self, depth: int) -> str:
        extreme, other = self.chance.choice(("min", "max")), self.chance.choice(("green", "f.perhaps default blue"))
        form = self.chance.random()
        if form < 0.1:
            return f"clamp({self.expression('enum', depth)}, {other}, blue)"
        if form < 0.5:
            return f"{extreme}({self.expression('enum', depth)}, {other})"
        return f"({self.over(extreme, 'enum', depth)} default {self.chance.choice(('red', 'blue'))})"

    def variable(self) -> str:
        """A name that nothing has yet, so that aggregates nest."""
        self.fresh += 1
        return f"i{self.fresh}"

    def over(self, kind: str, body: str, depth: int) -> str:
        """An aggregate over the items."""
        outer, variable = self.items, self.variable()
        self.items = (*outer, variable)
        inner = f"{variable}.kind" if kind == "count(distinct" else self.expression(body, depth - 1)
        where = f" where {self.expression('boolean', 1)}" if self.chance.random() < 0.5 else ""
        order = ""
        if kind == "first of " and self.chance.random() < 0.7:
            order = self.order(variable)
        self.items = outer
        opening = f"{kind} " if "(" in kind else f"{kind}("
        return f"{opening}{inner} for {variable} in {self.list_of_items()}{where}{order})"

    def list_of_items(self) -> str:
        """The items, or those of them for which something holds."""
        named = [name for name, k in self.parameters if k == "items"]
        if named and self.chance.random() < 0.5:
            return self.chance.choice(named)
        if self.chance.random() < 0.7:
            return "f.items"
        outer, variable = self.items, self.variable()
        self.items = (*outer, variable)
        where = f" where {self.expression('boolean', 1)}"
        form, order = self.chance.randrange(4), self.order(variable)
        self.items = outer
        if form < 2:
            return f"[{variable} for {variable} in f.items{where}{order * form}]"
        most, kept = self.chance.choice((1, 2, 2, 3)), where * self.chance.randint(0, 1)
        return f"first {most} of ({variable} for {variable} in f.items{kept}{self.chance.choice((order, order, ''))})"

    def order(self, variable: str) -> str:
        """One to three keys by which the items are ordered."""
        keys = self.chance.sample(
            (
                f"lowest {variable}.price",
                f"highest {variable}.size",
                f"highest {variable}.kind",
                f"lowest {self.expression('money', self.chance.choice((0, 0, 1)))}",
            ),
            3,
        )
        return f" by {' then '.join(keys[: self.chance.choice((1, 1, 2, 2, 3))])}"

"""Pairs of small rulebooks: the second asks about the same things under other names, in other forms, or not at all.

In: a seed. Out: the things with what they are on either side, the questions, and both texts. Part of
`two_vocabularies`, which judges them.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, Literal

from attrs import evolve, field, frozen

Json = Any
Place = Literal["", "p", "ps"]  # where a fact stands: in the record, in one inside it, or in each of a list


# ── vocabularies ────────────────────────────────────────────────────────────────────────────


@frozen
class Number:
    """`unit`: "" or a currency; bounds in whole units."""

    unit: str
    scale: int
    least: int
    most: int
    is_optional: bool = False

    def __str__(self) -> str:
        step = "1" if self.scale == 0 else "0." + "0" * (self.scale - 1) + "1"
        kind = f"money({self.unit}) to {step}" if self.unit else f"decimal to {step}" if self.scale else "integer"
        ends = [f"{way} {self.literal(n)}" for way, n in (("at least", self.least), ("at most", self.most))]
        return f"{'optional ' if self.is_optional else ''}{kind} {' '.join(ends)}"

    def literal(self, n: int) -> str:
        return f"{n} {self.unit}" if self.unit else str(n)


@frozen
class Members:
    """An enum by the colours that its members stand for, with their names; or, of texts, any."""

    enum: str
    names: dict[str, str]
    is_text: bool = False
    is_optional: bool = False

    def __str__(self) -> str:
        return ("optional " if self.is_optional else "") + ("text" if self.is_text else self.enum)

    def literal(self, colour: str) -> str:
        return f'"{colour}"' if self.is_text else self.names[colour]


@frozen
class Flag:
    is_optional: bool = False

    def __str__(self) -> str:
        return "optional boolean" if self.is_optional else "boolean"


Form = Number | Members | Flag


@frozen
class Thing:
    """A fact: on either side its name and form, None where that side does not know it."""

    before: tuple[str, Form] | None
    after: tuple[str, Form] | None
    is_said: bool = False  # that the later name was another before
    place: Place = ""

    def side(self, n: int) -> tuple[str, Form] | None:
        return (self.before, self.after)[n]

    @property
    def is_retyped(self) -> bool:
        """Whether both know it, and no value is of both."""
        if self.before is None or self.after is None:
            return False
        (_, b), (_, a) = self.before, self.after
        if isinstance(b, Number) and isinstance(a, Number):
            return b.unit != a.unit or max(b.least, a.least) > min(b.most, a.most)
        if isinstance(b, Members) and isinstance(a, Members):
            return not (b.is_text or a.is_text or b.names.keys() & a.names.keys())
        return type(b) is not type(a)

    def values(self) -> list[Any]:
        """Values of either side, and some of neither."""
        forms = [s[1] for s in (self.before, self.after) if s]
        found: dict[Any, None] = {}
        for form in forms:
            if form.is_optional:
                found[None] = None
            if isinstance(form, Number):
                scale = max(f.scale for f in forms if isinstance(f, Number))
                steps = range((form.least - 1) * 10**scale, (form.most + 1) * 10**scale + 1)
                found.update((Fraction(n, 10**scale), None) for n in steps)
            elif isinstance(form, Members):
                found.update(dict.fromkeys((*form.names, *(("another",) if form.is_text else ()))))
            else:
                found.update({True: None, False: None})
        return list(found)

    def written(self, value: Any, side: int) -> Json:
        """A value as one side's facts say it."""
        known = self.side(side)
        assert known is not None
        form = known[1]
        if isinstance(value, Fraction):
            return f"{float(value):.3f}".rstrip("0").rstrip(".")
        if isinstance(form, Members) and isinstance(value, str) and not form.is_text:
            return form.names.get(value, value)
        return value


# ── rulebooks ───────────────────────────────────────────────────────────────────────────────


@frozen
class Asked:
    """A question on both sides: its name, its text, and the things that it reads."""

    names: tuple[str, str]
    texts: tuple[str, str]
    reads: tuple[frozenset[int], frozenset[int]]


@frozen(eq=False)
class Pair:
    things: list[Thing]
    asked: list[Asked]
    texts: tuple[str, str]

    @staticmethod
    def of(seed: int) -> Pair:
        return _Maker(Random(seed)).pair()


@frozen(eq=False)
class _Maker:
    chance: Random
    things: list[Thing] = field(factory=list)

    def pair(self) -> Pair:
        for n in range(self.chance.randint(2, 3)):
            self.things.append(self.changed(n, self.form(n)))
        last = evolve(self.things[-1], place=self.chance.choice(("", "", "p", "ps")))
        self.things[-1] = last
        asked = [self.question(n) for n in range(self.chance.randint(1, 3))]
        return Pair(self.things, asked, (self.text(0, asked), self.text(1, asked)))

    def some(self, likely: float) -> bool:
        return self.chance.random() < likely

    def form(self, n: int) -> Form:
        kind = self.chance.choice(("number", "number", "members", "flag"))
        if kind == "number":
            least = self.chance.randint(-1, 1)
            return Number(
                self.chance.choice(("", "HKD")), self.chance.randint(0, 1), least, least + self.chance.randint(0, 2)
            )
        if kind == "members":
            return Members(
                f"K{n}", {c: c for c in self.chance.sample(("red", "green", "blue"), self.chance.randint(2, 3))}
            )
        return Flag()

    def changed(self, n: int, form: Form) -> Thing:
        name, other = f"x{n}", f"y{n}"
        before = evolve(form, is_optional=self.some(0.2))
        match self.chance.choice(("same", "renamed", "said", "gone", "new", "form", "form", "form", "optional")):
            case "renamed":  # without a word: one gone, and one new
                self.things.append(Thing((name, before), None))
                return Thing(None, (other, before))
            case "said":
                return Thing((name, before), (other, self.other(before) if self.some(0.5) else before), True)
            case "gone":
                return Thing((name, before), None)
            case "new":
                return Thing(None, (name, before))
            case "form":
                return Thing((name, before), (name, self.other(before)))
            case "optional":
                return Thing((name, before), (name, evolve(before, is_optional=not before.is_optional)))
        return Thing((name, before), (name, before))

    def other(self, form: Form) -> Form:
        """Another form of what may be the same."""
        if isinstance(form, Flag):
            return evolve(form, is_optional=not form.is_optional)
        if isinstance(form, Number):
            match self.chance.choice(("unit", "scale", "scale", "bounds", "bounds")):
                case "unit":
                    return evolve(form, unit=self.chance.choice(["", "HKD", "USD"]))
                case "scale":
                    return evolve(form, scale=1 - form.scale)
            least = form.least + self.chance.randint(-1, 1)
            return evolve(form, least=least, most=least + self.chance.randint(0, 2))
        names = dict(form.names)
        match self.chance.choice(("text", "renamed", "said", "gone", "new")):
            case "text":
                return evolve(form, is_text=True)
            case "renamed":
                names.pop(next(iter(names)))
                names["rouge"] = "rouge"
            case "said":
                first = next(iter(names))
                names[first] = f"{first}2"
            case "gone":
                names.pop(next(iter(names)))
            case _:
                names["black"] = "black"
        return evolve(form, names=names)

    def question(self, n: int) -> Asked:
        is_decision = self.some(0.6)
        tests = [self.test() for _ in range(self.chance.randint(1, 2))]
        later = [self.test() if self.some(0.25) else t for t in tests]
        known = [t.before or t.after for t in self.things]
        numbers = [n for n, k in enumerate(known) if k and isinstance(k[1], Number) and not self.things[n].place]
        number = numbers[0] if numbers else None
        scales = self.chance.randint(0, 1), self.chance.randint(0, 1)
        texts: list[str] = []
        reads: list[frozenset[int]] = []
        renamed = self.some(0.2)
        names = f"q{n}", f"r{n}" if renamed else f"q{n}"
        for side, used in enumerate((tests, later)):
            there = [(i, op, at) for i, op, at in used if self.things[i].side(side)]
            conditions = [self.condition(i, op, at, side) for i, op, at in there]
            read = {i for i, _, _ in there}
            head = names[side] + (f" renamed from {names[0]}" if side and renamed else "")
            if is_decision:
                rules = "".join(f" deny d{k} when {c} per LAW/1" for k, c in enumerate(conditions))
                texts.append(f"decision {head}(f: F) otherwise permit{rules}")
            else:
                value, unit = "1", ""
                if number is not None and (place := self.things[number].side(side)):
                    assert isinstance(place[1], Number)
                    unit, read = place[1].unit, read | {number}
                    fact = (
                        f"(f.{place[0]} default {place[1].literal(1)})" if place[1].is_optional else f"f.{place[0]}"
                    )
                    value = f"round down to {('1', '0.1')[scales[side]]} ({fact} / 2)"
                of = Number(unit, scales[side], 0, 0)
                when = " and ".join(conditions) or "true"
                kind = str(of).partition(" at")[0]
                texts.append(f"value {head}(f: F) -> {kind} = if {when} then {of.literal(2)} else {value} per LAW/1")
            reads.append(frozenset(read))
        return Asked((names[0], names[1]), (texts[0], texts[1]), (reads[0], reads[1]))

    def test(self) -> tuple[int, str, int]:
        return (
            self.chance.randrange(len(self.things)),
            self.chance.choice((">", ">=", "<")),
            self.chance.randint(-1, 2),
        )

    def condition(self, n: int, operator: str, at: int, side: int) -> str:
        thing = self.things[n]
        known = thing.side(side)
        assert known is not None
        name, form = known
        holds = self.holds(form, {"": f"f.{name}", "p": f"f.p.{name}", "ps": f"i.{name}"}[thing.place], operator, at)
        return f"any({holds} for i in f.ps)" if thing.place == "ps" else holds

    def holds(self, form: Form, path: str, operator: str, at: int) -> str:
        if isinstance(form, Number):
            fact = f"({path} default {form.literal(0)})" if form.is_optional else path
            return f"{fact} {operator} {form.literal(at)}"
        if isinstance(form, Flag):
            return f"({path} default {'true' if at else 'false'})" if form.is_optional else path
        colour = list(form.names)[at % len(form.names)]
        fact = f"({path} default {form.literal(next(iter(form.names)))})" if form.is_optional else path
        return f"{fact} is {'not ' if operator == '<' else ''}{form.literal(colour)}"

    def text(self, side: int, asked: list[Asked]) -> str:
        lines = []
        fields = ["  always: boolean", "  p: P", "  ps: list of P"]
        inner = ["  sure: boolean"]
        for thing in self.things:
            known = thing.side(side)
            if known is None:
                continue
            name, form = known
            clause = f" renamed from {thing.before[0]}" if side and thing.is_said and thing.before else ""
            (inner if thing.place else fields).append(f"  {name}{clause}: {form}")
            if isinstance(form, Members) and not form.is_text:
                old = form.names if not side else {c: c for c in form.names}
                members = [
                    m + (f" renamed from {old[c]}" if side and m != old[c] else "") for c, m in form.names.items()
                ]
                lines.append(f"enum {form.enum} {{ {', '.join(members)} }}")
        records = ["record P {", *inner, "}", "record F {", *fields, "}"]
        return "\n".join([*lines, *records, *(a.texts[side] for a in asked)])

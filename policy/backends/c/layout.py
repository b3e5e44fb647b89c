"""The structs of facts, and the numbers of their paths.

In: a program and the questions asked of it. Out: a `StructLayout`. A struct has the fields that one of the questions
reads. The paths below a record are numbered one after the other in the order of its fields, so the number of a
path is that of the record and the offset of the field. Before them come the numbers that the rules themselves
lack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from attrs import define, field, frozen

from policy.backends.c.names import OWN_MEMBERS, Identifiers
from policy.backends.c.shapes import STORED, plural, shape
from policy.ir import program as ir
from policy.ir.program import Function, Program, parts
from policy.ir.reads import Fact, facts_read
from policy.model import types
from policy.model.types import Type

_FORMS_OF_A_RECORD = ("{}", "{}_list", "{}_list_list")
_FORMS_OF_A_QUESTION = (
    *("{}", "{}_facts", "{}_answer", "{}_reasons", "{}_needs"),
    *("check_{}", "complete_{}", "exact_{}", "row_{}"),  # functions of the source, the last of a kernel
)


class UnsupportedError(Exception):
    """Something for which there is no C."""


@frozen
class StructMember:
    """A field in its struct: `bit`, of which `flag` is the constant, is its own in `given` and `present`."""

    name: str
    c: str
    flag: str
    type: Type
    bit: int
    offset: int
    least: int | None = None
    most: int | None = None

    @property
    def inner(self) -> Type:
        return types.inner_of(self.type)

    @property
    def is_optional(self) -> bool:
        return isinstance(self.type, types.OptionalOf)


@frozen
class Struct:
    """The facts of a record, or of a question: `c` is its name, `size` how many paths are in it with itself."""

    name: str
    c: str
    members: dict[str, StructMember]
    size: int

    @property
    def words(self) -> int:
        """How many words its bits need."""
        return max(1, -(-len(self.members) // 64))


@frozen(eq=False)
class Asked:
    """A question: its function, the identifier of it, its facts, which of them it reads, and its needs by number."""

    function: Function
    c: str
    facts: Struct
    reads: dict[str, Fact]
    base: int
    reasons: tuple[str, ...]  # the constants of its rules

    @property
    def is_decision(self) -> bool:
        return self.function.kind == "decision"


@define(eq=False)
class StructLayout:
    """Structs by the names of records, questions by theirs, and how many words the bits of needs fill."""

    program: Program
    scope: Identifiers = field(factory=Identifiers)
    structs: dict[str, Struct] = field(factory=dict)
    enums: dict[str, dict[str, str]] = field(factory=dict)  # the constant of each member
    asked: dict[str, Asked] = field(factory=dict)
    called: list[str] = field(factory=list)  # functions, each after those that it calls
    reads: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()  # what the rules lack, by number
    words: int = 1

    def struct(self, of: str, inside: tuple[str, ...] = ()) -> Struct:
        """The struct of a record."""
        if of in inside:
            raise UnsupportedError(f"a record inside itself: `{types.short(of)}`")
        if of not in self.structs:
            read = [f for f in self.program.records[of] if f.name in self.reads]
            fields = [(f.name, f.type, f.least, f.most) for f in read]
            made = self._struct(of, self.scope.claim(of, _FORMS_OF_A_RECORD), fields, (*inside, of))
            self.structs[of] = made
        return self.structs[of]

    def _struct(
        self, name: str, c: str, fields: Sequence[tuple[str, Type, int | None, int | None]], inside: tuple[str, ...]
    ) -> Struct:
        members: dict[str, StructMember] = {}
        sizes = [self.size(of, inside) for _, of, _, _ in fields]
        own = Identifiers({*OWN_MEMBERS, *(self.held(of) for _, of, _, _ in fields)})  # in C++ a type is no member
        offset = 1
        for bit, (name_, of, least, most) in enumerate(fields):
            flag = self.scope.claim(f"{c}_bit_{name_}")
            members[name_] = StructMember(name_, own.claim(name_), flag, of, bit, offset, least, most)
            offset += sizes[bit]
        return Struct(name, c, members, offset)

    def size(self, of: Type, inside: tuple[str, ...] = ()) -> int:
        """How many paths are at a fact and below it."""
        match of:
            case types.OptionalOf(item):
                return self.size(item, inside)
            case types.Record(name):
                return self.struct(name, inside).size
            case types.ListOf(item) | types.SetOf(item):
                if isinstance(item, types.OptionalOf):
                    raise UnsupportedError("a list of what is optional")
                return 1 + self.size(item, inside)
            case types.Enum(name):
                self.enum(name, of.every)
                return 1
            case types.Boolean() | types.Text() | types.Date() | types.Instant() | types.Number() | types.Broken():
                return 1
            case _:
                assert_never(of)

    def enum(self, name: str, members: Sequence[str]) -> dict[str, str]:
        """The constants of an enum's members; its numbers go by the alphabet, so that sets are in one order."""
        if name not in self.enums:
            self.enums[name] = {m: self.scope.claim(f"{name}.{m}") for m in sorted(members)}
        return self.enums[name]

    def ask(self, function: Function) -> Asked:
        """A question, with its facts."""
        fields = [(name, of, None, None) for name, of in function.parameters]
        c = self.scope.claim(function.id, _FORMS_OF_A_QUESTION)
        facts = self._struct(function.id, c, fields, ())
        base = len(self.missing)  # the facts of a question are a record whose own path is never missing
        reasons = tuple(self.scope.claim(f"{c}_reason_{rule.name}") for rule in function.rules)
        asked = Asked(function, c, facts, facts_read(self.program, function), base, reasons)
        self.asked[function.id] = asked
        self.words = max(self.words, -(-(base + facts.size) // 64))
        return asked

    def needs(self, asked: Asked) -> Iterator[tuple[int, str]]:
        """The needs that an answer may have, by number: each a path that is read, or what the rules lack."""
        lacking = _missing(self.program, self.program.calls_first(asked.function.id))
        yield from ((n, name) for n, name in enumerate(self.missing) if name in lacking)
        yield from self._inside(asked.facts, "", asked.base, asked.reads)

    def _inside(self, struct: Struct, path: str, number: int, reads: Mapping[str, Fact]) -> Iterator[tuple[int, str]]:
        for name, fact in reads.items():
            if (m := struct.members.get(name)) is not None:
                yield from self._paths(m.type, f"{path}{name}", number + m.offset, fact)

    def _paths(self, of: Type, path: str, number: int, fact: Fact) -> Iterator[tuple[int, str]]:
        yield number, path
        inner = types.inner_of(of)
        if isinstance(inner, types.Record):
            yield from self._inside(self.structs[inner.name], f"{path}.", number, fact.fields)
        elif isinstance(inner, types.ListOf | types.SetOf):
            yield from self._paths(inner.of, f"{path}[]", number + 1, fact.elements)

    def list_of(self, item: Type) -> str:
        """The type of C that holds a list or set of such facts."""
        if isinstance(item, types.Record):
            return f"{self.struct(item.name).c}_list"
        if isinstance(item, types.ListOf | types.SetOf):
            return f"{self.list_of(item.of)}_list"
        return f"policy_{plural(item)}"

    def held(self, of: Type) -> str:
        """The type of C that holds a fact."""
        inner = types.inner_of(of)
        if isinstance(inner, types.Record):
            return f"const struct {self.struct(inner.name).c} *"
        return self.list_of(inner.of) if isinstance(inner, types.ListOf | types.SetOf) else STORED[shape(inner)]

    @property
    def version(self) -> int:
        """A number that changes with any of the structs, the numbers of members, of needs and of reasons."""
        said = [
            *(f"{s.name} {[(m.c, repr(m.type)) for m in s.members.values()]}" for s in self.structs.values()),
            *(f"{name} {list(members)}" for name, members in self.enums.items()),
            *(f"{a.c} {[m.c for m in a.facts.members.values()]} {a.function.type!r}" for a in self.asked.values()),
            *(str([r.label for r in a.function.rules]) for a in self.asked.values()),
            repr(self.missing),
        ]
        return int.from_bytes(hashlib.sha256("\n".join(said).encode()).digest()[:4], "big")


def _missing(program: Program, called: Sequence[str]) -> set[str]:
    """What the rules lack on some date; what is always in force they have."""
    found, pending = set(), [body for id in called for body in program.functions[id].bodies]
    while pending:
        e = pending.pop()
        if isinstance(e, ir.Missing):
            found.add(e.need)
        if isinstance(e, ir.Choose) and e.mode == "first" and e.cases and e.cases[0].condition == ir.TRUE:
            pending.append(e.cases[0].value)
        else:
            pending.extend(parts(e))
    return found


def layout_of(program: Program, questions: Sequence[Function], taken: set[str]) -> StructLayout:
    """The layout of these questions, beside names that are taken. Raises UnsupportedError where a fact has no form
    in C.
    """
    called = program.calls_first(*(f.id for f in questions))
    reads = frozenset[str]().union(*(program.functions[id].fields for id in called))
    missing = tuple(sorted(_missing(program, called)))
    layout = StructLayout(program, Identifiers(taken), called=called, reads=reads, missing=missing)
    for function in questions:
        layout.ask(function)
    return layout

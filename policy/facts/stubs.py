"""A stub (`.pyi`) of a rulebook's records and questions, for type checkers.

In: a program. Out: Python text, the same bytes for the same rules. It declares what `Rulebook.records` and
`Rulebook.evaluator` give at run time, so nothing of it is imported then: `cast` says that a rulebook is the one
described. Absent: values, which only a date gives. Names that start with an underscore are ours.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import indent
from typing import Literal, assert_never

from attrs import define, field

from policy.diagnostics import printable
from policy.facts.records import in_words
from policy.ir.program import FieldDeclaration, Function, Program
from policy.ir.validation import attribute
from policy.model import types
from policy.model.types import AnswerType, Type, short
from policy.model.values import show_bound

WIDTH = 88  # characters of a line, as formatters have it where nobody says otherwise

_ASKED = ("decision", "value", "table", "priority", "parameter")
_TYPING = ("Literal", "Self", "TypeAlias", "TypedDict", "TypeVar", "Unpack", "overload")
_BUILTINS = ("bool", "classmethod", "frozenset", "int", "list", "property", "str", "tuple", "type")
_IN_CLASSES = ("answer", "evaluator", "fast", "records", "replace", "unchecked", "verdict")
_RESERVED = frozenset(("Records", "Rulebook", "Sequence", "policy", *_TYPING, *_BUILTINS, *_IN_CLASSES))

# formatters and lints, whatever they are set to, leave the bytes as they are; what is narrowed is not an override
_HEAD = '''\
# fmt: off
# ruff: noqa
# mypy: disable-error-code="override"
# pyright: reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false
"""The records and questions of a rulebook, for type checkers.

Made by `policy stubs`; make it again when the rules change. The rulebook:
{digest}{under}

Kept as `rules.pyi`, it is used so:

    from __future__ import annotations

    from typing import TYPE_CHECKING, cast

    import policy

    if TYPE_CHECKING:
        import rules

    rulebook = cast("rules.Rulebook", policy.load({loaded}))

Numbers, dates and instants are ints, as told beside each. What is not given to a
record is `policy.MISSING`, which raises when it is used.
"""

'''

Use = Literal["given", "read", "argument", "result"]  # the first two stand inside the class of a record


def stub(program: Program) -> str:
    """The stub of a program, whatever its date."""
    return _Stub(program).text()


# ── names ───────────────────────────────────────────────────────────────────────────────────


def _named(ids: Iterable[str], taken: set[str], spelt: Callable[[str], str]) -> dict[str, str]:
    """A name for each: of its last part, or of the whole where several have that last part or it is taken."""
    known = list(ids)
    count = Counter(spelt(short(id)) for id in known)
    names: dict[str, str] = {}
    for id in known:
        name = spelt(short(id))
        if count[name] > 1 or name in taken:
            name = spelt(id.replace(".", "_"))
        while name in taken:
            name += "_"
        taken.add(name)
        names[id] = name
    return names


def _in_capitals(name: str) -> str:
    """`order_accepted` as the name of a class: `OrderAccepted`."""
    return attribute("".join(part[:1].upper() + part[1:] for part in name.split("_")))


def _looked_up_as(ids: Iterable[str], among: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each id with the names by which it is found at run time: also its last part, where no other has that."""
    count = Counter(map(short, among))
    for id in ids:
        yield id, list(dict.fromkeys([short(id), id] if count[short(id)] == 1 else [id]))


def _sorted(ids: Iterable[str]) -> list[str]:
    """By ruleset, then by name."""
    return sorted(ids, key=lambda id: id.rpartition("."))


# ── lines ───────────────────────────────────────────────────────────────────────────────────


def _spread(before: str, items: Sequence[str], after: str, room: int = WIDTH) -> str:
    """On one line where there is room, else an item a line, with the comma that keeps them so."""
    line = before + ", ".join(items) + after
    if len(line) <= room and "\n" not in line:
        return line
    return "\n".join([before, *(indent(item + ",", "    ") for item in items), after])


def _def(name: str, parameters: Sequence[str], result: str) -> str:
    return _spread(f"def {name}(", parameters, f") -> {result}: ...", WIDTH - 4)


def _class(name: str, bases: Sequence[str], *body: str) -> str:
    head = _spread(f"class {name}(", bases, "):") if bases else f"class {name}:"
    return "\n".join([head, *(indent(part, "    ") for part in body)]) if body else f"{head} ..."


def _quoted(text: str) -> str:
    return f'"{text}"'


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _docstring(*lines: str) -> str:
    shown = [_one_line(line).replace("\\", "\\\\").replace('"', "'") for line in lines]
    return '"""' + (shown[0] if len(shown) == 1 else "\n".join([shown[0], "", *shown[1:], ""])) + '"""'


# ── the parts of a stub ─────────────────────────────────────────────────────────────────────


@define(eq=False)
class _Stub:
    program: Program
    names: dict[str, str] = field(init=False)  # of enums and records, by full name
    unchecked: dict[str, str] = field(init=False)  # of the classes of unchecked records
    asked: dict[str, str] = field(init=False)  # of the classes of evaluators
    hidden: frozenset[str] = field(init=False)  # names that a field hides inside the class of its record

    def __attrs_post_init__(self) -> None:
        taken = set(_RESERVED)
        records = _sorted(self.program.records)
        self.names = _named(_sorted({*self.program.enums, *records}), taken, attribute)
        spelt = _named([self.names[id] for id in records], taken, lambda name: "Unchecked" + name)
        self.unchecked = {id: spelt[self.names[id]] for id in records}
        self.asked = _named(_sorted(f.id for f in self.questions()), taken, _in_capitals)
        self.hidden = frozenset(attribute(f.name) for fields in self.program.records.values() for f in fields) & taken

    def questions(self) -> list[Function]:
        functions = self.program.functions
        return [functions[id] for id in _sorted(functions) if functions[id].kind in _ASKED and "#" not in id]

    def text(self) -> str:
        parts = [*map(self.enum, _sorted(self.program.enums))]
        parts += [part for id in _sorted(self.program.records) for part in self.record(id)]
        parts += [*map(self.question, self.questions()), self.records(), self.rulebook()]
        body = "\n\n".join(parts) + "\n"
        return self.head() + self.imports(body) + body

    def head(self) -> str:
        under, loaded = "", 'on="2026-03-01"'
        if overlay := self.program.overlay:
            under, loaded = f"\nunder `{overlay}`", f'{loaded}, under="{overlay}"'
        return _HEAD.format(digest=self.program.digest, under=under, loaded=loaded)

    def imports(self, body: str) -> str:
        """What the body mentions, and second names of what fields hide."""
        used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
        declared = (*self.names.values(), *self.unchecked.values())
        own = [name for name in declared if self.inside(name) in used - {name}]
        body = "".join(f"{self.inside(name)}: TypeAlias = {name}\n" for name in own)
        if "_Elements" in used:
            body += '_Element = TypeVar("_Element")\n_Elements: TypeAlias = list[_Element] | tuple[_Element, ...]\n'
        used |= {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
        lines = []
        for module, names in (("builtins", _BUILTINS), ("collections.abc", ("Sequence",)), ("typing", _TYPING)):
            wanted = [name for name in names if name in used and module != "builtins"]
            wanted += [f"{name} as {self.inside(name)}" for name in names if self.inside(name) in used - {name}]
            if wanted:
                line = f"from {module} import {', '.join(wanted)}"
                lines.append(line if len(line) <= WIDTH else _spread(f"from {module} import (", wanted, ")"))
        return "\n".join([*lines, "", "import policy", "", *([body] if body else []), ""])

    # ── types ───────────────────────────────────────────────────────────────────────────────

    def inside(self, name: str) -> str:
        """What a name is called inside the class of a record, where a field may hide it."""
        return f"_hidden_{name}" if name in self.hidden else name

    def answered(self, of: AnswerType) -> str:
        """The type of an answer; of a record, the types of its fields in their order."""
        if isinstance(of, types.Results):
            return f"tuple[{', '.join(self.answered(inner) for _, inner in of.fields)}]"
        return self.type(of, "result")

    def type(self, of: Type, use: Use) -> str:
        """A type as Python writes it: lists are given as lists or tuples, and held as tuples."""
        called = self.inside if use in ("given", "read") else str
        match of:
            case types.OptionalOf(item):
                return f"{self.type(item, use)} | None"
            case types.Boolean():
                return called("bool")
            case types.Text():
                return called("str")
            case types.Enum(name, _) | types.Record(name):
                return called(self.names[name])
            case types.Number() | types.Date() | types.Instant():
                return called("int")
            case types.SetOf(item):
                return f"{called('frozenset')}[{self.type(item, use)}]"
            case types.ListOf(item):
                element = self.type(item, use)
                match use:
                    case "given" | "argument":
                        return f"_Elements[{element}]"
                    case "read":  # an unchecked record holds what it was given
                        return f"{called('Sequence')}[{element}]"
                    case "result":
                        return f"tuple[{element}, ...]"
                    case _:
                        assert_never(use)
            case types.Broken():
                raise AssertionError("a program has no broken types")
            case _:
                assert_never(of)

    # ── declarations ────────────────────────────────────────────────────────────────────────

    def enum(self, id: str) -> str:
        return _spread(f"{self.names[id]}: TypeAlias = Literal[", [*map(_quoted, self.program.enums[id])], "]")

    def record(self, id: str) -> Iterator[str]:
        """What its constructor takes, the record, and the record that is not checked."""
        name, unchecked, fields = self.names[id], self.unchecked[id], self.program.records[id]
        given, own = f"_{name}Fields", {attribute(f.name) for f in fields}
        parameters = [f"{attribute(f.name)}: {self.type(f.type, 'given')}" for f in fields]
        taken = f"**fields: {self.inside('Unpack')}[{given}]"
        this = self.inside("Self")
        like = f"like: {self.inside(name)} | None = None"
        methods = [_def("__new__", ["cls", "/", taken], this), _def("__replace__", ["self", "/", taken], this)]
        if "replace" not in own:
            methods.append(_def("replace", ["self", "/", taken], this))
        if "unchecked" not in own:
            made = _def("unchecked", ["cls", like, "/", taken], self.inside(unchecked))
            methods.append(f"@{self.inside('classmethod')}\n{made}")
        for f in fields:
            read = _def(attribute(f.name), ["self"], self.type(f.type, "read"))
            methods.append(f"# {_about(f)}\n@{self.inside('property')}\n{read}")
        yield _class(given, ["TypedDict", "total=False"], *parameters)
        yield _class(name, [], _docstring(f"A record `{id}`: checked when made, and frozen."), *methods)
        yield _class(unchecked, [name], *parameters)

    def question(self, f: Function) -> str:
        about = [f"{name}: {in_words(of)}" for name, of in f.parameters]
        taken = [f"{_parameter(name)}: {self.type(of, 'argument')}" for name, of in f.parameters]
        parameters = ["self", *taken, "/"]
        title = f": {f.title.en}" if f.title.en else ""
        return _class(
            self.asked[f.id],
            ["policy.PythonEvaluator"],
            _docstring(f"The {f.kind} `{f.id}`{title}", *about, f"returns: {in_words(f.type)}"),
            _def("fast", parameters, self.answered(f.type)),
            _def("verdict", parameters, "policy.Verdict"),
            _def("answer", parameters, "policy.Answer"),
        )

    def records(self) -> str:
        found = _looked_up_as(_sorted(self.program.records), self.program.records)
        pairs = [f"{_quoted(called)}: type[{self.names[id]}]" for id, names in found for called in names]
        return _spread("Records = TypedDict(", [_quoted("Records"), _spread("{", pairs, "}", WIDTH - 4)], ")")

    def rulebook(self) -> str:
        askable = [f.id for f in self.program.functions.values() if f.kind != "set"]
        found = list(_looked_up_as([f.id for f in self.questions()], askable))
        methods = [f"@property\n{_def('records', ['self'], 'Records')}"]
        for id, names in found:
            literal = _spread("name: Literal[", [*map(_quoted, names)], "]", WIDTH - 9)
            made = _def("evaluator", ["self", literal], self.asked[id])
            methods.append(f"@overload\n{made}" if len(found) > 1 else made)
        return _class("Rulebook", ["policy.Rulebook"], _docstring("The rulebook as of a date."), *methods)


def _parameter(name: str) -> str:
    return "self_" if name == "self" else attribute(name)


def _about(f: FieldDeclaration) -> str:
    """A field in words: its type, how it is held, its bounds and its title."""
    bounds = (("at least", f.least), ("at most", f.most))
    said = (f"{word} {show_bound(bound, f.type)}" for word, bound in bounds if bound is not None)
    words = [in_words(f.type), *said]
    return _one_line(", ".join(words) + (f" — {f.title.en}" if f.title.en else ""))

"""What an engine asks of a rulebook: each question with the signature it must have, bound or reported.

In: a class whose fields are made by `wants`, and a rulebook as of one date. Out: an instance with every question
bound, or one finding for each that is missing or does not fit. Absent: any question in particular; engines say
what they ask, and a rulebook is free to answer it as it likes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeVar

import attrs
from attrs import frozen

from policy.decisions import MISSING, Answer, Verdict
from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean
from policy.facts.from_json import FactReader
from policy.ir.held import attribute
from policy.ir.program import Choose, Const, Function, Program
from policy.model.types import Boolean, Enum, ListOf, OptionalOf, Record, SetOf, Text, Type, describe, short
from policy.model.values import show
from policy.source import Source

T = TypeVar("T")

_SIGNATURE = re.compile(r"(?P<kind>\w+) (?P<name>\w+)(?:\((?P<parameters>.*?)\))?(?: -> (?P<result>.+))?")
_VALUES = {"value", "table", "parameter"}  # asked alike


class AskedEvaluator(Protocol):
    """One question of a rulebook: its value or yes, its reasons, or everything."""

    @property
    def fast(self) -> Callable[..., Any]: ...
    @property
    def verdict(self) -> Callable[..., Verdict]: ...
    @property
    def answer(self) -> Callable[..., Answer]: ...


class RulebookOfADate(Protocol):
    """As `policy.pipeline.Rulebook`."""

    @property
    def program(self) -> Program: ...
    @property
    def records(self) -> dict[str, type[Any]]: ...
    def question(self, name: str) -> Function: ...
    def evaluator(self, name: str) -> AskedEvaluator: ...
    def reader(self, name: str) -> FactReader: ...


@frozen(slots=False, eq=False, repr=False)
class Bound:
    """A question, ready to be asked. `fast` raises `UndecidedError` where there is no answer; the others never do."""

    function: Function
    fast: Callable[..., Any]
    verdict: Callable[..., Verdict]
    answer: Callable[..., Answer]
    reader: FactReader
    records: Mapping[str, type[Any]]  # the rulebook's, by short name too

    def __repr__(self) -> str:
        return f"<{self.function.kind} {self.function.id}, bound>"

    def read(self, facts: Mapping[str, Any], about: str = "<facts>") -> tuple[Any, ...] | list[Diagnostic]:
        """The question's arguments from facts by parameter, or what is wrong with them; the rest is missing."""
        return self.reader.read(Source(about, json.dumps(facts, ensure_ascii=False)))

    @cached_property
    def per(self) -> tuple[str, ...]:
        """What it stands on itself, whatever the facts; not what it asks in turn."""
        function = self.function
        cited = [c for _, c in function.citations]
        if isinstance(function.body, Choose):
            cited += [c for case in function.body.cases if case.condition == Const(True) for c in case.citations]
        return tuple(dict.fromkeys(map(str, cited)))

    def told(self, *arguments: Any) -> dict[str, Any]:
        """The question's arguments as JSON facts, which `read` would read back; what is missing is left out."""
        given = zip(self.function.parameters, arguments, strict=True)
        return {name: _told(value, of, self.reader.program) for (name, of), value in given if value is not MISSING}


@frozen
class Wanted:
    """A signature as an author would declare it, and the fields that the engine itself reads or fills in."""

    kind: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str
    fields: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    def __str__(self) -> str:
        inside = ", ".join(f"{name}: {of}" for name, of in self.parameters)
        head = f"{self.kind} {self.name}" + (f"({inside})" if inside else "")
        return head + (f" -> {self.result}" if self.result else "")


def wants(signature: str, **fields: str) -> Any:
    """An attrs field that is bound to a question: `wants("decision accepted(order: Order)", Order="side: Side")`.

    A type may be written short: `price` is met by any price, `price(HKD)` by any in that currency.
    """
    match = _SIGNATURE.fullmatch(signature)
    assert match, signature
    records = tuple((record, tuple(_pairs(text))) for record, text in fields.items())
    parameters = tuple(_pairs(match["parameters"] or ""))
    wanted = Wanted(match["kind"], match["name"], parameters, match["result"] or "", records)
    return attrs.field(metadata={"wants": wanted})


def bind(asker: type[T], rulebook: RulebookOfADate, who: str) -> T:
    """The asker with all its questions. Raises PolicyError with every question that is missing or does not fit."""
    found = Collector()
    bound = {}
    for field in attrs.fields(asker):  # type: ignore[arg-type]  # it is made by attrs
        wanted: Wanted = field.metadata["wants"]
        function = _named(rulebook, wanted, who, found)
        if function is not None and not _unfit(rulebook, function, wanted, who, found):
            bound[field.name] = ask(rulebook, function.id)
    if found.found:
        raise PolicyError(found.found)
    return asker(**bound)


def ask(rulebook: RulebookOfADate, name: str) -> Bound:
    """A question by its name, which no engine knows of but its data. Raises PolicyError where there is none."""
    function = rulebook.question(name)
    of = rulebook.evaluator(function.id)
    reader = rulebook.reader(function.id)
    return Bound(function, of.fast, of.verdict, of.answer, reader, rulebook.records)


def provisions(*asked: Bound) -> tuple[str, ...]:
    """What these questions stand on themselves."""
    return tuple(dict.fromkeys(cited for question in asked for cited in question.per))


def _told(value: Any, of: Type, program: Program) -> Any:
    """One fact as JSON."""
    match of:
        case OptionalOf(inner):
            return None if value is None else _told(value, inner, program)
        case ListOf(inner):
            return [_told(v, inner, program) for v in value]
        case SetOf(inner):
            return [_told(v, inner, program) for v in sorted(value)]
        case Record(name):
            fields = ((f.name, f.type, getattr(value, attribute(f.name))) for f in program.records[name])
            return {field: _told(v, inner, program) for field, inner, v in fields if v is not MISSING}
        case Boolean() | Text() | Enum():
            return value
        case _:
            return show(value, of)


# ── does it fit? ────────────────────────────────────────────────────────────────────────────


def _named(rulebook: RulebookOfADate, wanted: Wanted, who: str, found: Collector) -> Function | None:
    named = [f for f in rulebook.program.named(wanted.name) if f.kind != "set"]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(f"`{f.id}`" for f in named)
        message = f"the {who} asks `{wanted.name}`, and this rulebook has several: {ids}"
        found.error("missing-question", message, None, "rename all but one")
        return None
    close = did_you_mean(wanted.name, [short(id) for id in rulebook.program.functions])
    told = "; ".join(f"`{record}` has {_listed(fields)}" for record, fields in wanted.fields)
    help = f"declare `{wanted}`" + (f", where {told}" if told else "") + (f"; {close}" if close else "")
    found.error("missing-question", f"the {who} asks `{wanted.name}`, which this rulebook does not have", None, help)
    return None


def _unfit(rulebook: RulebookOfADate, function: Function, wanted: Wanted, who: str, found: Collector) -> bool:
    """Whether the question is not what is wanted; every difference is a finding."""
    differences = list(_differences(rulebook, function, wanted))
    for difference in differences:
        message = f"`{function.id}` is not what the {who} asks: {difference}"
        found.error("unfit-question", message, None, f"it is asked as `{wanted}`")
    return bool(differences)


def _differences(rulebook: RulebookOfADate, function: Function, wanted: Wanted) -> Iterator[str]:
    if function.kind != wanted.kind and not {function.kind, wanted.kind} <= _VALUES:
        yield f"it is a {function.kind}, not a {wanted.kind}"
    if len(function.parameters) != len(wanted.parameters):
        yield f"it takes {len(function.parameters)} facts, not {len(wanted.parameters)}"
    for (name, of), (_, text) in zip(function.parameters, wanted.parameters, strict=False):
        if not _is(of, text):
            yield f"its `{name}` is `{describe(of)}`, not `{text}`"
    if wanted.result and not _is(function.type, wanted.result):
        yield f"it gives `{describe(function.type)}`, not `{wanted.result}`"
    records = dict(_records(rulebook.program, (of for _, of in function.parameters)))
    for record, fields in wanted.fields:
        has = records.get(record)
        if has is None:
            yield f"it has nothing to do with a `{record}`"
            continue
        for name, text in fields:
            if name not in has:
                yield f"`{record}` has no field `{name}: {text}`"
            elif not _is(has[name], text):
                yield f"`{record}.{name}` is `{describe(has[name])}`, not `{text}`"


def _records(program: Program, pending: Iterator[Type]) -> Iterator[tuple[str, dict[str, Type]]]:
    """Every record that a question's facts are made of, with its fields."""
    for of in pending:
        inner = of.of if isinstance(of, ListOf) else of
        if isinstance(inner, Record):
            fields = {f.name: f.type for f in program.records[inner.name]}
            yield short(inner.name), fields
            yield from _records(program, iter(fields.values()))


def _is(of: Type, text: str) -> bool:
    """Whether a type is what is written, perhaps short."""
    full = describe(of)
    return full == text or full.startswith((f"{text} ", f"{text}("))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, (p.strip() for p in text.split(","))):
        name, _, of = pair.partition(":")
        yield name, of.strip()


def _listed(fields: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"`{name}: {of}`" for name, of in fields)

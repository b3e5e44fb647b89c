"""The interface between an engine and a rulebook: the questions an engine asks, bound by name and signature.

In: a class whose fields are made by `question`, and a rulebook as of one date. Out: an instance with every question
bound, or a finding for each that is missing or has another signature. Absent: any particular question; an engine
declares what it asks, and a rulebook is free in how it answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import attrs
from attrs import frozen

from policy.answers import MISSING, Answer, Verdict
from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean
from policy.facts.from_json import FactReader
from policy.facts.to_json import in_json
from policy.ir.program import Choose, Const, Function
from policy.ir.reads import records_of
from policy.model.types import (
    AnswerType,
    describe,
    short,
)
from policy.rulebook import Rulebook
from policy.source import Source
from policy.vocabulary import Json, RecordClass, RuntimeValue

T = TypeVar("T")

_SIGNATURE = re.compile(r"(?P<kind>\w+) (?P<name>\w+)(?:\((?P<parameters>.*?)\))?(?: -> (?P<result>.+))?")
_SIGNED = f"{__name__}.signature"  # the key of a field's metadata
_VALUES = {"value", "table", "parameter"}  # interchangeable: all are called for a value


@frozen(slots=False, eq=False, repr=False)
class BoundQuestion:
    """A question of a rulebook. `fast` gives the value and raises `UndecidedError` where there is none;
    `verdict` and `answer` never raise.
    """

    function: Function
    fast: Callable[..., RuntimeValue]
    verdict: Callable[..., Verdict]
    answer: Callable[..., Answer]
    reader: FactReader
    records: Mapping[str, RecordClass]  # all of the rulebook's

    def __repr__(self) -> str:
        return f"<{self.function.kind} {self.function.id}, bound>"

    def read(
        self, facts: Mapping[str, object], about: str = "<facts>"
    ) -> tuple[RuntimeValue, ...] | list[Diagnostic]:
        """The arguments from JSON facts by parameter, or what is wrong with them; facts left out are MISSING."""
        return self.reader.read(Source(about, json.dumps(facts, ensure_ascii=False)))

    @cached_property
    def provisions(self) -> tuple[str, ...]:
        """The provisions it cites whatever the facts; not those of the questions it asks."""
        function = self.function
        cited = [c for _, c in function.citations]
        if isinstance(function.body, Choose):
            cited += [c for case in function.body.cases if case.condition == Const(True) for c in case.citations]
        return tuple(dict.fromkeys(map(str, cited)))

    def as_facts(self, *arguments: RuntimeValue) -> Json:
        """The arguments as JSON facts by parameter, the inverse of `read`; MISSING ones are left out."""
        pairs = zip(self.function.parameters, arguments, strict=True)
        return {name: in_json(value, of, self.reader.program) for (name, of), value in pairs if value is not MISSING}


@frozen
class DeclarationText:
    """A declaration as an author would write it, and the record fields that the engine reads or fills in."""

    kind: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str
    fields: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    def __str__(self) -> str:
        inside = ", ".join(f"{name}: {of}" for name, of in self.parameters)
        head = f"{self.kind} {self.name}" + (f"({inside})" if inside else "")
        return head + (f" -> {self.result}" if self.result else "")


def question(signature: str, **fields: str) -> Any:
    """An attrs field for a question: `question("decision accepted(order: Order)", Order="side: Side")`.

    A type may be abbreviated: `price` accepts any price, `price(HKD)` any in that currency.
    """
    match = _SIGNATURE.fullmatch(signature)
    assert match, signature
    records = tuple((record, tuple(_pairs(text))) for record, text in fields.items())
    parameters = tuple(_pairs(match["parameters"] or ""))
    declared = DeclarationText(match["kind"], match["name"], parameters, match["result"] or "", records)
    return attrs.field(metadata={_SIGNED: declared})


def bind(asker: type[T], rulebook: Rulebook, who: str) -> T:
    """An instance of `asker` with every question bound. Raises PolicyError with every one missing or unfit."""
    found = Collector()
    bound = {}
    for field in attrs.fields(asker):  # type: ignore[arg-type]  # it is made by attrs
        signature: DeclarationText | None = field.metadata.get(_SIGNED)
        if signature is None:
            continue
        function = _named(rulebook, signature, who, found)
        if function is not None and not _unfit(rulebook, function, signature, who, found):
            bound[field.name] = bind_named(rulebook, function.id)
    if found.found:
        raise PolicyError(found.found)
    return asker(**bound)


def bind_named(rulebook: Rulebook, name: str) -> BoundQuestion:
    """The question called `name`, whatever its signature. Raises PolicyError where there is none."""
    function = rulebook.question(name)
    of = rulebook.evaluator(function.id)
    return BoundQuestion(function, of.fast, of.verdict, of.answer, rulebook.reader(function.id), rulebook.records)


def provisions(*asked: BoundQuestion) -> tuple[str, ...]:
    """The provisions that these questions cite whatever the facts."""
    return tuple(dict.fromkeys(cited for question in asked for cited in question.provisions))


# ── signatures ─────────────────────────────────────────────────────────────────────────────


def _named(rulebook: Rulebook, signature: DeclarationText, who: str, found: Collector) -> Function | None:
    named = [f for f in rulebook.program.named(signature.name) if f.kind != "set"]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(f"`{f.id}`" for f in named)
        message = f"the {who} asks `{signature.name}`, and this rulebook has several: {ids}"
        found.error("missing-question", message, None, "rename all but one")
        return None
    close = did_you_mean(signature.name, [short(id) for id in rulebook.program.functions])
    records = "; ".join(f"`{record}` has {_listed(fields)}" for record, fields in signature.fields)
    help = f"declare `{signature}`" + (f", where {records}" if records else "") + (f"; {close}" if close else "")
    found.error(
        "missing-question", f"the {who} asks `{signature.name}`, which this rulebook does not have", None, help
    )
    return None


def _unfit(rulebook: Rulebook, function: Function, signature: DeclarationText, who: str, found: Collector) -> bool:
    """Whether the question has another signature; every difference is a finding."""
    differences = list(_differences(rulebook, function, signature))
    for difference in differences:
        message = f"`{function.id}` is not what the {who} asks: {difference}"
        found.error("unfit-question", message, None, f"it is asked as `{signature}`")
    return bool(differences)


def _differences(rulebook: Rulebook, function: Function, signature: DeclarationText) -> Iterator[str]:
    if function.kind != signature.kind and not {function.kind, signature.kind} <= _VALUES:
        yield f"it is a {function.kind}, not a {signature.kind}"
    if len(function.parameters) != len(signature.parameters):
        yield f"it takes {len(function.parameters)} facts, not {len(signature.parameters)}"
    for (name, of), (_, text) in zip(function.parameters, signature.parameters, strict=False):
        if not _is(of, text):
            yield f"its `{name}` is `{describe(of)}`, not `{text}`"
    if signature.result and not _is(function.type, signature.result):
        yield f"it gives `{describe(function.type)}`, not `{signature.result}`"
    taken = records_of(rulebook.program, function.parameters)
    records = {short(name): {f.name: f.type for f in fields} for name, fields in taken.items()}
    for record, fields in signature.fields:
        has = records.get(record)
        if has is None:
            yield f"it has nothing to do with a `{record}`"
            continue
        for name, text in fields:
            if name not in has:
                yield f"`{record}` has no field `{name}: {text}`"
            elif not _is(has[name], text):
                yield f"`{record}.{name}` is `{describe(has[name])}`, not `{text}`"


def _is(of: AnswerType, text: str) -> bool:
    """Whether a type is the one written, perhaps abbreviated."""
    full = describe(of)
    return full == text or full.startswith((f"{text} ", f"{text}("))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, (p.strip() for p in text.split(","))):
        name, _, of = pair.partition(":")
        yield name, of.strip()


def _listed(fields: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"`{name}: {of}`" for name, of in fields)

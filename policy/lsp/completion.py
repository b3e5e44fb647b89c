"""What could be written at a place: words of the language, names in scope, fields, members, provisions, snippets.

In: the text of a file as it is being typed, an offset, and the last `Snapshot` that could be read. Out:
`Completion`s. The parser says which terminals may follow; where a name may, what stands before it says which kind.
Absent: what the editor filters by, which is the word that is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, assert_never

from attrs import frozen

from policy.answers import BilingualText
from policy.lsp.snapshot import Snapshot
from policy.model import rules, types
from policy.model.currencies import MINOR_UNIT
from policy.model.types import Type
from policy.syntax.parsing import parser
from policy.syntax.slips import DECLARATION_WORDS
from policy.vocabulary import SymbolKind

CompletionKind = Literal["word", "snippet", "currency", SymbolKind]

# A declaration to fill in: `${1:name}` is where the cursor goes first, as in the snippets of LSP.
SNIPPETS = {
    "decision": 'decision ${1:name}(${2:fact}: ${3:Record})\n  "${4:Title}"\n  otherwise deny\n'
    "  permit ${5:rule} when ${6:condition}\n    per ${7:SOURCE/1}\n",
    "value": 'value ${1:name}(${2:fact}: ${3:Record}) -> ${4:integer}\n  "${5:Title}"\n'
    "  = ${6:expression} per ${7:SOURCE/1}\n",
    "parameter": 'parameter ${1:name}: ${2:integer}\n  "${3:Title}"\n'
    "  from ${4:2026-01-01} = ${5:1} per ${6:SOURCE/1}\n",
    "record": 'record ${1:Name} "${2:Title}" {\n  ${3:field}: ${4:integer} "${5:title}"\n}\n',
    "enum": 'enum ${1:Name} "${2:Title}" { ${3:first} "${4:title}", ${5:second} "${6:title}" }\n',
    "test": 'test "${1:What is expected}" on ${2:2026-01-01}\n  expect ${3:question}(${4:fact}) ${5:permitted}\n',
    "provision": 'provision ${1:SOURCE/1}\n  "${2:What it says, in our words.}"\n',
}

_WORD = re.compile(r"[A-Za-z0-9_./()-]*\Z")
_NAME = re.compile(r"[A-Za-z0-9_]*\Z")
_CHAIN = r"[A-Za-z_]\w*(?:\.\w+)*"
_BOUND = re.compile(r"(\w+)\s*:\s*(?:optional\s+)?((?:(?:list|set)\s+of\s+)?)(\w+)")
_EACH = re.compile(rf"\bfor\s+(\w+)\s+in\s+({_CHAIN})")
_BEFORE_MEMBER = re.compile(rf"({_CHAIN})\s+(?:is|is\s+not|in\s*\{{[^{{}}]*|not\s+in\s*\{{[^{{}}]*)\s*\Z")
_ENTRY = re.compile(r"(\w+)\s*:\s*\Z")
_START = re.compile(rf"^(?:{'|'.join(DECLARATION_WORDS)})\b", re.MULTILINE)


@frozen
class Completion:
    """One thing that could stand there; a snippet's `insert` has places to fill in."""

    label: str
    kind: CompletionKind
    detail: str = ""
    insert: str = ""
    documentation: str = ""


def completions(snapshot: Snapshot, file: str, text: str, offset: int) -> list[Completion]:
    """All that could be written at an offset, whatever has been typed of the word there."""
    starts = [m.start() for m in _START.finditer(text, 0, offset)]
    word = _NAME.search(text, 0, offset)
    before = word.start() if word is not None else offset
    first = next((s for s in reversed(starts) if s < before), before)
    if text[first:before].rsplit("\n", 1)[-1].count('"') % 2 or "#" in text[:before].rsplit("\n", 1)[-1]:
        return []  # within a text or a comment
    if not text[first:before].strip() or before == 0 or text[before - 1] == "\n":
        return [*_declarations()]
    cited = _WORD.search(text, 0, offset)
    if cited is not None and re.search(r"\bper\s+(?:[^\s,]+\s*,\s*)*\Z", text[first : cited.start()]):
        return [*_provisions(snapshot)]
    rest = _START.search(text, offset)
    scope = _Scope.of(snapshot, file, text[first : rest.start() if rest else len(text)])
    return [*_names(scope, text[first:before]), *_currencies(scope, text[first:before]), *_words(text, first, before)]


def _declarations() -> Iterator[Completion]:
    for word in DECLARATION_WORDS:
        yield Completion(word, "word")
    for word, insert in SNIPPETS.items():
        yield Completion(word, "snippet", f"a whole {word}", insert)


def _provisions(snapshot: Snapshot) -> Iterator[Completion]:
    for p in snapshot.checked.model.provisions.values():
        yield Completion(p.id, "provision", p.status.value, documentation=told(p.title))


def _currencies(scope: _Scope, declaration: str) -> Iterator[Completion]:
    """Codes of currencies in a type: those that the rulebook declares, then those of ISO 4217."""
    if "CURRENCY" in parser().following(declaration, 0, len(declaration)):
        for declared in scope.model.currencies.values():
            yield Completion(
                declared.id, "currency", f"{declared.decimals} decimals", documentation=told(declared.title)
            )
        for code, decimals in sorted(MINOR_UNIT.items()):
            yield Completion(code, "currency", f"{decimals} decimals")


def _words(text: str, first: int, before: int) -> Iterator[Completion]:
    tokens = parser().tokens
    shown = {name: word for word, name in tokens.words.items()}
    following = parser().following(text, first, before)
    for name in sorted(following):
        if name in shown and (shown[name] not in DECLARATION_WORDS or (name == "SET" and "LIST" in following)):
            yield Completion(shown[name], "word")


# ── names ───────────────────────────────────────────────────────────────────────────────────


def _names(scope: _Scope, declaration: str) -> Iterator[Completion]:
    """Names that could follow what has been written of a declaration."""
    at_field = re.search(rf"({_CHAIN})\.\Z", declaration)
    if at_field:
        yield from scope.fields(scope.type_of(at_field[1].split(".")))
        return
    compared = _BEFORE_MEMBER.search(declaration)
    if compared:
        yield from scope.members(scope.type_of(compared[1].split(".")))
    following = parser().following(declaration, 0, len(declaration))
    if "NAME" not in following:
        if re.match(r"(import|ruleset\s+\S+\s+amends)\s", declaration):
            yield from (Completion(r, "ruleset") for r in scope.model.rulesets)
        return
    opened = _open_record(declaration)
    if opened is not None:
        entry = _ENTRY.search(declaration)
        record = scope.record_of(opened)
        if entry is None:
            yield from scope.fields(record)
            return
        if record is not None:
            yield from scope.members(scope.fields_of(record).get(entry[1]))
    if {"MONEY", "RATE", "BOOLEAN"} & following:
        yield from scope.types()
    elif "TODAY" in following or "expect" in declaration.split()[-1:]:
        yield from scope.variables()
        yield from scope.questions()


def _open_record(declaration: str) -> str | None:
    """What stands before the record literal that is open at the end: `f(`, or `x with`."""
    depth = 0
    for at in range(len(declaration) - 1, -1, -1):
        if declaration[at] == "}":
            depth += 1
        elif declaration[at] == "{":
            if depth == 0:
                return declaration[:at].rstrip()
            depth -= 1
    return None


def visible(snapshot: Snapshot, file: str) -> tuple[rules.Declaration, ...]:
    """The declarations that a file can name."""
    model = snapshot.checked.model
    head = next((r for r in model.rulesets.values() if r.span.source.name == file), None)
    seen = {head.name, *head.imports} if head is not None else set()
    return tuple(d for d in model.declared.values() if d.ruleset in seen)


@frozen(eq=False)
class _Scope:
    """The names that are known in a declaration which may not be readable yet."""

    model: rules.Model
    visible: tuple[rules.Declaration, ...]
    bound: dict[str, Type]

    @classmethod
    def of(cls, snapshot: Snapshot, file: str, declaration: str) -> _Scope:
        scope = cls(snapshot.checked.model, visible(snapshot, file), {})
        for name, many, of in _BOUND.findall(declaration):
            inner = scope.named(of)
            if inner is not None:
                scope.bound[name] = types.ListOf(inner) if many else inner
        for name, over in _EACH.findall(declaration):
            of = scope.type_of(over.split("."))
            if isinstance(of, types.ListOf | types.SetOf):
                scope.bound[name] = of.of
        return scope

    def named(self, name: str) -> Type | None:
        for d in self.visible:
            if d.name == name:
                if isinstance(d, rules.RecordType):
                    return types.Record(d.id)
                if isinstance(d, rules.EnumOf):
                    return types.Enum(d.id, tuple(m for m, _ in d.members))
        return None

    def fields_of(self, of: Type) -> dict[str, Type]:
        declared = self.model.declared.get(of.name) if isinstance(of, types.Record) else None
        return {f.name: f.type for f in declared.fields} if isinstance(declared, rules.RecordType) else {}

    def type_of(self, way: list[str]) -> Type | None:
        """The type of `a.b.c`, if it is known."""
        of = self.bound.get(way[0])
        if of is None:
            named = next((d for d in self.visible if d.name == way[0]), None)
            of = getattr(named, "type", None)
        for name in way[1:]:
            if isinstance(of, types.OptionalOf):
                of = of.of
            of = self.fields_of(of).get(name) if of is not None else None
        return of

    def record_of(self, before: str) -> Type | None:
        """The record of a literal that stands behind `f(…,` or `x with`."""
        called = re.search(r"(\w+)\(([^()]*)\Z", before)
        if called:
            takes = next((getattr(d, "parameters", ()) for d in self.visible if d.name == called[1]), ())
            place = called[2].count(",")
            return takes[place][1] if place < len(takes) else None
        return None

    # completions

    def fields(self, of: Type | None) -> Iterator[Completion]:
        inner = types.inner_of(of)
        declared = self.model.declared.get(inner.name) if isinstance(inner, types.Record) else None
        for f in declared.fields if isinstance(declared, rules.RecordType) else ():
            yield Completion(f.name, "field", types.describe(f.type), documentation=told(f.title))

    def members(self, of: Type | None) -> Iterator[Completion]:
        inner = types.inner_of(of)
        declared = self.model.declared.get(inner.name) if isinstance(inner, types.Enum) else None
        for name, title in declared.members if isinstance(declared, rules.EnumOf) else ():
            yield Completion(name, "member", declared.name if declared else "", documentation=told(title))

    def variables(self) -> Iterator[Completion]:
        for name, of in self.bound.items():
            yield Completion(name, "local", types.describe(of))

    def types(self) -> Iterator[Completion]:
        for d in self.visible:
            if isinstance(d, rules.RecordType | rules.EnumOf):
                kind: SymbolKind = "record" if isinstance(d, rules.RecordType) else "enum"
                yield Completion(d.name, kind, documentation=told(d.title))

    def questions(self) -> Iterator[Completion]:
        """What expressions and tests can ask; an insert has the arguments."""
        for d in self.visible:
            takes = getattr(d, "parameters", ())
            insert = f"{d.name}({', '.join(n for n, _ in takes)})" if takes else ""
            match d:
                case rules.EnumOf() | rules.RecordType() | rules.Property():
                    continue
                case rules.Decision():
                    yield Completion(d.name, "decision", "decision", insert, told(d.title))
                case rules.Value():
                    yield Completion(d.name, "value", types.describe(d.type), insert, told(d.title))
                case rules.Table():
                    yield Completion(d.name, "table", types.describe(d.type), insert, told(d.title))
                case rules.Parameter():
                    yield Completion(d.name, "parameter", types.describe(d.type), "", told(d.title))
                case rules.DatedSet():
                    yield Completion(d.name, "set", types.describe(d.type), "", told(d.title))
                case rules.Calendar():
                    yield Completion(d.name, "calendar", "", "", told(d.title))
                case rules.Priority():
                    yield Completion(d.name, "priority", "", "", told(d.title))
                case _:
                    assert_never(d)


def told(title: BilingualText) -> str:
    """A title in all its languages, on one line."""
    return " · ".join(filter(None, (title.en, *title.translations)))

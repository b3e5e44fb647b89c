"""Text to syntax tree, through the LALR grammar in grammar/policy.lark.

A file that does not parse is read again declaration by declaration, so that one slip costs one finding
and everything else in the file is still checked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from attrs import field, frozen

from policy.diagnostics import Collector, Diagnostic, Edit, Replacement, not_utf_8
from policy.source import Source, Span
from policy.syntax.build import Builder
from policy.syntax.parsing import DEEPEST_NESTING, Items, Maker, Meta, Token, TooDeepError, UnexpectedError, parser
from policy.syntax.slips import DECLARATION_WORDS, Slip, begins_like_declaration, slip
from policy.syntax.tree import File

LARGEST_FILE = 4_000_000

# What stands in a file and is not seen, or lets it be read in another order than it has: whoever signs rules sees all
# of them. Absent: the joiners and the marks of direction that words of some languages are spelt with.
_UNSEEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_NAMED_START = re.compile(rf"\b(?:{'|'.join(DECLARATION_WORDS)})\s+([A-Za-z]\w*(?:[./][\w.()-]+)?)", re.ASCII)
_HEAD_START = re.compile(r"^(language|ruleset)\b", re.MULTILINE)
_LINE_START = re.compile(r"^([A-Za-z]\w*)(?=\s+[A-Za-z0-9\"])", re.MULTILINE | re.ASCII)
_ANY_NAMED = re.compile(r"\A\w+\s+([A-Za-z]\w*(?:[./][\w.()-]+)?)", re.ASCII)


@frozen
class Parsed:
    """A file as far as it could be read, and what was wrong with it."""

    source: Source
    file: File
    diagnostics: tuple[Diagnostic, ...]
    digests: Mapping[int, bytes] = field(factory=dict)  # of declarations that are kept, by where they begin
    left_out: tuple[int, ...] = ()  # where those begin that are not in `file`, as their reader knows them


def decode(name: str, data: bytes) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Bytes of a file to a `Source`; a byte order mark and CRLF line ends are accepted."""
    found = Collector()
    whole = Source(name, "")
    if len(data) > LARGEST_FILE:
        found.error(
            "too-large",
            f"the file has {len(data):,} bytes; {LARGEST_FILE:,} are the most that is read",
            Span(whole, 0, 0),
            "split the ruleset into files, one concern each",
        )
        return whole, tuple(found.found)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        broken, finding = not_utf_8(name, data, failure, "the file")
        return broken, (finding,)
    source = Source(name, text)
    unseen: dict[str, list[Span]] = {}
    for match in _UNSEEN.finditer(text):
        unseen.setdefault(match.group(), []).append(Span(source, *match.span()))
    for sign, places in unseen.items():
        called = unicodedata.name(sign, "a control character").lower()
        message = f"the file contains a character that cannot be seen, U+{ord(sign):04X} ({called})"
        help = "remove it" if len(places) == 1 else f"remove it in all {len(places)} places"
        found.error("not-text", message, places[0], help, fix=tuple(Edit(place, "") for place in places))
    if not text.strip():
        found.error("empty-file", "the file is empty", Span(source, 0, 0), "a rules file starts with `language 1`")
    return source, tuple(found.found)


def parse(source: Source) -> Parsed:
    """Everything that can be read of `source`, with a finding for each declaration that cannot."""
    reading = TextReading(source)
    try:
        reading.read(0, len(source.text))
    except UnexpectedError as failure:
        return by_declaration(TextReading(source), failure)
    return reading.parsed()


def parse_strictly(source: Source) -> tuple[object, ...]:
    """The declarations of `source`; nothing where anything is wrong with it."""
    reading = TextReading(source)
    try:
        reading.read(0, len(source.text))
    except UnexpectedError:
        return ()
    return tuple(reading.declarations) if not reading.found.found else ()


class TextReading:
    """What was read of a text so far, stretch by stretch."""

    def __init__(self, source: Source) -> None:
        self.source, self.found = source, Collector()
        self.declarations: list[Any] = []
        self.unparsed: set[str] = set()

    @cached_property
    def makers(self) -> list[Maker]:
        """What makes the node of each production."""
        builder = Builder(self.source, self.found)
        return [getattr(builder, p.name or "items") for p in parser().grammar.productions]

    def read(self, start: int, end: int) -> None:
        """Reads a stretch. Raises UnexpectedError, and then it is as if nothing had been read."""
        before = len(self.found.found)
        try:
            self.declarations += parser().parse(self.source.text, start, end, self.makers)
        except (UnexpectedError, TooDeepError) as failure:
            del self.found.found[before:]
            if isinstance(failure, UnexpectedError):
                raise
            self._read_deep(start, end)

    def _read_deep(self, start: int, end: int) -> None:
        """Reads what is nested too deeply to be built while it is parsed: such declarations are left out."""
        raw: list[Maker] = [partial(_Raw, make) for make in self.makers]
        for declaration in parser().parse(self.source.text, start, end, raw, deepest=float("inf")):
            if deep := _too_deep(declaration):
                self.found.error(
                    "too-deep",
                    f"the expression is nested more than {DEEPEST_NESTING} deep",
                    Span(self.source, deep.meta[0], deep.meta[0] + 1),
                    "name a part of it as a `value`",
                )
                self.unparsed |= _names_in(self.source.text[declaration.meta[0] : deep.meta[0]])
            else:
                self.declarations.append(self._built(declaration))

    def _built(self, node: object) -> Any:
        if isinstance(node, list):
            return [self._built(x) for x in node]
        return node.make(node.meta, self._built(node.items)) if isinstance(node, _Raw) else node

    def parsed(self, *more: Diagnostic) -> Parsed:
        span = Span(self.source, 0, len(self.source.text))
        file = File(tuple(self.declarations), frozenset(self.unparsed), span=span)
        return Parsed(self.source, file, (*more, *self.found.found))


@frozen
class _Raw:
    """A node that is not built yet."""

    make: Maker
    meta: Meta
    items: Items


def _too_deep(declaration: _Raw) -> _Raw | None:
    pending = [(declaration, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > DEEPEST_NESTING:
            return node
        pending.extend((item, depth + 1) for item in node.items if isinstance(item, _Raw))
    return None


def comments_and_tokens(source: Source) -> Iterator[Token]:
    """Every token of a text that parses, in order, comments included. For the formatter."""
    tokens = [
        Token.of("COMMENT", m.group(), m.start())
        for m in re.finditer(r'"(?:[^"\\\n]|\\["\\])*"|#[^\n]*', source.text)
        if m.group().startswith("#")
    ]
    nothing = [lambda meta, items: None] * len(parser().grammar.productions)
    parser().parse(source.text, 0, len(source.text), nothing, float("inf"), tokens)
    yield from sorted(tokens, key=lambda token: token.start_pos)


def stretches(text: str) -> list[tuple[int, int]]:
    """From where to where each declaration stands, as far as lines tell; what is before the first goes with it."""
    starts = [
        match.start()
        for match in _LINE_START.finditer(text)
        if match[1] in DECLARATION_WORDS or begins_like_declaration(match[1])
    ]
    if not starts or text[: starts[0]].strip():
        starts.insert(0, 0)
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def by_declaration(reading: TextReading, failure: UnexpectedError) -> Parsed:
    """What can be read of a text that does not parse as a whole, declaration by declaration."""
    found: list[Diagnostic] = []
    source = reading.source
    for start, end in stretches(source.text):
        try:
            reading.read(start, end)
        except UnexpectedError as slip:
            finding = _explain(source, slip, start, end)
            found.append(finding)
            if not _read_before_junk(reading, start, finding):
                reading.unparsed |= _names_in(source.text[start:end])
    if not found:  # each declaration reads well alone, so only the first failure tells what is wrong
        found.append(_explain(source, failure, 0, len(source.text)))
    return reading.parsed(*found)


def _read_before_junk(reading: TextReading, start: int, finding: Diagnostic) -> bool:
    """Reads the declaration before a slip at the very beginning of a line, where members of one hardly stand."""
    assert finding.span is not None
    if finding.span.column > 1 or finding.span.start == start:
        return False
    try:
        reading.read(start, finding.span.start)
    except UnexpectedError:
        return False
    return True


def _names_in(text: str) -> set[str]:
    """What a stretch that cannot be read would have declared, so that nobody complains that it is not there.

    The head of a file has words instead of names: `language` and `ruleset`.
    """
    return {*_ANY_NAMED.findall(text), *_NAMED_START.findall(text), *_HEAD_START.findall(text)}


# ── findings ────────────────────────────────────────────────────────────────────────────────

_WORDS = {
    "NAME": "a name",
    "DOTTED": "a ruleset's name like `hk.sfc.haircuts`",
    "STRING": 'a text in "quotes"',
    "NUMBER": "a number",
    "CURRENCY": "a currency like HKD",
    "CITATION": "a provision like `VATP/7.23`",
    "DATE": "a date like 2026-02-11",
    "INSTANT": "an instant",
    "PERCENT": "a percentage",
    "BASIS_POINTS": "basis points",
    "DURATION": "a duration",
    "FIRST_OF": "`first of`",
    "FIRST_SEVERAL": "`first 5 of`",
    "AVERAGE_OF": "`average of`",
    "MEDIAN_OF": "`median of`",
    "SUM_OF_THE": "`sum of the`",
    "PART_OF": "`year of`",
    "WHOLE_FROM": "`whole years from`",
    "LENGTH": "`months`",
    "A_MULTIPLE_OF": "`a multiple of`",
    "_BUSINESS_DAYS_OF": "`business days of`",
    "_A_BUSINESS_DAY_OF": "`a business day of`",
    "_ON_OR_AFTER": "`on or after`",
    "_ON_OR_BEFORE": "`on or before`",
    "_AT_LEAST": "`at least`",
    "_AT_MOST": "`at most`",
    "SQUARE_ROOT_OF": "`square root of`",
    "$END": "the end of the file",
}


def _explain(source: Source, failure: UnexpectedError, start: int, end: int) -> Diagnostic:
    terminals = failure.expected
    if failure.word:
        span = Span(source, failure.start, failure.start + len(failure.word))
        place, help = _remedy(span, terminals, slip(source, span.start, failure.word, terminals))
        if failure.is_token:
            return Diagnostic("unexpected-word", f"`{place.text}` is not expected here", place, help)
        return Diagnostic("unexpected-character", f"`{place.text}` is not allowed here", place, help)
    at = start + len(re.sub(r"(\s|#[^\n]*)+\Z", "", source.text[start:end]))
    mistake = slip(source, max(start, at - 1), "", terminals)
    if mistake is None:
        return Diagnostic("unfinished", "the declaration is not finished", Span(source, at, at), _expected(terminals))
    place, help = _remedy(mistake.span, terminals, mistake)
    return Diagnostic("unexpected-word", f"`{place.text}` is not expected here", place, help)


def _remedy(span: Span, terminals: frozenset[str], mistake: Slip | None) -> tuple[Span, str]:
    """A common mistake with what to write instead, or `span` with what could have stood there."""
    if mistake:
        return mistake.span, mistake.help
    small = next((s for s in map(_spelling, terminals) if s == span.text.lower() != span.text), "")
    return span, Replacement.of(f"did you mean `{small}`?", small) if small else _expected(terminals)


def _expected(terminals: Any) -> str:
    names = set(terminals or ()) - {"COMMENT", "RULE_LINE", "RENAMED", "SPELT"}  # which is hardly what was meant
    if {"INSTANT", "NUMBER", "STRING"} <= names:
        names -= {"INSTANT", "NUMBER", "STRING", "PERCENT", "BASIS_POINTS", "DURATION", "DATE", "NAME"}
        words = {"an expression"}
        in_table = {"ANY", "OTHER"} if "OTHER" in names else set()
        names &= {*in_table, "VBAR", "RPAR", "RBRACE", "RSQB"}
    else:
        words = set()
    beginning = {name for name in names if _spelling(name) in DECLARATION_WORDS}
    names -= beginning if len(beginning) > 2 else set()
    words |= {_WORDS.get(name) or f"`{_spelling(name)}`" for name in names}
    listed = sorted(words)
    shown = ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "")
    return f"expected {shown}" if listed else ""


def _spelling(terminal: str) -> str:
    known = parser().tokens.terminals.get(terminal)
    return known.pattern if known else terminal

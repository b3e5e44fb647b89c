"""Text to syntax tree, through the LALR grammar in grammar/policy.lark. The only importer of Lark.

A file that does not parse is read again declaration by declaration, so that one slip costs one finding
and everything else in the file is still checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from attrs import evolve, frozen
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from policy import resources
from policy.diagnostics import Collector, Diagnostic, not_utf_8
from policy.source import Source, Span
from policy.syntax.build import Builder
from policy.syntax.slips import DECLARATION_WORDS, Slip, begins_like_declaration, slip
from policy.syntax.tree import File

LARGEST_FILE = 4_000_000
DEEPEST_NESTING = 100

_NAMED_START = re.compile(rf"\b(?:{'|'.join(DECLARATION_WORDS)})\s+([A-Za-z]\w*(?:[./][\w.()-]+)?)", re.ASCII)
_HEAD_START = re.compile(r"^(language|ruleset)\b", re.MULTILINE)
_LINE_START = re.compile(r"^([A-Za-z]\w*)(?=\s+[A-Za-z0-9\"])", re.MULTILINE | re.ASCII)
_ANY_NAMED = re.compile(r"\A\w+\s+([A-Za-z]\w*(?:[./][\w.()-]+)?)", re.ASCII)


@cache
def parser() -> Lark:
    """The parser, built once per process."""
    return Lark(
        (resources.folder("grammar") / "policy.lark").read_text(encoding="utf-8"),
        parser="lalr",
        propagate_positions=True,
        maybe_placeholders=False,
    )


@frozen
class Parsed:
    """A file as far as it could be read, and what was wrong with it."""

    source: Source
    file: File
    diagnostics: tuple[Diagnostic, ...]


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
    if "\0" in text:
        at = text.index("\0")
        found.error("not-text", "the file contains a NUL character", Span(source, at, at + 1), "remove it")
    elif not text.strip():
        found.error("empty-file", "the file is empty", Span(source, 0, 0), "a rules file starts with `language 1`")
    return source, tuple(found.found)


def parse(source: Source) -> Parsed:
    """Everything that can be read of `source`, with a finding for each declaration that cannot."""
    try:
        tree = _tree(source.text)
    except UnexpectedInput as failure:
        return _parse_by_declaration(source, failure)
    return _build(source, [(0, tree)])


def _tree(text: str) -> Tree[Token]:
    return parser().parse(text, on_error=_as_name)


def _as_name(slip: UnexpectedInput) -> bool:
    """Takes a word of the language for a name where only a name can stand, as in a field called `status`."""
    if not isinstance(slip, UnexpectedToken) or not slip.token.isidentifier():
        return False
    parsing = slip.interactive_parser
    if "NAME" not in parsing.accepts():  # type: ignore[no-untyped-call]  # Lark leaves it untyped
        return False
    parsing.feed_token(Token.new_borrow_pos("NAME", slip.token, slip.token))
    return True


def comments_and_tokens(source: Source) -> Iterator[Token]:
    """Every token of a text that parses, in order, comments included. For the formatter."""
    comments = [
        Token("COMMENT", m.group(), start_pos=m.start(), end_pos=m.end())
        for m in re.finditer(r'"(?:[^"\\\n]|\\["\\])*"|#[^\n]*', source.text)
        if m.group().startswith("#")
    ]
    tokens = []
    parsing = parser().parse_interactive(source.text)
    for token in parsing.lexer_thread.lex(parsing.parser_state):  # type: ignore[no-untyped-call]  # as above
        try:
            parsing.feed_token(token)
        except UnexpectedToken as slip:
            slip.interactive_parser = parsing
            if not _as_name(slip):
                raise
        tokens.append(token)
    yield from sorted([*comments, *tokens], key=lambda token: token.start_pos or 0)


def _parse_by_declaration(source: Source, failure: UnexpectedInput) -> Parsed:
    starts = [
        match.start()
        for match in _LINE_START.finditer(source.text)
        if match[1] in DECLARATION_WORDS or begins_like_declaration(match[1])
    ]
    if not starts or source.text[: starts[0]].strip():
        starts.insert(0, 0)
    found: list[Diagnostic] = []
    trees: list[tuple[int, Tree[Token]]] = []
    unparsed: set[str] = set()
    for start, end in zip(starts, [*starts[1:], len(source.text)], strict=True):
        try:
            trees.append((start, _tree(source.text[start:end])))
        except UnexpectedInput as slip:
            finding = _explain(source, slip, start, end)
            found.append(finding)
            before = _before_junk(source, start, finding)
            if before is not None:
                trees.append((start, before))
            else:
                unparsed |= _names_in(source.text[start:end])
    if not found:  # each declaration reads well alone, so only the first failure tells what is wrong
        found.append(_explain(source, failure, 0, len(source.text)))
    parsed = _build(source, trees)
    file = evolve(parsed.file, unparsed=parsed.file.unparsed | unparsed)
    return Parsed(source, file, (*found, *parsed.diagnostics))


def _before_junk(source: Source, start: int, finding: Diagnostic) -> Tree[Token] | None:
    """The declaration before a slip at the very beginning of a line, where members of one hardly stand."""
    assert finding.span is not None
    if finding.span.column > 1 or finding.span.start == start:
        return None
    try:
        return _tree(source.text[start : finding.span.start])
    except UnexpectedInput:
        return None


def _names_in(text: str) -> set[str]:
    """What a stretch that cannot be read would have declared, so that nobody complains that it is not there.

    The head of a file has words instead of names: `language` and `ruleset`.
    """
    return {*_ANY_NAMED.findall(text), *_NAMED_START.findall(text), *_HEAD_START.findall(text)}


def _build(source: Source, trees: list[tuple[int, Tree[Token]]]) -> Parsed:
    found = Collector()
    declarations: list[Any] = []
    unparsed: set[str] = set()
    for base, tree in trees:
        builder = Builder(source, base, found)
        for declaration in tree.children:
            assert isinstance(declaration, Tree)
            if deep := _too_deep(declaration):
                begin = base + deep.meta.start_pos
                found.error(
                    "too-deep",
                    f"the expression is nested more than {DEEPEST_NESTING} deep",
                    Span(source, begin, begin + 1),
                    "name a part of it as a `value`",
                )
                unparsed |= _names_in(source.text[base + declaration.meta.start_pos : begin])
            else:
                declarations.append(builder.transform(declaration))
    span = Span(source, 0, len(source.text))
    return Parsed(source, File(tuple(declarations), frozenset(unparsed), span=span), tuple(found.found))


def _too_deep(tree: Tree[Token]) -> Tree[Token] | None:
    pending = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > DEEPEST_NESTING:
            return node
        pending.extend((child, depth + 1) for child in node.children if isinstance(child, Tree))
    return None


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


def _explain(source: Source, failure: UnexpectedInput, start: int, end: int) -> Diagnostic:
    text = source.text[start:end]
    if isinstance(failure, UnexpectedCharacters):
        at = start + (failure.pos_in_stream or 0)
        terminals = frozenset(failure.allowed or ())
        span = Span(source, at, at + 1)
        place, help = _remedy(span, terminals, slip(source, at, source.text[at], terminals))
        return Diagnostic("unexpected-character", f"`{place.text}` is not allowed here", place, help)
    assert isinstance(failure, UnexpectedToken | UnexpectedEOF)
    token = getattr(failure, "token", None)
    terminals = frozenset(getattr(failure, "accepts", None) or failure.expected)
    if token is None or token.type == "$END":
        at = start + len(re.sub(r"(\s|#[^\n]*)+\Z", "", text))
        mistake = slip(source, max(start, at - 1), "", terminals)
        if mistake is None:
            message = "the declaration is not finished"
            return Diagnostic("unfinished", message, Span(source, at, at), _expected(terminals))
        span = mistake.span
    else:
        span = Span(source, start + token.start_pos, start + token.end_pos)
        mistake = slip(source, span.start, str(token), terminals)
    place, help = _remedy(span, terminals, mistake)
    return Diagnostic("unexpected-word", f"`{place.text}` is not expected here", place, help)


def _remedy(span: Span, terminals: frozenset[str], mistake: Slip | None) -> tuple[Span, str]:
    """A common mistake with what to write instead, or `span` with what could have stood there."""
    return (mistake.span, mistake.help) if mistake else (span, _expected(terminals))


def _expected(terminals: Any) -> str:
    names = set(terminals or ()) - {"COMMENT", "RULE_LINE", "RENAMED", "SPELT"}  # which is hardly what was meant
    if {"INSTANT", "NUMBER", "STRING"} <= names:
        names -= {"INSTANT", "NUMBER", "STRING", "PERCENT", "BASIS_POINTS", "DURATION", "DATE", "NAME"}
        words = {"an expression"}
        in_table = {"ANY", "OTHER"} if "OTHER" in names else set()
        names &= {*in_table, "VBAR", "RPAR", "RBRACE", "RSQB"}
    else:
        words = set()
    names -= {word.upper() for word in DECLARATION_WORDS} if len(names) > len(DECLARATION_WORDS) else set()
    words |= {_WORDS.get(name) or f"`{_spelling(name)}`" for name in names}
    listed = sorted(words)
    shown = ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "")
    return f"expected {shown}" if listed else ""


@cache
def _spellings() -> dict[str, str]:
    return {terminal.name: terminal.pattern.value for terminal in parser().terminals}


def _spelling(terminal: str) -> str:
    return _spellings().get(terminal, terminal)

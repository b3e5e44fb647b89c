"""The formatter: moves white space, and draws the ruled line under the head of a table; nothing else.

In: a text that parses. Out: the same tokens and comments, one space or line break at a time: members indented,
table columns aligned, at most one blank line in a row. The author's own line breaks are kept. That no token is
lost or changed is checked on every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from attrs import define, frozen

from policy.diagnostics import width
from policy.source import Source
from policy.syntax import tree
from policy.syntax.from_text import comments_and_tokens

INDENT = "  "
_OPEN, _CLOSE = {"(", "[", "{"}, {")", "]", "}"}
_TIGHT_BEFORE = {")", "]", ",", ".", ":"}
_TIGHT_AFTER = {"(", "[", "."}
_CALLED = {"sum", "count", "any", "all", "min", "max", "clamp", "abs", "money", "price"}
_CLAUSES = {"when", "unless", "because", "from", "until", "per"}
_MEMBERS = _CLAUSES | set(
    "= stricter refuted status note reference issued offset read excused pillar measure unset exactly first "
    "highest lowest sum given expect on otherwise best then earliest latest for where always add remove amends says "
    "rest".split()
)
_OPERANDS = {"NAME", "NUMBER", "PERCENT", "BASIS_POINTS", "DURATION", "DATE", "INSTANT", "STRING", "CURRENCY"}


@frozen
class Lexeme:
    """A token or comment: its text, its kind, where it was."""

    text: str
    kind: str
    start: int
    end: int


@define
class _Layout:
    """What the tree says about places: where declarations, rules and rows begin."""

    declarations: dict[int, str]
    rules: set[int]
    rows: dict[int, int]  # start of a row to its end
    headers: set[int]
    members: set[int]


def formatted(source: Source, file: tree.File) -> str:
    """The text of `source`, which parsed to `file` without findings, in the standard shape."""
    pieces = [
        Lexeme(str(t).rstrip(), t.type, t.start_pos or 0, (t.start_pos or 0) + len(str(t).rstrip()))
        for t in comments_and_tokens(source)
    ]
    result = "\n".join(_lines(source, pieces, _layout(file))) + "\n"
    again = [str(t).rstrip() for t in comments_and_tokens(Source(source.name, result))]
    assert again == [p.text for p in pieces], "the formatter would have changed a token"
    return result


def _layout(file: tree.File) -> _Layout:
    layout = _Layout({}, set(), {}, set(), set())
    for d in file.declarations:
        layout.declarations[d.span.start] = type(d).__name__
        if isinstance(d, tree.Table | tree.Tighten) and d.header is not None and d.header.cells:
            layout.headers.add(d.header.span.start)
            layout.rows.update({r.span.start: r.span.end for r in (d.header, *d.rows)})
        if isinstance(d, tree.Decision | tree.Tighten):
            layout.rules.update(r.span.start for r in d.rules)
        if isinstance(d, tree.Test):
            layout.members.update(x.span.start for x in (*d.given, *d.expect))
    return layout


def _lines(source: Source, pieces: list[Lexeme], layout: _Layout) -> Iterator[str]:
    tables = _aligned_rows(pieces, layout)
    state = _State(layout)
    line: list[Lexeme] = []
    previous: Lexeme | None = None
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        starts = previous is None or state.breaks(piece) or _newline(source, previous, piece)
        if starts and line:
            yield state.written(line)
            line = []
        if starts and previous is not None and (_blank(source, previous, piece) or state.spaced(piece)):
            yield ""
        if piece.start in tables:
            text, end = tables[piece.start]
            after = next((n for n in range(at, len(pieces)) if pieces[n].start >= end), len(pieces))
            row = pieces[at:after]
            at, previous = after, row[-1]
            comment = ""
            if at < len(pieces) and pieces[at].kind == "COMMENT" and not _newline(source, previous, pieces[at]):
                comment, previous, at = "  " + pieces[at].text, pieces[at], at + 1
            yield (
                INDENT + text.replace("\n", comment + "\n" + INDENT, 1) if "\n" in text else INDENT + text + comment
            )
            continue
        line.append(piece)
        previous = piece
        at += 1
    if line:
        yield state.written(line)


def _newline(source: Source, before: Lexeme, after: Lexeme) -> bool:
    return "\n" in source.text[before.end : after.start]


def _blank(source: Source, before: Lexeme, after: Lexeme) -> bool:
    between = source.text[before.end : after.start].replace("\r", "").replace(" ", "").replace("\t", "")
    return "\n\n" in between


class _State:
    """Where the formatter is: in which declaration, inside a rule or not, how many brackets are open."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self.kind = ""
        self.in_rule = False
        self.depth = 0
        self.before: Lexeme | None = None

    def breaks(self, piece: Lexeme) -> bool:
        """Whether a line must begin here, whatever the author did."""
        layout = self.layout
        return any(piece.start in p for p in (layout.declarations, layout.rules, layout.rows, layout.members))

    def spaced(self, piece: Lexeme) -> bool:
        """Whether a blank line must stand before: between declarations of different kinds, or long ones."""
        kind = self.layout.declarations.get(piece.start)
        if kind is None or self.before is None or self.before.kind == "COMMENT":
            return False
        return kind != self.kind or kind not in ("Import", "Language")

    def written(self, line: list[Lexeme]) -> str:
        """One line of pieces, indented and spaced; moves the state to its end."""
        first = line[0]
        if first.start in self.layout.declarations:
            self.kind, self.in_rule, self.depth = self.layout.declarations[first.start], False, 0
        if first.start in self.layout.rules:
            self.in_rule = True
        indent = INDENT * self.level(first)
        text = first.text
        before_that = self.before
        for a, b in pairwise(line):
            text += _space(before_that, a, b) + b.text
            before_that = a
        for piece in line:
            self.depth += (piece.text in _OPEN and piece.kind != "STRING") - (
                piece.text in _CLOSE and piece.kind != "STRING"
            )
        self.before = line[-1]
        return indent + text

    def level(self, first: Lexeme) -> int:
        if first.start in self.layout.declarations:
            return 0
        if first.kind == "COMMENT":
            return (
                self.depth + (1 if self.in_rule else 0) if first.start and self.depth else self.comment_level(first)
            )
        if first.start in self.layout.rules:
            return 1
        depth = self.depth - (first.text in _CLOSE)
        if self.kind in ("EnumOf", "RecordType") and (depth or first.text in _CLOSE):
            return depth + (first.text in ("zh", "says", "otherwise") or first.kind in ("STRING", "TAG"))
        if self.in_rule:
            return 2 + depth if first.text in _CLAUSES or depth or first.text in _CLOSE else 3
        if first.kind == "STRING" and not depth and self.before is not None and self.before.text == ",":
            return 3  # a further address
        is_member = first.text in _MEMBERS and not (self.kind == "Test" and first.text == "per")  # of an expectation
        if depth or first.text in _CLOSE or is_member or first.kind == "STRING":
            return 1 + depth
        return 2

    def comment_level(self, comment: Lexeme) -> int:
        """A comment stands with what follows it: at the margin before a declaration, else with the members."""
        following = [s for s in self.layout.declarations if s > comment.start]
        inside = [s for s in (*self.layout.rules, *self.layout.rows, *self.layout.members) if s > comment.start]
        next_declaration = min(following, default=None)
        next_inside = min(inside, default=None)
        if not self.kind:
            return 0
        if next_inside is not None and (next_declaration is None or next_inside < next_declaration):
            return 1
        return 0


def _space(before: Lexeme | None, a: Lexeme, b: Lexeme) -> str:
    """The white space between two pieces of one line; `before` is the piece in front of `a`."""
    if b.kind == "COMMENT":
        return "  "
    if b.text in _TIGHT_BEFORE and b.kind != "STRING":
        return ""
    if a.text in _TIGHT_AFTER and a.kind != "STRING":
        return ""
    if b.text == "(" and (a.kind in ("NAME", "CURRENCY") or a.text in _CALLED):
        return ""
    if a.text == "-" and not (
        before is not None and (before.kind in _OPERANDS or before.text in (*_CLOSE, "today", "true", "false"))
    ):
        return ""
    if a.text == "{" and b.text == "}":
        return ""
    return " "


# ── tables ──────────────────────────────────────────────────────────────────────────────────


def _aligned_rows(pieces: list[Lexeme], layout: _Layout) -> dict[int, tuple[str, int]]:
    """Rows by where they start: their aligned text, and where they end. The head brings its ruled line along."""
    result: dict[int, tuple[str, int]] = {}
    group: list[tuple[int, int, list[str]]] = []
    for start in sorted(layout.rows):
        end = layout.rows[start]
        inside = [p for p in pieces if start <= p.start < end]
        if start in layout.headers:
            _align(group, layout, result)
            group = []
        if not any(p.kind == "COMMENT" for p in inside):
            group.append((start, end, _cells(inside)))
    _align(group, layout, result)
    return result


def _cells(row: list[Lexeme]) -> list[str]:
    cells: list[list[Lexeme]] = []
    for piece in row:
        if piece.text == "|" and piece.kind != "STRING":
            cells.append([])
        else:
            cells[-1].append(piece)
    texts = []
    for cell in cells[:-1]:
        text, before = cell[0].text, None
        for a, b in pairwise(cell):
            text += _space(before, a, b) + b.text
            before = a
        texts.append(text)
    return texts


def _align(group: list[tuple[int, int, list[str]]], layout: _Layout, result: dict[int, tuple[str, int]]) -> None:
    columns = max((len(cells) for _, _, cells in group), default=0)
    widths = [max(width(c[n]) if n < len(c) else 3 for _, _, c in group) for n in range(columns)]
    for start, end, cells in group:
        padded = (c + " " * (max(3, widths[n]) - width(c)) for n, c in enumerate(cells))
        text = "| " + " | ".join(padded) + " |"
        if start in layout.headers:
            text += "\n|" + "|".join("-" * (max(3, w) + 2) for w in widths) + "|"
        result[start] = (text, end)

"""Changes as the smallest edits of the text of rules; comments and the rest of the layout stay.

In: changes, and the texts of a rulebook. Out: the texts with the changes made, and for each stretch that is new the
cell that it came of. A file that was in the standard shape is in it again. Absent: whether the result is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import assert_never

from attrs import frozen

from policy.pipeline import RulesFile
from policy.source import TABLE, Source, Span
from policy.syntax import tree
from policy.syntax.from_text import decode, parse
from policy.syntax.to_text import formatted
from policy.workbooks.changes import Added, Change, ChangedCell, Removed
from policy.workbooks.sheets import Sheet, SheetLine

Pieces = tuple[tuple[str, str], ...]  # texts, each with the cell that it came of, if it did
_INDENT = "  "
_BOM = b"\xef\xbb\xbf"


@frozen
class Splice:
    """What stands between two places of a file is to become these pieces."""

    start: int
    end: int
    pieces: Pieces

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.pieces)


@frozen
class Mark:
    """A stretch of a file as it is edited, and the cell that it came of."""

    start: int
    end: int
    place: str


@frozen
class Edited:
    """`texts` are all of the rulebook; `marks` are by the names of files, of the texts as they are."""

    texts: tuple[RulesFile, ...]
    marks: Mapping[str, tuple[Mark, ...]]

    def place(self, span: Span) -> str:
        """The cell that a place came of: the one with all of it; else the one, or the row, that it touches."""
        marks = self.marks.get(span.source.name, ())
        inside = [m for m in marks if m.start <= span.start and span.end <= m.end]
        touched = [m for m in marks if m.start < max(span.end, span.start + 1) and span.start < m.end]
        if inside:
            return min(inside, key=lambda m: m.end - m.start).place
        if len(touched) > 1:
            return re.sub(r"![A-Z]+(?=[0-9]+\Z)", "!", touched[0].place)
        return touched[0].place if touched else ""


def edited(texts: Sequence[RulesFile], changes: Sequence[Change]) -> Edited:
    """The texts with the changes made."""
    edits: dict[str, list[Splice]] = {}
    for source, edit in _edits(changes):
        edits.setdefault(source.name, []).append(edit)
    marks: dict[str, tuple[Mark, ...]] = {}
    made = []
    for text in texts:
        if text.name in edits:
            text, marks[text.name] = _applied(text, edits[text.name])
        made.append(text)
    return Edited(tuple(made), marks)


def in_shape(before: Sequence[RulesFile], after: Edited) -> tuple[RulesFile, ...]:
    """The edited texts; where a file was in the standard shape, it is in it again."""
    shaped = []
    for old, new in zip(before, after.texts, strict=True):
        if new is not old and not new.is_table and _formatted(old) == old.data:
            new = RulesFile(new.name, _formatted(new))
        shaped.append(new)
    return tuple(shaped)


def _formatted(text: RulesFile) -> bytes:
    source, wrong = decode(text.name, text.data)
    parsed = parse(source)
    return text.data if wrong or parsed.diagnostics else formatted(source, parsed.file).encode()


def _applied(text: RulesFile, edits: Sequence[Splice]) -> tuple[RulesFile, tuple[Mark, ...]]:
    old = decode(text.name, text.data)[0].text
    is_crlf = old.partition("\n")[0].endswith("\r")
    marks: list[Mark] = []
    pieces: list[str] = []
    length = at = 0

    def put(piece: str, place: str = "") -> None:
        nonlocal length
        if place:
            marks.append(Mark(length, length + len(piece), place))
        pieces.append(piece)
        length += len(piece)

    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        assert edit.start >= at, "two edits of one place"
        put(old[at : edit.start])
        for piece, place in edit.pieces:
            put(piece.replace("\n", "\r\n") if is_crlf else piece, place)
        at = edit.end
    put(old[at:])
    mark = _BOM if text.data.startswith(_BOM) else b""
    return RulesFile(text.name, mark + "".join(pieces).encode()), tuple(marks)


def _edits(changes: Sequence[Change]) -> Iterator[tuple[Source, Splice]]:
    """Edits, each with the file that it is of. Those of one line go together, as do new lines at one place."""
    cells: dict[int, list[ChangedCell]] = {}
    added: dict[tuple[int, int], list[Added]] = {}
    for change in changes:
        match change:
            case ChangedCell(line=line):
                cells.setdefault(id(line), []).append(change)
            case Added(sheet=sheet, after=after):
                added.setdefault((id(sheet), id(after)), []).append(change)
            case Removed(line=line):
                span = _whole_line(line.node.span)
                yield span.source, Splice(span.start, span.end, ())
            case _:
                assert_never(change)
    for changed in cells.values():
        source = changed[0].line.node.span.source
        for edit in _of_line(changed[0].sheet, changed[0].line, {c.column: c for c in changed}):
            yield source, edit
    for new in added.values():
        yield _of_lines(new)


# ── changed lines ───────────────────────────────────────────────────────────────────────────


def _of_line(sheet: Sheet, line: SheetLine, changed: Mapping[int, ChangedCell]) -> Iterator[Splice]:
    match line.node:
        case tree.Row():
            for c in changed.values():
                yield _of_cell(line, c)
        case tree.Version() | tree.SetVersion():
            yield from _of_version(sheet, line, line.node, {sheet.columns[n].role: c for n, c in changed.items()})
        case _:
            assert_never(line.node)


def _of_cell(line: SheetLine, change: ChangedCell) -> Splice:
    """A cell of a table: in a file of rules it keeps its width, if there is room."""
    span = line.cells[change.column].span
    assert span is not None
    text, source = change.text, span.source.text
    if span.source.name.endswith(TABLE):
        is_quoted = source[span.start - 1 : span.start] == '"' and source[span.end : span.end + 1] == '"'
        return Splice(
            span.start, span.end, ((text.replace('"', '""') if is_quoted else _for_csv(text), change.place),)
        )
    blank = re.compile(r" *").match(source, span.end)
    room = len(blank[0]) if blank else 0
    taken = min(max(0, len(text) - (span.end - span.start)), max(0, room - 1))
    more = " " * max(0, span.end - span.start - len(text))
    return Splice(span.start, span.end + taken, ((text, change.place), (more, "")))


def _of_version(
    sheet: Sheet, line: SheetLine, node: tree.Version | tree.SetVersion, changed: Mapping[str, ChangedCell]
) -> Iterator[Splice]:
    """A version of a parameter or set: its period, what it is, its citations."""
    texts: dict[str, str] = {
        c.role: changed[c.role].text if c.role in changed else t
        for c, t in zip(sheet.columns, line.texts, strict=True)
    }
    if "from" in changed or "until" in changed:
        place = (changed.get("from") or changed["until"]).place
        period = _period(texts["from"], texts["until"])
        if node.period is None:
            yield Splice(node.span.start, node.span.start, ((period, place), (" ", "")))
        elif period:
            yield Splice(node.period.span.start, node.period.span.end, ((period, place),))
        else:
            end = node.period.span.end
            yield Splice(node.period.span.start, end + len(re.match(r"\s*", node.span.source.text[end:])[0]), ())  # type: ignore[index]  # it matches nothing too
    if isinstance(node, tree.Version) and "value" in changed:
        yield Splice(node.body.span.start, node.body.span.end, ((changed["value"].text, changed["value"].place),))
    if isinstance(node, tree.SetVersion):
        yield from _of_sets(node, texts, changed)
    if "per" in changed:
        names, text, place = node.per.names, changed["per"].text, changed["per"].place
        if names:
            yield Splice(names[0].span.start, names[-1].span.end, ((text, place),))
        else:
            yield Splice(node.span.end, node.span.end, ((" per ", ""), (text, place)))


def _of_sets(node: tree.SetVersion, texts: Mapping[str, str], changed: Mapping[str, ChangedCell]) -> Iterator[Splice]:
    """Members: one by one where a set stays; else what the version says, anew."""
    parts = {"is": node.items, "add": node.add, "remove": node.remove}
    touched = [role for role in parts if role in changed]
    if all(parts[role] is not None and changed[role].text for role in touched):
        for role in touched:
            of = parts[role]
            assert of is not None
            yield from _of_members(of, changed[role])
        return
    present = [p.span for p in (node.items, node.add, node.remove) if p is not None]
    start, end = min(s.start for s in present), max(s.end for s in present)
    before = re.search(r"(=|\badd\b|\bremove\b)\s*\Z", node.span.source.text[node.span.start : start])
    start = node.span.start + before.start() if before else start
    told = _sets(texts)
    yield Splice(start, end, ((told, changed[touched[0]].place),))


def _of_members(of: tree.SetOf, change: ChangedCell) -> Iterator[Splice]:
    old = [re.sub(r"\s*\n\s*", " ", i.span.text).strip() for i in of.items]
    new = [] if change.text == "none" else _parts(change.text)
    if not old or not new:
        inner = f"{{ {', '.join(new)} }}" if new else "{}"
        yield Splice(of.span.start, of.span.end, ((inner, change.place),))
        return
    spans = [i.span for i in of.items]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "replace" or tag == "insert":
            text = ", ".join(new[c:d])
            if tag == "replace":
                yield Splice(spans[a].start, spans[b - 1].end, ((text, change.place),))
            elif a:
                yield Splice(spans[a - 1].end, spans[a - 1].end, ((", ", ""), (text, change.place)))
            else:
                yield Splice(spans[0].start, spans[0].start, ((text, change.place), (", ", "")))
        elif tag == "delete":
            start = spans[a].start if b < len(spans) or a == 0 else spans[a - 1].end
            yield Splice(start, spans[b].start if b < len(spans) else spans[b - 1].end, ())


def _parts(text: str) -> list[str]:
    """The members of a text, by the commas outside texts in quotation marks."""
    found = re.findall(r'(?:"(?:[^"\\\n]|\\["\\])*"|[^,"])+', text)
    return [part.strip() for part in found if part.strip()]


# ── new and removed lines ───────────────────────────────────────────────────────────────────


def _of_lines(new: Sequence[Added]) -> tuple[Source, Splice]:
    """New lines behind one, or before the first."""
    sheet, after = new[0].sheet, new[0].after
    beside = (after or sheet.lines[0]).node.span
    source = beside.source
    indent = _indent(beside)
    pieces: list[tuple[str, str]] = []
    for line in new:
        pieces += _new_line(line, source.name.endswith(TABLE), indent)
    if after is None:
        whole = _whole_line(beside)
        if not source.text[whole.start : beside.start].strip():
            return source, Splice(whole.start, whole.start, tuple(pieces))
        return source, Splice(beside.start, beside.start, (*_without_indent(pieces), (indent, "")))
    end = source.text.find("\n", beside.end)
    rest = source.text[beside.end : end if end >= 0 else len(source.text)].strip()
    at = (end if end >= 0 else len(source.text)) if not rest or rest.startswith("#") else beside.end
    is_crlf = source.text[at - 1 : at] == "\r"
    return source, Splice(at - is_crlf, at - is_crlf, (("\n", ""), *_without_end(pieces)))


def _without_end(pieces: Sequence[tuple[str, str]]) -> Pieces:
    return tuple(pieces[:-1])  # the line break


def _without_indent(pieces: Sequence[tuple[str, str]]) -> Pieces:
    return tuple(pieces[1:])


def _new_line(new: Added, in_csv: bool, indent: str) -> Iterator[tuple[str, str]]:
    """A line with its indentation and its line break, in pieces."""
    if in_csv:
        yield "", ""
        for n, (text, place) in enumerate(zip(new.texts, new.places, strict=True)):
            yield ("," if n else ""), ""
            yield _for_csv(text), place
    elif new.sheet.kind == "table":
        yield indent, ""
        for text, place in zip(new.texts, new.places, strict=True):
            yield "| ", ""
            yield text, place
            yield " ", ""
        yield "|", ""
    else:
        yield indent, ""
        yield from _new_version(new)
    yield "\n", ""


def _new_version(new: Added) -> Iterator[tuple[str, str]]:
    roles: list[str] = [c.role for c in new.sheet.columns]
    texts = dict(zip(roles, new.texts, strict=True))
    places = dict(zip(roles, new.places, strict=True))
    period = _period(texts["from"], texts["until"])
    if period:
        yield period, places["from"]
        yield " ", ""
    if new.sheet.kind == "parameter":
        yield "= ", ""
        yield texts["value"], places["value"]
    else:
        yield _sets(texts), places["is"]
    yield " per ", ""
    yield texts["per"], places["per"]


def _period(start: str, end: str) -> str:
    return " ".join([*([f"from {start}"] if start else []), *([f"until {end}"] if end else [])])


def _sets(texts: Mapping[str, str]) -> str:
    """What a version of a set says of its members."""
    words = {"is": "=", "add": "add", "remove": "remove"}
    told = [f"{word} {_braces(texts[role])}" for role, word in words.items() if texts[role]]
    return " ".join(told) or "= {}"


def _braces(text: str) -> str:
    return "{}" if text == "none" else f"{{ {text} }}"


def _for_csv(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n]', text) else text


def _indent(span: Span) -> str:
    start = span.source.text.rfind("\n", 0, span.start) + 1
    before = span.source.text[start : span.start]
    return before if not before.strip() else _INDENT


def _whole_line(span: Span) -> Span:
    """A line of the rules with its line break and a comment behind it, unless something else stands on it."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    rest = text[span.end : end].strip()
    if text[start : span.start].strip() or (rest and not rest.startswith("#")):
        return span
    return Span(span.source, start, end)

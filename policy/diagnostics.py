"""Findings about rules and facts: collected, never raised one at a time.

A message is a lower-case sentence without a full stop, with the author's own words in backticks; what to
do about it is `help`, kept apart. Every code has a page in grammar/errors/ with a wrong and a right example.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from enum import Enum
from typing import Self

from attrs import Factory, define, evolve, field, frozen

from policy.source import Source, Span

MOST_MEMBERS = 12  # of an enum, listed in a message
_CLOSE, _APART = 0.6, 0.2  # how much alike two words are, of 1, and how much less any other
_LONG = 4  # letters, from which on a word with a slip in it is still known
LONGEST_TEXT = 1_000  # characters of the text a finding is about, in JSON


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@frozen
class Edit:
    """What to write in place of a stretch of text, which is empty where something is to be inserted."""

    span: Span
    replacement: str

    def as_json(self) -> dict[str, object]:
        line, column = self.span.source.position(self.span.start)
        end_line, end_column = self.span.source.position(self.span.end)
        place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
        return {"file": self.span.source.name, **place, "replacement": self.replacement}


class Replacement(str):
    """Help that leaves no choice: write `by` for `wrong`, or for all that the finding points at."""

    __slots__ = ("by", "wrong")
    by: str
    wrong: str

    @classmethod
    def of(cls, help: str, by: str, wrong: str = "") -> Replacement:
        made = cls(help)
        made.by, made.wrong = by, wrong
        return made

    def __reduce__(self) -> tuple[Callable[[str, str, str], Replacement], tuple[str, str, str]]:
        return Replacement.of, (str(self), self.by, self.wrong)


def _replaced(d: Diagnostic) -> tuple[Edit, ...]:
    """The edit that follows from help which leaves no choice; none where the wrong word is not there exactly once."""
    if not isinstance(d.help, Replacement) or d.span is None:
        return ()
    if not d.help.wrong or d.help.wrong == d.span.text:
        return (_apart(Edit(d.span, d.help.by)),)
    word = rf"(?<![\w.])(?:\w+\.)*({re.escape(d.help.wrong)})(?!\w)"
    places = [Span(d.span.source, *(d.span.start + x for x in m.span(1))) for m in re.finditer(word, d.span.text)]
    return (_apart(Edit(places[0], d.help.by)),) if len(places) == 1 else ()


def _apart(edit: Edit) -> Edit:
    """An edit whose words do not grow together with those beside them."""
    text, by = edit.span.source.text, edit.replacement
    before, after = text[: edit.span.start][-1:], text[edit.span.end :][:1]
    left = " " if re.fullmatch(r"\w\w", before + by[:1]) else ""
    right = " " if re.fullmatch(r"\w\w", by[-1:] + after) else ""
    return Edit(edit.span, left + by + right)


def without(span: Span) -> Edit:
    """An edit that removes a stretch: with its lines and a blank one if nothing else is on them."""
    text, start, end = span.source.text, span.start, span.end
    end -= len(text[start:end]) - len(text[start:end].rstrip())
    begin, rest = text.rfind("\n", 0, start) + 1, re.compile(r"[ \t]*\r?(?:\n|\Z)").match(text, end)
    if not text[begin:start].strip() and rest:
        start, end = begin, rest.end()
        blank = re.compile(r"[ \t]*\r?\n").match(text, end)
        if blank and re.search(r"(?:\A|\n)[ \t]*\r?\n\Z", text[:start] or "\n"):  # it stood between two
            end = blank.end()
    else:
        start = len(text[:start].rstrip())
    return Edit(Span(span.source, start, end), "")


@frozen
class Diagnostic:
    """One finding. `span` is None only where there is no text to point at (a file that cannot be read).

    `fix` are the edits that mend it, where the remedy is certain: made together, they leave no finding in its place.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    severity: Severity = Severity.ERROR
    provision: str = ""
    related: tuple[tuple[Span, str], ...] = ()
    fix: tuple[Edit, ...] = field(default=Factory(_replaced, takes_self=True))

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def as_json(self) -> dict[str, object]:
        place = self.span
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "help": self.help,
            "provision": self.provision,
            "file": place.source.name if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "text": place.text[:LONGEST_TEXT] if place else None,
            "fix": [edit.as_json() for edit in self.fix],
        }


class PolicyError(Exception):
    """Raised by the Python API where a question cannot be answered; carries every diagnostic found."""

    exit_code = 2

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(in_order(tuple(diagnostics)))
        super().__init__(self.diagnostics)

    @classmethod
    def of(cls, code: str, message: str, help: str = "", span: Span | None = None) -> Self:
        """The error of one finding."""
        return cls([Diagnostic(code, message, span, help)])

    def __str__(self) -> str:
        return "\n".join(draw(d) for d in self.diagnostics)


@define(eq=False)
class Collector:
    """An append-only list of diagnostics with the shorthand every pass uses."""

    found: list[Diagnostic] = field(factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        help: str = "",
        related: tuple[tuple[Span, str], ...] = (),
        fix: tuple[Edit, ...] = (),
    ) -> None:
        found = Diagnostic(code, message, span, help, related=related)
        self.found.append(evolve(found, fix=fix) if fix else found)


def not_utf_8(name: str, data: bytes, failure: UnicodeDecodeError, what: str) -> tuple[Source, Diagnostic]:
    """The readable beginning of `what` (the file, the facts), and the finding that points behind it."""
    readable = data[: failure.start].decode("utf-8-sig", errors="replace")
    broken = Source(name, readable + "\ufffd")
    span = Span(broken, len(readable), len(readable) + 1)
    return broken, Diagnostic("not-utf-8", f"byte {failure.start} is not UTF-8", span, f"save {what} as UTF-8")


def in_one_line(diagnostics: Iterable[Diagnostic]) -> str:
    """What was found, each with what to do about it, where there is no room for more than a line."""
    return "; ".join(d.message + (f" ({d.help})" if d.help else "") for d in diagnostics)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean `x`?` for the closest known word, or nothing."""
    there = sorted(set(known))
    same = [k for k in there if k.casefold() == word.casefold()]
    close = same or get_close_matches(word, there, n=1, cutoff=0.6)
    return _meant(word, close[0]) if close else ""


def which_provision(name: str, known: Iterable[str]) -> str:
    """Which provision was meant, where it is only spelt otherwise; another paragraph is another law."""
    there = sorted(known)
    same = [k for k in there if _parts(k) == _parts(name)]
    if len(same) == 1:
        return _meant(name, same[0])
    source, _, paragraph = name.partition("/")
    if paragraph and any(k.startswith(f"{source}/") for k in there):
        return ""
    return did_you_mean(name, [k for k in there if _parts(k.partition("/")[2]) == _parts(paragraph)])


def _parts(provision: str) -> list[str]:
    """The words and numbers of a provision: 10.6 is not 106."""
    return re.findall(r"\d+|[^\W\d_]+", provision.casefold())


def _meant(word: str, known: str) -> Replacement:
    return Replacement.of(f"did you mean `{known}`?", known, word)


def which_member(word: str, members: Sequence[str], ordered: bool = False) -> str:
    """Which member of an enum was meant, where only one can have been; else which there are.

    Another member is another fact: `AA+` is not `AA`, `tier_2` is not `tier_1`, `unlisted` is not `listed`. So a
    guess is offered only where no other is nearly as close, and where what differs is the spelling of a longer word.
    Members of an order are grades, alike in letters and far apart in meaning: of them only capitals are overlooked.
    """
    if ordered:
        same = [m for m in members if m.casefold() == word.casefold()]
        return _meant(word, same[0]) if len(same) == 1 else _which_there_are(members)

    def closeness(member: str) -> float:
        return SequenceMatcher(None, word.casefold(), member.casefold()).ratio()

    ranked = sorted(members, key=lambda m: (-closeness(m), m))
    best = closeness(ranked[0]) if ranked else 0
    rivals = [m for m in ranked[1:] if closeness(m) > best - _APART]
    if best > _CLOSE and not rivals and _is_slip(word, ranked[0]):
        return _meant(word, ranked[0])
    return _which_there_are(members)


def _which_there_are(members: Sequence[str]) -> str:
    shown = ", ".join(f"`{m}`" for m in members[:MOST_MEMBERS])
    more = len(members) - MOST_MEMBERS
    return f"it is one of {shown}" + (f", or {more} more" if more > 0 else "")


def _is_slip(word: str, member: str) -> bool:
    """Whether two words differ only as a slip makes them: in letters of long parts, or in what parts them."""
    a, b = word.casefold(), member.casefold()
    mine, other = (re.findall(r"[^\W_]+|[^\w\s]+(?![^\W_])", x) for x in (a, b))
    if "".join(mine) == "".join(other):
        return True
    if len(mine) != len(other) or a.endswith(b) or b.endswith(a):
        return False
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return False
    return all(x == y or (min(len(x), len(y)) >= _LONG and x[0].isalpha()) for x, y in zip(mine, other, strict=True))


def in_order(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors before warnings, each by file, then place; findings without a place come first."""

    def key(d: Diagnostic) -> tuple[bool, str, int, str, str]:
        name, start = (d.span.source.name, d.span.start) if d.span else ("", 0)
        return (not d.is_error, name, start, d.code, d.message)

    return sorted(diagnostics, key=key)


def width(text: str) -> int:
    """Columns that `text` takes on a terminal; East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def draw(diagnostic: Diagnostic) -> str:
    """The diagnostic as text: what, where, the line with the span underlined, and the help."""
    head = f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.message}"
    lines = [head]
    if diagnostic.span is not None:
        lines += _excerpt(diagnostic.span)
    for span, note in diagnostic.related:
        lines += [f"  note: {note}", *_excerpt(span)]
    if diagnostic.provision:
        lines.append(f"  under: {diagnostic.provision}")
    if diagnostic.help:
        lines.append(f"  help: {diagnostic.help}")
    return "\n".join(map(printable, lines))


def printable(line: str) -> str:
    """`line` without characters that would move a cursor, ring a bell, or turn the reading direction round."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in line)


def _excerpt(span: Span, longest: int = 200) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    begin = max(0, column - 1 - longest // 2)
    shown = text[begin : begin + longest].replace("\t", " ")
    before = shown[: column - 1 - begin]
    marked = max(1, width(text[column - 1 : min(column - 1 + span.end - span.start, begin + longest)]))
    number = str(line)
    gutter = " " * len(number)
    return [
        f"{gutter}--> {span}",
        f"{gutter} |",
        f"{number} | {shown}",
        f"{gutter} | {' ' * width(before)}{'^' * marked}",
    ]

"""The firm that issues documents, from its file `firm.toml`.

In: the path of a TOML file, and of the logo that it names, beside it. Out: `Imprint`; or every mistake, each with its
line. Texts are texts, or `{ en = "…", zh = "…" }`. Absent: defaults; what the file does not say is not printed.
"""

from __future__ import annotations

import base64
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args

from attrs import evolve, field, frozen

from policy import files
from policy.answers import NO_WORDS, BilingualText
from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean, not_utf_8
from policy.documents.pictures import picture_faults
from policy.reports.imprint import Imprint, Person, Role
from policy.source import Source, Span

LARGEST = 100_000  # bytes of the file
LARGEST_LOGO = 200_000
LONGEST = 500  # characters of a text
MOST = 50  # people, or addressees
_TEXTS = ("name", "address", "licence", "confidentiality", "contact", "complaints")
_KEYS = (*_TEXTS, "logo", "people", "distribution", "issued", "version")
_PERSON = ("role", "name", "title")
_LANGUAGES = ("en", "zh")
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
Key = tuple[str | int, ...]


def firm(path: str | Path, issued: date | None = None, version: str = "") -> Imprint:
    """The firm's imprint; `issued` and `version` replace what the file says. Raises PolicyError with all mistakes."""
    source, data = _parsed(str(path))
    reader = _Reader(source, data, Path(path).parent)
    read = reader.imprint()
    if reader.found.found:
        raise PolicyError(reader.found.found)
    return signed(read, issued, version)


def signed(imprint: Imprint, issued: date | None, version: str) -> Imprint:
    """The imprint with another date of issue and another name of the rulebook's version, where they are given."""
    if version and (fault := unprintable(version)):
        raise PolicyError([Diagnostic("firm-file", f"the version's name has {fault}")])
    return evolve(
        imprint,
        issued=issued.isoformat() if issued else imprint.issued,
        version=version or imprint.version,
    )


def _parsed(path: str) -> tuple[Source, dict[str, object]]:
    try:
        data = files.read(path, LARGEST)
    except OSError as failure:
        raise PolicyError([Diagnostic("unreadable", f"`{path}` cannot be read: {failure.strerror}")]) from failure
    try:
        source = Source(path, data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as failure:
        raise PolicyError([not_utf_8(path, data, failure, "the file")[1]]) from failure
    try:
        return source, tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as failure:
        message, at = str(failure), _AT.search(str(failure))
        line, column = (int(at[1]), int(at[2])) if at else (1, 1)
        start = min(source.line_starts[min(line, len(source.line_starts)) - 1] + column - 1, len(source.text))
        told = (message[: at.start()] if at else message).strip()
        help = "a date is written as 2026-11-27, a text between quotation marks"
        found = Diagnostic(
            "firm-file", f"this is not TOML: {told[:1].lower()}{told[1:]}", Span(source, start, start), help
        )
        raise PolicyError([found]) from failure


@frozen(eq=False)
class _Reader:
    source: Source
    data: dict[str, object]
    folder: Path
    found: Collector = field(factory=Collector)

    def imprint(self) -> Imprint:
        self._known((), self.data, _KEYS)
        texts = {name: self._text((name,), self.data[name]) for name in _TEXTS if name in self.data}
        version = self._plain(("version",), self.data["version"]) if "version" in self.data else ""
        logo = self._logo(self.data["logo"]) if "logo" in self.data else ""
        people = tuple(self._person(n, p) for n, p in enumerate(self._list("people")))
        to = tuple(self._text(("distribution", n), x) for n, x in enumerate(self._list("distribution")))
        issued = self._date(("issued",), self.data["issued"]) if "issued" in self.data else ""
        return Imprint(**texts, logo=logo, people=people, distribution=to, issued=issued, version=version)

    def _person(self, n: int, said: object) -> Person:
        at: Key = ("people", n)
        if not isinstance(said, dict):
            self._wrong(at, "a person is a table", 'write `[[people]]`, then `role = "approved"` and `name = "…"`')
            return Person("prepared", NO_WORDS)
        self._known(at, said, _PERSON)
        roles = get_args(Role)
        role = said.get("role")
        if role not in roles:
            shown = f"`{_brief(role)}` is no role" if role is not None else "a person has a role"
            self._wrong((*at, "role"), shown, f"it is one of {', '.join(f'`{r}`' for r in roles)}")
        if "name" not in said:
            self._wrong(at, "a person has a name", 'add `name = "…"`')
        name, title = (self._text((*at, k), said[k]) if k in said else NO_WORDS for k in ("name", "title"))
        return Person(cast(Role, role if role in roles else roles[0]), name, title)

    # ── kinds of value ──────────────────────────────────────────────────────────────────────

    def _known(self, at: Key, table: dict[str, object], keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                help = did_you_mean(key, keys) or f"it is one of {', '.join(f'`{k}`' for k in keys)}"
                self._wrong((*at, key), f"there is no key `{_brief(key)}`", help)

    def _list(self, key: str) -> list[object]:
        items = self.data.get(key, [])
        if not isinstance(items, list):
            self._wrong((key,), f"`{key}` is a list", f"write `{key} = [ … ]`")
            return []
        if len(items) > MOST:
            self._wrong((key,), f"`{key}` has {len(items):,} items; {MOST} is the most")
        return items[:MOST]

    def _text(self, at: Key, said: object) -> BilingualText:
        if not isinstance(said, dict):
            return BilingualText(self._plain(at, said))
        self._known(at, said, _LANGUAGES)
        en, zh = (self._plain((*at, k), said[k]) if k in said else "" for k in _LANGUAGES)
        if "en" not in said:
            self._wrong(at, "the text is not there in English", 'write `{ en = "…", zh = "…" }`')
        return BilingualText(en, zh)

    def _plain(self, at: Key, said: object) -> str:
        if not isinstance(said, str):
            self._wrong(at, f"`{_brief(said)}` is no text", "write it between quotation marks")
            return ""
        if not said.strip():
            self._wrong(at, "the text is empty", "leave the key out where there is nothing to say")
        elif fault := unprintable(said):
            self._wrong(at, f"the text has {fault}")
        return said

    def _date(self, at: Key, said: object) -> str:
        if isinstance(said, date) and not isinstance(said, datetime):
            return said.isoformat()
        if isinstance(said, str):
            try:
                return date.fromisoformat(said).isoformat()
            except ValueError:
                pass
        self._wrong(at, f"`{_brief(said)}` is not a date", "write year, month and day, as 2026-11-27")
        return ""

    def _logo(self, said: object) -> str:
        """The picture as a `data:` address, which a page shows and never runs."""
        name = self._plain(("logo",), said)
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            if name:
                self._wrong(
                    ("logo",), f"`{_brief(name)}` does not lie beside this file", "name an SVG file in its folder"
                )
            return ""
        path = self.folder / name
        try:
            data = files.read(path, LARGEST_LOGO)
        except OSError as failure:
            self._wrong(("logo",), f"`{_brief(path)}` cannot be read: {failure.strerror}")
            return ""
        except PolicyError as failure:
            self._wrong(("logo",), failure.diagnostics[0].message)
            return ""
        for fault in picture_faults(data):
            self._wrong(
                ("logo",), f"`{_brief(name)}` {fault}", "export it as a plain SVG: shapes, colours and no more"
            )
        return "data:image/svg+xml;base64," + base64.b64encode(data).decode()

    # ── places ──────────────────────────────────────────────────────────────────────────────

    def _wrong(self, at: Key, message: str, help: str = "") -> None:
        whole = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{_brief(step)}" for step in at).lstrip(".")
        self.found.error("firm-file", f"{message}: `{whole}`", self._span(at), help)

    def _span(self, at: Key) -> Span:
        """The key, or the nearest above it that has a line of its own."""
        places = dict(reversed(list(_places(self.source))))
        while at and at not in places:
            at = at[:-1]
        return places.get(at, Span(self.source, 0, 0))


def _places(source: Source) -> Iterator[tuple[Key, Span]]:
    """Where keys stand; where a text over several lines looks like a key, the key that stands before it counts."""
    table: Key = ()
    counts: dict[str, int] = {}
    for start, line in zip(source.line_starts, source.text.split("\n"), strict=True):
        if head := _HEADER.match(line):
            name = head[1]
            table = (name,)
            if line.lstrip().startswith("[["):
                table = (name, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            yield table, Span(source, start + head.start(1), start + head.end(1))
        elif key := _KEY.match(line):
            yield (*table, key[1]), Span(source, start + key.start(1), start + key.end(1))


def unprintable(text: str, longest: int = LONGEST) -> str:
    """What keeps a text from being printed and signed: its length, or a character that cannot be seen."""
    if len(text) > longest:
        return f"{len(text):,} characters; {longest:,} is the most"
    hidden = next(
        (c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in "\n\u200d"), ""
    )
    return f"a character that cannot be seen, U+{ord(hidden):04X}" if hidden else ""


def _brief(said: object) -> str:
    text = str(said)
    return text if len(text) <= 60 else f"{text[:60]}…"

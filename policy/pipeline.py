"""Every stage, in order, on one page. Read this first.

    text ─▶ syntax ─▶ model ─▶ lints ─▶ (overlay) ─▶ program ─▶ one date ─▶ rulebook

Every stage is a function of its input; only `read_folder` and the cache touch the disk.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache as cache_calls
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from policy import cache, files
from policy.diagnostics import Collector, Diagnostic, PolicyError, in_order
from policy.ir.program import Program
from policy.ir.simplify import specialised
from policy.model import written
from policy.rulebook import Rulebook
from policy.source import TABLE, beside, named_in

if TYPE_CHECKING:
    from policy.model.rules import Model
    from policy.syntax.tree import File

SUFFIX = ".policy"
LARGEST_FILE = 64 << 20  # bytes of rules

# ── reading ─────────────────────────────────────────────────────────────────────────────────


@frozen
class Text:
    """A file of rules, or one that a table of them is from: its name as messages show it, and its bytes."""

    name: str
    data: bytes

    @property
    def is_table(self) -> bool:
        return self.name.endswith(TABLE)


def read_folder(paths: Iterable[str | Path]) -> tuple[list[Text], list[Diagnostic]]:
    """The rules files that `paths` name, and what cannot be read; a folder holds `.policy` files at any depth."""
    found = Collector()
    texts: dict[str, Text] = {}
    for path in map(Path, paths):
        named = sorted(path.rglob("*" + SUFFIX)) if path.is_dir() else [path]
        if not named:
            found.error("no-rules", f"there is no {SUFFIX} file below `{path}`", None, "name a folder of rules")
        root = (path if path.is_dir() else path.parent).resolve()
        for file in named:
            if not Path(os.path.realpath(file)).is_relative_to(root):
                found.error(
                    "escapes-folder",
                    f"`{file}` leads out of the rulebook's folder",
                    None,
                    "copy the file into the folder instead of linking to it",
                )
                continue
            if (rules := _read(file, _shown(file), found)) is None:
                continue
            texts[rules.name] = rules
            for path_in_rules in named_in(rules.data):
                name = beside(rules.name, path_in_rules)
                if name is not None and name not in texts and _is_inside(name, root):
                    if (table := _read(Path(name), name, found)) is not None:
                        texts[name] = table
    return list(texts.values()), found.found


def _is_inside(name: str, root: Path) -> bool:
    """Whether there is a file of that name that does not lead out of the folder; `check` tells of any other."""
    return os.path.isfile(name) and Path(os.path.realpath(name)).is_relative_to(root)


def _read(file: Path, name: str, found: Collector) -> Text | None:
    try:
        return Text(name, files.read(file, LARGEST_FILE))
    except PolicyError as wrong:
        found.found.extend(wrong.diagnostics)
    except OSError as failure:
        found.error("unreadable", f"`{file}` cannot be read: {failure.strerror}", None)
    return None


def _shown(file: Path) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative


def digest_of(texts: Sequence[Text], overlay: str = "") -> str:
    """The identity of a rulebook: a SHA-256 over the bytes of its files and the overlay; names do not count.

    A file with the rows of a table counts with the rules that name it, in the order in which they do.
    """
    total = hashlib.sha256(overlay.encode())
    by_name = {t.name: t for t in texts}
    for inner in sorted(_digest(t, by_name) for t in texts if not t.is_table):
        total.update(inner)
    return total.hexdigest()


def _digest(rules: Text, texts: Mapping[str, Text]) -> bytes:
    whole = hashlib.sha256(rules.data)
    for path in named_in(rules.data):
        table = texts.get(beside(rules.name, path) or "")
        if table is not None:
            whole.update(hashlib.sha256(table.data).digest())
    return whole.digest()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Garbage collection off: a stage keeps everything it builds, and scanning it takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# ── checking ────────────────────────────────────────────────────────────────────────────────


@frozen(eq=False, repr=False)
class Checked:
    """The texts of a rulebook, their typed model, and every finding."""

    texts: tuple[Text, ...]
    model: Model
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return f"<{len(self.texts)} checked texts, {len(self.diagnostics)} findings>"

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.is_error)

    def digest(self, overlay: str = "") -> str:
        return digest_of(self.texts, overlay)

    def under(self, overlay: str) -> Model:
        """The model with an overlay laid over the law; none for "". Raises PolicyError where either has errors."""
        from policy.model.overlays import check_overlay, overlaid

        if wrong := [*self.errors, *check_overlay(self.model, overlay)]:
            raise PolicyError(wrong)
        return overlaid(self.model, overlay)


def parsed(texts: Sequence[Text]) -> tuple[list[File], list[Diagnostic]]:
    """The syntax of every file of rules, with the rows that its tables have in other files."""
    from policy.syntax.from_csv import with_rows
    from policy.syntax.from_text import decode, parse

    diagnostics: list[Diagnostic] = []
    files = []
    tables = {t.name: t.data for t in texts if t.is_table}
    for text in texts:
        if text.is_table:
            continue
        source, wrong = decode(text.name, text.data)
        diagnostics += wrong
        if not wrong:
            read = parse(source)
            file, odd = with_rows(read.file, tables)
            diagnostics += (*read.diagnostics, *odd)
            files.append(file)
    return files, diagnostics


@_uncollected()
def check(texts: Sequence[Text]) -> Checked:
    """Parses, types and lints the texts of one rulebook."""
    # imported here so that a rulebook from the cache needs neither parser nor checker
    from policy.model.from_syntax import model_of
    from policy.model.lints import findings

    files, diagnostics = parsed(texts)
    model, more = model_of(files)
    diagnostics += more
    if not any(d.is_error for d in diagnostics):
        diagnostics += findings(model)
    return Checked(tuple(texts), model, tuple(in_order(diagnostics)))


@_uncollected()
def program(checked: Checked, overlay: str = "") -> Program:
    """The program of a rulebook without errors, under an overlay if one is named. Raises PolicyError."""
    from policy.ir.from_model import program_of

    return program_of(checked.under(overlay), checked.digest(overlay), overlay)


def load_program(texts: Sequence[Text], overlay: str = "") -> Program:
    """The program of these texts, from the cache if it is there. Raises PolicyError."""
    key = cache.key(digest_of(texts, overlay), *(t.name for t in texts))
    cached = cache.fetch(key)
    if isinstance(cached, Program):
        return cached
    compiled = program(check(texts), overlay)
    cache.store(key, compiled)
    return compiled


# ── dates ───────────────────────────────────────────────────────────────────────────────────


def day_of(on: date | str) -> date:
    """The as-of date. Raises PolicyError where `on` is no date."""
    if type(on) is date:
        return on
    if not isinstance(on, str):
        message = f"a `{type(on).__name__}` is not a date"
        raise PolicyError.of("bad-date", message, "give a `date`, or a text as 2026-03-01")
    day = written.date(on)
    if isinstance(day, int):
        return date.fromordinal(day)
    message = day.message if day.message.startswith("there is") else f"`{on}` {day.message}"
    raise PolicyError.of("bad-date", message, "write it as 2026-03-01")


@_uncollected()
def dated(undated: Program, on: date | str) -> Rulebook:
    """The rulebook as of a date. Raises PolicyError where `on` is no date."""
    day = day_of(on)
    return Rulebook(specialised(undated, day.toordinal()))


def rulebooks(undated: Program) -> Callable[[str], Rulebook]:
    """The rulebook of any date, each made once."""

    @cache_calls
    def rulebook_on(day: str) -> Rulebook:
        return dated(undated, day)

    return rulebook_on


def load(*paths: str | Path, on: date | str, under: str = "") -> Rulebook:
    """The rulebook in `paths` (the shipped one if none is named) as of `on`, under the overlay `under`.

    Raises PolicyError with every finding where the rules have errors.
    """
    from policy import resources

    day = day_of(on)
    texts, wrong = read_folder(paths or (resources.folder("rulesets"),))
    if wrong:
        raise PolicyError(wrong)
    return dated(load_program(texts, under), day)

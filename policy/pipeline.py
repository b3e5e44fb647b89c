"""Every stage, in order, on one page. Read this first.

    text ─▶ syntax ─▶ model ─▶ lints ─▶ (overlay) ─▶ program ─▶ one date ─▶ rulebook

Every stage is a function of its input; only `read_folder` (of `policy.folders`) and the cache touch the disk.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache as cache_calls
from pathlib import Path
from typing import TYPE_CHECKING

from policy import cache
from policy.diagnostics import Diagnostic, PolicyError, in_order
from policy.folders import RulesFile as RulesFile, read_folder as read_folder
from policy.lazy import lazily
from policy.nodes import frozen
from policy.source import beside, named_in

if TYPE_CHECKING:  # imported where they are used, so that a check loads neither programs nor evaluators
    from policy.ir.program import Program
    from policy.model.rules import Model
    from policy.model.unchanged import Meanings, Unchanged
    from policy.rulebook import Rulebook as Rulebook
    from policy.syntax.tree import File

__getattr__ = lazily(__name__, {"Rulebook": "rulebook"})


def digest_of(texts: Sequence[RulesFile], overlay: str = "") -> str:
    """The identity of a rulebook: a SHA-256 over the bytes of its files and the overlay; names do not count.

    A file with the rows of a table counts with the rules that name it, in the order in which they do.
    """
    total = hashlib.sha256(overlay.encode())
    by_name = {t.name: t for t in texts}
    for inner in sorted(_digest(t, by_name) for t in texts if not t.is_table):
        total.update(inner)
    return total.hexdigest()


def _digest(rules: RulesFile, texts: Mapping[str, RulesFile]) -> bytes:
    whole = hashlib.sha256(rules.data)
    for path in named_in(rules.data):
        table = texts.get(beside(rules.name, path) or "")
        if table is not None:
            whole.update(hashlib.sha256(table.data).digest())
    return whole.digest()


@contextmanager
def uncollected() -> Iterator[None]:
    """Garbage collection off: a stage keeps everything it builds, and scanning it takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.unfreeze()  # all of it is old now, and looked through when the old is
            gc.enable()


# ── checking ────────────────────────────────────────────────────────────────────────────────


@frozen(eq=False, repr=False)
class Checked:
    """The texts of a rulebook, their typed model, and every finding."""

    texts: tuple[RulesFile, ...]
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


def parsed(texts: Sequence[RulesFile], tests: Unchanged | None = None) -> tuple[list[File], list[Diagnostic]]:
    """The syntax of every file of rules, with its tables' rows of other files, and without unchanged tests."""
    from policy.syntax.from_csv import with_rows
    from policy.syntax.from_text import decode
    from policy.syntax.kept import parsed as parse

    diagnostics: list[Diagnostic] = []
    files = []
    tables = {t.name: t.data for t in texts if t.is_table}
    for text in texts:
        if text.is_table:
            continue
        source, wrong = decode(text.name, text.data)
        diagnostics += wrong
        if not wrong:
            read = parse(source, tests.known(source.name) if tests else ())
            if tests:
                tests.note(read)
            file, odd = with_rows(read.file, tables)
            diagnostics += (*read.diagnostics, *odd)
            files.append(file)
    return files, diagnostics


@uncollected()
def check(texts: Sequence[RulesFile], tests: Unchanged | None = None) -> Checked:
    """Parses, types and lints the texts of one rulebook; of those of its `tests` that are unchanged, outlines."""
    # imported here so that a rulebook from the cache needs neither parser nor checker
    from policy.model.from_syntax import model_of
    from policy.model.lints import findings as linted

    files, diagnostics = parsed(texts, tests)
    names: Meanings = {}
    model, more = model_of(files, meanings=names)
    diagnostics += more
    if tests is not None:
        completed = tests.completed(model, names, clean=not diagnostics)
        if completed is None:
            return check(texts, tests)
        model = completed
    if not any(d.is_error for d in diagnostics):
        diagnostics += linted(model)
    return Checked(tuple(texts), model, tuple(in_order(diagnostics)))


@frozen
class Findings:
    """What is found in rules, and how much there is to find it in."""

    diagnostics: tuple[Diagnostic, ...]
    rulesets: int
    provisions: int
    tests: int

    @property
    def errors(self) -> int:
        return sum(d.is_error for d in self.diagnostics)


def findings(texts: Sequence[RulesFile]) -> Findings:
    """What `check` finds in these texts, from the cache if it is there."""
    key = _key("findings", texts)
    cached = cache.fetch(key)
    if isinstance(cached, Findings):
        return cached
    from policy.model.unchanged import Unchanged

    known = cache.key("tests", *(t.name for t in texts))
    tests = Unchanged(cache.fetch(known))
    checked = check(texts, tests)
    model = checked.model
    found = Findings(checked.diagnostics, len(model.rulesets), len(model.provisions), len(model.tests))
    cache.store(key, found)
    if tests.now != tests.before:
        cache.store(known, tests.now)
    return found


def _key(what: str, texts: Sequence[RulesFile], overlay: str = "") -> str:
    """The name in the cache of what is made of texts; the names of files count, as messages show them."""
    return cache.key(what, overlay, *(part for t in texts for part in (t.name, hashlib.sha256(t.data).hexdigest())))


@uncollected()
def program(checked: Checked, overlay: str = "") -> Program:
    """The program of a rulebook without errors, under an overlay if one is named. Raises PolicyError."""
    from policy.ir.from_model import program_of

    return program_of(checked.under(overlay), checked.digest(overlay), overlay)


@uncollected()
def load_program(texts: Sequence[RulesFile], overlay: str = "") -> Program:
    """The program of these texts, from the cache if it is there. Raises PolicyError."""
    from policy.ir.program import Program

    key = _key("program", texts, overlay)
    cached = cache.fetch(key)
    if isinstance(cached, Program):
        return cached
    compiled = program(check(texts), overlay)
    cache.store(key, compiled)
    return compiled


# ── dates ───────────────────────────────────────────────────────────────────────────────────


def day_of(on: date | str) -> date:
    """The as-of date. Raises PolicyError where `on` is no date."""
    from policy.model import written

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


@uncollected()
def dated(undated: Program, on: date | str) -> Rulebook:
    """The rulebook as of a date. Raises PolicyError where `on` is no date."""
    from policy.ir.simplify import specialised
    from policy.rulebook import Rulebook

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

    Raises PolicyError with every finding where the rules have errors, and RecursionError where they are nested deeper
    than Python's recursion limit allows: the limit holds for the whole process, so it is the caller's to raise.
    """
    from policy import resources

    day = day_of(on)
    texts, wrong = read_folder(paths or (resources.folder("rulesets"),))
    if wrong:
        raise PolicyError(wrong)
    return dated(load_program(texts, under), day)

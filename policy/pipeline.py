"""Every stage, in order, on one page. Read this first.

    text ─▶ syntax ─▶ model ─▶ lints ─▶ (overlay) ─▶ program ─▶ one date ─▶ evaluators

Everything here is a function of the text it is given; only `read_folder` and the cache touch the disk.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from policy import cache, files
from policy.backends.python import PythonBackend, PythonEvaluator
from policy.decisions import Answer
from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean, in_order
from policy.facts.from_json import FactReader
from policy.facts.records import record_classes
from policy.ir.program import Function, Program
from policy.ir.questions import Asked, InterpretedEvaluator
from policy.ir.simplify import specialised
from policy.model import written

if TYPE_CHECKING:
    from policy.backends.columns.evaluator import ColumnsEvaluator

SUFFIX = ".policy"
LARGEST_FILE = 64 << 20  # bytes of rules

# ── reading ─────────────────────────────────────────────────────────────────────────────────


@frozen
class Text:
    """A file of rules as it lies on the disk: the name people see, and its bytes."""

    name: str
    data: bytes


def read_folder(paths: Iterable[str | Path]) -> tuple[list[Text], list[Diagnostic]]:
    """The rules files named by `paths`; a folder stands for all `.policy` files below it, in order of name."""
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
            name = _shown(file)
            try:
                texts[name] = Text(name, files.read(file, LARGEST_FILE))
            except PolicyError as wrong:
                found.found.extend(wrong.diagnostics)
            except OSError as failure:
                found.error("unreadable", f"`{file}` cannot be read: {failure.strerror}", None)
    return list(texts.values()), found.found


def _shown(file: Path) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative


def digest_of(texts: Sequence[Text], overlay: str = "") -> str:
    """What identifies a rulebook: the SHA-256 of its files' bytes, whatever folder they are in."""
    total = hashlib.sha256(overlay.encode())
    for inner in sorted(hashlib.sha256(t.data).digest() for t in texts):
        total.update(inner)
    return total.hexdigest()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: all that a stage builds is kept, and scanning it takes a third of the time."""
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
    """Everything that is known of a rulebook's text, and everything found wrong with it."""

    texts: tuple[Text, ...]
    model: Any  # policy.model.rules.Model
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return f"<{len(self.texts)} checked texts, {len(self.diagnostics)} findings>"

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.is_error)


@_uncollected()
def check(texts: Sequence[Text]) -> Checked:
    """Reads, types and judges the texts of one rulebook."""
    # imported here so that a rulebook from the cache needs neither parser nor checker
    from policy.model.from_syntax import model_of
    from policy.model.lints import findings
    from policy.syntax.from_text import decode, parse

    diagnostics: list[Diagnostic] = []
    files = []
    for text in texts:
        source, wrong = decode(text.name, text.data)
        diagnostics += wrong
        if not wrong:
            parsed = parse(source)
            diagnostics += parsed.diagnostics
            files.append(parsed.file)
    model, more = model_of(files)
    diagnostics += more
    if not any(d.is_error for d in diagnostics):
        diagnostics += findings(model)
    return Checked(tuple(texts), model, tuple(in_order(diagnostics)))


@_uncollected()
def program(checked: Checked, overlay: str = "") -> Program:
    """The program of a rulebook without errors, under an overlay if one is named. Raises PolicyError."""
    from policy.ir.from_model import program_of
    from policy.model.overlays import check_overlay, overlaid

    wrong = [*checked.errors, *check_overlay(checked.model, overlay)]
    if wrong:
        raise PolicyError(wrong)
    return program_of(overlaid(checked.model, overlay), digest_of(checked.texts, overlay), overlay)


def load_program(texts: Sequence[Text], overlay: str = "") -> Program:
    """The program of these texts, from the cache where it has been made before. Raises PolicyError."""
    key = cache.key(digest_of(texts, overlay), *(t.name for t in texts))
    cached = cache.fetch(key)
    if isinstance(cached, Program):
        return cached
    made = program(check(texts), overlay)
    cache.store(key, made)
    return made


# ── asking ──────────────────────────────────────────────────────────────────────────────────


@frozen(slots=False, eq=False, repr=False)
class Rulebook:
    """A rulebook as of one date, ready to be asked."""

    program: Program

    def __repr__(self) -> str:
        assert self.program.on is not None
        return f"<rulebook {self.program.digest[:12]} on {date.fromordinal(self.program.on)}>"

    @cached_property
    def records(self) -> dict[str, type[Any]]:
        """A class for every record, by full name and, where that is unambiguous, by its last part."""
        by_id = record_classes(self.program)
        short: dict[str, list[str]] = {}
        for id in by_id:
            short.setdefault(id.rpartition(".")[2], []).append(id)
        return {**by_id, **{name: by_id[ids[0]] for name, ids in short.items() if len(ids) == 1}}

    @cached_property
    def _python(self) -> PythonBackend:
        return PythonBackend(self.program, self.records)

    def question(self, name: str) -> Function:
        """The question called `name`, in full or by its last part. Raises PolicyError."""
        named = [f for f in self.program.named(name) if f.kind != "set"]
        if len(named) == 1:
            return named[0]
        found = Collector()
        if named:
            found.error(
                "ambiguous-name",
                f"there are several questions `{name}`",
                None,
                "write one in full: " + ", ".join(f"`{f.id}`" for f in named),
            )
        else:
            kinds = ("decision", "value", "table", "priority", "parameter")
            known = [f.id for f in self.program.functions.values() if f.kind in kinds]
            close = did_you_mean(name, [*known, *(k.rpartition(".")[2] for k in known)])
            found.error("unknown-name", f"there is no question `{name}`", None, close)
        raise PolicyError(found.found)

    def evaluator(self, name: str) -> PythonEvaluator:
        """The question as generated Python: `.fast`, `.verdict` and `.answer`. Raises PolicyError."""
        return self._python.evaluator(Asked(self.question(name).id, self.program))

    def interpreter(self, name: str) -> InterpretedEvaluator:
        """The question as the reference interpreter answers it. Raises PolicyError."""
        return InterpretedEvaluator(Asked(self.question(name).id, self.program))

    def reader(self, name: str) -> FactReader:
        """Reads JSON facts of the question. Raises PolicyError."""
        return FactReader(self.program, self.question(name), self.records)

    def columns(
        self,
        name: str,
        schema: Mapping[str, Any],
        keep: Sequence[str] = (),
        scaled: bool = False,
        rules: Sequence[str] = (),
    ) -> ColumnsEvaluator:
        """The question asked of whole tables with these columns (name to Polars type). Raises PolicyError.

        Columns named in `keep` are no facts. With `scaled`, whole numbers are in the last decimal of the fact's type:
        600 in a column of `money(HKD)` is 6.00 HKD, as in records, and not 600.00 HKD. `rules` are the names that
        reasons may have, where answers of several dates are put together.
        """
        from policy.extras import needed

        needed("polars", "columns")
        from policy.backends.columns.evaluator import evaluator

        function = self.question(name)
        made, reader = self.evaluator(function.id), self.reader(function.id)
        return evaluator(self.program, function, made, reader, schema, tuple(keep), scaled, rules)

    def ask(self, name: str, facts: str) -> Answer:
        """The answer to a question on facts in JSON. Raises PolicyError."""
        arguments = self.reader(name).read(facts)
        if isinstance(arguments, list):
            raise PolicyError(arguments)
        return self.evaluator(name).answer(*arguments)


def day_of(on: date | str) -> date:
    """A date as of which the law is asked. Raises PolicyError where it is none."""
    found = Collector()
    if isinstance(on, str):
        day = written.date(on)
        if isinstance(day, int):
            return date.fromordinal(day)
        message = day.message if day.message.startswith("there is") else f"`{on}` {day.message}"
        found.error("bad-date", message, None, "write it as 2026-03-01")
    elif type(on) is date:
        return on
    else:
        message = f"a `{type(on).__name__}` is not a date"
        found.error("bad-date", message, None, "give a `date`, or a text as 2026-03-01")
    raise PolicyError(found.found)


@_uncollected()
def dated(undated: Program, on: date | str) -> Rulebook:
    """The rulebook as of a date. Raises PolicyError where it is none."""
    day = day_of(on)
    return Rulebook(specialised(undated, day.toordinal()))


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

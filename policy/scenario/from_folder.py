"""A scenario: a folder of commands as JSON Lines or CSV, in one stream.

In: a folder. `market` and `participants` (either format) set the stage and come first; the lines of every other
file follow, merged by their time, and with them the recordings that `recorded` names, if there is such a file.
Out: a step a line: its command, or what is wrong with it; the other lines go on.
Absent: any idea of what a command does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from heapq import merge
from pathlib import Path
from typing import Any

from attrs import frozen

from policy.diagnostics import Collector, Diagnostic, PolicyError, did_you_mean, not_utf_8
from policy.facts.from_json import parse
from policy.files import plain, read
from policy.scenario import csv_lines, recorded
from policy.source import Source, Span
from policy.vocabulary import Json
from policy.wire import DO, Commands

ABOUT = "scenario.json"
STAGE = ("market", "participants")  # files that come first, in this order
SUFFIXES = (".jsonl", ".csv")
LONGEST_LINE = 1_000_000  # bytes
_KNOWN = ("title", "zh", "on", "under")


@frozen
class ScenarioLine:
    """One line of a scenario; `command` is None where the line could not be read, and `wrong` says why."""

    file: str
    line: int
    at: int
    command: Any
    wrong: tuple[Diagnostic, ...] = ()


@frozen
class Scenario:
    """A folder of commands, and what it says about itself."""

    folder: Path
    stage: tuple[Path, ...]
    streams: tuple[Path, ...]
    recorded: tuple[Path, ...] = ()
    title: str = ""
    zh: str = ""
    on: str = ""  # the date as of which it begins
    under: str = ""  # the overlay that it is meant to be run under

    def setting(self, commands: Commands) -> Iterator[ScenarioLine]:
        """The steps that set the stage, file by file."""
        for path in self.stage:
            yield from _steps(path, commands)

    def stream(self, commands: Commands) -> Iterator[ScenarioLine]:
        """All other steps by their time; those of one moment by file, then line, and recordings last."""
        each = [_steps(path, commands) for path in self.streams]
        for path in self.recorded:
            for play in _steps(path, recorded.PLAYS):
                each.append(iter((play,)) if play.command is None else _played(play, self.folder))
        ranked = [_ranked(n, steps) for n, steps in enumerate(each)]
        for _, step in merge(*ranked, key=lambda ranked: ranked[0]):
            yield step


def scenario_in(folder: Path) -> Scenario:
    """The scenario in a folder. Raises PolicyError where there is none."""
    if not folder.is_dir():
        help = "a scenario is a folder of .jsonl or .csv files"
        raise PolicyError.of("no-scenario", f"`{folder}` is not a folder", help)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    stage = [p for name in STAGE for p in files if p.stem == name]
    if not stage:
        wanted = " or ".join(f"`{name}{suffix}`" for name in STAGE[:1] for suffix in SUFFIXES)
        raise PolicyError.of("no-scenario", f"`{folder}` holds no {wanted}", "they say what is traded, and by whom")
    found = Collector()
    about = _about(folder / ABOUT, found)
    if found.found:
        raise PolicyError(found.found)
    for file in files:
        plain(file)
    plays = tuple(p for p in files if p.stem == recorded.FILE)
    streams = tuple(p for p in files if p not in stage and p not in plays)
    return Scenario(folder, tuple(stage), streams, plays, **about)


def _about(path: Path, found: Collector) -> dict[str, str]:
    if not path.exists():
        return {}
    data = read(path, LONGEST_LINE)
    try:
        source = Source(str(path), data.decode("utf-8-sig"))
    except UnicodeDecodeError as failure:
        raise PolicyError([not_utf_8(str(path), data, failure, "the scenario")[1]]) from failure
    whole = Span(source, 0, len(source.text.rstrip()))
    about = parse(whole, found)
    if found.found:
        return {}
    if not isinstance(about, dict) or not all(
        type(v) is str for v in about.values()
    ):  # a number is a text of its own
        found.error("facts-type", "a scenario's file about itself is one JSON object of texts", whole)
        return {}
    for key in about.keys() - set(_KNOWN):
        known = ", ".join(f"`{k}`" for k in _KNOWN)
        found.error(
            "facts-unknown", f"a scenario has no `{key}`", whole, did_you_mean(key, _KNOWN) or f"it has {known}"
        )
    if "on" in about and not _is_date(about["on"]):
        found.error("facts-time", f"`{about['on']}` is not a date", whole, "write it as 2026-03-01")
    return about


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# ── one file ────────────────────────────────────────────────────────────────────────────────


def _ranked(file: int, steps: Iterator[ScenarioLine]) -> Iterator[tuple[tuple[int, int, int], ScenarioLine]]:
    for step in steps:
        yield (step.at, file, step.line), step


def _played(play: ScenarioLine, folder: Path) -> Iterator[ScenarioLine]:
    """The steps of a recording that a line names."""
    at = play.command.at
    for line, found in recorded.played(play.command, folder, str(play.line)):
        if isinstance(found, list):
            yield ScenarioLine(play.command.file, line, at, None, tuple(found))
        else:
            at = found.at
            yield ScenarioLine(play.command.file, line, at, found)


def _steps(path: Path, commands: Commands) -> Iterator[ScenarioLine]:
    """The steps of a file in the order of their lines, which must be that of their times."""
    at = 0
    for number, source, given in _csv(path) if path.suffix.lower() == ".csv" else _json_lines(path):
        whole = Span(source, 0, len(source.text.rstrip()))
        if isinstance(given, list):
            read: Any = given
        else:
            read = commands.read(source) if given is None else commands.read_document(given, whole)
        if not isinstance(read, list) and read.at < at:
            found = Collector()
            help = "put the lines of a file in the order of their times"
            found.error("out-of-sequence", "this is earlier than the line before it", whole, help)
            read = found.found
        if isinstance(read, list):
            yield ScenarioLine(path.name, number, at, None, tuple(read))
        else:
            at = read.at
            yield ScenarioLine(path.name, number, at, read)


_Given = Json | list[Diagnostic] | None  # an object, what is wrong, or None where the text is to be parsed


def _lines(path: Path) -> Iterator[tuple[int, Source, list[Diagnostic] | None]]:
    with path.open("rb") as file:
        number = 0
        while data := file.readline(LONGEST_LINE + 1):
            number += 1
            name, before = str(path), number - 1
            if len(data) > LONGEST_LINE:
                while data and not data.endswith(b"\n"):
                    data = file.readline(LONGEST_LINE)
                found = Collector()
                start = Span(Source(name, "", before), 0, 0)
                found.error(
                    "facts-json", f"the line has more than {LONGEST_LINE:,} bytes", start, "write less in one"
                )
                yield number, start.source, found.found
                continue
            try:
                text = data.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as failure:
                source, wrong = not_utf_8(f"{name}:{number}", data, failure, "the commands")
                yield number, source, [wrong]
                continue
            if text.strip():
                yield number, Source(name, text.rstrip("\r\n"), before), None


def _json_lines(path: Path) -> Iterator[tuple[int, Source, _Given]]:
    yield from _lines(path)


def _csv(path: Path) -> Iterator[tuple[int, Source, _Given]]:
    """Rows as objects: the first line names the columns, an empty cell says nothing; one row a line."""
    names: list[str] = []
    for number, source, wrong in _lines(path):
        found, whole = Collector(), Span(source, 0, len(source.text))
        row = None if wrong else csv_lines.cells(source, found, "facts-type")
        if not names:
            names = [cell.strip() for cell in row or ()]
            if twice := csv_lines.named_twice(names):
                help = "name each column once; until then no row of the file says anything"
                found.error("facts-type", f"the column `{twice}` is named twice", whole, help)
            if wrong or found.found:
                yield number, source, wrong or found.found
                return
            continue
        if row is not None and len(row) != len(names):
            help = "the first line names the columns; a cell with a comma stands in double quotes"
            found.error("facts-type", f"there are {len(row)} cells for {len(names)} columns", whole, help)
        if wrong or found.found:
            yield number, source, wrong or found.found
        else:
            yield number, source, {n: _cell(n, c) for n, c in zip(names, row or (), strict=True) if c}


def _cell(name: str, text: str) -> Any:
    return {"true": True, "false": False}.get(text, text) if name != DO else text

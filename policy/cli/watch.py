"""`--watch`: a command runs again whenever something that it reads changes.

In: a verb whose parameters name files and folders. Out: one run for each time that files are saved, however an
editor, Git or a mounted volume does it: what counts is what stands at each name. Absent: events of the operating
system, which miss renames, links that are switched, and folders of another machine.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TypeVar, cast

import click

from policy import resources

F = TypeVar("F", bound=Callable[..., object])
Seen = Mapping[str, tuple[int, int, int]]  # of each file: inode, size and time of its last change

LOOK = 0.1  # seconds between two looks
SETTLED = 3  # looks without a change that end a save of many files
SUFFIXES = (".policy", ".toml", ".csv", ".json", ".jsonl", ".xlsx", ".parquet")
_WRITTEN = ("output", "out")  # parameters that name what a verb writes
_MOST_NAMED = 3


def watchable(command: F) -> F:
    """Gives a verb the option `--watch`."""

    @click.option("--watch", is_flag=True, help="Run again whenever a file changes; Ctrl-C ends it.")
    @wraps(command)
    def watched(*given: object, watch: bool, **options: object) -> object:
        if not watch:
            return command(*given, **options)
        params = click.get_current_context().params
        _refuse_what_is_not_there(params)
        written = {os.path.abspath(params[name]) for name in _WRITTEN if params.get(name)}
        run_on_change(_read(v for name, v in params.items() if name not in _WRITTEN), written)
        return None

    return cast(F, watched)


def _refuse_what_is_not_there(params: Mapping[str, object]) -> None:
    """Ends with 2 where all that is named are revisions, which do not change, or nothing."""
    rules = params.get("rules") or params.get("paths")
    if isinstance(rules, tuple) and rules and not any(word == "-" or Path(str(word)).exists() for word in rules):
        named = ", ".join(f"`{word}`" for word in rules)
        raise click.UsageError(f"there is nothing to watch at {named}; name a file or folder that is there")


def _read(values: Iterable[object]) -> list[Path]:
    """The files and folders that a verb's parameters name; the shipped rulebook where it names none."""
    named = [v for value in values for v in (value if isinstance(value, tuple) else (value,))]
    if "-" in named:
        raise click.UsageError("standard input cannot be watched; name a file")
    found = [Path(v) for v in named if isinstance(v, str | Path) and str(v) and Path(v).exists()]
    return found or [resources.folder("rulesets")]


def run_on_change(paths: list[Path], written: Iterable[str] = ()) -> None:
    """Runs this command line without `--watch`, now and after each change. A change ends a run that still goes on."""
    import subprocess  # here: every verb that can be watched imports this module

    command = [sys.executable, "-m", "policy", *(word for word in sys.argv[1:] if word != "--watch")]
    seen = look(paths, written)
    run, reason = 1, f"watching {', '.join(map(str, paths))}"
    while True:
        click.secho(f"── run {run}: {reason}", err=True, bold=True)
        process = subprocess.Popen(command)
        while (now := look(paths, written)) == seen:
            time.sleep(LOOK)
        if process.poll() is None:
            process.terminate()
        process.wait()
        now = _settled(now, paths, written)
        run, reason, seen = run + 1, f"{_told(seen, now)} changed", now


def _settled(seen: Seen, paths: list[Path], written: Iterable[str]) -> Seen:
    """What stands there once nothing has changed for a moment."""
    looks = 0
    while looks < SETTLED:
        time.sleep(LOOK)
        now = look(paths, written)
        looks = looks + 1 if now == seen else 0
        seen = now
    return seen


def _told(before: Seen, after: Seen) -> str:
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    more = len(changed) - _MOST_NAMED
    return ", ".join(changed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def look(paths: Iterable[Path], written: Iterable[str] = ()) -> Seen:
    """What stands at each name: hidden files and those that the command writes are not looked at."""
    return {
        str(file): (found.st_ino, found.st_size, found.st_mtime_ns)
        for path in paths
        for file in _files(path)
        if os.path.abspath(file) not in written and (found := _stat(file))
    }


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(folder, name) for name in names if name.endswith(SUFFIXES) and not name.startswith("."))


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:  # it is gone, or a link leads nowhere
        return None

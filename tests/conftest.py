"""`pytest --update` rewrites what corpus files and error pages expect; a person then reads the diff."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

import hypothesis
import pytest

from policy import pipeline
from policy.ir.program import Program
from policy.source import Source
from policy.syntax import from_text, kept
from policy.syntax.from_text import Parsed

# What is made of the shipped rules is kept for one run of the tests and no longer, so that a test sees the code as it
# is now. The processes of a run inherit the folder, and so share it.
_KEPT = os.environ.setdefault("POLICY_TESTS", "") or tempfile.mkdtemp(prefix="policy-tests-")
os.environ["POLICY_TESTS"] = os.environ["POLICY_CACHE"] = _KEPT


# Every run tries the same examples; `--hypothesis-profile=random` tries others.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("random", derandomize=False, deadline=None)
hypothesis.settings.load_profile("same")

_parse = from_text.parse


@lru_cache(maxsize=512)
def _parsed(name: str, text: str) -> Parsed:
    return _parse(Source(name, text))


# Parsing is much of what checking rules takes, and depends on a file alone: a process of the tests does it once.
from_text.parse = lambda source: _parsed(source.name, source.text)
kept.SHORT = sys.maxsize  # so that nothing is read back from the cache instead


@pytest.fixture
def all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of one test's own, empty at first, in which every file is kept, however short."""
    monkeypatch.setenv("POLICY_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(kept, "SHORT", 0)


_check, _program, _load, _dated = pipeline.check, pipeline.program, pipeline.load_program, pipeline.dated
_WHOLE, _FUNCTIONS = 40, 200  # files and functions: the shipped rulebook, which hundreds of tests ask


@lru_cache(maxsize=4)
def _checked(texts: tuple[pipeline.RulesFile, ...]) -> pipeline.Checked:
    return _check(texts)


@lru_cache(maxsize=4)
def _loaded(texts: tuple[pipeline.RulesFile, ...], overlay: str) -> Program:
    return _load(texts, overlay)


def _is_whole(texts: Sequence[pipeline.RulesFile]) -> bool:
    return len(texts) >= _WHOLE


def _once(make: Callable[[Any, Any], Any], is_shared: Callable[[Any], bool], size: int) -> Callable[..., Any]:
    """`make(of, by)`, made once for the same object `of` if it is shared; the last `size` are kept."""
    made: OrderedDict[tuple[int, Any], tuple[Any, Any]] = OrderedDict()

    def again(of: Any, by: Any = "") -> Any:
        if not is_shared(of):
            return make(of, by)
        key = (id(of), by)
        if key not in made:
            made[key] = (of, make(of, by))  # with `of`, so that no other object takes its id
        made.move_to_end(key)
        if len(made) > size:
            made.popitem(last=False)
        return made[key][1]

    return again


# The same for the shipped rulebook: its model, its programs, and its evaluators on a date.
pipeline.check = lambda texts, tests=None: _checked(tuple(texts)) if _is_whole(texts) else _check(texts, tests)
pipeline.load_program = lambda texts, overlay="": (
    _loaded(tuple(texts), overlay) if _is_whole(texts) else _load(texts, overlay)
)
pipeline.program = _once(_program, lambda checked: _is_whole(checked.texts), 8)
pipeline.dated = _once(_dated, lambda undated: len(undated.functions) >= _FUNCTIONS, 24)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_KEPT, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output instead of comparing")


# Files and rooms whose tests share something dear, or the machine itself: one process runs all of each. By nodes, as
# pytest 9 has no way for the mark `xdist_group` of xdist 3.8 to rename them.
_TOGETHER = ("test_demo.py", "test_interrupts.py", "test_rulebook.py", "test_spark.py", "test_stubs.py")
_ROOMS = {"reports": "documents", "documents": "documents"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = PurePath(nodeid.partition("::")[0])
            return file.name if file.name in _TOGETHER else _ROOMS.get(file.parent.name, nodeid)

    return Scheduler(config, log)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected output is to be rewritten."""
    return bool(request.config.getoption("--update"))

"""`pytest --update` rewrites what corpus files and error pages expect; a person then reads the diff."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import lru_cache

import pytest

from policy.source import Source
from policy.syntax import from_text
from policy.syntax.from_text import Parsed

# What is made of the shipped rules is kept for one run of the tests and no longer, so that a test sees the code as it
# is now. The processes of a run inherit the folder, and so share it.
_KEPT = os.environ.setdefault("POLICY_TESTS", "") or tempfile.mkdtemp(prefix="policy-tests-")
os.environ["POLICY_TESTS"] = os.environ["POLICY_CACHE"] = _KEPT


_parse = from_text.parse


@lru_cache(maxsize=512)
def _parsed(name: str, text: str) -> Parsed:
    return _parse(Source(name, text))


# Parsing is most of what checking rules takes, and depends on a file alone: a process of the tests does it once.
from_text.parse = lambda source: _parsed(source.name, source.text)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_KEPT, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected output instead of comparing")


# Rooms and files whose tests share documents, runs or a checked rulebook: one process makes each of these once.
_TOGETHER = {"reports": "documents", "documents": "documents", "test_demo.py": "demo", "test_rulebook.py": "rulebook"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        group = _TOGETHER.get(item.path.name) or _TOGETHER.get(item.path.parent.name)
        if group and not item.get_closest_marker("slow") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected output is to be rewritten."""
    return bool(request.config.getoption("--update"))

"""The tests in rules as pytest items, and rulebooks as fixtures: `pytest my-rules`.

In: `.policy` files that pytest finds. Out: an item for each `test` and `property`, marked with the provisions and
measures that its questions cite; the fixtures `rulebook` and `evaluator`. Absent: running a test, which
`policy.testing` does as `policy test` has it done.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # every run of pytest in the environment loads this module, most without rules
    from policy.backends.python import PythonEvaluator
    from policy.model import rules
    from policy.pipeline import Checked
    from policy.rulebook import Rulebook
    from policy.testing.run import Result, Runner

    Declared = rules.Test | rules.Property

SUFFIX = ".policy"
_MARKS = (
    "provision(name): a test in rules whose question can cite the provision",
    "measure(name): a test in rules whose question can cite a provision of the measure",
    "policy(on, under): date and overlay of the fixtures `rulebook` and `evaluator`",
)


class _Failed(Exception):
    """A test in rules that failed, told as `policy test` tells it."""


@pytest.hookimpl
def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("policy_rules", "folders or files that make up the rulebook", type="paths", default=[])
    parser.addini("policy_on", "as-of date of the fixtures, as 2026-03-01", default="")
    parser.addini("policy_under", "overlay of the fixtures, as example.house", default="")


def pytest_configure(config: pytest.Config) -> None:
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)
    config.stash[_BOOKS] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    _settle(session.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    _settle(session.config)


def _settle(config: pytest.Config) -> None:
    """Keeps the garbage collector off rulebooks, which live until the end: scanning them takes seconds."""
    if config.stash[_BOOKS]:
        gc.freeze()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PolicyFile | None:
    return PolicyFile.from_parent(parent, path=file_path) if file_path.suffix == SUFFIX else None


# ── collection ──────────────────────────────────────────────────────────────────────────────


class _Book:
    """The rulebook that some paths make up: checked, with what runs its tests."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        from policy.pipeline import check, read_folder
        from policy.recursion import allow_deep_programs
        from policy.testing.run import Runner

        allow_deep_programs()
        texts, self.unread = read_folder(paths)
        self.checked: Checked = check(texts)
        self.runner: Runner = Runner(self.checked.model, self.checked.digest())
        self._cited: dict[tuple[str, str], frozenset[str]] = {}
        self.tests: dict[Path, list[Declared]] = {}
        files = {text.name: Path(text.name).resolve() for text in texts}
        for test in _tests_of(self.checked.model):
            self.tests.setdefault(files[test.span.source.name], []).append(test)

    def cited(self, question: str, ruleset: str) -> frozenset[str]:
        """The provisions that an answer to the question can cite."""
        from policy.ir.reach import citable

        overlay = ruleset if self.checked.model.rulesets[ruleset].amends else ""
        if (overlay, question) not in self._cited:
            whole = self.runner.whole(overlay)
            self._cited[overlay, question] = frozenset(c.provision for c in citable(whole, question))
        return self._cited[overlay, question]


def _tests_of(model: rules.Model) -> list[Declared]:
    from policy.model import rules

    return [*model.tests, *model.of_kind(rules.Property)]


_BOOKS = pytest.StashKey[dict[tuple[Path, ...], _Book]]()


def _paths(config: pytest.Config, file: Path) -> tuple[Path, ...]:
    """What makes up the rulebook of a file: `policy_rules` where that holds it, else the folder pytest was given."""
    configured = tuple(path.resolve() for path in config.getini("policy_rules"))
    if any(file.is_relative_to(path) for path in configured):
        return configured
    given = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    holding = [path for path in given if path.is_dir() and file.is_relative_to(path)]
    return (min(holding, key=lambda path: len(path.parts)),) if holding else (file.parent,)


class PolicyFile(pytest.File):
    """A file of rules."""

    def collect(self) -> Iterator[PolicyRuleset]:
        from policy.diagnostics import draw

        file = self.path.resolve()
        paths = _paths(self.config, file)
        books = self.config.stash[_BOOKS]
        if paths not in books:
            books[paths] = _Book(paths)
        book = books[paths]
        errors = (*book.unread, *book.checked.errors)
        here = [d for d in errors if d.span is None or Path(d.span.source.name).resolve() == file]
        if here:
            raise self.CollectError("\n\n".join(draw(d) for d in here))
        if errors:
            places = sorted({d.span.source.name for d in errors if d.span is not None})
            raise self.CollectError(f"the rulebook has errors in {', '.join(places)}")
        if not file.exists():
            raise self.CollectError(f"`{self.path}` is gone: it was removed or renamed meanwhile")
        rulesets: dict[str, list[Declared]] = {}
        for test in book.tests.get(file, ()):
            rulesets.setdefault(test.ruleset, []).append(test)
        for ruleset, tests in rulesets.items():
            yield PolicyRuleset.from_parent(self, name=ruleset, book=book, tests=tests)


class PolicyRuleset(pytest.Collector):
    """The tests of one ruleset in a file."""

    def __init__(self, *, book: _Book, tests: list[Declared], **others: Any) -> None:
        super().__init__(**others)
        self.book, self.tests = book, tests

    def collect(self) -> Iterator[PolicyItem]:
        taken: set[str] = set()
        for test in self.tests:
            title = _name(test)
            numbered = (title if n == 1 else f"{title} ({n})" for n in count(1))
            name = next(n for n in numbered if n not in taken)  # a test may be called like the second of others
            taken.add(name)
            yield PolicyItem.from_parent(self, name=name, book=self.book, test=test)


def _name(test: Declared) -> str:
    from policy.model import rules

    return test.title.en if isinstance(test, rules.Test) else f"property {test.name}"


class PolicyItem(pytest.Item):
    """A `test` or a `property`."""

    def __init__(self, *, book: _Book, test: Declared, **others: Any) -> None:
        super().__init__(**others)
        self.book, self.test = book, test
        self.extra_keyword_matches.update(test.title.translations)
        self.add_marks()

    def add_marks(self) -> None:
        from policy.model import rules

        questions = (
            [e.question for e in self.test.expectations] if isinstance(self.test, rules.Test) else [self.test.id]
        )
        cited = {c for question in dict.fromkeys(questions) for c in self.book.cited(question, self.test.ruleset)}
        for provision in sorted(cited):
            self.add_marker(pytest.mark.provision(name=provision))
        declared = self.book.checked.model.provisions
        for measure in sorted({declared[p].measure for p in cited} - {""}):
            self.add_marker(pytest.mark.measure(name=measure))

    def runtest(self) -> None:
        result = self._result()
        if not result.passed:
            raise _Failed(self._told(result))

    def _result(self) -> Result:
        from policy.model import rules
        from policy.testing.samples import try_property

        runner = self.book.runner
        return runner.run(self.test) if isinstance(self.test, rules.Test) else try_property(runner, self.test)

    def _told(self, result: Result) -> str:
        from click import unstyle

        from policy.cli.answers import failure_text

        told = "\n".join(failure_text(failure) for failure in result.failures)
        return told if self.config.get_terminal_writer().hasmarkup else unstyle(told)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.test.span.line - 1, self.name


# ── fixtures ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rulebook(request: pytest.FixtureRequest) -> Rulebook:
    """The rulebook of `policy_rules`, or the shipped one, on the date of `policy_on` or of the mark `policy`."""
    from policy.diagnostics import PolicyError, draw
    from policy.pipeline import load

    config = request.config
    given = {"on": config.getini("policy_on"), "under": config.getini("policy_under")}
    for mark in reversed(list(request.node.iter_markers("policy"))):
        if mark.args or set(mark.kwargs) - set(given):
            pytest.fail('the mark `policy` takes `on="2026-03-01"` and `under="example.house"`', pytrace=False)
        given |= mark.kwargs
    if not given["on"]:
        pytest.fail(
            'the rulebook has no date: set `policy_on`, or mark the test `@pytest.mark.policy(on="2026-03-01")`',
            pytrace=False,
        )
    made: dict[tuple[Any, ...], Rulebook] = config.stash.setdefault(_MADE, {})
    key = tuple(given.values())
    try:
        if key not in made:
            made[key] = load(*config.getini("policy_rules"), **given)
        return made[key]
    except PolicyError as wrong:
        pytest.fail("\n\n".join(draw(d) for d in wrong.diagnostics), pytrace=False)


_MADE = pytest.StashKey[dict[tuple[Any, ...], "Rulebook"]]()


@pytest.fixture
def evaluator(rulebook: Rulebook) -> Callable[[str], PythonEvaluator]:
    """Gives the evaluator of a question: `evaluator("order_accepted").answer(order)`."""
    return rulebook.evaluator

"""Options that several verbs share, and the rules and facts they name."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click
from click.core import ParameterSource

from policy import files, resources
from policy.diagnostics import PolicyError
from policy.files import RULES
from policy.pipeline import Checked, RulesFile, check, dated, day_of, load_program, read_folder, rulebooks

if TYPE_CHECKING:
    from policy.rulebook import Rulebook

Settings = tuple[tuple[str, str], ...]  # values by the names of parameters
F = TypeVar("F", bound=Callable[..., Any])


class DateType(click.ParamType[date]):
    """An ISO date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return day_of(value)
        except PolicyError:
            self.fail(f"`{value}` is not a date; write it as 2026-03-01", param, ctx)


def not_here(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """A file's name; not `-`, as standard output is taken."""
    if name == "-":
        raise click.BadParameter("standard output is for the summary; name a file")
    return name


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`, the first being the default."""
    return click.option(
        "--format",
        "format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


_RULES = "folders or files of rules, or `REVISION:PATH` as Git has them"


def rules_arguments(command: F) -> F:
    """`[RULES]...` after a verb's own arguments, or `--rules`; the verb is given them as `paths`."""

    @click.argument("rules", metavar="[RULES]...", nargs=-1, type=click.Path(allow_dash=True))
    @click.option(
        "--rules",
        "paths",
        multiple=True,
        envvar="POLICY_RULES",
        type=click.Path(allow_dash=True),
        help=f"The same as RULES: {_RULES}. Repeatable. Default: POLICY_RULES, else the shipped rulebook.",
    )
    @wraps(command)
    def with_rules(*given: Any, rules: tuple[str, ...], paths: tuple[str, ...], **options: object) -> Any:
        context = click.get_current_context()
        if rules and context.get_parameter_source("paths") is ParameterSource.COMMANDLINE:
            raise click.UsageError("rules are named as RULES or with --rules, not both")
        if "-" in (rules or paths) and options.get("facts") == "-":
            raise click.UsageError("standard input is one thing: rules or facts")
        return command(*given, paths=rules or paths, **options)

    return cast(F, with_rules)


seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help="Budget per claim; 1 = ten million solver steps, so that every machine gives the same verdicts.",
)


class SettingType(click.ParamType[tuple[str, str]]):
    """A parameter of the rules and the value that it is given."""

    name = "setting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, sign, text = value.partition("=")
        if not sign or not name.strip() or not text.strip():
            self.fail(f"`{value}` sets nothing; write it as minimum_haircut=70%", param, ctx)
        return name.strip(), text.strip()


def _each_once(_: click.Context, __: click.Parameter, settings: Settings) -> Settings:
    for name, times in Counter(name for name, _ in settings).items():
        if times > 1:
            raise click.BadParameter(f"`{name}` is set twice; leave one of the two")
    return settings


def set_option(of: str = "") -> Callable[[F], F]:
    """`--set`, which the verb is given as `settings`."""
    help = f"What if a parameter{of} had this value, as minimum_haircut=70%? No file changes. Repeatable."
    return click.option(
        "--set",
        "settings",
        type=SettingType(),
        multiple=True,
        callback=_each_once,
        metavar="NAME=VALUE",
        help=help,
    )


on_option = click.option(
    "--on",
    type=DateType(),
    required=True,
    help="As-of date, as 2026-03-01. No default: an answer has a date.",
)


def asked(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """For a shell: the questions that begin so, by the short names that are theirs alone, or else in full.

    Of the rules that stand before on the line, else of POLICY_RULES or the shipped ones; none where they have errors.
    """
    paths = ctx.params.get("paths") or ctx.params.get("rules") or ()
    try:
        found = load_program(texts_of(tuple(paths))).functions.values()
    except (PolicyError, click.UsageError, OSError):
        return []
    ids = [f.id for f in found if f.kind not in ("set", "property") and "#" not in f.id]
    short = Counter(id.rpartition(".")[2] for id in ids)
    names = [name if short[name := id.rpartition(".")[2]] == 1 and "." not in begun else id for id in ids]
    return sorted(name for name in names if name.startswith(begun))


FACTS = click.Path(allow_dash=True)  # a file, so that a shell completes its name; it is read where it is used
under_option = click.option("--under", default="", help="House overlay to apply, as example.house.")


def texts_of(paths: tuple[str, ...], *, alone: bool = False) -> list[RulesFile]:
    """The rules; `-` is standard input, none the shipped rulebook. Ends with 2 if one cannot be read.

    `alone`: without neighbouring folders.
    """
    if paths == ("-",):
        return [RulesFile("<stdin>", standard_input().read())]
    for path in paths:
        if path == "-":
            raise click.UsageError("`-`, standard input, stands alone")
        if not is_there(path) and ":" not in path:
            from policy.revisions import is_revision

            if is_revision(path.split("..")[0] or "HEAD", Path()):
                raise click.UsageError(f"`{path}` is a revision: say of which path, as `{path.split('..')[0]}:rules`")
            raise click.UsageError(f"there is no file or folder `{path}`")
    texts, wrong = read_folder(paths or (str(resources.folder("rulesets")),), alone=alone)
    if wrong:
        raise PolicyError(wrong)
    return texts


def texts_with(paths: tuple[str, ...], settings: Settings) -> list[RulesFile]:
    """The rules with parameters set to other values."""
    texts = texts_of(paths)
    if not settings:
        return texts
    from policy.overrides import overridden

    return overridden(texts, dict(settings))


def unsaved(name: str) -> list[RulesFile]:
    """The rules of the folder in which a file is or is to be, with standard input in its place."""
    file = Path(name)
    if file.suffix != RULES or not file.parent.is_dir():
        raise click.UsageError(
            f"`{name}` is no file of rules in a folder that is there; name it as rules/draft{RULES}"
        )
    texts, wrong = read_folder([file.parent], unsaved={file: standard_input().read()})
    if wrong:
        raise PolicyError(wrong)
    return texts


def is_there(path: str) -> bool:
    return bool(path) and Path(path).exists()


def to_write(paths: tuple[str, ...]) -> None:
    """Ends with 2 where rules that are to be changed are no files."""
    for path in paths:
        if path != "-" and not is_there(path):
            raise click.UsageError(f"`{path}` is no file or folder, so it cannot be changed")


def checked_of(paths: tuple[str, ...], settings: Settings = ()) -> Checked:
    """The checked rules; ends with 2 and every finding where they have errors."""
    checked = check(texts_with(paths, settings))
    if checked.errors:
        raise PolicyError(checked.errors)
    return checked


def standard_input() -> BinaryIO:
    if sys.stdin is None:  # as after `<&-`
        raise click.UsageError("standard input is closed")
    return sys.stdin.buffer


def opened(facts: str) -> AbstractContextManager[BinaryIO]:
    """The file of facts, or standard input for `-`. Ends with 2 where it cannot be read."""
    if facts == "-":
        return nullcontext(standard_input())
    try:
        return open(files.opened(facts), "rb")
    except OSError as failure:
        raise click.UsageError(f"`{facts}` cannot be read: {failure.strerror}") from failure


def read_facts(facts: str) -> tuple[str, bytes]:
    """A file of facts: its name in findings, and its bytes, at most one more than facts may have."""
    from policy.facts.from_json import LARGEST_FACTS

    with opened(facts) as file:
        return "<stdin>" if facts == "-" else facts, file.read(LARGEST_FACTS + 1)


def rulebooks_of(paths: tuple[str, ...], under: str) -> Callable[[str], Rulebook]:
    """The rulebook of any date. Raises PolicyError where the rules have errors."""
    return rulebooks(load_program(texts_of(paths), under))


def rulebook_of(paths: tuple[str, ...], on: date, under: str, settings: Settings = ()) -> Rulebook:
    """The rulebook as of a date; ends with 2 and every finding where the rules have errors."""
    return dated(load_program(texts_with(paths, settings), under), on)


def rulebook_for(question: str, paths: tuple[str, ...], on: date, under: str, settings: Settings = ()) -> Rulebook:
    """The same with one question, what it calls, and nothing else: there is less to take to the date."""
    from policy.rulebook import question_named  # with evaluators, which a check does not need

    undated = load_program(texts_with(paths, settings), under)
    return dated(undated.part(question_named(undated, question).id), on)

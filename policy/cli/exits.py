"""Exit codes: one table, and what each code means for each verb.

`policy VERB --help` prints its part of the table; the tests run every verb for each of its codes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NoReturn, assert_never

import click
from click.core import ParameterSource


class Exit(IntEnum):
    """The exit code of a command."""

    YES = 0
    NO = 1
    UNANSWERED = 2
    UNDECIDED = 3
    INTERRUPTED = 130
    PIPE_CLOSED = 141


MEANING = {
    Exit.YES: "yes: permitted, a value, no findings, all hold",
    Exit.NO: "no: denied, findings, failed tests, differences",
    Exit.UNANSWERED: "could not answer: usage, unreadable input, rules with errors, refused rows, a missing extra",
    Exit.UNDECIDED: "undecided, or an integrity failure: a damaged journal, rows lost",
    Exit.INTERRUPTED: "interrupted",
    Exit.PIPE_CLOSED: "the reader closed the pipe",
}
WORST_FIRST = (Exit.UNANSWERED, Exit.UNDECIDED, Exit.NO, Exit.YES)

_RULES = "the rules have errors or cannot be read"
_CHOSEN = f"{_RULES}, or nothing is selected"
_WRITTEN = {Exit.YES: "written", Exit.UNANSWERED: f"{_RULES}, or the file cannot be written"}
_JOURNAL = {
    Exit.UNANSWERED: f"{_RULES}, the journal was kept under other rules, or the file cannot be written",
    Exit.UNDECIDED: "the journal is not whole",
}
_DECIDED = {
    Exit.YES: "permitted, or a value",
    Exit.NO: "denied",
    Exit.UNANSWERED: f"the facts were refused, {_RULES}",
    Exit.UNDECIDED: "undecided, or the rules fail",
}
_CARRIED_OUT = {Exit.YES: "every line was run", Exit.UNANSWERED: f"a line could not be read, {_RULES}"}
_LISTED = {Exit.YES: "printed", Exit.UNANSWERED: _RULES}

ENDS: dict[str, dict[Exit, str]] = {
    "backtest": {
        Exit.YES: "nothing flips or differs",
        Exit.NO: "something flips, or an account differs",
        Exit.UNANSWERED: f"the history cannot be read, {_RULES}",
        Exit.UNDECIDED: "the journal is not whole, or rows were lost",
    },
    "check": {
        Exit.YES: "no findings, or only warnings",
        Exit.NO: "errors; with --strict also warnings",
        Exit.UNANSWERED: "a file cannot be read",
    },
    "compile": {
        Exit.YES: "written",
        Exit.UNANSWERED: f"a question has no form in C, {_RULES}, or a file cannot be written",
    },
    "completion": {Exit.YES: "printed", Exit.UNANSWERED: "unknown shell"},
    "corpus": _WRITTEN,
    "decide": _DECIDED | {Exit.UNDECIDED: "undecided, the rules fail, or rows were lost"},
    "demo": _WRITTEN,
    "diff": {
        Exit.YES: "nothing differs",
        Exit.NO: "something differs: a fact that only one accepts, or an answer",
        Exit.UNANSWERED: _CHOSEN,
        Exit.UNDECIDED: "a comparison is undecided, and nothing is known to differ",
    },
    "explain": _DECIDED,
    "facts": _LISTED,
    "fmt": {
        Exit.YES: "formatted; with --check: no file would change",
        Exit.NO: "with --check: a file would change",
        Exit.UNANSWERED: "a file does not parse, or cannot be read",
    },
    "init": {Exit.YES: "written", Exit.UNANSWERED: "a file exists already, or cannot be written"},
    "log show": {
        Exit.YES: "printed",
        Exit.NO: "no decision fits",
        Exit.UNANSWERED: "it cannot be read",
        Exit.UNDECIDED: "the journal is not whole",
    },
    "log verify": {
        Exit.YES: "the journal is whole",
        Exit.UNANSWERED: "it cannot be read",
        Exit.UNDECIDED: "it is torn or altered",
    },
    "log replay": {
        Exit.YES: "every event is reproduced, byte for byte",
        Exit.UNANSWERED: f"it cannot be read, {_RULES}",
        Exit.UNDECIDED: "an event differs, or the journal is not whole",
    },
    "lsp": {Exit.YES: "the editor ended the session", Exit.UNANSWERED: "usage, or the extra `lsp` is missing"},
    "margin": _CARRIED_OUT,
    "provisions": _LISTED,
    "questions": _LISTED,
    "report rulebook": _WRITTEN,
    "report traceability": _WRITTEN | _JOURNAL,
    "report decision": _WRITTEN | {Exit.YES: "written, whatever the answer"} | _JOURNAL,
    "report decisions": _WRITTEN | _JOURNAL,
    "report trading": _WRITTEN | _JOURNAL,
    "report margin": _WRITTEN | _JOURNAL,
    "report change": _WRITTEN | {Exit.YES: "written, whatever differs"} | _JOURNAL,
    "report pack": _WRITTEN | _JOURNAL,
    "report templates": {Exit.YES: "written", Exit.UNANSWERED: "the folder is not empty, or cannot be written"},
    "stress portfolio": _CARRIED_OUT,
    "stress coverage": {Exit.YES: "computed", Exit.UNANSWERED: f"the prices cannot be read, {_RULES}"},
    "stubs": _WRITTEN,
    "tables export": _WRITTEN,
    "tables import": {
        Exit.YES: "nothing differs, or with --write: written",
        Exit.NO: "the workbook changes the rules, and nothing is written",
        Exit.UNANSWERED: f"a cell is refused, the workbook cannot be read, {_RULES}",
    },
    "tables new": {Exit.YES: "printed", Exit.UNANSWERED: "the file cannot be read, or a cell is refused"},
    "test": {
        Exit.YES: "all tests hold",
        Exit.NO: "a test fails, there are none, a mutant survives (--mutate), or coverage is below --fail-under",
        Exit.UNANSWERED: _CHOSEN,
        Exit.UNDECIDED: "with --mutate: a mutant is undecided",
    },
    "trade": _CARRIED_OUT | {Exit.UNDECIDED: "the journal could not be kept"},
    "verify": {
        Exit.YES: "every claim is proved, refuted as marked, or not found in short lists",
        Exit.NO: "a claim is refuted, or its mark is no longer true",
        Exit.UNANSWERED: _CHOSEN,
        Exit.UNDECIDED: "a claim is undecided or could not be confirmed, and none is refuted",
    },
}


def help_table(meanings: dict[Exit, str]) -> str:
    """The codes as a paragraph of a help page."""
    return "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in meanings.items())


class _Said(click.types.StringParamType):
    """A text that is not empty, as that of a shell's variable which is unset: it would ask about all there is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        typed = param and ctx and ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if typed and not value:
            self.fail("it is empty; leave the option out, or say what is meant", param, ctx)
        return super().convert(value, param, ctx)


def describe(command: click.Command, name: str) -> click.Command:
    """Adds the exit codes to the help of a verb and of its subcommands, whose options refuse empty texts."""
    if name in ENDS:
        command.epilog = help_table(ENDS[name])
    for option in command.params:
        if isinstance(option, click.Option) and option.type is click.STRING:
            option.type = _Said()
    if isinstance(command, click.Group):
        for inner in command.commands:
            describe(command.commands[inner], f"{name} {inner}")
    return command


def end(code: Exit) -> NoReturn:
    sys.exit(int(code))


def of_outcomes(outcomes: Iterable[str]) -> Exit:
    """The worst of the answers' codes; `refused` is the outcome of facts that could not be read."""
    codes = {_of_outcome(outcome) for outcome in outcomes}
    return next((code for code in WORST_FIRST if code in codes), Exit.YES)


def _of_outcome(outcome: str) -> Exit:
    from policy.answers import Outcome  # not needed for a help page

    if outcome == "refused":
        return Exit.UNANSWERED
    known = Outcome(outcome)
    match known:
        case Outcome.UNDECIDED | Outcome.FAILED:
            return Exit.UNDECIDED
        case Outcome.DENIED:
            return Exit.NO
        case Outcome.PERMITTED | Outcome.VALUE:
            return Exit.YES
        case _:
            assert_never(known)

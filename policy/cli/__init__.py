"""The command line: one file a verb, each a thin layer over the Python API. A verb is imported when it is called.

A verb raises PolicyError; the group prints every finding and ends with the exit code of the error. Exit codes are one
table, in `exits`; signals are handled in `policy.interrupts`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper

import click

from policy import interrupts
from policy.cli.exits import MEANING, Exit, describe, help_table

VERBS = {
    "backtest": "Show what another rulebook would have decided.",
    "check": "Find everything wrong with rules.",
    "compile": "Compile a rulebook to C, for programs in other languages.",
    "completion": "Print the shell's completion script.",
    "corpus": "Write questions with facts and answers, to hold other engines to.",
    "decide": "Ask a question about facts.",
    "demo": "Run the shipped rulebook on a small market, end to end.",
    "diff": "Show exactly what a change of the rules changes.",
    "explain": "Show the derivation of an answer.",
    "facts": "List the facts that a question reads.",
    "fmt": "Format rules.",
    "init": "Write a small working rulebook to start from.",
    "log": "Check or replay the journal of a market.",
    "lsp": "Serve an editor, by the Language Server Protocol.",
    "margin": "Show collateral, loans and risk of margin accounts.",
    "provisions": "List provisions and the rules that cite them.",
    "questions": "List the questions of a rulebook.",
    "report": "Write the documents that people read and sign.",
    "stress": "Apply price shocks to a portfolio; test the coverage of a margin.",
    "stubs": "Write types of records and questions, for type checkers.",
    "tables": "Take tables, parameters and sets of rules into a spreadsheet, and back.",
    "test": "Run a rulebook's tests, with coverage or mutants.",
    "trade": "Run a market's commands under a rulebook.",
    "verify": "Prove properties of rules, or show a counterexample.",
}


class UnusableError(click.ClickException):
    """A file, folder or pipe that cannot be read or written."""

    exit_code = int(Exit.UNANSWERED)


class LazyGroup(click.Group):
    """Lists verbs by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"policy.cli.{cmd_name}")
        return describe(module.command, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS:
            from policy.diagnostics import did_you_mean

            help = did_you_mean(args[0], VERBS)
            ctx.fail(f"there is no command `{args[0]}`" + (f"; {help}" if help else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        if os.environ.get("NO_COLOR"):  # https://no-color.org
            ctx.color = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # which may be of characters too few for our words
                stream.reconfigure(errors="backslashreplace")
        try:
            with _failures():
                return super().invoke(ctx)
        finally:
            _warn_of_the_cache()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _failures():  # as this prints the help and the version
            return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, VERBS[name]) for name in self.list_commands(ctx)])


@contextmanager
def _failures() -> Iterator[None]:
    """Ends the command by what the world did to it, or by what is wrong with the rules."""
    try:
        yield
    except KeyboardInterrupt:
        interrupts.leave()
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.PIPE_CLOSED)
    except OSError as failure:
        place = f"`{failure.filename}`: " if failure.filename else ""
        raise UnusableError(f"{place}{failure.strerror or failure}") from failure
    except Exception as error:
        from policy.diagnostics import PolicyError  # a help page does not need it

        if not isinstance(error, PolicyError):
            raise
        from policy.cli.output import fail

        fail(error)


def _warn_of_the_cache() -> None:
    """One line, if the cache could not be used."""
    if "policy.cache" in sys.modules:
        from policy import cache
        from policy.diagnostics import printable

        if why := cache.refusal():
            click.secho(f"warning: {printable(why)}", err=True, fg="yellow")


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=help_table(MEANING),
)
@click.version_option(package_name="policy-that-runs")
def main() -> None:
    """Law that runs: write, check, test and ask a regulator's rules.

    \b
    policy demo                                   the whole thing at work
    policy check rulesets                         what is wrong with these rules?
    policy test rulesets --coverage               do they say what their tests say?
    policy decide lending_value --facts f.json --on 2026-03-01
    policy explain order_accepted --facts - --on 2026-03-01
    """

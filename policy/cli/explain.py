"""`policy explain`: the derivation of an answer, as a tree; and what would change the answer."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import click
from attrs import evolve

from policy.answers import Answer
from policy.cli.answers import answer_json, answer_text, derivation_json, derivation_text
from policy.cli.exits import end, of_outcomes
from policy.cli.options import (
    FACTS,
    asked,
    format_option,
    on_option,
    read_facts,
    rulebook_of,
    rules_arguments,
    seconds_option,
    under_option,
)
from policy.cli.output import plural, print_json
from policy.diagnostics import PolicyError, printable
from policy.facts.from_json import FactReader
from policy.ir.program import Function
from policy.model import types
from policy.rulebook import Rulebook
from policy.source import Source

if TYPE_CHECKING:
    from policy.verify.counterfactual import Counterfactuals
    from policy.verify.remedy import Remedy


@click.command()
@click.argument("question", shell_complete=asked)
@click.option("--facts", required=True, type=FACTS, help="JSON file of the facts, `-` for standard input.")
@on_option
@under_option
@rules_arguments
@click.option(
    "--how", default="", help="Also show what would lead to this answer: permitted, denied, or `>= 40 HKD`."
)
@seconds_option
@format_option("text", "json")
def command(
    question: str, facts: str, on: date, under: str, paths: tuple[str, ...], how: str, seconds: float, format: str
) -> None:
    """Show the derivation of the answer to QUESTION: each rule, value and row, with its paragraph and the facts. With
    `--how`, also the smallest changes of facts marked `changeable` that lead to another answer, and those that remove
    each reason of a denial. A time is never moved to before the decision.

    \b
    policy explain lending_value --facts position.json --on 2026-03-01
    policy explain onboarding_complete --facts client.json --on 2026-03-01 --how permitted
    """
    rulebook = rulebook_of(paths, on, under)
    source, data = read_facts(facts)
    function = rulebook.question(question)
    arguments = rulebook.reader(question).read_bytes(source, data)
    if isinstance(arguments, list):
        raise PolicyError(arguments)
    answer = rulebook.interpreter(function.id).answer(*arguments)
    remedy = _remedy(rulebook, function, answer, how, seconds) if how else None
    if format == "json":
        more = {"how": remedy.as_json()} if remedy else {}
        print_json({**answer_json(answer, function), "derivation": derivation_json(answer.derivation), **more})
    else:
        notes = {id.rpartition(".")[2]: why for id, why in rulebook.program.notes.items()}
        parts = [answer_text(answer, function, notes), *([_in_words(remedy)] if remedy else [])]
        click.echo("\n\n".join([*parts, derivation_text(answer.derivation)]))
    end(of_outcomes({answer.outcome.value}))


def _remedy(rulebook: Rulebook, function: Function, answer: Answer, how: str, seconds: float) -> Remedy:
    """The changes of facts that lead to the answer `how`."""
    # imported here so that an explanation alone needs no part of what proves
    from policy.verify.counterfactual import goal_of
    from policy.verify.prove import Limits
    from policy.verify.remedy import remedy_of
    from policy.verify.solver import needed_solver

    needed_solver()
    word, _, value = how.partition(" ")
    if function.kind == "decision" and how not in ("permitted", "denied"):
        raise click.UsageError("for a decision, give `--how permitted` or `--how denied`")
    if function.kind != "decision" and (word not in ("=", ">=", "<=", ">", "<") or not value):
        raise click.UsageError("for a value, give a comparison, as `--how '>= 40 HKD'`, with = >= <= > or <")
    if function.kind == "priority" or not function.parameters:
        raise click.UsageError(f"`{function.id}` depends on no facts that could be changed")
    goal = goal_of(function, word, _read(rulebook, function, word, value)) if value else None
    return remedy_of(rulebook.program, function, answer, how, Limits(seconds), goal)


def _read(rulebook: Rulebook, function: Function, operator: str, text: str) -> object:
    """The value after `--how`, written as in the rules or as facts are."""
    of = function.type
    if isinstance(of, types.Results):
        field = f"value field(…) -> … = {types.short(function.id)}(…).{of.fields[0][0]}"
        raise click.UsageError(f"{types.a_type(of)} has several values: ask for one of them, as `{field}`")
    inner = types.inner_of(of)
    if operator != "=" and not isinstance(inner, types.Quantity):
        raise click.UsageError(f"{types.a_type(inner)} has no order: give `--how '= {text}'`")
    value: object = text
    if isinstance(inner, types.Boolean) and text in ("true", "false"):
        value = text == "true"
    elif isinstance(of, types.OptionalOf) and text == "none" and operator == "=":
        value = None
    elif isinstance(inner, types.Text) and len(text) > 1 and text[0] == text[-1] == '"':
        value = text[1:-1]
    asked_for = evolve(function, parameters=(("value", of),))
    reader = FactReader(rulebook.program, asked_for, rulebook.records)
    read = reader.read(Source("--how", json.dumps({"value": value}, ensure_ascii=False)))
    if isinstance(read, list):
        raise PolicyError(read)
    return read[0]


def _in_words(remedy: Remedy) -> str:
    """The remedy, a line for each way; what stays whatever is changed; and since when times count."""
    how, whole = remedy.how, remedy.whole
    if whole.is_so:
        return f"{how}: so it is already"
    if whole.changeable:
        nothing = f"{how}: no change of {', '.join(whole.changeable)} brings it about"
    else:
        nothing = f"{how}: none of its facts is marked changeable"
    lines = _ways(whole, f"{how} with ", how, nothing)
    for cure in remedy.reasons:
        named = f"  {cure.rule} alone"
        lines += _ways(cure.ways, f"{named} is removed with ", named, f"{named}: nothing removes it")
    if remedy.changes_times:
        moment = f"{whole.not_before}, the moment of the decision"
        lines.append(f"changed times lie at {moment}, or later: the question is asked again then")
    return "\n".join(lines)


def _ways(ways: Counterfactuals, lead: str, what: str, nothing: str) -> list[str]:
    """The ways found; that there are no others, or up to how many changes there are none."""
    lines = [lead + printable(str(way)) for way in ways.ways]
    if ways.is_complete:
        return lines or [nothing]
    tried = plural(ways.tried, "change")
    if lines:
        return [*lines, f"{what}: there may be more ways" + (f", of more than {tried}" if ways.tried else "")]
    return [
        f"{what}: not found with up to {tried}" if ways.tried else f"{what}: there may be a way that was not found"
    ]

"""Answers as output: coloured text on a terminal, plain text in a pipe, JSON for machines.

In: an answer, its derivation, or what a test expected. Out: text, or data for JSON. Absent: findings, and printing,
which `output` has.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import click

from policy.answers import Answer, Citation, Derivation, Outcome, Reason
from policy.diagnostics import printable
from policy.ir.program import Function
from policy.model import types
from policy.model.types import short
from policy.model.values import show
from policy.vocabulary import RuntimeValue

if TYPE_CHECKING:
    from policy.testing.run import Failure

COLOURS = {
    Outcome.PERMITTED: "green",
    Outcome.DENIED: "red",
    Outcome.VALUE: "cyan",
    Outcome.UNDECIDED: "yellow",
    Outcome.FAILED: "magenta",
}


def _citation(citation: Citation) -> dict[str, object]:
    return {
        "provision": citation.provision,
        "source": citation.source,
        "reference": citation.reference,
        "status": citation.status.value,
        "text": citation.text.by_tag(),
    }


def _reason(r: Reason) -> dict[str, object]:
    return {
        "rule": r.rule,
        "effect": r.effect,
        "text": r.text.by_tag(),
        "citations": [_citation(c) for c in r.citations],
        "status": r.status.value if r.status else None,
        "place": r.place,
        "because": [{"question": inner.question, **_reason(inner.reason)} for inner in r.because],
    }


def answer_json(answer: Answer, function: Function) -> dict[str, object]:
    """An answer with its evidence, as JSON data."""
    basis = answer.basis
    result: dict[str, object] = {
        "question": answer.question.name,
        "on": answer.question.on,
        "rulebook": answer.question.digest,
        "outcome": answer.outcome.value,
    }
    if answer.outcome is Outcome.VALUE:
        result["value"] = _value_json(answer.value, function.type)
    if basis.reasons:
        result["reasons"] = [_reason(r) for r in basis.reasons]
    if answer.needs:
        result["needs"] = list(answer.needs)
    if answer.verdict.fault:
        result["fault"] = answer.verdict.fault
    result["status"] = basis.status.value if basis.status else None
    result["citations"] = [_citation(c) for c in basis.citations]
    result["facts"] = dict(basis.facts)
    result["remarks"] = [r.by_tag() for r in basis.remarks]
    return result


def _value_json(value: RuntimeValue, of: types.AnswerType) -> object:
    """A value as an author would write it; a record by its fields."""
    if isinstance(of, types.Results):
        return {name: _value_json(v, t) for (name, t), v in zip(of.fields, value, strict=True)}
    return show(value, of)


def headline(answer: Answer, function: Function) -> str:
    """The outcome, or the value, in colour."""
    shown = show(answer.value, function.type) if answer.outcome is Outcome.VALUE else answer.outcome.value
    return click.style(printable(shown), fg=COLOURS[answer.outcome], bold=True)


def answer_text(answer: Answer, function: Function, notes: dict[str, str]) -> str:
    """An answer as text."""
    lines = [f"{answer.question.name} on {answer.question.on}", headline(answer, function)]
    basis = answer.basis
    for reason in basis.reasons:
        lines += _reason_lines(reason, "  ")
    for need in answer.needs:
        why = notes.get(need)
        lines.append(f"  needs {need}" + (f": a number nobody has given. {why}" if why else ""))
    if answer.verdict.fault:
        lines.append(f"  the rules give no answer: {answer.verdict.fault}")
    if not basis.reasons:
        lines += [f"  per {citation} — {citation.text.en}" for citation in basis.citations]
    if basis.facts:
        lines.append("turned on: " + ", ".join(f"{path} = {printable(value)}" for path, value in basis.facts))
    status = basis.status.value if basis.status else "nothing cited"
    lines.append(f"rests on: {status} · rulebook {answer.question.digest[:12]}")
    lines += ["\n  ".join((f"remark: {r.en}", *r.translations)) for r in basis.remarks]
    return "\n".join(lines)


def _reason_lines(reason: Reason, indent: str, lead: str = "") -> list[str]:
    """A reason with its citations, and the reasons of the decisions that it depends on."""
    lines = [f"{indent}{lead}{click.style(reason.rule, bold=True)}  {reason.text.en}"]
    lines += [f"{indent}  {words}" for words in reason.text.translations]
    lines += [f"{indent}  per {citation} — {citation.text.en}" for citation in reason.citations]
    for inner in reason.because:
        lines += _reason_lines(inner.reason, indent + "  ", f"because of {short(inner.question)}: ")
    return lines


def derivation_text(derivation: Derivation) -> str:
    """A derivation as a tree."""
    lines: list[str] = []

    def add(d: Derivation, lead: str, follow: str) -> None:
        cited = "  " + click.style("per " + ", ".join(map(str, d.citations)), dim=True) if d.citations else ""
        lines.append(f"{lead}{d.label}: {click.style(printable(d.value), bold=True)}{cited}")
        for n, part in enumerate(d.parts):
            last = n == len(d.parts) - 1
            add(part, follow + ("└ " if last else "├ "), follow + ("  " if last else "│ "))

    add(derivation, "", "")
    return "\n".join(lines)


def failure_text(failure: Failure) -> str:
    """What a test in rules expected, what came, and why."""
    expected, actual = printable(failure.expected), printable(failure.actual)
    lines = [failure.place, f"  expected  {expected}", f"  actual    {actual}"]
    if failure.why is not None:
        lines += ["  why", indent(derivation_text(failure.why), "    ")]
    return "\n".join(lines)


def derivation_json(d: Derivation) -> dict[str, object]:
    return {
        "label": d.label,
        "value": d.value,
        "citations": [_citation(c) for c in d.citations],
        "place": d.place,
        "parts": [derivation_json(p) for p in d.parts],
    }

"""A program as files of C.

In: an undated program, and the names of questions. Out: the files by name. A question for which there is no C is
refused, by its name and place; nothing is left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from attrs import frozen

from policy.backends.c.header import COMMON, header_text
from policy.backends.c.layout import StructLayout, UnsupportedError, layout_of
from policy.backends.c.operators import DIVIDE, text_literal
from policy.backends.c.questions import AnswerMember, function_text, question_text
from policy.backends.c.shapes import STORED
from policy.backends.c.unit import TranslationUnit
from policy.diagnostics import Diagnostic, PolicyError
from policy.ir.program import Function, Program
from policy.vocabulary import QuestionKind

_FUNCTION = re.compile(r"\b[fq][0-9]+(?=\()")
_OWN = re.compile(r"\b[a-z][a-z0-9]*_\w+")
_CONSTANT = re.compile(r"\bs[0-9]+\b")
KINDS: tuple[QuestionKind, ...] = ("decision", "value", "table", "priority", "parameter")


@frozen(eq=False)
class Compiled:
    """A header and a source, and what tests and examples need to know of them.

    The source is `functions`, which need no more than the header, and `entries`, which callers see.
    """

    name: str
    header: str
    functions: str
    entries: str
    layout: StructLayout
    results: dict[str, list[AnswerMember]]
    rows: tuple[str, ...]
    messages: tuple[str, ...]
    unit: TranslationUnit

    @property
    def source(self) -> str:
        return f'#include "{self.name}.h"\n\n{self.functions}{self.entries}'


def questions_of(program: Program) -> list[Function]:
    """The questions that people ask."""
    return [f for f in program.functions.values() if f.kind in KINDS and "#" not in f.id]


def compiled(program: Program, questions: Sequence[Function], name: str = "rulebook") -> Compiled:
    """The C of these questions. Raises PolicyError with each question that has none."""
    try:
        return _compiled(program, questions, name)
    except UnsupportedError:
        wrong = [d for f in questions if (d := _refusal(program, f)) is not None]
        raise PolicyError(wrong) from None


def _refusal(program: Program, function: Function) -> Diagnostic | None:
    """Why a question cannot be compiled."""
    try:
        _compiled(program, [function], "rulebook")
    except UnsupportedError as reason:
        message = f"`{function.id}` ({function.place}) cannot be compiled to C: {reason}"
        return Diagnostic("not-in-c", message, None, "name the questions to compile with `--question`")
    return None


def _compiled(program: Program, questions: Sequence[Function], name: str) -> Compiled:
    runtime = files(__package__).joinpath("runtime.c").read_text(encoding="utf-8")
    layout = layout_of(program, questions, _taken(name, runtime))
    unit, functions, asked, entries, results = TranslationUnit(layout), [], [], [], {}
    for id in layout.called:
        for complete in (True, False):
            functions.append(function_text(unit, program.functions[id], complete))
    for question in layout.asked.values():
        inner, seen, results[question.function.id] = question_text(unit, question)
        asked += inner
        entries += seen
    rows, messages = tuple(unit.rows), tuple(unit.messages)
    text = [*_called(functions, asked), *asked]
    used = set(_CONSTANT.findall("\n".join(text)))
    source = [
        f"#define WORDS {layout.words}",
        "",
        runtime,
        *(f"{_declared(key, c)};" for key, c in unit.constants.items() if c in used),
        "",
        *text,
    ]
    entries += [f"const char {name}_digest[] = {text_literal(program.digest)};", ""]
    entries += [*_names(f"{name}_rows", rows), *_names(f"{name}_messages", messages)]
    for question in layout.asked.values():
        entries += _names(f"{question.c}_reasons", [r.name for r in question.function.rules] or [""])
        by_number = dict(layout.needs(question))
        entries += _names(f"{question.c}_needs", [by_number.get(n, "") for n in range(max(by_number, default=0) + 1)])
    header = header_text(name, unit, results)
    return Compiled(name, header, _lines(source), _lines(entries), layout, results, rows, messages, unit)


def _taken(name: str, runtime: str) -> set[str]:
    """The names that the header and the source have before there are any rules, as far as a rule may be called so."""
    divisions = {f"{function}_{of}" for function in DIVIDE.values() for of in ("64", "128", "full")}
    of_sets = {f"{function}_{kind}s" for function in ("in", "same", "ascending") for kind in STORED}
    return {
        *_OWN.findall(COMMON + runtime),
        *divisions,
        *of_sets,
        f"{name}_digest",
        f"{name}_rows",
        f"{name}_messages",
    }


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(texts) + "\n"


def _called(functions: list[list[str]], asked: list[str]) -> list[str]:
    """The functions that something calls, callees first."""
    kept: list[list[str]] = []
    called = set(_FUNCTION.findall("\n".join(asked)))
    for lines in filter(None, reversed(functions)):
        if _FUNCTION.findall(lines[0])[0] in called:
            called.update(_FUNCTION.findall("\n".join(lines)))
            kept.append(lines)
    return [line for lines in reversed(kept) for line in lines]


def _declared(key: str, name: str) -> str:
    """The declaration of a constant, which has `{}` for its name."""
    head, _, body = key.partition(" = ")
    return f"{head.replace('{}', name, 1)} = {body}"


def _names(name: str, texts: Sequence[str]) -> list[str]:
    """An array of texts; runs of empty ones, which number what is no need, on one line."""
    lines, idle = [], 0
    for text in texts or [""]:
        if not text:
            idle += 1
            continue
        lines += ["    " + '"", ' * idle] * bool(idle)
        lines.append(f"    {text_literal(text)},")
        idle = 0
    return [f"const char *const {name}[] = {{", *lines, *["    " + '"", ' * idle] * bool(idle), "};", ""]

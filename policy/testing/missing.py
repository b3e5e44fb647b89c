"""The tests that are missing: what a mutant that survives would be killed by, as text that can be added to the rules.

In: what tells mutants apart. Out: expectations, and tests that hold several of them, formatted. A test goes where the
rulebook keeps tests of that ruleset: to an overlay's own file; to the file that holds nothing but tests and imports
the ruleset with the fewest others; otherwise beside the rules. Absent: writing files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count

from attrs import frozen

from policy.answers import BilingualText
from policy.facts.records import record_classes, record_from
from policy.ir.interpret import Interpreter
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion
from policy.ir.simplify import specialised
from policy.model import rules
from policy.model.types import short
from policy.source import Source
from policy.syntax import tree
from policy.syntax.from_text import parse
from policy.syntax.to_text import formatted
from policy.testing.citing import per, stands_on
from policy.testing.distinguish import Distinction
from policy.testing.run import as_expected

WIDTH = 118


@frozen
class Nameless:
    """An expectation there is, which is to name provisions: where it is written, and where it ends."""

    file: str
    line: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@frozen
class Expected:
    """One expectation of a test that is missing, and a mistake that it notices; or, with `provisions`, one that is
    there and `completes` by naming them."""

    ruleset: str
    asked: str
    on: str
    text: str
    against: str = ""
    per: tuple[str, ...] = ()  # what the mistaken rule stands on
    completes: Nameless | None = None
    provisions: tuple[str, ...] = ()

    def test(self) -> tree.Test | None:
        """The expectation as a test of its own, read from its text; None where that cannot be read."""
        read = parse(Source("<missing>", f'test "missing" on {self.on}\n  {self.text}\n')).file.declarations
        return read[0] if len(read) == 1 and isinstance(read[0], tree.Test) else None


def expected(program: Program, told: Distinction, ruleset: str) -> Expected:
    """The expectation that the original meets and the mutant does not."""
    assert told.case is not None
    assert told.case.example is not None
    function, example = program.functions[told.asked], told.case.example
    name, facts = short(told.asked), [text for _, text in example.written]
    if function.kind == "priority":
        first, second = facts
        return Expected(ruleset, told.asked, example.on, f"expect {first} before {second} by {name}")
    asked_about = f"({', '.join(facts)})" if facts else ""
    text = f"expect {name}{asked_about} {_answered(program, function, told)}"
    return Expected(ruleset, told.asked, example.on, text)


def _answered(program: Program, function: Function, told: Distinction) -> str:
    """What the original answers, as tests say it."""
    assert told.case is not None
    dated = specialised(program.part(function.id), told.case.day)
    classes = record_classes(dated)
    arguments = tuple(
        record_from(g, of, classes, dated, checked=False)
        for g, (_, of) in zip(told.case.given, function.parameters, strict=True)
    )
    answer = Interpreter(dated).answer(DatedQuestion(function.id, dated), arguments)
    cited = per(stands_on(dated, dated.functions[function.id], arguments)) if told.cited else ""
    return as_expected(answer, function, cited)


def home(model: rules.Model, asked: str, overlay: str) -> str:
    """The ruleset in whose file a test of a question belongs."""
    declaring = model.declared[asked].ruleset
    if overlay:
        return overlay
    full = {d.ruleset for d in (*model.declared.values(), *model.provisions.values())}
    others = (r for r in model.rulesets.values() if r.name not in full and not r.amends and declaring in r.imports)
    return min(((len(r.imports), r.name) for r in others), default=(0, declaring))[1]


def as_tests(model: rules.Model, missing: Iterable[Expected]) -> dict[str, str]:
    """The text to add to the file of each ruleset: a test for each question and date."""
    groups: dict[tuple[str, str, str], list[Expected]] = {}
    for e in missing:
        if e.completes is not None:
            continue
        groups.setdefault((e.ruleset, e.asked, e.on), []).append(e)
    taken = {(t.ruleset, t.title.en) for t in model.tests}
    written: dict[str, list[str]] = {}
    for (ruleset, asked, on), some in groups.items():
        title = _title(model.declared[asked], ruleset, taken)
        written.setdefault(ruleset, []).append(_text(title, on, some))
    return {ruleset: _formatted("\n".join(texts)) for ruleset, texts in written.items()}


def completed(text: str, missing: Iterable[Expected]) -> str:
    """The text of a file whose expectations name the provisions that are missing in them."""
    ends = [(e.completes.end, per(e.provisions)) for e in missing if e.completes is not None]
    for end, named in sorted(ends, reverse=True):
        line = text[text.rfind("\n", 0, end) + 1 : end]
        apart = named if len(line) + len(named) <= WIDTH else f"\n   {named}"
        text = text[:end] + apart + text[end:]
    return text


def _title(asked: rules.Declaration, ruleset: str, taken: set[tuple[str, str]]) -> BilingualText:
    words, zh = (text.replace('"', "'") for text in (asked.title.en or asked.name, asked.title.zh))
    for number in count(1):
        nth = f" {number}" if number > 1 else ""
        title = BilingualText(f"{words} (edges{nth})", f"{zh}（邊界{nth.strip()}）" if zh else "")
        if (ruleset, title.en) not in taken:
            break
    taken.add((ruleset, title.en))
    return title


def _text(title: BilingualText, on: str, some: Sequence[Expected]) -> str:
    lines = [f'test "{title.en}"', f'    zh "{title.zh}" on {on}'] if title.zh else [f'test "{title.en}" on {on}']
    for e in some:
        if e.against:
            lines.append(f"  # {', '.join((*e.per, 'against'))} {e.against}")
        lines += wrapped("  " + e.text)
    return "\n".join(lines) + "\n"


def wrapped(line: str) -> list[str]:
    """A line broken after commas that stand outside of texts, as far as it is too long."""
    lines: list[str] = []
    while len(line) > WIDTH:
        commas = [m.end() for m in re.finditer(r"(?:[^\"]|\"[^\"]*\")*?, ", line)]
        if not commas:
            break
        at = max((c for c in commas if c <= WIDTH), default=commas[0])
        lines.append(line[: at - 1])
        line = "    " + line[at:]
    return [*lines, line]


def _formatted(text: str) -> str:
    source = Source("<missing>", text)
    return formatted(source, parse(source).file)

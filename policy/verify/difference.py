"""Exactly what a change changes: two programs, or one on two dates, question by question, for every possible client.

In: two programs. Out: the facts that only one of them accepts; and of those that both accept, for each question
whether it is equivalent, stricter, looser or incomparable; for each number how far it rises and falls; the regions of
facts and dates where it differs, and an example for each. Outside the regions nothing differs, unless there are
`more_regions`. A field that only one side knows is given to that side, and the other is asked without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import evolve, frozen

from policy.ir import program as ir
from policy.ir.program import Function, Program
from policy.model import rules, types
from policy.model.types import Number
from policy.model.values import show
from policy.verify.claims import Batch, Claim, Query, Witness, differ, fails_or_overflows, is_true, is_unknown
from policy.verify.common_type import comparable
from policy.verify.optimise import maximum, proportion
from policy.verify.product_program import AFTER, BEFORE, fingerprints, product_of
from policy.verify.prove import Encoding, Limits, Solution, answer_text, encode, reads_lists, solve
from policy.verify.regions import Region, regions
from policy.verify.symbolic import CannotEncodeError
from policy.verify.vocabulary import COMPARED, Vocabulary, vocabulary_of
from policy.vocabulary import QuestionKind

WayName = Literal[
    "permits more", "denies more", "rises", "falls", "other",
    "newly undecided", "newly decided", "newly fails", "fails no more",
]  # fmt: skip
DifferenceOutcome = Literal[
    "equivalent", "stricter", "looser", "incomparable", "changed", "added", "removed",
    "asked differently", "not decided", "cannot be encoded",
]  # fmt: skip


@frozen
class Way:
    """One way in which answers differ, and an example with both answers."""

    name: WayName
    example: Witness
    before: str
    after: str
    by: str = ""  # of a number, the most that it rises or falls anywhere
    by_of: str = ""  # the fact that `by` is a share of, where nothing bounds the fact but its type

    def as_json(self) -> dict[str, object]:
        return {
            "way": self.name,
            "example": self.example.as_json(),
            "before": self.before,
            "after": self.after,
            "by": self.by,
            "by_of": self.by_of,
        }


@frozen
class Difference:
    """What a change does to one question."""

    question: str
    kind: QuestionKind
    outcome: DifferenceOutcome
    place: str
    ways: tuple[Way, ...] = ()
    regions: tuple[Region, ...] = ()
    more_regions: bool = False
    longest: int = 0
    why: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "question": self.question,
            "kind": self.kind,
            "outcome": self.outcome,
            "place": self.place,
            "ways": [w.as_json() for w in self.ways],
            "regions": [r.as_json() for r in self.regions],
            "more_regions": self.more_regions,
            "longest_list": self.longest,
            "why": self.why,
        }


@frozen(eq=False)
class ProgramChange:
    """Two programs as one, over a common vocabulary, and the questions that may differ; those in `same` cannot."""

    both: Program
    vocabulary: Vocabulary
    directions: dict[str, str]
    same: tuple[str, ...]
    other: tuple[str, ...]


def change(before: Program, after: Program, directions: dict[str, str]) -> ProgramChange:
    """The questions to compare; `directions` are when each is stricter: higher, lower, permitted, denied."""
    words = vocabulary_of(before, after)
    before, after = words.before, words.after
    old, new = fingerprints(before), fingerprints(after)
    ids = [*before.functions, *(id for id in after.functions if id not in before.functions)]
    compared = [
        id for id in ids if "#" not in id and (after.functions.get(id) or before.functions[id]).kind in COMPARED
    ]
    same = tuple(
        id for id in compared if old.get(id) == new.get(id) and before.on == after.on and not words.questions[id].why
    )
    other = tuple(id for id in compared if id not in same)
    return ProgramChange(product_of(before, after), words, directions, same, other)


def directions(model: rules.Model) -> dict[str, str]:
    """When each question of a rulebook is stricter; decisions, where they do not say, when denied."""
    numbers = model.of_kind(rules.Parameter, rules.Value, rules.Table)
    decisions = model.of_kind(rules.Decision)
    return {d.id: d.stricter for d in numbers} | {d.id: d.stricter or "denied" for d in decisions}


def compared(c: ProgramChange, id: str, limits: Limits) -> Difference:
    """What the change does to one question."""
    old, new = c.vocabulary.before.functions.get(id), c.vocabulary.after.functions.get(id)
    here = new or old
    assert here is not None
    blank = Difference(id, here.kind, "equivalent", str(here.place))
    if old is None or new is None:
        return evolve(blank, outcome="added" if old is None else "removed")
    if why := c.vocabulary.questions[id].why:
        return evolve(blank, outcome="asked differently", why=why)
    try:
        return _compared(c, _answers_of(c, old, new), blank, limits)
    except CannotEncodeError as reason:
        return evolve(blank, outcome="cannot be encoded", why=str(reason))


@frozen(eq=False)
class _Answers:
    """Both answers to a question: as its functions give them; and as quantities of one type, where there is one."""

    functions: tuple[Function, Function]
    given: tuple[ir.Expr, ir.Expr]
    alike: tuple[ir.Expr, ir.Expr]
    type: types.AnswerType | None

    @property
    def differ(self) -> Query:
        """That they are not equal; those of two units never are, as lists of different lengths are not."""
        if self.type is not None:
            return differ(*self.alike)
        before, after = self.given
        return differ(ir.Items((before,)), ir.Items((after, after)))


def _answers_of(c: ProgramChange, old: Function, new: Function) -> _Answers:
    common = c.vocabulary.questions[new.id]
    before, after = ir.Call(new.id + BEFORE, common.before), ir.Call(new.id + AFTER, common.after)
    found = comparable(old.type, new.type, c.vocabulary.after.renamed)
    if found is None:
        return _Answers((old, new), (before, after), (before, after), None)
    of, was, now = found
    return _Answers((old, new), (before, after), (was.of(before), now.of(after)), of)


def _compared(c: ProgramChange, answers: _Answers, blank: Difference, limits: Limits) -> Difference:
    ways_to_differ = list(_ways(answers))
    names = ["differ", *(name for name, _ in ways_to_differ)]
    queries = [answers.differ, *(query for _, query in ways_to_differ)]
    claims = tuple(Claim("difference", blank.question, n, "", q) for n, q in zip(names, queries, strict=True))
    common = c.vocabulary.questions[blank.question]
    program = evolve(c.both, records=c.vocabulary.of_old) if common.is_of_old else c.both
    a = encode(program, Batch(common.parameters, claims), limits, program.on)
    if a.wrong:
        raise CannotEncodeError(next(iter(a.wrong.values())))
    longest = limits.longest if a.facts.lists and reads_lists(a.program, answers.differ) else 0
    any_case = solve(a, "0", answers.differ, minimal=False)
    if any_case is not None and not any_case.found:
        return evolve(blank, longest=longest)
    ways: list[Way] = []
    undecided = ["differ"] if any_case is None else []
    for n, (name, query) in enumerate(ways_to_differ, 1):
        case = solve(a, str(n), query)
        if case is None:
            undecided.append(name)
        elif case.example is not None:
            ways.append(_way(a, answers, name, case, limits))
    if undecided and not ways:
        why = f"in {limits.seconds:g} seconds"
        return evolve(blank, outcome="not decided", longest=longest, why=why)
    found, more = regions(a, answers.differ, "0")
    outcome = _outcome({w.name for w in ways}, c.directions.get(blank.question, ""))
    why = f"{', '.join(undecided)} not decided in {limits.seconds:g} seconds" if undecided else ""
    return evolve(
        blank, outcome=outcome, ways=tuple(ways), regions=found, more_regions=more, longest=longest, why=why
    )


def _ways(answers: _Answers) -> Iterator[tuple[WayName, Query]]:
    """The ways in which two answers can differ."""
    before, after = answers.alike
    if answers.type is None:
        yield "other", is_true(ir.And((_is_known(before), _is_known(after))))
    elif answers.functions[1].kind == "decision":
        yield "permits more", is_true(ir.And((after, ir.Not(before))))
        yield "denies more", is_true(ir.And((before, ir.Not(after))))
    elif isinstance(answers.type, Number | types.Date | types.Instant):
        yield "rises", is_true(ir.Compare(">", after, before))
        yield "falls", is_true(ir.Compare("<", after, before))
    else:
        yield "other", is_true(ir.Compare("is not", after, before))
    yield "newly undecided", is_unknown(after, where=_is_known(before))
    yield "newly decided", is_unknown(before, where=_is_known(after))
    yield "newly fails", fails_or_overflows(after, where=_is_known(before))
    yield "fails no more", fails_or_overflows(before, where=_is_known(after))


def _is_known(e: ir.Expr) -> ir.Expr:
    """An expression that is true where `e` is known, and unknown where it is not."""
    return ir.Compare("is", e, e)


def _outcome(ways: set[WayName], direction: str) -> DifferenceOutcome:
    stricter: dict[str, WayName] = {
        "higher": "rises",
        "lower": "falls",
        "permitted": "permits more",
        "denied": "denies more",
    }
    looser: dict[str, WayName] = {
        "higher": "falls",
        "lower": "rises",
        "permitted": "denies more",
        "denied": "permits more",
    }
    is_stricter, is_looser = stricter.get(direction) in ways, looser.get(direction) in ways
    if is_stricter and is_looser:
        return "incomparable"
    if is_stricter or is_looser:
        return "stricter" if is_stricter else "looser"
    return "changed"


def _way(a: Encoding, answers: _Answers, name: WayName, case: Solution, limits: Limits) -> Way:
    assert case.example is not None
    texts = [
        answer_text(a.answer(case.given, case.day, e), function)
        for e, function in zip(answers.given, answers.functions, strict=True)
    ]
    by, by_of = "", ""
    if (name == "rises" or name == "falls") and isinstance(answers.type, Number):
        before, after = (a.answer(case.given, case.day, e) for e in answers.alike)
        most = maximum(a, answers.alike, name, limits, abs(after - before))
        by = show(most.by, answers.type) if most.is_exact else f"at least {show(most.by, answers.type)}"
        if share := proportion(a, most, answers.type):
            by, by_of = share
    return Way(name, case.example, texts[0], texts[1], by, by_of)

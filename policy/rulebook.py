"""A rulebook as of one date: its questions, each with its evaluators, and the records that facts are given as.

In: the program of one date. Out: `Rulebook`. Evaluators are made when a question is first asked for; one for whole
tables needs the extra `columns`. Absent: files, text and dates to choose from; `policy.pipeline` makes rulebooks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import frozen

from policy.answers import Answer
from policy.backends.python import PythonBackend, PythonEvaluator
from policy.backends.standing import Standing
from policy.backends.together import WorkedOut, together
from policy.diagnostics import PolicyError, did_you_mean
from policy.facts.from_json import FactReader
from policy.facts.records import record_classes
from policy.ir.program import Function, Program
from policy.ir.questions import DatedQuestion, InterpretedEvaluator
from policy.model.types import short
from policy.vocabulary import RecordClass, Together

if TYPE_CHECKING:
    from policy.backends.columns.evaluator import ColumnsEvaluator


@frozen(slots=False, eq=False, repr=False)
class Rulebook:
    """A rulebook as of one date."""

    program: Program

    def __repr__(self) -> str:
        assert self.program.on is not None
        return f"<rulebook {self.program.digest[:12]} on {date.fromordinal(self.program.on)}>"

    @cached_property
    def records(self) -> dict[str, RecordClass]:
        """A class for every record, by full name and, where that is unambiguous, by its last part."""
        by_id = record_classes(self.program)
        count = Counter(map(short, by_id))
        return {**by_id, **{short(id): made for id, made in by_id.items() if count[short(id)] == 1}}

    @cached_property
    def _python(self) -> PythonBackend:
        return PythonBackend(self.program, self.records)

    @cached_property
    def _standing(self) -> dict[object, Standing]:
        return {}

    def question(self, name: str) -> Function:
        """The question called `name`, in full or by its last part. Raises PolicyError."""
        return question_named(self.program, name)

    def evaluator(self, name: str) -> PythonEvaluator:
        """The question compiled to Python, once: `.fast`, `.verdict` and `.answer`. Raises PolicyError."""
        return self._python.evaluator(DatedQuestion(self.question(name).id, self.program))

    def together(
        self, decisions: Sequence[str], of_each: str, listed: str, first: tuple[str, str, tuple[str, ...]]
    ) -> Together | None:
        """Decisions about a record, and a value of each element of a list in it, as one function; none if they are
        not so. `first` is a field of each element, the value that gives it, and the attributes that are its facts.
        """
        field, by, about = first
        asked = [self.question(name) for name in decisions]
        worked_out = WorkedOut(field, self.question(by), about)
        return together(self._python, asked, self.question(of_each), listed, worked_out)

    def standing(
        self, decision: str, values: Sequence[str], moving: Sequence[str], unknown: Collection[str] = ()
    ) -> Standing:
        """A decision about a record and values of it, asked by the facts that move; of those, some may be unknown.

        It is made once. Raises PolicyError.
        """
        key = (decision, tuple(values), tuple(moving), frozenset(unknown))
        made = self._standing.get(key)
        if made is None:
            asked, *more = map(self.question, (decision, *values))
            self.evaluator(asked.id)  # whose verdicts it gives
            made = self._standing[key] = Standing(self._python, asked, more, key[2], key[3])
        return made

    def interpreter(self, name: str) -> InterpretedEvaluator:
        """The question on the reference interpreter. Raises PolicyError."""
        return InterpretedEvaluator(DatedQuestion(self.question(name).id, self.program))

    def reader(self, name: str) -> FactReader:
        """The reader of the question's facts in JSON. Raises PolicyError."""
        return FactReader(self.program, self.question(name), self.records)

    def columns(
        self,
        name: str,
        schema: Mapping[str, Any],
        keep: Sequence[str] = (),
        scaled: bool = False,
        rules: Sequence[str] = (),
    ) -> ColumnsEvaluator:
        """The question over whole tables with these columns (name to Polars type). Raises PolicyError.

        Columns named in `keep` are not facts. With `scaled`, whole numbers count the last decimal of the fact's type:
        600 in a column of `money(HKD)` is 6.00 HKD, as in records; otherwise it is 600.00 HKD. `rules` are the rule
        names that reasons may have, for answers of several dates in one table.
        """
        from policy.extras import require_extra

        require_extra("polars", "columns")
        require_extra("pyarrow", "columns")
        from policy.backends.columns.evaluator import evaluator

        function = self.question(name)
        one, reader = self.evaluator(function.id), self.reader(function.id)
        return evaluator(self.program, function, one, reader, schema, tuple(keep), scaled, rules)

    def ask(self, name: str, facts: str) -> Answer:
        """The answer to a question on facts in JSON. Raises PolicyError."""
        arguments = self.reader(name).read(facts)
        if isinstance(arguments, list):
            raise PolicyError(arguments)
        return self.evaluator(name).answer(*arguments)


def question_named(program: Program, name: str) -> Function:
    """The question called `name`, in full or by its last part. Raises PolicyError."""
    named = [f for f in program.named(name) if f.kind != "set"]
    if len(named) == 1:
        return named[0]
    if named:
        help = "write one in full: " + ", ".join(f"`{f.id}`" for f in named)
        raise PolicyError.of("ambiguous-name", f"there are several questions `{name}`", help)
    kinds = ("decision", "value", "table", "priority", "parameter")
    known = [f.id for f in program.functions.values() if f.kind in kinds]
    close = did_you_mean(name, [*known, *map(short, known)])
    raise PolicyError.of("unknown-name", f"there is no question `{name}`", close)

"""Expressions in plain English.

In: expressions of a model, through `phrasing`. Out: phrases. Titles that are nouns stand as they are, titles that are
clauses or questions in quotation marks. Absent: abbreviations and symbols.
"""

from __future__ import annotations

import re

from policy.answers import BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.types import Type
from policy.reports.plain import amounts
from policy.reports.plain.names import spaced
from policy.reports.plain.phrasing import Calculation, Comparison, Phrasing
from policy.vocabulary import AggregateKind, ExtremumOperator, OrderOperator, RoundingMode

_CLAUSE = re.compile(
    r"(is|are|was|has|have|does|do|may|can|must|should|where|whether|who|how|when|if|asked)\b|.*[:;?]", re.I
)
_DETERMINED = re.compile(r"(the|a|an|this|what|all|no|each|every|any)\b", re.I)
_VERBS: dict[Calculation, str] = {"+": "plus", "-": "less", "*": "times", "/": "divided by"}
_NUMBERS: dict[Comparison, str] = {
    "is": "is",
    "is not": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
_TIMES: dict[Comparison, str] = _NUMBERS | {
    "<": "is before",
    "<=": "is no later than",
    ">": "is after",
    ">=": "is no earlier than",
}
_MODES: dict[RoundingMode, str] = {
    "down": "rounded down to a multiple of {}",
    "up": "rounded up to a multiple of {}",
    "half up": "rounded to the nearest multiple of {}, halves up",
    "half even": "rounded to the nearest multiple of {}, halves to the even one",
}
_KINDS: dict[AggregateKind, str] = {
    "sum": "the sum of {}",
    "min": "the least {}",
    "max": "the greatest {}",
    "count distinct": "the number of different values of {}",
}


def said_list(terms: list[str], last: str) -> str:
    """`A, B or C`."""
    return f" {last} ".join([", ".join(terms[:-1]), terms[-1]]) if len(terms) > 1 else "".join(terms)


def genitive(owner: str) -> str:
    return owner + ("’" if owner.endswith("s") else "’s")


class English(Phrasing):
    """Plain English."""

    today = "today"
    none = "nothing"

    def pick(self, words: BilingualText) -> str:
        return words.en

    def member(self, words: BilingualText) -> str:
        return f"“{words.en}”"

    def amount(self, value: object, of: Type) -> str:
        return amounts.english(value, of)

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def local(self, name: str, of: Type) -> str:
        return f"the {self.noun(name, of)}"

    def noun(self, name: str, of: Type) -> str:
        """A loop's variable is called by what it is, and by its own name too where two of a kind are spoken of."""
        if name not in self.variables or not isinstance(of, types.Record):
            return spaced(name)
        title = self.names.declared(of.name).en
        alike = [n for n, t in self.in_scope().items() if t == of]
        return title if len(alike) < 2 else f"{title} ({spaced(name)})"

    def titled(self, title: BilingualText) -> str:
        if _CLAUSE.match(title.en):
            return f"“{title.en}”"
        return title.en if _DETERMINED.match(title.en) else f"the {title.en}"

    def field(self, of: Expression, title: BilingualText, kind: Type) -> str:
        text = title.en
        inner = kind.of if isinstance(kind, types.OptionalOf) else kind
        if text.startswith("when ") and isinstance(inner, types.Date | types.Instant):
            text = ("day " if isinstance(inner, types.Date) else "time ") + text
        elif _CLAUSE.match(text) or text.startswith("what "):
            return f"“{text}”" if self.alone(of) else f"“{text}” for {self.term(of)}"
        text = re.sub(r"^(the|a|an|its) ", "", text)
        if isinstance(of, x.Local):
            return f"{genitive(self.term(of))} {text}"
        return f"the {text} of {self.term(of)}"

    def given(self, e: x.Apply) -> str:
        """What a question is asked about, where that does not go without saying."""
        if len(e.arguments) == 1 and self.alone(e.arguments[0]):
            return ""
        things, taken = self.about(e)
        told = [f"“{name}” taken as {'yes' if yes else 'no'}" for name, yes in taken]
        for_these = " for " + said_list(things, "and") if things else ""
        return for_these + (f" with {said_list(told, 'and')}" if told else "")

    def applied(self, title: BilingualText, e: x.Apply) -> str:
        return self.titled(title) + self.given(e)

    def or_else(self, first: str, second: str) -> str:
        return f"({first}, or {second} where there is none)"

    def arithmetic(self, operator: Calculation, left: str, right: str) -> str:
        return f"{left} {_VERBS[operator]} {right}"

    def negative(self, term: str) -> str:
        return f"minus {term}"

    def size_of(self, term: str) -> str:
        return f"{term} regardless of its sign"

    def root_of(self, term: str) -> str:
        return f"the square root of {term}"

    def remainder(self, whole: str, part: str) -> str:
        return f"what remains of {whole} after whole multiples of {part}"

    def multiple(self, whole: str, part: str, holds: bool) -> str:
        return f"{whole} is {'' if holds else 'not '}a multiple of {part}"

    def days_later(self, later: bool, day: str, days: str) -> str:
        return f"the day {days} {'day' if days == '1' else 'days'} {'after' if later else 'before'} {day}"

    def months_later(self, day: str, months: int) -> str:
        count = abs(months)
        return f"the day {count} {'month' if count == 1 else 'months'} {'after' if months >= 0 else 'before'} {day}"

    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str:
        word = "lesser" if operator == "min" else "greater"
        if len(terms) > 2:
            word = "least" if operator == "min" else "greatest"
        return f"the {word} of {said_list(terms, 'and')}"

    def either(self, condition: str, then: str, otherwise: str) -> str:
        return f"if {condition}: {then}; otherwise: {otherwise}"

    def rounded(self, term: str, mode: RoundingMode, step: str) -> str:
        return f"{term}, {_MODES[mode].format(step)}"

    def kept_between(self, term: str, low: str, high: str) -> str:
        return f"{term}, but at least {low} and at most {high}"

    def _of_each(self, e: x.Aggregate) -> str:
        where = f" where {self.condition(e.where)}" if e.where is not None else ""
        return f"each {self._variable(e)} among {self.inner(e.over)}{where}"

    def _variable(self, e: x.Aggregate) -> str:
        return self.noun(e.variable, self.variables[e.variable])

    def gathered(self, e: x.Aggregate) -> str:
        if e.kind == "count":
            return f"the number of {self.inner(e.body)}, counting {self._of_each(e)}"
        return f"{_KINDS[e.kind].format(self.inner(e.body))} over {self._of_each(e)}"

    def listed(self, terms: list[str]) -> str:
        return said_list(terms, "or") if terms else "nothing"

    def whether(self, condition: str) -> str:
        return f"whether {condition}"

    def exists(self, term: str, holds: bool) -> str:
        return f"{term} {'exists' if holds else 'does not exist'}"

    def joined(self, every: bool, conditions: list[str]) -> str:
        return said_list(conditions, "and" if every else "or")

    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str:
        return f"{term} is {'' if inside else 'not '}{'one of' if written_out else 'among'} {items}"

    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str:
        return f"{left} {self._verb(operator, of)} {right}"

    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str:
        return f"{self._verb(operator, of).removeprefix('is ')} {bound}"

    def _verb(self, operator: Comparison, of: Type) -> str:
        inner = of.of if isinstance(of, types.OptionalOf) else of
        return (_TIMES if isinstance(inner, types.Date | types.Instant) else _NUMBERS)[operator]

    def for_some(self, e: x.Aggregate, holds: bool) -> str:
        where = f" where {self.condition(e.where)}" if e.where is not None else ""
        head = {
            ("any", True): "for at least one",
            ("any", False): "for no",
            ("all", True): "for every",
            ("all", False): "not for every",
        }[e.kind, holds]
        return f"{head} {self._variable(e)} among {self.inner(e.over)}{where}: {self.condition(e.body)}"

    def settled(self, true: bool) -> str:
        return "this is always so" if true else "this is never so"

    def answered(self, title: BilingualText, e: x.Apply, yes: bool) -> str:
        return f"the answer to “{title.en}”{self.given(e)} is {'yes' if yes else 'no'}"

    def stated(self, of: Expression, title: BilingualText, true: bool) -> str:
        about = "" if self.alone(of) else f" of {self.term(of)}"
        return f"“{title.en}” is {'true' if true else 'not true'}{about}"

    def parameter_so(self, title: BilingualText, yes: bool) -> str:
        return f"the answer to “{title.en}” is {'yes' if yes else 'no'}"

    def true_of(self, term: str, true: bool) -> str:
        said = re.sub(r"^the (.*)", r"“\1”", term)
        return f"{said} is {'true' if true else 'not true'}"

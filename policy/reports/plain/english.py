"""Expressions in plain English.

In: expressions of a model, through `phrasing`. Out: phrases. Titles that are nouns stand as they are; titles that are
clauses or questions, and have no phrase of their own, in quotation marks. Absent: abbreviations and symbols.
"""

from __future__ import annotations

import re
from itertools import groupby

from policy.answers import NO_WORDS, BilingualText
from policy.model import expressions as x, types
from policy.model.expressions import Expression
from policy.model.rules import NO_PHRASES
from policy.model.types import Type
from policy.reports.plain import amounts
from policy.reports.plain.english_days import EnglishDays
from policy.reports.plain.english_words import KINDS, MODES, NIL, NUMBERS, RANKS, TIMES, VERBS
from policy.reports.plain.listing import genitive as genitive, said_list as said_list
from policy.reports.plain.names import spaced
from policy.reports.plain.phrasing import denies
from policy.reports.plain.wording import Calculation, Comparison
from policy.vocabulary import (
    ExtremumOperator,
    OrderOperator,
    RoundingMode,
)

_CLAUSE = re.compile(
    r"(is|are|was|has|have|does|do|may|can|must|should|where|whether|who|how|when|if|asked)\b|.*[:;?]", re.I
)
_DETERMINED = re.compile(r"(the|a|an|this|what|all|no|each|every|any|one of)\b", re.I)
_OWNED = re.compile(r" of the [a-z ]+$")
_SUBJECT = re.compile(r"(the(?: (?!which|that|who|where|when)[a-z’']+)+?) (?=(?:is|has|may|must|does|was|cannot)\b)")
_DENIED = re.compile(r"(is|has) not ")
_SHORT_OWNER = 3  # words
_CODE = re.compile(r"[A-Z0-9]+")


class English(EnglishDays):
    """Plain English."""

    today = "the day of the decision"
    verbs = frozenset((*NUMBERS.values(), *TIMES.values(), *RANKS.values()))
    none = "nothing"
    that_amount = "that amount"

    def pick(self, words: BilingualText) -> str:
        return words.en

    def article(self, noun: str) -> str:
        if _DETERMINED.match(noun):
            return noun
        if noun.startswith("other "):
            return f"an{noun}"
        return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"

    def one_of(self, items: str) -> str:
        return f"one of {items}"

    def of_which(self, said: str, owner: str) -> str:
        subject = _SUBJECT.match(said)
        if subject and owner.endswith(subject[1].removeprefix("the ")):
            return owner + said.removeprefix(subject[1])
        return f"{said} ({owner})"

    def explained(self, number: str, title: str) -> str:
        return f"{number} ({title})"

    def share_of(self, share: str, whole: str) -> str:
        return f"{share} of {whole}"

    def within(self, term: str, bounds: list[tuple[OrderOperator, str]], of: Type) -> str:
        return f"{term} is {self.bounds(bounds, of)}"

    def bounds(self, bounds: list[tuple[OrderOperator, str]], of: Type) -> str:
        return " but ".join(self.bound(operator, bound, of) for operator, bound in bounds)

    def if_any(self, term: str) -> str:
        return f"{term} (if any)"

    def beside_nil(self, left: str, operator: Comparison) -> str:
        self.subjects.append(left)
        return f"{left} {NIL[operator]}"

    def at_least_nil(self, term: str, nil: str) -> str:
        return f"{term}, or nil if that is negative"

    def divided(self, whole: str, by: str, least: str) -> str:
        return f"{whole} divided by {by} (taken as at least {least})"

    def amount(self, value: object, of: Type) -> str:
        if isinstance(of, types.Text) and _CODE.fullmatch(str(value)):
            return str(value)
        return amounts.english(value, of, self.names.model.offset)

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def local(self, name: str, of: Type) -> str:
        title = self.called.get(name, (NO_WORDS, NO_PHRASES))[0] if name not in self.variables else NO_WORDS
        return self.titled(title) if title.en else f"the {self.noun(name, of)}"

    def noun(self, name: str, of: Type) -> str:
        """A loop's variable is called by what it is, and by its own name too where two of a kind are spoken of."""
        if name in self.variables and isinstance(of, types.Date | types.Instant):
            return "date" if isinstance(of, types.Date) else "time"
        if name not in self.variables or not isinstance(of, types.Record):
            return spaced(name)
        title = self.names.declared(of.name).en
        alike = [n for n, t in self.in_scope().items() if t == of]
        return title if len(alike) < 2 else f"{spaced(name)} {title}"

    def titled(self, title: BilingualText) -> str:
        if _CLAUSE.match(title.en):
            return f"“{title.en}”"
        return title.en if _DETERMINED.match(title.en) else f"the {title.en}"

    def field(self, of: Expression, title: BilingualText, kind: Type) -> str:
        text = title.en
        inner = types.inner_of(kind)
        if text.startswith("when ") and isinstance(inner, types.Date | types.Instant):
            text = ("day " if isinstance(inner, types.Date) else "time ") + text
        elif _CLAUSE.match(text):
            return f"“{text}”" if self.alone(of) else f"“{text}” for {self.term(of)}"
        if self.untold(of, title.en):
            return text if _DETERMINED.match(text) else f"the {text}"
        if _DETERMINED.match(text) and not re.match("(the|a|an) ", text):
            return f"{text} ({self.term(of)})"
        text = re.sub(r"^(the|a|an) ", "", text)
        text = _OWNED.sub("", text)
        owner = self.term(of)
        if isinstance(of, x.Local) and len(owner.split()) <= _SHORT_OWNER and "'" not in owner:
            return f"{genitive(owner)} {text}"
        return f"the {text} of {owner}"

    def given(self, e: x.Apply) -> str:
        """What a question is asked about, where that does not go without saying."""
        things, taken = self.about(e)
        for_these = " for " + said_list(things, "and") if things else ""
        return for_these + (f" where {said_list(taken, 'and')}" if taken else "")

    def taken(self, name: str, yes: bool) -> str:
        return f"“{name}” is taken as {'yes' if yes else 'no'}"

    def applied(self, title: BilingualText, e: x.Apply) -> str:
        return self.titled(title) + self.given(e)

    def or_else(self, first: str, second: str) -> str:
        return f"({first}, or {second} where there is none)"

    def or_nil(self, first: str) -> str:
        return f"{first} (nil where there is none)"

    def arithmetic(self, operator: Calculation, left: str, right: str) -> str:
        return f"{left} {VERBS[operator]} {right}"

    def negative(self, term: str) -> str:
        return f"minus {term}"

    def size_of(self, term: str) -> str:
        return f"{term} regardless of its sign"

    def root_of(self, term: str) -> str:
        return f"the square root of {term}"

    def counted(self, term: str, one: str) -> str:
        return f"{term} (in {one.removeprefix('1 ')}s)"

    def power(self, term: str, exponent: int) -> str:
        named = {2: "the square of", 3: "the cube of"}.get(exponent)
        return f"{named} {term}" if named else f"{term} to the power of {exponent}"

    def remainder(self, whole: str, part: str) -> str:
        return f"what remains of {whole} after whole multiples of {part}"

    def multiple(self, whole: str, part: str, holds: bool) -> str:
        return f"{whole} is {'' if holds else 'not '}a multiple of {part}"

    def extreme(self, operator: ExtremumOperator, terms: list[str]) -> str:
        word = "lesser" if operator == "min" else "greater"
        if len(terms) > 2:
            word = "least" if operator == "min" else "greatest"
        return f"the {word} of {said_list(terms, 'and')}"

    def either(self, condition: str, then: str, otherwise: str) -> str:
        return f"{then} where {condition}, and otherwise {otherwise}"

    def in_case(self, condition: str, then: str, otherwise: str) -> str:
        return f"{then} (where {condition}), or {otherwise} (in any other case)"

    def rounded(self, term: str, mode: RoundingMode, step: str) -> str:
        return f"{term}, {MODES[mode].format(step)}"

    def kept_between(self, term: str, low: str, high: str) -> str:
        return f"{term}, but at least {low} and at most {high}"

    def _where(self, e: x.Aggregate, which: str = " for which") -> str:
        return f"{which} {self.condition(e.where)}" if e.where is not None else ""

    def _only(self, e: x.Aggregate) -> str:
        """Which of many count."""
        return self._where(e, ", counting only those where")

    def gathered(self, e: x.Aggregate) -> str:
        over = self.inner(e.over)
        if e.kind == "count" and isinstance(e.body, x.Local):
            return f"the number of {over.removeprefix('the ')}{self._only(e)}"
        if isinstance(e.body.type, types.Enum) and (e.kind == "min" or e.kind == "max"):
            extreme = "lowest" if e.kind == "min" else "highest"
            return f"the {extreme} of {self.inner(e.body)} for each of {over}{self._only(e)}"
        if e.kind == "only" or e.kind == "first":
            found = f"the {'only one' if e.kind == 'only' else 'first'} of {over}{self._where(e)}{self._order(e)}"
            return found if self.is_element(e) else f"{self.inner(e.body)} for {found}"
        if e.kind == "list":
            first = f"the first {e.most} of " if e.most else ""
            found = f"{first}{over}{self._where(e)}{self._order(e)}"
            return found if self.is_element(e) else f"{self.inner(e.body)} for each of {found}"
        if e.kind == "largest" or e.kind == "smallest":
            head = f"the total of the {e.most} {e.kind} of {self.inner(e.body)}"
        elif e.kind == "count distinct":
            items = e.body.items if isinstance(e.body, x.ListOf) else ()
            each = said_list([self.inner(i).removeprefix("the ") for i in items or (e.body,)], "and")
            also = " and" if e.where is not None else ", counting"
            return f"the number of {over.removeprefix('the ')}{self._only(e)}{also} those with the same {each} as one"
        else:
            head = KINDS[e.kind].format(self.inner(e.body))
        return f"{head} for each of {over}{self._only(e)}"

    def _order(self, e: x.Aggregate) -> str:
        def way(key: x.SortKey) -> str:
            if isinstance(key.by.type, types.Date | types.Instant):
                return "earliest" if key.direction == "lowest" else "latest"
            return key.direction

        keys = [f"{self.inner(key.by)} ({way(key)} first)" for key in e.order]
        return f", in the order of {' and then '.join(keys)}" if keys else ""

    def valued(self, title: BilingualText, term: str) -> str:
        return f"{title.en} {term}"

    def made_of(self, base: str, fields: list[str]) -> str:
        whole = f"{base}, but with" if base and fields else base or "one with"
        apart = any("," in f for f in fields)
        return " ".join(
            filter(None, (whole, "; ".join(fields) if apart else said_list(fields, "and") if fields else ""))
        )

    def listed(self, terms: list[str]) -> str:
        return said_list(terms, "or") if terms else "nothing"

    def whether(self, condition: str) -> str:
        return f"whether {condition}"

    def exists(self, term: str, holds: bool) -> str:
        return f"{term} {'exists' if holds else 'does not exist'}"

    def joined(self, every: bool, conditions: list[str]) -> str:
        word = "and" if every else "or"
        groups = [self._group(list(g), word) for _, g in groupby(conditions, self._subject)]
        apart = len(groups) < len(conditions) or any(re.search(rf"[,:]| {word} ", g) for g in groups)
        if apart and len(groups) > 2 and not any(f", {word} " in g for g in groups):
            return f"{', '.join(groups[:-1])}, {word} {groups[-1]}"
        return f", {word} ".join(groups) if apart else said_list(groups, word)

    def _subject(self, condition: str) -> str:
        """What a condition is about: conditions about one thing name it once."""
        known = next((s for s in self.subjects if condition.startswith(tuple(f"{s} {v} " for v in self.verbs))), "")
        found = _SUBJECT.match(condition)
        return known or (found[1] if found else condition)

    def _group(self, conditions: list[str], word: str) -> str:
        """Conditions about one thing."""
        first, *more = conditions
        elided = [first, *(c.removeprefix(f"{self._subject(first)} ") for c in more)]
        return f", {word} ".join(elided) if any("," in c for c in elided) else said_list(elided, word)

    def among(self, term: str, inside: bool, items: str, written_out: bool) -> str:
        return f"{term} is {'' if inside else 'not '}{'one of' if written_out else 'among'} {items}"

    def compared(self, left: str, operator: Comparison, right: str, of: Type) -> str:
        self.subjects.append(left)
        return f"{left} {self._verb(operator, of)} {right}"

    def that_for(self, things: list[str]) -> str:
        return f"that for {said_list(things, 'and')}"

    def that_where(self, taken: list[str]) -> str:
        return f"what it is where {said_list(taken, 'and')}"

    def alike(self, one: str, other: str, titles: list[BilingualText], same: bool) -> str:
        fields = said_list([_OWNED.sub("", re.sub(r"^(the|a|an) ", "", title.en)) for title in titles], "and")
        return f"{one} and {other} {'have the same' if same else 'differ in'} {fields}"

    def bound(self, operator: OrderOperator, bound: str, of: Type) -> str:
        return f"{self._verb(operator, of).removeprefix('is ')} {bound}"

    def _verb(self, operator: Comparison, of: Type) -> str:
        inner = types.inner_of(of)
        if isinstance(inner, types.Enum):
            return RANKS[operator]
        return (TIMES if isinstance(inner, types.Date | types.Instant) else NUMBERS)[operator]

    def for_some(self, e: x.Aggregate, holds: bool, some: bool = False) -> str:
        over = self.inner(e.over) + self._where(e) + (" (there being at least one)" if some else "")
        every = (e.kind == "all" and holds) or (e.kind == "any" and not holds and denies(e.body))
        said = self.condition(e.body, (e.kind == "all") is every)
        number = "each" if every else "none" if e.kind == "any" and not holds else "at least one"
        subject = f"{self.local(e.variable, self.variables[e.variable])} "
        if said.startswith(subject) and not isinstance(e.body, x.Chain) and e.where is None:
            rest = said.removeprefix(subject)
            if every and not some and (denied := _DENIED.match(rest)):
                return f"none of {over} {denied[1]} {rest.removeprefix(denied[0])}"
            return f"{number} of {over} {rest}"
        if every:
            return f"for each of {over}{' and ' + said[4:] if said.startswith('for each ') else ', ' + said}"
        conditions = (
            "all of these conditions"
            if isinstance(e.body, x.Chain) and e.body.operator == "and"
            else "this condition"
        )
        return f"{number} of {over} meets {conditions}: {said}"

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

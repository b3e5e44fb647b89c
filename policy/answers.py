"""Answers: outcome or value, every reason with its citations, and what is missing.

In: nothing. Out: frozen data that every backend returns, equal whichever backend computed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Protocol

from attrs import field

from policy.nodes import frozen
from policy.vocabulary import Effect, RuntimeValue


class Status(Enum):
    """The authority of a source, strongest first. A result has the weakest status of its sources."""

    OFFICIAL = "official"
    SECONDARY = "secondary"
    PRESS = "press"
    HOUSE = "house"

    @property
    def weakness(self) -> int:
        return list(Status).index(self)


def weakest(statuses: Iterable[Status | None]) -> Status | None:
    """The weakest of the statuses; None if there are none."""
    known = [status for status in statuses if status is not None]
    return max(known, key=lambda status: status.weakness, default=None)


class Outcome(Enum):
    PERMITTED = "permitted"
    DENIED = "denied"
    VALUE = "value"
    UNDECIDED = "undecided"
    FAILED = "failed"


@frozen
class BilingualText:
    """A text in English, in Traditional Chinese (empty if not translated), and in other languages by their tags."""

    en: str
    zh: str = ""
    others: tuple[tuple[str, str], ...] = ()

    @property
    def translations(self) -> tuple[str, ...]:
        """The text in the languages that it has besides English."""
        return tuple(words for words in (self.zh, *(words for _, words in self.others)) if words)

    def told(self, tag: str) -> str:
        """The text in a language; in English where it has no other."""
        return self.by_tag().get(tag) or self.en

    def by_tag(self) -> dict[str, str]:
        """The text in each language, as JSON tells it."""
        return {"en": self.en, "zh": self.zh, **dict(self.others)}


def joined(texts: Sequence[BilingualText], en: str, zh: str) -> BilingualText:
    """Texts as one, with what stands between them in English, as in other languages, and in Chinese."""
    tags = dict.fromkeys(tag for t in texts for tag, _ in t.others)
    others = tuple((tag, en.join(t.told(tag) for t in texts)) for tag in tags)
    return BilingualText(en.join(t.en for t in texts), zh.join(t.zh or t.en for t in texts), others)


NO_WORDS = BilingualText("")


@frozen
class Citation:
    """A provision, its source, and the status of that source.

    In force from the day `start` until before the day `end`; None where that is open.
    """

    provision: str
    source: str
    reference: str
    status: Status
    text: BilingualText
    start: int | None = None
    end: int | None = None

    def in_force(self, day: int) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def __str__(self) -> str:
        return f"{self.provision} ({self.status.value})"


@frozen
class Reason:
    """A rule that applied. `rule` is `otherwise` if none did; `place` is `file:line:column`.

    `because` holds the reasons of the decisions that the rule depends on; only `Basis.reasons` have them.
    """

    rule: str
    effect: Effect
    text: BilingualText
    citations: tuple[Citation, ...]
    status: Status | None
    place: str
    because: tuple[Inner, ...] = ()


@frozen
class Inner:
    """A reason of a decision that another depends on; `question` is the full name of the former."""

    question: str
    reason: Reason


@frozen
class Verdict:
    """The part of an answer that depends only on which rules applied, so that answers share it."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    relevant_facts: tuple[str, ...] = ()  # paths of the facts that decide the reasons, as in `order.price`
    needs: tuple[str, ...] = ()  # paths of missing facts and names of unset parameters, if undecided
    fault: str = ""  # the error, if failed


@frozen
class Basis:
    """The evidence for an answer: the citations consulted and the facts read, in order.

    `reasons` are those of the answer, each with the reasons of the decisions that it depends on. `remarks` are
    caveats: sources whose reading ends before the date of the answer, rules that cite nothing in force on it.
    """

    citations: tuple[Citation, ...]
    facts: tuple[tuple[str, str], ...]  # path and value as an author would write it
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[BilingualText, ...] = ()

    @property
    def status(self) -> Status | None:
        """The weakest status among the citations."""
        return weakest(c.status for c in self.citations)


@frozen
class Derivation:
    """A node of the derivation of a value, and the nodes it follows from."""

    label: str
    value: str
    citations: tuple[Citation, ...] = ()
    place: str = ""
    parts: tuple[Derivation, ...] = field(default=())


class Question(Protocol):
    """A question of a rulebook as of a date: one object shared by all answers of an evaluator."""

    @property
    def name(self) -> str:
        """The full name, as in `hk.sfc.orders.order_accepted`."""

    @property
    def on(self) -> str:
        """The as-of date, ISO."""

    @property
    def digest(self) -> str:
        """The digest of the rulebook's text."""

    def basis(self, arguments: tuple[RuntimeValue, ...]) -> Basis: ...

    def derivation(self, arguments: tuple[RuntimeValue, ...]) -> Derivation: ...


class Answer:
    """The answer to one question on one date: a `Verdict`, a value, and the facts.

    Plain slots rather than attrs, as the trading loop creates one per order; treat it as frozen.
    """

    __slots__ = ("arguments", "question", "value", "verdict")

    def __init__(
        self, question: Question, verdict: Verdict, value: RuntimeValue, arguments: tuple[RuntimeValue, ...]
    ) -> None:
        self.question = question
        self.verdict = verdict
        self.value = value
        self.arguments = arguments

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome

    @property
    def permitted(self) -> bool:
        return self.verdict.outcome is Outcome.PERMITTED

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.verdict.reasons

    @property
    def needs(self) -> tuple[str, ...]:
        return self.verdict.needs

    @property
    def basis(self) -> Basis:
        """The citations consulted and the facts read; computed on demand."""
        return self.question.basis(self.arguments)

    @property
    def derivation(self) -> Derivation:
        """The derivation as a tree; computed on demand."""
        return self.question.derivation(self.arguments)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Answer):
            return NotImplemented
        mine = (self.question.name, self.question.on, self.question.digest, self.verdict, self.value)
        return mine == (
            other.question.name,
            other.question.on,
            other.question.digest,
            other.verdict,
            other.value,
        )

    __hash__ = None  # type: ignore[assignment]  # its facts are records, which can change

    def __repr__(self) -> str:
        shown = self.verdict.outcome.value if self.value is None else repr(self.value)
        return f"<{self.question.name} on {self.question.on}: {shown}>"


class UndecidedError(Exception):
    """Raised by `fast` where there is no value; `answer` names what is missing or at fault."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.verdict.fault or "needs " + ", ".join(answer.needs))
        self.answer = answer


class MissingFactError(Exception):
    """A missing fact was used as if it were known. Backends catch this: callers never see it."""


class _Missing:
    """A missing fact. Any use of it raises, so that unknown is never mistaken for false."""

    __slots__ = ()

    def _refuse(self, *_: object) -> Any:
        raise MissingFactError

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __bool__ = __iter__ = __len__ = __contains__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __neg__ = _refuse

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingFactError

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()

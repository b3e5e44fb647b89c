"""Claims about all facts and dates, the queries that decide them, and their results. Plain data.

A query is about expressions of a program, so that a solution of the solver can be replayed on the reference
interpreter. Each kind of query is a function below, which states when it is unsatisfiable.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Literal

from attrs import field, frozen

from policy.answers import BilingualText
from policy.ir.program import Expr
from policy.model.rules import Parameters

QueryKind = Literal["true", "possible", "unknown", "fault", "fault or limit", "different", "exactly one true"]


@frozen(eq=False)
class Query:
    """Facts and a date on which `expression`, and `other` if the kind compares two, have a property.

    If there is a `where`, it must be certainly true as well.
    """

    kind: QueryKind
    expression: Expr
    other: Expr | None = None
    where: Expr | None = None

    @property
    def expressions(self) -> Iterator[Expr]:
        return (e for e in (self.expression, self.other, self.where) if e is not None)


def is_true(e: Expr) -> Query:
    """Unsatisfiable iff `e` is certainly true for no facts."""
    return Query("true", e)


def is_possible(e: Expr) -> Query:
    """Unsatisfiable iff `e` is, for all facts, known and not true, or a fault."""
    return Query("possible", e)


def is_unknown(e: Expr, where: Expr | None = None) -> Query:
    """Unsatisfiable iff `e` is known, or a fault, for all facts."""
    return Query("unknown", e, where=where)


def fails(e: Expr) -> Query:
    """Unsatisfiable iff `e` is a fault for no facts, but for numbers and dates beyond their limits."""
    return Query("fault", e)


def fails_or_overflows(e: Expr, where: Expr | None = None) -> Query:
    """Unsatisfiable iff `e` is a fault of any kind for no facts."""
    return Query("fault or limit", e, where=where)


def differ(a: Expr, b: Expr, where: Expr | None = None) -> Query:
    """Unsatisfiable iff `a` and `b` are equivalent: equal, both unknown, or both a fault, for all facts."""
    return Query("different", a, b, where)


def exactly_one_true(a: Expr, b: Expr, where: Expr | None = None) -> Query:
    """Unsatisfiable iff `a` is certainly true for exactly the facts for which `b` is."""
    return Query("exactly one true", a, b, where)


ClaimKind = Literal[
    "property",
    "table",
    "value",
    "decision",
    "rule",
    "condition",
    "priority",
    "overlay",
    "difference",
    "mutant",
    "how",
    "branch",
    "argument",
]


@frozen(eq=False)
class Claim:
    """A statement about `subject`.

    A universal claim is proved where its query is unsatisfiable; any other is proved by a solution. `refuted` tells
    why the rules mark the claim as refuted, and `unless_so` what it means where it is refuted.
    """

    kind: ClaimKind
    subject: str
    statement: str
    place: str
    query: Query
    is_universal: bool = True
    asides: tuple[tuple[str, Query], ...] = ()  # solutions of these are noted with the result
    unless_so: str = ""
    refuted: BilingualText | None = None


@frozen(eq=False)
class Batch:
    """Claims about the same facts."""

    parameters: Parameters
    claims: tuple[Claim, ...]


class ProofStatus(Enum):
    """The result of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    MARKED = "refuted as marked"
    STALE = "wrongly marked"
    NOT_FOUND = "not found"
    UNDECIDED = "not decided"
    UNCONFIRMED = "could not be confirmed"
    NOT_ENCODED = "cannot be encoded"
    NOT_ASKED = "not asked"


@frozen
class Witness:
    """A solution: facts on a date, and the answers on them. `shown` are the facts read, as authors write them."""

    on: str
    facts: dict[str, object]  # as JSON, for `policy decide`
    shown: tuple[tuple[str, str], ...]
    comes_to: str = ""
    written: tuple[tuple[str, str], ...] = ()  # each parameter as tests write it

    def __str__(self) -> str:
        where = ", ".join(f"{path} = {value}" for path, value in self.shown)
        return f"on {self.on}" + (f" where {where}" if where else "")

    def as_json(self) -> dict[str, object]:
        return {"on": self.on, "facts": self.facts, "comes_to": self.comes_to}


Seconding = Literal["", "agrees", "gave up"]


@frozen
class ClaimResult:
    """A claim and its result. `longest` is the bound on the length of lists; 0 where the claim depends on none.

    `report` is what the makers need where solver and interpreter disagree, or two solvers; `because` why a claim is
    marked; `second` what a second solver says, where one is asked.
    """

    kind: ClaimKind
    subject: str
    statement: str
    place: str
    status: ProofStatus
    longest: int = 0
    example: Witness | None = None
    why: str = ""
    notes: tuple[str, ...] = field(default=())
    because: BilingualText | None = None
    report: str = ""
    second: Seconding = ""

    @property
    def outcome(self) -> str:
        """In words: proved, not found for lists up to 12, refuted, not decided in 10 seconds, cannot be encoded: …"""
        words = self.status.value
        if self.longest and self.status in (ProofStatus.PROVED, ProofStatus.NOT_FOUND):
            words += f" for lists up to {self.longest}"
        joined = " " if self.status is ProofStatus.UNDECIDED else ": "
        return words + (f"{joined}{self.why}" if self.why else "")

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "subject": self.subject,
            "says": self.statement,
            "place": self.place,
            "status": self.status.value,
            "outcome": self.outcome,
            "longest_list": self.longest,
            "example": self.example.as_json() if self.example else None,
            "notes": list(self.notes),
            "because": self.because.by_tag() if self.because else None,
            **({"second": self.second} if self.second else {}),
        }

"""Claims about all facts and dates, and what became of them. Plain data, for people, documents and machines.

A claim is about expressions of a program, so that a case the solver finds can be tried on the reference interpreter.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import field, frozen

from policy.ir.program import Expr
from policy.model.rules import Parameters


@frozen(eq=False)
class Sought:
    """Facts for which `expression` comes to something. `outcome`:

    true     certainly true
    open     true, or unknown, so that it may be true
    unknown  not known
    fault    a fault other than a number or date beyond its limit
    limit    a fault of any kind
    differ   not the same as `other`: another value, or known where the other is not
    apart    certainly true where `other` is not, or the other way round

    Where there is a `where`, it must hold for certain as well.
    """

    outcome: str
    expression: Expr
    other: Expr | None = None
    where: Expr | None = None


@frozen(eq=False)
class Claim:
    """What is claimed of `subject`. Where `is_never`, facts like those sought refute it; else they show it."""

    kind: str
    subject: str
    says: str
    place: str
    sought: Sought
    is_never: bool = True
    asides: tuple[tuple[str, Sought], ...] = ()  # what is worth telling where there are such facts


@frozen(eq=False)
class Batch:
    """Claims about the same facts."""

    parameters: Parameters
    claims: tuple[Claim, ...]


class Status(Enum):
    """What became of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "not decided"
    NOT_ENCODED = "cannot be encoded"
    NOT_ASKED = "not asked"


@frozen
class Example:
    """Facts on a date, and what they come to. `shown` are the facts that were read, as an author writes them."""

    on: str
    facts: dict[str, Any]  # as JSON, for `policy decide`
    shown: tuple[tuple[str, str], ...]
    comes_to: str = ""
    written: tuple[tuple[str, str], ...] = ()  # each parameter as tests write it

    def __str__(self) -> str:
        where = ", ".join(f"{path} = {value}" for path, value in self.shown)
        return f"on {self.on}" + (f" where {where}" if where else "")

    def as_json(self) -> dict[str, Any]:
        return {"on": self.on, "facts": self.facts, "comes_to": self.comes_to}


@frozen
class Verdict:
    """A claim and what became of it. `longest` is the length up to which lists were looked at; 0 where none were."""

    kind: str
    subject: str
    says: str
    place: str
    status: Status
    longest: int = 0
    example: Example | None = None
    why: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def outcome(self) -> str:
        """In words: proved, proved for lists up to 3, refuted, not decided in 10 seconds, cannot be encoded: …"""
        words = self.status.value
        if self.longest and self.example is None and self.status in (Status.PROVED, Status.REFUTED):
            words += f" for lists up to {self.longest}"
        return words + (f"{'' if self.status is Status.UNDECIDED else ':'} {self.why}" if self.why else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "subject": self.subject,
            "says": self.says,
            "place": self.place,
            "status": self.status.value,
            "outcome": self.outcome,
            "longest_list": self.longest,
            "example": self.example.as_json() if self.example else None,
            "notes": list(self.notes),
        }

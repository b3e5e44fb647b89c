"""What is held, and what is owed on it: the live data of a lender's margin accounts.

Facts of the rulebook are kept as its records and changed in place, so that valuing an account makes nothing new.
Absent: any rule, and any step that changes more than one thing.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from policy.decisions import Verdict
from policy.margin.financing.events import Event
from policy.margin.financing.loans import Loans
from policy.margin.financing.rules import FinancingRules

NO_CALL, UNMET, OVERDUE = "no_call", "unmet", "overdue"  # members of the rulebook's CallStatus
LARGEST_FACT = 10**18  # the rules take no fact this large


@define(eq=False)
class Lender:
    """Who lends: the facts of the firm and of its loan book, and whether it may offer financing."""

    firm: Any
    book: Any
    standing: Verdict


@define(eq=False)
class Asset:
    """What may be posted; `quantity` of it is held in all."""

    id: str
    lot: int
    connected: str
    facts: Any
    price: int | None = None
    quantity: int = 0
    holders: dict[str, Held] = field(factory=dict)


@define(eq=False)
class Held:
    """A position: how much of an asset, and the facts of it that the rules see.

    `counted` is how much of the loan counts towards it; nothing where the rules cannot tell.
    """

    account: Account
    asset: Asset
    position: Any
    quantity: int = 0
    counted: int | None = 0


@define(eq=False)
class Account:
    """A client's account. The loan and the state of its call are among its facts.

    Of what was told of it, only what changes is told again; nothing is open while `quiet`.
    """

    id: str
    group: str
    facts: Any
    held: dict[str, Held] = field(factory=dict)
    due_by: int | None = None
    stopped: bool = False
    call_told: tuple[str, ...] = ()
    sale_told: tuple[str, ...] = ()
    quiet: bool = True


@define(eq=False)
class Books:
    """What the steps of a command work on: the rules in force, the time, the loans, and what happened so far."""

    rules: FinancingRules
    loans: Loans = field(factory=Loans)
    now: int | None = None
    deadlines: list[tuple[int, str]] = field(factory=list)  # a heap
    events: list[Event] = field(factory=list)

    def tell(self, event: Event) -> None:
        self.events.append(event)


def open_questions(verdict: Verdict) -> tuple[str, ...]:
    """What keeps the rules from an answer; nothing where they gave one."""
    return verdict.needs or ((verdict.fault,) if verdict.fault else ())

"""What is held, and what is owed on it: the live data of a lender's margin accounts.

Facts of the rulebook are kept as its records and changed in place, so that valuing an account makes nothing new.
Absent: any rule, and any step that changes more than one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

from policy.answers import Verdict
from policy.financing.events import Event
from policy.financing.loans import Loans
from policy.financing.rules import FinancingRules
from policy.market.venue import Clock
from policy.vocabulary import RuntimeValue

NO_CALL: Final = "no_call"  # members of the rulebook's CallStatus
UNMET: Final = "unmet"
OVERDUE: Final = "overdue"


@define(eq=False)
class Lender:
    """Who lends: the facts of the firm and of its loan book, and whether it may offer financing."""

    firm: RuntimeValue
    book: RuntimeValue
    standing: Verdict


@define(eq=False)
class Asset:
    """What may be posted; `quantity` of it is held in all. A price counts until a moment, that moment included."""

    id: str
    lot: int
    connected: str
    facts: RuntimeValue
    price: int | None = None
    counts_until: int = 0
    quantity: int = 0
    holders: dict[str, Held] = field(factory=dict)


@define(eq=False)
class Held:
    """A position: how much of an asset, and the facts of it that the rules see.

    `counted` is how much of the loan counts towards it; nothing where the rules cannot compute it.
    """

    account: Account
    asset: Asset
    position: RuntimeValue
    quantity: int = 0
    counted: int | None = 0


@define(eq=False)
class Account:
    """A client's account. The loan and the state of its call are among its facts.

    `call_reported` and `sale_reported` suppress repeated events. The account is `settled` while no call, no sale and
    no question is open.
    """

    id: str
    group: str
    facts: RuntimeValue
    held: dict[str, Held] = field(factory=dict)
    due_by: int | None = None
    stopped: bool = False
    call_reported: tuple[str, ...] = ()
    sale_reported: tuple[str, ...] = ()
    settled: bool = True


@define(eq=False)
class Context:
    """What the steps of a command work on: the rules in force, the clock, the loans, and where events go."""

    rules: FinancingRules
    clock: Clock
    emit: Callable[[Event], None]
    loans: Loans = field(factory=Loans)
    deadlines: list[tuple[int, str]] = field(factory=list)  # a heap

    @property
    def now(self) -> int:
        """The time of the command."""
        assert self.clock.at is not None
        return self.clock.at


def open_questions(verdict: Verdict) -> tuple[str, ...]:
    """What keeps the rules from an answer; nothing where they gave one."""
    return verdict.needs or ((verdict.fault,) if verdict.fault else ())

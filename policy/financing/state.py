"""What is held, and what is owed on it: the live data of a lender's margin accounts.

Facts of the rulebook are kept as its records and changed in place, so that valuing an account makes nothing new.
Absent: any rule, and any step that changes more than one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from policy.answers import Verdict
from policy.financing.events import Event
from policy.financing.loans import Loans
from policy.financing.rules import FinancingRules
from policy.market.venue import Clock
from policy.vocabulary import RuntimeValue

NO_CALL: Final = "no_call"  # members of the rulebook's CallStatus
UNMET: Final = "unmet"
OVERDUE: Final = "overdue"


class Lender:
    """Who lends: the facts of the firm and of its loan book, and whether it may offer financing."""

    def __init__(self, firm: RuntimeValue, book: RuntimeValue, standing: Verdict) -> None:
        self.firm = firm
        self.book = book
        self.standing = standing


class Asset:
    """What may be posted; `quantity` of it is held in all. A price counts until a moment, that moment included."""

    def __init__(self, id: str, lot: int, connected: str, facts: RuntimeValue) -> None:
        self.id = id
        self.lot = lot
        self.connected = connected
        self.facts = facts
        self.price: int | None = None
        self.counts_until = 0
        self.quantity = 0
        self.holders: dict[str, Held] = {}


class Held:
    """A position: how much of an asset, and the facts of it that the rules see.

    `counted` is how much of the loan counts towards it; nothing where the rules cannot compute it.
    """

    __slots__ = ("account", "asset", "counted", "position", "quantity")

    def __init__(self, account: Account, asset: Asset, position: RuntimeValue) -> None:
        self.account = account
        self.asset = asset
        self.position = position
        self.quantity = 0
        self.counted: int | None = 0


class Account:
    """A client's account. The loan and the state of its call are among its facts.

    `call_reported` and `sale_reported` suppress repeated events. The account is `settled` while no call, no sale and
    no question is open.
    """

    __slots__ = ("call_reported", "due_by", "facts", "group", "held", "id", "sale_reported", "settled", "stopped")

    def __init__(self, id: str, group: str, facts: RuntimeValue) -> None:
        self.id = id
        self.group = group
        self.facts = facts
        self.held: dict[str, Held] = {}
        self.due_by: int | None = None
        self.stopped = False
        self.call_reported: tuple[str, ...] = ()
        self.sale_reported: tuple[str, ...] = ()
        self.settled = True


class Lending:
    """What the steps of a command work on: the rules in force, the clock, the loans, and where events go."""

    def __init__(self, rules: FinancingRules, clock: Clock, emit: Callable[[Event], None]) -> None:
        self.rules = rules
        self.clock = clock
        self.emit = emit
        self.loans = Loans()
        self.deadlines: list[tuple[int, str]] = []  # a heap

    @property
    def now(self) -> int:
        """The time of the command."""
        assert self.clock.at is not None
        return self.clock.at


def open_questions(verdict: Verdict) -> tuple[str, ...]:
    """What keeps the rules from an answer; nothing where they gave one."""
    return verdict.needs or ((verdict.fault,) if verdict.fault else ())

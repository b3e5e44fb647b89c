"""Who owns what, free or reserved: money and tokens, moved and never made.

In: deposits. Out: balances, and the totals that must not change. Absent: any credit; a reservation or
payment that is not covered is a mistake of the engine and raises.
"""

from __future__ import annotations

Slot = tuple[str, str]  # owner, and what: a currency or a token


class Balance:
    """So much of one thing in its smallest unit, free or reserved. Plain slots: it moves several times a trade."""

    __slots__ = ("free", "held")

    def __init__(self) -> None:
        self.free = 0
        self.held = 0

    def hold(self, amount: int) -> None:
        """Reserves what is free."""
        if amount > self.free:
            raise ValueError(f"{amount} is to be reserved, and {self.free} is free")
        self.free -= amount
        self.held += amount

    def release(self, amount: int) -> None:
        """Frees what was reserved."""
        if amount > self.held:
            raise ValueError(f"{amount} is to be freed, and {self.held} is reserved")
        self.held -= amount
        self.free += amount

    def pay(self, payee: Balance, amount: int) -> None:
        """Hands over what was reserved."""
        if amount > self.held:
            raise ValueError(f"{amount} is to be paid, and {self.held} is reserved")
        self.held -= amount
        payee.free += amount


class Ledger:
    """Every balance, by its owner and what it is of, and how much of each thing was deposited."""

    def __init__(self) -> None:
        self.balances: dict[Slot, Balance] = {}
        self.deposited: dict[str, int] = {}

    def balance(self, owner: str, what: str) -> Balance:
        """The one balance of this owner's; nothing, at first."""
        found = self.balances.get((owner, what))
        if found is None:
            found = self.balances[owner, what] = Balance()
        return found

    def deposit(self, balance: Balance, what: str, amount: int) -> None:
        """Something comes in from outside, or goes out if the amount is negative."""
        if balance.free + amount < 0:
            raise ValueError(f"{-amount} {what} is to go out, and {balance.free} is free")
        balance.free += amount
        self.deposited[what] = self.deposited.get(what, 0) + amount

    def totals(self) -> dict[str, tuple[int, int]]:
        """Of every thing, how much is free and how much is held."""
        result: dict[str, tuple[int, int]] = {}
        for (_, what), balance in self.balances.items():
            free, held = result.get(what, (0, 0))
            result[what] = (free + balance.free, held + balance.held)
        return dict(sorted(result.items()))

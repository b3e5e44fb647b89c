"""Who owns what, free or reserved: money and tokens, moved and never made.

In: holdings brought in. Out: what is available, and the totals that must not change. Absent: any credit; a
reservation or payment that is not covered is a mistake of the engine and raises.
"""

from __future__ import annotations

from attrs import define, field

Slot = tuple[str, str]  # owner, and what: a currency or a token


@define
class Ledger:
    """Balances in the smallest unit of each thing."""

    _free: dict[Slot, int] = field(factory=dict)
    _held: dict[Slot, int] = field(factory=dict)

    def bring(self, owner: str, what: str, amount: int) -> None:
        """Something comes in from outside."""
        _move(self._free, (owner, what), amount)

    def available(self, owner: str, what: str) -> int:
        return self._free.get((owner, what), 0)

    def held(self, owner: str, what: str) -> int:
        return self._held.get((owner, what), 0)

    def hold(self, owner: str, what: str, amount: int) -> None:
        """Reserves what is free."""
        _move(self._free, (owner, what), -amount)
        _move(self._held, (owner, what), amount)

    def release(self, owner: str, what: str, amount: int) -> None:
        """Frees what was reserved."""
        _move(self._held, (owner, what), -amount)
        _move(self._free, (owner, what), amount)

    def pay(self, payer: str, payee: str, what: str, amount: int) -> None:
        """Hands over what the payer had reserved."""
        _move(self._held, (payer, what), -amount)
        _move(self._free, (payee, what), amount)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Of every thing, how much is free and how much is held."""
        result: dict[str, tuple[int, int]] = {}
        for slots, share in ((self._free, (1, 0)), (self._held, (0, 1))):
            for (_, what), amount in slots.items():
                free, held = result.get(what, (0, 0))
                result[what] = (free + share[0] * amount, held + share[1] * amount)
        return dict(sorted(result.items()))


def _move(slots: dict[Slot, int], slot: Slot, amount: int) -> None:
    after = slots.get(slot, 0) + amount
    if after < 0:
        raise ValueError(f"{slot[0]} does not have enough {slot[1]}")
    slots[slot] = after

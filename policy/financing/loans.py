"""The loans of a lender, summed: in all, by client group, and by what secures them.

In: changes of loans, and what of a loan counts towards a position. Out: the sums, and the largest of each kind,
at a cost that does not grow with the number of accounts. Absent: what counts, which the rulebook says.
"""

from __future__ import annotations


class Sums:
    """Sums by name that know the largest."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = {}
        self._top: str | None = None

    def add(self, name: str, change: int) -> None:
        amount = self.amounts[name] = self.amounts.get(name, 0) + change
        if name == self._top:
            if change < 0:
                self._top = None
        elif self._top is not None and amount > self.amounts[self._top]:
            self._top = name

    def largest(self) -> tuple[str, int]:
        """The name with the largest sum, and the sum; no name where every sum is zero."""
        if self._top is None and self.amounts:
            self._top = max(self.amounts, key=self.amounts.__getitem__)
        amount = self.amounts[self._top] if self._top is not None else 0
        return (self._top or "", amount) if amount else ("", 0)


class Loans:
    """All loans. `uncounted` positions are those for which the rules cannot compute what counts towards them."""

    def __init__(self) -> None:
        self.total = 0
        self.by_group = Sums()
        self.by_collateral = Sums()
        self.uncounted = 0

    def lend(self, group: str, amount: int) -> None:
        """More is lent to a client of the group, or less where the amount is negative."""
        self.total += amount
        self.by_group.add(group, amount)

    def count(self, connected: str, was: int | None, now: int | None) -> None:
        """What counts towards a position has changed."""
        self.uncounted += (now is None) - (was is None)
        self.by_collateral.add(connected, (now or 0) - (was or 0))

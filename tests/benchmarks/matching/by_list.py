"""The oracle of the workloads: two sorted lists, the best order last; and the reports that every engine must give.

A report is (kind, number of the message, order, price, quantity, order at rest): `ack`, `modified`, `cancelled` (also
what is left of an order that is immediate or cancel), `trade` at the price of the order at rest, and `rejected` where
the order of a cancel or modify does not rest. A modify is a cancel and a new order at the end of its queue, as all of
a day are for more than there was; its trades follow its report.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence

from workload import CANCEL, MODIFY, NEW, Message

Report = tuple[str, int, int, int, int, int]
ACK, MODIFIED, CANCELLED, TRADE, REJECTED = "ack", "modified", "cancelled", "trade", "rejected"


class ListMatcher:
    """Price, then time. An entry is (price, negated where it asks; arrival, negated; order)."""

    def __init__(self) -> None:
        self.sent = 0
        self.sides: dict[bool, list[tuple[int, int, int]]] = {True: [], False: []}
        self.at_rest: dict[int, tuple[int, int, int]] = {}
        self.left: dict[int, int] = {}

    def prepare(self, messages: Sequence[Message]) -> Sequence[Message]:
        return messages

    def run(self, messages: Sequence[Message]) -> list[Report]:
        reports: list[Report] = []
        for kind, order, buys, price, quantity, immediate in messages:
            number = self.sent = self.sent + 1
            if kind != NEW and order not in self.at_rest:
                reports.append((REJECTED, number, order, 0, 0, 0))
                continue
            if kind == CANCEL:
                reports.append((CANCELLED, number, order, 0, self._taken_out(order, buys), 0))
                continue
            if kind == MODIFY:
                self._taken_out(order, buys)
            reports.append((MODIFIED if kind == MODIFY else ACK, number, order, price, quantity, 0))
            left = self._trade(number, order, buys, price, quantity, reports)
            if left and immediate:
                reports.append((CANCELLED, number, order, 0, left, 0))
            elif left:
                entry = self.at_rest[order] = (price if buys else -price, -number, order)
                self.left[order] = left
                insort(self.sides[buys], entry)
        return reports

    def told(self, reports: list[Report]) -> list[Report]:
        return reports

    def _trade(self, number: int, order: int, buys: bool, price: int, quantity: int, reports: list[Report]) -> int:
        others = self.sides[not buys]
        while quantity and others:
            rank, _, resting = others[-1]
            if (-rank > price) if buys else (rank < price):
                break
            filled = min(quantity, self.left[resting])
            reports.append((TRADE, number, order, abs(rank), filled, resting))
            quantity -= filled
            self.left[resting] -= filled
            if not self.left[resting]:
                others.pop()
                del self.left[resting], self.at_rest[resting]
        return quantity

    def _taken_out(self, order: int, buys: bool) -> int:
        entries = self.sides[buys]
        del entries[bisect_left(entries, self.at_rest.pop(order))]
        return self.left.pop(order)

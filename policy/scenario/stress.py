"""What a portfolio would suffer: prices moved at once, or along a recorded path, and what the rules then did.

In: a market whose stage is set, the prices it was set with, and how prices move from then on. Out: a row for each
moment, with the new prices and what happened. Absent: any guess how clients or markets would answer a fall; orders
that rest stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from attrs import define, field, frozen

from policy.financing.commands import PRICE as ASSET_PRICE, PriceAsset, PriceAssets
from policy.ir.operators import divide
from policy.market.events import OUT_OF_TIME, invalid_code
from policy.model.types import QuotedAmount, quoted
from policy.model.values import show
from policy.perpetuals.commands import PRICE as INDEX_PRICE, IndexPrice, IndexPrices, ListPerpetual
from policy.reports.journal.entries import Command, Event
from policy.reports.journal.tally import Tally
from policy.scenario.prices import RecordedPrice
from policy.vocabulary import Json

HOUR = 3_600 * 10**6


@frozen
class Move:
    """How long after the stage was set, and each price as a share of what it was then."""

    after: int  # microseconds
    factors: Mapping[str, Fraction]


@define
class Prices:
    """The last price of every asset and index that the market has taken."""

    assets: dict[str, QuotedAmount] = field(factory=dict)
    indices: dict[str, QuotedAmount] = field(factory=dict)
    at: int = 0
    steps: dict[str, Fraction] = field(factory=dict)  # the smallest of an index, where its contract says so

    def take(self, command: Command, events: Sequence[Event]) -> None:
        """One command, and what came of it."""
        invalid = invalid_code(events)
        if invalid not in OUT_OF_TIME:
            self.at = max(self.at, command.at)
        if invalid is None:
            self._take(command)

    def _take(self, command: Command) -> None:
        match command:
            case PriceAsset(asset=asset, price=price):
                self._price(self.assets, asset, price)
            case PriceAssets(assets=assets, prices=prices):
                for asset, price in zip(assets, prices, strict=False):
                    self._price(self.assets, asset, price)
            case IndexPrice(contract=contract, price=price):
                self._price(self.indices, contract, price)
            case ListPerpetual(contract=contract, decimals=decimals):
                self.steps[contract] = Fraction(10) ** (INDEX_PRICE.scale - decimals)
            case IndexPrices(contracts=contracts, prices=prices):
                for contract, price in zip(contracts, prices, strict=False):
                    self._price(self.indices, contract, price)
            case _:
                return

    def _price(self, of: dict[str, QuotedAmount], name: str, price: QuotedAmount | None) -> None:
        if price:
            of[name] = price
        else:
            of.pop(name, None)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.assets, *self.indices)

    def moved(self, move: Move) -> Iterator[PriceAssets | IndexPrices]:
        """The commands that tell the new prices, assets first; a price never falls below its smallest step.

        Where one index moves the others are told again, so that none of them has grown too old by then.
        """
        at = self.at + move.after
        if assets := self._moved(self.assets, move):
            prices = tuple(int(price) for price in assets.values())
            yield PriceAssets(at=at, assets=tuple(assets), prices=prices)
        if changed := self._moved(self.indices, move):
            told = self.indices | changed
            yield IndexPrices(at=at, contracts=tuple(told), prices=tuple(told.values()))

    def _moved(self, prices: Mapping[str, QuotedAmount], move: Move) -> dict[str, QuotedAmount]:
        moved = ((name, price * move.factors[name]) for name, price in prices.items() if name in move.factors)
        return {name: _in_steps(price, self.steps.get(name, Fraction(1))) for name, price in moved}


def _in_steps(price: Fraction, step: Fraction) -> QuotedAmount:
    steps = price / step
    return quoted(step * max(1, divide("half even", steps.numerator, steps.denominator)))


@frozen(eq=False)
class StressStep:
    """One moment: the prices told, and what happened."""

    at: int
    prices: Mapping[str, str]
    tally: Tally

    @property
    def counts(self) -> dict[str, int]:
        return {kind: counted.count for kind, counted in self.tally.events.items()}

    def as_json(self) -> Json:
        counted = self.tally.as_json()
        return {"at": self.at, "prices": dict(self.prices), "events": counted["events"], "rules": counted["rules"]}


def stress(
    prices: Prices, moves: Sequence[Move], submit: Callable[[Command], Sequence[Event]]
) -> Iterator[StressStep]:
    """Tells the market every move's prices, one after another, each a share of what prices are now."""
    # whoever watches the commands goes on
    prices = Prices(dict(prices.assets), dict(prices.indices), prices.at, prices.steps)
    for move in moves:
        tally = Tally()
        shown: dict[str, str] = {}
        for command in prices.moved(move):
            tally.add(command, submit(command))
            shown |= _shown(command)
        yield StressStep(prices.at + move.after, shown, tally)


def _shown(command: PriceAssets | IndexPrices) -> dict[str, str]:
    names, of = (
        (command.assets, ASSET_PRICE) if isinstance(command, PriceAssets) else (command.contracts, INDEX_PRICE)
    )
    return {name: show(price, of) for name, price in zip(names, command.prices, strict=True)}


# ── how prices move ─────────────────────────────────────────────────────────────────────────


def concerned(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """What a person means by a name: the asset itself and contracts on it, `BTC-PERP` for `BTC`."""
    return tuple(n for n in names if n == name or n.startswith(f"{name}-"))


def shocks(factors: Mapping[str, Fraction], after: int = HOUR) -> tuple[Move, ...]:
    """Every price moves at once, and stays."""
    return (Move(after, factors),)


def along(paths: Mapping[str, Sequence[RecordedPrice]]) -> tuple[Move, ...]:
    """Prices move as recorded ones did, each from its first on; where a path is silent, its price stays."""
    moments = sorted({r.at - path[0].at for path in paths.values() for r in path[1:]})
    moves = []
    last = {name: Fraction(1) for name in paths}
    by_moment = {name: {r.at - path[0].at: r.price for r in path} for name, path in paths.items()}
    for after in moments:
        for name, path in paths.items():
            if after in by_moment[name]:
                last[name] = Fraction(by_moment[name][after], path[0].price)
        moves.append(Move(after, dict(last)))
    return tuple(moves)


def happened(rows: Iterable[StressStep]) -> tuple[str, ...]:
    """The kinds of events that came at all, without those that only say that a price was taken."""
    only_prices = {"asset_priced", "marked", "premium_sampled"}
    return tuple(dict.fromkeys(kind for row in rows for kind in row.counts if kind not in only_prices))

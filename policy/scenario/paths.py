"""By how much the loans of a lender would exceed what their collateral carries, over many drawn paths of prices.

In: a lender with its accounts, and draws. Out: of each path what is short at its end, all at once: nobody has been
called, and nothing sold. Figures of them all, and the worst path. Absent: perpetual contracts; accounts that cannot
be valued at the prices before, which are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import ceil

from attrs import define, field, frozen

from policy.answers import Outcome, UndecidedError
from policy.diagnostics import PolicyError
from policy.financing.collateral import reprice
from policy.financing.engine import Engine as Lender
from policy.financing.rules import FinancingRules
from policy.financing.state import Account, Asset, open_questions
from policy.scenario.draws import Draws, moved

SHARES = (Fraction(1, 2), Fraction(9, 10), Fraction(95, 100), Fraction(99, 100), Fraction(999, 1000))


@frozen
class PathEnd:
    """The end of a path: what is short, in how many accounts, and how many cannot be valued and are left out."""

    short: int
    accounts: int
    unvalued: int


@define(eq=False)
class Loans:
    """The accounts of a lender that owe something and can be valued as prices are; the others by name, with needs."""

    rules: FinancingRules
    accounts: tuple[Account, ...]
    undecided: Mapping[str, tuple[str, ...]]
    now: dict[str, int] = field(init=False)  # the price of each asset that they hold

    def __attrs_post_init__(self) -> None:
        self.now = {id: asset.price for id, asset in self._assets() if asset.price is not None}

    def _assets(self) -> Iterator[tuple[str, Asset]]:
        yield from {held.asset.id: held.asset for a in self.accounts for held in a.held.values()}.items()

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Lets prices be tried inside; all is as before in the end."""
        try:
            yield
        finally:
            self._price(self.now)
            for account in self.accounts:
                reprice(account.held.values(), self.rules)

    def _price(self, prices: Mapping[str, int]) -> None:
        for id, asset in self._assets():
            asset.price = prices.get(id)

    def at(self, factors: Mapping[str, int]) -> PathEnd:
        """The end of a path, one account after another, inside `tried`."""
        self._price({id: moved(price, factors[id]) if id in factors else price for id, price in self.now.items()})
        short = count = unvalued = 0
        for account in self.accounts:
            try:
                reprice(account.held.values(), self.rules)
                gap = account.facts.loan - self.rules.carried.fast(account.facts)
            except (UndecidedError, PolicyError):  # the latter where a value is beyond what a fact may be
                unvalued += 1
                continue
            short += max(0, gap)
            count += gap > 0
        return PathEnd(short, count, unvalued)


def loans_of(lender: Lender) -> Loans:
    """The loans of a lender as they are."""
    rules, owing, undecided = lender.context.rules, [], {}
    for account in lender.accounts.values():
        if account.facts.loan > 0:
            answer = rules.carried.answer(account.facts)
            if answer.outcome is Outcome.VALUE:
                owing.append(account)
            else:
                undecided[account.id] = open_questions(answer.verdict)
    return Loans(rules, tuple(owing), undecided)


def one_by_one(loans: Loans, draws: Draws, paths: Iterable[int]) -> Iterator[PathEnd]:
    """The ends of paths, each account asked of the rules as a whole."""
    with loans.tried():
        for path in paths:
            yield loans.at(draws.factors(path))


@frozen
class PathFigures:
    """What so many paths come to: `at_most` is what is short in so great a share of them at most."""

    paths: int
    at_most: tuple[tuple[Fraction, int], ...]
    mean_of_worst: int  # of the hundredth of the paths that is worst, rounded up
    short: int  # paths on which some account is
    unvalued: int  # and on which some account cannot be valued
    worst: int  # the first such path, by number
    of_worst: PathEnd


def figures(ends: Sequence[PathEnd]) -> PathFigures:
    ordered = sorted(end.short for end in ends)
    n = len(ends)
    tail = ordered[-max(1, n // 100) :]
    worst = max(range(n), key=lambda path: (ends[path].short, -path))
    return PathFigures(
        paths=n,
        at_most=tuple((share, ordered[ceil(share * n) - 1]) for share in SHARES),
        mean_of_worst=ceil(Fraction(sum(tail), len(tail))),
        short=sum(end.accounts > 0 for end in ends),
        unvalued=sum(end.unvalued > 0 for end in ends),
        worst=worst,
        of_worst=ends[worst],
    )

"""The paths of `policy stress portfolio --paths`: their options, and how their figures look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import wraps
from typing import Any, TypeVar, cast

import click
from attrs import frozen

from policy.backends.c import devices
from policy.batch.path_kernels import Engine, path_ends
from policy.cli.output import plural
from policy.cli.progress import progress
from policy.financing.commands import MONEY
from policy.financing.engine import Engine as Lender
from policy.model.values import decimal_text, show
from policy.reports.plain.amounts import grouped
from policy.scenario.draws import ONE, draws_of
from policy.scenario.market import Venues
from policy.scenario.paths import Loans, PathFigures, figures, loans_of
from policy.scenario.stress import HOUR, Move
from policy.vocabulary import Json

MOST_PATHS, MOST_HELD = 1_000_000, 10_000
SEED, HELD = 1, 24
F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Drawn:
    """How many paths, of how many moves each, from which seed, and what values them."""

    paths: int
    held: int
    seed: int
    engine: Engine


def drawn_options(command: F) -> F:
    """The options about paths, which the verb is given as `drawn`."""

    @click.option("--paths", "count", type=click.IntRange(1, MOST_PATHS), help="Draw so many paths from `--path`.")
    @click.option("--held", type=click.IntRange(1, MOST_HELD), help=f"Recorded moves in a path.  [default: {HELD}]")
    @click.option("--seed", type=click.IntRange(0, 2**63 - 1), help=f"Seed of the draws.  [default: {SEED}]")
    @click.option("--engine", type=click.Choice(["cpu", "gpu"]), help="What values the paths.  [default: cpu]")
    @wraps(command)
    def with_drawn(
        *given: Any, count: int | None, held: int | None, seed: int | None, engine: Engine | None, **options: Any
    ) -> Any:
        if count is None and any(value is not None for value in (held, seed, engine)):
            raise click.UsageError(
                "`--held`, `--seed` and `--engine` are about paths: give their number with `--paths`"
            )
        if engine == "gpu":
            devices.required()
        chosen = Drawn(count, held or HELD, SEED if seed is None else seed, engine or "cpu") if count else None
        return command(*given, drawn=chosen, **options)

    return cast(F, with_drawn)


@frozen
class Ends:
    """What paths came to, and the worst of them as a move; none where no loan is short on any."""

    drawn: Drawn
    loans: Loans
    figures: PathFigures
    moves: tuple[Move, ...]

    def as_json(self) -> Json:
        f = self.figures
        about = {"count": f.paths, "held": self.drawn.held, "seed": self.drawn.seed}
        at_most = {_percent(share): show(amount, MONEY) for share, amount in f.at_most}
        worst = {"path": f.worst, "short": show(f.of_worst.short, MONEY), "accounts": f.of_worst.accounts}
        return {
            "paths": {
                **about,
                "accounts": len(self.loans.accounts),
                "undecided": [{"account": id, "needs": list(needs)} for id, needs in self.loans.undecided.items()],
                "short_at_most": at_most,
                "mean_of_worst_hundredth": show(f.mean_of_worst, MONEY),
                "with_shortfall": f.short,
                "not_wholly_valued": f.unvalued,
                "worst": worst if self.moves else None,
            }
        }

    def lines(self) -> Iterator[str]:
        f, drawn = self.figures, self.drawn
        yield f"{plural(f.paths, 'path')} of {plural(drawn.held, 'recorded move')} each, seed {drawn.seed}"
        yield f"loans beyond the lending value of their collateral, {plural(len(self.loans.accounts), 'account')}:"
        told = [(f"{_percent(share)} of paths at most", amount) for share, amount in f.at_most]
        told += [("mean of the worst 1%", f.mean_of_worst), ("worst", f.of_worst.short)]
        shown = [(name, grouped(show(amount, MONEY))) for name, amount in told]
        width = max(len(amount) for _, amount in shown)
        yield from (f"  {name:26}  {amount:>{width}}" for name, amount in shown)
        yield f"on {plural(f.short, 'path')} some account is short"
        if f.unvalued:
            yield f"on {plural(f.unvalued, 'path')} some account cannot be valued, and is left out"
        yield from (f"  {id}: left out, needs {', '.join(needs)}" for id, needs in self.loans.undecided.items())
        if self.moves:
            yield from ("", f"the worst, path {f.worst}, and what the rules do on it:")


def valued(drawn: Drawn, market: Venues, moves: Sequence[Move]) -> Ends:
    """The paths valued: what loans exceed their collateral by at the end of each."""
    lender = next((venue for venue in market.venues.values() if isinstance(venue, Lender)), None)
    if lender is None or not lender.accounts:
        raise click.UsageError("`--paths` is about margin loans, and the scenario has none")
    draws, loans = draws_of(moves, drawn.held, drawn.seed), loans_of(lender)
    ends = []
    with progress("paths", drawn.paths) as seen:
        for end in path_ends(market.rulebook_on(market.on), loans, draws, drawn.paths, drawn.engine):
            ends.append(end)
            seen.update()
    found = figures(ends)
    factors = {name: Fraction(factor, ONE) for name, factor in draws.factors(found.worst).items()}
    return Ends(drawn, loans, found, (Move(HOUR, factors),) if found.short else ())


def _percent(share: Fraction) -> str:
    return decimal_text(share * 100, 0) + "%"

"""`policy stress`: price shocks on a portfolio, and the coverage of a margin on recorded prices."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TypeVar, assert_never

import click

from policy.cli.exits import Exit, end
from policy.cli.market import amounts, market_of
from policy.cli.options import DateType, format_option, rulebook_of, rules_arguments, under_option
from policy.cli.output import plural, print_diagnostics, print_json, print_unread
from policy.cli.progress import progress
from policy.cli.stress_paths import Drawn, drawn_options, valued
from policy.financing.events import AccountStated
from policy.model.types import INSTANT, Number
from policy.model.values import decimal_text, scaled, show
from policy.perpetuals.events import BucketStated
from policy.reports.journal.tally import Tally
from policy.rulebook import Rulebook
from policy.scenario.coverage import MarginCoverage, coverage
from policy.scenario.from_folder import scenario_in
from policy.scenario.prices import MOST_FINDINGS, RecordedPrice, recorded_prices
from policy.scenario.run import Run
from policy.scenario.statements import statements
from policy.scenario.stress import Move, Prices, StressStep, along, concerned, happened, shocks, stress

_SHOCK = re.compile(r"(?P<name>[^=]+)=(?P<sign>[+-])(?P<percent>[0-9]{1,6}(?:\.[0-9]{1,12})?)%")
_AMOUNT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
T = TypeVar("T")
MOST_ROWS = 40  # shown on a screen; JSON has them all


@click.group()
def command() -> None:
    """Apply price shocks to a portfolio and report calls, sales, liquidations and losses; or test a margin.

    \b
    policy stress portfolio my-book --shock BTC=-30% --shock ETH=-40%
    policy stress portfolio my-book --path BTC=btc_hourly.csv.gz --from 2020-03-12 --until 2020-03-14
    policy stress coverage btc_hourly.csv.gz --on 2026-03-01 --held 24 --notional 100000
    """


# ── a portfolio ─────────────────────────────────────────────────────────────────────────────


@command.command("portfolio", short_help="Price shocks, or a recorded path of prices, on a portfolio.")
@click.argument("scenario", type=click.Path(path_type=Path))
@rules_arguments
@click.option("--on", type=DateType(), help="First as-of date; the scenario's own if not given.")
@under_option
@click.option("--shock", "given", multiple=True, help="Price shock, as `BTC=-30%`. Repeatable; all apply at once.")
@click.option("--path", "paths_given", multiple=True, help="Recorded prices, as `BTC=prices.csv.gz`. Repeatable.")
@click.option("--from", "first", type=DateType(), help="First day of recorded prices (UTC).")
@click.option("--until", type=DateType(), help="Day after the last one (UTC).")
@drawn_options
@format_option("text", "json")
def portfolio_command(
    scenario: Path,
    paths: tuple[str, ...],
    on: date | None,
    under: str,
    given: tuple[str, ...],
    paths_given: tuple[str, ...],
    first: date | None,
    until: date | None,
    drawn: Drawn | None,
    format: str,
) -> None:
    """Run the folder SCENARIO, apply price shocks, and report the result of each.

    \b
    policy stress portfolio my-book --shock BTC=-30%                 a gap: all at once
    policy stress portfolio my-book --shock HKDX=-8%                 a stablecoin leaves its peg
    policy stress portfolio my-book --path BTC=btc.csv.gz --from 2020-03-12 --until 2020-03-14
    policy stress portfolio my-book --path BTC=btc.csv.gz --paths 100000 --seed 7      drawn from recorded moves

    A name covers the asset and contracts on it: `BTC` also moves `BTC-PERP`, unless that is named too. Recorded
    prices move the portfolio's own in proportion, starting from the first. The scenario's orders run first; resting
    orders stay.

    With `--paths` each path is made of moves of the recorded prices, drawn with replacement. Told is by how much
    loans exceed the lending value of their collateral at its end, all at once; then what the rules do on the worst
    path. A seed means the same paths on every machine.
    """
    if bool(given) == bool(paths_given):
        raise click.UsageError("give either `--shock` or `--path`")
    if drawn and given:
        raise click.UsageError("`--paths` draws from recorded prices: give them with `--path`")
    read = scenario_in(scenario)
    market = market_of(read, paths, on, under)
    prices = Prices()
    digest, run = market.rules, Run(market, [prices.take], on_unread=print_unread)
    run.carry_out(read)
    moves = _shocks(given, prices) if given else _paths(paths_given, prices, first, until)
    ends = valued(drawn, market, moves) if drawn else None
    moves = ends.moves if ends else moves
    tally = Tally()  # of what comes of the moves alone
    rows = _watched(moves, prices, Run(market, [tally.add]))
    about = {"scenario": read.title or scenario.name, "on": market.on, "rules": digest}
    undecided = tuple(_undecided(statements(market)))
    if format == "json":
        steps = [{**row.as_json(), "at": show(row.at, INSTANT)} for row in rows]
        needed = [{"account": account, "needs": list(needs)} for account, needs in undecided]
        print_json(
            {
                **about,
                **(ends.as_json() if ends else {}),
                "rows": steps,
                "in_all": tally.as_json(),
                "undecided": needed,
            }
        )
    else:
        click.echo(_table(about, rows, tally, ends.lines() if ends else ()))
        for account, needs in undecided:
            click.echo(f"  {account}: undecided, needs {', '.join(needs)}")
    end(Exit.UNANSWERED if run.unread else Exit.YES)


def _undecided(stated: Iterable[AccountStated | BucketStated]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Who cannot be judged in the end, by account or bucket, with what is missing."""
    for statement in stated:
        match statement:
            case AccountStated(account=account, views=views):
                name, needs = account, views.lending_needs
            case BucketStated(account=account, bucket=bucket, verdict=verdict):
                name, needs = f"{account} {bucket}", verdict.needs
            case _:
                assert_never(statement)
        if needs:
            yield name, needs


def _shocks(given: Sequence[str], prices: Prices) -> tuple[Move, ...]:
    factors: dict[str, Fraction] = {}
    for text in given:
        match = _SHOCK.fullmatch(text)
        if match is None:
            raise click.UsageError(f"`{text}` is not a shock; write it as BTC=-30%")
        change = Fraction(Decimal(match["sign"] + match["percent"])) / 100
        if change <= -1:
            raise click.UsageError(f"`{text}` would leave no price; a price falls by less than 100%")
        _once(match["name"], factors)
        factors[match["name"]] = 1 + change
    return shocks(_for_each(factors, prices))


def _paths(given: Sequence[str], prices: Prices, first: date | None, until: date | None) -> tuple[Move, ...]:
    paths: dict[str, Sequence[RecordedPrice]] = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not equals or not Path(file).exists():
            raise click.UsageError(f"`{text}` names no file; write it as BTC=prices.csv")
        recorded, wrong = recorded_prices(Path(file))
        print_diagnostics(islice(wrong, MOST_FINDINGS))
        between = [r for r in recorded if _within(r, first, until)]
        if len(between) < 2:
            raise click.UsageError(f"`{file}` has no two prices between those dates")
        _once(name, paths)
        paths[name] = between
    return along(_for_each(paths, prices))


def _once(name: str, known: Container[str]) -> None:
    if name in known:
        raise click.UsageError(f"`{name}` is given twice")


def _for_each(given: Mapping[str, T], prices: Prices) -> dict[str, T]:
    """What is given for a name, for everything that it stands for; what has a name of its own is given for that."""
    found: dict[str, T] = {}
    for name in sorted(given, key=len):
        found |= dict.fromkeys(_concerned(name, prices), given[name])
    return found


def _within(recorded: RecordedPrice, first: date | None, until: date | None) -> bool:
    day = datetime.fromtimestamp(recorded.at // 10**6, UTC).date()
    return (first is None or day >= first) and (until is None or day < until)


def _concerned(name: str, prices: Prices) -> tuple[str, ...]:
    names = concerned(name, prices.names)
    if not names:
        known = ", ".join(f"`{n}`" for n in prices.names) or "nothing"
        raise click.UsageError(f"nothing here is called `{name}`; the scenario prices {known}")
    return names


def _watched(moves: Sequence[Move], prices: Prices, run: Run) -> list[StressStep]:
    """The rows."""
    with progress("steps", len(moves)) as seen:
        rows = []
        for row in stress(prices, moves, run.submit):
            rows.append(row)
            seen.update()
    return rows


def _table(about: dict[str, str], rows: list[StressStep], whole: Tally, above: Iterable[str]) -> str:
    """The moments at which something happened, and at the end what it came to."""
    kinds = happened(rows)
    eventful = [row for row in rows if any(kind in row.counts for kind in kinds)]
    lines = [f"{about['scenario']} · as of {about['on']} · rulebook {about['rules'][:12]}"]
    lines += above
    lines.append(f"{plural(len(rows), 'step')}, {len(eventful):,} of them with consequences")
    for row in eventful[:MOST_ROWS]:
        prices = ", ".join(f"{name} {price}" for name, price in row.prices.items())
        lines += ["", f"{show(row.at, INSTANT)}  {prices}"]
        lines += _counts(row.tally, kinds)
    if len(eventful) > MOST_ROWS:
        lines += ["", f"… and {len(eventful) - MOST_ROWS:,} more; `--format json` has them all"]
    if len(eventful) > 1:
        lines += ["", click.style("in all", bold=True), *_counts(whole, kinds)]
    return "\n".join(lines)


def _counts(tally: Tally, kinds: Sequence[str]) -> list[str]:
    counted = ((kind, of) for kind, of in tally.events.items() if kind in kinds)
    return [f"  {of.count:>6,}  {kind}  {amounts(of)}".rstrip() for kind, of in counted]


# ── a margin ────────────────────────────────────────────────────────────────────────────────


@command.command("coverage", short_help="How often a loss would have exceeded a margin.")
@click.argument("prices", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@rules_arguments
@click.option("--on", type=DateType(), required=True, help="As-of date of the margin.")
@under_option
@click.option(
    "--margin",
    default="initial_margin",
    show_default=True,
    help="Value question that gives the margin of a notional amount.",
)
@click.option(
    "--notional", default="100000", show_default=True, help="Value of a position at opening, in US dollars."
)
@click.option(
    "--held",
    default=24,
    show_default=True,
    type=click.IntRange(1),
    help="Number of prices that a position is held for.",
)
@format_option("text", "json")
def coverage_command(
    prices: Path, paths: tuple[str, ...], on: date, under: str, margin: str, notional: str, held: int, format: str
) -> None:
    """Open a long and a short at every recorded price of the file PRICES; count losses that exceed the margin.

    \b
    policy stress coverage btc_hourly.csv.gz --on 2026-03-01 --held 24
    policy stress coverage btc_hourly.csv.gz --on 2026-04-01 --under example.house --notional 5000000
    """
    rulebook = rulebook_of(paths, on, under)
    money, asked = _margin(rulebook, margin)
    amount = _amount(notional, money)
    recorded, wrong = recorded_prices(prices)
    if len(recorded) <= held:
        raise click.UsageError(f"`{prices}` has {plural(len(recorded), 'price')}: none is held for {held}")
    found = coverage([r.price for r in recorded], held, amount, asked)
    print_diagnostics(islice(wrong, MOST_FINDINGS))
    figures = _coverage_json(found, recorded, money)
    if format == "json":
        print_json({"margin": margin, "notional": show(amount, money), "held": held, "on": on.isoformat(), **figures})
        return
    for name, value in figures.items():
        click.echo(f"{name:>14}  {value}")


def _margin(rulebook: Rulebook, name: str) -> tuple[Number, Callable[[int], int]]:
    """The money that a margin is asked in, and the margin in the same."""
    function = rulebook.question(name)
    taken = [of for _, of in function.parameters]
    given = function.type
    if len(taken) != 1 or not all(isinstance(of, Number) and of.is_money for of in (*taken, given)):
        raise click.UsageError(f"`{name}` is not a margin: it takes one amount of money and gives another")
    (money,) = taken
    assert isinstance(money, Number)
    assert isinstance(given, Number)
    fast = rulebook.evaluator(name).fast
    up, down = 10 ** max(0, money.scale - given.scale), 10 ** max(0, given.scale - money.scale)
    return money, lambda notional: fast(notional) * up // down


def _amount(text: str, money: Number) -> int:
    amount = scaled(Decimal(text), money.scale) if _AMOUNT.fullmatch(text) else None
    if not amount or amount >= 10**18:
        raise click.UsageError(f"`{text}` is not an amount of money; write it as 100000.00")
    return amount


def _coverage_json(found: MarginCoverage, recorded: Sequence[RecordedPrice], money: Number) -> dict[str, object]:
    figures: dict[str, object] = {
        "observations": found.observations,
        "exceptions": found.exceptions,
        "coverage": decimal_text(found.covered, 4) + "%",
        "largest": show(found.largest, money),
        "mean": show(found.mean, money),
    }
    if found.worst:
        figures["worst"] = f"{found.worst.side} opened {show(recorded[found.worst.opened].at, INSTANT)}"
    return figures

"""`policy margin`: collateral, loans and risk of margin accounts under a rulebook."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from policy.cli.exits import Exit, end
from policy.cli.market import market_of
from policy.cli.options import DateType, format_option, rules_arguments, under_option
from policy.cli.output import print_json, print_unread
from policy.reports.plain.amounts import grouped
from policy.scenario.from_folder import scenario_in
from policy.scenario.run import Run
from policy.scenario.statements import statements
from policy.vocabulary import Json
from policy.wire import event_json

_LEFT = ("asset", "contract")
_APART = ("event", "account", "bucket", "positions", "views", "verdict")


@click.command()
@click.argument("portfolio", type=click.Path(path_type=Path))
@rules_arguments
@click.option("--on", type=DateType(), help="First as-of date; the portfolio's own if not given.")
@under_option
@click.option("--account", "accounts", multiple=True, help="Only this account. Repeatable.")
@format_option("text", "json")
def command(
    portfolio: Path, paths: tuple[str, ...], on: date | None, under: str, accounts: tuple[str, ...], format: str
) -> None:
    """Run the scenario in the folder PORTFOLIO, then state every margin account, at the lender and for perpetuals.

    \b
    policy margin rulesets/hk_sfc/scenarios/margin_financing
    policy margin my-book --on 2026-04-01 --under example.house --account chan --format json

    Lending value and value for the lender's regulatory capital are shown side by side and never added. A dash is a
    number that the rules cannot give; `needs` names the missing facts.
    """
    read = scenario_in(portfolio)
    market = market_of(read, paths, on, under)
    run = Run(market, on_unread=print_unread)
    run.carry_out(read)
    stated = [event_json(s) for s in statements(market) if not accounts or s.account in accounts]
    if accounts and not stated:
        raise click.UsageError(f"there is no account {' or '.join(f'`{a}`' for a in accounts)}")
    if format == "json":
        print_json({"on": market.on, "rules": market.rules, "accounts": stated})
    else:
        click.echo("\n\n".join(_account(s) for s in stated) or "no margin accounts")
    end(Exit.UNANSWERED if run.unread else Exit.YES)


def _account(stated: Json) -> str:
    """A heading with what is known of the account, then a table of its positions."""
    plain = {name: value for name, value in stated.items() if name not in _APART}
    facts = {**plain, **stated.get("views", {})}
    lines = [click.style(" · ".join(stated[n] for n in ("account", "bucket") if n in stated), bold=True)]
    for reason in stated.get("verdict", {}).get("reasons", ()):
        colour = "red" if reason["effect"] == "permit" else "green"  # it permits a liquidation
        shown = click.style(reason["text"]["en"], fg=colour)
        cited = f"per {', '.join(reason['per'])}" if reason["per"] else "citing nothing in force"
        lines.append(f"  {shown}  {cited}")
    if needs := stated.get("verdict", {}).get("needs"):
        lines.append(f"  liquidation: undecided, needs {', '.join(needs)}")
    lines += [
        f"  {name.replace('_', ' ')}: {_text(value)}" for name, value in facts.items() if _is_shown(name, value)
    ]
    rows = [{n: _text(v) for n, v in position.items()} for position in stated["positions"]]
    if rows:
        names = [n for n in rows[0] if any(row[n] != "—" or n in _LEFT for row in rows)]
        widths = {n: max(len(n), *(len(row[n]) for row in rows)) for n in names}
        lines.append("  " + "  ".join(_cell(n, n.replace("_", " "), widths[n]) for n in names).rstrip())
        lines += ["  " + "  ".join(_cell(n, row[n], widths[n]) for n in names).rstrip() for row in rows]
    return "\n".join(lines)


def _is_shown(name: str, value: object) -> bool:
    return name == "equity" or value not in ([], "", None)


def _text(value: object) -> str:
    """Amounts with their thousands set apart, lists in a row, and a dash for what is not known."""
    if value is None or value == []:
        return "—"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    return grouped(text) if text.rpartition(" ")[2].isupper() else text


def _cell(name: str, text: str, width: int) -> str:
    return f"{text:{width}}" if name in _LEFT else f"{text:>{width}}"

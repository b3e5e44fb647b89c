"""What the verbs of a market share: the market of a scenario, and how events and their sums look as text."""

from __future__ import annotations

from datetime import date

import click

from policy.cli.options import rulebooks_of
from policy.cli.output import plural
from policy.reports.journal.event_counts import EventCount
from policy.reports.journal.tally import Tally
from policy.reports.plain.amounts import grouped
from policy.scenario.from_folder import Scenario
from policy.scenario.market import Venues
from policy.scenario.run import market_for

NO_OVERLAY = "none"  # a word of the language, so that no overlay is called so


def market_of(scenario: Scenario, paths: tuple[str, ...], on: date | None, under: str) -> Venues:
    """The market that a scenario's stage needs, under these rules. Raises PolicyError where they do not serve."""
    if not (on or scenario.on):
        raise click.UsageError("give `--on`, the date as of which it begins: the scenario names none")
    rulebook_on = rulebooks_of(paths, overlay_of(scenario, under))
    return market_for(scenario, rulebook_on, on.isoformat() if on else "")


def overlay_of(scenario: Scenario, under: str) -> str:
    """The overlay named on the command line, else the scenario's own; neither for `none`."""
    return "" if under == NO_OVERLAY else under or scenario.under


def dates(about: dict[str, str]) -> str:
    """The as-of date, or the first and the last."""
    until = about.get("until", about["on"])
    return f"as of {about['on']}" + (f" to {until}" if until != about["on"] else "")


def amounts(kind: EventCount) -> str:
    """The money in events of one kind, with thousands separators."""
    return "  ".join(f"{name} {grouped(text)}" for name, text in kind.shown().items())


def tally_text(about: dict[str, str], tally: Tally, unread: int) -> str:
    """The counts, the money and the rules, a line each."""
    lines = [
        click.style(about["scenario"], bold=True) + f" · {dates(about)} · rulebook {about['rules'][:12]}",
        f"{plural(sum(tally.commands.values()), 'command')}"
        + (f", {plural(unread, 'line')} unread" if unread else ""),
        "",
    ]
    width = max(map(len, tally.events), default=0)
    for word, kind in tally.events.items():
        lines.append(f"  {word:{width}}  {kind.count:>9,}  {amounts(kind)}".rstrip())
    for code, count in tally.counts.invalid.items():
        lines.append(f"    invalid: {code} {count:,}")
    for effect, head in (
        ("deny", "denied or stopped by the rules"),
        ("permit", "permitted or required by the rules"),
    ):
        rules = sorted(
            (r for r in tally.reasons.rules.values() if r.reason.effect == effect),
            key=lambda r: (-r.count, r.event, r.reason.rule),
        )
        if rules:
            lines += ["", head]
        for r in rules:
            cited = (
                f"per {', '.join(map(str, r.reason.citations))}" if r.reason.citations else "citing nothing in force"
            )
            rule = click.style(r.reason.rule, fg="red" if effect == "deny" else "green")
            lines.append(f"  {r.count:>9,}  {r.event}: {rule}  {r.reason.text.en}  {cited}")
    if tally.reasons.needs:
        lines += ["", "facts missing for an answer"]
        lines += [f"  {count:>9,}  {need}" for need, count in tally.reasons.needs.items()]
    if tally.status:
        lines += ["", f"rests on: {tally.status.value}"]
    return "\n".join(lines)

"""How what happened in a market looks as text."""

from __future__ import annotations

import click

from policy.cli.output import plural
from policy.reports.journal.event_counts import EventCount
from policy.reports.plain.amounts import grouped
from policy.scenario.tally import Tally


def dates(about: dict[str, str]) -> str:
    """As of one date, or from one to another."""
    until = about.get("until", about["on"])
    return f"as of {about['on']}" + (f" to {until}" if until != about["on"] else "")


def amounts(kind: EventCount) -> str:
    """The money in events of one kind, thousands set apart."""
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
        ("deny", "what the rules refused or stopped"),
        ("permit", "what the rules let be or called for"),
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
        lines += ["", "what could not be answered without"]
        lines += [f"  {count:>9,}  {need}" for need, count in tally.reasons.needs.items()]
    if tally.status:
        lines += ["", f"rests on: {tally.status.value}"]
    return "\n".join(lines)

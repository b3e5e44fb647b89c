"""`policy provisions`: provisions, and the rules that cite them."""

from __future__ import annotations

import click

from policy.answers import Citation, Status
from policy.cli.options import checked_of, format_option, rules_arguments
from policy.cli.output import plural, print_json
from policy.model import types
from policy.model.lints.citations import standing_on
from policy.model.values import show


@click.command()
@rules_arguments
@click.option("--pillar", default="", help="Only provisions of this ASPIRe pillar, as Access.")
@click.option("--measure", default="", help="Only provisions of this measure, as shared_order_book.")
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only provisions of this status.")
@format_option("text", "json")
def command(paths: tuple[str, ...], pillar: str, measure: str, status: str | None, format: str) -> None:
    """List the provisions of the rules in RULES, the status of each, and the rules that cite it.

    \b
    policy provisions --measure margin_financing
    policy provisions --pillar Access --format json
    policy provisions rulesets --status press
    """
    checked = checked_of(paths)
    model = checked.model
    known = {p.pillar for p in model.provisions.values()} | {p.measure for p in model.provisions.values()}
    for wanted in (pillar, measure):
        if wanted and wanted not in known:
            there = ", ".join(sorted(known - {""}))
            raise click.UsageError(f"no provision belongs to `{wanted}`; there are {there}")
    rules = standing_on(model)
    chosen = [
        p
        for p in model.provisions.values()
        if pillar in ("", p.pillar) and measure in ("", p.measure) and status in (None, p.status.value)
    ]
    if format == "json":
        print_json(
            [
                {
                    "provision": p.id,
                    "source": p.source,
                    "status": p.status.value,
                    "from": _day(p.citation.start),
                    "until": _day(p.citation.end),
                    "pillar": p.pillar or None,
                    "measure": p.measure or None,
                    "text": p.title.by_tag(),
                    "rules": rules.get(p.id, []),
                    "excused": p.excused.by_tag() if p.excused else None,
                }
                for p in chosen
            ]
        )
        return
    for p in chosen:
        tags = " · ".join(x for x in (p.status.value, p.pillar, p.measure, _period(p.citation)) if x)
        click.echo(f"{click.style(p.id, bold=True)}  {tags}\n  {p.title.en}")
        for words in p.title.translations:
            click.echo(f"  {words}")
        for rule in rules.get(p.id, []):
            click.echo(f"    ← {rule}")
        if p.excused:
            click.echo(f"    no rule: {p.excused.en}")
            for words in p.excused.translations:
                click.echo(f"    {words}")
    counts = ", ".join(f"{n} {s.value}" for s in Status if (n := sum(p.status is s for p in chosen)))
    click.echo(f"{plural(len(chosen), 'provision')}: {counts}")


def _day(day: int | None) -> str | None:
    return None if day is None else show(day, types.DATE)


def _period(citation: Citation) -> str:
    days = (("from", _day(citation.start)), ("until", _day(citation.end)))
    return " ".join(f"{word} {day}" for word, day in days if day)

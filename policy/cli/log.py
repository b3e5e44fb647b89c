"""`policy log`: check, replay or look through the journal of a market."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from attrs import asdict

from policy.audit.chain import Damage
from policy.audit.journal import cut
from policy.audit.records import Header
from policy.audit.replay import Replayed, Submit, replay
from policy.audit.verify import Progress, Verified, verify
from policy.cli.exits import Exit, end
from policy.cli.log_show import show_command
from policy.cli.options import format_option, rulebooks_of, rules_arguments
from policy.cli.output import drawn, plural, print_json
from policy.cli.progress import progress


@click.group()
def command() -> None:
    """Check, replay or look through the journal of a market: commands, events, and the rulebook in force.

    \b
    policy log verify market.jsonl
    policy log show market.jsonl --client wong --refused
    policy log replay market.jsonl --rules rulesets
    """


@command.command("verify", short_help="Find everything wrong with a journal.")
@click.argument("file", type=click.Path())
@click.option("--cut", "cutting", is_flag=True, help="Cut off a torn end if nothing else is wrong.")
@click.option("--kept", default="", help="Hash, kept elsewhere, that a record of the journal must have.")
@format_option("text", "json")
def verify_command(file: str, cutting: bool, kept: str, format: str) -> None:
    """Check every record of the journal FILE against its hash, and every hash against the one before.

    \b
    policy log verify market.jsonl
    policy log verify market.jsonl --cut
    policy log verify market.jsonl --format json
    """
    with _bar(file) as progress:
        verified = verify(file, kept, progress)
    cuts = verified.torn if cutting and verified.only_torn else None
    if cuts:
        cut(file, cuts)
    if format == "json":
        print_json({"file": file, **_verified_json(verified), "cut": bool(cuts)})
    else:
        _print_verified(file, verified)
        if cuts:
            click.echo(f"cut {plural(cuts.size, 'byte')}; it is whole now")
        elif cutting and verified.torn:
            click.echo("nothing was cut: more than the end is wrong", err=True)
    end(Exit.YES if verified.whole or cuts else Exit.UNDECIDED)


@command.command("replay", short_help="Run a journal's commands again and compare the events.")
@click.argument("file", type=click.Path())
@rules_arguments
@click.option("--other-rules", is_flag=True, help="Expect other rules: report only events that differ.")
@format_option("text", "json")
def replay_command(file: str, paths: tuple[str, ...], other_rules: bool, format: str) -> None:
    """Run the commands of the journal FILE again under its date and overlay, and compare every event.

    \b
    policy log replay market.jsonl
    policy log replay market.jsonl --rules draft --other-rules
    """
    from policy.scenario.market import engine_for

    def fresh(header: Header) -> Submit:
        return engine_for(header, rulebooks_of(paths, header.overlay))

    with _bar(file) as progress:
        replayed = replay(file, fresh, other_rules, progress)
    if format == "json":
        print_json({"file": file, **_replayed_json(replayed)})
    else:
        _print_findings(replayed.findings)
        click.echo(
            f"{file}: {plural(replayed.same, 'record')} came out the same" + ("" if replayed.exact else ", then not")
        )
    end(Exit.YES if replayed.exact else Exit.UNDECIDED)


command.add_command(show_command, "show")


@contextmanager
def _bar(file: str) -> Iterator[Progress]:
    """How many of the bytes of a file have been read."""
    with progress("bytes read", os.stat(file).st_size) as seen:
        yield seen.update


def _print_verified(file: str, verified: Verified) -> None:
    _print_findings(verified.findings, verified.untold)
    if verified.header:
        under = f" under {verified.header.overlay}" if verified.header.overlay else ""
        click.echo(f"begun with rulebook {verified.header.rules[:12]}{under}, as of {verified.header.on}")
    click.echo(f"last hash {verified.head or 'unknown'}")
    state = "whole" if verified.whole else plural(len(verified.findings) + verified.untold, "finding")
    click.echo(f"{file}: {plural(verified.records, 'record')}, {state}")


def _print_findings(findings: tuple[Damage, ...], untold: int = 0) -> None:
    for finding in findings:
        click.echo(drawn(finding.diagnostic) + "\n")
    if untold:
        click.echo(f"and {plural(untold, 'finding')} more\n")


def _finding_json(finding: Damage) -> dict[str, object]:
    place = {"record": finding.record, "line": finding.line, "byte": finding.offset, "bytes": finding.size}
    fields = finding.diagnostic.as_json()
    return {name: fields[name] for name in ("code", "severity", "message", "help")} | place


def _verified_json(verified: Verified) -> dict[str, object]:
    return {
        "whole": verified.whole,
        "header": verified.header and asdict(verified.header),
        "records": verified.records,
        "last": verified.last,
        "hash": verified.head,
        "findings": [_finding_json(f) for f in verified.findings],
        "untold": verified.untold,
    }


def _replayed_json(replayed: Replayed) -> dict[str, object]:
    return {
        "exact": replayed.exact,
        "header": replayed.header and asdict(replayed.header),
        "same": replayed.same,
        "difference": replayed.difference and asdict(replayed.difference),
        "findings": [_finding_json(f) for f in replayed.findings],
    }

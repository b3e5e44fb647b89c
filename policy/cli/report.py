"""`policy report KIND`: the documents that people read and sign. `policy.documents` makes them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from policy import documents
from policy.cli.options import FACTS, DateType, asked, on_option, read_facts, rules_arguments, texts_of, under_option
from policy.cli.output import print_unread
from policy.cli.printing import (
    OwnTemplates,
    command_line,
    imprint_of,
    issued_by,
    language_option,
    new_folder,
    platform_option,
    prints_document,
    prints_tables,
    templates_option,
)
from policy.cli.progress import progress
from policy.cli.sides import SHIPPED, two_sides
from policy.documents import Document, Edition, Language
from policy.documents.editions import name_of
from policy.reports.pdf import needed_here
from policy.reports.render import SHIPPED as SHIPPED_TEMPLATES
from policy.reports.xlsx import needed_for_xlsx

_ONE_DECISION = "name a QUESTION with `--facts` and `--on`, or a `--record` of a `--journal` and none of these"

proofs_option = click.option(
    "--proofs/--no-proofs",
    default=True,
    show_default=True,
    help="Prove what can be proved; needs the extra `proofs`. A document without proofs says so.",
)
journal_option = click.option(
    "--journal", type=click.Path(dir_okay=False), default="", help="Journal of a market, as `policy trade` writes it."
)
scenario_argument = click.argument("scenario", required=False, default="", type=click.Path(file_okay=False))


class Kinds(click.Group):
    """Lists the kinds in the order of this file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl([(name, kind.get_short_help_str()) for name, kind in self.commands.items()])


@click.group(cls=Kinds)
def command() -> None:
    """Write a document: self-contained HTML, Markdown, PDF, JSON of the same figures, or a workbook of its tables.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report traceability --on 2026-03-01 --language en -o traceability.html

    OwnTemplates: files in the folder --templates replace shipped ones of the same name, and may use those as
    shipped/NAME. To change one block, write into ours/document.html.jinja:

    \b
    {% extends "shipped/document.html.jinja" %}
    {% block eyebrow %}Chan & Co.{% endblock %}

    \b
    policy report templates ours                # all shipped templates, to look up blocks; keep what you change
    policy report rulebook --on 2026-03-01 --templates ours -o rulebook.html

    Your templates run in a process of their own, which sees the figures of --format json and nothing else, with
    limits on time, memory and output. What they print is always escaped.
    """


def _edition(paths: tuple[str, ...], on: date, under: str) -> Edition:
    return Edition(documents.rules_of(texts_of(paths)), on, under, name_of(paths, under))


@command.command("rulebook", short_help="The rules in words, as a book.")
@rules_arguments
@under_option
@on_option
@proofs_option
@prints_tables
def rulebook_command(paths: tuple[str, ...], under: str, on: date, proofs: bool, platform: str) -> Document:
    """Write what the law requires and what the platform does, rule by rule, in English and Chinese.

    \b
    policy report rulebook --on 2026-03-01 -o rulebook.html
    policy report rulebook --on 2026-03-01 --language zh --format markdown > rulebook.md
    policy report rulebook --on 2026-03-01 --format pdf -o rulebook.pdf
    policy report rulebook --on 2026-03-01 --no-proofs --format xlsx -o rulebook.xlsx
    policy report rulebook --on 2026-03-01 --no-proofs -o rulebook.html
    """
    return documents.rulebook(_edition(paths, on, under), platform=platform, proofs=proofs, watch=progress)


@command.command("traceability", short_help="From every provision to rules, tests and decisions.")
@rules_arguments
@under_option
@on_option
@journal_option
@prints_tables
def traceability_command(paths: tuple[str, ...], under: str, on: date, journal: str, platform: str) -> Document:
    """Run the rules' tests; for every provision, list the rules that cite it and the tests that cover them.

    \b
    policy report traceability --on 2026-03-01 -o traceability.html
    policy report traceability --on 2026-03-01 --journal day.jsonl --format json

    A journal must have been kept under this very rulebook, overlay included (2 if not), and be whole (3 if not).
    """
    edition = _edition(paths, on, under)
    return documents.traceability(edition, platform=platform, journal=journal, watch=progress)


@command.command("decisions", short_help="Every decision of a journal, refusals first.")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    required=True,
    help="Journal of a market, as `policy trade` writes it.",
)
@rules_arguments
@prints_tables
def decisions_command(journal: str, paths: tuple[str, ...], platform: str) -> Document:
    """List the decisions of a journal: client, order, time, reasons and the facts; by provision and by client.

    \b
    policy report decisions --journal day.jsonl -o decisions.html
    policy log show day.jsonl --client wong --refused       # the same on the terminal

    A journal must have been kept under this very rulebook (2 if not), and be whole (3 if not).
    """
    return documents.decisions(
        documents.rules_of(texts_of(paths)), journal=journal, platform=platform, watch=progress
    )


@command.command("decision", short_help="A letter about one decision.")
@click.argument("question", required=False, default="", shell_complete=asked)
@rules_arguments
@under_option
@click.option("--on", type=DateType(), help="As-of date, as 2026-03-01; with --record that of the record.")
@click.option("--facts", default="", type=FACTS, help="JSON facts, as for `policy decide`; `-` for standard input.")
@journal_option
@click.option("--record", type=click.IntRange(1), help="Record of --journal that holds the decision.")
@click.option("--order", "about", default="", help="Order or asset, where the record decides about several.")
@click.option("--to", default="", help="Addressee of the letter.")
@click.option("--reference", default="", help="Reference of the letter.")
@prints_document
def decision_command(
    question: str,
    paths: tuple[str, ...],
    under: str,
    on: date | None,
    facts: str,
    journal: str,
    record: int | None,
    about: str,
    to: str,
    reference: str,
    platform: str,
) -> Document:
    """Decide QUESTION on facts and write a letter to the client or the file: what was asked, what was decided, every
    reason with its paragraph and what would put it right (with Z3 installed), whom to ask, and how to complain.

    \b
    policy report decision order_accepted --facts order.json --on 2026-03-01 --to "Ms Chan" -o letter.html
    policy report decision --record 53 --journal day.jsonl --firm firm.toml --issued 2026-06-19 -o letter.html
    policy facts order_accepted --template > order.json

    With --record the question, the facts, the date and the overlay are those of the journal, which must have been
    kept under these rules (2 if not), and be whole (3 if not).
    """
    if record is not None or journal:
        if record is None or not journal or question or facts or on or under:
            raise click.UsageError(_ONE_DECISION)
        rules = documents.rules_of(texts_of(paths))
        return documents.recorded_decision(
            rules, journal, record, about=about, to=to, reference=reference, platform=platform, watch=progress
        )
    if not question or not facts or on is None or about:
        raise click.UsageError(_ONE_DECISION)
    edition = _edition(paths, on, under)
    source, data = read_facts(facts)
    return documents.decision(edition, question, data, source=source, to=to, reference=reference, platform=platform)


@command.command("trading", short_help="A trading day, from a journal or a scenario.")
@scenario_argument
@journal_option
@rules_arguments
@prints_document
def trading_command(scenario: str, journal: str, paths: tuple[str, ...], platform: str) -> Document:
    """Write what was accepted and refused by which rule, evidence of client priority, flows, settlement and reserve.

    \b
    policy report trading rulesets/hk_sfc/scenarios/shared_book -o trading.html
    policy report trading --journal day.jsonl --language zh -o trading.html

    A journal is read as a stream, however long it is; a SCENARIO is run first. The rules supply the words for what
    the journal names; the decisions are those in the journal.
    """
    _require_one(scenario, journal)
    rules = documents.rules_of(texts_of(paths))
    return documents.trading(
        rules, journal=journal, scenario=scenario, platform=platform, on_unread=print_unread, watch=progress
    )


@command.command("margin", short_help="Margin and perpetual contracts, from a journal or a scenario.")
@scenario_argument
@journal_option
@rules_arguments
@prints_document
def margin_command(scenario: str, journal: str, paths: tuple[str, ...], platform: str) -> Document:
    """Write collateral before and after the haircut, calls, sales, liquidations, funding, fund, and stress results.

    \b
    policy report margin rulesets/hk_sfc/scenarios/portfolio -o margin.html
    policy report margin --journal day.jsonl --language zh -o margin.html

    A journal is read as a stream, however long it is; it holds the accounts that were stated, and no portfolio to
    stress. A SCENARIO is run, all its accounts are stated at the end, and its prices fall, each time from there.
    """
    _require_one(scenario, journal)
    rules = documents.rules_of(texts_of(paths))
    return documents.margin(
        rules, journal=journal, scenario=scenario, platform=platform, on_unread=print_unread, watch=progress
    )


def _require_one(scenario: str, journal: str) -> None:
    if bool(scenario) is bool(journal):
        raise click.UsageError("name either a SCENARIO to run or a `--journal`")


@command.command("change", short_help="What differs between two rulebooks, or two dates.")
@click.argument("old")
@click.argument("new", required=False, default="")
@on_option
@click.option("--to", "until", type=DateType(), help="As-of date of NEW; that of OLD if not given.")
@journal_option
@proofs_option
@prints_document
def change_command(
    old: str, new: str, on: date, until: date | None, journal: str, proofs: bool, platform: str
) -> Document:
    """Write what is added, removed, tightened and loosened from OLD to NEW, in words, and what flips.

    OLD and NEW are folders of rules, `shipped`, or revisions of Git: `main:rules`, or `HEAD~1 rules` and
    `main..draft rules` for one folder in two states. `+` adds an overlay, as in `shipped+example.house`.

    \b
    policy report change shipped shipped --on 2026-02-10 --to 2026-02-11 -o change.html
    policy report change HEAD~1 rulesets --on 2026-04-01 -o change.html
    policy report change shipped shipped+example.house --on 2026-04-01 --journal day.jsonl -o house.html

    With a journal, its commands are run under both rulebooks, and the document compares their outcomes and the
    value, call and headroom of every margin account at the end. Ends with 3 where a journal is not whole.
    """
    old, new = two_sides(old, new)
    editions = (_named(old, on), _named(new, until or on))
    return documents.change(*editions, platform=platform, journal=journal, proofs=proofs, watch=progress)


def _named(name: str, on: date) -> Edition:
    path, _, overlay = name.partition("+")
    return Edition(documents.rules_of(texts_of(() if path == SHIPPED else (path,))), on, overlay, name)


@command.command("pack", short_help="Everything an assessor asks for, in one folder.")
@click.argument("folder", type=click.Path(file_okay=False))
@rules_arguments
@under_option
@on_option
@journal_option
@click.option("--since", type=DateType(), help="Add what has changed since this date, as 2026-02-10.")
@click.option(
    "--register",
    type=click.Path(dir_okay=False),
    default="",
    help="CSV file of exceptions and findings: id, kind, provision, finding, owner, due, status, response.",
)
@click.option(
    "--sample", type=click.IntRange(1, 500), default=25, show_default=True, help="Decisions to show replayed."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed that draws the sample.")
@proofs_option
@platform_option
@issued_by
@language_option
@click.option("--pdf", is_flag=True, help="Add PDF of each document, with the extra `pdf`.")
@click.option("--xlsx", is_flag=True, help="Add workbooks of what is tables, with the extra `xlsx`.")
@templates_option
@click.pass_context
def pack_command(
    context: click.Context,
    folder: str,
    paths: tuple[str, ...],
    under: str,
    on: date,
    journal: str,
    since: date | None,
    register: str,
    sample: int,
    seed: int,
    proofs: bool,
    platform: str,
    issuer: str,
    issued: date | None,
    version: str,
    language: Language,
    pdf: bool,
    xlsx: bool,
    templates: OwnTemplates | None,
) -> None:
    """Write the rulebook, traceability and control matrix; with --journal its decisions, days and a sample replayed;
    with --since the changes; with --register exceptions and findings; the rules, the journal, an index, a manifest.

    \b
    policy report pack assessor --on 2026-06-18 --under example.house --journal day.jsonl --since 2026-02-10
    policy report pack assessor --on 2026-06-18 --pdf --xlsx --templates our-letterhead
    (cd assessor && sha256sum --check manifest.txt)

    The same input makes the same bytes. The folder must be new or empty. A journal must have been kept under this
    very rulebook, overlay included; otherwise it ends with 2 and says which.
    """
    if pdf:
        needed_here()
    if xlsx:
        needed_for_xlsx()
    with new_folder(folder) as into:
        files = documents.pack(
            _edition(paths, on, under),
            journal=journal,
            since=since,
            register=register,
            sample=sample,
            seed=seed,
            proofs=proofs,
            platform=platform,
            imprint=imprint_of(issuer, issued, version),
            language=language,
            pdf=pdf,
            xlsx=xlsx,
            own=templates.folder if templates else None,
            command=command_line(context),
            watch=progress,
        )
        _put(into, files)
    click.echo(f"{len(files) - 1} files and their manifest are in {folder}", err=True)


def _put(into: Path, files: Mapping[str, bytes | Path]) -> None:
    """Writes the files of a pack: bytes, or a copy of a file."""
    for name, data in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, bytes):
            (into / name).write_bytes(data)
        else:
            shutil.copyfile(data, into / name)


@command.command("templates", short_help="The shipped templates of all kinds, to change.")
@click.argument("folder", type=click.Path(file_okay=False))
def templates_command(folder: str) -> None:
    """Write the templates and styles of every document into FOLDER, which must be new or empty.

    \b
    policy report templates ours
    policy report rulebook --on 2026-03-01 --templates ours -o rulebook.html

    Delete the files you do not change: shipped ones, which stay up to date, are used instead.
    """
    with new_folder(folder) as into:
        for file in sorted(SHIPPED_TEMPLATES.iterdir()):
            (into / file.name).write_bytes(file.read_bytes())
    click.echo(f"the templates are in {folder}", err=True)

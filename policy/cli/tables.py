"""`policy tables`: tables, parameters and sets of rules in a spreadsheet, and back."""

from __future__ import annotations

from pathlib import Path

import click

from policy.cli.diff import print_comparison
from policy.cli.exits import Exit, end
from policy.cli.options import checked_of, format_option, rules_arguments, to_write
from policy.cli.output import keep_apart, plural, print_diagnostics, print_json, write_whole
from policy.cli.progress import progress
from policy.diagnostics import printable
from policy.files import whole_folder
from policy.verify.prove import Limits
from policy.workbooks import csv_folder
from policy.workbooks.from_xlsx import is_workbook, read
from policy.workbooks.importing import ImportResult, imported, imported_from, read_workbook, told, write


@click.group()
def command() -> None:
    """Take tables, parameters and dated sets of rules into a spreadsheet, and bring them back.

    \b
    policy tables export rulesets -o rules.xlsx
    policy tables import rules.xlsx rulesets
    policy tables new tiers.csv
    """


@command.command("export")
@rules_arguments
@click.option(
    "-o", "--out", required=True, type=click.Path(), help="Workbook to write, as rules.xlsx, or folder of CSV files."
)
@click.option("-k", "--select", multiple=True, help="Only those whose name contains this. Repeatable.")
def export(paths: tuple[str, ...], out: str, select: tuple[str, ...]) -> None:
    """Write a workbook of the tables, parameters and dated sets of RULES, one sheet each.

    \b
    policy tables export rulesets -o rules.xlsx
    policy tables export rulesets -o haircuts.xlsx -k haircut
    policy tables export rulesets -o haircuts -k haircut

    Cells are texts as the rules have them. The same rules give the same bytes.
    """
    from policy.workbooks.csv_folder import files_of
    from policy.workbooks.to_xlsx import chosen_of, workbook_of

    if out == "-" or Path(out).suffix.lower() in (".csv", ".ods", ".xls", ".xlsm"):
        raise click.UsageError(f"`{out}` names neither a workbook, as rules.xlsx, nor a folder of CSV files")
    keep_apart((out,), paths)
    checked = checked_of(paths)
    sheets = chosen_of(checked, select)
    if Path(out).suffix.lower() == ".xlsx":
        write_whole(out, workbook_of(checked, select))
    else:
        with whole_folder(out) as folder:
            for name, data in files_of(checked, select).items():
                (folder / name).write_bytes(data)
    rows = sum(len(s.sheet.lines) for s in sheets)
    click.echo(
        f"{plural(len(sheets), 'sheet')} with {plural(rows, 'row')} in {out}, of rulebook {checked.digest()[:12]}"
    )


@command.command("import")
@click.argument("workbook", type=click.Path(exists=True))
@rules_arguments
@click.option("--write", "writes", is_flag=True, help="Change the files of RULES; without it nothing is written.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=2.0,
    show_default=True,
    help="Budget of the comparison per question, as of `policy diff`.",
)
@click.option("--no-diff", is_flag=True, help="Do not compare what the rules decide before and after.")
@format_option("text", "json")
def import_(workbook: str, paths: tuple[str, ...], writes: bool, seconds: float, no_diff: bool, format: str) -> None:
    """Show what a changed WORKBOOK, or folder of CSV files, changes in RULES, and with --write change them.

    \b
    policy tables import rules.xlsx rulesets
    policy tables import rules.xlsx rulesets --write

    The rules may have changed since the export: rows that only one side changed are merged, rows that both changed
    are named. Cells that are refused are named all at once, and then nothing is written.
    """
    if writes:
        to_write(paths)
    checked = checked_of(paths)
    if Path(workbook).is_dir():
        made = imported_from(csv_folder.read(Path(workbook)), workbook, checked)
    else:
        made = imported(read_workbook(workbook), workbook, checked)
    if made.findings:
        if format == "json":
            print_json(_json(made, [], []))
        else:
            print_diagnostics(made.findings)
            click.echo(f"{plural(len(made.findings), 'finding')}; nothing was written", err=True)
        end(Exit.UNANSWERED)
    if format == "text":
        for line in _changes(made, checked.digest()):
            click.echo(printable(line))
        print_diagnostics(made.warnings)
    differences = [] if no_diff or not made.changes else _differences(made, seconds, format)
    written = write(made) if writes and made.changes else []
    if format == "json":
        print_json(_json(made, differences, written))
    else:
        for name in written:
            click.echo(f"changed {name}")
        if made.changes and not writes:
            click.echo("nothing was written; `--write` changes the rules", err=True)
    end(Exit.YES if written or not made.changes else Exit.NO)


@command.command("new")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--name", default="", help="Name of the table; the file's name if not given.")
@click.option("--sheet", default="", help="Sheet of a workbook; the first with rows if not given.")
@click.option(
    "--key", "keys", multiple=True, help="Column that tells rows apart. Repeatable; else the first that do."
)
@click.option("--per", default="", help="Provision that every row stands on, where no column `per` says it.")
def new(file: str, name: str, sheet: str, keys: tuple[str, ...], per: str) -> None:
    """Print a table declaration with the rows of FILE, a .csv or .xlsx, whose first line names the columns.

    \b
    policy tables new tiers.csv --per LAW/2 >> rules/tiers.policy
    policy tables new desk.xlsx --sheet Haircuts --key kind

    Types are those that all cells of a column have; few different words become an enum. Read it before it is used.
    """
    from policy.workbooks.new import begun, of_csv, of_workbook

    title = name or Path(file).stem
    data = read_workbook(file)
    if sheet and not is_workbook(data):
        raise click.UsageError(f"`{file}` is no workbook, so it has no sheet `{sheet}`")
    grid = of_workbook(read(data, file), file, sheet, title) if is_workbook(data) else of_csv(data, file, title)
    click.echo(begun(grid, title, keys, per), nl=False)
    if not per and "per" not in (h.lower() for h in grid.heads):
        click.echo("no row has a citation; `--per` names a provision for all", err=True)


def _changes(made: ImportResult, digest: str) -> list[str]:
    since = "" if made.digest == digest else f", exported from rulebook {made.digest[:12]} before it changed"
    if not made.changes:
        return [f"nothing differs from the rules{since}"]
    return [
        f"{plural(len(made.changes), 'change')} to rulebook {digest[:12]}{since}",
        *(f"  {told(c)}" for c in made.changes),
    ]


def _differences(made: ImportResult, seconds: float, format: str) -> list[object]:
    """What the rules decide otherwise, printed where it is to be read; under each overlay that changes."""
    from policy.pipeline import program
    from policy.verify.rulebook import comparison_of
    from policy.verify.solver import needed_solver

    needed_solver()
    found: list[object] = []
    for overlay in made.overlays:
        before, after = program(made.before, overlay), program(made.after, overlay)
        compared = comparison_of(before, after, made.after.model, Limits(seconds), watch=progress)
        if format == "text":
            click.echo(f"\nwhat it changes, under {overlay}:" if overlay else "\nwhat it changes:")
            print_comparison(compared)
        found += [
            *(f.as_json() for f in compared.facts),
            *({**d.as_json(), "under": overlay} for d in compared.questions),
        ]
    return found


def _json(made: ImportResult, differences: list[object], written: list[str]) -> dict[str, object]:
    return {
        "exported_from": made.digest,
        "rulebook": made.before.digest(),
        "changes": [told(c) for c in made.changes],
        "findings": [d.as_json() for d in (*made.findings, *made.warnings)],
        "differences": differences,
        "written": written,
    }

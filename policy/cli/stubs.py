"""`policy stubs`: a rulebook's records and questions, for type checkers."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from policy.cli.options import rules_arguments, texts_of, under_option
from policy.cli.output import keep_apart, write_whole
from policy.facts.stubs import stub
from policy.pipeline import load_program


@click.command()
@rules_arguments
@under_option
@click.option("-o", "--output", default="-", help="A `.pyi` file; standard output if none is named, or for `-`.")
def command(paths: tuple[str, ...], under: str, output: str) -> None:
    """Write a stub (`.pyi`) of RULES, the shipped rulebook if none is named, so that mypy and editors know its
    records, the members of its enums, and its questions.

    \b
    policy stubs -o rules.pyi
    policy stubs rulesets --under example.house -o rules.pyi
    policy stubs | diff - rules.pyi              # does it still describe the rules?

    It is read by type checkers only, so there is nothing to import at run time:

    \b
    from __future__ import annotations
    from typing import TYPE_CHECKING, cast
    import policy
    if TYPE_CHECKING:
        import rules
    rulebook = cast("rules.Rulebook", policy.load(on="2026-03-01"))
    Order = rulebook.records["Order"]
    Order(venue="sharedbook")                    # mypy: expected "Literal['shared_book', …]"
    Order(vnue="shared_book")                    # mypy: did you mean "venue"?
    rulebook.evaluator("order_acepted")          # mypy: no overload variant matches
    rulebook.evaluator("order_accepted").fast(1) # mypy: expected "Order"
    def accepted(order: rules.Order) -> bool: …  # records are types too
    """
    name = Path(output)
    if output != "-" and (name.suffix != ".pyi" or not name.stem.isidentifier() or name.stem == "policy"):
        raise click.UsageError(f"`{output}` cannot be imported as a stub; name it as rules.pyi")
    if output != "-":
        keep_apart((output,), paths)
    page = stub(load_program(texts_of(paths), under))
    if output == "-":
        sys.stdout.buffer.write(page.encode())
    else:
        write_whole(output, page.encode())

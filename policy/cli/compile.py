"""`policy compile`: a rulebook for programs in other languages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click

from policy.cli.options import asked, format_option, rules_arguments, texts_of, under_option
from policy.cli.output import keep_apart, plural, print_json, write_whole
from policy.pipeline import load_program

ON = date(2026, 3, 1)  # of the example
TAKEN = frozenset(  # by other headers, and by the build file
    "policy example example_cpp assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp"
    " signal stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath"
    " threads time uchar wchar wctype all benchmark clean dist install test uninstall".split()
)


@click.command()
@rules_arguments
@click.option(
    "--target", type=click.Choice(["c", "wasm"]), default="c", show_default=True, help="What to compile to."
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False),
    required=True,
    help="The folder to write to; made if need be.",
)
@click.option("--question", "names", multiple=True, shell_complete=asked, help="Only this question. Repeatable.")
@click.option("--name", default="rulebook", show_default=True, help="Of the header and the source.")
@under_option
@format_option("text", "json")
def command(
    paths: tuple[str, ...], target: str, folder: str, names: tuple[str, ...], name: str, under: str, format: str
) -> None:
    """Compile RULES, the shipped rulebook if none is named, to a header and a source in portable C11, for all dates,
    with a program in C and one in C++ that ask a question.

    \b
    policy compile rulesets -o native
    policy compile --question order_accepted --question lending_value -o native
    policy compile rulesets --under example.house --name house -o native
    policy compile --question order_accepted --target wasm -o native
    cc -std=c11 -O2 -c native/rulebook.c

    With `--target wasm` the source is compiled to a WebAssembly module that imports nothing, with a JSON document of
    where everything is in its memory (the extra `native`, or a clang that knows WebAssembly).

    The answers are those of `policy decide`, with reasons and needs. The header says of each question what its
    numbers count, and what its reasons and needs are. A question for which there is no C is an error.
    """
    from policy.backends.c.compile import compiled, questions_of
    from policy.backends.c.examples import examples
    from policy.backends.c.wasm import document, module
    from policy.rulebook import question_named

    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in TAKEN:
        raise click.UsageError(f"`{name}` is no name for a header; name it as rulebook, in small letters")
    program = load_program(texts_of(paths), under)
    questions = [question_named(program, n) for n in dict.fromkeys(names)] or questions_of(program)
    if not questions:
        raise click.UsageError("these rules have no question to compile")
    made = compiled(program, questions, name)
    shown = next((a for a in made.layout.asked.values() if a.is_decision), next(iter(made.layout.asked.values())))
    files = {f"{name}.h": made.header.encode(), f"{name}.c": made.source.encode()}
    if target == "wasm":
        files |= {f"{name}.json": document(made).encode(), f"{name}.wasm": module(made)}
    else:
        beside = examples(name, shown, made.layout.words, ON.toordinal(), str(ON))
        files |= {file: text.encode() for file, text in beside.items()}
    into = Path(folder)
    written = [str(into / file) for file in files]
    keep_apart(written, paths)
    into.mkdir(parents=True, exist_ok=True)
    for file, data in zip(written, files.values(), strict=True):
        write_whole(file, data)
    if format == "json":
        print_json(
            {"target": target, "digest": program.digest, "questions": list(made.layout.asked), "written": written}
        )
        return
    click.echo(f"{plural(len(made.layout.asked), 'question')} of rulebook {program.digest[:12]}")
    for file in written:
        click.echo(f"wrote {file}")

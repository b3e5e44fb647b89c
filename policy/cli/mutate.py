"""`policy test --mutate`: mutants that survive, and the tests that would kill them. Part of `test`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from attrs import evolve

from policy.cli.exits import Exit
from policy.cli.output import fail, plural, print_json, rewrite_whole
from policy.cli.progress import progress
from policy.diagnostics import PolicyError
from policy.pipeline import Checked, RulesFile, check
from policy.syntax.from_text import decode
from policy.testing.missing import Expected, as_tests, completed
from policy.testing.mutation import Fate, Score, mutated
from policy.verify.prove import Limits
from policy.verify.solver import needed_solver


def mutation(
    checked: Checked, limits: Limits, jobs: int, select: str, format: str, required: int, write: bool
) -> Exit:
    """Prints what becomes of the mutants, and writes the missing tests; the exit code is 1 below the `required` %."""
    if select:
        raise click.UsageError("`--mutate` tries all tests; leave out `--select`")
    if format == "junit":
        raise click.UsageError("`--mutate` writes text or JSON")
    needed_solver()
    with progress("mutating") as seen:

        def stopped(score: Score) -> None:
            if format == "text":
                click.echo(f"stopped after {seen.done:,} of {seen.total:,} parts; until then:")
                _print(score, checked)

        score = mutated(checked, limits, jobs, seen.of, seen.update, stopped)
    if format == "json":
        print_json(score.as_json())
    else:
        _print(score, checked)
    if write:
        _write(checked, score.missing)
    if score.percent < required:
        return Exit.NO
    return Exit.UNDECIDED if score.count(Fate.UNDECIDED) else Exit.YES


def _write(checked: Checked, missing: Sequence[Expected]) -> None:
    """Adds the missing tests to their files, all of them or none."""
    added = as_tests(checked.model, missing)
    files = {checked.model.rulesets[ruleset].span.source.name: text for ruleset, text in added.items()}
    texts = [_with(t, files.get(t.name, ""), missing) for t in checked.texts]
    again = check(texts)
    if again.errors:
        fail(PolicyError(again.errors))
    changed = [(old, new) for old, new in zip(checked.texts, texts, strict=True) if old != new]
    if any(old.name == "<stdin>" for old, _ in changed):
        raise click.UsageError("`--write` adds tests to files; name the rules instead of `-`")
    rewrite_whole((old.name, old.data, new.data) for old, new in changed)
    for text, _ in changed:
        count, named = files.get(text.name, "").count("\n  expect "), len(_completing(missing, text.name))
        says = f", and named provisions in {named:,}" if named else ""
        click.echo(f"added {plural(count, 'expectation')} to {text.name}{says}", err=True)


def _completing(missing: Sequence[Expected], name: str) -> list[Expected]:
    """The expectations in a file that are to name provisions."""
    return [e for e in missing if e.completes is not None and e.completes.file == name]


def _with(text: RulesFile, tests: str, missing: Sequence[Expected]) -> RulesFile:
    """A file with what is missing in it."""
    completing = _completing(missing, text.name)
    if not tests and not completing:
        return text
    whole = completed(decode(text.name, text.data)[0].text, completing)
    return evolve(text, data=(whole.rstrip() + f"\n\n{tests}" if tests else whole).encode())


def _print(score: Score, checked: Checked) -> None:
    for fared in score.results:
        if fared.fate is Fate.SURVIVED:
            click.secho(f"# not noticed: {fared.function}: {fared.says}  {fared.place}", fg="red")
        elif fared.fate is Fate.UNDECIDED:
            click.secho(f"# not decided: {fared.function}: {fared.says}  {fared.place}", fg="yellow")
    for e in (e for e in score.missing if e.completes is not None):
        click.echo(f"# provisions that no test names, in {e.completes}\n  {e.text}")
    for ruleset, text in as_tests(checked.model, score.missing).items():
        click.echo(f"\n# tests that are missing in {checked.model.rulesets[ruleset].span.source.name}\n\n{text}")
    kinds = score.kinds()
    wide = max(map(len, kinds), default=0)
    for kind, fates in kinds.items():
        click.echo(f"{kind:{wide}}  {_counts(fates)}")
    killable = score.count(Fate.KILLED) + score.count(Fate.SURVIVED)
    noticed = f"tests notice {score.count(Fate.KILLED):,} of {killable:,} that differ ({score.percent} %)"
    bounded = [f.longest for f in score.results if f.longest]
    lists = f" ({len(bounded):,} of them for lists up to {max(bounded)})" if bounded else ""
    others = f"{score.count(Fate.EQUIVALENT):,} are equivalent{lists}, {score.count(Fate.UNDECIDED):,} not decided"
    click.echo(f"{plural(len(score.results), 'mutant')}: {noticed}; {others}")


def _counts(fates: Counter[Fate]) -> str:
    return f"{sum(fates.values()):,} tried: " + ", ".join(f"{fates[f]:,} {f.value}" for f in Fate if fates[f])

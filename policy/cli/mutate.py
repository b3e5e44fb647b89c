"""`policy test --mutate`: mutants that survive, each with a test that would kill it. Part of `test`."""

from __future__ import annotations

import click

from policy.cli.exits import Exit
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.testing.mutation import Fate, Score, mutated
from policy.testing.run import Runner
from policy.verify.prove import Limits
from policy.verify.solver import needed_solver


def mutation(runner: Runner, limits: Limits, jobs: int, select: str, format: str, required: int) -> Exit:
    """Prints the result of each mutant; the exit code is 1 below the `required` score in %."""
    if select:
        raise click.UsageError("`--mutate` tries all tests; leave out `--select`")
    if format == "junit":
        raise click.UsageError("`--mutate` writes text or JSON")
    needed_solver()
    with progress("mutating") as seen:
        score = mutated(runner, limits, jobs, seen.of, seen.update)
    if format == "json":
        print_json(score.as_json())
    else:
        _print(score)
    if score.percent < required:
        return Exit.NO
    return Exit.UNDECIDED if score.count(Fate.UNDECIDED) else Exit.YES


def _print(score: Score) -> None:
    for fared in score.results:
        if fared.fate is Fate.SURVIVED:
            click.secho(f"# not noticed: {fared.function}: {fared.says}  {fared.place}", fg="red")
            click.echo(fared.test)
        elif fared.fate is Fate.UNDECIDED:
            click.secho(f"# not decided: {fared.function}: {fared.says}  {fared.place}", fg="yellow")
    killable = score.count(Fate.KILLED) + score.count(Fate.SURVIVED)
    noticed = f"tests notice {score.count(Fate.KILLED):,} of {killable:,} that differ ({score.percent} %)"
    bounded = [f.longest for f in score.results if f.longest]
    lists = f" ({len(bounded):,} of them for lists up to {max(bounded)})" if bounded else ""
    others = f"{score.count(Fate.EQUIVALENT):,} are equivalent{lists}, {score.count(Fate.UNDECIDED):,} not decided"
    click.echo(f"{plural(len(score.results), 'mutant')}: {noticed}; {others}")

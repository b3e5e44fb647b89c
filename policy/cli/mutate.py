"""`policy test --mutate`: mistakes that no test notices, each with the test that would. Part of `test`."""

from __future__ import annotations

import sys

import click

from policy.cli.output import plural, print_json
from policy.cli.proving import require_solver
from policy.testing.mutation import Fate, Score, mutated
from policy.testing.run import Runner
from policy.verify.decide import Limits


def mutation(runner: Runner, limits: Limits, jobs: int, select: str, format: str, wanted: int) -> int:
    """Prints how the mutants fare; the exit code, which is 1 below the `wanted` score in %."""
    if select:
        raise click.UsageError("`--mutate` tries all tests; leave out `--select`")
    if format == "junit":
        raise click.UsageError("`--mutate` writes text or JSON")
    require_solver()
    with click.progressbar(length=1, label="mutating", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def begun(parts: int) -> None:
            bar.length = parts

        score = mutated(runner, limits, jobs, begun, lambda: bar.update(1))
    if format == "json":
        print_json(score.as_json())
    else:
        _print(score)
    return 1 if score.percent < wanted else 3 if score.count(Fate.UNDECIDED) else 0


def _print(score: Score) -> None:
    for fared in score.fared:
        if fared.fate is Fate.SURVIVED:
            click.secho(f"# not noticed: {fared.function}: {fared.says}  {fared.place}", fg="red")
            click.echo(fared.test)
        elif fared.fate is Fate.UNDECIDED:
            click.secho(f"# not decided: {fared.function}: {fared.says}  {fared.place}", fg="yellow")
    killable = score.count(Fate.KILLED) + score.count(Fate.SURVIVED)
    noticed = f"tests notice {score.count(Fate.KILLED):,} of {killable:,} that differ ({score.percent} %)"
    bounded = [f.longest for f in score.fared if f.longest]
    lists = f" ({len(bounded):,} of them for lists up to {max(bounded)})" if bounded else ""
    others = f"{score.count(Fate.EQUIVALENT):,} are equivalent{lists}, {score.count(Fate.UNDECIDED):,} not decided"
    click.echo(f"{plural(len(score.fared), 'mutant')}: {noticed}; {others}")

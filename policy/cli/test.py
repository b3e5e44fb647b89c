"""`policy test`: a rulebook's own tests and properties, with coverage or mutants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from textwrap import indent

import click
from attrs import evolve

from policy.cli.answers import derivation_json, failure_text
from policy.cli.exits import Exit, end
from policy.cli.junit import junit
from policy.cli.mutate import mutation
from policy.cli.options import checked_of, format_option, rules_arguments, seconds_option, to_write
from policy.cli.output import plural, print_json
from policy.cli.progress import progress
from policy.cli.watch import watchable
from policy.diagnostics import printable
from policy.model import rules
from policy.parallel import in_parallel
from policy.pipeline import digest_of
from policy.testing.coverage import Summary, summarised
from policy.testing.run import Result, Runner
from policy.testing.samples import try_property
from policy.verify.prove import Limits

SHARE = 100  # expectations that a process takes at a time
PARTS = 8  # of the properties
PARALLEL_FROM = 1_000  # fewer expectations are done sooner than processes start


@click.command()
@watchable
@rules_arguments
@click.option("-k", "--select", default="", help="Only tests whose title or ruleset contains this.")
@click.option("-j", "--jobs", type=click.IntRange(0), default=0, help="Processes; 0 chooses by the number of tests.")
@click.option("--coverage", is_flag=True, help="Show rules, rows, versions and provisions that no test covers.")
@click.option("--mutate", is_flag=True, help="Mutation testing: change the rules slightly; a test should fail.")
@click.option("--write", is_flag=True, help="With --mutate: add the tests that are missing to the rules' files.")
@seconds_option
@click.option(
    "--fail-under",
    type=click.IntRange(0, 100),
    default=0,
    help="End with 1 if coverage, or the mutation score, is below this %.",
)
@format_option("text", "json", "junit")
def command(
    paths: tuple[str, ...],
    select: str,
    jobs: int,
    coverage: bool,
    mutate: bool,
    write: bool,
    seconds: float,
    fail_under: int,
    format: str,
) -> None:
    """Run every test in the rules in RULES on both evaluators, and try every property on generated facts.

    \b
    policy test rulesets
    policy test rulesets -k "bitcoin" --coverage
    policy test rulesets --fail-under 90 --format junit > tests.xml
    policy test rulesets --mutate --fail-under 100
    policy test my-rules --mutate --write
    """
    if write:
        to_write(paths)
    checked = checked_of(paths)
    model = checked.model
    texts = ((t, (t.title.en, *t.title.translations, t.ruleset)) for t in model.tests)
    chosen = [t for t, words in texts if any(select in w for w in words)]
    if select and not chosen:
        raise click.UsageError(f"no test's title or ruleset contains `{select}`")
    runner = Runner(evolve(model, tests=tuple(chosen)), digest_of(checked.texts))
    if write and not mutate:
        raise click.UsageError("`--write` adds the tests that `--mutate` finds missing; add `--mutate`")
    if mutate:
        score = mutation(checked, Limits(seconds), jobs, select, format, fail_under or 100, write)
        end(score or (Exit.YES if model.tests else Exit.NO))
    results = _run(runner, jobs, () if select else tuple(model.of_kind(rules.Property)))
    summary = summarised(model, (r.coverage for r in results))
    failed = [r for r in results if not r.passed]
    low = summary.percent < fail_under
    if format == "json":
        print_json({"tests": [_as_json(r) for r in results], "coverage": summary.as_json()})
    elif format == "junit":
        click.echo(junit(results))
    else:
        _print(results, failed)
        _print_coverage(summary, coverage or low)
        if low:
            click.secho(f"coverage is {summary.percent} %, below the required {fail_under} %", fg="red")
    end(Exit.NO if failed or low or not model.tests else Exit.YES)


# ── running ─────────────────────────────────────────────────────────────────────────────────


def _run(runner: Runner, jobs: int, properties: Sequence[rules.Property]) -> list[Result]:
    """The results of all tests, then of the properties, each in their order."""
    tests = runner.model.tests
    expectations = sum(len(test.expectations) for test in tests)
    processes = jobs or (0 if expectations >= PARALLEL_FROM else 1)
    if processes != 1:
        runner.whole("")  # so that the processes inherit it
    shares = runner.shares(SHARE)
    work = [partial(_run_all, runner, [tests[n] for n in share]) for share in shares]
    work += [partial(_try_all, runner, properties[n::PARTS]) for n in range(min(PARTS, len(properties)))]
    results: dict[int, Result] = {}
    tried: dict[int, Result] = {}
    with progress("tests", len(tests) + len(properties)) as seen:
        for n, some in enumerate(in_parallel(work, processes=processes)):
            if n < len(shares):
                results.update(zip(shares[n], some, strict=True))
            else:
                tried.update(zip(range(n - len(shares), len(properties), PARTS), some, strict=True))
            seen.update(len(some))
    return [*(results[n] for n in sorted(results)), *(tried[n] for n in sorted(tried))]


def _run_all(runner: Runner, tests: Sequence[rules.Test]) -> list[Result]:
    return [runner.run(test) for test in tests]


def _try_all(runner: Runner, properties: Sequence[rules.Property]) -> list[Result]:
    return [try_property(runner, p) for p in properties]


# ── showing ─────────────────────────────────────────────────────────────────────────────────


def _print(results: list[Result], failed: list[Result]) -> None:
    for result in failed:
        click.secho(f"FAILED {printable(result.title)}", fg="red", bold=True)
        click.echo(f"  {result.place} in {result.ruleset}")
        for failure in result.failures:
            click.echo(indent(failure_text(failure), "  "))
    properties = sum(r.title.startswith("property ") for r in results)
    tests = len(results) - properties
    many = "property" if properties == 1 else "properties"
    tried = f", {properties} {many} tried on generated facts (not proved)" if properties else ""
    if not tests:
        click.secho(f"there are no tests: nothing shows that the rules say what is meant{tried}", fg="red", bold=True)
    elif failed:
        click.secho(f"{plural(tests, 'test')}{tried}: {len(failed)} failed", fg="red", bold=True)
    else:
        click.secho(f"{plural(tests, 'test')}{tried}: all hold", fg="green")


def _print_coverage(s: Summary, details: bool) -> None:
    covered = len(s.pieces) - len(s.uncovered)
    click.echo(f"coverage: {covered} of {len(s.pieces)} rules, rows and versions covered ({s.percent} %)")
    for piece in s.uncovered if details else ():
        click.echo(f"  not covered: {piece.what}  {piece.place}")
    cited = len(s.provisions) - len(s.excused) - len(s.untested)
    click.echo(f"provisions: {len(s.provisions)}, of which {cited} tested, {len(s.excused)} excused")
    for name in s.untested:
        click.secho(f"  not tested: {name}")
    for name, reason in s.excused if details else ():
        click.echo(f"  excused: {name} — {reason}")


def _as_json(r: Result) -> dict[str, object]:
    return {
        "title": r.title,
        "ruleset": r.ruleset,
        "place": r.place,
        "passed": r.passed,
        "failures": [
            {
                "expected": f.expected,
                "actual": f.actual,
                "place": f.place,
                "why": derivation_json(f.why) if f.why else None,
            }
            for f in r.failures
        ],
    }

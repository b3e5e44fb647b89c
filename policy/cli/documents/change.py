"""`policy report change`: what differs between two rulebooks, or two dates."""

from __future__ import annotations

from datetime import date

import click
from attrs import evolve

from policy.audit.verify import verify
from policy.cli.backtest import SHIPPED, commands_of, other_rules, rulebooks_named
from policy.cli.documents.common import document_options, model_of, write
from policy.cli.documents.journals import journal_option
from policy.cli.options import DateType, on_option
from policy.cli.output import fail
from policy.cli.proving import UNPROVED, proofs_option, require_solver
from policy.cli.proving import differences_of as proved_between
from policy.diagnostics import PolicyError
from policy.ir.program import Program
from policy.ir.simplify import specialised
from policy.model import rules
from policy.pipeline import program as program_of
from policy.reports.book.figures import Cover
from policy.reports.change import TITLE, Side, change_of
from policy.reports.differences import differences_of
from policy.reports.documents import Document
from policy.reports.flips import Flip, FlipWords, Run
from policy.reports.journal.glossary import glossary_of
from policy.reports.reach import remarks_on
from policy.reports.words import by_status
from policy.scenario.backtest import Backtest, backtest
from policy.scenario.market import Market
from policy.testing.run import Runner, line_of

_MOST_CASES = 200


@click.command(short_help="What differs between two rulebooks, or two dates.")
@click.argument("old")
@click.argument("new")
@on_option
@click.option("--to", "until", type=DateType(), help="The date of NEW, where it is another than that of OLD.")
@journal_option
@proofs_option
@document_options
def command(
    old: str,
    new: str,
    on: date,
    until: date | None,
    journal: str,
    proofs: bool,
    language: str,
    format: str,
    platform: str,
    output: str,
) -> None:
    """Write what is added, removed, tightened and loosened from OLD to NEW, in words, and what flips.

    OLD and NEW are folders of rules, or `shipped`; `+` adds an overlay, as in `shipped+example.house`.

    \b
    policy report change shipped shipped --on 2026-02-10 --to 2026-02-11 -o change.html
    policy report change shipped shipped+example.house --on 2026-04-01 --journal day.jsonl -o house.html

    The commands of a journal are put to both; what became of them is compared, and what every margin account comes to
    after them: value, call and headroom. Ends with 3 where a journal is not whole.
    """
    write(made(old, new, on, until or on, journal, proofs, platform), language, format, output)


def made(old: str, new: str, on: date, until: date, journal: str, proofs: bool, platform: str) -> Document:
    """The document."""
    (before, one), (after, other) = _side(old, on), _side(new, until)
    meaning = None
    if proofs:
        require_solver(UNPROVED)
        meaning = differences_of(_together(before.model, after.model), proved_between(one, other, after.model))
    together = _together(before.model, after.model)
    words = FlipWords(together, glossary_of(together))
    run = _run(words, *_flips(old, new, on, until, journal)) if journal else None
    sources = by_status((p.id, p.status) for p in after.model.provisions.values())
    under = new.partition("+")[2]
    remarks = remarks_on(after.model, after.model.provisions, until.toordinal())
    cover = Cover(TITLE, platform, until.isoformat(), after.digest, under, sources, remarks, before=before.digest)
    change = change_of(cover, before, after, _cases(before, after, words), run, meaning)
    return Document("change.html.jinja", cover, {"change": change})


def _side(name: str, on: date) -> tuple[Side, Program]:
    path, _, overlay = name.partition("+")
    checked, model, digest = model_of(() if path == SHIPPED else (path,), overlay)
    chosen = {n: d for n, d in model.declared.items() if overlay or not model.rulesets[d.ruleset].amends}
    side = Side(name, evolve(model, declared=chosen), on.toordinal(), digest)
    return side, specialised(program_of(checked, overlay), on.toordinal())


def _together(old: rules.Model, new: rules.Model) -> rules.Model:
    """The new model, with what is in the old one only."""
    return evolve(new, declared={**old.declared, **new.declared})


def _flips(old: str, new: str, on: date, until: date, journal: str) -> tuple[Backtest, str]:
    """What the journal's commands come to under both, and the journal's own rulebook, where it is neither."""
    try:
        verified = verify(journal)
        if verified.header is None or not verified.whole:
            fail(PolicyError([f.diagnostic for f in verified.findings]), 3)
        markets = [Market(rulebooks_named(n), d.isoformat()) for n, d in ((old, on), (new, until))]
        kept = other_rules(verified.header, markets)
        return backtest(commands_of(journal, verified.last), *markets), kept
    except PolicyError as error:
        fail(error)


def _run(words: FlipWords, result: Backtest, kept: str) -> Run:
    flips = sorted(result.sorts.items(), key=lambda item: -item[1].count)
    return Run(
        result.commands,
        tuple(words.command(said, s.count, s.before.steps, s.after.steps, s.examples) for (said, _, _), s in flips),
        result.accounts,
        tuple(words.figure(d.account, d.figure, d.before, d.after) for d in result.differing),
        tuple(words.money(what, *sums) for what, sums in result.money().items()),
        kept,
    )


def _cases(old: Side, new: Side, words: FlipWords) -> tuple[Flip, ...] | None:
    """The cases of the old rulebook's tests under the new; None where facts have another form, or the text is one."""
    shapes = old.model.of_kind(rules.RecordType, rules.EnumOf)
    if old.digest == new.digest or any(new.model.declared.get(d.id) != d for d in shapes):
        return None
    asked = [
        t
        for t in old.model.tests
        if not old.model.rulesets[t.ruleset].amends
        and all(_alike(old.model.declared[e.question], new.model.declared.get(e.question)) for e in t.expectations)
    ]
    runner = Runner(new.model, new.digest)
    flips: list[Flip] = []
    for test in asked:
        questions = {line_of(e.span): e.question for e in test.expectations}
        for f in runner.run(evolve(test, ruleset=_base(new.model))).failures:
            flips.append(words.case(len(flips) + 1, test.title, questions[f.place], f.expected, f.actual, f.place))
    return tuple(flips[:_MOST_CASES])


def _alike(a: rules.Declaration, b: rules.Declaration | None) -> bool:
    return b is not None and getattr(a, "parameters", ()) == getattr(b, "parameters", ()) and type(a) is type(b)


def _base(model: rules.Model) -> str:
    """A ruleset that amends nothing: the model has its overlay laid over it already."""
    return next(name for name, r in model.rulesets.items() if not r.amends)

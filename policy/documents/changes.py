"""What differs between two editions, in words; what is proved of it; and which tests and past commands flip."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from policy.audit.verify import require_whole
from policy.documents.editions import A_PLATFORM, WITHOUT_PROOFS, Edition
from policy.model import rules
from policy.pipeline import rulebooks
from policy.progress import Watch, unwatched
from policy.reports.change import TITLE, Side, change_of
from policy.reports.differences import differences_of
from policy.reports.documents import Document
from policy.reports.flips import Flip, FlipWords, JournalRun
from policy.reports.journal.glossary import glossary_of
from policy.scenario.backtest import backtest, commands_of, other_rules
from policy.scenario.market import Venues
from policy.testing.run import Runner, line_of
from policy.verify.rulebook import comparison_of
from policy.verify.solver import needed_solver

_MOST_CASES = 200
_MOST_CLIENTS = 200


def change(
    old: Edition,
    new: Edition,
    *,
    platform: str = A_PLATFORM,
    journal: str | Path = "",
    proofs: bool = True,
    watch: Watch = unwatched,
) -> Document:
    """What is added, removed, tightened and loosened. The commands of a journal are put to both editions."""
    before, after = _side(old), _side(new)
    together = _together(before.model, after.model)
    meaning = None
    if proofs:
        needed_solver(WITHOUT_PROOFS)
        programs = old.rulebook.program, new.rulebook.program
        meaning = differences_of(together, comparison_of(*programs, after.model, watch=watch))
    words = FlipWords(together, glossary_of(together))
    run = _run(words, old, new, journal) if journal else None
    cases = _cases(before, after, words)
    provisions = after.model.provisions.values()
    cover = new.cover(TITLE, platform, [(p.id, p.status) for p in provisions], before=before.digest)
    return Document("change.html.jinja", cover, {"change": change_of(before, after, cases, run, meaning)})


def _side(edition: Edition) -> Side:
    """An edition as it is compared: overlays that are not laid over it are left out."""
    model = edition.model
    chosen = {n: d for n, d in model.declared.items() if edition.under or not model.rulesets[d.ruleset].amends}
    return Side(edition.name, evolve(model, declared=chosen), edition.on.toordinal(), edition.digest)


def _together(old: rules.Model, new: rules.Model) -> rules.Model:
    """The new model, with the declarations that only the old one has."""
    return evolve(new, declared={**old.declared, **new.declared})


def _run(words: FlipWords, old: Edition, new: Edition, journal: str | Path) -> JournalRun:
    """The outcomes of the journal's commands under both editions."""
    header, last = require_whole(journal)
    markets = [Venues(rulebooks(e.undated), e.on.isoformat()) for e in (old, new)]
    result = backtest(commands_of(str(journal), last), *markets)
    clients = result.by_client()
    flips = sorted(result.sorts.items(), key=lambda item: -item[1].count)
    return JournalRun(
        result.commands,
        tuple(words.command(said, s.count, s.before.steps, s.after.steps, s.examples) for (said, _, _), s in flips),
        result.accounts,
        tuple(words.figure(d.account, d.figure, d.before, d.after) for d in result.differing),
        tuple(words.money(what, *sums) for what, sums in result.money().items()),
        other_rules(header, markets),
        tuple(
            words.client(
                client,
                (words.command(said, s.count, s.before.steps, s.after.steps, s.examples) for said, s in sorts),
                ((m.what, m.before, m.after, m.difference) for m in money),
            )
            for client, sorts, money in clients[:_MOST_CLIENTS]
        ),
        len(clients),
    )


def _cases(old: Side, new: Side, words: FlipWords) -> tuple[Flip, ...] | None:
    """The old rulebook's tests that fail under the new; None where records differ, or the texts are the same."""
    shapes = old.model.of_kind(rules.RecordType, rules.EnumOf)
    if old.digest == new.digest or any(new.model.declared.get(d.id) != d for d in shapes):
        return None
    tests = [
        t
        for t in old.model.tests
        if not old.model.rulesets[t.ruleset].amends
        and all(_alike(old.model.declared[e.question], new.model.declared.get(e.question)) for e in t.expectations)
    ]
    law = next(name for name, r in new.model.rulesets.items() if not r.amends)  # overlays are laid over it already
    runner = Runner(new.model, new.digest)
    flips: list[Flip] = []
    for test in tests:
        questions = {line_of(e.span): e.question for e in test.expectations}
        for f in runner.run(evolve(test, ruleset=law)).failures:
            flips.append(words.case(len(flips) + 1, test.title, questions[f.place], f.expected, f.actual, f.place))
    return tuple(flips[:_MOST_CASES])


def _alike(a: rules.Declaration, b: rules.Declaration | None) -> bool:
    return b is not None and getattr(a, "parameters", ()) == getattr(b, "parameters", ()) and type(a) is type(b)

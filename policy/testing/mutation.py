"""Mutation testing: whether tests notice small mistakes in the rules; and for those they do not, tests that would.

In: the texts of a rulebook without errors. Out: what becomes of each mutant. One is killed where a test fails on it;
if none does, the solver says whether anything tells it from the original: then it survives, and a test is missing; or
it is equivalent, and not counted against the author.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from enum import Enum
from functools import partial

from attrs import define, evolve, field, frozen

from policy.diagnostics import Collector
from policy.interrupts import Interrupted
from policy.ir.from_model import program_of
from policy.model import rules
from policy.model.from_syntax import Reader
from policy.model.index import index
from policy.model.overlays import overlaid
from policy.parallel import in_parallel
from policy.pipeline import Checked, digest_of, parsed
from policy.testing.bounded import BoundTests, Edges
from policy.testing.citing import per
from policy.testing.distinguish import told_apart
from policy.testing.miscited import CITATION
from policy.testing.missing import Expected, Nameless, expected, home
from policy.testing.mutants import Mutant, Mutants, Site
from policy.testing.mutators import Words
from policy.testing.trials import Trial, Trials
from policy.verify.prove import Limits
from policy.vocabulary import Json


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNDECIDED = "not decided"


@frozen
class MutantResult:
    """A mutant and what became of it: of one that survived, the `expectation` that would kill it; of one that is
    equivalent, the length up to which lists were looked at, 0 where none were."""

    function: str
    kind: str
    says: str
    place: str
    fate: Fate
    missing: Expected | None = None
    longest: int = 0

    def as_json(self) -> Json:
        return {
            "function": self.function,
            "kind": self.kind,
            "mutation": self.says,
            "place": self.place,
            "fate": self.fate.value,
            "on": self.missing.on if self.missing else "",
            "test": self.missing.text if self.missing else "",
            **({"completes": str(self.missing.completes)} if self.missing and self.missing.completes else {}),
            "longest_list": self.longest,
        }


@frozen
class Score:
    """All mutants of a rulebook, and what is `missing`: expectations of which each kills a survivor as the first."""

    results: tuple[MutantResult, ...]
    missing: tuple[Expected, ...] = ()

    def count(self, fate: Fate) -> int:
        return sum(f.fate is fate for f in self.results)

    @property
    def percent(self) -> int:
        """The killed among those that can be, rounded down."""
        killable = self.count(Fate.KILLED) + self.count(Fate.SURVIVED)
        return 100 if not killable else self.count(Fate.KILLED) * 100 // killable

    def kinds(self) -> dict[str, Counter[Fate]]:
        """For each kind of mistake, how many came to which end."""
        found: dict[str, Counter[Fate]] = {}
        for f in self.results:
            found.setdefault(f.kind, Counter())[f.fate] += 1
        return dict(sorted(found.items()))

    def as_json(self) -> Json:
        return {
            "percent": self.percent,
            **{_key(fate): self.count(fate) for fate in Fate},
            "kinds": {
                kind: {"tried": sum(fates.values()), **{_key(fate): fates[fate] for fate in Fate}}
                for kind, fates in self.kinds().items()
            },
            "mutants": [f.as_json() for f in self.results if f.fate is not Fate.KILLED],
        }


def _key(fate: Fate) -> str:
    return fate.value.replace(" ", "_")


@define(eq=False)
class Mutation:
    """The mutants of a rulebook and the trials they are put to, of the law under "" and of each overlay."""

    mutants: Mutants
    limits: Limits
    bounds: BoundTests
    trials: dict[str, Trials] = field(factory=dict)

    @staticmethod
    def of(checked: Checked, limits: Limits) -> Mutation:
        files, _ = parsed(checked.texts)
        found = Collector()
        reader = Reader(index(files, found), found)
        model = reader.read()
        overlays = ["", *(r.name for r in model.rulesets.values() if r.amends)]
        digest = digest_of(checked.texts)
        programs = {o: program_of(overlaid(model, o), digest, o) for o in overlays}
        mutants = Mutants(reader, model, Words.of(files), programs)
        mutation = Mutation(mutants, limits, BoundTests.of(model, model.tests))
        for overlay in overlays:
            ours = [t for t in model.tests if _under(t, model) == overlay]
            mutation.trials[overlay] = Trials.of(programs[overlay], ours)
        return mutation

    # ── one share, in a process of its own ──────────────────────────────────────────────────

    def fare(self, sites: Sequence[Site]) -> list[MutantResult | None]:
        """What becomes of the mutants of some sites of one declaration; None for those the type checker refuses."""
        results: list[MutantResult | None] = []
        alive: dict[bool, list[tuple[int, Mutant]]] = {False: [], True: []}  # by whether they only cite otherwise
        for n, site in enumerate(sites):
            mutant, trials = self.mutants.mutant(site), self.trials[site.overlay]
            naming = trials.naming(site.asked) if site.kind == CITATION else None
            killed = mutant is not None and trials.kill(mutant.functions, naming)
            fate = Fate.KILLED if killed else Fate.EQUIVALENT
            blank = MutantResult(site.asked, site.kind, site.says, str(site.place), fate)
            results.append(None if mutant is None else blank)
            if mutant is not None and mutant.bounded is not None:
                results[n] = self._bounded(blank, mutant.bounded, site.overlay)
            if mutant is None or killed or not mutant.functions:
                continue
            if site.kind == CITATION and (missing := self._completion(site, mutant)):
                results[n] = evolve(blank, fate=Fate.SURVIVED, missing=missing)
            else:
                alive[site.kind == CITATION].append((n, mutant))
        for cited, some in alive.items():
            self._distinguish(sites[0].overlay, some, cited, results)
        return results

    def _bounded(self, blank: MutantResult, changed: rules.FieldDeclaration, overlay: str) -> MutantResult:
        """What becomes of other bounds; they are equivalent where no question is asked about the record."""
        if self.bounds.notice(blank.function, changed):
            return evolve(blank, fate=Fate.KILLED)
        edges = Edges(self.mutants.model, self.mutants.programs[overlay], overlay)
        missing = edges.expected(blank.function, changed)
        return blank if missing is None else evolve(blank, fate=Fate.SURVIVED, missing=missing)

    def _completion(self, site: Site, mutant: Mutant) -> Expected | None:
        """An expectation there is that would notice other citations if it named provisions."""
        found = self.trials[site.overlay].nameless(site.asked, mutant.functions)
        if found is None:
            return None
        trial, provisions = found
        e, on = trial.expectation, date.fromordinal(trial.on).isoformat()
        text, named = " ".join(e.span.text.split()) + per(provisions), tuple(sorted(provisions))
        return Expected(site.ruleset, site.asked, on, text, completes=_where(e), provisions=named)

    def _distinguish(
        self, overlay: str, alive: Sequence[tuple[int, Mutant]], cited: bool, results: list[MutantResult | None]
    ) -> None:
        """What becomes of mutants that no test kills."""
        if not alive:
            return
        program = self.mutants.programs[overlay]
        told_of = told_apart(program, [m for _, m in alive], self.limits, cited)
        for (n, _), told in zip(alive, told_of, strict=True):
            before = results[n]
            assert before is not None
            if told.case is not None:
                missing = expected(program, told, home(self.mutants.model, told.asked, overlay))
                results[n] = evolve(before, fate=Fate.SURVIVED, missing=missing)
            elif not told.known:
                results[n] = evolve(before, fate=Fate.UNDECIDED)
            else:
                results[n] = evolve(before, longest=told.longest)

    # ── what is missing ─────────────────────────────────────────────────────────────────────

    def missing(self, survivors: Sequence[tuple[Site, MutantResult]]) -> list[Expected]:
        """Expectations that kill the survivors, each read back and tried; one that another kills needs none."""
        chosen: list[Expected] = []
        fresh = {o: Trials(t.program, classes=t.classes) for o, t in self.trials.items()}
        bounds = BoundTests(self.bounds.model, self.bounds.fields)
        for site, result in survivors:
            mutant, trials = self.mutants.mutant(site), fresh[site.overlay]
            assert mutant is not None
            assert result.missing is not None
            if mutant.bounded is not None:
                if not bounds.notice(mutant.asked, mutant.bounded):
                    chosen += self._about_bounds(site, result.missing, mutant.bounded, bounds)
                continue
            if trials.kill(mutant.functions):
                continue
            made = self._made(site, result.missing)
            if made and not trials.kill((), made) and trials.kill(mutant.functions, made):
                trials.add(made)
                chosen.append(evolve(result.missing, against=site.says, per=site.per))
        return chosen

    def _about_bounds(
        self, site: Site, missing: Expected, changed: rules.FieldDeclaration, bounds: BoundTests
    ) -> list[Expected]:
        """The expectation, if it can be read, holds, and fails where the field has the other bounds."""
        test = self._read(missing)
        if test is None or self.trials[site.overlay].kill((), self.trials[site.overlay].made(test)):
            return []
        bounds.add(test)
        return [evolve(missing, against=site.says)] if bounds.notice(site.asked, changed) else []

    def _read(self, missing: Expected) -> rules.Test | None:
        """The test of a missing expectation; None where it cannot be read."""
        written = missing.test()
        if written is None:
            return None
        test, wrong = self.mutants.reader.test(missing.ruleset, written)
        return test if not wrong else None

    def _made(self, site: Site, missing: Expected) -> list[Trial]:
        """The trials that a missing expectation makes; none where it cannot be read."""
        trials = self.trials[site.overlay]
        if missing.completes is not None:
            return [
                evolve(t, expectation=evolve(t.expectation, provisions=missing.provisions))
                for t in trials.reached[site.asked]
                if _where(t.expectation) == missing.completes
            ]
        test = self._read(missing)
        return trials.made(test) if test is not None else []


def _where(e: rules.Expectation) -> Nameless:
    return Nameless(e.span.source.name, e.span.line, e.span.end)


SHARE = 60  # mutants of one declaration that a process takes at a time


def mutated(
    checked: Checked,
    limits: Limits,
    processes: int = 0,
    begun: Callable[[int], None] = lambda _: None,
    done: Callable[[], None] = lambda: None,
    stopped: Callable[[Score], None] = lambda _: None,
) -> Score:
    """What becomes of every mutant; `begun` is told how many parts there are, `done` called after each.

    Where it is interrupted, `stopped` gets what is known by then.
    """
    mutation = Mutation.of(checked, limits)
    shares: list[list[Site]] = []
    for site in mutation.mutants.sites():
        last = shares[-1][-1] if shares else None
        if last and (last.asked, last.overlay) == (site.asked, site.overlay) and len(shares[-1]) < SHARE:
            shares[-1].append(site)
        else:
            shares.append([site])
    begun(len(shares))
    jobs = [partial(mutation.fare, share) for share in shares]
    early: dict[int, list[MutantResult | None]] = {}
    try:
        fared = list(in_parallel(jobs, [*map(len, shares)], processes, done, early))
    except (Interrupted, KeyboardInterrupt):
        stopped(Score(tuple(r for n in sorted(early) for r in early[n] if r is not None)))
        raise
    pairs = [
        (site, r) for share, some in zip(shares, fared, strict=True) for site, r in zip(share, some, strict=True)
    ]
    survivors = [(site, r) for site, r in pairs if r is not None and r.missing is not None]
    results = [r for _, r in pairs if r is not None]
    return Score(tuple(results), tuple(mutation.missing(survivors)))


def _under(test: rules.Test, model: rules.Model) -> str:
    return test.ruleset if model.rulesets[test.ruleset].amends else ""

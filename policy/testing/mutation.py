"""Mutation testing: whether tests notice small mistakes in the rules; and for those they do not, tests that would.

In: the texts of a rulebook without errors. Out: what becomes of each mutant. One is killed where a test fails on it;
if none does, the solver says whether anything tells it from the original: then it survives, and a test is missing; or
it is equivalent, and not counted against the author.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
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
from policy.testing.distinguish import told_apart
from policy.testing.missing import Expected, expected, home
from policy.testing.mutants import Mutant, Mutants, Site
from policy.testing.mutators import Words
from policy.testing.trials import Trials
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
        mutation = Mutation(Mutants(reader, model, Words.of(files), programs), limits)
        for overlay in overlays:
            ours = [t for t in model.tests if _under(t, model) == overlay]
            mutation.trials[overlay] = Trials.of(programs[overlay], ours)
        return mutation

    # ── one share, in a process of its own ──────────────────────────────────────────────────

    def fare(self, sites: Sequence[Site]) -> list[MutantResult | None]:
        """What becomes of the mutants of some sites of one declaration; None for those the type checker refuses."""
        results: list[MutantResult | None] = []
        alive: list[tuple[int, Mutant]] = []
        for n, site in enumerate(sites):
            mutant = self.mutants.mutant(site)
            killed = mutant is not None and self.trials[site.overlay].kill(mutant.functions)
            fate = Fate.KILLED if killed else Fate.EQUIVALENT
            blank = MutantResult(site.asked, site.kind, site.says, str(site.place), fate)
            results.append(None if mutant is None else blank)
            if mutant is not None and not killed and mutant.functions:
                alive.append((n, mutant))
        if not alive:
            return results
        overlay = sites[0].overlay
        program = self.mutants.programs[overlay]
        for (n, _), told in zip(alive, told_apart(program, [m for _, m in alive], self.limits), strict=True):
            before = results[n]
            assert before is not None
            if told.case is not None:
                missing = expected(program, told, home(self.mutants.model, told.asked, overlay))
                results[n] = evolve(before, fate=Fate.SURVIVED, missing=missing)
            elif not told.known:
                results[n] = evolve(before, fate=Fate.UNDECIDED)
            else:
                results[n] = evolve(before, longest=told.longest)
        return results

    # ── what is missing ─────────────────────────────────────────────────────────────────────

    def missing(self, survivors: Sequence[tuple[Site, MutantResult]]) -> list[Expected]:
        """Expectations that kill the survivors, each read back and tried; one that another kills needs none."""
        chosen: list[Expected] = []
        fresh = {o: Trials(t.program, classes=t.classes) for o, t in self.trials.items()}
        for site, result in survivors:
            mutant, trials = self.mutants.mutant(site), fresh[site.overlay]
            assert mutant is not None
            assert result.missing is not None
            if trials.kill(mutant.functions):
                continue
            written = result.missing.test()
            if written is None:
                continue
            test, wrong = self.mutants.reader.test(result.missing.ruleset, written)
            made = trials.made(test)
            if not wrong and not trials.kill((), made) and trials.kill(mutant.functions, made):
                trials.add(made)
                chosen.append(evolve(result.missing, against=site.says, per=site.per))
        return chosen


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

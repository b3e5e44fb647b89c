"""What the document of a market's day needs beyond its records: words, statements, and falls of prices.

In: rules, and a run that has carried out a scenario. Out: a glossary, and a `Recorded` that is complete. Absent:
where records come from; `policy trade` carries out, `policy.cli.documents` reads journals too.
"""

from __future__ import annotations

from collections.abc import Callable

from policy.audit.records import Header
from policy.cli.options import checked_of
from policy.model.overlays import check_overlay, overlaid
from policy.model.rules import Model
from policy.reports.journal.glossary import Glossary, glossary_of
from policy.reports.journal.market import Recorded
from policy.scenario.falls import stress_rows
from policy.scenario.from_folder import Scenario
from policy.scenario.market import Market
from policy.scenario.run import Run, stage_of
from policy.scenario.statements import statements, terms, verdicts
from policy.scenario.stress import Prices


def glossary_for(paths: tuple[str, ...], overlay: str) -> Glossary:
    """What the rules call things; of the law alone where they know no such overlay. Ends with 2 if they are wrong."""
    checked = checked_of(paths)
    model: Model = checked.model
    return glossary_of(model if check_overlay(model, overlay) else overlaid(model, overlay))


def finish(recorded: Recorded, run: Run, scenario: Scenario, header: Header) -> None:
    """What a document tells beyond a journal: accounts as they are, and what falls of their prices would do."""
    if recorded.margin is not None:
        recorded.stress = stress_rows(_fresh(run.market, scenario, header))
        recorded.margin.collateral.terms = terms(run.market)
        recorded.margin.collateral.verdicts = verdicts(run.market)
        recorded.state(statements(run.market))


def _fresh(market: Market, scenario: Scenario, header: Header) -> Callable[[], tuple[Run, Prices]]:
    def fresh() -> tuple[Run, Prices]:
        again, prices = Market(market.rulebook_on, header.on), Prices()
        again.open(stage_of(scenario))
        run = Run(again, on_command=prices.take)
        run.carry_out(scenario)
        return run, prices

    return fresh

"""Carries out a scenario: every step through the market, into the journal, and on to whoever follows it.

In: a market, a scenario, and where its records go. Out: each command with its events, and each line that could not
be read, as it is met. Absent: what is counted or shown of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from attrs import define

from policy.audit.journal import Journal
from policy.audit.records import Header
from policy.diagnostics import Diagnostic, PolicyError
from policy.model.offsets import written
from policy.reports.journal.entries import Command, Event
from policy.scenario.from_folder import Scenario, ScenarioLine
from policy.scenario.market import COMMANDS, RulebookOn, Venues
from policy.wire import keep

Follower = Callable[[Command, Sequence[Event]], object]


@define(eq=False)
class Run:
    """A scenario on its way through a market; `followers` are told of every command that was carried out."""

    market: Venues
    followers: Sequence[Follower] = ()
    unread: int = 0
    journal: Journal | None = None
    on_unread: Callable[[Diagnostic], None] = lambda _: None
    on_step: Callable[[], object] = lambda: None  # told of every line, read or not

    def carry_out(self, scenario: Scenario) -> None:
        """All steps, the stage first. Raises JournalStopped where the journal cannot be kept."""
        for step in chain(scenario.setting(COMMANDS), scenario.stream(COMMANDS)):
            self.step(step)

    def step(self, step: ScenarioLine) -> Sequence[Event]:
        """One step; its events, none where its line could not be read."""
        self.on_step()
        if step.command is None:
            self.unread += 1
            for diagnostic in step.wrong:
                self.on_unread(diagnostic)
            return []
        return self.submit(step.command)

    def submit(self, command: Command) -> Sequence[Event]:
        """One command, journalled and followed."""
        events = self.market.submit(command)
        if self.journal is not None and not COMMANDS.unfit(command):  # which changed nothing, and cannot be replayed
            keep(self.journal, command, events, self.market.rules)
        for follow in self.followers:
            follow(command, events)
        return events


def market_for(scenario: Scenario, rulebook_on: RulebookOn, on: str = "") -> Venues:
    """The market that a scenario's stage needs, as of `on` or the scenario's own date. Raises PolicyError."""
    first = on or scenario.on
    if not first:
        message = f"`{scenario.folder}` names no date as of which it begins"
        raise PolicyError.of("no-scenario", message, "name one in its `scenario.json`, as `on`")
    market = Venues(rulebook_on, first)
    market.open(stage_of(scenario))
    return market


def header_of(scenario: Scenario, market: Venues, overlay: str) -> Header:
    """The header of a journal that begins with this market: its rules, their date and time, the scenario's titles."""
    titles = {"scenario": scenario.title or scenario.folder.name} | ({"zh": scenario.zh} if scenario.zh else {})
    about = titles | ({"offset": written(market.offset)} if market.offset else {})
    return Header(market.rules, overlay, market.on, about)


def stage_of(scenario: Scenario) -> Iterator[Command]:
    """The commands that set the stage, those lines left out that cannot be read."""
    return (step.command for step in scenario.setting(COMMANDS) if step.command is not None)

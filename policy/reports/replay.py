"""A sample of decisions, run again.

In: rows of decisions, and how far a replay came. Out: `ReplayedSample`. Absent: the replay.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import BilingualText
from policy.reports.decisions import DecisionRow

TITLE = BilingualText("Sample of decisions, replayed", "決定抽樣重行")


@frozen
class ReplayedSample:
    """Records drawn from those that hold decisions; `same` counts all records before the first that differs."""

    seed: int
    size: int
    of: int  # records that hold decisions
    same: int
    exact: bool
    findings: str
    rows: tuple[DecisionRow, ...]

"""The ways that `--how` finds are all there are: see `ways_by_trying`."""

from __future__ import annotations

import pytest

import optional
from ways_by_trying import judged

optional.library("z3", "proofs")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_ways_are_found(seed: int) -> None:
    assert not judged(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 130))
def test_all_ways_of_more_questions_are_found(seed: int) -> None:
    assert not judged(seed)

"""What `diff` says of two rulebooks whose facts differ, against trying every fact: see `two_vocabularies`."""

from __future__ import annotations

import pytest

import optional
from two_vocabularies import judged

optional.library("z3", "proofs")


@pytest.mark.parametrize("seed", [5, 22])
def test_a_pair_is_compared_rightly(seed: int) -> None:
    assert not judged(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_pairs_are_compared_rightly(seed: int) -> None:
    assert not judged(seed)

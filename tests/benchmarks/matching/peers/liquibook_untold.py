"""liquibook without a listener: what was traded has to be asked of the orders afterwards."""

from typing import Any

import liquibook

from peers.liquibook_told import Prepared, carry_out, prepare

__all__ = ["prepare", "run", "told"]


def run(prepared: Prepared) -> dict[int, Any]:
    return carry_out(liquibook.DepthOrderBook(), prepared)


def told(_: dict[int, Any]) -> None:
    return None

"""The compiled package, built once for all rows."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import Any

import compiled
from stream import Op


@cache
def package() -> compiled.Package:
    """Raises NotCompiled where there is no compiler."""
    folder = Path(mkdtemp(prefix="compiled-"))
    compiled.build(folder)
    return compiled.Package(folder)


@cache
def matcher() -> ModuleType:
    """Raises NotCompiled where there is no compiler."""
    with package().imported("rows"):
        return import_module("policy.market.matcher")


class Compiled:
    """Another row, on the compiled package."""

    def __init__(self, row: str) -> None:
        self.package = package()
        with self.package.imported("rows"):
            self.row: Any = import_module(f"rows.{row}").load()

    def prepare(self, ops: Sequence[Op]) -> Any:
        with self.package.imported("rows"):
            return self.row.prepare(ops)

    def run(self, prepared: Any) -> Any:
        with self.package.imported("rows"):
            return self.row.run(prepared)

    def told(self, outcome: Any) -> Any:
        return self.row.told(outcome)

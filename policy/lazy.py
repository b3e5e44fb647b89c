"""Names of a module that are imported when they are first used, so that a command loads only what it needs.

In: the names and the modules that have them. Out: the module's `__getattr__`. Whoever uses this declares the names
for type checkers under `TYPE_CHECKING`. A process imports this first, so it imports next to nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # importing `typing` takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazily(module: str, where: Mapping[str, str]) -> Callable[[str], object]:
    """A module's `__getattr__`: each of its names is in the module of this package that `where` says."""

    def attribute(name: str) -> object:
        if name in where:
            return getattr(import_module(f"policy.{where[name]}"), name)
        raise AttributeError(f"module `{module}` has no `{name}`")

    return attribute

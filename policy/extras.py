"""Libraries that are not installed with the project, because most who use it do without them."""

from __future__ import annotations

from importlib.util import find_spec

from policy.diagnostics import Collector, PolicyError


def needed(library: str, extra: str) -> None:
    """Raises PolicyError, naming the extra, where a library is not there."""
    if find_spec(library) is None:
        found = Collector()
        help = f"pip install 'policy-that-runs[{extra}]'"
        found.error("missing-extra", f"this needs `{library}`, which is not installed", None, help)
        raise PolicyError(found.found)

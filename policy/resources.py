"""Finds `grammar/` and `rulesets/`: inside an installed wheel, else beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Path of the shipped folder `name` (`grammar` or `rulesets`)."""
    package = Path(__file__).parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the installation is incomplete: no folder `{name}` in or beside {package}")

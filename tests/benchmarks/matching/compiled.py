"""The package as a compiled wheel: the same source, in machine code, imported beside the pure one.

In: this tree. Out: `build` makes the wheel as `POLICY_COMPILED=1 pip install .` does, and unpacks it into a folder;
in the package that `load` gives, `import` finds the modules of that folder. Whoever imported the pure ones keeps
them. Absent: what is compiled, which `.ci/compiled.py` says.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

PROJECT = Path(__file__).resolve().parents[3]


class NotCompiled(Exception):
    """Why there is no compiled build: no mypyc, no C compiler, or what it said."""


def build(folder: Path) -> None:
    """Makes the wheel, and unpacks it into a folder."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(PROJECT)]
    made = os.environ | {"POLICY_COMPILED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, env=made, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise NotCompiled(said[-1] if said else f"pip ended with {done.returncode}")
    for wheel in folder.glob("*.whl"):
        ZipFile(wheel).extractall(folder)


class Package:
    """The modules of an unpacked wheel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: dict[str, ModuleType] = {}

    @contextmanager
    def imported(self, *more: str) -> Iterator[None]:
        """Imports mean this package, and modules of their own of the packages named."""
        outside = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_of(name, ("policy", *more))}
        sys.modules.update(self.modules)
        sys.path.insert(0, str(self.folder))
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            self.modules = {n: sys.modules.pop(n) for n in list(sys.modules) if _is_of(n, ("policy", *more))}
            sys.modules.update(outside)


def _is_of(name: str, packages: tuple[str, ...]) -> bool:
    return name.partition(".")[0] in packages


def load(folder: Path) -> ModuleType:
    """The compiled matcher of an unpacked wheel."""
    with Package(folder).imported():
        return import_module("policy.market.matcher")

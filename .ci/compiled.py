"""Build hook of the wheel: with `POLICY_COMPILED=1` the modules named here are compiled, from the same source.

    POLICY_COMPILED=1 pip install .

In: the tree of the project. Out: extension modules beside their sources, in a wheel for this Python and machine;
Python prefers them, and nothing else changes. Absent: what mypyc 2.4.1 cannot compile, or what gains nothing by it.
Commands, events and questions are attrs classes in which nothing runs. A default of an attrs field is taken for a
value of its type (`perpetuals/state`), and attributes of attrs classes are looked up no faster than before, so of
the desk only the engine is compiled, which derives from a compiled one. Readers of facts take as long as before while
what they derive from (`ir/validation`) is interpreted, and that is derived from by interpreted classes. The reader of
rules ends in a segmentation fault (`syntax/from_text` and `kept`); its loop alone gains a tenth (`parsing`), where
pairs of integers lose their identity. Code that is generated is not compiled either.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "POLICY_COMPILED"
COMPILER = ("mypy[mypyc]>=2.4.1", "setuptools>=65")
ROOMS = {
    "exchange": "checks clearing engine ledger reservation state trading",
    "financing": "advances calls checks collateral engine loans sales state views",
    "market": "book checks matcher quotation venue",
    "perpetuals": "engine",
}
MODULES = tuple(f"policy/{room}/{name}.py" for room, names in ROOMS.items() for name in names.split())
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="policy", packages=[], ext_modules=mypycify({options!r}, group_name="policy"))
"""


class CompiledModules(BuildHookInterface[Any]):
    """Hatchling finds it here."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip installs to build with: the compiler, and what the modules import, whose types it reads."""
        return [*COMPILER, *self.metadata.core.dependencies] if _wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles, and puts what comes of it into the wheel."""
        if not _wanted():
            return
        if version == "editable":
            sys.exit(f"{NAME}: an editable installation runs the sources as they are: `pip install .`, without `-e`")
        self.folder = TemporaryDirectory(prefix="compiled-")
        folder = Path(self.folder.name)
        build_data.update(pure_python=False, infer_tag=True)
        for built in _compiled(Path(self.root), folder):
            build_data["force_include"][str(built)] = str(built.relative_to(folder))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what was compiled, once it is in the wheel."""
        if _wanted():
            self.folder.cleanup()


def _wanted() -> bool:
    given = os.environ.get(NAME, "0")
    if given not in ("0", "1"):
        sys.exit(f"{NAME}: `{given}` is neither 0 nor 1")
    return given == "1"


def _compiled(root: Path, folder: Path) -> list[Path]:
    """The extension modules, made in a folder of their own: setuptools is not to read the project's settings."""
    copytree(root / "policy", folder / "policy", ignore=ignore_patterns("__pycache__", "*.so", "*.pyd"))
    options = ["--follow-imports=silent", "--ignore-missing-imports", *MODULES]
    (folder / "setup.py").write_text(_SETUP.format(options=options), encoding="utf-8")
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    built = sorted(p for p in (*folder.glob("*"), *(folder / "policy").rglob("*")) if p.suffix in (".so", ".pyd"))
    if done.returncode or len(built) <= len(MODULES):  # and what they share
        sys.exit(f"{NAME}: not compiled; a C compiler and Python's headers are needed\n{done.stderr}")
    return built

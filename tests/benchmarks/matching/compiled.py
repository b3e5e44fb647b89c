"""The package as a compiled wheel: the same source, in machine code.

In: this tree. Out: `build` makes the wheel as `POLICY_COMPILED=1 pip install .` does, and unpacks it into a folder.
Absent: what is compiled, which `.ci/compiled.py` says.
"""

import os
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
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


@cache
def matcher() -> ModuleType:
    """The compiled matcher, beside the pure one of whoever has imported that. Raises NotCompiled."""
    folder = Path(mkdtemp(prefix="compiled-"))
    build(folder)
    outside = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "policy"}
    sys.path.insert(0, str(folder))
    try:
        return import_module("policy.market.matcher")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "policy"]:
            del sys.modules[name]
        sys.modules.update(outside)

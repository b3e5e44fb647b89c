"""The matcher compiled by mypyc: the same source, in machine code. The pure one stays the default.

    python tests/benchmarks/matching/compiled.py --in-place     # from now on every import finds the compiled modules
    python tests/benchmarks/matching/compiled.py --remove       # back to pure Python

needs `mypy` (it brings mypyc) and a C compiler. In place, an extension module is put beside each of the two files
below; Python prefers it, and nothing else changes. After the files change, compile again. Benchmarks and tests
build into a folder of their own instead, and load from there what is compiled beside what is pure.
"""

import argparse
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from types import ModuleType

import policy.market

SOURCES = ("book.py", "matcher.py")
_PACKAGE = Path(policy.market.__file__).parent
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="compiled", ext_modules=mypycify({files!r}, separate=True))
"""


class NotCompiled(Exception):
    """Why there is no compiled build: no mypyc, no C compiler, or what it said."""


def build(folder: Path) -> None:
    """Compiles the matcher into a folder, as `policy/market/*` with an extension module for each source."""
    package = folder / "policy" / "market"
    package.mkdir(parents=True)
    for made in (package.parent, package):
        (made / "__init__.py").touch()
    for source in SOURCES:
        copy(_PACKAGE / source, package)
    files = [f"policy/market/{source}" for source in SOURCES]
    (folder / "setup.py").write_text(_SETUP.format(files=files), encoding="utf-8")
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise NotCompiled(said[-1] if said else f"mypyc ended with {done.returncode}")


def load(folder: Path) -> ModuleType:
    """The compiled `matcher` of a folder. Whoever has imported the pure one keeps it."""
    names = [f"policy.market.{Path(source).stem}" for source in SOURCES]
    pure = {name: import_module(name) for name in names}
    sys.path.insert(0, str(folder))
    policy.market.__path__.insert(0, str(folder / "policy" / "market"))
    try:
        for name in names:
            del sys.modules[name]
        matcher = import_module(names[-1])
    finally:
        sys.modules.update(pure)
        for name, module in pure.items():
            setattr(policy.market, name.rpartition(".")[2], module)
        policy.market.__path__.pop(0)
        sys.path.pop(0)
    return matcher


def extensions(folder: Path) -> list[Path]:
    """What was built in `folder`."""
    return sorted(p for p in (folder / "policy" / "market").iterdir() if p.suffix in (".so", ".pyd"))


def main() -> None:
    """Compile in place, or take back what was compiled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--in-place", action="store_true")
    what.add_argument("--remove", action="store_true")
    if parser.parse_args().remove:
        for extension in extensions(_PACKAGE.parents[1]):
            extension.unlink()
        return
    with TemporaryDirectory() as folder:
        try:
            build(Path(folder))
        except NotCompiled as why:
            sys.exit(f"not compiled: {why}")
        for extension in extensions(Path(folder)):
            print(copy(extension, _PACKAGE))


if __name__ == "__main__":
    main()

"""What pytest adds to the tests in rules: `pytest` beside `policy test`, on the shipped rulebook.

python tests/benchmarks/plugin.py

Whole processes, one at a time, medians of five; `policy test` tries properties on all processors, pytest on one.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import machine
from check import whole

from policy import resources


def main() -> None:
    """Prints a row for each."""
    rules = str(resources.folder("rulesets"))
    with TemporaryDirectory() as folder, machine.watched() as watch:
        kept = {"POLICY_CACHE": str(Path(folder) / "cache")}
        ours = whole([sys.executable, "-m", "policy", "test", rules], kept)
        plugins = ["-p", "policy.pytest_plugin", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
        theirs = whole([sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", *plugins, rules], kept)
    for name, taken in (("policy test", ours), ("pytest", theirs)):
        share = f"{taken.processor / ours.processor:5.3f} ×"
        print(f"{name:12} {taken.wall:6.2f} s {taken.processor:6.2f} s of processor {share}")
    print(f"\n{watch.told()}")


if __name__ == "__main__":
    main()

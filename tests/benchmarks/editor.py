"""How long an author waits for findings: from an edit of the shipped rulebook to the diagnostics of the new text.

    python tests/benchmarks/editor.py [EDITS]

Edits are recorded as an author makes them: three rules are typed from nothing, letter by letter, into the largest
files; then words of rules all over the rulebook are broken and mended again. What is measured is all that the server
does between the edit and the findings that it then tells, but for the pause of 50 ms in which it waits for the next
letter. It ends with the same diagnostics as a fresh check, or fails. A tenth of the edits are then made in a rulebook
of 10,000 rules.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import quantiles

sys.path.append(str(Path(__file__).parents[1] / "support"))

import check
import machine
from lsprotocol import types

from policy import resources
from policy.lsp.protocol import Places
from policy.lsp.workspace import Told, Workspace
from policy.pipeline import check as checked, read_folder
from typing_rules import broken_and_mended, typed

FOLDER = resources.folder("rulesets")
MANY = 10_000  # rules


def edits(folder: Path, most: int) -> Iterator[tuple[Path, str, str]]:
    """Files, what their texts become, and what kind of edit it is."""
    files = sorted(folder.glob("*.policy"), key=lambda f: (-f.stat().st_size, f.name))
    made = 0
    for n, file in enumerate(files[:3]):
        letters = list(typed(file.read_text(encoding="utf-8"), n))
        for text in [*letters[: -1 : max(1, 5 * len(letters) // most)], letters[-1]]:
            yield file, text, "typing a rule"
            made += 1
    rng = Random(1)
    while made < most:
        file = rng.choice(files)
        for text in broken_and_mended(file.read_text(encoding="utf-8"), rng):
            yield file, text, "breaking and mending"
            made += 1


def measured(home: Path, folder: Path, most: int) -> None:
    """Edits of the files in a folder of a rulebook."""
    workspace, places = Workspace(), Places("utf-16")
    spent: dict[str, list[machine.Spent]] = {}
    versions: dict[str, int] = {}
    path = ""
    told: Told = {}
    first = machine.spent(lambda: workspace.check(str(next(folder.glob("*.policy")).resolve())))
    for file, text, kind in edits(folder, most):
        path = str(file.resolve())
        versions[path] = versions.get(path, 0) + 1

        def answer(path: str = path, text: str = text) -> list[types.Diagnostic]:
            workspace.put(path, text, versions[path])
            result = workspace.check(path)
            assert result.versions[path] == versions[path]
            news = result.news(told)
            told.update(news)
            return [places.diagnostic(d) for _, found in news.values() for d in found]

        spent.setdefault(kind, []).append(machine.spent(answer))
    result = workspace.check(path)
    unsaved = {Path(d.path): d.text.encode() for d in workspace.documents.values()}
    texts, wrong = read_folder([home], unsaved=unsaved)
    anew = sorted(map(str, checked(texts).diagnostics))
    assert not wrong
    assert sorted(str(d) for found in result.findings.values() for d in found) == anew, (
        "it differs from a fresh check"
    )
    spent["all edits"] = [x for kind in list(spent.values()) for x in kind]
    print("first check", first)
    for kind, times in spent.items():
        print(f"{kind}, {len(times):,}")
        for of in ("wall", "processor"):
            cuts = quantiles([getattr(x, of) * 1000 for x in times], n=100)
            print(f"  {of:10} p50 {cuts[49]:6.0f} ms   p95 {cuts[94]:6.0f} ms")
    print(f"the same {len(anew)} findings as a fresh check")


def main(most: int) -> None:
    print("the shipped rulebook")
    measured(FOLDER, FOLDER / "hk_sfc", most)
    print(f"{MANY:,} rules")
    with tempfile.TemporaryDirectory() as folder:
        for text in check.rulebook(MANY):
            (Path(folder) / text.name).write_bytes(text.data)
        measured(Path(folder), Path(folder), max(10, most // 10))


if __name__ == "__main__":
    with machine.watched() as watch:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
    print(watch.told())

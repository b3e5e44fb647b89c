"""Imports point down: the folders of `policy/` are layers, and data flows up through them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import policy

PACKAGE = Path(policy.__file__).parent
LAYERS = [
    {"pygments_lexer"},
    {"__main__", "pytest_plugin"},
    {"cli"},
    {"lsp"},
    {"batch", "workbooks"},
    {"documents"},
    {"scenario"},
    {"reports"},
    {"testing"},
    {"exchange", "financing", "perpetuals"},
    {"market"},
    {"verify"},
    {"interface", "overrides", "wire"},
    {"pipeline"},
    {"rulebook"},
    {"backends"},
    {"facts"},
    {"ir"},
    {"model"},
    {"syntax"},
    {"audit", "folders"},
    {"revisions"},
    {"extras", "files", "cache"},
    {"answers", "diagnostics"},
    {
        "source",
        "nodes",
        "resources",
        "lazy",
        "remembered",
        "interrupts",
        "recursion",
        "parallel",
        "progress",
        "spreadsheets",
        "vocabulary",
    },
]
LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}


def module_name(file: Path) -> str:
    return ".".join(["policy", *file.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


FILES = {module_name(f): f for f in sorted(PACKAGE.rglob("*.py")) if f != PACKAGE / "__init__.py"}


def imported(file: Path) -> Iterator[str]:
    """Every module a file imports: at its top, inside functions, and for type checkers only."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES else str(node.module)


def folder(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    assert folder(name) in LEVEL, f"`{folder(name)}` has no place in the layers"
    for other in imported(FILES[name]):
        if other.startswith("policy."):
            down = LEVEL[folder(other)] > LEVEL[folder(name)]
            assert down or folder(other) == folder(name), f"{name} must not import {other}"


def test_only_the_parser_imports_lark() -> None:
    users = {folder(n) for n, f in FILES.items() if any(i.split(".")[0] == "lark" for i in imported(f))}
    assert users == {"syntax"}


def test_engines_import_no_backend() -> None:
    engines = {"exchange", "margin", "market", "financing", "perpetuals", "scenario"}
    users = {
        n
        for n, f in FILES.items()
        if folder(n) in engines and any(i.startswith("policy.backends") for i in imported(f))
    }
    assert not users


def test_no_module_imports_itself_by_way_of_others() -> None:
    edges = {n: {i for i in imported(f) if i in FILES and i != n} for n, f in FILES.items()}
    while free := {n for n, wanted in edges.items() if not wanted}:
        edges = {n: wanted - free for n, wanted in edges.items() if n not in free}
    assert not edges, f"these import each other in a circle: {sorted(edges)}"


def test_contributing_shows_every_layer() -> None:
    page = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = page.partition("## The layers\n")[2].partition("\n## ")[0]
    there = {folder for folder in LEVEL if (PACKAGE / folder).exists() or (PACKAGE / f"{folder}.py").exists()}
    missing = {folder for folder in there - {"__main__"} if f"{folder}/" not in shown and f"{folder}.py" not in shown}
    assert not missing, f"CONTRIBUTING does not show where {sorted(missing)} stand"

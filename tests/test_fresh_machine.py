"""Machines that lack what is optional, or have it by half: commands say what to install, and tests are skipped.

Each library is hidden in turn by a package of its name that is found earlier and raises, or warns and then makes way;
programs by an empty PATH, fonts by a configuration without any, libraries of the machine's by a loader that does not
find them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import optional
import policy
from policy.documents.editions import WITHOUT_PROOFS

TESTS = Path(__file__).parent
HOUSE = str(TESTS / "corpus" / "documents" / "house")
PDF = ("report", "rulebook", "--rules", HOUSE, "--on", "2026-03-01", "--no-proofs", "--format", "pdf", "-o", "x.pdf")
TABLE = ("decide", "fee", "--rules", HOUSE, "--on", "2026-03-01", "--facts", "f.csv", "--out", "o.csv")
COMMANDS = {  # with the library and the extra that each asks for first
    PDF: ("weasyprint", "pdf"),
    ("report", "pack", "pack", "--rules", HOUSE, "--on", "2026-03-01", "--no-proofs", "--pdf"): ("weasyprint", "pdf"),
    (*PDF[:-3], "xlsx", "-o", "x.xlsx"): ("xlsxwriter", "xlsx"),
    ("report", "pack", "pack", "--rules", HOUSE, "--on", "2026-03-01", "--no-proofs", "--xlsx"): (
        "xlsxwriter",
        "xlsx",
    ),
    ("tables", "export", HOUSE, "-o", "rules.xlsx"): ("xlsxwriter", "xlsx"),
    ("report", "rulebook", "--rules", HOUSE, "--on", "2026-03-01"): ("z3", "proofs"),
    ("verify", HOUSE): ("z3", "proofs"),
    ("diff", HOUSE, HOUSE): ("z3", "proofs"),
    ("test", HOUSE, "--mutate"): ("z3", "proofs"),
    ("explain", "may_trade", "--rules", HOUSE, "--on", "2026-03-01", "--facts", "f.json", "--how", "permitted"): (
        "z3",
        "proofs",
    ),
    TABLE: ("polars", "columns"),
    ("backtest", HOUSE, HOUSE, "--history", "f.csv", "--question", "fee", "--on", "2026-03-01"): (
        "polars",
        "columns",
    ),
    ("demo", "--rows", "10"): ("polars", "columns"),
    ("lsp",): ("pygls", "lsp"),
    ("stress", "portfolio", "my-book", "--path", "BTC=f.csv", "--paths", "10", "--engine", "gpu"): ("cupy", "gpu"),
}
LIBRARIES = ("weasyprint", "xlsxwriter", "z3", "polars", "pyarrow", "pandas", "pyspark", "pygls", "cupy")
OTHERS = ("jsonschema", "markdown_it", "linkify_it", "axe_core_python", "python_calamine")  # that only tests ask for
STUBS = {
    "absent": "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)",
    "raises": "print('half here'); raise ImportError('built for another\\n  Python')",
    "does not load": "print('half here'); raise OSError('libnothing.so.0: cannot open shared object file')",
    "fails": "raise RuntimeError('no such processor')",
    "warns": """
import importlib, os, sys, warnings
warnings.warn("this library grows old", DeprecationWarning, stacklevel=1)
warnings.warn("this library grows old", UserWarning, stacklevel=1)
print("half here")
_hidden = os.path.dirname(os.path.dirname(__file__))
sys.path.remove(_hidden)
del sys.modules[__name__]
importlib.import_module(__name__)
sys.path.insert(0, _hidden)
""",
    "is there": "",
}
NO_LIBRARY = """
import cffi
_dlopen = cffi.FFI.dlopen
def dlopen(self, name, flags=0):
    if {name!r} in str(name):
        raise OSError(f"cannot load library {{name}}")
    return _dlopen(self, name, flags)
cffi.FFI.dlopen = dlopen
"""
NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>'


def stubs(folder: Path, how: str, *libraries: str) -> dict[str, str]:
    """The environment in which these libraries are not what they should be."""
    for library in libraries:
        (folder / "stubs" / library).mkdir(parents=True)
        if how != "is empty":
            (folder / "stubs" / library / "__init__.py").write_text(STUBS[how], encoding="utf-8")
    return {"PYTHONPATH": str(folder / "stubs")}


def no_programs(folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir()
    return {"PATH": str(folder / "bin"), "JAVA_HOME": ""}


def no_fonts(folder: Path) -> dict[str, str]:
    (folder / "fonts.conf").write_text(NO_FONTS, encoding="utf-8")
    return {"FONTCONFIG_FILE": str(folder / "fonts.conf")}


def run(folder: Path, words: tuple[str, ...], *changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command in a folder with facts in it."""
    (folder / "f.csv").write_text("client.worth\n5.00\n", encoding="utf-8")
    (folder / "f.json").write_text('{"client": {"name": "A", "verified": false, "worth": "5.00 HKD"}}')
    command = [sys.executable, "-W", "default", "-m", "policy", *words]
    environment = {k: v for change in (dict(os.environ), *changes) for k, v in change.items()}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def refused(done: subprocess.CompletedProcess[str], message: str, help: str) -> None:
    assert (done.stdout, done.stderr) == ("", f"error[missing-extra]: {message}\n  help: {help}\n\n")
    assert done.returncode == 2


# ── commands ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(w for w in words[:2] if w != HOUSE))
def test_a_command_names_the_extra_that_is_absent(words: tuple[str, ...], tmp_path: Path) -> None:
    library, extra = COMMANDS[words]
    done = run(tmp_path, words, stubs(tmp_path, "absent", *LIBRARIES))
    instead = f"; or {WITHOUT_PROOFS}" if words[0] == "report" else ""
    help = f"pip install 'policy-that-runs[{extra}]'" + (instead if extra == "proofs" else "")
    refused(done, f"this needs `{library}`, which is not installed", help)
    assert {p.name for p in tmp_path.iterdir()} == {"stubs", "f.csv", "f.json"}


@pytest.mark.parametrize("how", ["raises", "does not load", "fails"])
@pytest.mark.parametrize(
    ("words", "library", "extra"), [(PDF, "weasyprint", "pdf"), (("verify", HOUSE), "z3", "proofs")]
)
def test_a_command_tells_what_a_library_says_that_is_half_there(
    words: tuple[str, ...], library: str, extra: str, how: str, tmp_path: Path
) -> None:
    reason = {
        "raises": "ImportError: built for another Python",
        "does not load": "OSError: libnothing.so.0: cannot open shared object file",
        "fails": "RuntimeError: no such processor",
    }[how]
    help = f"pip install --force-reinstall 'policy-that-runs[{extra}]'"
    if library == "weasyprint" and how == "does not load":
        help = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    done = run(tmp_path, words, stubs(tmp_path, how, library))
    refused(done, f"this needs `{library}`, which is installed and does not load: {reason}", help)


@pytest.mark.parametrize(
    ("missing", "how"),
    [
        ("polars", "absent"),
        ("pyarrow", "absent"),
        ("pandas", "absent"),
        ("pyspark", "absent"),
        ("pyspark", "is empty"),
    ],
)
def test_a_cluster_names_the_library_that_is_absent(missing: str, how: str, tmp_path: Path) -> None:
    if how == "is empty" and optional.file_of(missing, "__init__.py"):
        pytest.skip(f"{missing} is installed, and loads before a folder of its name")
    there = stubs(tmp_path / "there", "is there", *({"polars", "pyarrow", "pandas", "pyspark"} - {missing}))
    path = os.pathsep.join([stubs(tmp_path, how, missing)["PYTHONPATH"], there["PYTHONPATH"]])
    extra = "columns" if missing in ("polars", "pyarrow") else "spark"
    help = f"pip install 'policy-that-runs[{extra}]'"
    done = run(tmp_path, (*TABLE, "--engine", "local[1]"), {"PYTHONPATH": path})
    refused(done, f"this needs `{missing}`, which is not installed", help)


@pytest.mark.parametrize("java", ["absent", "broken", "not where JAVA_HOME says"])
def test_a_cluster_asks_for_java(java: str, tmp_path: Path) -> None:
    optional.columns()
    environment = stubs(tmp_path, "is there", "pandas", "pyspark") | no_programs(tmp_path)
    message = "which is not installed"
    if java == "broken":
        (tmp_path / "bin" / "java").write_text(f"#!{shutil.which('false')}\n")
        (tmp_path / "bin" / "java").chmod(0o755)
        message = "which does not run"
    if java == "not where JAVA_HOME says":
        environment["JAVA_HOME"] = str(tmp_path / "nowhere")
        message = "which does not run"
    done = run(tmp_path, (*TABLE, "--engine", "local[1]"), environment)
    assert f"error[missing-extra]: this needs `java`, {message}" in done.stderr
    assert "apt install default-jre-headless" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(
    "library", ["z3", *(pytest.param(library, marks=pytest.mark.slow) for library in ("polars", "weasyprint"))]
)
def test_what_a_library_warns_of_is_not_shown(library: str, tmp_path: Path) -> None:
    optional.library(library, "dev")
    words = {"z3": ("verify", HOUSE), "polars": (*TABLE, "--format", "json"), "weasyprint": PDF}[library]
    if library == "weasyprint":
        optional.pdf()
    warned = run(tmp_path, words, stubs(tmp_path, "warns", library))
    usual = run(tmp_path, words)
    assert "grows old" not in warned.stderr
    assert "half here" not in warned.stdout
    assert warned.returncode == usual.returncode != 2
    assert warned.stderr == usual.stderr


def test_without_pango_a_pdf_names_its_packages(tmp_path: Path) -> None:
    """WeasyPrint prints advice of its own before it raises."""
    optional.library("weasyprint", "pdf")
    (tmp_path / "sitecustomize.py").write_text(NO_LIBRARY.format(name="pango"), encoding="utf-8")
    done = run(tmp_path, PDF, {"PYTHONPATH": str(tmp_path)})
    packages = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    reason = "which is installed and does not load: OSError: cannot load library libpango-1.0-0"
    refused(done, f"this needs `weasyprint`, {reason}", f"apt install {packages}")


@pytest.mark.slow
def test_without_fonts_a_pdf_names_their_packages(tmp_path: Path) -> None:
    optional.library("weasyprint", "pdf")
    done = run(tmp_path, PDF, no_fonts(tmp_path))
    help = "apt install fonts-dejavu-core fonts-noto-cjk"
    refused(done, "a PDF needs fonts, and none is installed", help)
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.slow
def test_without_a_configuration_of_fonts_a_pdf_is_made_without_a_word(tmp_path: Path) -> None:
    """Fontconfig, which then looks in the usual places, says so past Python."""
    optional.pdf()
    done = run(tmp_path, PDF, {"FONTCONFIG_FILE": str(tmp_path / "none.conf")})
    assert (done.returncode, done.stderr) == (0, "the document is in x.pdf\n")


PRINTED_TWICE = """
import time
from policy.reports.pdf import pdf_of
page = '<html lang="en"><p>Virtual assets</p></html>'
first, real = pdf_of(page), time.time
from weasyprint.text.ffi import harfbuzz_subset
assert harfbuzz_subset is None
time.time = lambda: real() + 1_000_000
assert pdf_of(page) == first
print(len(first))
"""


def test_without_harfbuzz_subset_a_pdf_is_printed_without_a_word_and_the_same_again(tmp_path: Path) -> None:
    """WeasyPrint warns, cuts fonts with fontTools instead, and that writes the time into them."""
    optional.pdf()
    (tmp_path / "sitecustomize.py").write_text(NO_LIBRARY.format(name="harfbuzz-subset"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRINTED_TWICE],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 1_000


# ── tests ───────────────────────────────────────────────────────────────────────────────────


def asking() -> list[str]:
    """The files of tests that ask for what is optional."""
    files = (f for f in sorted(TESTS.rglob("test_*.py")) if f != Path(__file__))
    direct = {f.stem for f in TESTS.rglob("*.py") if re.search("^import optional$", f.read_text(), re.MULTILINE)}
    through = re.compile(rf"^(?:from|import) ({'|'.join(direct - {'optional'})})\b", re.MULTILINE)
    return [str(f) for f in files if f.stem in direct or through.search(f.read_text(encoding="utf-8"))]


def pytest_of(folder: Path, words: list[str], *changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "-n", "0", *words, *asking()]
    environment = {k: v for change in (dict(os.environ), *changes) for k, v in change.items()}
    environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_")}
    options = ["--basetemp", str(folder / "tests")]
    return subprocess.run(
        [*command, *options], cwd=TESTS.parent, env=environment, capture_output=True, text=True, timeout=1800
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["absent", "does not load", "raises", "fails", "warns"])
def test_tests_are_collected_whatever_is_there(how: str, tmp_path: Path) -> None:
    changes = (stubs(tmp_path, how, *LIBRARIES, *OTHERS), no_programs(tmp_path), no_fonts(tmp_path))
    done = pytest_of(tmp_path, ["--collect-only"], *changes)
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "error" not in done.stdout.rpartition("\n\n")[2]


def lines_of_skips(told: str) -> Iterator[str]:
    yield from (line for line in told.splitlines() if line.startswith("SKIPPED"))


@pytest.mark.slow
def test_tests_pass_or_say_what_to_install(tmp_path: Path) -> None:
    """Every other library is absent, the rest are there and fail."""
    absent = stubs(tmp_path / "absent", "absent", *LIBRARIES[::2], *OTHERS[::2])["PYTHONPATH"]
    failing = stubs(tmp_path / "failing", "fails", *LIBRARIES[1::2], *OTHERS[1::2])["PYTHONPATH"]
    hidden = {"PYTHONPATH": os.pathsep.join([absent, failing])}
    done = pytest_of(tmp_path, [], hidden, no_programs(tmp_path), no_fonts(tmp_path))
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert not failed, done.stdout[-5_000:]
    assert done.returncode == 0, done.stdout[-5_000:]
    said = [line for line in lines_of_skips(done.stdout) if "the recorded" not in line and "schema" not in line]
    assert len(said) > 10
    assert [line for line in said if " install " not in line] == []


@pytest.mark.slow
def test_tests_pass_without_harfbuzz_subset(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_LIBRARY.format(name="harfbuzz-subset"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", str(TESTS / "reports" / "test_pdf.py")],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-5_000:]


# ── one home for each ───────────────────────────────────────────────────────────────────────

PROBES = {"find_spec", "which", "importorskip", "there_is_a_solver"}
HOMES = {"policy/extras.py", "tests/support/optional.py", "tests/test_fresh_machine.py"}


def probes(file: Path) -> Iterator[str]:
    """Where a file asks for itself whether something is there."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else name
        if name in PROBES and (name != "which" or ast.unparse(node.func) == "shutil.which"):
            yield f"{file}:{node.lineno}: {name}"
        if isinstance(node, ast.ExceptHandler) and node.type and "ImportError" in ast.unparse(node.type):
            yield f"{file}:{node.lineno}: except {ast.unparse(node.type)}"


def test_what_is_optional_is_asked_for_in_one_place() -> None:
    package = Path(policy.__file__).parent
    benchmarks = TESTS / "benchmarks"  # which say what to install themselves
    files = [*package.rglob("*.py"), *(f for f in TESTS.rglob("*.py") if benchmarks not in f.parents)]
    homes = {package.parent / home for home in HOMES}
    assert [p for f in files if f not in homes for p in probes(f)] == []

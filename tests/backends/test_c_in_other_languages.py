"""The rulebook in C, called from C++, Rust and Java: `order_accepted` gives what the conformance corpus says."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import native_languages as languages
import optional
from native import STRICT, Library, built, compiler, told
from native_languages import Line
from policy import resources
from policy.backends.c.compile import compiled
from policy.backends.c.layout import Asked
from policy.cli import main
from policy.pipeline import check, dated, program, read_folder
from policy.source import Source
from policy.testing.conformance import corpus_text

QUESTION = "hk.sfc.orders.order_accepted"
Right = tuple[Library, Asked, list[Line], Path]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Right:
    """The library, and what it is to answer."""
    compiler()
    folder = tmp_path_factory.mktemp("native")
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    undated = program(checked)
    library = built(compiled(undated, [undated.functions[QUESTION]]), folder, "-O2")
    asked, rows = library.layout.asked[QUESTION], []
    for line in list(corpus_text(checked.model, undated.digest, "", [QUESTION], 200))[1:]:
        row = json.loads(line)
        book = dated(undated, row["on"])
        read = book.reader(QUESTION).read(Source("<facts>", json.dumps(row["facts"])))
        assert isinstance(read, tuple)
        meant = told(book.interpreter(QUESTION).answer(*read))
        said = (row["outcome"], row["value"], tuple(row["reasons"]), tuple(row["needs"]), row["fault"])
        assert said == meant
        rows.append((date.fromisoformat(row["on"]).toordinal(), read[0], meant))
    outcomes = [meant[0] for _, _, meant in rows]
    assert all(outcomes.count(o) > 9 for o in ("permitted", "denied", "undecided")), outcomes
    return library, asked, languages.lines_of(library, asked, rows), folder


def run(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
    return done.stdout


def archive(folder: Path, source: Path) -> Path:
    run(compiler(), *STRICT, "-O2", "-c", source, "-o", folder / "rulebook.o")
    return folder / "rulebook.o"


@pytest.mark.slow
def test_cpp(right: Right) -> None:
    cxx = optional.program("g++", "g++", "clang++")
    library, asked, lines, folder = right
    (folder / "corpus.cpp").write_text(languages.cpp(library, asked, lines), encoding="utf-8")
    made = archive(folder, folder / "rulebook.c")
    run(cxx, "-std=c++17", "-Wall", "-Wextra", "-Werror", folder / "corpus.cpp", made, "-o", folder / "corpus_cpp")
    assert run(folder / "corpus_cpp") == f"{len(lines)} right, 0 wrong\n"


@pytest.mark.slow
def test_rust(right: Right) -> None:
    rustc = optional.program("rustc", "rustc")
    library, asked, lines, folder = right
    (folder / "corpus.rs").write_text(languages.rust(library, asked, lines), encoding="utf-8")
    made = archive(folder, folder / "rulebook.c")
    run(rustc, "-O", folder / "corpus.rs", "-C", f"link-arg={made}", "-o", folder / "corpus_rs")
    assert run(folder / "corpus_rs") == f"{len(lines)} right, 0 wrong\n"


@pytest.mark.slow
def test_java(right: Right) -> None:
    javac, java = (
        optional.program("openjdk-17-jdk-headless", "javac"),
        optional.program("default-jre-headless", "java"),
    )
    version = run(javac, "--version")
    if version.split()[1].split(".")[0] != "17":
        pytest.skip(f"this needs `javac` 17, whose foreign interface it uses, and finds {version.strip()}")
    library, asked, lines, folder = right
    text, rows = languages.java(library, asked, lines)
    (folder / "Corpus.java").write_text(text, encoding="utf-8")
    (folder / "rows.txt").write_text(rows, encoding="utf-8")
    modules = ("--add-modules", "jdk.incubator.foreign")
    run(javac, *modules, "-d", folder, folder / "Corpus.java")
    shared = folder / "librulebook.so"
    done = run(
        java, *modules, "--enable-native-access=ALL-UNNAMED", "-cp", folder, "Corpus", shared, folder / "rows.txt"
    )
    assert done == f"{len(lines)} right, 0 wrong\n"


@pytest.mark.slow
def test_a_wrong_answer_is_noticed(right: Right) -> None:
    """The programs can fail: C++ with one line that says otherwise."""
    cxx = optional.program("g++", "g++", "clang++")
    library, asked, lines, folder = right
    lie = [*lines[1:3], languages.Line(lines[0].record, lines[0].on, 4, 0, lines[0].needs)]
    (folder / "lie.cpp").write_text(languages.cpp(library, asked, lie), encoding="utf-8")
    made = archive(folder, folder / "rulebook.c")
    run(cxx, folder / "lie.cpp", made, "-o", folder / "lie")
    done = subprocess.run([str(folder / "lie")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "2 right, 1 wrong\n")


@pytest.mark.slow
def test_the_corpus_is_read_back() -> None:
    """Every line's facts, read as JSON, give the line's answer; two runs give the same lines."""
    checked = check(read_folder((resources.folder("rulesets"),))[0])
    undated = program(checked)
    questions = ["hk.sfc.haircuts.lending_value", "hk.sfc.professional_investors.professional_investor"]
    lines = list(corpus_text(checked.model, undated.digest, "", questions, 5))
    assert lines == list(corpus_text(checked.model, undated.digest, "", questions, 5))
    assert json.loads(lines[0]) == {"corpus": 1, "rulebook": undated.digest, "under": ""}
    seen: set[Any] = set()
    for line in lines[1:]:
        row = json.loads(line)
        answer = dated(undated, row["on"]).ask(row["question"], json.dumps(row["facts"]))
        assert answer.outcome.value == row["outcome"]
        assert list(answer.needs) == row["needs"]
        seen.add((row["question"], row["outcome"]))
    assert len(seen) >= 4


def test_a_corpus_under_an_overlay_of_several_rulesets() -> None:
    """Its answers are those under all of them, and the facts of their tests are among its own."""
    command = ["corpus", "--under", "example.house", "--question", "lending_value", "--random", "2"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    head, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert head["under"] == "example.house"
    undated = program(check(read_folder((resources.folder("rulesets"),))[0]), "example.house")
    assert undated.digest == head["rulebook"]
    for row in rows:
        assert (
            dated(undated, row["on"]).ask(row["question"], json.dumps(row["facts"])).outcome.value == row["outcome"]
        )
    alone = CliRunner().invoke(main, ["corpus", "--under", "example.house.haircuts", *command[3:]])
    assert alone.exit_code == 0
    assert alone.stdout.splitlines()[1:] == done.stdout.splitlines()[1:], "no other part of it touches a haircut"

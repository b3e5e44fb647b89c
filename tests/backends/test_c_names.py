"""The rulebook as C: whatever rules are called, and whatever their texts are, the source is C and its header C++."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import optional
from native import UNDEFINED, Library, built, compiler, told
from policy.backends.c.compile import compiled, questions_of
from policy.backends.c.names import Identifiers
from policy.pipeline import RulesFile, check, dated, program

HEAD = 'language 1\nruleset t "t"\nsource S "s" status official\nprovision S/1 "one"\n'


def library_of(texts: Sequence[str], folder: Path, *flags: str) -> Library:
    """All questions of some files; skipped without a compiler."""
    compiler()
    checked = check([RulesFile(f"{n}.policy", text.encode()) for n, text in enumerate(texts)])
    assert not checked.errors, checked.errors
    undated = program(checked)
    return built(compiled(undated, questions_of(undated)), folder, *flags)


HOSTILE = r"""
enum Kind { int "*/ int x; /*" zh "??/", while "a", while_ "b" }
record struct { class: integer "a */ #error b ??/"  given: integer  size: integer  present: Kind  NULL: integer
  namespace: optional integer  int_: integer  int: integer }
value int_main(struct: struct) -> integer "*/ return 1; /* ??/ \\"
  = struct.class + struct.given + struct.int_ - struct.int per S/1
value int(struct: struct) -> integer "%d %s ??>" = struct.size + struct.NULL + (struct.namespace default 1) per S/1
decision goto(auto: struct, facts: integer, on: integer, answer: integer, t1: integer) "x" otherwise deny "*/"
  permit return when auto.present is while or facts + on + answer + t1 > 3 because "/* */ // \\" per S/1
  permit while_ when auto.present is while_ because "b" per S/1
decision int_main_answer(L1: integer, c: integer, p0: integer) "x" otherwise permit "*/"
  deny a when L1 + c + p0 > 3 because "\"; abort(); \"" per S/1
"""


def test_rules_that_are_hostile_to_c(tmp_path: Path) -> None:
    """Keywords, names that meet, comments that end, trigraphs: the text compiles as C and, its header, as C++."""
    library = library_of([HEAD + HOSTILE], tmp_path, "-O0", *UNDEFINED)
    book = dated(library.layout.program, "2026-03-01")
    r = book.records["struct"](class_=1, given=2, size=3, present="while_", NULL=4, namespace=None, int_=7, int=9)
    for id, arguments in (
        ("t.int_main", (r,)),
        ("t.int", (r,)),
        ("t.goto", (r, 1, 1, 1, 1)),
        ("t.int_main_answer", (1, 2, 3)),
    ):
        assert library.ask(id, 739_676, arguments) == told(book.interpreter(id).answer(*arguments))
    names = [a.c for a in library.layout.asked.values()]
    assert len(set(names)) == len(names)
    as_cpp(tmp_path / "rulebook.h")


OURS = """
record texts { a: integer  l: list of text  int64_t: integer  policy_texts: list of text  typeof_unqual: boolean }
record Q { policy_Q_list: list of P  ps: list of list of P }
record P { a: integer }
record Q_list { a: integer }
record Out { x: optional integer  x_present: boolean  y: P  y_a: integer }
value status(x: texts) -> integer "s" = x.a + x.int64_t + count(y for y in x.l where y is "a") per S/1
value numbers(x: texts) -> boolean "n" = any(y is "a" for y in x.policy_texts) or x.typeof_unqual per S/1
value int128(q: Q, l: Q_list) -> integer "i"
  = sum(p.a for p in q.policy_Q_list) + l.a + sum(sum(p.a for p in ps) for ps in q.ps) per S/1
value out(p: P) -> Out "o" = { x: p.a, x_present: false, y: p, y_a: 7 } per S/1
"""
ONE = 'value %s(a: integer) -> integer "v" = a per S/1\n'
NAMED = {
    "policy": OURS,
    "year": ONE % "of",
    "no": ONE % "needs",
    "divide": ONE % "up_64",
    "same": ONE % "texts",
    "int64": ONE % "t",
    "rulebook": ONE % "rows" + ONE % "messages",
    "t": ONE % "may",
    **{f"{word}.t": ONE % "may" for word in ("check", "exact", "complete", "row")},
}


def test_rules_named_like_what_is_in_the_source(tmp_path: Path) -> None:
    """The source compiles as C, its header as C++, and every member stands there once."""
    texts = []
    for n, (ruleset, rules) in enumerate(NAMED.items()):
        head = HEAD.replace("ruleset t", f"ruleset {ruleset}").replace("S", f"S{n}")
        texts.append(head + rules.replace("S/", f"S{n}/"))
    library = library_of(texts, tmp_path)
    for answer in library.answers.values():
        assert len({name for name, *_ in answer._fields_}) == len(answer._fields_)
    as_cpp(tmp_path / "rulebook.h")


def as_cpp(header: Path) -> None:
    """Compiles a header as C++."""
    cxx = optional.program("g++", "g++", "clang++")
    strict = ("-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only")
    subprocess.run([cxx, *strict, "-include", str(header), "-x", "c++", "/dev/null"], check=True)


def test_names_that_meet_are_kept_apart() -> None:
    names = Identifiers()
    claimed = [names.claim(n) for n in ("a.b", "a_b", "int", "a.b", "EOF", "errno")]
    assert claimed == ["a_b", "a_b_", "int_", "a_b_3", "m_EOF", "errno_"]

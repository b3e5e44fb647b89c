"""Mutants: every kind of mistake, what the type checker refuses, and the tests that are missing as text."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from cases_of_rules import HEAD
from policy.cli import main
from policy.pipeline import Checked, RulesFile, check
from policy.source import Source
from policy.syntax import tree
from policy.syntax.from_text import decode, parse
from policy.syntax.to_text import formatted
from policy.testing import mutation
from policy.testing.miscited import CITATION
from policy.testing.missing import Expected, Nameless, as_tests, completed, home, wrapped
from policy.testing.mutants import Site, slips
from policy.testing.mutation import Fate, Mutation, Score, mutated
from policy.testing.mutators import MUTATORS, Words
from policy.verify.prove import Limits

EVERYTHING = """
enum Class { coin, share, bond }
enum Side { buy, sell }
record Lot { size: integer at least 0  sold: boolean  class: Class }
record Order { side: Side  price: integer at least 1  sequence: integer at least 0 }
set accepted of Class
  = { coin } per LAW/1
  from 2026-02-11 add { bond } per LAW/2
parameter cap: money(HKD) stricter when lower = 5 HKD per LAW/1
table fee(class: Class, size: integer) -> rate
  first row that applies
  | class       | size          | fee | per   |
  | coin, share | > 0 and <= 10 | 1%  | LAW/1 |
  | in accepted | any           | 2%  | LAW/1 |
  | any         | any           | 3%  | LAW/2 |
value weight(lots: list of Lot, day: date) -> integer =
  if day > 2026-02-11 + 2 months then sum(l.size for l in lots where not l.sold) - 3 else 7 per LAW/1
value part(value: money(HKD)) -> money(HKD) = round down to 0.01 (value * 40%) per LAW/1
decision allowed(class: Class, value: money(HKD))
  otherwise deny
  permit small unless value > cap when class in accepted and value >= 0 HKD from 2026-02-11 per LAW/1
priority queue(o: Order)
  best o.price for o.side per LAW/1
  then lowest o.sequence per LAW/1
"""


def checked(text: str, *more: str) -> Checked:
    texts = [
        RulesFile("t.policy", (HEAD + text).encode()),
        *(RulesFile(f"{n}.policy", t.encode()) for n, t in enumerate(more)),
    ]
    found = check(texts)
    assert not found.errors, found.errors
    return found


def sites(text: str) -> tuple[Mutation, list[Site]]:
    made = Mutation.of(checked(text), Limits(1))
    return made, list(made.mutants.sites())


def test_every_kind_of_mistake_is_made_somewhere() -> None:
    file = parse(decode("t.policy", (HEAD + EVERYTHING).encode())[0]).file
    words = Words.of([file])
    made = {slip.kind for d in file.declarations for slip in slips(d, words)}
    assert made == {kind for some in MUTATORS.values() for kind, _ in some}


def test_a_slip_changes_the_declaration_and_nothing_else() -> None:
    file = parse(decode("t.policy", (HEAD + EVERYTHING).encode())[0]).file
    words = Words.of([file])
    for d in file.declarations:
        for slip in slips(d, words):
            assert slip.node != d, slip.says
            assert isinstance(slip.node, type(d)), slip.says


def test_what_makes_no_sense_is_no_mutant() -> None:
    made, found = sites("value net(paid: money(HKD), fee: money(HKD)) -> money(HKD) = paid - fee per LAW/1\n")
    fates = {site.says: made.mutants.mutant(site) for site in found}
    assert fates["`*` for `-`"] is None
    assert fates["`+` for `-`"] is not None


def test_a_mutant_may_be_the_same_program() -> None:
    made, found = sites("value v(a: integer) -> integer = max(a, a) per LAW/1\n")
    [mutant] = [made.mutants.mutant(s) for s in found if s.says == "`min` for `max`"]
    assert mutant is not None
    assert [f.id for f in mutant.functions] == ["t.v"]
    made, found = sites(
        "table v(a: boolean) -> integer\n  exactly one row applies\n  | a | v | per |\n"
        "  | true | 1 | LAW/1 |\n  | false | 2 | LAW/1 |\n"
    )
    [same] = [made.mutants.mutant(s) for s in found if s.says == "hit policy `first`, not `only`"]
    assert same is not None
    assert same.functions == ()


def test_a_parameter_is_tried_in_what_uses_it() -> None:
    made, found = sites(
        "parameter cap: integer = 5 per LAW/1\nvalue twice(a: integer) -> integer = a + cap per LAW/1\n"
        'test "both" expect twice(1) = 6\n'
    )
    for site in found:
        if site.asked == "t.cap" and site.kind != CITATION:
            assert [r.fate for r in made.fare([site]) if r] == [Fate.KILLED]


def test_lines_break_after_commas_outside_of_texts() -> None:
    line = '  expect f({ a: "' + "x, " * 60 + '" }, 1) = 2'
    assert wrapped(line) == [line[: line.index("1)")].rstrip(), "    1) = 2"]
    assert wrapped("  expect f(1) = 2") == ["  expect f(1) = 2"]


def test_tests_go_where_a_rulebook_keeps_them() -> None:
    law = "parameter cap: integer = 5 per LAW/1\n"
    of_tests = 'language 1 ruleset {} "tests" import t {}'
    rules = checked(law, of_tests.format("edges", ""), of_tests.format("more", "import edges"))
    assert home(rules.model, "t.cap", "") == "edges"
    assert home(checked(law).model, "t.cap", "") == "t"
    assert home(rules.model, "t.cap", "house") == "house"


def test_a_title_stands_once_in_a_file() -> None:
    model = checked('parameter cap: integer "the cap" = 5 per LAW/1\ntest "the cap (edges)" expect cap = 5\n').model
    on = [Expected("t", "t.cap", day, "expect cap = 5") for day in ("2026-01-01", "2026-01-02")]
    assert [line for line in as_tests(model, on)["t"].splitlines() if line.startswith("test")] == [
        'test "the cap (edges 2)" on 2026-01-01',
        'test "the cap (edges 3)" on 2026-01-02',
    ]


@pytest.mark.parametrize("text", ["expect cap = 4", "expect cap", "expect cup = 5", "expect double(1) = 6"])
def test_what_does_not_kill_is_not_written(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    optional.library("z3", "proofs")
    rules = checked(
        "parameter cap: integer = 5 per LAW/1\nvalue double(a: integer) -> integer = a + 5 per LAW/1\n"
        'test "double" expect double(1) = 6 per LAW/1\n'
    )
    monkeypatch.setattr(mutation, "expected", lambda *_: Expected("t", "t.cap", "2026-01-01", text))
    score = mutated(rules, Limits(1), 1)
    assert score.count(Fate.SURVIVED) == 4  # two numbers and two citations of `cap`
    assert score.missing == ()


def test_expectations_come_to_name_provisions(tmp_path: Path) -> None:
    optional.library("z3", "proofs")
    law = tmp_path / "law.policy"
    text = (
        HEAD
        + 'decision ok(a: boolean, b: boolean)\n  otherwise deny "no" zh "否" per LAW/1, LAW/2\n'
        + "  permit one when a per LAW/1\n  permit two when b per LAW/2\n"
        + 'test "ok" on 2026-03-01\n'
        + "  expect ok(true, false) permitted by one  # a remark\n"
        + "  expect ok(false, true)\n    permitted by two\n"
        + "  expect ok(true, true) permitted by one, two\n"
        + "  expect ok(false, false) denied\n"
    )
    law.write_text(text)
    words = ["test", str(tmp_path), "--mutate", "--write", "--jobs", "1"]
    first = CliRunner().invoke(main, words)
    assert f"added 0 expectations to {law}, and named provisions in 3\n" in first.stderr
    expected = text.replace("by one  #", "by one per LAW/1  #").replace("by two\n", "by two per LAW/2\n", 1)
    assert law.read_text() == expected.replace("denied\n", "denied per LAW/1, LAW/2\n")
    second = CliRunner().invoke(main, words)
    assert second.exit_code == 0, second.output
    assert "added" not in second.stderr


def test_a_line_that_would_be_too_long_goes_on_below() -> None:
    text = f'test "x" on 2026-03-01\n  expect f("{"y" * 80}") = 1\n'
    place = Nameless("t.policy", 2, len(text) - 1)
    e = Expected("t", "t.f", "2026-03-01", "", completes=place, provisions=("LAW/1", "LAW/2_and_a_long_name"))
    assert completed(text, [e]) == text[:-1] + "\n    per LAW/1, LAW/2_and_a_long_name\n"
    source = Source("t.policy", completed(text, [e]))
    assert formatted(source, parse(source).file) == source.text


def test_written_tests_complete_a_rulebook_once(tmp_path: Path) -> None:
    optional.library("z3", "proofs")
    law, edges = tmp_path / "law.policy", tmp_path / "edges.policy"
    law.write_text(HEAD + "parameter cap: integer from 2026-02-11 = 5 per LAW/1\n")
    edges.write_text('language 1\nruleset edges "edges"\nimport t\n')
    words = ["test", str(tmp_path), "--mutate", "--write", "--jobs", "1"]
    first = CliRunner().invoke(main, words)
    assert first.exit_code == 1
    assert "added 2 expectations" in first.stderr
    written = edges.read_text()
    assert written.count("expect cap") == 2
    assert CliRunner().invoke(main, words).exit_code == 0
    assert edges.read_text() == written
    assert law.read_text() == HEAD + "parameter cap: integer from 2026-02-11 = 5 per LAW/1\n"


def test_what_an_author_saves_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    optional.library("z3", "proofs")
    law, edges = tmp_path / "law.policy", tmp_path / "edges.policy"
    law.write_text(HEAD + "parameter cap: integer from 2026-02-11 = 5 per LAW/1\n")
    edges.write_text('language 1\nruleset edges "edges"\nimport t\n')

    def edited_meanwhile(*given: object) -> Score:
        edges.write_text(edges.read_text() + "# saved\n")
        return mutated(*given)  # type: ignore[arg-type]  # handed over as it is

    monkeypatch.setattr("policy.cli.mutate.mutated", edited_meanwhile)
    done = CliRunner().invoke(main, ["test", str(tmp_path), "--mutate", "--write", "--jobs", "1"])
    assert "`edges.policy` is no file, or was changed while it was read" in done.stderr.replace(f"{tmp_path}/", "")
    assert done.exit_code == 2
    assert edges.read_text() == 'language 1\nruleset edges "edges"\nimport t\n# saved\n'


def test_the_table_names_nodes_only() -> None:
    assert all(issubclass(of, tree.Node) for of in MUTATORS)

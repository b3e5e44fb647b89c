"""Stubs of rulebooks: what a type checker finds with them, and that they declare what there is at run time."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from case_files import Case, parametrised, read
from cases_of_rules import split
from policy import resources
from policy.cli import main
from policy.facts.stubs import stub
from policy.ir.program import Program
from policy.pipeline import check, dated, load_program, program, read_folder

ROOT = Path(__file__).parents[2]
CASES = read(ROOT / "tests/corpus/stubs/records.txt")[1]

GOOD = """\
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import policy

if TYPE_CHECKING:
    import rules

rulebook = cast("rules.Rulebook", policy.load(on="2026-03-01"))
Order, Account = rulebook.records["Order"], rulebook.records["hk.sfc.margin_financing.Account"]
accepted = rulebook.evaluator("order_accepted")


def is_accepted(order: rules.Order) -> bool:
    return accepted.fast(order)


order = Order(venue="shared_book", side="buy", price=600_000_00, quantity=1_0000_0000, admitted=policy.MISSING)
draft = Order.unchecked(order, admitted=True)
draft.price = order.replace(price=1_00).price
venue: rules.Venue = order.venue
answers: list[policy.Answer] = [accepted.answer(order), accepted.answer(draft)]
minimum: int = rulebook.evaluator("hk.sfc.haircuts.minimum_virtual_asset_haircut").fast()
queue: Callable[[rules.Order], tuple[int, ...]] = rulebook.evaluator("shared_book").fast
position = rulebook.records["Position"](market_value=1_00)
account = Account(collateral=[position], call="no_call")
moved = account.replace(collateral=(*account.collateral, position))
print(venue, draft.price, minimum, len(moved.collateral), answers[0] == accepted.answer(order))


def anyhow(loaded: policy.Rulebook, evaluator: policy.PythonEvaluator) -> None: ...


anyhow(rulebook, accepted)
"""

BAD = [  # a line, and what is said of it
    ('Order(venue="sharedbook")', r'"Literal\[\'sharedbook\'\]"; expected "Literal\[\'own_book\''),
    ('Order(vnue="shared_book")', r'Unexpected keyword argument "vnue" for "Order"; did you mean "venue"\?'),
    ("accepted.fast(1)", r'Argument 1 to "fast" of "OrderAccepted" has incompatible type "int"; expected "Order"'),
    ('rulebook.evaluator("order_acepted")', r"No overload variant"),
    ('rulebook.records["Ordr"]', r'TypedDict "Records" has no key "Ordr"'),
    ("accepted.fast()", r"Too few arguments"),
    ("accepted.answer(position)", r'incompatible type "Position"; expected "Order"'),
    ("accepted.verdict(1)", r'incompatible type "int"; expected "Order"'),
    ("order.pice", r'"Order" has no attribute "pice"; maybe "price"\?'),
    ("order.price = 1", r'Property "price" defined in "Order" is read-only'),
    ('order.replace(price="1")', r'Argument "price" to "replace" of "Order"'),
    ('Order.unchecked(side="BUY")', r'Argument "side" to "unchecked" of "Order"'),
    ('draft.venue = "sharedbook"', r'expression has type "Literal\[\'sharedbook\'\]"'),
    ('Account(collateral="BTC")', r'Argument "collateral" to "Account" has incompatible type "str"'),
]


def shipped(under: str = "") -> Program:
    return load_program(read_folder([resources.folder("rulesets")])[0], under)


def of_case(case: Case) -> Program:
    return program(check(split(case.input)[0]))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["stubs", *words], prog_name="policy")


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """User's code beside the stub of the shipped rulebook, and stubs of other rulebooks."""
    made = tmp_path_factory.mktemp("stubs")
    (made / "rules.pyi").write_text(stub(shipped()), encoding="utf-8")
    (made / "house.pyi").write_text(stub(shipped("example.house")), encoding="utf-8")
    for n, case in enumerate(CASES):
        (made / f"case_{n}.pyi").write_text(stub(of_case(case)), encoding="utf-8")
    (made / "good.py").write_text(GOOD, encoding="utf-8")
    (made / "bad.py").write_text(GOOD + "\n".join(line for line, _ in BAD) + "\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> list[str]:
    """What mypy says of all of them at once."""
    files = sorted(f.name for f in folder.iterdir())
    done = python("-m", "mypy", "--strict", "--config-file=", "--no-error-summary", *files, cwd=folder)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


@parametrised("stubs")
def test_stubs(case: Case, update: bool) -> None:
    case.settle(stub(of_case(case)), update)


@pytest.mark.slow
def test_code_that_is_right_passes_and_so_do_stubs(found: list[str]) -> None:
    assert [line for line in found if not line.startswith("bad.py:")] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(BAD)), ids=[line for line, _ in BAD])
def test_a_mistake_is_one_error_at_its_line(found: list[str], number: int) -> None:
    at = len(GOOD.splitlines()) + number + 1
    (error,) = [line for line in found if line.startswith(f"bad.py:{at}: error: ")]
    assert re.search(BAD[number][1], error), error


@pytest.mark.slow
def test_nothing_else_is_an_error(found: list[str]) -> None:
    assert sum(": error: " in line for line in found) == len(BAD)


@pytest.mark.slow
def test_code_that_is_right_runs_without_the_stub(folder: Path) -> None:
    done = python("-W", "error", "good.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "shared_book 100 600000 2 True\n"


@pytest.mark.parametrize("width", ["79", "88", "118"])
def test_formatters_and_lints_leave_stubs_as_they_are(folder: Path, width: str) -> None:
    stubs = sorted(f.name for f in folder.glob("*.pyi"))
    for words in (("format", "--check"), ("check", "--extend-select", "ALL", "--ignore", "PGH004")):
        done = python("-m", "ruff", *words, "--isolated", "--line-length", width, *stubs, cwd=folder)
        assert done.returncode == 0, done.stdout


# ── what is declared is what there is ───────────────────────────────────────────────────────


def declared(text: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def literals(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def questions_in(text: str) -> dict[str, str]:
    """The class of the evaluator, by every name that a question may be asked by."""
    asked: dict[str, str] = {}
    for node in declared(text)["Rulebook"].body:
        if isinstance(node, ast.FunctionDef) and node.name == "evaluator":
            assert isinstance(node.returns, ast.Name)
            annotation = node.args.args[1].annotation
            assert annotation is not None
            asked |= dict.fromkeys(literals(annotation), node.returns.id)
    return asked


def records_in(text: str) -> dict[str, str]:
    """The class of the record, by every name that it may be looked up by."""
    (made,) = [n.value for n in ast.parse(text).body if isinstance(n, ast.Assign) and "Records" in ast.dump(n)]
    assert isinstance(made, ast.Call)
    table = made.args[1]
    assert isinstance(table, ast.Dict)
    pairs: dict[str, str] = {}
    for key, value in zip(table.keys, table.values, strict=True):
        assert isinstance(key, ast.Constant)
        assert isinstance(value, ast.Subscript)
        assert isinstance(value.slice, ast.Name)
        pairs[key.value] = value.slice.id
    return pairs


@pytest.mark.parametrize("of", ["", "example.house", *CASES], ids=["shipped", "house", *(c.title for c in CASES)])
def test_every_record_and_question_is_declared(of: Case | str) -> None:
    undated = shipped(of) if isinstance(of, str) else of_case(of)
    text, rulebook = stub(undated), dated(undated, "2026-03-01")
    records, classes = records_in(text), declared(text)
    assert records.keys() == rulebook.records.keys()
    for name, called in records.items():
        fields = rulebook.records[name]._fields
        given = classes[f"_{called}Fields"].body
        told = [n.target.id for n in given if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
        functions = [n for n in classes[called].body if isinstance(n, ast.FunctionDef)]
        read = [f.name for f in functions if any("property" in ast.unparse(d) for d in f.decorator_list)]
        assert told == read == list(fields)
    asked = questions_in(text)
    askable = [f for f in undated.functions.values() if f.kind not in ("set", "property") and "#" not in f.id]
    assert {rulebook.question(name).id for name in asked} == {f.id for f in askable}
    assert len(set(asked.values())) == len(askable)
    for f in askable:
        last = f.id.rpartition(".")[2]
        assert asked[f.id]
        assert (last in asked) == (len([g for g in undated.named(last) if g.kind != "set"]) == 1)


def test_the_rulebook_is_named() -> None:
    law, house = shipped(), shipped("example.house")
    assert f"\n{law.digest}\n\n" in stub(law)
    assert f"\n{house.digest}\nunder `example.house`\n\n" in stub(house)
    assert 'on="2026-03-01", under="example.house"' in stub(house)


# ── the command ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_the_same_rules_make_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "rules.pyi"
    assert run("-o", str(file)).exit_code == 0
    first = file.read_bytes()
    assert run("-o", str(file)).exit_code == 0
    assert first == file.read_bytes() == run().stdout_bytes == run("-o", "-").stdout_bytes
    parts = [str(resources.folder("rulesets") / name) for name in ("hk_sfc", "example_house")]
    assert run(*parts).stdout_bytes == run(*reversed(parts)).stdout_bytes == first
    code = "import sys; from policy.cli import main; main(['stubs'])"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "LC_ALL": "C"}, capture_output=True, check=True
        )
        assert done.stdout == first


@pytest.mark.parametrize("name", ["rules.py", "my-rules.pyi", "policy.pyi", ".pyi", "rules"])
def test_a_file_that_cannot_be_imported_is_refused(name: str, tmp_path: Path) -> None:
    result = run("-o", str(tmp_path / name))
    assert result.exit_code == 2
    assert "name it as rules.pyi" in result.stderr
    assert not list(tmp_path.iterdir())

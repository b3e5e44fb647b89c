"""How every command ends: one case for each code that its help declares, and no code that it does not declare."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import optional
from journals import lines_of, past_of
from policy import resources
from policy.cli import VERBS, main
from policy.cli.exits import ENDS, MEANING, Exit, help_table

NO, UNANSWERED, UNDECIDED, YES = Exit.NO, Exit.UNANSWERED, Exit.UNDECIDED, Exit.YES
CLIENT = '{"client": {"verified": %s, "net_worth": "10 HKD"}}'
ASKED = "--rules starter --on 2026-03-01 --facts"
DATED = "--rules starter --on 2026-03-01"
BROKEN = 'language 1\nruleset a.b "x"\nvalue v() -> rate = nothing\n'
FAILING = 'test "of a denial" on 2026-03-01 expect may_trade({ verified: false, net_worth: 1 HKD }) permitted\n'
HEAD = 'language 1\nruleset t "t"\nsource L "l" reference "1" status official\nprovision L/1 "one"\n'
CUBES = """decision allowed(a: integer, b: integer, c: integer) "?"
  otherwise permit "yes" per L/1
  deny cubes when a * a * a + b * b * b + c * c * c is %s because "cubes" per L/1
"""
NOTICED = """decision allowed(a: integer, b: integer, c: integer) "?"
  otherwise permit "yes" per L/1
  deny cubes when a * a * a is 2 * b * b * b because "cubes" per L/1
test "no cubes" on 2026-03-01
  expect allowed(0, 0, 0) denied
  expect allowed(1, 1, 1) permitted
  expect allowed(2, 1, 1) permitted
  expect allowed(1, 2, 1) permitted
"""
FALSE = 'property low "n is low" per L/1 for any n: integer always n < 5\n'

CASES: dict[tuple[str, Exit], str] = {
    ("backtest", YES): "starter starter --history book.csv --question may_trade --on 2026-03-01",
    ("backtest", NO): "starter stricter --history book.csv --question may_trade --on 2026-03-01",
    ("backtest", UNANSWERED): "starter stricter --history nowhere.csv --question may_trade --on 2026-03-01",
    ("backtest", UNDECIDED): "starter stricter --journal torn.jsonl --on 2026-03-01",
    ("check", YES): "starter",
    ("check", NO): "broken.policy",
    ("check", UNANSWERED): "nowhere",
    ("compile", YES): "starter -o native",
    ("compile", UNANSWERED): "starter --question may_fly -o native",
    ("completion", YES): "bash",
    ("completion", UNANSWERED): "ash",
    ("corpus", YES): "starter --random 1",
    ("corpus", UNANSWERED): "broken.policy",
    ("decide", YES): f"may_trade {ASKED} yes.json",
    ("decide", NO): f"may_trade {ASKED} no.json",
    ("decide", UNANSWERED): f"may_trade {ASKED} wrong.json",
    ("decide", UNDECIDED): f"may_trade {ASKED} unknown.json",
    ("demo", YES): "--rows 10",
    ("demo", UNANSWERED): "--rules broken.policy",
    ("diff", YES): "starter starter",
    ("diff", NO): "starter stricter",
    ("diff", UNANSWERED): "starter broken.policy",
    ("diff", UNDECIDED): "cubes.policy othercubes.policy --seconds 0.1",
    ("explain", YES): f"credit_limit {ASKED} yes.json",
    ("explain", NO): f"may_trade {ASKED} no.json",
    ("explain", UNANSWERED): f"may_trade {ASKED} wrong.json",
    ("explain", UNDECIDED): f"may_trade {ASKED} unknown.json",
    ("facts", YES): "may_trade --rules starter",
    ("facts", UNANSWERED): "may_fly --rules starter",
    ("fmt", YES): "starter",
    ("fmt", NO): "--check untidy.policy",
    ("fmt", UNANSWERED): "--check unparsed.policy",
    ("init", YES): "new",
    ("init", UNANSWERED): "starter",
    ("log show", YES): "day.jsonl",
    ("log show", NO): "day.jsonl --client nobody",
    ("log show", UNANSWERED): "nowhere.jsonl",
    ("log show", UNDECIDED): "torn.jsonl",
    ("log verify", YES): "day.jsonl",
    ("log verify", UNANSWERED): "nowhere.jsonl",
    ("log verify", UNDECIDED): "torn.jsonl",
    ("log replay", YES): "day.jsonl",
    ("log replay", UNANSWERED): "nowhere.jsonl",
    ("log replay", UNDECIDED): "torn.jsonl",
    ("lsp", YES): "",
    ("lsp", UNANSWERED): "--unknown",
    ("margin", YES): "scenario",
    ("margin", UNANSWERED): "unread",
    ("provisions", YES): "starter",
    ("provisions", UNANSWERED): "broken.policy",
    ("stubs", YES): "starter",
    ("stubs", UNANSWERED): "broken.policy",
    ("questions", YES): "--rules starter",
    ("questions", UNANSWERED): "--rules broken.policy",
    ("report rulebook", YES): f"{DATED} --no-proofs",
    ("report rulebook", UNANSWERED): f"{DATED} --no-proofs -o starter/house.policy",
    ("report traceability", YES): DATED,
    ("report traceability", UNANSWERED): "--rules broken.policy --on 2026-03-01",
    ("report traceability", UNDECIDED): f"{DATED} --journal torn.jsonl",
    ("report decision", YES): f"may_trade {ASKED} no.json",
    ("report decision", UNANSWERED): f"may_trade {ASKED} wrong.json",
    ("report decision", UNDECIDED): "--record 1 --journal torn.jsonl",
    ("report decisions", YES): "--journal day.jsonl",
    ("report decisions", UNANSWERED): "--journal day.jsonl --rules starter",
    ("report decisions", UNDECIDED): "--journal torn.jsonl",
    ("report trading", YES): "--journal day.jsonl",
    ("report trading", UNANSWERED): "--journal nowhere.jsonl",
    ("report trading", UNDECIDED): "--journal torn.jsonl",
    ("report margin", YES): "--journal day.jsonl",
    ("report margin", UNANSWERED): "--journal nowhere.jsonl",
    ("report margin", UNDECIDED): "--journal torn.jsonl",
    ("report change", YES): "starter stricter --on 2026-03-01 --no-proofs",
    ("report change", UNANSWERED): "starter broken.policy --on 2026-03-01 --no-proofs",
    ("report change", UNDECIDED): "starter stricter --on 2026-03-01 --no-proofs --journal torn.jsonl",
    ("report pack", YES): f"new {DATED} --no-proofs",
    ("report pack", UNANSWERED): f"starter {DATED} --no-proofs",
    ("report pack", UNDECIDED): f"new {DATED} --no-proofs --journal torn.jsonl",
    ("report templates", YES): "new",
    ("report templates", UNANSWERED): "starter",
    ("stress portfolio", YES): "scenario --shock BTC=-30%",
    ("stress portfolio", UNANSWERED): "unread --shock BTC=-30%",
    ("stress coverage", YES): "prices.csv --on 2026-04-01 --under example.house --held 1",
    ("stress coverage", UNANSWERED): "nowhere.csv --on 2026-04-01",
    ("tables export", YES): "starter -o new.xlsx",
    ("tables export", UNANSWERED): "broken.policy -o new.xlsx",
    ("tables import", YES): "same.xlsx starter",
    ("tables import", NO): "other.xlsx starter --no-diff",
    ("tables import", UNANSWERED): "wrong.xlsx starter",
    ("tables new", YES): "book.csv --key net_worth",
    ("tables new", UNANSWERED): "starter/house.policy",
    ("test", YES): "starter",
    ("test", NO): "failing",
    ("test", UNANSWERED): "broken.policy",
    ("test", UNDECIDED): "noticed.policy --mutate --seconds 0.1 --fail-under 1",
    ("trade", YES): "scenario",
    ("trade", UNANSWERED): "unread",
    ("trade", UNDECIDED): "scenario --journal full",
    ("verify", YES): "starter",
    ("verify", NO): "false.policy",
    ("verify", UNANSWERED): "broken.policy",
    ("verify", UNDECIDED): "cubes.policy --seconds 0.1",
}
SOLVED = ("diff", "verify")


def run(line: str) -> Result:
    return CliRunner().invoke(main, shlex.split(line), prog_name="policy")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the cases name, made once."""
    folder = tmp_path_factory.mktemp("exits")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run("init starter")
        text = Path("starter/house.policy").read_text(encoding="utf-8")
        for name, changed in (
            ("stricter", text.replace("not client.verified", "client.verified")),
            ("failing", text + FAILING),
        ):
            Path(name).mkdir()
            Path(name, "house.policy").write_text(changed, encoding="utf-8")
        rules = {"broken": BROKEN, "untidy": text.replace("  ", "   "), "unparsed": "language 1\nrulest"}
        rules |= {
            "cubes": HEAD + CUBES % 114,
            "othercubes": HEAD + CUBES % 390,
            "false": HEAD + FALSE,
            "noticed": HEAD + NOTICED,
        }
        for name, rule in rules.items():
            Path(f"{name}.policy").write_text(rule, encoding="utf-8")
        facts = {
            "yes": CLIENT % "true",
            "no": CLIENT % "false",
            "wrong": CLIENT % '"maybe"',
            "unknown": CLIENT.replace('"verified": %s, ', ""),
        }
        for name, fact in facts.items():
            Path(f"{name}.json").write_text(fact)
        Path("book.csv").write_text("verified,net_worth\ntrue,10.00\ntrue,20.00\n")
        Path("prices.csv").write_text("Unix,Close\n" + "".join(f"{n * 3600},{100 + n}\n" for n in range(9)))
        scenarios = resources.folder("rulesets") / "hk_sfc" / "scenarios"
        shutil.copytree(scenarios / "portfolio", "scenario")
        shutil.copytree("scenario", "unread")
        with Path("unread/market.jsonl").open("a") as stage:
            stage.write('{"do": "nothing"}\n')
        assert run("trade scenario --journal day.jsonl").exit_code == 0
        _save_workbooks()
        torn = b"".join(lines_of(past_of(3)))
        Path("torn.jsonl").write_bytes(torn[:-9])
    return folder


def _save_workbooks() -> None:
    """Workbooks of the starter rulebook: as exported, with another number, and with a formula."""
    if not optional.there_is("xlsxwriter", "xlsx"):
        return
    from workbooks import changed

    assert run("tables export starter -o same.xlsx").exit_code == 0
    same = Path("same.xlsx").read_bytes()
    Path("other.xlsx").write_bytes(changed(same, "share_at_risk!D8 = 30%"))
    Path("wrong.xlsx").write_bytes(changed(same, "share_at_risk!D8 = formula =1+1"))


@pytest.fixture
def here(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own with a copy of them."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def commands(group: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, by its words."""
    if not isinstance(group, click.Group):
        yield name, group
        return
    context = click.Context(group)
    for word in group.list_commands(context):
        inner = group.get_command(context, word)
        assert inner is not None
        yield from commands(inner, f"{name} {word}".strip())


def test_every_command_has_its_table_and_its_cases() -> None:
    assert sorted(ENDS) == sorted(name for name, _ in commands(main))
    assert {(name, code) for name in ENDS for code in ENDS[name]} == set(CASES)


@pytest.mark.parametrize("name", ["", *sorted(VERBS), *sorted(ENDS)])
def test_help_prints_the_table(name: str) -> None:
    shown = run(f"{name} --help")
    assert shown.exit_code == 0
    if table := MEANING if not name else ENDS.get(name):
        assert help_table(table).removeprefix("\b\n").replace("\n", "\n  ") in shown.output


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "code"), CASES, ids=[f"{name}-{code.name.lower()}" for name, code in CASES])
def test_every_code_is_what_a_command_ends_with(name: str, code: Exit, monkeypatch: pytest.MonkeyPatch) -> None:
    words = CASES[name, code]
    if name == "lsp":
        optional.library("pygls", "lsp")
    if (name in SOLVED or "--mutate" in words) and code is not UNANSWERED:
        optional.library("z3", "proofs")
    if "--history" in words or "--rows" in words:
        optional.columns()
    if name == "lsp" and code is YES:
        optional.library("pygls", "lsp")
    if name in ("tables export", "tables import"):  # of workbooks
        optional.library("xlsxwriter", "xlsx")
    if words.endswith("--journal full"):
        _disk_is_full(monkeypatch)
    done = run(f"{name} {words}")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output


def _disk_is_full(patch: pytest.MonkeyPatch) -> None:
    """No byte can be kept any more."""
    import errno
    import os

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(os, "fsync", full)

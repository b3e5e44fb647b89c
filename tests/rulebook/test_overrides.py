"""Parameters set to other values: in all versions, under every overlay, and for no longer than the question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.folders import RulesFile
from policy.overrides import overridden
from policy.pipeline import dated, load_program

LAW = """language 1
ruleset t "law"
source LAW "The act" reference "1" issued 2026-01-01 status official
provision LAW/1 "There are limits."
parameter limit: rate "limit"
  stricter when higher
  until 2026-06-01 = 50% per LAW/1
  from 2026-06-01 = 60% per LAW/1
parameter open_limit: rate "open limit" stricter when higher unset "nobody knows" per LAW/1
value lent(amount: money(HKD) "amount") -> money(HKD) "lent"
  = round down to 0.01 (amount * (100% - limit)) per LAW/1
value left(amount: money(HKD) "amount") -> money(HKD) "left"
  = round down to 0.01 (amount * open_limit) per LAW/1
decision small(amount: money(HKD) "amount") "small?"
  otherwise deny "it is large" per LAW/1
  permit under_the_limit
    when lent(amount) < 40 HKD
    because "it is small"
    per LAW/1
"""
HOUSE = """language 1
ruleset house amends t "house"
tighten parameter limit = 80% per LAW/1
adopt parameter open_limit = 10% per LAW/1
"""
TEXTS = [RulesFile("law.policy", LAW.encode()), RulesFile("house.policy", HOUSE.encode())]


def lent(question: str, under: str = "", on: str = "2026-07-01", **values: str) -> str:
    answer = dated(load_program(overridden(TEXTS, values), under), on).ask(question, '{"amount": "100 HKD"}')
    return str(answer.value) if answer.needs == () else f"needs {', '.join(answer.needs)}"


def test_every_version_has_the_value() -> None:
    assert (lent("lent"), lent("lent", on="2026-05-01")) == ("4000", "5000")
    assert lent("lent", limit="70%") == lent("lent", on="2026-05-01", limit="70%") == "3000"


def test_no_overlay_makes_it_another() -> None:
    assert lent("lent", "house") == "2000"
    assert lent("lent", "house", limit="70%") == "3000"


def test_what_the_law_leaves_open_is_set() -> None:
    assert lent("left") == "needs open_limit"
    assert lent("left", "house") == "1000"
    assert lent("left", open_limit="25%") == lent("left", "house", open_limit="25%") == "2500"


def test_the_digest_is_another_and_the_rules_are_as_before() -> None:
    before = load_program(TEXTS)
    assert load_program(overridden(TEXTS, {"t.limit": "70%"})).digest != before.digest
    assert overridden(TEXTS, {}) == TEXTS
    assert load_program(TEXTS).digest == before.digest


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("limits", "70%", "`limits` is no parameter of the rules"),
        ("t.limits", "70%", "did you mean `t.limit`"),
        ("lent", "70%", "is no parameter"),
        ("limit", "70% per LAW/1", "is no value"),
        ("limit", "70% from 2027-01-01 = 80%", "is no value"),
        ("limit", "70%\nparameter x: rate = 1%", "is no value"),
        ("limit", "70% # less", "is no value"),
        ("limit", "15,5%", "is no value"),
        ("limit", "0.7", "a `rate"),
        ("limit", "7 HKD", "rate"),
    ],
)
def test_what_cannot_be_set(name: str, value: str, what: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        load_program(overridden(TEXTS, {name: value}))
    assert what in str(refusal.value)


def test_a_name_of_two_rulesets_is_written_in_full() -> None:
    other = RulesFile("other.policy", LAW.replace("ruleset t", "ruleset u").replace("LAW", "ACT").encode())
    with pytest.raises(PolicyError, match=r"write one of `t\.limit`, `u\.limit`"):
        overridden([*TEXTS, other], {"limit": "70%"})
    made = overridden([*TEXTS, other], {"u.limit": "70%"})
    assert (made[:2], made[2].data.count(b"= 70%")) == (TEXTS, 2)


# ── verbs ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    for text in TEXTS:
        (tmp_path / "rules" / text.name).write_bytes(text.data)
    (tmp_path / "f.json").write_text('{"amount": "100 HKD"}')
    (tmp_path / "h.csv").write_text("amount\n60.00\n110.00\n150.00\n")
    return tmp_path


def run(line: str) -> Result:
    return CliRunner().invoke(main, line.split(), prog_name="policy")


@pytest.mark.usefixtures("here")
def test_decide() -> None:
    asked = "decide lent --rules rules --facts f.json --on 2026-07-01 --format json"
    assert [json.loads(run(f"{asked}{more}").stdout)["value"] for more in ("", " --set limit=70%")] == [
        "40.00 HKD",
        "30.00 HKD",
    ]
    assert "as minimum_haircut=70%" in run(f"{asked} --set limit").output


@pytest.mark.usefixtures("here")
def test_backtest_of_one_rulebook() -> None:
    optional.columns()
    done = run("backtest rules --set limit=70% --history h.csv --question small --on 2026-07-01")
    assert done.exit_code == 1
    assert "1 of 3 rows come out otherwise" in done.output
    assert run("backtest rules --history h.csv --question small --on 2026-07-01").exit_code == 2


@pytest.mark.usefixtures("here")
def test_diff_of_one_rulebook() -> None:
    optional.library("z3", "proofs")
    done = run("diff rules --set limit=70% --on 2026-07-01 -k lent")
    assert done.exit_code == 1
    assert "60%" not in done.output
    assert "falls, by 10% of amount at most" in done.output


def test_a_parameter_is_set_once_whichever_of_its_names_is_given(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"`t\.limit` is set twice"):
        overridden(TEXTS, {"limit": "70%", "t.limit": "80%"})
    (tmp_path / "law.policy").write_text(LAW)
    (tmp_path / "f.json").write_text('{"amount": "100 HKD"}')
    asked = [
        "decide",
        "lent",
        str(tmp_path / "law.policy"),
        "--facts",
        str(tmp_path / "f.json"),
        "--on",
        "2026-03-01",
    ]
    result = CliRunner().invoke(main, [*asked, "--set", "limit=70%", "--set", "limit=80%"])
    assert result.exit_code == 2
    assert "`limit` is set twice" in result.stderr

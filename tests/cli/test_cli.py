"""The command line as people use it: transcripts in corpus/cli, and what a transcript cannot show.

A case's input is files (`@@ name`, then their text) and commands (`$ decide …`, with `< name` for standard input);
expected are the commands again with what they print (`!` before lines of standard error) and how they end. `starter`
names the rulebook that `policy init` writes.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

import optional
from case_files import Case, parametrised
from policy.cli import VERBS, main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder of its own, with the starter rulebook in it."""
    monkeypatch.chdir(tmp_path)
    assert run("init starter").exit_code == 0
    return tmp_path


def run(line: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, shlex.split(line), input=stdin, prog_name="policy")


@parametrised("cli")
def test_transcripts(case: Case, update: bool) -> None:
    if ".xlsx" in case.input:
        optional.library("xlsxwriter", "xlsx")
    transcript: list[str] = []
    name = ""
    files: dict[str, list[str]] = {}
    for line in case.input.splitlines():
        if line.startswith("@@ "):
            name = line[3:]
            files[name] = []
        elif line.startswith("$ "):
            for file, text in files.items():
                Path(file).write_text("\n".join(text) + "\n", encoding="utf-8")
            command, _, source = line[2:].partition(" < ")
            result = run(command, Path(source).read_bytes() if source else b"")
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            transcript += [line, *result.stdout.splitlines(), *(f"! {x}" for x in result.stderr.splitlines())]
            transcript.append(f"ends with {result.exit_code}")
        elif name:
            files[name].append(line)
    case.settle("\n".join(x.rstrip() for x in transcript), update)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_teaches_by_example(verb: str) -> None:
    result = run(f"{verb} --help")
    assert result.exit_code == 0
    assert f"policy {verb}" in result.output.split("\n", 1)[1], "an example stands below the usage line"


def test_junit_is_xml_that_counts() -> None:
    suites = ElementTree.fromstring(run("test starter --format junit").stdout)
    assert [s.get("failures") for s in suites] == ["0"]
    assert len(suites[0]) == 2


def test_facts_schema_accepts_its_own_template() -> None:
    jsonschema = optional.library("jsonschema", "dev")
    schema = json.loads(run("facts credit_limit --rules starter --format json").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(run("facts credit_limit --rules starter --template").stdout), schema)


@pytest.mark.parametrize("overlay", ["", "example.house"])
def test_every_shipped_question_takes_its_own_template(overlay: str) -> None:
    """What `facts --template` prints, `decide` answers, for every question shipped: no fact is lacking."""
    from policy import resources
    from policy.answers import Outcome
    from policy.facts.schema import schema, template
    from policy.pipeline import dated, load_program, read_folder
    from policy.source import Source

    jsonschema = optional.library("jsonschema", "dev")
    undated = load_program(read_folder([resources.folder("rulesets")])[0], overlay)
    parameters = {f.id.rpartition(".")[2] for f in undated.functions.values() if f.kind == "parameter"}
    rulebook = dated(undated, "2026-03-01")
    asked = [f for f in undated.functions.values() if f.kind in ("decision", "value", "table", "priority")]
    assert len(asked) > 100
    for function in asked:
        form = template(undated, function)
        jsonschema.validate(form, schema(undated, function))
        for filled in (form, template(rulebook.program, rulebook.question(function.id))):
            read = rulebook.reader(function.id).read(Source("template", json.dumps(filled)))
            assert isinstance(read, tuple), f"{function.id}: {read}"
            answer = rulebook.evaluator(function.id).answer(*read)
            assert answer == rulebook.interpreter(function.id).answer(*read)
            assert set(answer.needs) <= parameters, f"{function.id} still needs {answer.needs}"
            assert answer.needs or answer.outcome is not Outcome.UNDECIDED


def test_a_stream_goes_on_after_a_line_that_is_cut() -> None:
    line = '{"client": {"verified": true, "net_worth": 10}}'
    Path("f.jsonl").write_text(f"{line}\n{line[:20]}\n{line}\n", encoding="utf-8")
    result = run("decide credit_limit --rules starter --facts f.jsonl --on 2026-03-01 --format json")
    outcomes = [json.loads(x)["outcome"] for x in result.stdout.splitlines()]
    assert outcomes == ["value", "refused", "value"]
    assert result.exit_code == 2


def test_a_long_stream_takes_no_more_memory() -> None:
    """A hundred times the lines, the same peak: the stream is never held."""

    def peak(lines: int) -> int:
        Path("f.jsonl").write_text('{"client": {"verified": true, "net_worth": 10}}\n' * lines, encoding="utf-8")
        program = (
            "import resource, sys; from policy.cli import main\n"
            "try: main(['decide','credit_limit','--rules','starter','--facts','f.jsonl','--on','2026-03-01'])\n"
            "except SystemExit: pass\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return int(done.stderr.split()[-1])

    few, many = peak(100), peak(10_000)
    assert many < few * 1.1


def test_output_is_plain_in_a_pipe() -> None:
    Path("bad.policy").write_text("language 2\n", encoding="utf-8")
    for line in ("check bad.policy", "test starter", "check starter"):
        assert "\x1b" not in run(line).output


def completed(line: str) -> list[str]:
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    names = {"_POLICY_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return CliRunner().invoke(main, [], prog_name="policy", env=names).stdout.split()


def test_a_shell_completes_verbs_questions_and_files() -> None:
    assert completed("policy che") == ["plain,check"]
    assert completed("policy decide lending_v") == ["plain,lending_value"], "properties are not asked"
    assert completed("policy explain hk.sfc.haircuts.lend") == ["plain,hk.sfc.haircuts.lending_value"]
    assert completed("policy facts --rules starter credit") == ["plain,credit_limit"]
    assert completed("policy report decision order_acc") == ["plain,order_accepted"]
    assert completed("policy decide lending_value --facts pos") == ["file,pos"]
    assert "plain,markdown" in completed("policy diff --format ")
    Path("broken.policy").write_text("language 1\nruleset\n", encoding="utf-8")
    assert completed("policy decide --rules broken.policy len") == []


def test_completion_scripts_name_the_program() -> None:
    for shell in ("bash", "zsh", "fish"):
        result = run(f"completion {shell}")
        assert result.exit_code == 0
        assert "_POLICY_COMPLETE" in result.stdout


def test_fmt_writes_what_check_accepts(here: Path) -> None:
    file = here / "starter" / "house.policy"
    neat = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\n +", "\n      ", neat), encoding="utf-8")
    assert run("fmt --check starter").exit_code == 1
    assert run("fmt starter").exit_code == 0
    assert run("fmt --check starter").exit_code == 0
    assert run("test starter").exit_code == 0


def test_tests_in_parallel_say_the_same() -> None:
    assert run("test starter -j 2 --format json").stdout == run("test starter -j 1 --format json").stdout


def test_help_of_the_program_names_every_verb() -> None:
    group = main
    assert isinstance(group, click.Group)
    assert all(verb in run("--help").output for verb in VERBS)

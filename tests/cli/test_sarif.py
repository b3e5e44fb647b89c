"""Findings as SARIF: the standard's schema, places, help, and fingerprints that outlive an edit elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner

import optional
from policy.cli import main

BAD = 'language 1\nruleset a.b "x"\nvalue v() -> rate = 保 per S/1\ndecison d()\nvalue w() -> rate = x per S/1\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here 中"
    (folder / "rules").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def run_of(path: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["check", path, "--format", "sarif"], prog_name="policy")
    assert result.exit_code == 1, result.output
    [run] = json.loads(result.stdout)["runs"]
    return dict(run)


def prints(run: dict[str, Any]) -> list[str]:
    return [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]


def test_it_satisfies_the_schema() -> None:
    name = Path("shared") / "data" / "sarif-2.1.0.schema.json"
    schema = next((p / name for p in Path(__file__).parents if (p / name).exists()), None)
    if schema is None:
        pytest.skip("the SARIF schema is not beside this checkout")
    jsonschema = optional.library("jsonschema", "dev")
    Path("rules/bad.policy").write_text(BAD, encoding="utf-8")
    whole = CliRunner().invoke(main, ["check", "rules", "--format", "sarif"]).stdout
    jsonschema.validate(json.loads(whole), json.loads(schema.read_text(encoding="utf-8")))
    assert json.loads(whole)["runs"][0]["results"]


def test_a_code_brings_its_page() -> None:
    Path("rules/bad.policy").write_text(BAD, encoding="utf-8")
    rules = run_of("rules")["tool"]["driver"]["rules"]
    assert {"unknown-name", "unexpected-word"} <= {rule["id"] for rule in rules}
    for rule in rules:
        address = urlsplit(rule["helpUri"])
        page = Path(unquote(address.path)).read_text(encoding="utf-8")
        assert address.scheme == "file"
        assert page == rule["help"]["markdown"]
        assert page.startswith(f"# {rule['id']}\n\n{rule['shortDescription']['text']}\n")


@pytest.mark.parametrize("path", ["rules/bad.policy", "./rules", "{here}/rules", "../here 中/rules"])
def test_a_place_is_relative_to_the_folder(path: str, here: Path) -> None:
    Path("rules/bad.policy").write_text(BAD, encoding="utf-8")
    run = run_of(path.format(here=here))
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in run["results"]]
    assert {(p["uri"], p["uriBaseId"]) for p in places} == {("rules/bad.policy", "%SRCROOT%")}
    base = run["originalUriBaseIds"]["%SRCROOT%"]["uri"]
    assert base.endswith("/")
    assert Path(unquote(urlsplit(base).path)) == here


def test_a_file_elsewhere_has_its_whole_address(here: Path) -> None:
    (here.parent / "other.policy").write_text(BAD, encoding="utf-8")
    [place] = {
        str(r["locations"][0]["physicalLocation"]["artifactLocation"]) for r in run_of("../other.policy")["results"]
    }
    assert place == str({"uri": (here.parent / "other.policy").as_uri()})


def test_a_fingerprint_outlives_lines_that_move(here: Path) -> None:
    file = Path("rules/bad.policy")
    file.write_text(BAD, encoding="utf-8")
    before = prints(run_of("rules"))
    file.write_text("# a note\n\n" + BAD.replace("value w()", "\n\nvalue   w()"), encoding="utf-8")
    assert prints(run_of("rules")) == before == prints(run_of(f"{here}/rules"))
    file.write_text(BAD.replace("= x per", "= y per"), encoding="utf-8")
    after = prints(run_of("rules"))
    assert len(set(after) & set(before)) == len(before) - 2  # the line has two findings
    assert len(set(before)) == len(before)


def test_findings_alike_are_told_apart() -> None:
    Path("rules/bad.policy").write_text(BAD + "decison d()\n", encoding="utf-8")
    found = prints(run_of("rules"))
    assert len(found) == len(set(found)) >= 4


def test_a_related_place_is_shown() -> None:
    text = 'language 1\nruleset a.b "x"\nvalue v() -> rate = 1% per S/1\nvalue v() -> rate = 2% per S/1\n'
    Path("rules/bad.policy").write_text(text, encoding="utf-8")
    [found] = [r for r in run_of("rules")["results"] if "relatedLocations" in r]
    [related] = found["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 3
    assert related["message"]["text"]


def test_a_fix_is_an_edit_that_mends() -> None:
    text = 'language 1\nruleset a.b "保證金"\nenum Kind { coin, share }\nrecord R { kind: Kind "𝒳" other: Knd }\n'
    Path("rules/bad.policy").write_text(text, encoding="utf-8")
    [found] = [r for r in run_of("rules")["results"] if r["ruleId"] == "unknown-name"]
    [fix] = found["fixes"]
    [change] = fix["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "rules/bad.policy", "uriBaseId": "%SRCROOT%"}
    [replacement] = change["replacements"]
    region = replacement["deletedRegion"]
    line = text.split("\n")[region["startLine"] - 1].encode("utf-16-le")
    start, end = 2 * (region["startColumn"] - 1), 2 * (region["endColumn"] - 1)
    assert line[start:end].decode("utf-16-le") == "Knd"
    assert replacement["insertedContent"] == {"text": "Kind"}
    assert fix["description"]["text"] == "did you mean `Kind`?"

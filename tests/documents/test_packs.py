"""The assessor pack: the same bytes twice, one rulebook, links that lead somewhere, a sample that was run again."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
from chromium import Chromium
from documents_made import CORPUS, SCENARIOS
from policy import documents
from policy.cli import main
from policy.documents.replays import replayed

DAY, MARKET = CORPUS / "day.jsonl", str(CORPUS / "market")
REGISTER = "id,kind,provision,finding,owner,due,status,response\nF-1,finding,VATP/13.3,=1+1,Risk,2026-01-31,open,\n"
FIRM = 'name = "Harbour Limited"\nissued = 2026-02-12\n[[people]]\nrole = "approved"\nname = "Clara Lee"\n'
LINK = re.compile(r'href="(\w+)\.html#([^"]+)"')


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def made_in(folder: Path, *words: str, into: str = "pack") -> dict[str, bytes]:
    """The files of a pack of the small market, by name."""
    (folder / "register.csv").write_text(REGISTER, encoding="utf-8")
    (folder / "firm.toml").write_text(FIRM, encoding="utf-8")
    own = ["--register", str(folder / "register.csv"), "--firm", str(folder / "firm.toml")]
    told = ["--rules", MARKET, "--on", "2026-02-11", "--journal", str(DAY), "--no-proofs", *own, *words]
    result = run("report", "pack", str(folder / into), *told)
    assert result.exit_code == 0, result.output
    return {str(p.relative_to(folder / into)): p.read_bytes() for p in (folder / into).rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made_in(tmp_path_factory.mktemp("pack"))


def test_a_pack_with_all_its_parts_is_the_same_bytes_again(pack: dict[str, bytes], tmp_path: Path) -> None:
    again = made_in(tmp_path, into="another")
    assert again.keys() == pack.keys()
    assert [name for name in pack if again[name] != pack[name]] == []


def test_its_parts(pack: dict[str, bytes]) -> None:
    kinds = ("rulebook", "traceability", "decisions", "replay", "trading", "margin", "matrix", "register", "index")
    assert {f"{kind}.{suffix}" for kind in kinds for suffix in ("html", "md", "json")} <= pack.keys()
    assert pack["journal.jsonl"] == DAY.read_bytes()
    lines = dict(reversed(line.split("  ")) for line in pack["manifest.txt"].decode().splitlines())
    assert lines == {n: hashlib.sha256(d).hexdigest() for n, d in pack.items() if n != "manifest.txt"}


def test_its_rules_are_those_that_it_is_about(pack: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in pack.items():
        if name.startswith("rules/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
    digest = documents.edition(tmp_path / "rules", on="2026-02-11").digest
    assert digest == documents.edition(MARKET, on="2026-02-11").digest
    about = [name for name in pack if name.endswith(".html")]
    assert all(digest[:16] in pack[name].decode() for name in about)


def test_every_link_between_its_documents_leads_somewhere(pack: dict[str, bytes]) -> None:
    pages = {name.removesuffix(".html"): data.decode() for name, data in pack.items() if name.endswith(".html")}
    links = {(page, *link) for page, text in pages.items() for link in LINK.findall(text)}
    assert {("traceability", "decisions", "record-17"), ("decisions", "traceability", "VATP-13-3")} <= links
    assert [link for link in links if f'id="{link[2]}"' not in pages[link[1]]] == []


def test_its_matrix_is_a_table_that_runs_no_formula(pack: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(pack["matrix.csv"].decode("utf-8-sig"))))
    known = documents.edition(MARKET, on="2026-02-11").model.provisions
    assert {r["provision"] for r in rows} == set(known)
    relied = next(r for r in rows if r["provision"] == "VATP/13.3")
    assert (relied["decisions"], relied["first_records"]) == ("3", "10 14 17")
    assert "=1+1" in pack["register.html"].decode()
    assert "overdue" in pack["register.html"].decode()


def test_a_replay_that_differs_is_said(pack: dict[str, bytes]) -> None:
    """The small market has no questions, so that an engine can carry out nothing under it."""
    page = pack["replay.md"].decode()
    assert "a record came out differently" in page
    assert "every record came out the same" not in page


def test_a_register_with_a_wrong_row_stops_the_pack(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER.replace("2026-01-31", "31 January"), encoding="utf-8")
    words = ["--rules", MARKET, "--on", "2026-02-11", "--no-proofs", "--register", str(tmp_path / "register.csv")]
    result = run("report", "pack", str(tmp_path / "pack"), *words)
    assert result.exit_code == 2
    assert "register.csv:2:1" in result.stderr
    assert not (tmp_path / "pack").exists()


# ── in a browser ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def house_day(tmp_path_factory: pytest.TempPathFactory) -> str:
    journal = str(tmp_path_factory.mktemp("journal") / "day.jsonl")
    assert run("trade", str(SCENARIOS / "shared_book"), "--journal", journal).exit_code in (0, 2)
    return journal


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = optional.program("chromium", "chromium", "chromium-browser")
    with Chromium(program, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_links_alone_lead_from_a_provision_to_a_refused_order_and_back(
    house_day: str, browser: Chromium, tmp_path: Path
) -> None:
    words = ["--on", "2026-06-18", "--under", "example.house", "--journal", house_day, "--no-proofs"]
    result = run("report", "pack", str(tmp_path / "pack"), *words, "--language", "en")
    assert result.exit_code == 0, result.output
    browser.open(tmp_path / "pack" / "index.html")
    assert browser.follow('a[href="traceability.html"]') == "traceability.html"
    provision = "SLC-retail_opt_in"
    assert browser.follow('.contents a[href="#source-SLC"]') == "traceability.html#source-SLC"
    record = browser.evaluate(f"document.querySelector('#{provision} a[href^=\"#record-\"]').hash")
    assert browser.follow(f"#{provision} a[href='{record}']") == f"traceability.html{record}"
    assert browser.follow(f"{record} h3 a") == f"decisions.html{record}"
    told = browser.evaluate(f"document.querySelector('{record}').innerText")
    assert "Order rejected" in told
    assert "wong" in told
    assert browser.follow(f"{record} a[href='#{provision}']") == f"decisions.html#{provision}"
    assert browser.follow(f"#{provision} th a") == f"traceability.html#{provision}"
    rule = browser.evaluate(f"document.querySelector('#{provision} a[href^=\"rulebook.html\"]').getAttribute('href')")
    assert browser.follow(f"#{provision} a[href='{rule}']") == rule
    assert browser.evaluate("Boolean(document.querySelector(':target'))")
    browser.open(tmp_path / "pack" / "traceability.html")
    case = browser.follow(f"#{provision} a[href^='#case-']").partition("#")[2]
    test = browser.follow(f"#{case} a[href^='rulebook.html#test-']")
    assert test.startswith("rulebook.html#test-")
    assert browser.evaluate("Boolean(document.querySelector(':target'))")
    assert browser.console == []


@pytest.mark.slow
def test_a_sample_is_drawn_again_by_its_seed_and_comes_out_the_same(house_day: str) -> None:
    rules = documents.edition(on="2026-06-18").rules
    one, two, other = (
        replayed(rules, journal=house_day, size=5, seed=seed).as_json()["sample"] for seed in (1, 1, 2)
    )
    assert one == two
    assert [r["record"] for r in one["rows"]] != [r["record"] for r in other["rows"]]
    assert one["exact"]
    assert (one["same"], one["size"]) == (98, 5)

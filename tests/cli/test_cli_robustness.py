"""The command line where the world is unkind: pipes that close, files that are no files, caches gone bad."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import policy
from policy import cache
from policy.cli import main
from policy.pipeline import RulesFile, digest_of, load_program, read_folder

LINE = '{"client": {"verified": true, "net_worth": 10}}'
DECIDE = ("decide", "credit_limit", "--rules", "starter", "--on", "2026-03-01", "--facts")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder of its own, with the starter rulebook and its facts in it."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init", "starter"]).exit_code == 0
    (tmp_path / "facts.json").write_text(LINE, encoding="utf-8")
    return tmp_path


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own; it never shows a traceback."""
    command = [sys.executable, "-m", "policy", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)
    assert "Traceback" not in done.stderr, done.stderr
    return done


# ── streams ─────────────────────────────────────────────────────────────────────────────────


def test_whoever_has_read_enough_may_close_the_pipe(here: Path) -> None:
    (here / "f.jsonl").write_text(f"{LINE}\n" * 5_000, encoding="utf-8")
    command = [sys.executable, "-m", "policy", *DECIDE, "f.jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"1: 1.00 HKD\n"
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 141


def test_an_interrupt_is_no_answer() -> None:
    command = [sys.executable, "-m", "policy", *DECIDE, "-"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored in the background
    ) as process:
        wait_for_watch(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)  # with its input open: at the end of that it might be done sooner
        _, told = process.communicate()
    assert (process.returncode, told) == (130, "interrupted\n")


def wait_for_watch(process: int) -> None:
    """Until a process has blocked SIGINT, to wait for it in a thread; two seconds where the system tells nothing."""
    status, until = Path(f"/proc/{process}/status"), time.monotonic() + 30
    while status.exists() and time.monotonic() < until:
        blocked = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigBlk"))
        if int(blocked, 16) >> (signal.SIGINT - 1) & 1:
            return
        time.sleep(0.05)
    time.sleep(2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "policy", *DECIDE, "facts.json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: No space left on device\n")


def test_standard_input_may_be_closed_but_not_read() -> None:
    close = {"preexec_fn": lambda: os.close(0)}
    for words in (("check", "-"), (*DECIDE, "-")):
        done = run(*words, **close)
        assert done.returncode == 2
        assert "standard input is closed" in done.stderr
    assert run("check", "starter", **close).returncode == 0


def test_a_stream_of_what_cannot_be_read(here: Path) -> None:
    long = '{"client": {"verified": true, "net_worth": 10, "x": "' + "a" * 5_000_000 + '"}}'
    lines = [b"\xef\xbb\xbf" + LINE.encode(), b"", long.encode(), b'{"caf\xe9": 1}', b"[" * 1_000_000, LINE.encode()]
    (here / "f.jsonl").write_bytes(b"\r\n".join(lines))
    done = run(*DECIDE, "f.jsonl", "--format", "json")
    answers = [json.loads(x) for x in done.stdout.splitlines()]
    assert [(a["line"], a["outcome"]) for a in answers] == [
        (1, "value"),
        (3, "refused"),
        (4, "refused"),
        (5, "refused"),
        (6, "value"),
    ]
    assert [a["findings"][0]["code"] for a in answers[1:4]] == ["facts-unknown", "not-utf-8", "facts-json"]
    assert len(done.stdout) < 10_000
    assert done.returncode == 2


def test_what_facts_say_moves_no_cursor(here: Path) -> None:
    (here / "x.policy").write_text(
        'language 1 ruleset x "x" zh "甲" source S "s" zh "源" status house provision S/1 "p" zh "條"\n'
        'value v(t: text) -> text "v" zh "值" = t per S/1\n',
        encoding="utf-8",
    )
    (here / "t.json").write_text(json.dumps({"t": "\x1b[2J\u202e"}), encoding="utf-8")
    done = run("explain", "v", "--rules", "x.policy", "--on", "2026-03-01", "--facts", "t.json")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


NARROW = {
    "decide": [*DECIDE, "denied.json"],
    "decide in JSON": [*DECIDE, "denied.json", "--format", "json"],
    "a stream in JSON": [*DECIDE, "denied.jsonl", "--format", "json"],
    "explain": ["explain", *DECIDE[1:], "denied.json"],
    "questions": ["questions", "--rules", "starter"],
    "provisions": ["provisions", "starter", "--format", "json"],
    "facts": ["facts", "may_trade", "--rules", "starter", "--format", "json"],
}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("case", NARROW)
def test_standard_output_that_holds_no_chinese(here: Path, case: str, encoding: str) -> None:
    for name in ("denied.json", "denied.jsonl"):
        (here / name).write_text(LINE.replace("true", "false") + "\n", encoding="utf-8")
    words = ["may_trade" if w == "credit_limit" else w for w in NARROW[case]]
    wide, narrow = (run(*words, env={**os.environ, "PYTHONIOENCODING": e}, encoding=e) for e in ("utf-8", encoding))
    assert (narrow.returncode, narrow.stderr) == (wide.returncode, wide.stderr)
    assert narrow.returncode in (0, 1)
    if "JSON" in case or "json" in words:
        assert [json.loads(x) for x in documents(narrow.stdout)] == [json.loads(x) for x in documents(wide.stdout)]


def documents(text: str) -> list[str]:
    return text.splitlines() if text.startswith('{"line"') else [text]


@pytest.mark.parametrize(
    "kind",
    [
        "decision",
        *(pytest.param(k, marks=pytest.mark.slow) for k in "rulebook traceability trading margin change".split()),
    ],
)
def test_a_document_to_a_dash_is_standard_output(here: Path, kind: str) -> None:
    scenario = str(Path(policy.__file__).parents[1] / "rulesets" / "hk_sfc" / "scenarios" / "shared_book")
    more = {
        "decision": ["may_trade", "--facts", "facts.json"],
        "trading": [scenario],
        "margin": [scenario],
        "change": ["starter", "starter", "--no-proofs"],
        "rulebook": ["--no-proofs"],
    }.get(kind, [])
    more += ["--rules", "starter"] if kind in ("rulebook", "traceability", "decision") else []
    more += [] if kind in ("trading", "margin") else ["--on", "2026-03-01"]
    done = run("report", kind, *more, "-o", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!doctype html>")
    assert not (here / "-").exists()


@pytest.mark.parametrize("words", ["demo --report -", "trade starter --report -", "trade starter --journal -"])
def test_a_dash_where_standard_output_is_taken_is_refused(here: Path, words: str) -> None:
    done = run(*words.split())
    assert done.returncode == 2
    assert "standard output is for the summary; name a file" in done.stderr
    assert not (here / "-").exists()


def test_no_color_is_respected(here: Path) -> None:
    (here / "bad.policy").write_text("language 2\n", encoding="utf-8")
    for value, coloured in (("", True), ("1", False)):
        result = CliRunner(env={"NO_COLOR": value}).invoke(main, ["check", "bad.policy"], color=True)
        assert ("\x1b" in result.output) == coloured


# ── files ───────────────────────────────────────────────────────────────────────────────────


def test_links_pipes_and_loops_in_a_folder_of_rules(here: Path) -> None:
    for name in ("out", "loop", "gone"):
        (here / name).mkdir()
    (here / "out" / "a.policy").symlink_to(here / "starter" / "house.policy")
    (here / "loop" / "a.policy").symlink_to(here / "loop" / "a.policy")
    (here / "gone" / "a.policy").symlink_to(here / "gone" / "nothing")
    os.mkfifo(here / "starter" / "pipe.policy")
    found = read_folder([here / name for name in ("out", "loop", "gone", "starter")])[1]
    assert [d.code for d in found] == ["escapes-folder", "unreadable", "unreadable", "unreadable"]
    assert run("check", "loop").returncode == 2


def test_paths_that_mean_nothing() -> None:
    for words in (("",), ("-", "-"), ("-", "starter"), ("nowhere",)):
        assert run("check", *words).returncode == 2
    assert run("init", "/dev/null/x").returncode == 2
    assert run(*DECIDE, "starter").returncode == 2
    assert run("check", "starter", "./starter", "starter/house.policy").returncode == 0


def test_windows_line_ends_and_remarks_alone(here: Path) -> None:
    (here / "w.policy").write_bytes(b'\xef\xbb\xbflanguage 1\r\nruleset a.b "x" zh "x"\r\n# end')
    (here / "c.policy").write_bytes(b"\r\n  # only\r\n\r\n\r\n# remarks")
    assert run("fmt", "w.policy", "c.policy").returncode == 0
    assert (here / "w.policy").read_bytes() == b'language 1\n\nruleset a.b "x" zh "x"\n# end\n'
    assert (here / "c.policy").read_bytes() == b"# only\n\n# remarks\n"
    assert run("fmt", "--check", "w.policy", "c.policy").returncode == 0


def test_titles_of_any_characters(here: Path) -> None:
    rules = (here / "starter" / "house.policy").read_text(encoding="utf-8")
    title = "odd <&]]> 𝕏 \ufffe"
    (here / "a 中.policy").write_text(rules.replace("a verified client", title), encoding="utf-8")
    done = run("test", "a 中.policy", "--format", "junit")
    names = [case.get("name") or "" for case in ElementTree.fromstring(done.stdout).iter("testcase")]
    assert any(name.startswith("odd <&]]> 𝕏 \ufffd") for name in names)
    (here / "a 中.policy").write_text(
        'language 1\nruleset a.b "𝕏𝕏"\tzh "𝕏" value v() -> rate = zz\n', encoding="utf-8"
    )
    [found] = json.loads(run("check", "a 中.policy", "--format", "sarif").stdout)["runs"][0]["results"][-1][
        "locations"
    ]
    place = found["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20%E4%B8%AD.policy"
    assert place["region"]["startColumn"] == 48


# ── the cache ───────────────────────────────────────────────────────────────────────────────


def test_a_cache_gone_bad_is_made_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_CACHE", str(here / "cache"))
    texts = read_folder(["starter"])[0]
    wanted = load_program(texts)
    [kept] = (here / "cache").iterdir()
    whole = kept.read_bytes()
    flipped = whole[:-99] + bytes([whole[-99] ^ 1]) + whole[-98:]
    for data in (b"", whole[:50], whole[:-1], flipped, b"x" * 500, b"\x80\x05" + whole):
        kept.write_bytes(data)
        assert cache.fetch(kept.name) is None
        assert load_program(texts) == wanted
        assert kept.read_bytes() == whole
    kept.unlink()
    kept.mkdir()
    assert load_program(texts) == wanted
    assert [f.name for f in (here / "cache").iterdir()] == [kept.name]


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("/dev/null/cache", "/proc/cache"):
        monkeypatch.setenv("POLICY_CACHE", place)
        assert run(*DECIDE, "facts.json").returncode == 0


@pytest.mark.slow
def test_many_may_write_the_cache_at_once(here: Path) -> None:
    environment = {**os.environ, "POLICY_CACHE": str(here / "cache")}
    command = [sys.executable, "-m", "policy", *DECIDE, "facts.json"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    answers = {process.communicate(timeout=60)[0] for process in started}
    assert len(answers) == 1
    assert not [file for file in (here / "cache").iterdir() if file.suffix == ".part"]


# ── the same every time ─────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_the_seed_of_hashing_changes_nothing(here: Path) -> None:
    (here / "bad.policy").write_text("language 1\nruleset a.b\nvalue v(x: Thing) -> rate = y + z\n", encoding="utf-8")
    verbs = (
        ("check", "starter", "bad.policy", "--format", "json"),
        (*DECIDE, "facts.json", "--format", "json"),
        ("explain", *DECIDE[1:], "facts.json", "--format", "json"),
        ("test", "starter", "--format", "json"),
        ("questions", "--rules", "starter", "--format", "json"),
        ("provisions", "starter", "--format", "json"),
        ("facts", "credit_limit", "--rules", "starter", "--format", "json"),
    )
    for words in verbs:
        told = {run(*words, env={**os.environ, "PYTHONHASHSEED": seed}).stdout for seed in ("0", "7")}
        assert len(told) == 1, words


def test_a_rulebook_is_the_same_in_any_folder_and_order() -> None:
    a, b = RulesFile("a.policy", b"language 1"), RulesFile("b.policy", b"language 2")
    moved = [RulesFile("elsewhere/z.policy", b.data), RulesFile("x.policy", a.data)]
    assert digest_of([a, b]) == digest_of([b, a]) == digest_of(moved)
    assert digest_of([a, b]) != digest_of([a, b], "house")


# ── options that say nothing, or two things ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("log show day.jsonl --client", "--client"),
        ("log show day.jsonl --provision", "--provision"),
        ("log verify day.jsonl --kept", "--kept"),
        ("decide credit_limit starter --facts facts.json --on 2026-03-01 --under", "--under"),
        ("test starter -k", "-k"),
        ("tables export starter -o t.xlsx -k", "-k"),
    ],
)
def test_an_option_that_is_empty_is_no_option_left_out(line: str, option: str) -> None:
    done = CliRunner().invoke(main, [*line.split(), ""])
    assert done.exit_code == 2
    assert option in done.output
    assert "it is empty; leave the option out, or say what is meant" in done.output


def test_a_parameter_is_set_once() -> None:
    words = [*DECIDE, "facts.json", "--set", "share_at_risk=5%", "--set"]
    for again in ("share_at_risk=6%", "my.house.share_at_risk=6%"):
        done = CliRunner().invoke(main, [*words, again])
        assert (done.exit_code, "is set twice" in done.output) == (2, True)


@pytest.mark.parametrize("day", ["20260301", "2026-W09-7", "2026-3-1", "2026-03-01T00:00"])
def test_a_date_has_one_form(day: str) -> None:
    done = CliRunner().invoke(
        main, ["decide", "credit_limit", "starter", "--facts", "facts.json", "--on", day], prog_name="policy"
    )
    assert done.exit_code == 2
    assert f"`{day}` is not a date; write it as 2026-03-01" in done.output


@pytest.mark.parametrize("out", ["-", "rules.csv", "rules.xls", "rules.ODS"])
def test_tables_go_into_a_workbook_or_a_folder(here: Path, out: str) -> None:
    done = CliRunner().invoke(main, ["tables", "export", "starter", "-o", out])
    assert done.exit_code == 2
    assert f"`{out}` names neither a workbook, as rules.xlsx, nor a folder of CSV files" in done.output
    assert not (here / out).exists()


def test_a_sheet_is_of_a_workbook(here: Path) -> None:
    (here / "tiers.csv").write_text("kind,rate\na,1%\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["tables", "new", "tiers.csv", "--sheet", "Tiers"])
    assert (done.exit_code, "`tiers.csv` is no workbook, so it has no sheet `Tiers`" in done.output) == (2, True)


@pytest.mark.parametrize(("name", "format"), [("r.pdf", "pdf"), ("r.md", "markdown"), ("R.JSON", "json")])
def test_a_document_is_what_its_name_says(here: Path, name: str, format: str) -> None:
    words = ["report", "rulebook", "starter", "--on", "2026-03-01", "--no-proofs", "-o", name]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert f"`{name}` would hold html: add `--format {format}`, or name it otherwise" in done.output
    assert not (here / name).exists()


def test_a_name_that_is_not_utf_8_is_refused(here: Path) -> None:
    folder = os.fsencode(here / "odd") + b"\xff"
    os.mkdir(folder)
    (here / "starter" / "house.policy").rename(Path(os.fsdecode(folder)) / "house.policy")
    for words in (["check"], ["test"], ["questions"], ["fmt", "--check"]):
        done = CliRunner().invoke(main, [*words, os.fsdecode(folder)])
        assert done.exit_code == 2, done.output
        assert "cannot be read: its name is not UTF-8" in done.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_that_cannot_be_printed(word: str) -> None:
    command = [sys.executable, "-m", "policy", word]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: No space left on device\n")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")

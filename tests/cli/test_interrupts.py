"""A command that is told to stop ends within two seconds: it says so once, and leaves no file and no process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import optional

RULESETS = Path(__file__).parents[2] / "rulesets"
PATIENCE = 2.0  # seconds
BUSY = 30.0  # as many, where other work shares the machine


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLICY_CACHE", "off")  # so that everything takes its time


def started(marker: str) -> list[int]:
    """The processes whose environment has a word of this test's own."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = place.read_bytes()
            state = place.with_name("stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if f"POLICY_TEST_MARKER={marker}".encode() in environment and state not in "ZX":
            found.append(int(place.parent.name))
    return found


def heard() -> None:
    """Signals end the new process even where the tests run in the background, which ignores some of them."""
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent, signal.SIG_DFL)


def interrupted(words: list[str], after: float, sent: signal.Signals = signal.SIGINT, times: int = 1) -> None:
    """Runs a command, stops it, and looks at what is left; stops it sooner where a fast machine is done before."""
    for sooner in (1, 2, 4, 8):
        if stopped(words, after / sooner, sent, times):
            return
    pytest.fail(f"the command was done within {after / 8} seconds")


def stopped(words: list[str], after: float, sent: signal.Signals, times: int) -> bool:
    """Whether there was something to stop; whatever a command that was done before has written is taken away."""
    marker = f"{os.getpid()}-{time.monotonic_ns()}"
    before = sorted(Path().rglob("*"))
    environment = {**os.environ, "POLICY_TEST_MARKER": marker}
    with subprocess.Popen(
        [sys.executable, "-m", "policy", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True, preexec_fn=heard,
    ) as process:  # fmt: skip
        time.sleep(after)
        if process.poll() is not None:
            process.communicate()
            for new in set(Path().rglob("*")) - set(before):
                shutil.rmtree(new) if new.is_dir() else new.unlink(missing_ok=True)
            return False
        begin = time.monotonic()
        for _ in range(times):
            process.send_signal(sent)
            time.sleep(0.05)
        _, told = process.communicate(timeout=60)
        took = time.monotonic() - begin
    assert process.returncode == 128 + sent, told
    assert told.endswith("interrupted\n")
    assert told.count("interrupted") == 1
    assert "Traceback" not in told
    assert took < (PATIENCE if os.getloadavg()[0] < 0.75 * (os.cpu_count() or 1) else BUSY)
    until = time.monotonic() + 5  # for the system to take them away
    while (left := started(marker)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left
    assert sorted(Path().rglob("*")) == before
    return True


def large_table(rows: int = 6_000_000) -> None:
    pl = optional.columns()
    classes = pl.lit("virtual_asset").alias("asset.class")
    pl.select(classes, pl.int_range(rows).cast(pl.String).alias("market_value")).write_parquet("f.parquet")


def long_scenario() -> None:
    shutil.copytree(RULESETS / "hk_sfc" / "scenarios" / "shared_book", "day")
    last = sorted(Path("day").glob("*.jsonl"))[0]
    others = [f for f in Path("day").glob("*.jsonl") if f.stem not in ("market", "participants")]
    last = others[0]
    line = last.read_text(encoding="utf-8").splitlines()[-1]
    with last.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n" * 300_000)


def decide_table() -> list[str]:
    large_table()
    return ["decide", "lending_value", "--facts", "f.parquet", "--on", "2026-03-01", "--out", "o.jsonl"]


def trade() -> list[str]:
    long_scenario()
    return ["trade", "day", "--events", "events.jsonl"]


def prices() -> str:
    Path("prices.csv").write_text("Unix,Close\n" + "".join(f"{n * 3600},{100 + n % 7}\n" for n in range(1, 300_000)))
    return "prices.csv"


def stress() -> list[str]:
    shutil.copytree(RULESETS / "hk_sfc" / "scenarios" / "portfolio", "book")
    return ["stress", "portfolio", "book", "--path", f"BTC={prices()}"]


LONG = {
    "stress portfolio": (stress, 6.0),
    "stress coverage": (lambda: ["stress", "coverage", prices(), "--on", "2026-03-01"], 2.5),
    "decide --out": (decide_table, 3.0),
    "trade --events": (trade, 3.0),
    "test --coverage": (lambda: ["test", str(RULESETS), "--coverage", "-j", "2"], 5.0),
    "report traceability": (lambda: ["report", "traceability", "--on", "2026-03-01", "-o", "t.html"], 6.0),
}
PROVING = {
    "verify": (lambda: ["verify", str(RULESETS), "-j", "2"], 8.0),
    "verify -j 1": (lambda: ["verify", str(RULESETS), "-j", "1"], 8.0),
    "test --mutate": (lambda: ["test", str(RULESETS), "--mutate"], 8.0),
    "diff": (lambda: ["diff", str(RULESETS), "--under", "example.house"], 8.0),
    "report change": (
        lambda: ["report", "change", "shipped", "shipped+example.house", "--on", "2026-06-18", "-o", "c.html"],
        15.0,
    ),
    "report pack": (lambda: ["report", "pack", "p", "--on", "2026-06-18", "--under", "example.house"], 12.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", LONG)
def test_an_interrupt_ends_a_long_command(name: str, times: int) -> None:
    words, after = LONG[name]
    interrupted(words(), after, times=times)


@pytest.mark.slow
def test_a_second_interrupt_changes_nothing() -> None:
    interrupted(decide_table(), 2.0, times=2)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", PROVING)
def test_an_interrupt_ends_a_command_that_proves(name: str, times: int) -> None:
    optional.library("z3", "proofs")
    words, after = PROVING[name]
    interrupted(words(), after, times=times)


STUCK = """
import ctypes, sys, time
from multiprocessing import get_context
from policy import files
from policy import interrupts
def stuck():
    get_context("fork").Process(target=time.sleep, args=(600,)).start()
    with files.whole("half.txt") as file:
        file.write(b"half")
        print("ready", flush=True)
        while True:
            try:
                ctypes.PyDLL(None).usleep(700_000) if sys.argv[1] == "holding" else ctypes.CDLL(None).sleep(600)
            except BaseException:
                pass
interrupts.interruptible(stuck)
"""


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("how", ["waiting", "holding"])
def test_whatever_is_stuck_is_ended(how: str, sent: signal.Signals) -> None:
    """In C code with or without the interpreter's lock, deaf to what is raised, and with a process of its own."""
    marker = f"{os.getpid()}-{time.monotonic_ns()}"
    environment = {**os.environ, "POLICY_TEST_MARKER": marker}
    command = [sys.executable, "-c", STUCK, how]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard
    ) as p:
        assert p.stdout is not None
        assert p.stdout.readline() == "ready\n"
        for _ in range(3):  # more than once changes nothing
            p.send_signal(sent)
        _, told = p.communicate(timeout=30)
    assert (p.returncode, told) == (128 + sent, "interrupted\n")
    assert not started(marker)
    assert list(Path().iterdir()) == []


def script() -> list[str]:
    """What the installed `policy` runs: the function that pyproject.toml names."""
    project = tomllib.loads((RULESETS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["policy"].partition(":")
    return ["-c", f"import sys; from {module} import {function}; sys.exit({function}())"]


@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("words", [["-m", "policy"], script()], ids=["module", "script"])
def test_an_interrupt_while_the_first_library_is_imported_is_one_line(
    words: list[str], sent: signal.Signals, tmp_path: Path
) -> None:
    """Click is the first that is not Python's own; a stub of it, earlier on the path, never ends."""
    (tmp_path / "click.py").write_text('import time\nprint("importing", flush=True)\ntime.sleep(600)\n')
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, *words, "--help"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(sent)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (128 + sent, "interrupted\n")


DELETED = """
import os, signal, time
from policy import interrupts

class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

def run():
    Held()
    time.sleep(30)

interrupts.watch()
interrupts.interruptible(run)
"""

WAITING = """
import os, signal, threading, time
from policy import interrupts

begin = threading.Thread.start

def interrupted_before(thread):
    os.kill(os.getpid(), signal.SIGINT)
    begin(thread)

threading.Thread.start = interrupted_before
interrupts.interruptible(lambda: time.sleep(30))
"""


@pytest.mark.parametrize("program", [DELETED, WAITING], ids=["in a destructor", "before it is waited for"])
def test_an_interrupt_at_a_bad_moment_is_told_in_one_line(program: str) -> None:
    """Libraries free what they hold in `__del__`; and a signal may be there before the thread that waits for it."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, preexec_fn=heard
    )
    assert (done.returncode, done.stderr) == (130, "interrupted\n")

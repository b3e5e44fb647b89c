"""The journal where disks fill up and processes are killed: what was acknowledged is all there.

Each test runs a writer in a process of its own that says on its standard output, after every commit, up to which
record it was acknowledged. A kill leaves what the system has taken, so these tests cannot tell whether it was made
durable; that each acknowledgement comes after an fsync is read off a trace of system calls.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import optional
from policy.audit.journal import Journal
from policy.audit.lines import JournalLine, lines
from policy.audit.records import read_record
from policy.audit.verify import Verified, verify

TESTS = Path(__file__).parents[1]
WRITER = """
import os, random, sys
from pathlib import Path
from policy.audit.journal import Journal, JournalStopped
from policy.audit.records import Header

path, seed, largest, records = Path(sys.argv[1]), *map(int, sys.argv[2:])
header = Header("r" * 64, "", "2026-03-01", {})
groups = random.Random(seed)

def say(seq):
    os.write(1, b"%d\\n" % seq)

try:
    journal = Journal.open(path, 10**9) if path.exists() else Journal.create(path, header, 10**9)
    say(journal.durable)
    seq = journal.durable
    while seq < records:
        for _ in range(groups.randint(1, largest)):
            seq = journal.append(seq, {"at": seq, "fill": "x" * (seq * 7919 % 3000)}, [{"done": seq}], "r" * 64)
        say(journal.commit())
except JournalStopped as stopped:
    os.write(2, str(stopped).encode())
    try:
        journal.append(0, {"at": 0}, [], "r" * 64)
    except (JournalStopped, NameError):
        sys.exit(stopped.exit_code)
"""


def command(path: Path, seed: int = 0, largest: int = 20, records: int = 10**9) -> list[str]:
    return [sys.executable, "-c", WRITER, str(path), str(seed), str(largest), str(records)]


def acknowledged(said: bytes) -> int:
    """The last number that was said in full."""
    return int((b"0\n" + said).split(b"\n")[-2])


def assert_all_there(path: Path, up_to: int) -> Verified:
    """The journal is whole but for its end, and every record up to a number says what it said when it was written."""
    verified = verify(path)
    assert verified.whole or verified.only_torn, verified.findings
    assert verified.last >= up_to
    with path.open("rb") as file:
        for line in lines(file):
            if isinstance(line, JournalLine) and line.number > 1:
                record = read_record(line.text).record
                assert record is not None
                before = record.seq - 1
                assert record.input == {"at": before, "fill": "x" * (before * 7919 % 3000)}
                assert record.events == [{"done": before}]
    return verified


# ── killed ──────────────────────────────────────────────────────────────────────────────────


def killed(path: Path, chance: random.Random) -> int:
    """Writes until killed at a random moment, sometimes before it has begun; the last acknowledged number."""
    seed, largest = chance.randrange(10**9), chance.choice((1, 20, 500))
    with subprocess.Popen(command(path, seed, largest), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        begun = b""
        if chance.random() < 0.1:
            time.sleep(chance.uniform(0, 0.2))
        else:
            begun = writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.03))
        writer.kill()
        rest = writer.stdout.read()
        assert writer.stderr.read() == b""
    return acknowledged(begun + rest)


def kill_often(folder: Path, times: int, seed: int) -> tuple[int, int]:
    """How many records were acknowledged, and how many ends were torn."""
    chance = random.Random(seed)
    total = torn = 0
    path = folder / "market.jsonl"
    for n in range(times):
        last = killed(path, chance)
        if path.exists() and verify(path).header is not None:
            torn += assert_all_there(path, last).torn is not None
            if n % 10 < 9:
                continue  # the next writer goes on with it
        total += last
        path.unlink(missing_ok=True)
    return total, torn


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    total, _ = kill_often(tmp_path, 10, seed=1)
    assert total > 0


@pytest.mark.slow
def test_a_writer_killed_three_hundred_times_loses_nothing_acknowledged(tmp_path: Path) -> None:
    total, torn = kill_often(tmp_path, 300, seed=2)
    print(f"{total:,} records acknowledged, {torn} torn ends")
    assert total > 300


def test_an_interrupt_at_any_moment_leaves_the_chain_whole(tmp_path: Path) -> None:
    """A writer that catches its interrupts and goes on: no record twice, none without the one before."""
    program = """
import random, signal, sys
from policy.audit.journal import Journal
from policy.audit.records import Header

class Interrupt(Exception): pass

def interrupt(*_): raise Interrupt

signal.signal(signal.SIGALRM, interrupt)
chance = random.Random(3)
interrupts = last = n = 0
with Journal.create(sys.argv[1], Header("r" * 64, "", "2026-03-01", {}), 5) as journal:
    while interrupts < 300:
        try:
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00002, 0.002))
            while True:
                n += 1
                journal.append(n, {"at": n}, [{"done": n}], "r" * 64)
                last = journal.durable
        except Interrupt:
            interrupts += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
print(last)
"""
    path = tmp_path / "market.jsonl"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    verified = verify(path)
    assert verified.whole, verified.findings[:3]
    assert verified.last >= int(done.stdout)


# ── full ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("room", [60_000, 123_456, 1_000_000])
def test_a_full_disk_stops_the_journal_and_loses_nothing_acknowledged(tmp_path: Path, room: int) -> None:
    """A limit on the size of a file stands for the disk's: the last write is first cut short, then refused."""
    path = tmp_path / "market.jsonl"
    program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n{WRITER}"
    words = [sys.executable, "-c", program, *command(path)[3:]]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert done.returncode == 3
    last = acknowledged(done.stdout)
    assert f"has stopped after record {last}: File too large" in done.stderr.decode()
    verified = assert_all_there(path, last)
    assert verified.whole, "what was not acknowledged is cut off again"
    assert verified.last == last > 0
    with Journal.open(path) as journal:  # the disk has room again
        assert (journal.durable, journal.torn) == (last, None)
        journal.append(last, {"at": last, "fill": "x" * (last * 7919 % 3000)}, [{"done": last}], "r" * 64)
    assert assert_all_there(path, last + 1).whole


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    optional.program("util-linux", "unshare")
    disk, copy = tmp_path / "disk", tmp_path / "copy.jsonl"
    disk.mkdir()
    inside = f'mount -t tmpfs -o size=300k none {disk} || exit 99; "$@"; ended=$?; cp {disk}/j {copy}; exit $ended'
    words = ["unshare", "-Urm", "sh", "-c", inside, "sh", *command(disk / "j")]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    if done.returncode in (1, 99):
        pytest.skip(f"no small disk can be mounted here: {done.stderr.decode()}")
    assert done.returncode == 3, done.stderr
    last = acknowledged(done.stdout)
    assert f"has stopped after record {last}: No space left on device" in done.stderr.decode()
    verified = assert_all_there(copy, last)
    assert (verified.whole, verified.last) == (True, last)


def test_a_journal_that_cannot_be_begun_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))\n{WRITER}"
    done = subprocess.run([sys.executable, "-c", program, *command(path)[3:]], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")
    assert "cannot be begun: File too large" in done.stderr.decode()
    assert not path.exists()


# ── durable ─────────────────────────────────────────────────────────────────────────────────


def test_every_acknowledgement_comes_after_one_write_and_one_fsync(tmp_path: Path) -> None:
    optional.program("strace", "strace")
    trace = tmp_path / "trace"
    watched = [
        "strace",
        "-qq",
        "-o",
        str(trace),
        "-e",
        "trace=openat,pwrite64,fsync,write",
        *command(tmp_path / "j", records=50),
    ]
    done = subprocess.run(watched, capture_output=True, check=False, timeout=120)
    if not trace.exists() or not trace.stat().st_size:
        pytest.skip(f"system calls cannot be watched here: {done.stderr.decode()}")
    assert done.returncode == 0
    calls = trace.read_text(encoding="utf-8")
    calls = calls[calls.index(f'"{tmp_path / "j"}", O_RDWR|O_CREAT|O_EXCL') :]
    names = re.findall(r"^(pwrite64|fsync|write)\(", calls, re.MULTILINE)
    begun, groups = names[:4], names[4:]
    assert begun == ["pwrite64", "fsync", "fsync", "write"], "the header, the folder's entry, then the first word"
    assert groups == ["pwrite64", "fsync", "write"] * (len(groups) // 3)
    assert groups

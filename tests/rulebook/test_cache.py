"""The cache: a pickle in a folder that others can write to is never read, and what is kept stays bounded."""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cases_of_rules import HEAD
from policy import cache, pipeline
from policy.diagnostics import draw
from policy.pipeline import RulesFile

NAME = "ab" * 32


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("POLICY_CACHE", str(place))
    return place


class Planted:
    """Runs a command when it is read."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, (str(self.trace),)


def plant(place: Path, trace: Path) -> None:
    data = pickle.dumps(Planted(trace))
    (place / NAME).write_bytes(hashlib.sha256(data).digest() + data)
    (place / NAME).chmod(0o600)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_the_folder_and_its_files_are_the_user_s_alone(umask: int, tmp_path: Path) -> None:
    """In a process of its own, for a umask is the whole process's."""
    code = f"import os; from policy import cache; os.umask({umask}); cache.store({NAME!r}, 7); os._exit(0)"
    place = tmp_path / "above" / "policy-that-runs"
    environment = {k: v for k, v in os.environ.items() if k != "POLICY_CACHE"} | {
        "XDG_CACHE_HOME": str(tmp_path / "above")
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    if umask != 0o777 or os.geteuid() == 0:  # who denies himself his own folders has no cache
        assert mode(place / NAME) == 0o600
        assert {mode(place), mode(place.parent)} == {0o700 & ~umask}


@pytest.mark.usefixtures("place")
def test_what_is_stored_is_fetched() -> None:
    cache.store(NAME, ["a"])
    assert cache.fetch(NAME) == ["a"]
    assert cache.refusal() == ""


@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o770, 0o707, 0o720])
def test_a_folder_that_others_may_write_to_is_not_used(bits: int, place: Path, tmp_path: Path) -> None:
    place.mkdir()
    plant(place, tmp_path / "trace")
    before = (place / NAME).read_bytes()
    place.chmod(bits)
    assert cache.fetch(NAME) is None
    cache.store(NAME, 7)
    assert (place / NAME).read_bytes() == before
    assert not (tmp_path / "trace").exists()
    assert "others may write to it" in cache.refusal()
    assert "chmod 700" in cache.refusal()


def test_a_folder_that_others_may_read_becomes_one_s_own(place: Path) -> None:
    place.mkdir()
    place.chmod(0o755)
    cache.store(NAME, 7)
    assert mode(place) == 0o700
    assert cache.fetch(NAME) == 7


def test_the_planted_file_runs_where_the_folder_is_one_s_own(place: Path, tmp_path: Path) -> None:
    """So that the tests beside this one show something."""
    place.mkdir(0o700)
    plant(place, tmp_path / "trace")
    cache.fetch(NAME)
    assert (tmp_path / "trace").exists()


def test_a_file_that_others_may_write_to_is_not_read(place: Path, tmp_path: Path) -> None:
    place.mkdir(0o700)
    plant(place, tmp_path / "trace")
    (place / NAME).chmod(0o620)
    assert cache.fetch(NAME) is None
    assert not (tmp_path / "trace").exists()
    cache.store(NAME, 7)
    assert cache.fetch(NAME) == 7


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir(0o700)
    plant(real, tmp_path / "trace")
    place.symlink_to(real)
    assert cache.fetch(NAME) is None
    cache.store("cd" * 32, 7)
    assert [f.name for f in real.iterdir()] == [NAME]
    assert "it is a link" in cache.refusal()
    place.unlink()
    place.mkdir(0o700)
    (place / NAME).symlink_to(real / NAME)
    assert cache.fetch(NAME) is None
    assert not (tmp_path / "trace").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others: run as root")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_another_owner_s_is_not_used(what: str, place: Path, tmp_path: Path) -> None:
    place.mkdir(0o700)
    plant(place, tmp_path / "trace")
    os.chown(place if what == "folder" else place / NAME, 12345, 12345)
    assert cache.fetch(NAME) is None
    assert not (tmp_path / "trace").exists()
    assert ("it is another user's" in cache.refusal()) == (what == "folder")


def test_a_relative_folder_is_refused_and_xdg_s_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLICY_CACHE", "cache")
    cache.store(NAME, 7)
    assert cache.fetch(NAME) is None
    assert "absolute" in cache.refusal()
    monkeypatch.delenv("POLICY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    cache.store(NAME, 7)
    assert cache.fetch(NAME) == 7
    assert (tmp_path / "home" / ".cache" / "policy-that-runs" / NAME).exists()
    assert not (tmp_path / "cache").exists()
    assert cache.refusal() == ""
    monkeypatch.setenv("POLICY_CACHE", "off")
    assert cache.fetch(NAME) is None


@pytest.mark.slow
def test_a_person_is_told_in_one_line_and_a_program_is_not(place: Path) -> None:
    place.mkdir()
    place.chmod(0o777)
    for name, code in (
        ("command", "from policy.cli import main; main(['questions'])"),
        ("api", "import policy; policy.load(on='2026-03-01')"),
    ):
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        lines = [f"warning: {cache.refusal()}"] if name == "command" else []
        assert told.stderr.splitlines() == lines
    assert not list(place.iterdir())


def test_what_is_old_or_too_much_goes_the_longest_unused_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{n:064x}" for n in range(8)]
    now = time.time()
    for age, name in enumerate(names):
        cache.store(name, b"x" * 1000)
        os.utime(place / name, (now - 1000 * age, now - 1000 * age))
    others = [place / "letter.txt", place / ("x" * 64)]
    partial = place / f"{NAME}.{'0' * 16}.part"
    for file in (*others, partial):
        file.write_text("x" * 9999)
        os.utime(file, (1, 1))
    assert cache.fetch(names[5]) is not None  # which is used now
    monkeypatch.setattr(cache, "MOST", 4500)
    monkeypatch.setattr(cache, "_left", 0)
    cache.store(NAME, b"x" * 1000)
    assert {f.name for f in place.iterdir()} == {NAME, names[5], names[0], names[1], *(f.name for f in others)}
    monkeypatch.setattr(cache, "OLDEST", 500)
    monkeypatch.setattr(cache, "_left", 0)
    cache.store(NAME, b"x" * 1000)
    assert {f.name for f in place.iterdir()} == {NAME, names[5], names[0], *(f.name for f in others)}


@pytest.mark.usefixtures("place")
def test_the_folder_is_looked_through_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(cache, "_prune", looked.append)
    monkeypatch.setattr(cache, "_left", 0)
    monkeypatch.setattr(cache, "_SHARE", 10_000)
    for n in range(30):
        cache.store(f"{n:064x}", b"x" * 1000)
    assert len(looked) == 3


# ── what is kept of rules ───────────────────────────────────────────────────────────────────

WRONG = (HEAD + "parameter a: integer = x per LAW/1\n").encode()
OTHER = b'language 1\nruleset u "other" zh "\xe5\x85\xb6\xe4\xbb\x96"\n'


@pytest.mark.usefixtures("place")
def test_unchanged_rules_are_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [RulesFile("a.policy", WRONG), RulesFile("b.policy", OTHER)]
    first = pipeline.findings(texts)
    monkeypatch.setattr(pipeline, "check", lambda *_: pytest.fail("checked again"))
    again = pipeline.findings(texts)
    assert [draw(d) for d in again.diagnostics] == [draw(d) for d in first.diagnostics]
    assert (again.errors, again.rulesets, again.provisions, again.tests) == (1, 2, first.provisions, 0)


@pytest.mark.usefixtures("place")
def test_files_that_swap_their_texts_are_told_by_their_names() -> None:
    [before] = pipeline.findings([RulesFile("a.policy", WRONG), RulesFile("b.policy", OTHER)]).diagnostics
    [after] = pipeline.findings([RulesFile("a.policy", OTHER), RulesFile("b.policy", WRONG)]).diagnostics
    assert str(before.span) == "a.policy:2:24"
    assert str(after.span) == "b.policy:2:24"


@pytest.mark.usefixtures("place")
def test_programs_of_files_that_swap_their_texts_have_the_places_of_each() -> None:
    right = WRONG.replace(b"= x", b"= 1")
    for names in ("ab", "ba"):
        texts = [RulesFile(f"{name}.policy", data) for name, data in zip(names, (right, OTHER), strict=True)]
        place = pipeline.load_program(sorted(texts, key=lambda t: t.name)).functions["t.a"].place
        assert place.file == f"{names[0]}.policy"

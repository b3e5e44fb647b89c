"""The journal: what is written can be read again, and whatever is done to it afterwards is found and named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import strategies as st

from examples import examples
from journals import HEADER, RULES, Past, lines_of, past_of
from policy.audit.journal import Journal, JournalStopped, cut
from policy.audit.lines import Torn
from policy.audit.records import canonical, digest, header_line, read_record, record_line
from policy.audit.verify import Verified, verify
from policy.diagnostics import PolicyError
from policy.vocabulary import Json

# any JSON without fractions; characters include halves of surrogate pairs, which UTF-8 cannot write
words = st.text(st.characters(exclude_categories=()), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(words, values, max_size=3)
pasts = st.lists(st.tuples(objects, st.lists(objects, max_size=3)), min_size=1, max_size=6)


def checked(data: bytes) -> Verified:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "market.jsonl"
        path.write_bytes(data)
        return verify(path)


def told(verified: Verified) -> list[tuple[str, int]]:
    return [(f.diagnostic.code, f.record) for f in verified.findings]


def messages(lines: list[bytes]) -> list[str]:
    return [f.diagnostic.message for f in checked(b"".join(lines)).findings]


# ── writing and reading ─────────────────────────────────────────────────────────────────────


@examples(16, 50, pasts, st.integers(1, 4), st.integers(0, 5))
def test_what_is_written_is_read_again(past: Past, every: int, pause: int) -> None:
    """Whatever the groups are, and whether or not the journal was closed in between."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "market.jsonl"
        for n, part in enumerate((past[:pause], past[pause:])):
            with Journal.open(path, every) if n else Journal.create(path, HEADER, every) as journal:
                before = journal.durable
                for seq, (command, events) in enumerate(part, before + 1):
                    assert journal.append(seq * 1_000, {**command, "at": seq * 1_000}, events, RULES) == seq
                    assert journal.durable == before + (seq - before) // every * every
                assert journal.commit() == journal.durable == before + len(part)
        assert path.read_bytes() == b"".join(lines_of(past))
        verified = verify(path)
        assert (verified.whole, verified.header, verified.records) == (True, HEADER, len(past))
        records = [read_record(line).record for line in path.read_bytes().split(b"\n")[1:-1]]
        assert [(r.seq, r.at, r.input, r.events, r.rules) for r in records if r] == [
            (seq, seq * 1_000, {**command, "at": seq * 1_000}, events, RULES)
            for seq, (command, events) in enumerate(past, 1)
        ]


def test_records_are_made_in_rows_and_nothing_more_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In rows of three, and at a commit what is left; the bytes are those of records made as they come."""
    monkeypatch.setattr("policy.audit.journal.STRETCH", 3)
    past, made = past_of(8), list[int]()

    def encode(command: int, events: list[Json]) -> tuple[bytes, bytes]:
        made.append(command)
        return canonical({**past[command - 1][0], "at": command * 1_000}), canonical(events)

    with Journal.create(tmp_path / "j", HEADER, every=5) as journal:
        told = []
        for n, (command, events) in enumerate(past, 1):
            if n == 7:
                seq = journal.append(n * 1_000, {**command, "at": n * 1_000}, events, RULES)
            else:
                seq = journal.append_later(n * 1_000, n, events, RULES, encode)
            told.append((seq, journal.durable, len(made)))
    assert told == [(1, 0, 0), (2, 0, 0), (3, 0, 3), (4, 0, 3), (5, 5, 5), (6, 5, 5), (7, 5, 5), (8, 5, 7)]
    assert made == [1, 2, 3, 4, 5, 6, 8]
    assert (tmp_path / "j").read_bytes() == b"".join(lines_of(past))


def test_the_text_of_a_value_does_not_depend_on_how_it_was_built() -> None:
    assert canonical({"b": [1, True, None], "a": "香港\ud800"}) == '{"a":"香港\\ud800","b":[1,true,null]}'.encode()
    assert canonical({"a": 1, "b": (2, 3)}) == canonical({"b": [2, 3], "a": 1})


def test_what_is_no_json_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j", HEADER) as journal:
        for bad in ({"x": object()}, {"x": {1, 2}}):
            with pytest.raises(TypeError):
                journal.append(1, bad, [], RULES)
        with pytest.raises(ValueError, match="not JSON compliant"):
            journal.append(1, {"at": 1, "x": float("nan")}, [], RULES)
        assert journal.append(1, {"at": 1}, [], RULES) == 1
    assert verify(tmp_path / "j").whole


def test_a_record_too_long_to_be_read_stops_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy.audit.journal.LONGEST_LINE", 500)
    with Journal.create(tmp_path / "j", HEADER) as journal:
        journal.append(1, {"at": 1}, [], RULES)
        journal.commit()
        journal.append(2, {"at": 2, "fill": "x" * 200}, [], RULES)
        with pytest.raises(
            JournalStopped, match="stopped after record 1: a record is longer than 500 bytes; 1 record"
        ):
            journal.commit()
    verified = verify(tmp_path / "j")
    assert (verified.whole, verified.last) == (True, 1)


def test_a_journal_is_never_written_over_nor_written_by_two(tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    with Journal.create(path, HEADER) as journal:
        journal.append(1, {"at": 1}, [], RULES)
        for attempt in (
            lambda: Journal.create(path, HEADER),
            lambda: Journal.open(path),
            lambda: cut(path, Torn(0, 0)),
        ):
            with pytest.raises(PolicyError) as refused:
                attempt()
            assert [d.code for d in refused.value.diagnostics] == ["journal-taken"]
        journal.commit()
        assert verify(path).whole, "reading is free"
    with pytest.raises(JournalStopped, match="it was closed"):
        journal.append(2, {"at": 2}, [], RULES)
    with Journal.open(path) as again:
        assert again.append(2, {"at": 2}, [], RULES) == 2


# ── damage, found and named ─────────────────────────────────────────────────────────────────


@examples(100, 300, pasts, st.data())
def test_any_byte_altered_is_found_and_its_record_named(past: Past, data: st.DataObject) -> None:
    lines = lines_of(past)
    whole = b"".join(lines)
    at = data.draw(st.integers(0, len(whole) - 1), "at")
    new = data.draw(st.integers(0, 255).filter(lambda b: b != whole[at]), "byte")
    record = whole[:at].count(b"\n")
    found = told(checked(whole[:at] + bytes([new]) + whole[at + 1 :]))
    if new == ord("\n") or whole[at] == ord("\n"):  # two lines become one, or one two
        assert record in {named for _, named in found}
    else:
        assert found == [("journal-altered" if record else "journal-header", record)]


@examples(66, 200, pasts, st.data())
def test_any_truncation_is_a_torn_end_or_a_shorter_journal(past: Past, data: st.DataObject) -> None:
    lines = lines_of(past)
    whole = b"".join(lines)
    size = data.draw(st.integers(0, len(whole) - 1), "size")
    kept = whole[:size]
    records = kept.count(b"\n") - 1
    torn = size - (kept.rfind(b"\n") + 1)
    verified = checked(kept)
    if records < 0:
        assert told(verified) == [("journal-header", 0)]
        return
    assert (verified.records, verified.last) == (records, records)
    assert verified.torn == (Torn(size - torn, torn) if torn else None)
    assert told(verified) == ([("journal-torn", records + 1)] if torn else [])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "market.jsonl"
        path.write_bytes(kept)
        with Journal.open(path) as journal:
            assert journal.torn == verified.torn
            assert path.stat().st_size == size - torn
            for seq, (command, events) in enumerate(past[records:], records + 1):
                journal.append(seq * 1_000, {**command, "at": seq * 1_000}, events, RULES)
        assert path.read_bytes() == whole, "the journal goes on where it was cut"


@examples(66, 200, st.integers(2, 9), st.data())
def test_lines_removed_doubled_or_exchanged_are_found(count: int, data: st.DataObject) -> None:
    lines = lines_of(past_of(count))
    one = data.draw(st.integers(0, count), "line")
    other = data.draw(st.integers(0, count).filter(lambda n: n != one), "other")
    removed = checked(b"".join(lines[:one] + lines[one + 1 :]))
    if one == 0:
        assert told(removed) == [("journal-header", 0)]
    elif one == count:
        assert removed.whole
        assert removed.head != checked(b"".join(lines)).head, "the last hash tells"
    else:
        assert told(removed) == [("journal-order", one)]
    doubled = checked(b"".join([*lines[:other], lines[one], *lines[other:]]))
    assert one in {record for _, record in told(doubled)} or 0 in (one, other)
    assert not doubled.whole
    lines[one], lines[other] = lines[other], lines[one]
    exchanged = checked(b"".join(lines))
    assert not exchanged.whole
    assert {record for _, record in told(exchanged)} & {one, other}


def altered(record: int, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    def alter(lines: list[bytes]) -> list[bytes]:
        assert old in lines[record]
        return [line.replace(old, new, 1) if n == record else line for n, line in enumerate(lines)]

    return alter


def written_anew(lines: list[bytes]) -> list[bytes]:
    """Record 2 with another event, sealed as if it had always been there."""
    prev = read_record(lines[2][:-1]).record
    assert prev is not None
    return [*lines[:2], record_line(2, prev.at, prev.input, [], RULES, prev.prev)[0], *lines[3:]]


WRONG = "is not what was written:"
DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], list[str]]] = {
    "an event": (altered(2, b'"lots":2', b'"lots":3'), [f"record 2 {WRONG} its content is not what its hash says"]),
    "the input": (
        altered(3, b'"place":"o3"', b'"place":"o4"'),
        ["record 3", "its input is not what its input digest"],
    ),
    "the link": (altered(2, b'"prev":"', b'"prev":"0'), [f"record 2 {WRONG} its link to the record before"]),
    "the hash": (altered(2, b'"hash":"', b'"hash":"x'), [f"record 2 {WRONG} it cannot be read as a record"]),
    "the number": (altered(2, b'"seq":2', b'"seq":9'), [f"record 2 {WRONG} its content"]),
    "the last record": (altered(5, b'"lots":5', b'"lots":6'), [f"record 5 {WRONG} its content"]),
    "sealed anew": (written_anew, ["record 3 does not follow record 2 as it stands: one was written anew"]),
    "garbage inside": (lambda x: [*x[:3], b"\0\0\n", *x[3:]], ["something was put in before record 3"]),
    "garbage behind": (
        lambda x: [*x, b"{}\n", b"\xff\n"],
        ["what stands behind record 5 does not belong", "lines 7 to 8"],
    ),
    "garbage for two": (lambda x: [*x[:2], b"?\n", *x[4:]], ["records 2 to 3 are missing, and what stands there"]),
    "missing": (lambda x: [*x[:2], *x[4:]], ["records 2 to 3 are missing before this place"]),
    "moved": (lambda x: [*x[:2], x[3], x[2], *x[4:]], ["record 2 was moved to this place (line 4"]),
    "doubled": (lambda x: [*x[:3], x[1], *x[3:]], ["record 1 stands here again (line 4"]),
    "no header": (lambda x: x[1:], ["the header is missing: line 1 is a record"]),
    "another header": (altered(0, b"2026-03-01", b"2026-03-02"), ["the header is not what was written: its content"]),
    "nothing": (lambda _: [], ["the journal is empty"]),
    "half a header": (lambda x: [x[0][:50]], ["the header is cut short after 50 bytes"]),
    "another file": (lambda _: [b"{\n", b'  "n": 1\n', b"}\n"], ["this is no journal"]),
    "another file of one line": (lambda _: [b'{"n": 1}'], ["this is no journal"]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(damage: str) -> None:
    change, expected = DAMAGES[damage]
    found = messages(change(lines_of(past_of(5))))
    assert len(found) == 1, found
    assert all(part in found[0] for part in expected), found


def test_a_hash_that_was_altered_is_told_from_content_that_was() -> None:
    lines = lines_of(past_of(3))
    seal = lines[2].rindex(b'"hash":"') + len(b'"hash":"')
    lines[2] = lines[2][:seal] + (b"0" if lines[2][seal:][:1] != b"0" else b"1") + lines[2][seal + 1 :]
    assert [m.partition(" (")[0] for m in messages(lines)] == [
        "record 2 is not what was written: its hash was altered"
    ]


def test_everything_wrong_is_told_and_the_rest_counted() -> None:
    lines = lines_of(past_of(12))
    lines[2] = lines[2].replace(b"o2", b"o0")
    lines[9] = lines[9].replace(b"o9", b"o0")
    damaged = checked(b"".join([*lines[:4], *lines[6:], lines[7], b"torn"]))
    assert told(damaged) == [
        ("journal-altered", 2),
        ("journal-order", 4),
        ("journal-altered", 9),
        ("journal-order", 7),
        ("journal-torn", 13),
    ]
    many = lines_of(past_of(1_500))
    spoilt = checked(b"".join([many[0], *(line.replace(b"lots", b"LOTS") for line in many[1:])]))
    assert (len(spoilt.findings), spoilt.untold) == (1_000, 500)


def test_only_a_hash_kept_elsewhere_shows_what_is_gone_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    lines = lines_of(past_of(4))
    path.write_bytes(b"".join(lines))
    kept = verify(path).head
    path.write_bytes(b"".join(lines[:-1]))
    assert verify(path).whole
    assert told(verify(path, kept)) == [("journal-order", 4)]
    assert verify(path, verify(path).head).whole


@pytest.mark.parametrize(("version", "remedy"), [(1, "policy trade FOLDER"), (3, "the program that wrote it")])
def test_a_journal_of_another_version_is_refused_with_what_to_do(version: int, remedy: str, tmp_path: Path) -> None:
    other = header_line(HEADER)[0].replace(b'{"journal":2', b'{"journal":%d' % version)
    body = other[: other.rindex(b',"hash"')] + b"}"
    (tmp_path / "other").write_bytes(body[:-1] + f',"hash":"{digest(body)}"}}\n'.encode())
    with pytest.raises(PolicyError) as refused:
        verify(tmp_path / "other")
    (diagnostic,) = refused.value.diagnostics
    assert f"version {version}" in diagnostic.message
    assert remedy in diagnostic.help


def test_what_is_no_journal_of_ours_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        verify(tmp_path)
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(10_000), b"{" * 50_000 + b"\n" + b"[" * 100_000 + b"\n", b"\n\n\n"):
        assert "journal-header" in [code for code, _ in told(checked(data))]


def test_going_on_with_a_damaged_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "market.jsonl"
    lines = lines_of(past_of(3))
    for data, code in (
        (lines[1:], "journal-header"),
        ([*lines[:3], b"x\n"], "journal-altered"),
        ([], "journal-header"),
    ):
        path.write_bytes(b"".join(data))
        with pytest.raises(PolicyError) as refused:
            Journal.open(path)
        assert [d.code for d in refused.value.diagnostics] == [code]
        assert path.read_bytes() == b"".join(data), "and nothing is touched"


def test_a_long_journal_takes_no_more_memory_to_verify(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.jsonl"
        path.write_bytes(b"".join(lines_of(past_of(count))))
        program = (
            "import resource, sys; from policy.audit.verify import verify\n"
            "assert verify(sys.argv[1]).whole\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert peak(20_000) < peak(200) * 1.1

"""The form of a journal: a header, then a record a line, each sealed with a hash that covers the hash before it.

In: data made of JSON's own kinds (commands, events), or the bytes of a line. Out: the bytes of a line and their
seal, or what a line says and whether it is whole. The seal of a line is the SHA-256 of its text without the last
key, `hash`. Absent: files (see `lines`), and a key to sign with: who can rewrite a whole journal can seal it anew,
so keep the last hash elsewhere, where that matters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from attrs import frozen

from policy.diagnostics import PolicyError
from policy.vocabulary import Json

VERSION = 2  # 1 had other names of events, fields and codes
LONGEST_LINE = 1 << 27  # bytes; what a reader must be ready to hold

_CONVERT = (
    "carry out its commands again: `jq -c 'select(.seq).input' JOURNAL > FOLDER/market.jsonl`, then "
    "`policy trade FOLDER --journal NEW` with `--on` and `--under` as its first line has them"
)

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_SEAL = re.compile(rb',"hash":"([0-9a-f]{64})"\}')
_SEAL_SIZE = len(',"hash":"') + 64 + len('"}')
BEGINNING = b'{"journal":'
_HEADER = {"journal": int, "rules": str, "overlay": str, "on": str, "about": dict}
_RECORD = {
    "seq": int,
    "at": int,
    "input": dict,
    "input_digest": str,
    "rules": str,
    "events": list,
    "prev": str,
}


def canonical(value: object) -> bytes:
    """The one text of a JSON value, as bytes."""
    return as_bytes(_ENCODER.encode(value))


def canonical_text(value: object) -> str:
    """The one text of a JSON value: keys sorted, no spaces, characters as they are."""
    return _ENCODER.encode(value)


def as_bytes(text: str) -> bytes:
    """Half of a surrogate pair, which JSON can name and UTF-8 cannot write, stays the escape that names it."""
    return text.encode("utf-8", "backslashreplace")


def digest(text: bytes) -> str:
    return sha256(text).hexdigest()


@frozen
class Header:
    """What a journal was begun under: the rulebook's digest, the overlay, the as-of date, and whatever else."""

    rules: str
    overlay: str
    on: str
    about: Json


@frozen
class JournalRecord:
    """One command and its events; `prev` is the hash of the record before, for the first that of the header."""

    seq: int
    at: int
    input: Json
    input_digest: str
    rules: str
    events: list[Json]
    prev: str


@frozen
class LineReading:
    """A line as it was found. `said` is the hash it carries, `has` the one its content has; both "" without form."""

    record: JournalRecord | None
    said: str
    has: str
    fault: str  # what is wrong with it; "" where it is whole

    @property
    def hashes(self) -> frozenset[str]:
        """Those by which the line behind it may name it."""
        return frozenset({self.said, self.has}) - {""}


CanonicalRecord = tuple[int, tuple[bytes, bytes], str]  # when, the bytes of a command and its events, and the rules
_RECORD_TEXT = b'{"seq":%d,"at":%d,"input":%b,"input_digest":"%b","rules":%b,"events":%b,"prev":"%b"'
_SEALED = b',"hash":"%b"}\n'
NOTHING_READ = LineReading(None, "", "", "it cannot be read as a record")

# ── writing ─────────────────────────────────────────────────────────────────────────────────


def header_line(header: Header) -> tuple[bytes, str]:
    """The first line of a journal, and its hash."""
    parts = {"rules": header.rules, "overlay": header.overlay, "on": header.on, "about": header.about}
    body = ",".join(f'"{name}":{canonical_text(value)}' for name, value in parts.items())
    text = as_bytes(f'{{"journal":{VERSION},{body}')
    seal = digest(text + b"}")
    return text + _SEALED % seal.encode(), seal


def record_line(
    seq: int, at: int, command: Mapping[str, object], events: Sequence[Json], rules: str, prev: str
) -> tuple[bytes, str]:
    """The line of a record, and its hash; `at` is when the command came, in microseconds since 1970 UTC."""
    return record_lines([(at, (canonical(command), canonical(events)), rules)], seq, prev)


def record_lines(records: Iterable[CanonicalRecord], seq: int, prev: str) -> tuple[bytes, str]:
    """The lines of records that follow each other from this number and link on, and the hash of the last."""
    parts, link = list[bytes](), prev.encode()
    for number, (at, (command, events), rules) in enumerate(records, seq):
        given = sha256(command).hexdigest().encode()
        text = _RECORD_TEXT % (number, at, command, given, _quoted(rules), events, link)
        said = sha256(text)
        said.update(b"}")
        link = said.hexdigest().encode()
        parts += (text, _SEALED % link)
    return b"".join(parts), link.decode()


@lru_cache(8)
def _quoted(rules: str) -> bytes:
    return canonical(rules)


# ── reading ─────────────────────────────────────────────────────────────────────────────────


def read_header(line: bytes) -> tuple[Header | None, LineReading]:
    """What the first line (without its end) says. Raises PolicyError where another version has written it."""
    data, said, has = _opened(line)
    version = data.get("journal", VERSION) if data and said == has else VERSION
    if version != VERSION:
        message = f"this journal has the format of version {version}, and only version {VERSION} can be read here"
        help = _CONVERT if version == 1 else "read it with the program that wrote it"
        raise PolicyError.of("journal-header", message, help)
    if data is None or not _fits(data, _HEADER):
        return None, LineReading(None, said, has, "it cannot be read as a header")
    fault = "" if said == has else "its content is not what its hash says"
    return Header(data["rules"], data["overlay"], data["on"], data["about"]), LineReading(None, said, has, fault)


def read_record(line: bytes) -> LineReading:
    """What a later line (without its end) says, and whether it says what was written."""
    data, said, has = _opened(line)
    if data is None or not _fits(data, _RECORD):
        return LineReading(None, said, has, NOTHING_READ.fault)
    record = JournalRecord(**data)
    if not _is_digest_of(record):
        return LineReading(record, said, has, "its input is not what its input digest says")
    return LineReading(record, said, has, "" if said == has else "its content is not what its hash says")


def is_sealed(line: bytes) -> bool:
    """Whether a line ends as every line of a journal does."""
    return _SEAL.fullmatch(line[-_SEAL_SIZE:]) is not None


def _opened(line: bytes) -> tuple[Json | None, str, str]:
    """The data of a line without its seal, the seal, and what the seal should be."""
    seal = _SEAL.fullmatch(line[-_SEAL_SIZE:])
    if seal is None:
        return None, "", ""
    body = line[:-_SEAL_SIZE] + b"}"
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        data = None
    return (data if isinstance(data, dict) else None), seal[1].decode(), digest(body)


def _fits(data: Json, form: dict[str, type]) -> bool:
    return list(data) == list(form) and all(type(data[name]) is kind for name, kind in form.items())


def _is_digest_of(record: JournalRecord) -> bool:
    try:
        return digest(canonical(record.input)) == record.input_digest
    except (ValueError, RecursionError):  # a number or a depth that is never written
        return False

"""Where sources were read: addresses that documents make links of, and hashes of what was there.

In: a source as written. Out: its copies, with a finding for each that is none. Absent: the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.diagnostics import Collector
from policy.model import rules
from policy.syntax import tree

LONGEST = 2_000  # characters of an address
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9/?#&=%._~:;,+!*()$@-]*)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def copies_of(source: tree.SourceText, found: Collector) -> tuple[rules.Copy, ...]:
    """The copies of a source, in its order."""
    return tuple(_copies(source, found)) if source.reading else ()


def _copies(source: tree.SourceText, found: Collector) -> Iterator[rules.Copy]:
    seen: set[str] = set()
    for copy in source.reading.copies if source.reading else ():
        if len(copy.address) > LONGEST or not _ADDRESS.fullmatch(copy.address):
            message = f"`{copy.address[:80]}` is not a web address"
            help = "write it in full and in ASCII, as `https://www.example.org/law.html`"
            found.error("source-address", message, copy.span, help)
        elif copy.address in seen:
            message = f"source `{source.name.text}` names `{copy.address[:80]}` twice"
            found.error("source-address", message, copy.span, "remove one of them")
        elif copy.sha256 and not _SHA256.fullmatch(copy.sha256):
            message = f"`{copy.sha256[:80]}` is not a SHA-256"
            help = "write its 64 digits, 0 to 9 and a to f, as `sha256sum` prints them"
            found.error("source-address", message, copy.span, help)
        else:
            seen.add(copy.address)
            yield rules.Copy(copy.address, copy.sha256)

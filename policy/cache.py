"""Programs already made, kept between runs under a key that covers everything they were made from.

Pickles, in the user's own cache folder and nowhere else, written whole or not at all. A file that cannot be
read is made again. `POLICY_CACHE=off` switches it off.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_CHECK = hashlib.sha256().digest_size


def folder() -> Path | None:
    """Where cached programs are, or None when caching is off."""
    named = os.environ.get("POLICY_CACHE", "")
    if named == "off":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(named or os.path.join(base, "policy-that-runs"))


@cache
def _self_digest() -> str:
    """Of this program's own code, so that a new version never reads what an old one wrote."""
    package = Path(__file__).parent
    parts = [f"{sys.version_info[:3]}"]
    for file in sorted(package.rglob("*.py")):
        stat = file.stat()
        parts.append(f"{file.relative_to(package)}:{stat.st_size}:{stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key(*parts: str) -> str:
    """The name under which something made of `parts` by this program is kept."""
    return hashlib.sha256("\0".join((_self_digest(), *parts)).encode()).hexdigest()


def fetch(name: str) -> Any:
    """What is kept under `name`, or None."""
    place = folder()
    if place is None:
        return None
    try:
        kept = (place / name).read_bytes()
        check, data = kept[:_CHECK], kept[_CHECK:]
        return pickle.loads(data) if hashlib.sha256(data).digest() == check else None
    except Exception:  # whatever is not there, not whole or not ours is made again
        return None


def store(name: str, value: Any) -> None:
    """Keeps `value` under `name`; a folder that cannot be written to is no reason to fail."""
    place = folder()
    if place is None:
        return
    try:
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        place.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=place)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(partial, place / name)
        finally:
            Path(partial).unlink(missing_ok=True)
    except (OSError, RecursionError):
        return

"""The two rulebooks of a comparison, each of which may be a revision of Git.

In: the words after a verb. Out: paths, as every verb takes them. `HEAD~1 rules` is that folder then and now,
`main..draft rules` is it in two revisions; without a folder they are about the current one.
"""

from __future__ import annotations

from pathlib import Path

import click

from policy.cli.options import is_there
from policy.revisions import is_revision

SHIPPED = "shipped"


def sides(words: tuple[str, ...]) -> tuple[str, ...]:
    """The rulebooks, at most two, that `words` name; an overlay stays where it is, after a `+`."""
    if len(words) > 2:
        raise click.UsageError("name two rulebooks, or a revision and a path")
    first, *rest = words or ("",)
    old, _, under = first.partition("+")
    new, _, other = (rest[0] if rest else ".").partition("+")
    ends = _range(old)
    if ends is not None:
        if rest and _is_bare(new):
            raise click.UsageError(f"`{old}` names two revisions already: name a path after it")
        return tuple(
            _with(f"{end}:{_from_here(new)}", o) for end, o in zip(ends, (under, other or under), strict=True)
        )
    if not _is_bare(old):
        return words
    if rest and _is_bare(new):
        return _with(f"{old}:./", under), _with(f"{new}:./", other)
    path = new.partition(":")[2] if ":" in new and not is_there(new) else _from_here(new)
    return _with(f"{old}:{path}", under), _with(new, other)


def two_sides(old: str, new: str) -> tuple[str, str]:
    """The two rulebooks of a verb that takes no less."""
    found = sides((old, new) if new else (old,))
    if len(found) < 2:
        raise click.UsageError(f"`{old}` is one rulebook: name the other, or a revision of it, as `HEAD~1 {old}`")
    return found[0], found[1]


def _range(word: str) -> tuple[str, str] | None:
    """The two revisions of `A..B`; one that is left out is HEAD."""
    if is_there(word) or ".." not in word or ":" in word:
        return None
    if "..." in word:
        raise click.UsageError(f"`{word}` has three dots: write two, as `main..draft`")
    ends = [end or "HEAD" for end in word.split("..")]
    here = Path()
    return (ends[0], ends[1]) if len(ends) == 2 and all(is_revision(end, here) for end in ends) else None


def _is_bare(word: str) -> bool:
    """Whether a word is a revision, and no path."""
    return word not in ("", SHIPPED) and ":" not in word and not is_there(word) and is_revision(word, Path())


def _from_here(path: str) -> str:
    """A path as Git takes it after a revision: from the current folder."""
    return path if path.startswith(("/", "./", "../")) else f"./{path}"


def _with(path: str, under: str) -> str:
    return f"{path}+{under}" if under else path

"""The sheet for reviewers: every provision and every sentence of a shipped ruleset, English above Chinese.

In: a name: of a ruleset, of a declaration (and of one of its statements), or of a provision. Out: text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby

from policy import resources
from policy.answers import BilingualText
from policy.model import rules
from policy.model.overlays import overlaid
from policy.pipeline import check, read_folder
from policy.reports.plain import amounts
from policy.reports.plain.names import in_full
from policy.reports.plain.sentences import Sentences, Statement


@cache
def shipped(overlay: str = "") -> rules.Model:
    """The shipped rulebook, with an overlay laid over it or none."""
    texts, _ = read_folder([resources.folder("rulesets")])
    return overlaid(check(texts).model, overlay)


def sheet(name: str) -> str:
    """What stands under that name."""
    name, _, part = name.strip().partition(" ")
    law = shipped()
    if name in law.provisions:
        return _two(law.provisions[name].title)
    if name not in law.rulesets:
        model = shipped("example.house") if part == "in example.house" else law
        said = Sentences(model).of(model.declared[name])
        wanted = "" if part == "in example.house" else part
        return "\n".join(_told(s) for s in said if wanted in ("", s.name))
    amends = law.rulesets[name].amends
    model = shipped("example.house") if amends else law
    sentences = Sentences(model)
    blocks = [f"{p.id}\n{_two(p.title)}" for p in model.provisions.values() if p.ruleset == name]
    for d in model.declared.values():
        mine = [s for s in sentences.of(d) if (s.house or d.ruleset == name) and _from(model, s, name)]
        if mine:
            told = _drawn(sentences, d, name) if isinstance(d, rules.Table) else _in_groups(mine)
            blocks.append("\n".join([f"{d.name}: {_heading(in_full(d.title, d.name))}", *told]))
    return "\n\n".join(blocks)


def _from(model: rules.Model, s: Statement, ruleset: str) -> bool:
    """Whether a statement is written in the ruleset: its own, or what it lays over the law."""
    return s.place.file == model.rulesets[ruleset].span.source.name


def _heading(title: BilingualText) -> str:
    return f"{title.en} {title.zh}"


def _two(words: BilingualText) -> str:
    return f"  {words.en}\n  {words.zh}"


def _drawn(sentences: Sentences, d: rules.Table, ruleset: str) -> Iterator[str]:
    """A table as it is drawn; of the law's and a house's, the one that the ruleset writes."""
    for body in (d.body,) if d.ruleset == ruleset else d.tightened:
        grid = sentences.grid(d, body)
        for cells, start, end in zip((grid.heads, *grid.rows), (None, *grid.starts), (None, *grid.ends), strict=True):
            period = f" | {amounts.iso(start)}–{amounts.iso(end)}" if start is not None or end is not None else ""
            yield "  | " + " | ".join(c.en if c.en == c.zh else _heading(c) for c in cells) + period
    yield _two(grid.hit)


def _in_groups(said: list[Statement]) -> Iterator[str]:
    """Statements one by one; what neighbours have in common stands above them."""
    for under, group in groupby(said, lambda s: s.under):
        if under.en:
            yield _two(under)
        yield from map(_told, group)


def _told(s: Statement) -> str:
    en, zh = s.listed or (s.en, s.zh)
    tells = f"\n    “{s.tells.en}” 「{s.tells.zh}」" if s.tells.en and s.kind != "property" else ""
    signs = "".join(f"\n    {line.en}" for line in s.signs) + "".join(f"\n    {line.zh}" for line in s.signs)
    return f"  {en}\n  {zh}{signs}{tells}"

"""How an answer was reached, as a picture: a tree of boxes, what was asked on the left, what it rests on beside it.

In: a derivation, and the facts that the question asks for. Out: boxes with places, and lines between them; None where
there would be too many boxes to read. Absent: drawing, and what the derivation in full says besides.
"""

from __future__ import annotations

from attrs import evolve

from policy.answers import NO_WORDS, BilingualText, Derivation
from policy.model import rules
from policy.reports.book.figures import Box, Edge, Network
from policy.reports.book.network import BOX_HEIGHT, BOX_WIDTH, COLUMN, ROW
from policy.reports.plain import amounts
from policy.reports.plain.facts import ToldFacts
from policy.reports.plain.names import in_full

_MOST = 30
_FEWEST = 3
_OUTCOMES = {
    "permitted": BilingualText("yes", "是"),
    "denied": BilingualText("no", "否"),
    "true": BilingualText("yes", "是"),
    "false": BilingualText("no", "否"),
    "applies": BilingualText("applies", "適用"),
    "does not apply": BilingualText("does not apply", "不適用"),
}


def tree_of(facts: ToldFacts, derivation: Derivation) -> Network | None:
    """The picture. Of a decision's rules only those that apply are drawn, or may apply."""
    derivation = evolve(derivation, parts=tuple(p for p in derivation.parts if p.value != "does not apply"))
    if not _FEWEST <= _size(derivation) <= _MOST:
        return None
    nodes: list[Box] = []
    edges: list[Edge] = []
    titles = {d.name: in_full(d.title, d.name) for d in facts.model.declared.values()}
    decisions = {d.name: d for d in facts.model.of_kind(rules.Decision)}

    def place(d: Derivation, depth: int, top: int, above: dict[str, BilingualText]) -> tuple[int, int]:
        """Draws a box and what it rests on below `top`; gives where the box is, and how far down it all reaches."""
        rows, bottom = [], top
        inside = above | _rules_of(decisions[d.label]) if d.label in decisions else above
        for part in d.parts:
            row, bottom = place(part, depth + 1, bottom, inside)
            rows.append(row)
        y = (rows[0] + rows[-1]) // 2 if rows else top + (ROW - BOX_HEIGHT) // 2
        x = 1 + depth * COLUMN
        nodes.append(Box("", _words_of(facts, above, d), "decision" if not depth else "fact", x, y))
        half = BOX_HEIGHT // 2
        edges.extend(Edge(x + BOX_WIDTH, y + half, x + COLUMN, row + half) for row in rows)
        return y, bottom if rows else top + ROW

    _, height = place(derivation, 0, 0, titles)
    return Network(_depth(derivation) * COLUMN + BOX_WIDTH + 2, height, tuple(nodes), tuple(edges))


def _rules_of(decision: rules.Decision) -> dict[str, BilingualText]:
    """What the lines of a decision's rules are called."""
    reasons = {f"{r.effect} {r.name}": r.because for r in decision.rules}
    return {**reasons, f"otherwise {decision.otherwise}": decision.because}


def _size(d: Derivation) -> int:
    return 1 + sum(map(_size, d.parts))


def _depth(d: Derivation) -> int:
    return 1 + max(map(_depth, d.parts)) if d.parts else 0


def _words_of(facts: ToldFacts, titles: dict[str, BilingualText], d: Derivation) -> BilingualText:
    if "." in d.label and d.label.partition(".")[0] in facts.parameters:
        title, value = facts.said(d.label, d.value)
    else:
        title = titles.get(d.label.partition("(")[0]) or in_full(NO_WORDS, d.label)
        plain = d.value.partition(" (")[0]  # without the version or row that was in force
        value = _OUTCOMES.get(plain) or BilingualText(
            amounts.grouped(plain), amounts.said_in_chinese(amounts.grouped(plain))
        )
    if d.label.startswith(("deny ", "permit ", "otherwise ")):
        return title
    asked = title.en.endswith("?")  # a question is answered, whatever else is named
    en = f"{title.en} {value.en}" if asked else f"{title.en}: {value.en}"
    return BilingualText(en, f"{title.zh}{'' if asked and title.zh.endswith('？') else '：'}{value.zh}")

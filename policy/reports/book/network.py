"""What feeds a decision, as a picture: boxes in columns, the decision on the right.

In: a model and a declaration. Out: boxes with places, and lines between them. Absent: drawing; a template does that.
"""

from __future__ import annotations

from policy.model import expressions as x, rules
from policy.model.traversal import bodies
from policy.reports.book.figures import Box, Edge, Network
from policy.reports.plain.names import in_full

BOX_WIDTH, BOX_HEIGHT = 196, 58
COLUMN, ROW = 256, 72
_MOST = 40  # a picture of more boxes tells nobody anything
_FEWEST = 3


def named_in(d: rules.Declaration) -> tuple[str, ...]:
    """What a declaration calls or names, in order of first mention."""
    found: dict[str, None] = {}
    pending = list(bodies(d))[::-1]
    while pending:
        e = pending.pop()
        if isinstance(e, x.Apply | x.Named):
            found[e.name] = None
        pending += x.parts(e)[::-1]
    return tuple(found)


def network_of(model: rules.Model, d: rules.Declaration) -> Network | None:
    """The picture for a declaration; None where it would show next to nothing, or too much."""
    fed: dict[str, tuple[str, ...]] = {}
    pending = [d.id]
    while pending:
        id = pending.pop()
        if id not in fed:
            fed[id] = named_in(model.declared[id])
            pending += fed[id]
    if not _FEWEST <= len(fed) <= _MOST:
        return None
    columns = _columns(d.id, fed)
    places = _places(columns)
    deepest, tallest = len(columns) - 1, max(map(len, columns))
    nodes = [_node(model, id, *places[id]) for column in columns for id in column]
    edges = [
        Edge(places[a][0] + BOX_WIDTH, places[a][1] + BOX_HEIGHT // 2, places[b][0], places[b][1] + BOX_HEIGHT // 2)
        for b, sources in fed.items()
        for a in sources
    ]
    return Network(deepest * COLUMN + BOX_WIDTH + 2, tallest * ROW, tuple(nodes), tuple(edges))


def _columns(root: str, fed: dict[str, tuple[str, ...]]) -> list[list[str]]:
    """Names in columns from left to right: each stands left of all that it feeds."""
    depth: dict[str, int] = {}

    def place(id: str, at: int) -> None:
        if depth.get(id, -1) < at:
            depth[id] = at
            for source in fed[id]:
                place(source, at + 1)

    place(root, 0)
    deepest = max(depth.values())
    return [[id for id in fed if depth[id] == deepest - n] for n in range(deepest + 1)]


def _places(columns: list[list[str]]) -> dict[str, tuple[int, int]]:
    """Every box's upper left corner; short columns stand in the middle."""
    tallest = max(map(len, columns))
    return {
        id: (1 + n * COLUMN, (tallest - len(column)) * ROW // 2 + row * ROW + (ROW - BOX_HEIGHT) // 2)
        for n, column in enumerate(columns)
        for row, id in enumerate(column)
    }


def _node(model: rules.Model, id: str, x: int, y: int) -> Box:
    d = model.declared[id]
    return Box(id, in_full(d.title, d.name), kind_of(d), x, y)


def kind_of(d: rules.Declaration) -> str:
    """What a declaration is, in one word."""
    names = {rules.DatedSet: "set", rules.RecordType: "record", rules.EnumOf: "enum"}
    return names.get(type(d), type(d).__name__.lower())

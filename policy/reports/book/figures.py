"""Everything the printed rulebook shows, as plain rows in the order of the page.

In: nothing; the files beside this one make these. Out: frozen data that templates print.
Dates are ISO texts, empty where a period is open. Absent: anything left to compute.
"""

from __future__ import annotations

from attrs import frozen

from policy.answers import BilingualText
from policy.reports.imprint import UNSIGNED, Imprint
from policy.reports.plain.clauses import Clause
from policy.reports.proofs import Proof, Proofs
from policy.reports.reach import Remark, SourceRow
from policy.reports.rows import Cited


@frozen
class Cover:
    """What stands on the first page of every document."""

    title: BilingualText
    platform: str
    on: str
    digest: str
    under: str
    sources: tuple[tuple[str, int], ...]  # of each status, how many provisions anything inside rests on
    remarks: tuple[Remark, ...] = ()
    until: str = ""  # the last day, where the document is about several
    before: str = ""  # the digest of the rulebook that this one is compared with
    imprint: Imprint = UNSIGNED
    read: str = ""  # the last day on which a source was read, where the reading is closed
    languages: tuple[str, ...] = ("en", "zh")  # of the rulebook's texts


@frozen
class Said:
    """One piece of the rules, in words, with what it stands on."""

    kind: str
    name: str
    en: Clause
    zh: Clause
    tells: BilingualText
    effect: str
    cited: tuple[Cited, ...]
    status: str
    since: str
    until: str
    in_force: bool
    house: bool
    place: str
    under: BilingualText  # what it and its neighbours have in common
    signs: tuple[BilingualText, ...]  # a long formula, line by line


@frozen
class TableRow:
    """A row of a table as drawn."""

    cells: tuple[BilingualText, ...]
    since: str
    until: str
    in_force: bool
    provisions: tuple[str, ...]


@frozen
class DrawnTable:
    """A table of the rules."""

    heads: tuple[BilingualText, ...]
    rows: tuple[TableRow, ...]
    hit: BilingualText
    dated: bool


@frozen
class Bar:
    """A tier of a schedule; `height` is in thousandths of the highest."""

    upto: str
    value: str
    height: int


@frozen
class Example:
    """A test, as an example: what was given, as of when, and what comes out.

    Where `base` is a number, the facts are those of the example of that number, but for what is `given`.
    """

    number: int
    title: BilingualText
    on: str
    base: int
    given: tuple[tuple[BilingualText, BilingualText], ...]
    outcome: BilingualText
    place: str
    anchor: str = ""  # of the first example of each test


@frozen
class Ranked:
    """Two in line: where they differ, and that the first comes before the second."""

    title: BilingualText
    on: str
    differences: tuple[tuple[BilingualText, BilingualText, BilingualText], ...]  # of what, the first, the second
    anchor: str = ""


@frozen
class Box:
    """A box of a picture."""

    id: str
    title: BilingualText
    kind: str
    x: int
    y: int


@frozen
class Edge:
    """A line of a picture, from what feeds to what is fed."""

    x1: int
    y1: int
    x2: int
    y2: int


@frozen
class Network:
    """What feeds a decision. Coordinates are those of the picture."""

    width: int
    height: int
    nodes: tuple[Box, ...]
    edges: tuple[Edge, ...]


@frozen
class DeclarationEntry:
    """One declaration of the rulebook."""

    id: str
    anchor: str
    kind: str
    title: BilingualText
    stricter: BilingualText
    said: tuple[Said, ...]
    tables: tuple[DrawnTable, ...]
    chart: tuple[Bar, ...]
    examples: tuple[Example, ...]
    ranked: tuple[Ranked, ...]
    network: Network | None
    properties: tuple[tuple[str, BilingualText], ...]  # anchors and titles of what is claimed of it
    proofs: tuple[Proof, ...]
    status: str


@frozen
class NotEncoded:
    """A provision that no rule stands on, and why."""

    id: str
    text: BilingualText
    status: str
    why: BilingualText


@frozen
class Concern:
    """A file of the rules: one subject."""

    id: str
    anchor: str
    title: BilingualText
    amends: str
    entries: tuple[DeclarationEntry, ...]
    not_encoded: tuple[NotEncoded, ...]


@frozen
class GlossaryTerm:
    """A word of the rules: a field, a member of an enum or a declaration, and where it is explained."""

    title: BilingualText
    explained: BilingualText
    anchor: str


@frozen
class Paragraph:
    """A provision, and where the book stands on it."""

    id: str
    source: str
    text: BilingualText
    status: str
    since: str
    until: str
    excused: BilingualText
    entries: tuple[tuple[str, BilingualText], ...]


@frozen
class DateEntry:
    """A day on which something begins to hold or ends."""

    on: str
    at: int  # where it lies on the line of time, in thousandths
    size: int  # in thousandths of the busiest day
    begins: tuple[tuple[str, BilingualText], ...]
    ends: tuple[tuple[str, BilingualText], ...]


@frozen
class RulebookFigures:
    """The whole."""

    concerns: tuple[Concern, ...]
    sources: tuple[SourceRow, ...]
    paragraphs: tuple[Paragraph, ...]
    terms: tuple[GlossaryTerm, ...]
    timeline: tuple[DateEntry, ...]
    years: tuple[tuple[str, int], ...]  # where each year begins on the line of time
    now: int  # and where the book's own date lies
    counts: tuple[tuple[BilingualText, int], ...]
    proofs: Proofs | None  # None where nothing was to be proved

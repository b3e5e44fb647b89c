"""A document's page as Markdown: the same words in the same order, without its looks.

In: the HTML that our templates make. Out: Markdown, tables as tables. Absent: pictures, scripts and navigation; what
a picture shows stands in the text beside it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from attrs import define, field

_SKIPPED = {"style", "script", "svg", "nav", "title", "small"}  # the small print is that of pictures
_HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### "}
_BLOCKS = {"p", "li", "dt", "dd", "h1", "h2", "h3", "summary", "figcaption", "caption"}
_BAR = "wide-bar"  # the class of cells that hold a picture, and no words
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown_of(page: str) -> str:
    """The page as Markdown."""
    reader = _Reader()
    reader.feed(page)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reader.out)).strip() + "\n"


@define
class _Table:
    rows: list[list[str]] = field(factory=list)
    head: int = 0


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self.skipping = 0
        self.text = ""
        self.table: _Table | None = None
        self.lists: list[tuple[str, int]] = []
        self.lead = ""
        self.is_bar = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED or self.skipping:
            self.skipping += tag in _SKIPPED
            return
        if self.table is not None:
            self._in_table(tag, dict(attrs).get("class") or "")
            return
        if tag in ("ol", "ul"):
            self._flush()
            self.lists.append((tag, 0))
        elif tag == "table":
            self._flush()
            self.table = _Table()
        elif tag == "li":
            self._flush()
            kind, count = self.lists.pop()
            self.lists.append((kind, count + 1))
            mark = f"{count + 1}. " if kind == "ol" else "- "
            self.lead = "   " * (len(self.lists) - 1) + mark
        elif tag == "dt":
            self._flush()
            self.lead = "- "
        elif tag == "dd":
            self.text += ": "
        elif tag in _BLOCKS:
            self._flush()
            self.lead = _HEADINGS.get(tag, self.lead)
        elif tag == "br":
            self.text += " "

    def _in_table(self, tag: str, kind: str) -> None:
        assert self.table is not None
        if tag == "tr":
            self.table.rows.append([])
        elif tag in ("td", "th"):
            self.text = ""
            self.is_bar = _BAR in kind
        elif tag in ("br", "li", "p"):
            self.text += "; " if self.text.strip() and tag != "p" else " "

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            self.skipping -= tag in _SKIPPED
            return
        if self.table is not None:
            self._out_of_table(tag)
        elif tag in ("ol", "ul"):
            self._flush()
            self.lists.pop()
            if not self.lists:
                self.out.append("")
        elif tag in _BLOCKS and tag != "dt":
            self._flush()

    def _out_of_table(self, tag: str) -> None:
        assert self.table is not None
        if tag in ("td", "th") and self.table.rows:
            cell = self._taken()
            self.table.rows[-1] += [] if self.is_bar else [cell]
        elif tag == "caption":
            self.out += [f"**{self._taken()}**", ""]
        elif tag == "thead":
            self.table.head = len(self.table.rows)
        elif tag == "table":
            self._draw(self.table)
            self.table = None

    def _draw(self, table: _Table) -> None:
        width = max(map(len, table.rows), default=0)
        rows = [row + [""] * (width - len(row)) for row in table.rows]
        if not table.head:
            rows.insert(0, [""] * width)
        for n, row in enumerate(rows):
            self.out.append("| " + " | ".join(row) + " |")
            if n == 0:
                self.out.append("|" + " --- |" * width)
        self.out.append("")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.text += _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", data))

    def _taken(self) -> str:
        text, self.text = re.sub(r"\s+", " ", self.text).strip(), ""
        return text

    def _flush(self) -> None:
        text = self._taken()
        if not text:
            return
        in_list = bool(self.lists) or self.lead == "- "
        lead = self.lead or "   " * len(self.lists)
        if self.out and self.out[-1].startswith("- ") and not in_list:
            self.out.append("")
        self.out.append(lead + text)
        if not in_list:
            self.out.append("")
        self.lead = ""

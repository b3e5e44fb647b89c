"""A document's page as Markdown: the same words in the same order, without its looks.

In: the HTML that our templates make, or any other. Out: Markdown, tables as tables; of what a text holds nothing
means anything in Markdown, nor in the dialects that make links of addresses and formulas of dollars. Absent:
pictures, scripts and navigation; what a picture shows stands in the text beside it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from attrs import define, field

_SKIPPED = {"style", "script", "svg", "nav", "title", "small"}  # the small print is that of pictures
_HEADINGS = {f"h{n}": "#" * n + " " for n in range(1, 7)}
_BLOCKS = {"p", "li", "dt", "dd", *_HEADINGS, "summary", "figcaption", "caption", "pre", "div", "address"} | {
    *("section", "article", "header", "footer", "main", "aside", "blockquote", "figure", "body")
}
_PICTURE = "\0"  # a cell with a picture and no word, which no text can be
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#&~$^]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_LIST_OR_LINE = re.compile(r"^(?:([-+=])|([0-9]+)([.)](?=\s|$)))")  # what would begin a list or rule a line off


def markdown_of(page: str) -> str:
    """The page as Markdown."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
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
        self.badge = False
        self.pictured = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED or self.skipping:
            self.skipping += tag in _SKIPPED
            self.pictured = self.pictured or tag == "svg"
            return
        if tag == "span" and "status" in (dict(attrs).get("class") or "").split():
            self.text += "("
            self.badge = True
        if self.table is not None:
            self._in_table(tag)
            return
        if tag in ("ol", "ul"):
            self._flush()
            self.lists.append((tag, 0))
        elif tag == "table":
            self._flush()
            self.table = _Table()
        elif tag == "li":
            self._flush()
            kind, count = self.lists.pop() if self.lists else ("ul", 0)
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

    def _in_table(self, tag: str) -> None:
        assert self.table is not None
        if tag == "tr":
            self.table.rows.append([])
        elif tag in ("td", "th"):
            self.text, self.pictured = "", False
            self.table.rows = self.table.rows or [[]]
        elif tag in ("br", "li", "p"):
            ended = not self.text.strip() or self.text.rstrip().endswith((".", "。"))  # by a sentence, if by anything
            self.text += " " if ended or tag == "p" else "; "

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            self.skipping -= tag in _SKIPPED
            return
        if tag == "span" and self.badge:
            self.text += ")"
            self.badge = False
        if self.table is not None:
            self._out_of_table(tag)
        elif tag in ("ol", "ul") and self.lists:
            self._flush()
            self.lists.pop()
            if not self.lists:
                self.out.append("")
        elif tag in _BLOCKS and tag != "dt":
            self._flush()

    def _out_of_table(self, tag: str) -> None:
        assert self.table is not None
        if tag in ("td", "th") and self.table.rows:
            text = self._taken()
            self.table.rows[-1].append(text if text or not self.pictured else _PICTURE)
        elif tag == "caption":
            self.out += [f"**{self._taken()}**", ""]
        elif tag == "thead":
            self.table.head = len(self.table.rows)
        elif tag == "table":
            self._draw(self.table)
            self.table = None

    def close(self) -> None:
        """What is left open ends where the page does."""
        super().close()
        if self.table is not None:
            self._draw(self.table)
        self._flush()

    def _draw(self, table: _Table) -> None:
        width = max(map(len, table.rows), default=0)
        if not width:
            return
        rows = [row + [""] * (width - len(row)) for row in table.rows]
        columns = [{row[n] for row in rows[table.head :]} for n in range(width)]
        shown = [n for n, cells in enumerate(columns) if _PICTURE not in cells or cells - {_PICTURE, ""}]
        rows = [["" if row[n] == _PICTURE else row[n] for n in shown] for row in rows]
        width = len(shown)
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
        text = _LIST_OR_LINE.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text)
        if self.out and self.out[-1].startswith("- ") and not in_list:
            self.out.append("")
        self.out.append(lead + text)
        if not in_list:
            self.out.append("")
        self.lead = ""

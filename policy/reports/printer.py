"""WeasyPrint, doing no more work than our pages need.

In: the HTML of a page. Out: the same document, sooner and in less memory. WeasyPrint's own style sheet gives each
element six styles for footnotes and bullets that no page of ours has; an anchor or a language gives an element, and
all within it, styles of their own; pages stay in memory as boxes until the last is drawn and tagged, their tags as
dictionaries until the last is written. Here equal elements share styles; a page is drawn, tagged and forgotten.
Absent: any change to what is printed.
"""

from __future__ import annotations

import gc
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import pydyf
import weasyprint.css
import weasyprint.document
import weasyprint.pdf
from weasyprint import CSS, HTML
from weasyprint.formatting_structure import boxes
from weasyprint.html import UA, UA_COUNTER_STYLE
from weasyprint.pdf import tags

_NOTES = re.compile(r"^::(foot)?note-[a-z]+ \{.*\}$", re.MULTILINE)
_MARKERS = re.compile(r"^::marker \{", re.MULTILINE)
_declared = weasyprint.css.find_style_attributes
_ALL_DECORATED: frozenset[str] = frozenset()  # most boxes keep all their borders, and share it
_NO_NAME = object()
_add_tags, _tag_tree = weasyprint.pdf.add_tags, tags._build_box_tree


@cache
def _basic_styles() -> CSS:
    """WeasyPrint's own style sheet, without notes, and with bullets for what may have one."""
    return CSS(
        string=_MARKERS.sub("li::marker, summary::marker {", _NOTES.sub("", UA)), counter_style=UA_COUNTER_STYLE
    )


class Page(HTML):  # type: ignore[misc]  # WeasyPrint has no types
    """A page with neither footnotes nor forms."""

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_basic_styles()]


@contextmanager
def sparing() -> Iterator[None]:
    """While it lasts, documents are printed as this module says."""
    with ExitStack() as stack:
        for where, name, ours in (
            (weasyprint.css, "find_style_attributes", _shared_declarations),
            (weasyprint.css, "StyleFor", _SharedStyles),
            (weasyprint.document, "Page", _PageForgotten),
            (weasyprint.pdf, "add_tags", _tags_of_all_pages),
            (pydyf, "PDF", _File),
            (boxes.ParentBox, "_reset_spacing", _undecorated),
            (boxes, "set", lambda: _ALL_DECORATED),
        ):
            stack.enter_context(_instead(where, name, ours))
        stack.enter_context(_undisturbed())
        yield


@contextmanager
def _instead(where: object, name: str, ours: object) -> Iterator[None]:
    """While it lasts, a name of a module or class is ours."""
    theirs = vars(where).get(name, _NO_NAME)
    setattr(where, name, ours)
    try:
        yield
    finally:
        if theirs is _NO_NAME:
            delattr(where, name)
        else:
            setattr(where, name, theirs)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """While it lasts, nobody looks for garbage: a million boxes live until they are printed, few in circles."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _shared_declarations(tree: object, *rest: object) -> Iterator[tuple[Any, ...]]:
    """What attributes declare: one language once, and no anchor, which `_SharedStyles` gives to its element alone."""
    languages: dict[str, Any] = {}
    for specificity, element, declarations, base in _declared(tree, *rest):
        name = getattr(declarations[0], "name", None) if declarations and "style" not in element.attrib else None
        if name == "-weasy-lang":
            declarations = languages.setdefault(element.get("lang"), declarations)
        if name != "-weasy-anchor":
            yield specificity, element, declarations, base


class _SharedStyles(weasyprint.css.StyleFor):  # type: ignore[misc]
    """Styles of elements; one with an anchor has a copy, so that what is within it shares its own."""

    def __init__(self, html: HTML, sheets: object, hints: object, font_config: object, targets: Any) -> None:
        super().__init__(html, sheets, hints, font_config, targets)
        named = {e: e.get("id") for e in html.etree_element.iter() if e.get("id") and "style" not in e.attrib}
        for name in named.values():
            targets.collect_anchor(name)
        self._anchors: dict[object, str] = named
        self._with_anchor: dict[object, Any] = {}

    def __call__(self, element: object, pseudo_type: str | None = None) -> Any:
        style = super().__call__(element, pseudo_type)
        if pseudo_type is not None or element not in self._anchors:
            return style
        if element not in self._with_anchor:
            self._with_anchor[element] = style.copy()
            self._with_anchor[element]["anchor"] = self._anchors[element]
        return self._with_anchor[element]


def _undecorated(box: Any, side: str) -> None:
    """Sets the margin, padding and border of a side to 0, and keeps the sides in a set that boxes may share."""
    box.remove_decoration_sides |= {side}
    for name in (f"margin_{side}", f"padding_{side}", f"border_{side}_width"):
        setattr(box, name, 0)


class _File(pydyf.PDF):  # type: ignore[misc]
    """A PDF that writes out the references of its pages when there are more pages, and keeps them."""

    begun: _File  # the one being printed

    def __init__(self) -> None:
        super().__init__()
        self._references: tuple[bytes, ...] = ()
        _File.begun = self

    @property
    def page_references(self) -> tuple[bytes, ...]:
        if len(self._references) * 3 != len(self.pages["Kids"]):
            self._references = super().page_references
        return self._references


class _Written(pydyf.Object):  # type: ignore[misc]
    """An object of a PDF that changes no more, as its bytes."""

    data = b""

    def __init__(self, done: pydyf.Object) -> None:
        super().__init__()
        self.number, self.data = done.number, done.data


class _PageForgotten(weasyprint.document.Page):  # type: ignore[misc]
    """A page that is drawn and tagged at once; then its tags take the place of its boxes."""

    _page_box: object

    def paint(self, stream: Any, scale: float = 1) -> None:
        super().paint(stream, scale)
        if stream._tags is not None:
            self._page_box = _Tags(self._page_box, stream._tags)
        stream.stream, stream.compress = [zlib.compress(b"\n".join(map(pydyf._to_bytes, stream.stream)), 9)], False
        stream.extra["Filter"] = "/FlateDecode"


class _Tags:
    """The tags of one page: the outermost, also in its margins, what its marked content belongs to, its links."""

    def __init__(self, page: object, marked: object) -> None:
        pdf = _File.begun
        self.marked: dict[int, bytes] = {}
        self.links: list[object] = []
        first, number = len(pdf.objects), len(pdf.pages["Kids"]) // 3 - 1
        whole = pydyf.Dictionary({"S": "/Document"})  # the tag of the document is made at last
        self.outermost = list(_tag_tree(page, whole, pdf, number, self.marked, self.links, marked))
        made = pdf.objects[first:]
        self.open = [tag for tag in made if tag.get("P") == whole.reference]
        numbers = {tag.number for tag in self.open}
        pdf.objects[first:] = [tag if tag.number in numbers else _Written(tag) for tag in made]


def _kept(
    page: _Tags,
    whole: pydyf.Dictionary,
    _pdf: object,
    _number: int,
    marked: dict[int, bytes],
    links: list[object],
    _left: object,
) -> Iterator[pydyf.Object]:
    """In place of the tree of a page's boxes: its tags, made when it was drawn."""
    marked.update(page.marked)
    links.extend(page.links)
    for tag in page.open:
        tag["P"] = whole.reference
    yield from page.outermost


def _tags_of_all_pages(*arguments: object) -> None:
    with _instead(tags, "_build_box_tree", _kept):
        _add_tags(*arguments)

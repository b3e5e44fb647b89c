"""A page as PDF, by WeasyPrint, with nothing left unprinted.

In: the HTML of a document. Out: the bytes of a PDF. A character that no installed font has is an error with its
name, never an empty box. Absent: fonts; they are the machine's.
"""

from __future__ import annotations

from typing import Any


class PdfError(Exception):
    """Why no PDF could be made, and what to do about it."""


def pdf_of(page: str) -> bytes:
    """The page as PDF. Raises PdfError where WeasyPrint is absent or a character cannot be printed."""
    try:
        import weasyprint
    except ImportError as absent:
        raise PdfError("a PDF needs WeasyPrint: install `policy-that-runs[pdf]`") from absent
    document = weasyprint.HTML(string=page, url_fetcher=_nothing_outside).render()
    missing = sorted({c for p in document.pages for c in _missing(p._page_box)})
    if missing:
        shown = " ".join(f"{c} (U+{ord(c):04X})" for c in missing[:8])
        raise PdfError(f"no installed font has {shown}; install one that does, such as Noto Sans CJK")
    data: bytes = document.write_pdf()
    return data


def _nothing_outside(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    """A document is whole in itself: nothing is fetched for it."""
    raise PdfError(f"the page asks for `{url}`, which lies outside it")


def _missing(box: Any) -> set[str]:
    """Characters in a box that its fonts have no glyph for."""
    found: set[str] = set()
    pending = [box]
    while pending:
        inner = pending.pop()
        pending += list(getattr(inner, "children", ()))
        layout = getattr(inner, "pango_layout", None)
        if layout is not None and _unknown(layout):
            found |= {c for c in inner.text if not c.isspace() and _unknown_alone(inner, c)}
    return found


def _unknown(layout: Any) -> int:
    from weasyprint.text.ffi import ffi, pango

    ffi.cdef("int pango_layout_get_unknown_glyphs_count(PangoLayout *layout);", override=True)
    count: int = pango.pango_layout_get_unknown_glyphs_count(layout.layout)
    return count


def _unknown_alone(box: Any, character: str) -> bool:
    box.pango_layout.set_text(character)
    return bool(_unknown(box.pango_layout))

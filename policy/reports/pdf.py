"""A page as PDF, by WeasyPrint, with nothing left unprinted.

In: the HTML of a document. Out: the bytes of a PDF: tagged, with an outline, the same for the same page and fonts. A
character that no installed font has is an error with its name, never an empty box. Absent: fonts; they are the
machine's.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from policy.diagnostics import Diagnostic, PolicyError
from policy.extras import absent, require_extra, silence
from policy.reports.pictures import coloured

PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONTS = "fonts-dejavu-core fonts-noto-cjk"
_OUTSIDE = "print what the page itself holds: a picture as `data:`, a style in `<style>`"


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Pango and Fontconfig, written in C, warn about a machine's fonts past Python's `stderr`."""
    if sys.stderr is None:  # it was closed before this program began
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@_quiet_libraries()
def needed_here() -> None:
    """Raises PolicyError, naming what to install, where this machine prints no PDF."""
    require_extra("weasyprint", "pdf", PANGO)
    from weasyprint.text.ffi import ffi, fontconfig

    known = ffi.gc(fontconfig.FcInitLoadConfigAndFonts(), fontconfig.FcConfigDestroy)
    if not fontconfig.FcConfigGetFonts(known, fontconfig.FcSetSystem).nfont:  # Pango would look for some for minutes
        raise PolicyError([absent("a PDF needs fonts, and none is installed", f"apt install {FONTS}")])


@_quiet_libraries()
def pdf_of(page: str) -> bytes:
    """The page as PDF. Raises PolicyError where WeasyPrint is absent or a character cannot be printed."""
    needed_here()
    from policy.reports.printer import sparing

    with silence(), _without_the_time(), sparing():
        return _printed(page)


def _printed(page: str) -> bytes:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    from policy.reports.printer import Page

    nothing_outside = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    try:
        document = Page(string=coloured(page), url_fetcher=nothing_outside).render(pdf_tags=True)
    except FatalURLFetchingError as asked:
        found = Diagnostic("template-refused", f"the page loads something from outside: {asked}", None, _OUTSIDE)
        raise PolicyError([found]) from asked
    missing = _missing([p._page_box for p in document.pages])
    if missing:
        shown = " ".join(f"{c} (U+{ord(c):04X})" for c in missing[:8])
        help = f"install one that does; `apt install {FONTS}` brings English and Chinese"
        raise PolicyError([absent(f"no installed font has {shown}", help)])
    data: bytes = document.write_pdf(pdf_tags=True)
    return data


@contextmanager
def _without_the_time() -> Iterator[None]:
    """fontTools, which cuts fonts where HarfBuzz-subset is absent, writes the time into them and logs."""
    logging.getLogger("fontTools").addHandler(logging.NullHandler())
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    try:
        yield
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _missing(pages: list[Any]) -> list[str]:
    """Characters that the fonts of the box they stand in have no glyph for; each is tried once with each font."""
    used: dict[tuple[Any, ...], tuple[Any, set[str]]] = {}
    pending = pages
    while pending:
        box = pending.pop()
        pending += getattr(box, "children", ())
        if getattr(box, "pango_layout", None) is not None:
            font = (*box.style["font_family"], box.style["font_weight"], box.style["font_style"])
            used.setdefault(font, (box, set()))[1].update(c for c in box.text if not c.isspace())
    return sorted({c for box, characters in used.values() for c in _unknown(box, sorted(characters))})


def _unknown(box: object, characters: list[str]) -> list[str]:
    return [c for c in characters if _misses(box, c)] if _misses(box, "".join(characters)) else []


def _misses(box: Any, text: str) -> bool:
    """Asked of a layout of its own: the box's own holds the text that is about to be printed."""
    from weasyprint.text.ffi import ffi, pango
    from weasyprint.text.line_break import create_layout

    ffi.cdef("int pango_layout_get_unknown_glyphs_count(PangoLayout *layout);", override=True)
    layout = create_layout(text, box.style, None, None, 0)
    return bool(pango.pango_layout_get_unknown_glyphs_count(layout.layout))

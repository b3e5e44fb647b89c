"""WeasyPrint, doing no more work than our pages need.

In: the HTML of a page. Out: the same document, sooner and in less memory. Its own style sheet gives each element six
styles for footnotes and bullets that no page of ours has; pydyf writes out the references of all pages for each tag.
Absent: any change to what is printed.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pydyf
from weasyprint import CSS, HTML
from weasyprint.html import UA, UA_COUNTER_STYLE

_NOTES = re.compile(r"^::(foot)?note-[a-z]+ \{.*\}$", re.MULTILINE)
_MARKERS = re.compile(r"^::marker \{", re.MULTILINE)


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
def undisturbed() -> Iterator[None]:
    """While it lasts, nobody looks for garbage: a million boxes live until they are printed, few in circles."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@contextmanager
def pages_referred_to_once() -> Iterator[None]:
    """While it lasts, the references of a document's pages are written out when there are more pages, and kept."""
    plain = pydyf.PDF.page_references
    known: list[tuple[Any, int, tuple[bytes, ...]]] = []

    def references(pdf: pydyf.PDF) -> tuple[bytes, ...]:
        count = len(pdf.pages["Kids"])
        if not known or known[0][0] is not pdf or known[0][1] != count:
            known[:] = [(pdf, count, plain.fget(pdf))]
        return known[0][2]

    pydyf.PDF.page_references = property(references)
    try:
        yield
    finally:
        pydyf.PDF.page_references = plain

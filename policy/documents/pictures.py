"""Whether a picture from outside may stand in a document.

In: the bytes of an SVG file. Out: what is wrong with it, in words that follow its name. A picture has shapes, colours
and texts; it runs nothing, fetches nothing and defines no entity. Absent: drawing; pages show it as `data:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"
_SHAPES = frozenset(
    "svg g defs symbol use title desc metadata path rect circle ellipse line polyline polygon text tspan "
    "linearGradient radialGradient stop clipPath mask pattern".split()
)
_OUTSIDE = re.compile(r"url\((?!['\"\s]*#)|@import|javascript:|expression\(", re.IGNORECASE)
_DECLARED = re.compile(rb"<!\s*(DOCTYPE|ENTITY)|<\?xml-stylesheet", re.IGNORECASE)
_MOST = 5_000  # elements
_NOTES = tuple(  # of editors, which nobody shows
    f"{{{address}"
    for address in (
        "http://www.inkscape.org/",
        "http://sodipodi.",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "http://creativecommons.org/ns#",
        "http://purl.org/dc/elements/1.1/",
    )
)


def picture_faults(data: bytes) -> Iterator[str]:
    """What is wrong with an SVG file; nothing where it is a plain picture."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as failure:
        yield f"is not UTF-8 from byte {failure.start} on"
        return
    if declared := _DECLARED.search(data):
        yield f"declares `{declared[0].decode()}`, and may define or fetch anything"
        return
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as failure:
        yield f"is not SVG: {failure}"
        return
    elements = list(root.iter())
    if root.tag != f"{_SVG}svg":
        yield 'is not SVG: it does not begin with `<svg xmlns="http://www.w3.org/2000/svg">`'
    elif len(elements) > _MOST:
        yield f"has {len(elements):,} elements; {_MOST:,} is the most"
    else:
        yield from dict.fromkeys(fault for e in elements for fault in _faults(e))


def _faults(element: ElementTree.Element) -> Iterator[str]:
    tag = element.tag if isinstance(element.tag, str) else ""
    name = tag.removeprefix(_SVG)
    if tag.startswith(_NOTES):
        return
    if name not in _SHAPES:
        yield f"has an element `{name[:40]}`"
    for attribute, value in element.attrib.items():
        local = attribute.rpartition("}")[2]
        if local.lower().startswith("on"):
            yield f"has a script in `{local[:40]}`"
        elif local in ("href", "src") and not value.startswith("#"):
            yield f"leads outside in `{local}`"
        elif _OUTSIDE.search(value):
            yield f"leads outside in `{local[:40]}`"

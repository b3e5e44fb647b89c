"""The pictures of a page with their colours in them, for a printer that gives pictures none of the page's style.

In: the HTML of a document. Out: the same, each inline SVG with a style of its own, on white. Absent: anything a
browser needs; it takes the colours from the page.
"""

from __future__ import annotations

import re

_COLOURS = {"accept": "#1d5b45", "refuse": "#8c2a1b", "doubt": "#765000"}
_STYLE = (
    "text{{font:13px 'Noto Sans','Noto Sans CJK TC','PingFang TC',sans-serif;fill:#000}}"
    ".timeline text,.tiers text,.unit{{font-size:11px;fill:#444}}"
    ".axis{{stroke:#000}}.tick,.edge{{stroke:#444}}.edge{{fill:none}}.box{{fill:#fff;stroke:#444}}"
    ".decision{{stroke:#000;stroke-width:1.5}}.parameter,.set{{stroke-dasharray:4 3}}"
    ".moment{{fill:#1d5b45}}.now{{stroke:#8c2a1b;stroke-dasharray:3 3}}.now-label{{fill:#8c2a1b}}"
    ".ground{{fill:#e6e6e6}}.measure{{fill:{measure}}}"
    ".tested{{fill:#1d5b45}}.excused{{fill:#765000}}.untested{{fill:#8c2a1b}}"
    ".held .ground{{fill:none}}.worth{{fill:#1d5b45;opacity:0.28}}.owed{{fill:#000}}.day{{stroke:#ccc}}"
    ".line{{fill:none;stroke:#1d5b45;stroke-width:1.75}}.cap{{fill:none;stroke:#8c2a1b;stroke-dasharray:5 4}}"
)
_SVG = re.compile(r"(<svg\b[^>]*>)")
_BARS = re.compile(r'<table class="(?:bars|ledger) (\w+)">.*?</table>', re.DOTALL)


def coloured(page: str) -> str:
    """The page whose pictures need no style from outside."""
    page = _BARS.sub(lambda bars: _styled(bars[0], _COLOURS.get(bars[1], "#1d5b45")), page)
    return _styled(page, "#1d5b45")


def _styled(text: str, measure: str) -> str:
    style = f"<style>{_STYLE.format(measure=measure)}</style>"
    return _SVG.sub(lambda svg: svg[0] if text.startswith("<style>", svg.end()) else svg[0] + style, text)

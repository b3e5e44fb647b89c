"""A document: figures, the template that prints them, and the same figures as data.

In: frozen rows. Out: a page in a language, or JSON. Absent: files and formats; the command line knows those.
"""

from __future__ import annotations

from typing import Any

from attrs import asdict, field, frozen

from policy.reports.book.figures import Cover
from policy.reports.render import page


@frozen
class Document:
    """Prints `figures` (a frozen attrs object) with a template; `parts` are what the template calls them."""

    template: str
    cover: Cover
    parts: dict[str, Any] = field(factory=dict)

    def page(self, language: str) -> str:
        """The page in `en`, `zh` or `both`."""
        return page(self.template, cover=self.cover, language=language, **self.parts)

    def as_json(self) -> dict[str, Any]:
        """What the page shows, as what `json.dumps` takes."""
        return {"cover": asdict(self.cover), **{name: _data(part) for name, part in self.parts.items()}}


def _data(part: Any) -> Any:
    if isinstance(part, tuple | list):
        return [_data(p) for p in part]
    return asdict(part) if hasattr(part, "__attrs_attrs__") else part

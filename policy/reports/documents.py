"""A document: figures, the template that prints them, and the same figures as data.

In: frozen rows. Out: a page in a language, or JSON, both from the same plain data. Absent: files and formats; the
command line knows those.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import asdict, field, frozen

from policy.reports.book.figures import Cover
from policy.reports.foreign.folder import Folder
from policy.reports.foreign.outside import page_of
from policy.reports.render import page

# What cannot be seen: controls but for line ends and tabs, marks that turn the reading direction round, halves of
# characters. The joiners stay; several scripts are not written without them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


@frozen
class Document:
    """Prints `figures` (a frozen attrs object) with a template; `parts` are what the template calls them."""

    template: str
    cover: Cover
    parts: dict[str, Any] = field(factory=dict)

    def page(self, language: str, own: Folder | None = None) -> str:
        """The page in `en`, `zh` or `both`, where there are templates of one's own by those. Raises PolicyError."""
        figures = {"language": language, **self.as_json()}
        return page(self.template, **figures) if own is None else page_of(self.template, figures, own)

    def as_json(self) -> dict[str, Any]:
        """What the page shows, as what `json.dumps` takes."""
        return {"cover": _data(self.cover), **{name: _data(part) for name, part in self.parts.items()}}


def _data(part: Any) -> Any:
    """Lists, dictionaries, texts and whole numbers. No text moves a cursor or turns the reading direction round."""
    match part:
        case str():
            return _UNSEEN.sub("\ufffd", part)
        case tuple() | list():
            return [_data(p) for p in part]
        case dict():
            return {name: _data(p) for name, p in part.items()}
    return _data(asdict(part, recurse=False)) if hasattr(part, "__attrs_attrs__") else part

"""A document: figures, and the template that prints them.

In: frozen rows. Out: HTML, Markdown, PDF, JSON or a workbook, all from the same figures. Absent: where the bytes go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, assert_never

from attrs import asdict, evolve, field, frozen

from policy.answers import BilingualText
from policy.diagnostics import PolicyError
from policy.reports.book.figures import Cover
from policy.reports.imprint import Imprint
from policy.reports.markdown import markdown_of
from policy.reports.pdf import pdf_of
from policy.reports.reach import Remark
from policy.reports.render import page
from policy.reports.sandbox.client import page_of
from policy.reports.sandbox.folder import Folder
from policy.reports.sheets import ReportSheet
from policy.reports.visible import visible
from policy.reports.xlsx import workbook_of

Format = Literal["html", "markdown", "json", "pdf", "xlsx"]
Language = str  # `en`, `zh`, `both` of them, or the tag of another language that the rules have


@frozen
class Document:
    """Prints `figures` (a frozen attrs object) with a template; `parts` are what the template calls them.

    A document whose figures are tables has them as `sheets` too.
    """

    template: str
    cover: Cover
    parts: dict[str, Any] = field(factory=dict)
    sheets: tuple[ReportSheet, ...] = ()

    def signed(self, imprint: Imprint) -> Document:
        """The same document, issued by a firm."""
        return evolve(self, cover=evolve(self.cover, imprint=imprint))

    def page(self, language: Language, own: Folder | None = None, beside: Sequence[str] = ()) -> str:
        """The page as HTML, with templates of one's own where given; it links to the documents `beside` it, which
        lie in the same folder. Of a rulebook in another language its own texts are in that. Raises PolicyError.
        """
        told = told_in(language, self.cover.languages)
        figures = {**told, "beside": list(beside), **self._remarked(told["tag"]).as_json()}
        return page(self.template, **figures) if own is None else page_of(self.template, figures, own)

    def printed(self, format: Format, language: Language = "both", own: Folder | None = None) -> bytes:
        """The file in a format; JSON has all languages, and `xlsx` is for a document with sheets.

        Raises PolicyError where it cannot be printed.
        """
        match format:
            case "json":
                return (json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n").encode()
            case "html":
                return self.page(language, own).encode()
            case "markdown":
                return markdown_of(self.page(language, own)).encode()
            case "pdf":
                return pdf_of(self.page(language, own))
            case "xlsx":
                if not self.sheets:
                    raise ValueError(f"`{self.cover.title.en}` has no tables to put into a workbook")
                told = told_in(language, self.cover.languages)
                return workbook_of(self._remarked(told["tag"]).cover, self.sheets, told["tag"] or told["language"])
            case _:
                assert_never(format)

    def _remarked(self, tag: str) -> Document:
        """The same document, with a remark on what of it is not in that language, if one is named."""
        if not tag:
            return self
        rest = "sentences made of rules, and all else, are in English."
        remark = Remark(BilingualText(f"texts of the rules are in `{tag}` where the rules have it; {rest}"))
        return evolve(self, cover=evolve(self.cover, remarks=(remark, *self.cover.remarks)))

    def as_json(self) -> dict[str, Any]:
        """What the page shows, as what `json.dumps` takes."""
        return {"cover": _data(self.cover), **{name: _data(part) for name, part in self.parts.items()}}


def told_in(language: Language, known: Sequence[str]) -> dict[str, str]:
    """What a template is told of the language: that of our words, and the `tag` of another for those of the rules.

    Chinese where the rules have none is English. Raises PolicyError for a language that they do not have.
    """
    if language in ("both", "zh", "en"):
        return {"language": language if "zh" in known else "en", "tag": ""}
    if language not in known:
        has = ", ".join(f"`{tag}`" for tag in known)
        raise PolicyError.of("unknown-language", f"the rules have no texts in `{language}`", f"they have {has}")
    return {"language": "en", "tag": language}


def _data(part: Any) -> Any:
    """Lists, dictionaries, texts and whole numbers. No text moves a cursor or turns the reading direction round."""
    match part:
        case str():
            return visible(part)
        case tuple() | list():
            return [_data(p) for p in part]
        case dict():
            return {name: _data(p) for name, p in part.items()}
    if isinstance(part, BilingualText):
        return _data(part.by_tag())
    return _data(asdict(part, recurse=False)) if hasattr(part, "__attrs_attrs__") else part

"""Names of clients and whatever else comes from outside: text in every format of a document, and nothing but text."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import optional
from documents_made import ORDER, SCENARIOS, Reader, document, printed
from policy.reports.documents import Document
from policy.reports.markdown import markdown_of

UNSEEN = "\u202egnp.exe\u2066\u200f\x07\x1b[31m\x00"
NAMES = {
    "a script": "<script>alert(1)</script>",
    "an attribute": "\"><img src=x onerror=alert(1)> ' onmouseover=alert(1)",
    "a formula": '=HYPERLINK("http://e.example/pay","pay")',
    "a link": "[x](javascript:alert(1)) <javascript:alert(1)> [y]: http://e.example ![z](http://e.example/z.png)",
    "an address": "https://e.example/pay www.e.example ftp://e.example",
    "a table": "| a | b |\\| c `| d` \n| --- | --- |",
    "marks": "**a** __b__ ~~c~~ `d` $e$ # f > g &lt;h&gt; &#60;i&#62; \\*j\\* ^k^ * l",
    "a list": "- a",
    "a number": "1. a",
    "a line": "=====",
    "what is not seen": UNSEEN,
    "a template": "{{ 7 * 7 }}{% include '/etc/passwd' %}",
}
KINDS = {  # each with a scenario in which `chan` is renamed
    "decision": "",
    "trading": "affiliated_market_maker",
    "loans": "margin_financing",
    "perpetuals": "perpetual_contracts",
}


def renamed(value: Any, name: str) -> Any:
    match value:
        case str():
            return name if value == "chan" else value
        case dict():
            return {k: renamed(v, name) for k, v in value.items()}
        case list():
            return [renamed(v, name) for v in value]
    return value


def scenario(folder: Path, of: str, name: str) -> None:
    for file in (SCENARIOS / of).iterdir():
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jsonl":
            lines = [json.dumps(renamed(json.loads(line), name)) for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        elif file.name == "scenario.json":
            text = json.dumps({**json.loads(text), "title": name})
        (folder / file.name).write_text(text, encoding="utf-8")


@cache
def made(kind: str, name: str, format: str = "html") -> str:
    platform = ("--platform", name)
    if kind == "decision":
        words = (
            "decision",
            "order_accepted",
            "--on",
            "2026-03-01",
            "--facts",
            "-",
            "--to",
            name,
            "--reference",
            name,
        )
        return printed(document(*words, *platform, facts=json.dumps(ORDER)), "en", format)
    return printed(of_a_scenario(kind, name, *platform), "en", format)


@cache
def of_a_scenario(kind: str, name: str, *platform: str) -> Document:
    with TemporaryDirectory() as folder:
        scenario(Path(folder), KINDS[kind], name)
        return document("trading" if kind == "trading" else "margin", folder, *platform)


def seen(name: str) -> str:
    """A name as it may be printed: white space is one space, and what cannot be seen stands as a sign."""
    return " ".join(re.sub("[\u202e\u2066\u200f\x07\x1b\x00]", "\ufffd", name).split())


class Texts(HTMLParser):
    """The words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


# A market is carried out anew for each, so the others are slow.
SOON = {("trading", "a script"), ("perpetuals", "a table")}
each = pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(
            kind,
            name,
            id=f"{kind}-{id}",
            marks=[] if kind == "decision" or (kind, id) in SOON else [pytest.mark.slow],
        )
        for kind in KINDS
        for id, name in NAMES.items()
    ],
)


@each
def test_a_page_has_the_tags_that_it_has_for_anyone(kind: str, name: str) -> None:
    usual, page = Reader(), Reader()
    usual.feed(made(kind, "Chan"))
    page.feed(made(kind, name))
    assert page.tags == usual.tags
    assert page.outside == []
    assert seen(name) in " ".join(" ".join(Texts(made(kind, name)).texts).split())


@each
def test_figures_hold_the_name_and_nothing_unseen(kind: str, name: str) -> None:
    text = made(kind, name, "json")
    figures = json.loads(text)
    assert " ".join(figures["cover"]["platform"].split()) == seen(name)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f]", text)


@each
def test_markdown_says_the_name_and_means_nothing_by_it(kind: str, name: str) -> None:
    markdown = optional.library("markdown_it", "dev")
    optional.library("linkify_it", "dev")
    reader = markdown.MarkdownIt("gfm-like")
    shapes = []
    for who in ("Chan", name):
        tokens = reader.parse(made(kind, who, "markdown"))
        inline = [child for t in tokens for child in t.children or [] if child.type not in ("text", "text_special")]
        assert {t.type for t in inline} <= {"strong_open", "strong_close", "softbreak"}
        assert not any(t.type.startswith(("html", "fence", "code", "blockquote", "hr")) for t in tokens)
        shapes.append([t.type for t in tokens])
    assert shapes[0] == shapes[1]
    page = unescape(re.sub("<[^>]*>", "", reader.render(made(kind, name, "markdown"))))
    assert seen(name) in " ".join(page.split())


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_line_of_markdown_begins_nothing(name: str) -> None:
    reader = optional.library("markdown_it", "dev").MarkdownIt("gfm-like")
    tags = "<h2>{0}</h2><p>{0}</p><ul><li>{0}</li></ul><dl><dt>{0}</dt><dd>{0}</dd></dl>"
    tables = "<table><tr><th>{0}</th></tr><tr><td>{0}</td></tr></table>"
    pages = [(tags + tables).format(escape(text)) for text in ("Chan", seen(name))]
    shapes = [[t.type for t in reader.parse(markdown_of(page))] for page in pages]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("kind", ["decision", pytest.param("loans", marks=pytest.mark.slow)])
def test_a_pdf_has_no_link_and_shows_the_name(kind: str) -> None:
    optional.pdf()
    from policy.reports.pdf import pdf_of

    data = pdf_of(made(kind, "".join(n for n in NAMES.values())))
    assert b"/URI" not in data
    assert b"/JavaScript" not in data
    assert b"/Launch" not in data

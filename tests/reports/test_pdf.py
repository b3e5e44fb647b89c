"""PDF: every character printed, found by its outline and its tags, the same bytes when made again."""

from __future__ import annotations

import re
import zlib
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from documents_made import made
from policy import resources
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.reports.pdf import pdf_of
from policy.reports.pictures import coloured


@pytest.fixture(autouse=True)
def _printer() -> None:
    optional.pdf()


@cache
def printed(kind: str) -> bytes:
    return pdf_of(made(kind))


def inside(data: bytes) -> bytes:
    """The objects of a PDF, those that are packed too."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    opened = []
    for stream in packed:
        try:
            opened.append(zlib.decompress(stream))
        except zlib.error:
            continue  # a font or a picture, which is packed otherwise
    return data + b"".join(opened)


def test_it_is_tagged_has_an_outline_and_says_its_language() -> None:
    objects = inside(printed("decision"))
    for name in (b"/StructTreeRoot", b"/MarkInfo", b"/Outlines", b"/Lang"):
        assert name in objects
    assert b"/Lang (en)" in objects or b"/Lang(en)" in objects
    assert b"/CreationDate" not in objects


PAGE = """<html lang="en"><style>@page { @bottom-center { content: counter(page) } }
h1 { break-before: page } a::after { content: target-counter(attr(href), page) }</style>
<p id="one"><a href="#three"><b>three</b></a> <span lang="zh-Hant-HK">一</span></p>
<p id="two"><b>two</b> <span lang="zh-Hant-HK">二</span></p>
<h1 id="three">Three</h1><table id="four"><tr><th>head</th></tr><tr><td>cell</td></tr></table>"""


def test_every_tag_belongs_to_another_and_every_link_leads_somewhere() -> None:
    objects = inside(pdf_of(PAGE))
    assert b"None 0 R" not in objects
    assert b"-1 0 R" not in objects
    assert b"/Dest (three)" in objects
    for tag in (b"/Link", b"/H1", b"/Table", b"/TH", b"/TD"):
        assert b"/S " + tag in objects


def test_what_is_within_anchors_and_languages_shares_its_styles() -> None:
    from policy.reports.printer import Page, sparing

    with sparing():
        document = Page(string=PAGE).render(pdf_tags=True)
        boxes = [b for page in document.pages for b in page._page_box.descendants() if b.element is not None]
        styles = {
            tag: {id(b.style) for b in boxes if type(b).__name__ == "InlineBox" and b.element_tag == tag}
            for tag in ("b", "span")
        }
        assert len(styles["span"]) == 1
        paragraphs = {b.style["anchor"] for b in boxes if b.element_tag == "p" and type(b).__name__ == "BlockBox"}
        assert {"one", "two"} <= paragraphs
        document.write_pdf(pdf_tags=True)
        assert not any(hasattr(page._page_box, "descendants") for page in document.pages)


@pytest.mark.slow
def test_it_is_the_same_made_again_whatever_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = printed("trading")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert pdf_of(made("trading")) == first


def test_looking_for_glyphs_leaves_what_is_printed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = printed("decision")
    monkeypatch.setattr("policy.reports.pdf._missing", lambda pages: [])
    assert pdf_of(made("decision")) == looked_at


def test_chinese_is_printed_and_what_cannot_be_is_named() -> None:
    assert pdf_of("<p>Virtual assets 虛擬資產</p>").startswith(b"%PDF")
    with pytest.raises(PolicyError, match=r"no installed font has .*U\+F1234"):
        pdf_of("<p>\U000f1234</p>")


@pytest.mark.parametrize(
    "page",
    [
        '<img src="https://example.com/x.png">',
        '<img src="file:///etc/passwd">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<object data="file:///etc/passwd"></object>',
        '<style>@import "http://example.com/x.css";</style>',
        '<style>p { background: url("file:///etc/passwd") }</style><p>a</p>',
    ],
)
def test_nothing_outside_the_page_is_fetched(page: str) -> None:
    with pytest.raises(PolicyError, match="outside"):
        pdf_of(page)


def test_no_picture_of_the_machine_s_gets_into_a_picture() -> None:
    picture = Path(__file__).parents[2] / ".pictures" / "demo.png"
    assert picture.exists()
    page = f'<svg><image href="{picture.as_uri()}" width="9" height="9"/></svg>'
    assert b"/Subtype /Image" not in inside(pdf_of(page))


def test_pictures_carry_their_colours() -> None:
    page = made("trading")
    assert "<svg" in page
    svgs = re.findall(r"<svg\b[^>]*>(<style>)?", coloured(page))
    assert svgs
    assert all(svgs)
    assert coloured(coloured(page)) == coloured(page)
    refused = re.search(r'<table class="ledger refuse">.*?</table>', coloured(page), re.DOTALL)
    assert refused
    assert ".measure{fill:#8c2a1b}" in refused[0]


def test_every_part_of_a_picture_has_a_colour_on_paper() -> None:
    templates = Path(resources.folder("reports/templates"))
    drawn = {
        name
        for file in templates.glob("*.jinja")
        for names in re.findall(r'<(?:rect|path|line) class="([a-z -]+)"', file.read_text())
        for name in names.split()
    }
    assert {"tested", "excused", "untested", "measure", "axis"} <= drawn
    assert [name for name in sorted(drawn) if f".{name}" not in coloured("<svg>")] == []


@pytest.mark.slow
def test_a_pack_has_them_too_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(main, ["init", str(tmp_path / "rules")]).exit_code == 0
    packs = []
    for where in ("one", "two"):
        (tmp_path / where).mkdir()
        monkeypatch.chdir(tmp_path / where)
        arguments = ["report", "pack", "pack", "--rules", "../rules", "--on", "2026-06-18", "--pdf", "--no-proofs"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        packs.append({p.name: p.read_bytes() for p in (tmp_path / where / "pack").rglob("*") if p.is_file()})
    assert packs[0] == packs[1]
    assert {"index.pdf", "rulebook.pdf", "traceability.pdf"} <= set(packs[0])
    assert b"rulebook.pdf" in packs[0]["manifest.txt"]
    assert b"--pdf" in packs[0]["index.html"]

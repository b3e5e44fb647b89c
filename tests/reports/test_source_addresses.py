"""Sources with the addresses at which they were read: links in documents, hashes beside them, and nothing fetched."""

from __future__ import annotations

import re
import zlib

import pytest

import optional
from policy import documents
from policy.documents import Document

RULES = """language 1
ruleset our "Our rules"
source LAW "the law" read 2026-11-26
    at "https://www.example.org/law?a=1&b=2",
      "https://copy.example.org" sha256 "%s"
    holds until 2027-01-01 status official
provision LAW/1 "All of it."
decision may(n: integer) otherwise permit "It may." per LAW/1
test "one" on 2026-12-01 expect may(1) permitted
""" % ("0f" * 32)
KINDS = ("rulebook", "traceability")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "our.policy").write_text(RULES, encoding="utf-8")
    law = documents.edition(folder, on="2026-12-01")
    return {"rulebook": documents.rulebook(law, proofs=False), "traceability": documents.traceability(law)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_links_to_each_address_and_shows_the_hash(kind: str, made: dict[str, Document]) -> None:
    page = made[kind].printed("html", "en").decode()
    link = '<a href="https://www.example.org/law?a=1&amp;b=2" rel="noreferrer">www.example.org/law?a=1&amp;b=2</a>'
    assert link in page
    assert 'rel="noreferrer">copy.example.org</a> <span class="quiet">SHA-256 <code>' + "0f" * 32 in page
    text = made[kind].printed("markdown", "en").decode()
    assert "copy.example.org" in text
    assert "0f" * 32 in text


def test_a_pdf_is_made_with_the_links_and_without_a_network(made: dict[str, Document]) -> None:
    optional.pdf()
    data = made["traceability"].printed("pdf", "en")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    plain = b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"\x78")
    assert b"(https://copy.example.org)" in data + plain


def test_figures_hold_them(made: dict[str, Document]) -> None:
    [source] = made["rulebook"].as_json()["book"]["sources"]
    assert [c["sha256"] for c in source["copies"]] == ["", "0f" * 32]

"""Documents made once by the command line, and printed in as many languages and formats as tests need."""

from __future__ import annotations

import json
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from policy import resources
from policy.cli import main
from policy.documents import Document

CORPUS = Path(__file__).parents[1] / "corpus" / "documents"
SCENARIOS = resources.folder("rulesets") / "hk_sfc" / "scenarios"
ORDER = {
    "order": {
        "side": "buy", "capacity": "client", "investor": "retail", "venue": "own_book", "price": "1000.00 HKD",
        "quantity": "0.5", "fees": "1.25 HKD", "available": "5 HKD", "financed": False, "admitted": True,
        "only_stablecoins": False, "knowledge_assessed": True, "exposure": "0 HKD", "exposure_limit": "9.00 HKD",
    }
}  # fmt: skip
FEW = [
    str(SCENARIOS.parent / f"{name}.policy")
    for name in ("sources", "vocabulary", "collateral", "haircuts", "perpetuals", "perpetual_margin")
]
SMALL = [word for file in FEW for word in ("--rules", file)]
KINDS = {
    "small rulebook": ["rulebook", "--on", "2026-03-01", *SMALL],
    "small traceability": ["traceability", "--on", "2026-03-01", *SMALL],
    "rulebook": ["rulebook", "--on", "2026-06-18", "--no-proofs"],
    "decision": ["decision", "order_accepted", "--on", "2026-03-01", "--to", "<b>=1+1</b>", "--facts", "-"],
    "decisions": ["decisions", "--journal", str(CORPUS / "day.jsonl"), "--rules", str(CORPUS / "market")],
    "trading": ["trading", str(SCENARIOS / "shared_book")],
    "market maker": ["trading", str(SCENARIOS / "affiliated_market_maker")],
    "financing": ["margin", str(SCENARIOS / "margin_financing")],
    "perpetuals": ["margin", str(SCENARIOS / "perpetual_contracts")],
    "portfolio": ["margin", str(SCENARIOS / "portfolio")],
    "stress": ["margin", str(SCENARIOS / "safeguards_under_stress")],
    "dates": ["change", "shipped", "shipped", "--on", "2026-02-10", "--to", "2026-02-11", "--no-proofs"],
    "house": ["change", "shipped", "shipped+example.house", "--on", "2026-06-18", "--no-proofs"],
}

# `house` has two rulebooks and the figures of both, so most tests of it are slow
EACH = [pytest.param(kind, marks=[pytest.mark.slow] if kind == "house" else []) for kind in KINDS]


@cache
def document(*words: str, facts: str = "") -> Document:
    """What `policy report` with these words would print."""
    optional.proofs(words)
    kept: list[Document] = []

    def keep(made: Document, *_: object) -> bytes:
        kept.append(made)
        return b""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Document, "printed", keep)
        result = CliRunner().invoke(main, ["report", *words], input=facts)
    assert result.exit_code == 0, result.output
    [made] = kept
    return made


def printed(made: Document, language: str, format: str) -> str:
    """The document as text."""
    return made.printed(format, language).decode()


@cache
def made(kind: str, *options: str) -> str:
    """A document of a kind, printed. With options other than `--language` and `--format` all is done anew."""
    told = dict(zip(options[::2], options[1::2], strict=True))
    if told.keys() <= {"--language", "--format"}:
        whole = document(*KINDS[kind], facts=json.dumps(ORDER))
        return printed(whole, told.get("--language", "both"), told.get("--format", "html"))
    optional.proofs(KINDS[kind])
    result = CliRunner().invoke(main, ["report", *KINDS[kind], *options], input=json.dumps(ORDER))
    assert result.exit_code == 0, result.output
    return result.stdout


class Reader(HTMLParser):
    """Notes identities, inner links, headings, and anything a page would fetch from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value and value.startswith("#"):
                self.links.append(value[1:])
            elif tag == "a" and ("rel", "noreferrer") in attrs:
                continue  # followed by a reader, and fetched by nobody else
            elif name in ("src", "href", "action", "data") and value:
                self.outside.append(value)

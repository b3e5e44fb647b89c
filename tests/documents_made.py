"""Documents made once by the command line, and printed in as many languages and formats as tests ask for."""

from __future__ import annotations

from functools import cache

import optional
import pytest
from click.testing import CliRunner

from policy.cli import main
from policy.cli.documents import common
from policy.reports.documents import Document
from policy.reports.markdown import markdown_of


@cache
def document(*words: str, facts: str = "") -> Document:
    """What `policy report` with these words would print."""
    optional.proofs(words)
    kept: list[Document] = []

    def keep(made: Document, *_: str) -> bytes:
        kept.append(made)
        return b""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common, "in_format", keep)
        result = CliRunner().invoke(main, ["report", *words], input=facts)
    assert result.exit_code == 0, result.output
    [made] = kept
    return made


def printed(made: Document, language: str, format: str) -> str:
    """The document as text."""
    if format == "json":
        return common.json_of(made).decode()
    page = made.page(language)
    return markdown_of(page) if format == "markdown" else page

"""Documents in headless Chromium: nothing on the console, nothing axe-core objects to, no page wider than its window
(that of a telephone too), and they print. One browser opens them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from chromium import Chromium
from documents_made import KINDS, made
from policy.cli import main

AXE = optional.file_of("axe_core_python", "axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]
RUN = f"""
axe.run(document, {{runOnly: {RULES}}}).then((found) =>
  found.violations.map((v) => [v.id, v.impact, ...v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))]));
"""
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
LANGUAGES = ("both", "en", "zh")
AT_ONCE = {("decision", "zh"), ("trading", "both")}
EVERY = [
    pytest.param(kind, language, marks=() if (kind, language) in AT_ONCE else pytest.mark.slow)
    for kind in KINDS
    for language in LANGUAGES
    if kind != "rulebook"  # it is long, and looked at below
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = optional.program("chromium", "chromium", "chromium-browser")
    with Chromium(program, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


def look_at(browser: Chromium, file: Path, shades: tuple[bool, ...] = (False, True)) -> None:
    """Opens a page light and dark, wide and narrow; prints it."""
    for dark in shades:
        browser.open(file, dark=dark)
        assert browser.console == []
        assert not browser.evaluate(TOO_WIDE)
        if AXE is not None:
            browser.evaluate(AXE.read_text(encoding="utf-8") + ";0")
            assert browser.evaluate(RUN) == []
    assert browser.pdf().startswith(b"%PDF")
    browser.resize(420)
    assert not browser.evaluate(TOO_WIDE)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_document_can_be_read_by_anyone(kind: str, language: str, browser: Chromium, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(made(kind, "--language", language), encoding="utf-8")
    look_at(browser, file)
    if AXE is None:
        pytest.skip("axe-core was not asked: pip install -e '.[dev]'")


@pytest.mark.slow
def test_so_can_the_whole_rulebook(browser: Chromium, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(made("rulebook", "--language", "en"), encoding="utf-8")  # axe takes time by the square of a page
    look_at(browser, file, (False,))


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_so_can_the_index_of_a_pack(language: str, browser: Chromium, tmp_path: Path) -> None:
    rules, pack = str(tmp_path / "rules"), tmp_path / "pack"
    assert CliRunner().invoke(main, ["init", rules]).exit_code == 0
    on = ["--rules", rules, "--on", "2026-06-18", "--since", "2026-01-01"]
    result = CliRunner().invoke(main, ["report", "pack", str(pack), *on, "--language", language])
    assert result.exit_code == 0, result.output
    look_at(browser, pack / "index.html")


def test_a_fault_on_a_page_is_seen(browser: Chromium, tmp_path: Path) -> None:
    """What the others rely on: a word on the console, a page too wide, and whatever axe objects to."""
    file = tmp_path / "page.html"
    file.write_text("<html><script>console.log('so')</script><p style='width:9000px'>x<img src=''>", encoding="utf-8")
    browser.open(file)
    assert "so" in "".join(browser.console)
    assert browser.evaluate(TOO_WIDE)
    if AXE is not None:
        browser.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        assert {"image-alt", "html-has-lang"} <= {found[0] for found in browser.evaluate(RUN)}

"""Documents in headless Chromium: nothing on the console, nothing axe-core objects to, and they print."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_documents import KINDS, made

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --v=0"
).split()
AXE = importlib.util.find_spec("axe_core_python")
RUN = """
<script>
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}).then((found) => {
  const told = found.violations.map((v) => [v.id, v.impact, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))]);
  const node = document.createElement("pre");
  node.id = "axe-told";
  node.textContent = JSON.stringify(told);
  document.body.append(node);
});
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]


def browse(tmp_path: Path, page: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *arguments, file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "rulebook"])
def test_a_page_opens_without_a_word_and_prints(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    done = browse(tmp_path, made(kind), f"--print-to-pdf={target}")
    assert "CONSOLE" not in done.stderr
    assert target.read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(AXE is None, reason="needs axe-core: pip install axe-core-python")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", [k for k in KINDS if k != "rulebook"])
def test_axe_has_nothing_to_say(kind: str, dark: bool, tmp_path: Path) -> None:
    assert AXE is not None
    assert AXE.origin is not None
    axe = Path(AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    page = made(kind).replace("</body>", f"<script>{axe}</script>{RUN}</body>")
    if dark:
        page = page.replace("@media (prefers-color-scheme: dark)", "@media all")
    done = browse(tmp_path, page, "--dump-dom", "--virtual-time-budget=60000")
    told = re.search(r'<pre id="axe-told">(.*?)</pre>', done.stdout, re.S)
    assert told, done.stderr[-2000:]
    assert json.loads(told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) == []

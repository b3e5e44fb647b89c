"""The client: a page by untrusted templates, printed by another process within bounds, or refused with a reason.

In: the name of a template, figures as plain data, and a folder of templates. Out: the page. Absent: any trust in the
process; it gets texts and figures, an environment with nothing of ours in it, and is ended when it takes too long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryFile

from attrs import frozen

from policy.diagnostics import Collector, Diagnostic, PolicyError
from policy.reports.sandbox.folder import Folder
from policy.source import Source, Span

_WAITS = 3  # times as long on the clock as on the processor, which others may be using too
_CARRIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without which some Pythons do not start


@frozen
class Bounds:
    """Of one page."""

    seconds: int = 20  # of the processor
    memory: int = 768 << 20  # bytes, of which Python itself and the figures take some
    output: int = 64 << 20  # bytes


def page_of(template: str, figures: dict[str, object], folder: Folder, bounds: Bounds = Bounds()) -> str:
    """The page. Raises PolicyError with the template, the line and the reason where there is none."""
    texts = {name: source.text for name, source in folder.texts.items()}
    asked = {"template": template, "own": sorted(folder.own), "texts": texts, "figures": figures}
    with TemporaryFile() as page, TemporaryFile() as problem:
        try:
            exit_code = subprocess.run(
                _command(bounds),
                input=json.dumps(asked).encode(),
                stdout=page,
                stderr=problem,
                env=_environment(),
                cwd="/",
                timeout=bounds.seconds * _WAITS + 10,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            exit_code = -1
        page.seek(0)
        problem.seek(0)
        if exit_code:
            raise PolicyError([_found(problem.read(), exit_code, folder.texts[template], folder)])
        return page.read().decode()


def _command(bounds: Bounds) -> list[str]:
    figures = map(str, (bounds.seconds, bounds.memory, bounds.output))
    return [sys.executable, "-P", "-B", "-m", "policy.reports.sandbox.worker", *figures]


def _environment() -> dict[str, str]:
    path = os.pathsep.join(os.path.abspath(p) for p in sys.path)
    carried = {name: os.environ[name] for name in _CARRIES if name in os.environ}
    return {**carried, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}


def _found(problem: bytes, exit_code: int, asked: Source, folder: Folder) -> Diagnostic:
    """What the process said was wrong; or, where it was ended before it could, that it was."""
    found = Collector()
    try:
        finding = json.loads(problem)
    except ValueError:
        said = problem.decode(errors="replace").strip().rpartition("\n")[2]
        why = f"it took too long, or too much (signal {-exit_code})" if exit_code < 0 else said
        help = "a step of a template is too large to be stopped kindly; make less of it at once"
        found.error("template-bounds", f"no page was rendered: {why}", Span(asked, 0, 0), help)
        return found.found[0]
    code, message, help, template, line = (finding[name] for name in ("code", "message", "help", "template", "line"))
    return Diagnostic(code, message, _line(folder.texts.get(template, asked), line), help)


def _line(source: Source, number: int) -> Span:
    if not 1 <= number <= len(source.line_starts):
        return Span(source, 0, 0)
    start, text = source.line_starts[number - 1], source.line(number)
    indent = len(text) - len(text.lstrip())
    return Span(source, start + indent, start + max(len(text.rstrip()), indent + 1))

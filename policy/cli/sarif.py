"""Findings as SARIF 2.1.0, for code scanners and editors.

In: findings. Out: one run, in which a rule is a code with its page of `grammar/errors`, and places are relative to
the current folder. A finding keeps its fingerprint while its line stays as it is, wherever in the file that stands.
Absent: findings that are suppressed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from policy import resources
from policy.diagnostics import Diagnostic
from policy.source import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"  # as code scanners call the folder that places are relative to
FINGERPRINT = "primaryLocationLineHash"  # the one that GitHub reads


def sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """One run with all findings; columns count UTF-16 units, as SARIF's default has it."""
    codes = sorted({d.code for d in diagnostics})
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "policy", "rules": [_rule(code) for code in codes]}},
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": {ROOT: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
                "results": [_result(d, codes, seen) for d in diagnostics],
            }
        ],
    }


def _rule(code: str) -> dict[str, object]:
    """A code, with its page: what it is called, what it is, and how it is put right."""
    page = resources.folder("grammar") / "errors" / f"{code}.md"
    text = page.read_text(encoding="utf-8")
    _, what, *_ = text.split("\n\n")
    return {
        "id": code,
        "shortDescription": {"text": what},
        "help": {"text": text, "markdown": text},
        "helpUri": page.resolve().as_uri(),
    }


def _result(d: Diagnostic, codes: list[str], seen: Counter[str]) -> dict[str, object]:
    text = d.message + (f"\n{d.help}" if d.help else "")
    result: dict[str, object] = {
        "ruleId": d.code,
        "ruleIndex": codes.index(d.code),
        "level": d.severity.value,
        "message": {"text": text},
        "partialFingerprints": {FINGERPRINT: _fingerprint(d, seen)},
    }
    if d.span is not None:
        result["locations"] = [{"physicalLocation": _place(d.span)}]
    if d.related:
        result["relatedLocations"] = [
            {"physicalLocation": _place(span), "message": {"text": note}} for span, note in d.related
        ]
    if d.fix:
        result["fixes"] = [_fix(d)]
    return result


def _fix(d: Diagnostic) -> dict[str, object]:
    """The edits that mend a finding, file by file."""
    edits: dict[str, list[dict[str, object]]] = {}
    for edit in d.fix:
        replaced = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
        edits.setdefault(edit.span.source.name, []).append(replaced)
    changes = [{"artifactLocation": _artifact(name), "replacements": made} for name, made in edits.items()]
    return {"description": {"text": d.help or d.message}, "artifactChanges": changes}


def _fingerprint(d: Diagnostic, seen: Counter[str]) -> str:
    """Of a code and the line it is about, without its layout; equal ones of a file are numbered as they stand."""
    about = [d.code]
    if d.span is not None:
        about += [str(_artifact(d.span.source.name)["uri"]), " ".join(d.span.source.line(d.span.line).split())]
    else:
        about.append(re.sub(r"\d+", "#", d.message))
    key = "\n".join(about)
    seen[key] += 1
    return f"{hashlib.sha256(key.encode()).hexdigest()}:{seen[key]}"


def _place(span: Span) -> dict[str, object]:
    return {"artifactLocation": _artifact(span.source.name), "region": _region(span)}


def _artifact(name: str) -> dict[str, object]:
    """A file under the current folder is relative to it; any other by its whole address."""
    path = Path(name)
    if not path.is_absolute() and ".." not in path.parts:
        return {"uri": quote(path.as_posix()), "uriBaseId": ROOT}
    whole, here = Path(name).resolve(), Path.cwd()
    if whole.is_relative_to(here):
        return {"uri": quote(whole.relative_to(here).as_posix()), "uriBaseId": ROOT}
    return {"uri": whole.as_uri()}


def _region(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": _utf16(span.source.line(line), column),
        "endLine": end_line,
        "endColumn": _utf16(span.source.line(end_line), end_column),
    }


def _utf16(line: str, column: int) -> int:
    return len(line[: column - 1].encode("utf-16-le")) // 2 + 1

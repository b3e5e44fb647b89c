"""Findings as SARIF 2.1.0, for code scanners and editors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from policy.diagnostics import Diagnostic

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """One run with all findings; columns count UTF-16 units, as SARIF's default has it."""
    codes = sorted({d.code for d in diagnostics})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "policy",
                        "rules": [{"id": c, "helpUri": f"grammar/errors/{c}.md"} for c in codes],
                    }
                },
                "columnKind": "utf16CodeUnits",
                "results": [_result(d, codes) for d in diagnostics],
            }
        ],
    }


def _result(d: Diagnostic, codes: list[str]) -> dict[str, object]:
    text = d.message + (f"\n{d.help}" if d.help else "")
    result: dict[str, object] = {
        "ruleId": d.code,
        "ruleIndex": codes.index(d.code),
        "level": d.severity.value,
        "message": {"text": text},
    }
    if d.span is not None:
        line, column = d.span.source.position(d.span.start)
        end_line, end_column = d.span.source.position(d.span.end)
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(PurePath(d.span.source.name).as_posix())},
                    "region": {
                        "startLine": line,
                        "startColumn": _utf16(d.span.source.line(line), column),
                        "endLine": end_line,
                        "endColumn": _utf16(d.span.source.line(end_line), end_column),
                    },
                }
            }
        ]
    return result


def _utf16(line: str, column: int) -> int:
    return len(line[: column - 1].encode("utf-16-le")) // 2 + 1

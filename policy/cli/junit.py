"""Test results as JUnit XML, for build servers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from policy.testing.run import Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result]) -> str:
    """One suite a ruleset. No times: the same rules give the same bytes."""
    root = Element("testsuites")
    for ruleset in dict.fromkeys(r.ruleset for r in results):
        inside = [r for r in results if r.ruleset == ruleset]
        failed = sum(not r.passed for r in inside)
        suite = SubElement(root, "testsuite", name=ruleset, tests=str(len(inside)), failures=str(failed))
        for result in inside:
            case = SubElement(suite, "testcase", classname=ruleset, name=result.title, file=result.place)
            for f in result.failures:
                failure = SubElement(case, "failure", message=f"expected {f.expected}, got {f.actual}")
                failure.text = f.place
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _NO_XML.sub("\ufffd", tostring(root, encoding="unicode"))

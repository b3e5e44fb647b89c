"""Texts in cells of CSV files, which people open in spreadsheets.

In: a text. Out: the text of its cell; one that a spreadsheet would run as a formula gets an apostrophe before it, a
number does not. Absent: files.
"""

from __future__ import annotations

import re

# How a formula begins, in either width of letters; a number may begin like one, alone or as an amount or a rate.
FORMULA = r"^\s*[=+\-@\t\r\n＝＋－＠]"
NUMBER = r"^[+-]?[0-9][0-9,]*(\.[0-9]+)?( ?%| [A-Z]{3}[A-Z0-9]{0,7})?$"


def cell(text: str) -> str:
    return f"'{text}" if re.search(FORMULA, text) and not re.search(NUMBER, text) else text

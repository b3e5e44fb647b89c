"""Texts that show what they are: nothing in them is unseen, moves a cursor or turns the reading direction round.

In: a text from anywhere. Out: the same with a mark in place of each such character. Absent: escaping; formats do it.
"""

from __future__ import annotations

import re

# What cannot be seen: controls but for line ends and tabs, marks that turn the reading direction round, halves of
# characters. The joiners stay; several scripts are not written without them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    return _UNSEEN.sub("\ufffd", text)

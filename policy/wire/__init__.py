"""Commands and events as JSON objects, and both back from them; and whether a command made in Python is one.

In: attrs classes whose fields are made by `typed` (or are plain texts and booleans). Out: objects that people can
read, with amounts and times as an author would write them, the same bytes for the same data. A class's name in
snake case is the word under which it is known. Absent: any class in particular.
"""

from policy.wire.canonical import keep, record_bytes
from policy.wire.commands import Commands
from policy.wire.fields import DO, EVENT, facts, money_of, standing, typed, word
from policy.wire.making import made_quickly, maker
from policy.wire.reading import JournalReader
from policy.wire.writing import command_json, event_json, json_line, verdict_json

__all__ = [
    "DO",
    "EVENT",
    "Commands",
    "JournalReader",
    "command_json",
    "event_json",
    "facts",
    "json_line",
    "keep",
    "made_quickly",
    "maker",
    "money_of",
    "record_bytes",
    "standing",
    "typed",
    "verdict_json",
    "word",
]

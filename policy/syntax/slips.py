"""Common mistakes in rules: what people write out of habit, and what to write instead.

In: a line of rules and the place where parsing stopped. Out: the whole mistake there with its remedy, or nothing.
Absent: mistakes that parse; the type checker reports those, with `INSTEAD` for functions that do not exist.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches

from attrs import frozen

from policy.diagnostics import Replacement
from policy.source import Source, Span

DECLARATION_WORDS = (
    "language ruleset import source provision currency enum record set calendar parameter value table decision "
    "priority property test tighten adopt"
).split()

_CLAUSE_WORDS = "otherwise permit deny when unless because per from until given expect always where".split()
_AFTER_NUMBERS = {*_CLAUSE_WORDS, *"and or then else default is in not before by for with".split()}

_PARAMETER = "write `parameter NAME: TYPE = … per PROVISION`"
_VALUE = "write `value NAME(FACT: TYPE) -> TYPE = …`"
_PROGRAM_WORDS = {
    "let": f"{_PARAMETER}, or `where NAME = …` within a declaration",
    "var": _PARAMETER,
    "const": _PARAMETER,
    "def": _VALUE,
    "fun": _VALUE,
    "function": _VALUE,
    "rule": "rules stand in a decision: `deny NAME when … because … per …`",
    "class": "write `record NAME { field: TYPE }`",
    "struct": "write `record NAME { field: TYPE }`",
    "type": "write `record NAME { field: TYPE }`, or `enum NAME { member, member }`",
}

# Words that stand where an expression stands, so that a name spelt like one can never be referred to.
RESERVED_NAMES = frozenset("if not today true false none round clamp abs sum count any all min max the".split())


def _write(by: str, before: str = "write ", after: str = "") -> Replacement:
    """The remedy that is exactly one text: `by`."""
    return Replacement.of(f"{before}`{by}`{after}", by)


_FIRST = "write `first of (x.price for x in xs where … by lowest x.price)`"
_PER = "write `round half up to 0.01 (average of (x.price for x in xs))`"
_MOST = "write `sum of the 5 largest (x.price for x in xs)`"
_SEVERAL = "write `first 5 of (x for x in xs by highest x.price)`"
_SORTED = "write `[x for x in xs by lowest x.price]`"
INSTEAD = {
    "average": _PER,
    "avg": _PER,
    "mean": _PER,
    "median": "write `median of (x.price for x in xs)`",
    "top": _SEVERAL,
    "largest": _MOST,
    "rank": _SEVERAL,
    "len": "write `count(x for x in xs)`",
    "length": "write `count(x for x in xs)`",
    "size": "write `count(x for x in xs)`",
    "first": _FIRST,
    "last": "write `first of (x.price for x in xs by latest x.day)`",
    "find": "write `the (x.price for x in xs where …)`, or `first of (…)` where there may be none",
    "lookup": "write `the (x.price for x in xs where …)`, or `first of (…)` where there may be none",
    "only": "write `the (x.price for x in xs where …)`",
    "sort": _SORTED,
    "sorted": _SORTED,
    "filter": "write `[x for x in xs where …]`",
    "map": "write `[x.price for x in xs]`",
    "exists": "write `any(x.price > 5 for x in xs)`",
    "forall": "write `all(x.price > 5 for x in xs)`",
    "sqrt": "write `round down to 0.01 (square root of (…))`",
    "pow": "write a power with a written exponent: `x ^ 3`",
    "mod": "write `a modulo b`, or `a is a multiple of b`",
    "year": "write `year of d`",
    "month": "write `month of d`",
    "day": "write `day of d`, the day of its month",
    "weekday": "write `weekday of d`: 1 is Monday, 7 is Sunday",
    "now": "write `today`; an instant is a fact",
    "floor": "write `round down to 1 (…)`",
    "ceil": "write `round up to 1 (…)`",
    "ceiling": "write `round up to 1 (…)`",
    "isnull": "write `x is absent`",
    "isempty": "write `count(x for x in xs) is 0`",
    "True": _write("true"),
    "False": _write("false"),
    "TRUE": _write("true"),
    "FALSE": _write("false"),
    "yes": _write("true"),
    "no": _write("false"),
    "null": "write `x is absent`, or `none` for a fact that is absent",
    "None": "write `x is absent`, or `none` for a fact that is absent",
    "nil": "write `x is absent`, or `none` for a fact that is absent",
    "permitted": "a decision answers with a boolean in an expression: `ok(order)`, or `not ok(order)`",
    "denied": "a decision answers with a boolean in an expression: `ok(order)`, or `not ok(order)`",
}


@frozen
class Slip:
    """A mistake by its place and its remedy."""

    span: Span
    help: str


_Remedy = str | Callable[[re.Match[str]], str]


def _grouped(match: re.Match[str]) -> str:
    return _write(match.group().replace(",", "_"), "group digits with `_`: ")


def _pointed(match: re.Match[str]) -> str:
    return _write(match.group().replace(",", "."), "write a decimal point: ")


def _amount_first(match: re.Match[str]) -> str:
    sign = match["sign"].replace(" ", "").upper()
    currency = {"HK$": "HKD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "A$": "AUD", "S$": "SGD"}
    if sign == "$":
        return f"write the amount first, then which dollars: `{match['amount']} USD`, `{match['amount']} HKD`"
    return _write(f"{match['amount']} {currency.get(sign, sign)}", "write the amount first, then the currency: ")


LOOSE_DATE = re.compile(r"\b(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"


def _in_capitals(match: re.Match[str]) -> str:
    return _write(match["currency"].upper(), "write the currency in capitals: ")


def iso_date(match: re.Match[str]) -> str:
    month = match["month"]
    number = int(month) if month.isdigit() else _MONTHS.split("|").index(month) + 1
    return _write(f"{match['year']}-{number:02}-{int(match['day']):02}", "write the date as ")


_SHORT = {"k": "thousand", "m": "million", "mn": "million", "mm": "million", "mio": "million", "b": "billion"}


def _scale_in_full(match: re.Match[str]) -> str:
    return _write(f"{match['digits']} {_SHORT.get(match['scale'].lower(), 'billion')}")


_AMOUNT = r"\d[\d_.]*(?: (?:thousand|million|billion)\b)?"
_ROUND = "say how it is rounded: `round down to 0.01 (…)`"

# Each pattern is looked for on the line; the one that covers the place where parsing stopped is the mistake.
_PATTERNS: tuple[tuple[str, _Remedy], ...] = (
    (r"//.*|/\*.*|--(?!-|\s*\|).*", "begin a comment with `#`"),
    (r"!=|<>|≠", _write("is not")),
    (r"(?:given\s+\w+|parameter\s+\w+\s*:[^=]*|expect\s+[^=]*)\s*(?P<place>==)", _write("=", "write a single ")),
    (r"==", _write("is", after=" to compare")),
    (r"=>|≥", _write(">=")),
    (r"=<|≤", _write("<=")),
    (r"\bthe (?P<place>\w+) in\b", "write `the (x.price for x in xs where …)`"),
    (r"\bsum (?P<place>of)\b(?: \d+ | the (?!\d))", _MOST),
    (r"\bthe (?P<place>first) \d", _SEVERAL),
    (r"\bfirst \d+ (?:of )?(?P<place>(?!of\b)\S+)", _SEVERAL),
    (r"\bfirst (?P<place>(?!day\b|of\b)[a-z]\w*) of\b", f"say how many in digits: {_SEVERAL}"),
    (r"&&?", _write("and")),
    (r"\|\|", _write("or")),
    (r"!", "write `not`, or `is not`"),
    (r"\*\*|\^|(?<=\^ )\w+", INSTEAD["pow"]),
    (r"[×·]", _write("*")),
    (r"÷", _write("/")),
    (r"[→⟶⇒]", _write("->")),
    (r"[–—−‐‑]", _write("-", "write a hyphen-minus: ")),
    (r'^(?:[^"]*"[^"]*")*[^"]*(?P<place>"[^"]*)$', "close the text with a quotation mark on the same line"),
    (r"[“”„‟″〝〞「」『』]", 'put a text into straight "double quotes"'),
    (r"['‘’`]", 'put a text into "double quotes"'),
    (r"[A-Z][A-Z0-9_]*/\s*(?:§|¶|s\.|para\.)\s*\w*", "write the provision without a sign: `LAW/1`"),
    (r"\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b", "write the date as year, month, day: `2026-02-11`"),
    (LOOSE_DATE.pattern, iso_date),
    (rf"\b(?P<day>\d{{1,2}}) (?P<month>{_MONTHS})[a-z]*\.?,? (?P<year>\d{{4}})\b", iso_date),
    (rf"\b(?P<month>{_MONTHS})[a-z]*\.? (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})\b", iso_date),
    (r"\b\d{1,3}(?:,\d{3})+(?:\.\d+)?%?(?![\d,])", _grouped),
    (r"\b\d+,\d+%?(?!\d)", _pointed),
    (rf"(?P<sign>\b[A-Z]{{3}}\b|(?:\b[A-Z]{{1,2}})?\$|[€£¥]) ?(?P<amount>{_AMOUNT})", _amount_first),
    (r"\b(?P<digits>\d[\d_.]*) ?(?P<scale>(?i:k|mn|mm|mio|m|bn|b))\b", _scale_in_full),
    (
        r"(?:\b\d[\d_.]*|thousand|million|billion) (?P<currency>(?!per\b|and\b|bps?\b)[a-z]{3})\b",
        _in_capitals,
    ),
    (r"(?<=[(])(?P<currency>[a-z]{3})(?=[)])", _in_capitals),
    (r"(?P<digits>\d[\d_.]*) ?(?:percent|per ?cent|pct)\b", lambda m: _write(f"{m['digits']}%")),
    (r"(?P<digits>\d[\d_.]*) (?:bps|basis points?)\b", lambda m: _write(f"{m['digits']} bp")),
    (r"(?<![\w.)])\.(?P<digits>\d+)", lambda m: _write(f"0.{m['digits']}", "write the zero: ")),
    (r"\b(?P<digits>\d+)\.(?!\d)", lambda m: f"write `{m['digits']}`, or `{m['digits']}.0`"),
    (r"\bround (?:down|up|half \w+) ?\(|\bround(?: to \S+)? ?\(?", _ROUND),
    (r"\?.*", "write `if … then … else …`"),
    (r"\belse ?if\b|\belif\b|\belsif\b", "write `else if`, with `then` before each result"),
    (r"\bif\b[^{]*(?P<brace>\{)", "write `if … then … else …`"),
    (r"\bfor \w+ in [^\]}]*?(?P<place>\bif\b)", _write("where")),
    (rf"\b(?P<word>{'|'.join(INSTEAD)})\((?=[^)]*\bfor\b)[^)]*", lambda m: INSTEAD[m["word"]]),
    (r"\bmod\b|%", INSTEAD["mod"]),
    (r"\b(?:case|switch|match)\b.*", "write `if … then … else if … then … else …`"),
    (r"\b(?:business|working|trading) days?\b", "name the calendar: `2 business days of CALENDAR after d`"),
    (r"\bat (?P<bound>least|most)\b", lambda m: _write(f"is at {m['bound']}")),
    (r"\$\w*", "write the currency after the amount: `5 HKD`"),
    (r";", Replacement.of("remove it: a declaration ends where the next one begins", "")),
)  # fmt: skip

_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')  # a whole text; what it says is no mistake of what follows
_CHAIN = re.compile(r"(?P<a>[\w.%]+) ?(?P<f><=?|>=?) ?(?P<b>[\w.%]+) ?(?P<g><=?|>=?) ?(?P<c>[\w.%]+)")


def slip(source: Source, at: int, word: str, expected: frozenset[str]) -> Slip | None:
    """The common mistake at `at`, where `word` was read and one of the terminals `expected` could have stood."""
    line, column = source.position(at)
    text = source.line(line)
    begin, here = at - column + 1, column - 1
    found = _shouted(source, at, word) or _character(source, at, word) or _declaration(source, at, word, expected)
    if found:
        return found
    if (match := _covering(_CHAIN, text, here)) and word in ("<", "<=", ">", ">="):
        part = match.groupdict()
        twice = f"{part['a']} {part['f']} {part['b']} and {part['b']} {part['g']} {part['c']}"
        help = _write(twice, "compare twice: ")
        return Slip(Span(source, begin + match.start(), begin + match.end()), help)
    if (match := _covering(re.compile(r'"[^"\n]* zh "'), text, here - 1)) and match.end() == here:
        place = Span(source, begin + match.start(), begin + match.end() - 5)
        return Slip(place, "close the text with a quotation mark before `zh`")
    bare = _TEXT.sub(lambda m: m.group() if m.end() > here else '"' + " " * (len(m.group()) - 2) + '"', text)
    for pattern, remedy in _PATTERNS:
        if match := _covering(re.compile(pattern), bare, here):  # here: most rules have no slip
            first, last = match.span(_place(match.re))
            place = Span(source, begin + first, begin + first + len(text[first:last].rstrip()))
            return Slip(place, remedy if isinstance(remedy, str) else remedy(match))
    return _clause(source, at, word, expected)


def _covering(pattern: re.Pattern[str], text: str, here: int) -> re.Match[str] | None:
    place = _place(pattern)
    return next((m for m in pattern.finditer(text) if m.start(place) <= here < m.end(place)), None)


def _place(pattern: re.Pattern[str]) -> str | int:
    """What of a match is the mistake: its group `place`, or all of it."""
    return "place" if "place" in pattern.groupindex else 0


def _shouted(source: Source, at: int, word: str) -> Slip | None:
    """A word of the language in capitals, at `at` or before it, where it was read as the currency of a number."""
    before = re.compile(r"\d\s+([A-Z]{3,})\s+\Z").search(source.text, max(0, at - 100), at)
    start, said = (before.start(1), before[1]) if before else (at, word)
    if not said.isupper() or said.lower() not in _AFTER_NUMBERS:
        return None
    return Slip(Span(source, start, start + len(said)), _write(said.lower(), "did you mean ", "?"))


def _character(source: Source, at: int, word: str) -> Slip | None:
    """A character that only looks like one of the keyboard's."""
    if len(word) != 1 or word.isascii():
        return None
    place = Span(source, at, at + 1)
    if unicodedata.category(word) in ("Zs", "Cf"):
        name = unicodedata.name(word, "no name").lower()
        return Slip(place, f"this is U+{ord(word):04X} ({name}); write an ordinary space, or remove it")
    plain = {"。": ".", "、": ","}.get(word, unicodedata.normalize("NFKC", word))
    if len(plain) == 1 and plain.isascii():
        return Slip(place, _write(plain, "write the half-width character: "))
    return None


def begins_like_declaration(word: str) -> bool:
    """Whether a word at the beginning of a line was meant to begin a declaration."""
    if word in DECLARATION_WORDS or word in _CLAUSE_WORDS:
        return False
    return word in _PROGRAM_WORDS or bool(get_close_matches(word.lower(), DECLARATION_WORDS, n=1, cutoff=0.75))


def _declaration(source: Source, at: int, word: str, expected: frozenset[str]) -> Slip | None:
    """A word where a declaration could begin, misspelt or of a programming language."""
    if not word.isidentifier() or (source.position(at)[1] != 1 and "$END" not in expected):
        return None
    place = Span(source, at, at + len(word))
    if word in _PROGRAM_WORDS:
        return Slip(place, _PROGRAM_WORDS[word])
    close = get_close_matches(word.lower(), [*DECLARATION_WORDS, *_CLAUSE_WORDS], n=1, cutoff=0.75)
    return Slip(place, _write(close[0], "did you mean ", "?")) if close and word not in close else None


_NO_COMMAS = "fields stand without commas: `{ price: money(HKD)  quantity: quantity }`"

# A word in the wrong place ("" at the end of a declaration), told by terminals that could have stood there.
_MISPLACED: tuple[tuple[str, set[str], str], ...] = (
    ("=", {"WHEN", "DENY"}, _write("is", after=" to compare")),
    ("=", {"PERMITTED", "DENIED"}, _write("is", after=" to compare")),
    (",", {"WHEN", "DENY"}, _write("and", after=" between conditions")),
    (",", {"NAME", "RBRACE", "AT"}, Replacement.of(_NO_COMMAS, "")),
    ("permit", {"OTHERWISE"}, "say first what holds where no rule applies: `otherwise permit`, or `otherwise deny`"),
    ("deny", {"OTHERWISE"}, "say first what holds where no rule applies: `otherwise permit`, or `otherwise deny`"),
    ("|", {"EXACTLY", "HIGHEST"}, "say which row answers: `exactly one row applies`, or `first row that applies`"),
    ("where", {"EQUAL", "FROM", "UNTIL"}, "local names stand before the formula: `where NAME = …`, then `= …`"),
    ("where", {"DENY", "PERMIT"}, "local names stand before `otherwise`: `where NAME = …`"),
    ("where", {"COMMA", "RPAR"}, "name the elements: `[x for x in xs where …]`"),
    ("for", {"COMMA", "RPAR"}, f"only aggregates go over lists: `sum(…)`, `count(…)`, `the (…)`; {_FIRST}"),
    (",", {"FOR"}, "put the keys into brackets: `count(distinct (x.a, x.b) for x in xs)`"),
    ("order", {"BY"}, f"an order begins with `by`: {_SORTED}"),
    ("by", {"RPAR"}, f"only `first of` and lists take an order: {_FIRST}"),
    ("let", {"WHERE"}, "write `where NAME = …`"),
    (":", {"EQUAL"}, "a local name is written without its type: `where NAME = …`"),
    (":", {"LEAST", "MOST"}, "`at` begins a bound, `at least` or `at most`; write this field first, or rename it"),
    ("", {"PERMITTED", "DENIED", "EQUAL"}, "say what is expected: `= 5`, `permitted`, `denied by RULE`, `undecided`"),
)


def _clause(source: Source, at: int, word: str, expected: frozenset[str]) -> Slip | None:
    place = Span(source, at, at + max(1, len(word)))
    if word == "from" and expected == {"EQUAL"}:
        return Slip(place, "write the beginning first: `from 2026-01-01 until 2026-05-01 = …`")
    return next((Slip(place, help) for w, could, help in _MISPLACED if word == w and could <= expected), None)

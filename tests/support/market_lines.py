"""Commands of a market in one line that a trader can read; what came of them in the same words; the book as a table.

    on 2026-03-01
    10:00:01 chan buys 2 BTC at 101.00 as b1, fees 0.40
      order_accepted: id b1, money 202.40 HKD, tokens 0
        permitted by otherwise per VATP/7.23 (official)

A line is a moment, where it differs from that of the line before (`2026-03-01 10:00:01` in Hong Kong; `16:00Z` is
UTC), and a phrase of the engine with numbers in its currency. Fields that the phrase does not name follow it:
`, fees 0.40`. Facts of the rulebook come last: `: retail, exposure 5.00 HKD, opted_in_at none`, where `retail`
stands for what the line `facts retail: …` before said. `stage NAME` stands for the lines of `NAME.stage` beside the
case. A line that begins with `{` is JSON, for commands that are malformed. Anything else is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
from attrs import define, field, frozen

from case_files import Case, read
from policy.answers import Verdict
from policy.diagnostics import draw
from policy.model import types
from policy.model.types import Number, Type
from policy.model.values import show
from policy.source import Source
from policy.wire import EVENT, Commands, event_json
from promises import Watch

COMMON = {"new_day": "a new day, {on}"}
EXCHANGE = {
    **COMMON,
    "list_instrument": "list {id} in ticks of {tick} and lots of {lot}",
    "admit_platform": "admit platform {id}",
    "admit_participant": "admit {id} of {platform}",
    "ask": "ask {question} about {about} {id}",
    "deposit_money": "{by} pays in {amount}",
    "deposit_tokens": "{by} deposits {quantity} {instrument}",
    "withdraw_money": "{by} takes out {amount}",
    "withdraw_tokens": "{by} withdraws {quantity} {instrument}",
    "arrange_settlement": "arrange settlement",
    "place": "{by} {side}s {quantity} {instrument}[ at {price}] as {id}",
    "cancel": "{by} cancels {id}",
    "replace": "{by} replaces {id} by {quantity} at {price}",
    "settle": "settle",
    "fail_settlement": "{platform} fails to settle",
    "recover_settlement": "{platform} can settle again",
}
LENDER = {
    **COMMON,
    "set_up_lender": "set up the lender",
    "list_collateral": "list {asset} as collateral in lots of {lot}",
    "open_margin_account": "open the account of {account}",
    "post_collateral": "{account} posts {quantity} {asset}",
    "withdraw_collateral": "{account} withdraws {quantity} {asset}",
    "price_asset": "the price of {asset} is {price}",
    "price_assets": "the prices of {assets} are {prices}",
    "advance_loan": "{account} borrows {amount}",
    "repay_loan": "{account} repays {amount}",
    "state_account": "state the account of {account}",
}
PERPETUALS = {
    **COMMON,
    "list_perpetual": "list {contract} in ticks of {tick} and lots of {lot}",
    "open_perpetual_account": "open the account of {account}",
    "deposit_margin": "{account} deposits {value}",
    "withdraw_margin": "{account} withdraws {value}",
    "post_margin": "{account} posts {amount} to {bucket}",
    "release_margin": "{account} releases {amount} from {bucket}",
    "top_up_fund": "top up the fund by {amount}",
    "place_perpetual": "{account} {side}s {size} {contract}[ at {price}] in {bucket} as {id}",
    "replace_perpetual": "{account} replaces {id} by {size} at {price}",
    "cancel_perpetual": "{account} cancels {id}",
    "index_price": "the index of {contract} is {price}",
    "index_prices": "the indices of {contracts} are {prices}",
    "state_perpetual_account": "state the account of {account}",
}
UNLESS_SAID = {"place": {"venue": "shared_book"}}
VALUES = {"yes": True, "no": False, "none": None}
HIDDEN = {"facts", "queue"}  # of events: what they were decided on

MOMENT = re.compile(r"(?:(\d{4}-\d\d-\d\d)(?: |$))?(?:(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z?)(?: |$))?(.*)")
WORD = r'"[^"]+"|[^\s,:;"]+'
NUMBER = r"-?\d[\d.]*|none|market"


# ── reading ─────────────────────────────────────────────────────────────────────────────────


@frozen
class Form:
    """A command's phrase as a pattern, and the types of its fields."""

    word: str
    pattern: re.Pattern[str]
    fields: Mapping[str, Type | None]  # those that a text says; None of one that holds facts

    @property
    def facts(self) -> list[str]:
        return sorted((name for name, of in self.fields.items() if of is None), key=lambda name: name != "facts")


def form(word: str, phrase: str, cls: Any) -> Form:
    """Raises KeyError where the phrase names a field that the command has not."""
    text: Type = types.TEXT
    fields = {f.name: f.metadata.get("type", text) for f in attrs.fields(cls) if f.name != "at"}
    pieces = re.split(r"\{(\w+)\}", phrase)
    for n, piece in enumerate(pieces):
        if n % 2:
            pieces[n] = f"(?P<{piece}>{_pattern(piece, fields[piece])})"
        else:
            pieces[n] = re.escape(piece).replace(r"\[", "(?:").replace(r"\]", ")?")
    return Form(word, re.compile("".join(pieces) + r"(?P<_more>(?:, \w+ [^,]+)*)"), fields)


def _pattern(name: str, of: Type | None) -> str:
    match of:
        case types.OptionalOf(inner):
            return _pattern(name, inner)
        case types.ListOf():
            return ".+?"
        case types.Enum(_, members):
            return "|".join(members)
        case Number():
            return NUMBER
        case _:
            return WORD


def value(text: str, of: Type | None) -> Any:
    """What JSON says for a field as a line says it: amounts with their currency."""
    match of:
        case types.ListOf(item):
            return [value(part, item) for part in text.split(", ")]
        case types.BOOLEAN:
            return VALUES[text]
        case types.OptionalOf(item):
            return None if text == "none" else value(text, item)
        case Number(unit=unit) if ":" in unit:
            return f"{text} {unit.partition(':')[2]}"
        case _:
            return text.strip('"')


@define
class Lines:
    """Reads lines one after another: what was said before holds on."""

    forms: tuple[Form, ...]
    folder: Path
    date: str
    time: str = ""
    zone: str = "+08:00"
    profiles: dict[str, dict[str, Any]] = field(factory=dict)

    def commands(self, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Each line that is a command, with its JSON."""
        for line in lines:
            if line.startswith("{"):
                yield line, line
                continue
            matched = MOMENT.fullmatch(line)
            assert matched is not None
            date, time, utc, rest = matched.groups()
            self.date = date or self.date
            if time:
                self.time, self.zone = time, "Z" if utc else "+08:00"
            if rest.startswith("stage "):
                stage = (self.folder / f"{rest[6:]}.stage").read_text(encoding="utf-8")
                yield from self.commands(written(stage))
            elif rest.startswith("facts "):
                name, _, said = rest[6:].partition(": ")
                self.profiles[name] = self.facts(said)
            elif rest:
                yield line, json.dumps(self.command(rest), ensure_ascii=False)

    def command(self, line: str) -> dict[str, Any]:
        said, _, facts = line.partition(": ")
        for candidate in self.forms:
            matched = candidate.pattern.fullmatch(said)
            if matched is not None:
                return self._command(candidate, matched, facts)
        raise ValueError(f"not a command: {line}")

    def _command(self, form: Form, matched: re.Match[str], facts: str) -> dict[str, Any]:
        if not self.time:
            raise ValueError(f"no line has said when this is: {matched[0]}")
        named = {name: text for name, text in matched.groupdict().items() if text is not None}
        more = dict(option.split(" ", 1) for option in named.pop("_more").split(", ")[1:])
        if named.get("price") == "market":
            del named["price"]
            more["type"] = "market"
        document = {"do": form.word, "at": f"{self.date}T{self.time}{self.zone}", **UNLESS_SAID.get(form.word, {})}
        for name, text in (named | more).items():
            if form.fields.get(name) is None:
                raise ValueError(f"`{form.word}` has no field `{name}`")
            document[name] = value(text, form.fields[name])
        blocks = facts.split("; ") if facts else []
        if blocks and not form.facts:
            raise ValueError(f"`{form.word}` has no facts: {facts}")
        for n, block in enumerate(blocks):
            name, _, said = block.partition(": ") if n else (form.facts[0], "", block)
            document[name] = nested(self.facts(said))
        return document

    def facts(self, said: str) -> dict[str, Any]:
        """Facts by their paths."""
        found: dict[str, Any] = {}
        for item in said.split(", "):
            name, _, text = item.partition(" ")
            if text:
                found[name] = VALUES.get(text, text)
            elif name in self.profiles:
                found |= self.profiles[name]
            else:
                raise ValueError(f"no facts are called `{name}`")
        return found


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`a.b` as a record in a record."""
    found: dict[str, Any] = {}
    for path, fact in facts.items():
        *outer, name = path.split(".")
        record = found
        for part in outer:
            record = record.setdefault(part, {})
        record[name] = fact
    return found


def written(text: str) -> list[str]:
    """The lines of a text that say something; one that is indented goes on with the line before."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("  "):
            lines[-1] += " " + line.strip()
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return lines


# ── what came of it ─────────────────────────────────────────────────────────────────────────


def shown(event: Any) -> Iterator[str]:
    """An event: its plain fields in a line, then a line for each verdict, list and record. Defaults are left out."""
    document = event_json(event)
    plain: list[str] = []
    below: list[str] = []
    for f in attrs.fields(type(event)):
        name, held, said = f.name, getattr(event, f.name), document[f.name]
        if name in HIDDEN or held is None or held in ("", ()) or held == f.default:
            continue
        match said:
            case bool():
                plain.append(name if said else f"not {name}")
            case dict() if isinstance(held, Verdict):
                below.append(f"{'' if name == 'verdict' else name + ': '}{in_words(held)}")
            case dict():
                below.append(f"{name}: {_flat(said)}")
            case [dict(), *_] if EVENT in said[0]:
                below += [f"{name}: {item[EVENT]}" for item in said]
            case [dict(), *_]:
                below += [f"{name}: {_flat(item)}" for item in said]
            case list():
                below.append(f"{name}: {', '.join(map(str, said))}")
            case _:
                plain.append(f"{name} {said}")
    head = document["event"]
    yield f"{head}: {', '.join(plain)}" if plain else head
    yield from (f"  {line}" for line in below)


def _flat(record: Mapping[str, Any]) -> str:
    parts = [(name, ", ".join(said) if isinstance(said, list) else said) for name, said in record.items()]
    return ", ".join(f"{name} {said}" for name, said in parts if said not in (None, ""))


def in_words(verdict: Verdict) -> str:
    """`denied by limit_breached per SLC/unsettled_limit (secondary)`, or what is missing."""
    reasons = ", ".join(
        " per ".join([r.rule, *([", ".join(map(str, r.citations))] if r.citations else [])]) for r in verdict.reasons
    )
    needs = ", ".join(verdict.needs)
    more = (
        f" by {reasons}" if reasons else f" needs {needs}" if needs else f": {verdict.fault}" if verdict.fault else ""
    )
    return verdict.outcome.value + more


def table(name: str, book: Iterable[Any], price: Type, quantity: Type) -> list[str]:
    """A book: bids, prices and asks, the best prices in the middle; at each price the first in the queue first."""

    def said(side: str, at: int) -> str:
        orders = [order for order in book if order.side == side and order.price == at]
        return ", ".join(f"{o.id} {o.owner} {show(o.remaining, quantity)}" for o in orders)

    prices = sorted({order.price for order in book}, reverse=True)
    rows = [("bids", "price", "asks")]
    rows += [(said("buy", at), show(at, price).partition(" ")[0], said("sell", at)) for at in prices]
    widths = [max(len(row[n]) for row in rows) for n in range(2)]
    lines = [f"  {bids:>{widths[0]}} | {at:>{widths[1]}} | {asks}".rstrip() for bids, at, asks in rows]
    return [f"book of {name}", *lines]


def _as_said(book: Iterable[Any]) -> list[Any]:
    """The orders of a book with prices and sizes as they are said."""
    said = []
    for order in book:
        standing = order.data
        quotation = (standing.contract if hasattr(standing, "contract") else standing.market).quotation
        price, remaining = quotation.price_said(order.price), quotation.size_said(order.remaining)
        said.append(
            SimpleNamespace(id=order.id, owner=order.owner, side=order.side, price=price, remaining=remaining)
        )
    return said


# ── a case ──────────────────────────────────────────────────────────────────────────────────


@frozen
class Played:
    """An engine as its cases need it: how it begins, and its books by name."""

    commands: tuple[type[Any], ...]
    phrases: Mapping[str, str]
    opened: Callable[[str, str], Any]  # of a date, under an overlay
    books: Callable[[Any], Mapping[str, Iterable[Any]]] = lambda _: {}
    price: Type = types.INTEGER
    quantity: Type = types.INTEGER

    @property
    def reads(self) -> Commands:
        return Commands.of(*self.commands)

    @property
    def forms(self) -> tuple[Form, ...]:
        return _forms(self.commands, tuple(self.phrases.items()))


@cache
def _forms(commands: tuple[type[Any], ...], phrases: tuple[tuple[str, str], ...]) -> tuple[Form, ...]:
    classes = Commands.of(*commands).classes
    return tuple(form(word, phrase, classes[word]) for word, phrase in phrases)


def played(case: Case, on_engine: Played) -> str:
    """What comes of a case: each command with its events, then the books that are not empty. Promises are kept."""
    first, *lines = written(case.input)
    on, day, *under = first.split()
    assert on == "on"
    engine = Watch(lambda: on_engine.opened(day, under[1] if under else ""))
    reading = Lines(on_engine.forms, case.file.parent, day)
    reads = on_engine.reads

    for line, document in reading.commands(written(read(case.file)[0])):
        command = reads.read(Source("command", document))
        assert not isinstance(command, list), line
        assert not any(hasattr(event, "code") for event in engine.submit(command)), f"no stage: {line}"
    parts = []
    for line, document in reading.commands(lines):
        command = reads.read(Source("command", document))
        if isinstance(command, list):
            answers = [row for finding in command for row in draw(finding).splitlines()]
        else:
            answers = [row for event in engine.submit(command) for row in shown(event)]
        parts.append("\n".join([line, *(f"  {answer}" for answer in answers)]))
    engine.close()
    for name, book in on_engine.books(engine.target).items():
        if any(book):
            parts.append("\n".join(table(name, _as_said(book), on_engine.price, on_engine.quantity)))
    return "\n\n".join(parts)

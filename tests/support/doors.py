"""The doors by which facts come in, for tests that make the same mistake at each of them.

Every door takes the facts of one `Order`, in its own form, and tells what it found wrong: codes, and messages in
which the order is called `order`, whatever the door calls it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import frozen
from click.testing import CliRunner

import policy
from cases_of_rules import HEAD
from policy.answers import Outcome, UndecidedError
from policy.batch.dates import TableQuestion
from policy.batch.decide import run_of
from policy.batch.sources import source_of
from policy.cli import main
from policy.diagnostics import Diagnostic
from policy.facts.records import unchecked
from policy.ir.program import Program
from policy.pipeline import Checked, Rulebook, RulesFile, check, dated, program

ON = "2026-03-01"
RULES = (
    HEAD
    + """
enum Venue { own_book, shared_book }
enum Side { buy, sell }
enum Grade from highest { top, good spelt "g+", fair, poor, bad }
record Leg {
  side: Side
  size: quantity at least 0
}
record Order {
  venue: Venue
  admitted: boolean
  price: money(HKD) at least 0 HKD at most 1000000 HKD
  count: integer at least 1 at most 100
  name: text
  day: date
  moment: instant
  note: optional integer at most 9
  grade: Grade at least fair at most good
  leg: Leg
  legs: list of Leg
  sizes: list of integer
}
value flat(order: Order) -> boolean =
  order.venue is own_book and order.admitted and order.price > 5 HKD and order.count > 1 and order.name is "x"
  and order.day > 2020-01-01 and order.moment > 2020-01-01T00:00:00+00:00 and (order.note default 0) > 1
  and order.grade is good and order.leg.side is buy and order.leg.size > 1 per LAW/1
value cost(order: Order) -> boolean =
  flat(order) or any(l.side is sell or l.size > 1 for l in order.legs) or any(s > 1 for s in order.sizes)
  per LAW/2
"""
)


class Form(dict[str, Any]):
    """The facts of an order in one form."""

    def but(self, path: str, value: Any) -> Form:
        """The same with something else at `path`, as `legs[0].side`."""
        copied: Any = _copy(self)
        *steps, last = re.split(r"\.", path.replace("[", ".").replace("]", ""))
        inner = copied
        for step in steps:
            inner = inner[int(step) if step.isdigit() else step]
        inner[int(last) if last.isdigit() else last] = value
        return Form(copied)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value


HELD = Form(
    venue="own_book",
    admitted=True,
    price=600_00,
    count=2,
    name="x",
    day=date(2026, 2, 11).toordinal(),
    moment=1_770_797_400_000_000,
    note=3,
    grade="good",
    leg={"side": "buy", "size": 2_0000_0000},
    legs=[{"side": "buy", "size": 2_0000_0000}],
    sizes=[1, 2],
)
WRITTEN = Form(
    venue="own_book",
    admitted=True,
    price="600.00",
    count=2,
    name="x",
    day="2026-02-11",
    moment="2026-02-11T16:10:00+08:00",
    note=3,
    grade="good",
    leg={"side": "buy", "size": "2"},
    legs=[{"side": "buy", "size": "2"}],
    sizes=[1, 2],
)
IN_RULES = Form(
    venue="own_book",
    admitted="true",
    price="600 HKD",
    count="2",
    name='"x"',
    day="2026-02-11",
    moment="2026-02-11T16:10:00+08:00",
    note="3",
    grade="good",
    leg={"side": "buy", "size": "2"},
    legs=[{"side": "buy", "size": "2"}],
    sizes=["1", "2"],
)
LEG = pl.Struct({"side": pl.String, "size": pl.String})
LEGS = pl.List(LEG)
COLUMNS: Mapping[str, Any] = {
    "venue": pl.String,
    "admitted": pl.Boolean,
    "price": pl.String,
    "count": pl.Int64,
    "name": pl.String,
    "day": pl.String,
    "moment": pl.String,
    "note": pl.Int64,
    "grade": pl.String,
    "leg": LEG,
    "legs": LEGS,
    "sizes": pl.List(pl.Int64),
}


@frozen
class Told:
    """What a door found wrong: the codes that it gives, if it gives any, and all that it says."""

    codes: frozenset[str]
    said: str


FINE = Told(frozenset(), "")


@cache
def whole() -> Program:
    return program(check([RulesFile("doors.policy", RULES.encode())]))


@cache
def rulebook() -> Rulebook:
    return dated(whole(), ON)


def _told(found: list[Diagnostic] | tuple[Diagnostic, ...]) -> Told:
    said = "\n".join(d.message + (f" ({d.help})" if d.help else "") for d in found)
    return Told(frozenset(d.code for d in found), said.replace("`Order.", "`order."))


# ── Python ──────────────────────────────────────────────────────────────────────────────────


def record(facts: Form) -> Any:
    """A checked record. Raises PolicyError."""
    return _made(facts, lambda name, fields: rulebook().records[name](**fields))


def _made(facts: Any, make: Callable[[str, dict[str, Any]], Any]) -> Any:
    def leg(value: Any) -> Any:
        if isinstance(value, Form):  # another order
            return _made(value, make)
        return make("Leg", value) if isinstance(value, dict) else value

    fields = dict(facts)
    if "leg" in fields:
        fields["leg"] = leg(fields["leg"])
    for name in ("legs", "sizes"):
        if isinstance(fields.get(name), list):
            fields[name] = tuple(map(leg, fields[name]))
    return make("Order", fields)


def records(facts: Form) -> Told:
    try:
        record(facts)
    except policy.PolicyError as error:
        return _told(error.diagnostics)
    return FINE


def evaluators(facts: Form) -> Told:
    """`answer`, `verdict` and `fast` of a record that nobody checked, and the interpreter."""
    order = _made(facts, lambda name, fields: unchecked(rulebook().records[name], **fields))
    evaluator = rulebook().evaluator("cost")
    answer = evaluator.answer(order)
    assert answer == rulebook().interpreter("cost").answer(order)
    assert evaluator.verdict(order) == answer.verdict
    assert answer.derivation.label == "cost"  # why there is no answer can be told, too
    assert bool(answer.basis.facts) == (answer.outcome is not Outcome.FAILED)
    if answer.outcome is not Outcome.FAILED:
        assert evaluator.fast(order) == answer.value
        return FINE
    with pytest.raises(UndecidedError) as refusal:
        evaluator.fast(order)
    assert refusal.value.answer == answer
    return Told(frozenset(), answer.verdict.fault)


# ── JSON ────────────────────────────────────────────────────────────────────────────────────


def reader(facts: Form) -> Told:
    read = rulebook().reader("cost").read(json.dumps({"order": facts}))
    return _told(read) if isinstance(read, list) else FINE


def _decided(folder: Path, name: str, text: str) -> Told:
    rules, file = folder / "doors.policy", folder / name
    rules.write_text(RULES, encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    asked = ["decide", "cost", "--facts", str(file), "--on", ON, "--rules", str(rules), "--format", "json"]
    result = CliRunner().invoke(main, asked)
    assert not isinstance(result.exception, Exception), result.exception
    if result.exit_code == 0:
        return FINE
    assert result.exit_code == 2
    document = json.loads(result.stdout) if name.endswith("l") else None
    if document is None:
        return Told(frozenset(re.findall(r"error\[([a-z-]+)\]", result.stderr)), _plainly(result.stderr))
    found = document["findings"]
    said = "\n".join(d["message"] + (f" ({d['help']})" if d["help"] else "") for d in found)
    return Told(frozenset(d["code"] for d in found), said)


def _plainly(drawn: str) -> str:
    """Drawn findings, each with its help behind it."""
    said = []
    for finding in re.split(r"^error\[", drawn, flags=re.MULTILINE)[1:]:
        help = re.search(r"help: (.*)", finding)
        said.append(finding.splitlines()[0].partition(": ")[2] + (f" ({help[1]})" if help else ""))
    return "\n".join(said)


def decide(facts: Form, folder: Path) -> Told:
    return _decided(folder, "facts.json", json.dumps({"order": facts}))


def decide_lines(facts: Form, folder: Path) -> Told:
    return _decided(folder, "facts.jsonl", json.dumps({"order": facts}) + "\n")


# ── tables ──────────────────────────────────────────────────────────────────────────────────


def frame(facts: Form, **instead: tuple[Any, Any]) -> pl.DataFrame:
    """The facts as the one row of a table, some columns of another type with another cell."""
    columns = {name: (of, facts[name]) for name, of in COLUMNS.items()} | instead
    return pl.DataFrame([pl.Series(name, [cell], dtype=of) for name, (of, cell) in columns.items()])


def table(file: Path, question: str = "cost") -> Told:
    """What a table in a file is told, of its columns or of its first row."""
    asking = TableQuestion(question=question, on=date.fromisoformat(ON))
    try:
        run = run_of(whole(), asking, source_of(file))
        rows = [row for answers, _ in run.answers(1) for row in answers.iter_rows(named=True)]
    except policy.PolicyError as error:
        return _told(error.diagnostics)
    (row,) = rows
    assert (row["outcome"] == "refused") == bool(row["problem"])
    return Told(frozenset(), row["problem"]) if row["problem"] else FINE


def parquet(cells: pl.DataFrame, folder: Path) -> Told:
    cells.write_parquet(folder / "facts.parquet")
    return table(folder / "facts.parquet")


def arrow(cells: pl.DataFrame, folder: Path) -> Told:
    """Arrow with its words in dictionaries."""
    words = [name for name in ("venue", "name") if cells.schema.get(name) == pl.String]
    cells.with_columns(pl.col(words).cast(pl.Categorical)).write_ipc(folder / "facts.arrow")
    return table(folder / "facts.arrow")


def csv(cells: pl.DataFrame, folder: Path) -> Told:
    """The facts that are no lists; those of the leg are columns of their own."""
    flat = cells.drop("legs", "sizes")
    if isinstance(flat.schema["leg"], pl.Struct):
        flat = flat.with_columns(pl.col("leg").name.prefix_fields("leg.")).unnest("leg")
    flat.write_csv(folder / "facts.csv")
    return table(folder / "facts.csv", "flat")


def lines(facts: Form, folder: Path) -> Told:
    """JSON Lines as a table."""
    (folder / "table.jsonl").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return table(folder / "table.jsonl")


# ── tests in rulebooks ──────────────────────────────────────────────────────────────────────


def in_rules(facts: Form) -> Told:
    checked = tested(facts)
    return _told(checked.errors)


def tested(facts: Form) -> Checked:
    test = f'test "t" on {ON}\n  given order = {_literal(facts)}\n  expect cost(order) = true\n'
    return check([RulesFile("doors.policy", (RULES + test).encode())])


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k}: {_literal(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(map(_literal, value)) + "]" if isinstance(value, list) else str(value)


# ── all of them ─────────────────────────────────────────────────────────────────────────────


def every(
    held: Any, unchecked: Any, written: Any, cells: Any, of_texts: Any, rules: Any, folder: Path
) -> Iterator[tuple[str, Told | str]]:
    """Each door with what it told of the facts; a reason in words stands where it cannot take them."""

    def through(facts: Any, door: Callable[..., Told], *more: Any) -> Told | str:
        return facts if isinstance(facts, str) else door(facts, *more)

    yield "records", through(held, records)
    yield "evaluators", through(unchecked, evaluators)
    yield "reader", through(written, reader)
    yield "decide", through(written, decide, folder)
    yield "decide --lines", through(written, decide_lines, folder)
    yield "table of lines", through(written, lines, folder)
    yield "parquet", through(cells, parquet, folder)
    yield "arrow", through(cells, arrow, folder)
    yield "csv", through(of_texts, csv, folder)
    yield "tests", through(rules, in_rules)


DOORS = "records, evaluators, reader, decide, decide --lines, table of lines, parquet, arrow, csv, tests".split(", ")

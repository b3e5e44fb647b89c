"""One row of a table read by itself, as strictly as facts in JSON: for rows that cannot be used as they are.

In: a row's cells, days and moments as texts. Out: the run-time facts, or the findings that say why they are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from policy.diagnostics import Diagnostic
from policy.facts.from_json import FactReader
from policy.model import types
from policy.model.types import Type
from policy.model.values import decimal_text
from policy.source import Source
from policy.vocabulary import RuntimeValue

BOOLEANS = {"true": True, "false": False}


@frozen(eq=False)
class RowReader:
    """Reads the facts of one question from rows of one table."""

    reader: FactReader
    names: tuple[str, ...]  # the columns that hold facts
    wrap: str
    scaled: bool

    def read(self, number: int, row: Mapping[str, RuntimeValue]) -> tuple[RuntimeValue, ...] | list[Diagnostic]:
        """The question's arguments in row `number`, counted from one, or what is wrong with them."""
        cells: dict[str, RuntimeValue] = {}
        for name in self.names:
            *outer, last = name.split(".")
            inner = cells
            for part in outer:
                inner = inner.setdefault(part, {})
            inner[last] = row[name]
        whole = {self.wrap: cells} if self.wrap else cells
        document = {
            name: self._cell(whole[name], of) for name, of in self.reader.function.parameters if name in whole
        }
        return self.reader.read(Source(f"row {number:,}", json.dumps(document, ensure_ascii=False)))

    def _cell(self, cell: RuntimeValue, of: Type) -> RuntimeValue:
        """A cell as a JSON document would have it."""
        if cell is None or isinstance(cell, bool):
            return cell
        if isinstance(of, types.OptionalOf):
            return self._cell(cell, of.of)
        if isinstance(of, types.Record):
            fields = {f.name: f.type for f in self.reader.program.records[of.name]}
            return {k: self._cell(v, fields[k]) for k, v in cell.items()}
        if isinstance(of, types.ListOf | types.SetOf):
            return [self._cell(v, of.of) for v in cell]
        if isinstance(of, types.Boolean) and isinstance(cell, str) and cell in BOOLEANS:  # CSV knows texts only
            return BOOLEANS[cell]
        if isinstance(of, types.Number) and isinstance(cell, int) and self.scaled:
            return decimal_text(cell, of.scale)
        if isinstance(cell, Decimal):
            return f"{cell:f}"
        return cell if isinstance(cell, str) else str(cell)

"""Statements of C while they are written, and the values that they leave behind.

In: pieces of text. Out: the lines of a function, with its variables at the top. Names are ours alone: `t` and a
number is a variable, `p` a parameter, `n` a counter, `L` a label, `s` a constant of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field, frozen

from policy.backends.c.shapes import IDLE, held
from policy.ir.program import Aggregate, Sorted
from policy.model.types import Type


@frozen(eq=False)
class Single:
    """One value: of type `type` (None where it has none of its own), in the expression `c`.

    `needs` is an expression of what it needs, empty where it is always known; `present` one of whether it is present,
    empty where it always is. The magnitude of a number stays below `bound`.
    """

    type: Type | None
    c: str
    needs: str = ""
    present: str = ""
    bound: int = 1
    constant: int | None = None

    @property
    def held(self) -> str:
        return held(self.type, self.bound)

    @property
    def known(self) -> str:
        return known(self.needs)

    @property
    def there(self) -> str:
        return self.present or "1"


@frozen(eq=False)
class Written:
    """A list that the rules write out."""

    items: tuple[Value, ...]
    needs: str = ""


@frozen(eq=False)
class Selection:
    """A list made of the elements of another, as `e` says: some, what becomes of each, or all in order.

    `needs` is of the whole.
    """

    e: Aggregate | Sorted
    over: Value
    env: Env
    needs: str


Value = Single | Written | Selection
Env = dict[str, Value]


def known(needs: str) -> str:
    """The condition that nothing is needed."""
    return f"!is_unknown({needs})" if needs else "1"


def every(*conditions: str) -> str:
    """The condition that all of these hold, of which `1` says nothing."""
    return " && ".join(c for c in conditions if c != "1") or "1"


@define(eq=False)
class Writer:
    """Writes the statements of one function.

    `faults` counts the jumps to handlers so far, `guarded` the reads that are right only behind the test before them.
    """

    lines: list[str] = field(factory=list)
    variables: dict[str, str] = field(factory=dict)
    handler: str = "fault"
    faults: int = 0
    guarded: int = 0
    number: int = 0

    def write(self, *lines: str) -> None:
        self.lines += lines

    def fresh(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}{self.number}"

    def variable(self, of: str) -> str:
        name = self.fresh("t")
        self.variables[name] = of
        return name

    def let(self, of: str, c: str) -> str:
        """A variable that is given a value here."""
        name = self.variable(of)
        self.write(f"{name} = {c};")
        return name

    @contextmanager
    def apart(self) -> Iterator[list[str]]:
        """Statements written aside."""
        outer, self.lines = self.lines, []
        try:
            yield self.lines
        finally:
            self.lines = outer

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.write(f"{head} {{")
        yield
        self.write("}")

    @contextmanager
    def where(self, condition: str) -> Iterator[None]:
        """Statements under a condition; none at all where it never holds."""
        with self.apart() as inside:
            yield
        if condition == "1":
            self.write(*inside)
        elif condition != "0" and inside:
            self.write(f"if ({condition}) {{", *inside, "}")

    def fail(self, code: str, *detail: int | str, condition: str = "1") -> None:
        """A fault, where the condition holds."""
        self.faults += 1
        noted = "".join(f" c->detail[{n}] = {d};" for n, d in enumerate(detail))
        jump = f"c->fault = {code};{noted} goto {self.handler};"
        self.write(jump if condition == "1" else f"if ({condition}) {{ {jump} }}")

    def add_needs(self, to: str, needs: str) -> None:
        """Adds to a variable what is needed as well; nothing where either cannot be."""
        if to and needs:
            self.write(f"{to} = both_needs({to}, {needs});")

    def pass_on(self) -> None:
        """Hands on the fault of a function that was called."""
        self.faults += 1
        self.write(f"if (c->fault) goto {self.handler};")

    def attempt(self, unsure: str, write: Callable[[], None]) -> str:
        """Statements whose fault is no fault where `unsure` holds. Whether they came to their end."""
        if unsure == "0":
            write()
            return "1"
        outer, before, label = self.handler, self.faults, self.fresh("L")
        self.handler = label
        with self.apart() as inside:
            write()
        self.handler = outer
        if self.faults == before:
            self.write(*inside)
            return "1"
        done = self.let("int", "0")
        self.write(*inside, f"{done} = 1;", f"{label}:;")
        with self.block(f"if (!{done})"):
            if unsure != "1":
                self.write(f"if (!({unsure})) goto {outer};")
            else:
                self.faults = before
            self.write("c->fault = 0;")
        return done

    # ── values ──────────────────────────────────────────────────────────────────────────────

    def all_needs(self, *needs: str) -> str:
        """What all of these need together; empty where none can need anything."""
        some = list(dict.fromkeys(n for n in needs if n))
        if len(some) < 2:
            return some[0] if some else ""
        whole = some[0]
        for one in some[1:]:
            whole = f"both_needs({whole}, {one})"
        return self.let("needs", whole)

    @property
    def can_fault(self) -> bool:
        """Whether a fault ends the function, in what has been written and not left out since."""
        return any("goto fault;" in line for line in self.lines)

    def text(self) -> list[str]:
        """The statements with their variables before them, indented by their braces; without what nothing reads."""
        lines, variables = _read(self.lines, self.variables)
        read = set(_READ.findall("\n".join(lines)))
        depth, made = 1, [f"    {of} {name} = {IDLE[of]};" for name, of in variables.items()]
        made += [f"    (void){name};" for name in variables if name not in read]
        for line in lines:
            depth -= line.startswith("}")
            made.append(line if line.startswith("L") else "    " * depth + line)
            depth += line.endswith("{")
        return made


_NAME = re.compile(r"\b[tnL][0-9]+\b")
_READ = re.compile(r"\b([tn][0-9]+)\b(?! = )")
_SET = re.compile(r"(t[0-9]+) = [^;]*;")


def _read(lines: list[str], variables: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The lines that matter: without labels that nobody jumps to, and variables that are only set."""
    while True:
        used = Counter(name for line in lines for name in _NAME.findall(line))
        sets = Counter(m[1] for line in lines if (m := _SET.fullmatch(line)))
        idle = {name for name, count in sets.items() if used[name] == count}
        idle |= {name for name, count in used.items() if name[0] == "L" and count == 1}
        kept = [
            line for line in lines if not ((m := _SET.fullmatch(line)) and m[1] in idle) and line[:-2] not in idle
        ]
        if len(kept) == len(lines):
            return kept, {name: of for name, of in variables.items() if used[name]}
        lines = kept

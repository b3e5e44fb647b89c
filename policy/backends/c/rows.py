"""A question to every row of a table, as one loop in C: facts from columns, answers into columns.

In: what has been compiled, with one question. Out: the loop, which stands after the source, and the columns that it
takes, by number. A row whose numbers are out of bounds, or where the rules fail, is left to the caller. Absent: lists
and optional records, which are refused; and reading a table (`policy.backends.columns.kernel`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import define, field, frozen

from policy.backends.c.blocks import Column, blocks_of
from policy.backends.c.compile import compiled
from policy.backends.c.layout import Asked, Struct, StructLayout, StructMember, UnsupportedError
from policy.backends.c.operators import literal
from policy.backends.c.questions import AnswerMember
from policy.backends.c.shapes import STORED, Shape, shape
from policy.ir.program import FieldDeclaration, Function, Program
from policy.ir.reads import Fact
from policy.model import types
from policy.model.types import Type
from policy.model.written import limits

FEW_MEMBERS = 250  # of an enum whose codes are bytes in a column, else of four
_WIDTHS = {"int64_t": 8, "uint32_t": 4, "uint8_t": 1}
MOST_ANSWERS = 1_024  # different ones, values apart, that one call tells

_HEAD = """
struct column { const void *at; const char *texts; const uint8_t *valid; };

/* Where the bit of a row is, in all columns alike. */
struct place { int64_t byte; int shift; };

/* The different answers: of each how many rows have it, its outcome, and the bits of its needs and reasons. Those of
   an earlier call keep their numbers. Of a question for a value, the first is the value. Before them, the sum of the
   values. */
enum { MOST = %(most)d, WIDTH = %(width)d };
struct found { uint64_t count, total[4], rows[MOST]; uint64_t keys[MOST][WIDTH]; uint16_t slots[4 * MOST]; };

HELPER int bit(const uint8_t *bits, struct place p) { return bits[p.byte] >> p.shift & 1; }

/* The number of an answer, from one on; nought where there is no room for another. */
HELPER uint16_t answered(struct found *f, %(keys)s) {
    uint64_t hash = %(hash)s;
    for (uint32_t at = hash >> 52;; at = (at + 1) %% (4 * MOST)) {
        uint16_t n = f->slots[at];
        if (n) {
            const uint64_t *key = f->keys[n - 1];
            if (%(differs)s) continue;
            f->rows[n - 1]++;
            return n;
        }
        if (f->count == MOST) return 0;
        uint64_t *key = f->keys[f->count];
        %(taken)s
        f->rows[f->count]++;
        return f->slots[at] = (uint16_t)++f->count;
    }
}

struct out { int64_t bit; %(value)s *value; uint8_t *present; struct found *found; };

static uint16_t doubtful(int64_t i, const struct column *columns, struct out out);
"""

_LOOP = """
/* The number of a row's answer; nought where it is left to the caller. `whole`: all that is required is given. */
static inline __attribute__((always_inline)) uint16_t row(
    const int whole, const int exact, int64_t i, const struct column *restrict columns, struct out out) {
%(pointers)s
    const uint8_t *const good = columns[%(good)d].at;
    int missing = 0;
    const struct place place = {(out.bit + i) >> 3, (int)((out.bit + i) & 7)};
    (void)whole;
    if (good && !bit(good, place)) return 0;
%(facts)s
    struct context context = {%(on)d, 0, {0, 0}, 0, 0};
    struct %(c)s_answer answer = {0};
    if (exact) {
        if (!exact_%(c)s(&context, &facts, &answer)) return 0;
    } else if (missing || !complete_%(c)s(&context, &facts, &answer)) {
        return doubtful(i, columns, out);
    }
%(stored)s
}

static __attribute__((noinline, cold)) uint16_t doubtful(
    int64_t i, const struct column *columns, struct out out) {
    return row(0, 1, i, columns, out);
}

static inline __attribute__((always_inline)) int64_t rows(
    const int whole, int64_t from, int64_t n, const struct column *restrict columns, struct out out,
    uint16_t *restrict numbers) {
    int64_t left = 0;
    struct wide total = {0, 0};
    for (int64_t i = from; i < n; i++) {
        uint16_t number = row(whole, 0, i, columns, out);
        numbers[i] = number;
        if (!number) { left++; %(idle)s }
        %(added)s
    }
    for (int half = 0; half < 2; half++) {
        out.found->total[half] = (uint64_t)(total.low >> 64 * half);
        out.found->total[2 + half] = (uint64_t)((u128)total.high >> 64 * half);
    }
    return left;
}

__attribute__((flatten)) static int64_t wholly(
    int64_t from, int64_t n, const struct column *columns, struct out out, uint16_t *numbers) {
    return rows(1, from, n, columns, out, numbers);
}
%(block)s

/* How many rows are left. */
int64_t kernel(int64_t n, int32_t whole, const struct column *columns, int64_t bit,
    %(value)s *value, uint8_t *present, uint16_t *numbers, struct found *found) {
    for (int k = 0; k < MOST; k++) found->rows[k] = 0;
    struct out out = {bit, value, present, found};
    int64_t left = 0, from = 0;
    %(blocks)s
    left += whole ? wholly(from, n, columns, out, numbers) : rows(0, from, n, columns, out, numbers);
    if (%(of_value)d) {
        uint64_t others = 0;
        for (uint64_t k = 1; k < found->count; k++) others += found->rows[k];
        found->rows[0] = (uint64_t)(n - left) - others;
    }
    return left;
}
"""


@frozen
class Slot:
    """A column that the loop takes, by the path of its fact.

    `width` are the bytes of its elements, nought for bits; without one that is required, no row is whole.
    """

    path: str
    type: Type
    width: int
    is_required: bool

    @property
    def shape(self) -> Shape:
        return shape(types.inner_of(self.type))


@frozen(eq=False)
class RowLoop:
    """The loop, and what its caller must know of it: `needs` are names by number, `value` is none of a decision."""

    source: str
    slots: tuple[Slot, ...]
    needs: Mapping[int, str]
    words: int  # of needs
    width: int  # words of an answer
    value: AnswerMember | None
    is_optional: bool


def rows_of(program: Program, function: Function) -> RowLoop:
    """The loop of a question, after the source of its rulebook. Raises UnsupportedError, or PolicyError."""
    made = compiled(program, [function])
    asked = made.layout.asked[function.id]
    results = made.results[function.id]
    value, is_optional = value_of(asked, results)
    loop = facts_of_rows(made.layout, asked)
    reasons = -(-len(function.rules) // 64) if asked.is_decision else 0
    width = 1 + made.layout.words + reasons
    held = value.held if value and value.held != "int64_t" else "policy_int128"
    adds_up = value is not None and isinstance(types.inner_of(value.type), types.Number)
    hashed = "k0 * UINT64_C(0x9e3779b97f4a7c15)"
    for n in range(1, width):
        hashed = f"({hashed} ^ k{n}) * UINT64_C(0x9e3779b97f4a7c15)"
    head = _HEAD % {
        "most": MOST_ANSWERS,
        "width": width,
        "value": held,
        "keys": ", ".join(f"uint64_t k{n}" for n in range(width)),
        "hash": hashed,
        "differs": " | ".join(f"(key[{n}] ^ k{n})" for n in range(width)),
        "taken": " ".join(f"key[{n}] = k{n};" for n in range(width)),
    }
    parts = {
        "on": program.on or 1,
        "pointers": "\n".join(loop.pointers()),
        "good": len(loop.slots),
        "facts": "\n".join(f"    {line}" for line in loop.lines),
    }
    try:
        block, blocks = blocks_of(made, asked, loop.read, parts)
    except UnsupportedError:
        block, blocks = "", ""
    text = _LOOP % {
        **parts,
        "c": asked.c,
        "value": held,
        "of_value": value is not None,
        "block": block,
        "blocks": blocks,
        "stored": "\n".join(f"    {line}" for line in _stored(value, is_optional, made.layout.words, reasons)),
        "idle": f"out.value[i] = {_idle(value)};" * (value is not None) + " out.present[i] = 0;" * is_optional,
        "added": "total = added(total, I128(out.value[i].high, out.value[i].low));" * adds_up,
    }
    source = [made.header, made.functions, head, *loop.constants, text]
    slots = tuple(loop.slots)
    return RowLoop(
        "\n".join(source), slots, dict(made.layout.needs(asked)), made.layout.words, width, value, is_optional
    )


def facts_of_rows(layout: StructLayout, asked: Asked) -> RowFacts:
    """How the facts of a question are read from columns. Raises UnsupportedError."""
    facts = RowFacts(layout.program, layout, asked.c)
    parameters = [
        FieldDeclaration(name=name, type=of, least=None, most=None, title=asked.function.title)
        for name, of in asked.function.parameters
    ]
    facts.members(asked.facts, "facts", "", parameters, asked.reads)
    return facts


def value_of(asked: Asked, results: list[AnswerMember]) -> tuple[AnswerMember | None, bool]:
    """The value, and whether it is optional."""
    if asked.is_decision:
        return None, False
    *before, value = results
    if len(results) > 2 or value.count or any(r.c != "value_present" for r in before):
        raise UnsupportedError("an answer of several values")
    if isinstance(value.type, types.Results) or shape(types.inner_of(value.type)) not in (
        "number",
        "boolean",
        "code",
    ):
        raise UnsupportedError("an answer that is no number, boolean or member of an enum")
    return value, bool(before)


def _idle(value: AnswerMember | None) -> str:
    return "(policy_int128){0, 0}" if value and value.held in ("int64_t", "policy_int128") else "0"


def _stored(value: AnswerMember | None, is_optional: bool, words: int, reasons: int) -> Iterator[str]:
    """Statements that leave an answer in the columns."""
    if value is not None:
        given = "(policy_int128){(uint64_t)answer.value, answer.value >> 63}"
        yield "const int is_value = answer.outcome == POLICY_VALUE;"
        yield f"out.value[i] = is_value ? {given if value.held == 'int64_t' else 'answer.value'} : {_idle(value)};"
        if is_optional:
            yield "out.present[i] = is_value && answer.value_present;"
    needs = (f"answer.outcome == POLICY_UNDECIDED ? answer.needs[{n}] : 0" for n in range(words))
    if value is not None:
        yield "if (is_value) return 1;"
    key = ", ".join(["(uint64_t)answer.outcome", *needs, *(f"answer.reasons[{n}]" for n in range(reasons))])
    yield f"return answered(out.found, {key});"


def _bit(c: str, bits: str, member: StructMember) -> str:
    """Sets a member's bit."""
    return f"{c}.{bits}[{member.bit // 64}] |= UINT64_C(1) << {member.bit % 64};"


@define(eq=False)
class RowFacts:
    """Writes how the facts of a row are read; a column that the question does not read is held against its bounds."""

    program: Program
    layout: StructLayout
    c: str  # of the question
    slots: list[Slot] = field(factory=list)
    lines: list[str] = field(factory=list)
    constants: list[str] = field(factory=list)
    held: list[str] = field(factory=list)  # the type of each slot's elements
    read: dict[str, Column] = field(factory=dict)  # by the path of a fact that the question reads

    def pointers(self) -> Iterator[str]:
        for n, held in enumerate(self.held):
            yield f"    const {held} *const a{n} = (const {held} *)columns[{n}].at;"
            yield f"    const uint8_t *const v{n} = columns[{n}].valid;"
            yield f"    (void)a{n}; (void)v{n};"

    def members(
        self, struct: Struct, c: str, path: str, fields: Sequence[FieldDeclaration], reads: Mapping[str, Fact]
    ) -> None:
        """The members of a struct, whose name in C is `c`, from the columns below a path."""
        self.lines.append(f"struct {struct.c}{'' if path else '_facts'} {c} = {{0}};")
        for f in fields:
            member = struct.members[f.name] if f.name in reads else None
            self.fact(f, f"{path}.{f.name}".removeprefix("."), c, member, reads.get(f.name))

    def fact(self, f: FieldDeclaration, path: str, c: str, member: StructMember | None, read: Fact | None) -> None:
        """A fact, which goes into a member where the question reads it."""
        inner, optional = types.inner_of(f.type), isinstance(f.type, types.OptionalOf)
        if isinstance(inner, types.ListOf | types.SetOf) or (isinstance(inner, types.Record) and optional):
            if member is not None:
                raise UnsupportedError(f"`{path}` is a list or an optional record")
        elif not isinstance(inner, types.Record):
            self.leaf(f, path, c, member)
        elif member is None or read is None:
            for below in self.program.records[inner.name]:
                self.fact(below, f"{path}.{below.name}", c, None, None)
        else:
            at = f"r{len(self.lines)}"
            self.members(self.layout.struct(inner.name), at, path, self.program.records[inner.name], read.fields)
            self.lines.append(f"{c}.{member.c} = &{at}; {_bit(c, 'given', member)}")

    def leaf(self, f: FieldDeclaration, path: str, c: str, member: StructMember | None) -> None:
        of, optional, n = types.inner_of(f.type), isinstance(f.type, types.OptionalOf), len(self.slots)
        kind = shape(of)
        if member is None and kind != "number":
            return
        held, value = self.element(of, kind, n)
        self.held.append(held)
        is_required = member is not None and not optional
        if member is not None:
            self.read[path] = Column(n, of, 0 if kind == "boolean" else _WIDTHS[held], optional)
        self.slots.append(Slot(path, f.type, 0 if kind == "boolean" else _WIDTHS[held], is_required))
        with_cell = f"a{n} && (!v{n} || bit(v{n}, place))"
        self.lines += [f"if ({'whole || ' * is_required}({with_cell})) {{", f"    const {STORED[kind]} x = {value};"]
        if kind == "number":
            low, high = map(literal, limits(of, f.least, f.most))
            self.lines.append(f"    if (x < {low} || x > {high}) return 0;")
        if member is None:
            self.lines.append("}")
            return
        given, present = _bit(c, "given", member), _bit(c, "present", member)
        self.lines.append(f"    {c}.{member.c} = x; {given}{' ' + present if optional else ''}")
        self.lines.append(f"}} else if ({f'a{n}' if optional else '0'}) {{ {given} }} else missing = 1;")

    def element(self, of: Type, kind: Shape, n: int) -> tuple[str, str]:
        """The type of a column's elements, and the fact in row `i`; members are numbered by the alphabet in C."""
        if kind == "boolean":
            return "uint8_t", f"(uint8_t)bit(a{n}, place)"
        if kind == "text":
            start = f"columns[{n}].texts + a{n}[i]"
            return "int64_t", f"{{{start}, (uint32_t)(a{n}[i + 1] - a{n}[i])}}"
        if not isinstance(of, types.Enum):
            return "int64_t", f"a{n}[i]"
        order = sorted(of.every)
        held = "uint8_t" if len(of.every) < FEW_MEMBERS else "uint32_t"
        if list(of.every) == order:
            return held, f"(int32_t)a{n}[i]"
        numbers = ", ".join(str(order.index(m)) for m in of.every)
        name = f"order{n}_{self.c}"
        self.constants.append(f"static const int32_t {name}[{len(order)}] = {{{numbers}}};")
        return held, f"{name}[a{n}[i]]"

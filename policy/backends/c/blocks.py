"""A decision to sixty-four rows of a table at once: a condition is a word of C with a bit for each row.

In: a compiled decision, and the columns that its loop takes. Out: a function of C for rows of which all that is
required is given. Facts that are booleans or members of enums are words of the columns' own memory; what else is
true or false of a row is asked row by row. Absent: what can fault, costs more than a few lines, or is no decision:
of these there is no such function, and the loop goes row by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from policy.backends.c.branches import Branches
from policy.backends.c.compile import Compiled
from policy.backends.c.layout import Asked, UnsupportedError
from policy.backends.c.unit import stands_in_place
from policy.backends.c.writer import Env, Single
from policy.ir import program as ir
from policy.ir.program import Expr
from policy.model import types
from policy.model.types import Type

ROWS = 64
MOST_RULES = 56  # whose bits are one word beside the outcome's
MOST_KNOWN = 14  # bits of the answers of which a table says the number
MOST_WORDS = 5_000  # steps in writing a decision, which grow with every call

_TEXT = """
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { BLOCKS = 1 };
#else
enum { BLOCKS = 0 };
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define UNROLLED _Pragma("GCC unroll 8")
#else
#define UNROLLED
#endif

/* The bits of sixty-four rows. */
HELPER uint64_t word(const uint8_t *bits, struct place p) {
    uint64_t low;
    __builtin_memcpy(&low, bits + p.byte, 8);
    return p.shift ? low >> p.shift | (uint64_t)bits[p.byte + 8] << (64 - p.shift) : low;
}

HELPER uint64_t present(const uint8_t *valid, struct place p) { return valid ? word(valid, p) : ~UINT64_C(0); }

/* In which rows a code is this one. */
HELPER uint64_t equal_8(const uint8_t *at, uint8_t code) {
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t found = 0;
    UNROLLED for (int k = 0; k < 64; k += 8) {
        uint64_t x;
        __builtin_memcpy(&x, at + k, 8);
        x ^= code * UINT64_C(0x0101010101010101);
        x = ~(((x & low) + low) | x | low); /* the highest bit of each byte that is nought */
        found |= ((x >> 7) * UINT64_C(0x0102040810204080) >> 56) << k;
    }
    return found;
}

HELPER uint64_t equal_32(const uint32_t *at, uint32_t code) {
    uint64_t found = 0;
    for (int k = 0; k < 64; k++) found |= (uint64_t)(at[k] == code) << k;
    return found;
}

/* Eight rows of eight bits as eight columns. */
HELPER uint64_t turned(uint64_t x) {
    uint64_t t = (x ^ x >> 7) & UINT64_C(0x00aa00aa00aa00aa);
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & UINT64_C(0x0000cccc0000cccc);
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & UINT64_C(0x00000000f0f0f0f0);
    return x ^ t ^ t << 28;
}

%(tests)s

/* What is true of a row, a bit each; nought where the row is left to the caller. */
static inline __attribute__((always_inline)) int tested(
    int64_t i, const struct column *restrict columns, struct out out, uint64_t *tests) {
%(pointers)s
    const uint8_t *const good = columns[%(good)d].at;
    const int whole = 1;
    int missing = 0;
    const struct place place = {(out.bit + i) >> 3, (int)((out.bit + i) & 7)};
    if (good && !bit(good, place)) return 0;
%(facts)s
    struct context context = {%(on)d, 0, {0, 0}, 0, 0};
    *tests = tests_of(&context, &facts);
    return !missing;
}

/* The number of an answer by the bits of its outcome and reasons; what has one is `known`. */
HELPER uint16_t numbered(struct found *f, uint16_t *known, uint64_t key) {
    if (key < KNOWN && known[key]) {
        f->rows[known[key] - 1]++;
        return known[key];
    }
    uint64_t reasons = key >> 1;
    uint16_t n = answered(f, key & 1 ? POLICY_PERMITTED : POLICY_DENIED, %(no_needs)s%(reasons)s);
    if (key < KNOWN) known[key] = n;
    return n;
}

/* How many rows are left; less than nought where they are to be answered one by one. */
__attribute__((flatten)) static int64_t block(
    int64_t i, const struct column *restrict columns, struct out out, uint16_t *restrict numbers, uint16_t *known) {
%(pointers)s
    uint8_t seen[TESTS][64];
    for (int64_t j = 0; j < 64; j++) {
        uint64_t tests;
        if (!tested(i + j, columns, out, &tests)) return -1;
        for (int g = 0; g < TESTS; g++) seen[g][j] = (uint8_t)(tests >> 8 * g);
    }
    uint64_t test[8 * TESTS];
    for (int g = 0; g < TESTS; g++) {
        for (int r = 0; r < 8; r++) {
            uint64_t x;
            __builtin_memcpy(&x, &seen[g][8 * r], 8);
            x = turned(x);
            UNROLLED for (int k = 0; k < 8; k++) ((uint8_t *)&test[8 * g + k])[r] = (uint8_t)(x >> 8 * k);
        }
    }
    const struct place place = {(out.bit + i) >> 3, (int)((out.bit + i) & 7)};
    (void)place;
%(words)s
    const uint64_t kept[8 * KEPT] = {%(kept)s};
    const uint8_t *const bytes = (const uint8_t *)kept;
    uint8_t keys[KEPT][64];
    for (int g = 0; g < KEPT; g++) {
        for (int r = 0; r < 8; r++) {
            uint64_t x = 0;
            UNROLLED for (int k = 0; k < 8; k++) x |= (uint64_t)bytes[8 * (8 * g + k) + r] << 8 * k;
            x = turned(x);
            __builtin_memcpy(&keys[g][8 * r], &x, 8);
        }
    }
    int64_t left = 0;
    for (int j = 0; j < 64; j++) {
        uint64_t key = 0;
        for (int g = 0; g < KEPT; g++) key |= (uint64_t)keys[g][j] << 8 * g;
        numbers[j] = %(doubt)s >> j & 1 ? doubtful(i + j, columns, out) : numbered(out.found, known, key);
        left += !numbers[j];
    }
    return left;
}
"""

_NAME = re.compile(r"\bw[0-9]+\b")
_USED = """if (whole && BLOCKS%(there)s) {
        uint16_t known[KNOWN] = {0};
        for (; from + 64 <= n; from += 64) {
            int64_t some = block(from, columns, out, numbers + from, known);
            left += some < 0 ? wholly(from, from + 64, columns, out, numbers) : some;
        }
    }"""


@frozen(eq=False)
class Column:
    """A column of the loop by its number: the type of its fact, its bytes an element, and whether it is optional."""

    n: int
    type: Type
    width: int
    is_optional: bool


def blocks_of(
    made: Compiled, asked: Asked, columns: Mapping[str, Column], parts: Mapping[str, object]
) -> tuple[str, str]:
    """The function, and the statement that uses it. Raises UnsupportedError where there is none.

    `parts` is how the loop reads the facts of a row.
    """
    function = asked.function
    if not asked.is_decision or len(function.rules) > MOST_RULES:
        raise UnsupportedError("no decision, or one of very many rules")
    writer = _Words(made, asked, columns)
    env: Env = {m.name: writer.fact(m, "facts", Single(None, "facts_ref")) for m in asked.facts.members.values()}
    scope = _Scope(env, {name: name for name, _ in function.parameters})
    permitted = writer.word(function.body, scope, writer.word_of("~UINT64_C(0)"))
    kept = [permitted]
    for rule in function.rules[:-1]:
        test = permitted if rule.effect == "permit" else writer.word_of(f"~{permitted}")
        kept.append(writer.word_of(f"{test} & {writer.word(rule.condition, scope, test)}"))
    sizes = {
        "TESTS": -(-len(writer.tests) // 8) or 1,
        "KEPT": -(-len(kept) // 8),
        "KNOWN": 1 << min(len(kept), MOST_KNOWN),
    }
    told = "".join(f"enum {{ {name} = {n} }};\n" for name, n in sizes.items())
    text = _TEXT % {
        **parts,
        "tests": told + writer.tests_text(),
        "no_needs": "0, " * made.layout.words,
        "reasons": f"reasons | (uint64_t)!reasons << {len(function.rules) - 1}",
        "words": "\n".join(writer.words_text(kept)),
        "kept": ", ".join(kept),
        "doubt": writer.doubt or "0",
    }
    read = [c.n for c in columns.values() if c.is_optional]
    return text, _USED % {"there": "".join(f" && columns[{n}].at" for n in read)}


@frozen(eq=False)
class _Scope:
    """The variables in sight: their values, and the paths of those that are facts."""

    env: Env
    paths: Mapping[str, str]

    def path(self, e: Expr) -> str | None:
        if isinstance(e, ir.Variable):
            return self.paths.get(e.name)
        if isinstance(e, ir.FieldAccess):
            record = self.path(e.of)
            return None if record is None else f"{record}.{e.name}"
        return None


class _Words(Branches):
    """Writes words. The statements of the writer are those of what is asked row by row."""

    def __init__(self, made: Compiled, asked: Asked, columns: Mapping[str, Column]) -> None:
        super().__init__(made.unit, complete=True)
        self.asked, self.columns = asked, columns
        self.words: dict[str, str] = {}  # names by what they are
        self.tests: list[str] = []  # what is asked row by row
        self.alone: dict[tuple[object, ...], str] = {}  # the words of these, by expression and variables in sight
        self.lacking: dict[str, bool] = {}  # of functions
        self.doubt = ""
        self.steps = 0

    def word_of(self, c: str) -> str:
        return self.words.setdefault(c, f"w{len(self.words)}")

    def word(self, e: Expr, scope: _Scope, reached: str) -> str:
        """The rows in which a condition holds; of those in which it is not `reached`, nobody will ask."""
        self.steps += 1
        if self.steps > MOST_WORDS:
            raise UnsupportedError("a decision of very many conditions")
        match e:
            case ir.Const(bool() as value):
                return self.word_of("~UINT64_C(0)" if value else "UINT64_C(0)")
            case ir.Not(operand):
                return self.word_of(f"~{self.word(operand, scope, reached)}")
            case ir.And(operands) | ir.Or(operands):
                return self.words_of(isinstance(e, ir.Or), operands, scope, reached)
            case ir.If(condition, then, otherwise):
                return self.either(condition, then, otherwise, scope, reached)
            case ir.Choose("first", (), none):
                return self.word(none, scope, reached)
            case ir.Choose("first", (ir.Case(ir.Const(True), value), *_)):
                return self.word(value, scope, reached)
            case ir.Choose("first", (case, *others), none):
                return self.either(
                    case.condition, case.value, ir.Choose("first", tuple(others), none), scope, reached
                )
            case _ if self.lacks(e):
                self.doubt = self.word_of(f"{self.doubt} | {reached}") if self.doubt else reached
                return self.word_of("UINT64_C(0)")
            case ir.Call(name, arguments) if not stands_in_place(self.unit.program.functions[name]):
                function = self.unit.program.functions[name]
                names = [n for n, _ in function.parameters]
                env: Env = {n: self.light(a, scope.env) for n, a in zip(names, arguments, strict=True)}
                known = {
                    n: path for n, a in zip(names, arguments, strict=True) if (path := scope.path(a)) is not None
                }
                return self.word(function.body, _Scope(env, known), reached)
            case _:
                return self.of_column(e, scope) or self.asked_alone(e, scope)

    def lacks(self, e: Expr) -> bool:
        """Whether a condition has no answer, whatever the facts: the rules lack a number, or fail."""
        match e:
            case ir.Missing() | ir.Fault():
                return True
            case ir.Call(name):
                if name not in self.lacking:
                    self.lacking[name] = self.lacks(self.unit.program.functions[name].body)
                return self.lacking[name]
            case ir.Choose("first", (), none):
                return self.lacks(none)
            case ir.Choose("first", (ir.Case(ir.Const(True), value), *_)):
                return self.lacks(value)
            case ir.Compare(_, left, right) | ir.Arithmetic(_, left, right):
                return self.lacks(left) or self.lacks(right)
            case _:
                return False

    def words_of(self, deciding: bool, operands: Sequence[Expr], scope: _Scope, reached: str) -> str:
        whole = ""
        for operand in operands:
            one = self.word(operand, scope, reached)
            reached = self.word_of(f"{reached} & {'~' if deciding else ''}{one}")
            whole = self.word_of(f"{whole} {'|' if deciding else '&'} {one}") if whole else one
        return whole or self.word_of("UINT64_C(0)" if deciding else "~UINT64_C(0)")

    def either(self, condition: Expr, then: Expr, otherwise: Expr, scope: _Scope, reached: str) -> str:
        test = self.word(condition, scope, reached)
        a = self.word(then, scope, self.word_of(f"{reached} & {test}"))
        b = self.word(otherwise, scope, self.word_of(f"{reached} & ~{test}"))
        return self.word_of(f"({test} & {a}) | (~{test} & {b})")

    def of_column(self, e: Expr, scope: _Scope) -> str:
        """The word of a condition on one fact, from the memory of its column; empty where it is another one."""
        if (column := self.column(e, scope)) is not None:
            plain = isinstance(column.type, types.Boolean) and not column.is_optional
            return self.word_of(f"word(a{column.n}, place)") if plain else ""
        match e:
            case ir.Compare("is" | "is not" as operator, left, ir.Const(value)):
                found = self.equal(self.column(left, scope), (value,))
                return self.word_of(f"~{found}") if found and operator == "is not" else found
            case ir.Compare("in", left, ir.Const(frozenset() as members)):
                return self.equal(self.column(left, scope), sorted(members))
            case _:
                return ""

    def equal(self, column: Column | None, values: Sequence[object]) -> str:
        if column is None:
            return ""
        there = f"present(v{column.n}, place)"
        if values == (None,):
            return self.word_of(f"~{there}") if column.is_optional else ""
        if not isinstance(column.type, types.Enum) or not values or not {*values} <= {*column.type.every}:
            return ""
        of, places = f"equal_{8 * column.width}(a{column.n} + i, ", [*column.type.every]
        parts = [self.word_of(f"{of}{places.index(str(value))})") for value in values]
        some = " | ".join(parts)
        return self.word_of(f"{there} & ({some})" if column.is_optional else some)

    def column(self, e: Expr, scope: _Scope) -> Column | None:
        path = scope.path(e)
        return None if path is None else self.columns.get(path)

    def asked_alone(self, e: Expr, scope: _Scope) -> str:
        """The word of a condition that is asked row by row, once where it stands several times."""
        key = (e, *((name, value.c) for name, value in scope.env.items() if isinstance(value, Single)))
        if key not in self.alone:
            value = self.light(e, scope.env)
            self.alone[key] = self.word_of(f"test[{len(self.tests)}]")
            self.tests.append(value.c)
        return self.alone[key]

    def light(self, e: Expr, env: Env) -> Single:
        """A value for every row, also where nobody asks for it."""
        value, inside, is_light = self.aside(lambda: self.single(e, env))
        if not is_light:
            raise UnsupportedError("what can fail, or costs more than a few lines")
        self.write(*inside)
        return value

    def words_text(self, kept: Sequence[str]) -> list[str]:
        """The words that these and the doubt are made of."""
        used, lines = {*kept, self.doubt}, []
        for c, name in reversed(self.words.items()):
            if name in used:
                used.update(_NAME.findall(c))
                lines.append(f"    const uint64_t {name} = {c};")
        return lines[::-1]

    def tests_text(self) -> str:
        """The function that asks a row, with the constants that it needs."""
        if len(self.tests) > ROWS:
            raise UnsupportedError("more than is asked of one row")
        bits = " | ".join(f"(uint64_t)({c}) << {n}" for n, c in enumerate(self.tests))
        self.write(f"return {bits or '0'};")
        c = self.asked.c
        lines = [
            "static inline __attribute__((always_inline))",
            f"uint64_t tests_of(struct context *c, const struct {c}_facts *facts) {{",
            f"    const struct ref facts_ref = {{facts, {self.asked.base}}};",
            "    (void)facts_ref; (void)c;",
            *self.text(),
            "}",
        ]
        return "\n".join(lines)

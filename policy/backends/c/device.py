"""Questions to every row of a table as kernels for a device: the text is CUDA, and C as well.

In: a program and questions. Out: one text with a kernel for each, from the functions and the reading of facts that
the loop over columns has. A kernel leaves of each row a value and whether there is one; where there is none, be it
for facts that are missing, for a fault, or for a number beyond 64 bits, the interpreter is to be asked. Absent:
reasons, and what `policy.backends.c.rows` refuses; and running it (`policy.backends.c.devices`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from attrs import frozen

from policy.backends.c.compile import Compiled, compiled
from policy.backends.c.layout import Asked, UnsupportedError
from policy.backends.c.questions import AnswerMember
from policy.backends.c.rows import Slot, facts_of_rows, value_of
from policy.ir.program import Function, Program

_COLUMNS = """
struct column { const void *at; const char *texts; const uint8_t *valid; };

/* Where the bit of a row is, in all columns alike. */
struct place { int64_t byte; int shift; };

HELPER int bit(const uint8_t *bits, struct place p) { return bits[p.byte] >> p.shift & 1; }
"""

_KERNEL = """
/* Whether a row has a value; where it has none, the interpreter is to be asked. */
static uint8_t row_%(c)s(int64_t i, const struct column *columns, int64_t *value) {
%(pointers)s
    const int whole = 0;
    int missing = 0;
    const struct place place = {i >> 3, (int)(i & 7)};
    (void)whole;
    (void)place;
    (void)columns;
%(facts)s
    struct context context = {%(on)d, 0, {0, 0}, 0, 0};
    struct %(c)s_answer answer = {0};
    if (missing || !complete_%(c)s(&context, &facts, &answer)) {
        struct context again = {%(on)d, 0, {0, 0}, 0, 0};
        if (!exact_%(c)s(&again, &facts, &answer) || answer.outcome != POLICY_VALUE) return 0;
    }
%(stored)s
    return 1;
}

KERNEL %(name)s(int64_t n, const struct column *columns, int64_t *value, uint8_t *has) {
    EACH(i, n) {
        value[i] = 0;
        has[i] = row_%(c)s(i, columns, &value[i]);
    }
}
"""


@frozen(eq=False)
class DeviceKernel:
    """The kernel of a question: its name, and the columns that it takes, by number."""

    name: str
    slots: tuple[Slot, ...]


def device_text(program: Program, questions: Sequence[Function]) -> tuple[str, tuple[DeviceKernel, ...]]:
    """The text, and the kernel of each question. Raises UnsupportedError, or PolicyError."""
    made = compiled(program, questions)
    head = files(__package__).joinpath("device.c").read_text(encoding="utf-8")
    texts = [head, made.header.replace("#include <stdint.h>\n", "", 1), made.functions, _COLUMNS]
    kernels = []
    for n, question in enumerate(questions):
        kernel = DeviceKernel(f"rows_{n}", tuple(_kernel(made, made.layout.asked[question.id], f"rows_{n}", texts)))
        kernels.append(kernel)
    return "\n".join(texts), tuple(kernels)


def _kernel(made: Compiled, asked: Asked, name: str, texts: list[str]) -> list[Slot]:
    """Adds the kernel of a question to the texts, and gives its columns."""
    value, is_optional = value_of(asked, made.results[asked.function.id])
    if value is None or is_optional:
        raise UnsupportedError("a decision or an optional value, as the answer of a kernel")
    facts = facts_of_rows(made.layout, asked)
    text = _KERNEL % {
        "c": asked.c,
        "name": name,
        "on": made.layout.program.on or 1,
        "pointers": "\n".join(facts.pointers()),
        "facts": "\n".join(f"    {line}" for line in facts.lines),
        "stored": "\n".join(f"    {line}" for line in _stored(value)),
    }
    texts += [*facts.constants, text]
    return facts.slots


def _stored(value: AnswerMember) -> Iterator[str]:
    if value.held == "policy_int128":
        yield "if (answer.value.high != (int64_t)answer.value.low >> 63) return 0;"
        yield "*value = (int64_t)answer.value.low;"
    else:
        yield "*value = answer.value;"

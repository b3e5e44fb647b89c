"""The header of a rulebook in C: for people, every question with its units, reasons, provisions and needs.

In: what has been compiled. Out: the text of the header. It is C11 and C++.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from policy.backends.c.layout import Asked, Struct, StructLayout
from policy.backends.c.operators import comment
from policy.backends.c.unit import TranslationUnit
from policy.ir.program import Program
from policy.model import types
from policy.model.types import AnswerType, Type, describe, short

if TYPE_CHECKING:
    from policy.backends.c.questions import AnswerMember

COMMON = """\
#ifndef POLICY_TYPES
#define POLICY_TYPES

/* What a question returns. Anything but POLICY_OK says that the call was wrong: there is no answer then. */
enum policy_status {
    POLICY_OK = 0,
    POLICY_NULL = 1,     /* a pointer is null: of the call, of a record that is given, of a list that is not empty */
    POLICY_SIZE = 2,     /* `size` is not the size of the struct */
    POLICY_VERSION = 3,  /* `version` is that of another header */
    POLICY_DATE = 4,     /* the date is out of the calendar */
    POLICY_BOOLEAN = 5,  /* a boolean is neither 0 nor 1 */
    POLICY_MEMBER = 6,   /* a number is no member of its enum */
    POLICY_NUMBER = 7,   /* a number is beyond its bounds */
    POLICY_LENGTH = 8,   /* a list has more than 1,000,000 elements */
    POLICY_ORDER = 9     /* a set is not in ascending order, or has an element twice */
};

enum policy_outcome {
    POLICY_UNDECIDED = 1, /* facts are missing: `needs` says which */
    POLICY_PERMITTED = 2,
    POLICY_DENIED = 3,
    POLICY_VALUE = 4,
    POLICY_FAILED = 5     /* the rules fail: `fault` says why */
};

enum policy_fault {
    POLICY_FAULT_NONE = 0,
    POLICY_FAULT_OUT_OF_RANGE = 1,     /* a number is too large */
    POLICY_FAULT_OUT_OF_CALENDAR = 2,  /* a date is out of the calendar */
    POLICY_FAULT_DIVISION_BY_ZERO = 3,
    POLICY_FAULT_NO_ELEMENT = 4,       /* there is no such element */
    POLICY_FAULT_SEVERAL_ELEMENTS = 5, /* there are several elements where one is meant */
    POLICY_FAULT_SEVERAL_ROWS = 6,     /* two rows apply: `detail` has the numbers of their labels */
    POLICY_FAULT_RULES = 7             /* the rules say so: `detail[0]` is the number of the message */
};

/* Bytes of UTF-8, which need not end with a nought. */
typedef struct policy_text { const char *at; uint32_t length; } policy_text;

/* `high` times 2 to the power of 64, and `low`. */
typedef struct policy_int128 { uint64_t low; int64_t high; } policy_int128;

/* Lists and sets. Of a list, `given` is null, or says of each element whether it is given (1) or missing (0). The
   elements of a set are in ascending order, each once: numbers by size, members by number, texts by their bytes. */
typedef struct policy_numbers { const int64_t *at; const uint8_t *given; uint32_t length; } policy_numbers;
typedef struct policy_codes { const int32_t *at; const uint8_t *given; uint32_t length; } policy_codes;
typedef struct policy_booleans { const uint8_t *at; const uint8_t *given; uint32_t length; } policy_booleans;
typedef struct policy_texts { const policy_text *at; const uint8_t *given; uint32_t length; } policy_texts;

#endif
"""

ABOUT = """\
   A question is a function: int32_t NAME(const struct NAME_facts *facts, int32_t on, struct NAME_answer *answer).
   It allocates nothing, keeps nothing, and may be called from any number of threads.
   `on` is the date of the question in days: 1 is the first of January of the year 1, 719163 that of 1970.
   Set `size` and `version` of both structs; the rest of an answer may be anything. Bit n of `given` says that the
   member marked `bit n` is given; where it is clear, nobody gave it. Of an optional member, bit n of `present` says
   that it is present; where it is clear, it is absent, which is known. NAME_bit_MEMBER is that n.
   A text, list or set of an answer lies in the facts or in the source; it lasts as long as they do.
   Numbers are whole: the last decimal of a type is 1. Dates are days, instants microseconds since 1970 UTC.
   Bit n of `needs` stands for entry n of NAME_needs, bit n of `reasons` for entry n of NAME_reasons, where n is
   NAME_reason_RULE. What is missing in an element of a list is told without its place in it, as holdings[].price.
"""


def header_text(name: str, unit: TranslationUnit, results: Mapping[str, Sequence[AnswerMember]]) -> str:
    layout, program = unit.layout, unit.program
    guard = f"POLICY_{name.upper()}_H"
    made = [
        f"/* The rulebook {program.digest} as C11, made by `policy compile`; do not edit.",
        "",
        ABOUT.rstrip("\n"),
        "*/",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        COMMON,
        "/* Of these structs, numbers of members, needs and reasons; other rules may have the same version. */",
        f"#define {name.upper()}_VERSION {layout.version:#x}u",
        "",
        "/* Of the rules that were compiled, as `policy` tells it; it changes with every rule. */",
        f"extern const char {name}_digest[];",
        "",
        "/* The labels of rows and the messages that faults have numbers of. */",
        f"extern const char *const {name}_rows[];",
        f"extern const char *const {name}_messages[];",
        "",
    ]
    for enum, members in layout.enums.items():
        titles = program.enums.get(enum, {})
        made += [f"/* enum {comment(enum)} */", "enum {"]
        for n, (member, c) in enumerate(members.items()):
            told = comment(titles[member].en) if member in titles and titles[member].en else comment(member)
            made.append(f"    {c} = {n}{',' * (n < len(members) - 1)} /* {told} */")
        made += ["};", ""]
    made += [f"struct {s.c};" for s in layout.structs.values()]
    for s in layout.structs.values():
        made.append(
            f"typedef struct {s.c}_list {{ const struct {s.c} *at; const uint8_t *given; uint32_t length; }}"
            f" {s.c}_list;"
        )
    made += [
        f"typedef struct {c} {{ const {c[:-5]} *at; const uint8_t *given; uint32_t length; }} {c};"
        for c in _nested(layout)
    ]
    for s in layout.structs.values():
        made += ["", f"/* record {comment(s.name)} */", *_struct(layout, s, s.c, False)]
    for asked in layout.asked.values():
        made += ["", *_question(layout, asked, results[asked.function.id])]
    made += ["", "#ifdef __cplusplus", "}", "#endif", "", "#endif"]
    return "\n".join(made) + "\n"


def _nested(layout: StructLayout) -> list[str]:
    """The types of lists of lists, the innermost first."""
    found: dict[str, None] = {}

    def visit(of: Type) -> None:
        inner = types.inner_of(of)
        if isinstance(inner, types.ListOf | types.SetOf):
            visit(inner.of)
            if isinstance(inner.of, types.ListOf | types.SetOf):
                found[layout.list_of(inner.of)] = None

    for struct in (*layout.structs.values(), *(a.facts for a in layout.asked.values())):
        for m in struct.members.values():
            visit(m.type)
    return list(found)


def _constants(names: Sequence[str]) -> list[str]:
    """Constants that count from nought."""
    if not names:
        return []
    return ["enum {", *(f"    {name} = {n}{',' * (n < len(names) - 1)}" for n, name in enumerate(names)), "};"]


def _struct(layout: StructLayout, struct: Struct, c: str, is_call: bool) -> Iterator[str]:
    yield from _constants([m.flag for m in struct.members.values()])
    yield f"struct {c} {{"
    if is_call:
        yield "    uint32_t size, version;"
    yield f"    uint64_t given[{struct.words}];"
    yield f"    uint64_t present[{struct.words}];"
    titles = {f.name: f.title.en for f in layout.program.records.get(struct.name, ())}
    for m in struct.members.values():
        title = titles.get(m.name, "")
        told = f"bit {m.bit}: {meaning(m.type, layout.program)}" + (f", {title}" if title else "")
        bounds = [f"at least {m.least}"] * (m.least is not None) + [f"at most {m.most}"] * (m.most is not None)
        yield f"    {_declare(layout.held(m.type), m.c)}; /* {comment(', '.join([told, *bounds]))} */"
    yield "};"


def _declare(held: str, name: str) -> str:
    return f"{held}{'' if held.endswith('*') else ' '}{name}"


def meaning(of: AnswerType, program: Program) -> str:
    """The type of a fact or value, and what 1 is of it."""
    match of:
        case types.OptionalOf(item):
            return f"optional, {meaning(item, program)}"
        case types.Number(unit, scale) if scale > 0:
            of_what = "seconds" if unit == "duration" else unit.partition(":")[2]
            return f"{describe(of)}, 1 is 0.{'0' * (scale - 1)}1 {of_what}".rstrip()
        case types.Number("duration", 0):
            return "duration in seconds"
        case types.Number("period", 0):
            return "period in months"
        case types.Date():
            return "date in days"
        case types.Instant():
            return "instant in microseconds since 1970 UTC"
        case types.Enum(name) | types.Record(name):
            return short(name)
        case types.Boolean() | types.Text() | types.Number() | types.SetOf() | types.ListOf() | types.Results():
            return describe(of)
        case types.Broken():
            raise AssertionError(of)
        case _:
            assert_never(of)


def _question(layout: StructLayout, asked: Asked, results: Sequence[AnswerMember]) -> Iterator[str]:
    f = asked.function
    yield f"/* {f.kind} {comment(f.id)}" + (f": {comment(f.title.en)}" if f.title.en else "")
    cited = dict.fromkeys(str(c) for _, c in f.citations)
    if cited:
        yield f"   per {comment(', '.join(cited))}"
    for n, rule in enumerate(f.rules):
        per = ", ".join(dict.fromkeys(map(str, (*rule.citations, *rule.not_in_force))))
        yield (
            f"   reason {n}: {comment(rule.label)}"
            + (f", {comment(rule.text.en)}" * bool(rule.text.en))
            + (f", per {comment(per)}" if per else "")
        )
    for n, path in layout.needs(asked):
        yield f"   need {n}: {comment(path)}"
    yield "*/"
    yield from _constants(asked.reasons)
    yield from _struct(layout, asked.facts, f"{asked.c}_facts", True)
    yield f"struct {asked.c}_answer {{"
    yield "    uint32_t size, version;"
    yield "    uint32_t where;     /* where the call was wrong: the number of the path, as in needs */"
    yield "    int32_t outcome;    /* one of policy_outcome */"
    yield "    int32_t fault;      /* one of policy_fault */"
    yield "    int32_t detail[2];  /* what the fault is about */"
    yield f"    uint64_t needs[{layout.words}];"
    if asked.is_decision:
        yield f"    uint64_t reasons[{-(-len(f.rules) // 64)}];"
    for r in results:
        array = f"[{r.count}]" if r.count else ""
        yield f"    {_declare(r.held, r.c)}{array}; /* {comment(meaning(r.type, layout.program))} */"
    yield "};"
    yield f"extern const char *const {asked.c}_reasons[]; /* the name of each bit of `reasons` */"
    yield f"extern const char *const {asked.c}_needs[];   /* the path of each bit of `needs` */"
    yield f"int32_t {asked.c}(const struct {asked.c}_facts *facts, int32_t on, struct {asked.c}_answer *answer);"

"""Programs in other languages that ask a decision in C about many facts, and end with 1 where an answer is wrong.

In: a library, rows of facts and answers. Out: the text of a program in C++, Rust or Java. It prints how many
answers were right. The record of the facts has plain fields only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from native import OUTCOMES, Library, Told
from policy.backends.c.layout import Asked, Struct

NUMBERS = {name: number for number, name in OUTCOMES.items()}
RUST = {"int64_t": "i64", "int32_t": "i32", "uint8_t": "u8"}


@frozen(eq=False)
class Line:
    """The facts of a record as C holds them, the date, and what must come of them, as numbers."""

    record: Any
    on: int
    outcome: int
    reasons: int
    needs: tuple[int, ...]


def lines_of(library: Library, asked: Asked, rows: Sequence[tuple[int, Any, Told]]) -> list[Line]:
    numbers = {path: n for n, path in library.layout.needs(asked)}
    names = [rule.name for rule in asked.function.rules]
    lines = []
    for on, fact, (outcome, _, reasons, needs, _) in rows:
        bits = sum(1 << numbers[need] for need in needs)
        words = tuple(bits >> 64 * n & (2**64 - 1) for n in range(library.layout.words))
        held = library.record(fact, of_record(asked))
        lines.append(Line(held, on, NUMBERS[outcome], sum(1 << names.index(r) for r in reasons), words))
    return lines


def of_record(asked: Asked) -> Any:
    (member,) = asked.facts.members.values()
    return member.inner


def _struct(library: Library, asked: Asked) -> Struct:
    return library.layout.structs[of_record(asked).name]


def cpp(library: Library, asked: Asked, lines: Sequence[Line]) -> str:
    struct, c = _struct(library, asked), asked.c
    (member,) = asked.facts.members.values()
    rows = "\n".join(
        f"    {{{{{{{line.record.given[0]}u}}, {{{line.record.present[0]}u}}, "
        f"{', '.join(str(getattr(line.record, m.c)) for m in struct.members.values())}}}, "
        f"{line.on}, {line.outcome}, {line.reasons}u, {{{', '.join(f'{w}u' for w in line.needs)}}}}},"
        for line in lines
    )
    return f"""#include <cstdio>
#include "{library.made.name}.h"
struct Row {{ {struct.c} order; int32_t on, outcome; uint64_t reasons, needs[{library.layout.words}]; }};
static const Row rows[] = {{
{rows}
}};
int main() {{
    int right = 0, wrong = 0;
    for (const Row &row : rows) {{
        {c}_facts facts = {{}};
        {c}_answer answer = {{}};
        facts.size = sizeof facts;
        answer.size = sizeof answer;
        facts.version = answer.version = {library.made.name.upper()}_VERSION;
        facts.given[0] = UINT64_C(1) << {member.flag};
        facts.{member.c} = &row.order;
        bool same = {c}(&facts, row.on, &answer) == POLICY_OK && answer.outcome == row.outcome;
        same = same && answer.reasons[0] == row.reasons;
        for (int n = 0; n < {library.layout.words}; n++) same = same && answer.needs[n] == row.needs[n];
        (same ? right : wrong)++;
    }}
    std::printf("%d right, %d wrong\\n", right, wrong);
    return wrong != 0;
}}
"""


def rust(library: Library, asked: Asked, lines: Sequence[Line]) -> str:
    struct, words = _struct(library, asked), library.layout.words
    fields = "".join(f"    m{m.bit}: {RUST[library.layout.held(m.type)]},\n" for m in struct.members.values())
    rows = "\n".join(
        f"    (Record {{ given: [{line.record.given[0]}], present: [{line.record.present[0]}], "
        f"{', '.join(f'm{m.bit}: {getattr(line.record, m.c)}' for m in struct.members.values())} }}, "
        f"{line.on}, {line.outcome}, {line.reasons}, [{', '.join(map(str, line.needs))}]),"
        for line in lines
    )
    return f"""#[repr(C)]
struct Record {{
    given: [u64; 1],
    present: [u64; 1],
{fields}}}
#[repr(C)]
struct Facts {{ size: u32, version: u32, given: [u64; 1], present: [u64; 1], record: *const Record }}
#[repr(C)]
#[derive(Default)]
struct Answer {{
    size: u32, version: u32, place: u32, outcome: i32, fault: i32, detail: [i32; 2],
    needs: [u64; {words}], reasons: [u64; 1],
}}
extern "C" {{ fn {asked.c}(facts: *const Facts, on: i32, answer: *mut Answer) -> i32; }}
static ROWS: [(Record, i32, i32, u64, [u64; {words}]); {len(lines)}] = [
{rows}
];
fn main() {{
    let version = {library.layout.version};
    let (mut right, mut wrong) = (0, 0);
    for (record, on, outcome, reasons, needs) in ROWS.iter() {{
        let facts = Facts {{ size: std::mem::size_of::<Facts>() as u32, version, given: [1], present: [1], record }};
        let mut answer = Answer {{ size: std::mem::size_of::<Answer>() as u32, version, ..Default::default() }};
        let status = unsafe {{ {asked.c}(&facts, *on, &mut answer) }};
        if status == 0 && answer.outcome == *outcome && answer.reasons[0] == *reasons && answer.needs == *needs {{
            right += 1;
        }} else {{
            wrong += 1;
        }}
    }}
    println!("{{}} right, {{}} wrong", right, wrong);
    std::process::exit((wrong != 0) as i32);
}}
"""


def java(library: Library, asked: Asked, lines: Sequence[Line]) -> tuple[str, str]:
    """A class that calls C through the foreign interface of Java 17, and the rows that it reads: one on each line."""
    facts, answer = library.facts[asked.function.id], library.answers[asked.function.id]
    (member,) = asked.facts.members.values()
    rows = "\n".join(
        " ".join([bytes(line.record).hex(), *map(str, (line.on, line.outcome, line.reasons, *line.needs))])
        for line in lines
    )
    text = f"""import java.lang.invoke.*;
import java.math.BigInteger;
import java.nio.file.*;
import jdk.incubator.foreign.*;
public class Corpus {{
    public static void main(String[] given) throws Throwable {{
        System.load(given[0]);
        MethodHandle ask = CLinker.getInstance().downcallHandle(
            SymbolLookup.loaderLookup().lookup("{asked.c}").get(),
            MethodType.methodType(int.class, MemoryAddress.class, int.class, MemoryAddress.class),
            FunctionDescriptor.of(CLinker.C_INT, CLinker.C_POINTER, CLinker.C_INT, CLinker.C_POINTER));
        int right = 0, wrong = 0;
        for (String line : Files.readAllLines(Path.of(given[1]))) {{
            String[] row = line.split(" ");
            try (ResourceScope scope = ResourceScope.newConfinedScope()) {{
                byte[] bytes = new BigInteger("01" + row[0], 16).toByteArray();
                MemorySegment record = MemorySegment.allocateNative(bytes.length - 1, 16, scope);
                record.copyFrom(MemorySegment.ofArray(bytes).asSlice(1));
                MemorySegment facts = MemorySegment.allocateNative({ctypes.sizeof(facts)}, 16, scope);
                MemorySegment answer = MemorySegment.allocateNative({ctypes.sizeof(answer)}, 16, scope);
                MemoryAccess.setIntAtOffset(facts, 0, {ctypes.sizeof(facts)});
                MemoryAccess.setIntAtOffset(answer, 0, {ctypes.sizeof(answer)});
                MemoryAccess.setIntAtOffset(facts, 4, (int) {library.layout.version}L);
                MemoryAccess.setIntAtOffset(answer, 4, (int) {library.layout.version}L);
                MemoryAccess.setLongAtOffset(facts, {facts.given.offset}, 1);
                MemoryAccess.setAddressAtOffset(facts, {getattr(facts, member.c).offset}, record.address());
                int status = (int) ask.invokeExact(facts.address(), Integer.parseInt(row[1]), answer.address());
                boolean same = status == 0
                    && MemoryAccess.getIntAtOffset(answer, {answer.outcome.offset}) == Integer.parseInt(row[2])
                    && MemoryAccess.getLongAtOffset(answer, {answer.reasons.offset})
                        == Long.parseUnsignedLong(row[3]);
                for (int n = 0; n < {library.layout.words}; n++)
                    same &= MemoryAccess.getLongAtOffset(answer, {answer.needs.offset} + 8 * n)
                        == Long.parseUnsignedLong(row[4 + n]);
                if (same) right++; else wrong++;
            }}
        }}
        System.out.println(right + " right, " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }}
}}
"""
    return text, rows + "\n"

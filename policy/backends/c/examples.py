"""What stands beside the source: a build file, and a program in C and in C++ that asks one question.

In: what has been compiled. Out: the text of files. The programs ask with no facts, and print what is needed: where to
begin.
"""

from __future__ import annotations

from string import Template

from policy.backends.c.layout import Asked

_EXAMPLE = """\
/* Asks ${id} on ${on} with no facts, and prints what the answer needs. */
#include <@stdio@>

#include "${name}.h"

int main(@void@) {
    struct ${c}_facts facts = @zero@;
    struct ${c}_answer answer = @zero@;
    facts.size = sizeof facts;
    answer.size = sizeof answer;
    facts.version = answer.version = ${NAME}_VERSION;
    /* a fact: facts.MEMBER = ...; facts.given[0] |= UINT64_C(1) << ${c}_bit_MEMBER; */
    int status = ${c}(&facts, ${day}, &answer);
    if (status != POLICY_OK) {
        printf("the call is wrong: status %d at path %u\\n", status, (unsigned)answer.where);
        return 1;
    }
    printf("outcome %d\\n", (int)answer.outcome);
    for (int n = 0; n < ${bits}; n++)
        if (answer.needs[n / 64] >> (n % 64) & 1) printf("needs %s\\n", ${c}_needs[n]);
    return 0;
}
"""

_BUILD = """\
project(
    '{name}', 'c', 'cpp',
    default_options: ['c_std=c11', 'cpp_std=c++17', 'warning_level=2', 'werror=true', 'optimization=2'],
)
{name}_dep = declare_dependency(
    link_with: static_library('{name}', '{name}.c'), include_directories: include_directories('.'),
)
executable('example', 'example.c', dependencies: {name}_dep)
executable('example_cpp', 'example.cpp', dependencies: {name}_dep)
"""


def examples(name: str, asked: Asked, words: int, on: int, day: str) -> dict[str, str]:
    """The files by their names."""
    whole = Template(_EXAMPLE).substitute(
        id=asked.function.id, c=asked.c, name=name, NAME=name.upper(), day=on, on=day, bits=64 * words
    )
    return {
        "example.c": whole.replace("@stdio@", "stdio.h").replace("@void@", "void").replace("@zero@", "{0}"),
        "example.cpp": whole.replace("@stdio@", "cstdio").replace("@void@", "").replace("@zero@", "{}"),
        "meson.build": _BUILD.format(name=name),
    }

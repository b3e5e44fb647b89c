"""Names of rules as identifiers of C and C++: no keyword, no macro, none twice.

In: names of rules. Out: identifiers, the same on every run. Names that the source makes up begin otherwise: see
`writer`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import define, field

_KEYWORDS = frozenset(
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t"
    " class compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield"
    " decltype default delete do double dynamic_cast else enum explicit export extern false float for friend"
    " goto if import inline int long module mutable namespace new noexcept not not_eq nullptr operator or"
    " or_eq override private protected public register reinterpret_cast requires restrict return short signed"
    " sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef"
    " typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor"
    " xor_eq final".split()
)
_MACROS = frozenset(
    "assert complex errno far i386 imaginary interface linux major minor mips near noreturn offsetof small sparc"
    " stderr stdin stdout unix".split()
)
_INTEGERS = re.compile("u?int((_least|_fast)?(8|16|32|64)|max|ptr)_t")  # of stdint.h
OWN_MEMBERS = frozenset(("size", "version", "given", "present"))  # of every struct of facts


def _is_taken(name: str) -> bool:
    return name in _KEYWORDS or name in _MACROS or _INTEGERS.fullmatch(name) is not None


@define
class Identifiers:
    """The identifiers of one scope."""

    taken: set[str] = field(factory=set)

    def claim(self, name: str, forms: Sequence[str] = ("{}",)) -> str:
        """An identifier for a name that is free in each of the forms, which are taken from now on."""
        wanted = re.sub("[^A-Za-z0-9_]", "_", name)
        wanted = wanted if re.search("[a-z]", wanted) else f"m_{wanted}"  # macros are in capitals
        made, number = wanted, 1
        while any(form.format(made) in self.taken or _is_taken(form.format(made)) for form in forms):
            number += 1
            made = f"{wanted}_" if number == 2 else f"{wanted}_{number}"
        self.taken.update(form.format(made) for form in forms)
        return made

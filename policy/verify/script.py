"""What the solver is asked, as SMT-LIB text (version 2.6): it can be read, printed and kept without a solver.

In: terms, and the goals that are asked one at a time. Out: text. Each shared part is defined once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from policy.verify.terms import Term, Terms, in_order


@frozen(eq=False)
class Script:
    """The text without and with the meanings of products and months, and whether these differ."""

    plain: str
    exact: str
    goals: tuple[str, ...]
    names: frozenset[str]

    @property
    def is_hard(self) -> bool:
        return self.plain != self.exact


def script(t: Terms, goals: Mapping[str, Term]) -> Script:
    """Whether each goal can hold, asked alone."""
    plain, names = _written(t, goals, exact=False)
    exact, more = _written(t, goals, exact=True)
    return Script(plain, exact, tuple(goals), names | more)


def _written(t: Terms, goals: Mapping[str, Term], exact: bool) -> tuple[str, frozenset[str]]:
    held = _held(t, list(goals.values()), exact)
    order = in_order([*goals.values(), *held])
    uses: dict[Term, int] = {}
    for part in order:
        for a in part.args:
            uses[a] = uses.get(a, 0) + 1
    written: dict[Term, str] = {}
    lines = []
    for part in order:
        if part.op == "name":
            written[part] = f"|{part.value}|"
            lines.append(f"(declare-const |{part.value}| {part.sort})")
            lines += _bounds(part)
        else:
            text = _text(part, written)
            if uses.get(part, 0) > 1 and part.args:
                written[part] = f"t{len(written)}"
                lines.append(f"(define-fun {written[part]} () {part.sort} {text})")
            else:
                written[part] = text
    lines += [f"(assert {written[h]})" for h in held]
    for name, goal in goals.items():
        lines.append(f"(declare-const |goal {name}| Bool)\n(assert (=> |goal {name}| {written[goal]}))")
    names = frozenset(str(p.value) for p in order if p.op == "name")
    return "\n".join(lines) + "\n", names


def _held(t: Terms, roots: list[Term], exact: bool) -> list[Term]:
    """The laws, meanings and links of all names that the roots come to rest on."""
    held: dict[Term, None] = {}
    seen: set[Term] = set()
    pending = roots
    while pending:
        names = [p for p in in_order(pending) if p.op == "name" and p not in seen]
        seen.update(names)
        new = [law for name in names for law in t.laws.get(name, ())]
        new += [meaning for name in names for meaning in t.meanings.get(name, ()) if exact]
        pending = [law for law in new if law not in held]
        held.update(dict.fromkeys(pending))
    held.update(dict.fromkeys(law for a, b, law in t.links if a in seen and b in seen))
    return [h for h in held if h is not t.true]


def _bounds(name: Term) -> Iterator[str]:
    if name.low is not None:
        yield f"(assert (<= {_number(name.low)} |{name.value}|))"
    if name.high is not None:
        yield f"(assert (<= |{name.value}| {_number(name.high)}))"


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def _text(part: Term, written: Mapping[Term, str]) -> str:
    args = [written[a] for a in part.args]
    match part.op:
        case "num":
            return _number(int(part.value))
        case "true" | "false":
            return part.op
        case "*":
            return f"(* {_number(int(part.value))} {args[0]})"
        case "div":
            return f"(div {args[0]} {part.value})"
        case "product":
            return f"(= {args[0]} (* {args[1]} {args[2]}))"
    return f"({part.op} {' '.join(args)})"


def printed(s: Script) -> str:
    """The whole script for a solver to read, each goal asked in turn."""
    asked = "".join(f'(echo "{name}")\n(check-sat-assuming (|goal {name}|))\n' for name in s.goals)
    return "(set-option :produce-models true)\n" + s.exact + asked

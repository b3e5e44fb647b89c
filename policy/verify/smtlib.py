"""Goals as SMT-LIB text (version 2.6), which needs no solver.

In: terms, and goals, checked one at a time. Out: text. Each shared subterm is defined once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import assert_never

from attrs import field, frozen

from policy.verify.terms import Term, Terms, in_order


@frozen(eq=False, slots=False)
class Script:
    """Goals, each checked alone or with others, and their text."""

    terms: Terms
    goals: dict[str, Term]
    known: set[Term] = field(factory=set)  # names in the plain text, or in what was added to it

    @cached_property
    def plain(self) -> str:
        """The text of all goals, without the axioms of products and months."""
        self.known.update(self.names(*self.goals))
        return _written(self.terms, self.goals, exact=False)

    def exact(self, *names: str) -> str:
        """The text of some goals, with those axioms."""
        return _written(self.terms, {name: self.goals[name] for name in names}, exact=True)

    def asserted(self, more: Sequence[Term], time: int) -> str:
        """The text of more assertions after the plain text; each `time` has names of its own."""
        lines, written = _defined(more, f"t{time}.")
        return "\n".join([*lines, *(f"(assert {written[m]})" for m in more)])

    def added(self, name: str, time: int) -> str:
        """The text of one more goal, with the names that it brings along."""
        goal = self.goals[name]
        held, parts = _held(self.terms, [n for n in self.names(name) if n not in self.known], exact=False)
        new = [n for n in in_order([goal, *held, *parts]) if n.op == "name" and n not in self.known]
        self.known.update(new)
        lines, written = _defined([goal, *held], f"t{time}.")
        declared = [line for n in new for line in _declared(n)]
        return "\n".join([*declared, *lines, *(f"(assert {written[h]})" for h in held), *_goal(name, written[goal])])

    def is_hard(self, *names: str) -> bool:
        """Whether the plain text leaves out any axiom of these goals."""
        return bool(self.names(*names) & set(self.terms.axioms))

    def names(self, *goals: str) -> set[Term]:
        """The names that goals depend on."""
        roots = [self.goals[g] for g in goals]
        held, parts = _held(self.terms, roots, exact=False)
        return {t for t in in_order([*roots, *held, *parts]) if t.op == "name"}


def _written(t: Terms, goals: Mapping[str, Term], exact: bool) -> str:
    held, parts = _held(t, list(goals.values()), exact)
    roots = [*goals.values(), *held]
    names = [part for part in in_order([*roots, *parts]) if part.op == "name"]
    lines = [line for name in names for line in _declared(name)]
    defined, written = _defined(roots, "t")
    lines += [*defined, *(f"(assert {written[h]})" for h in held)]
    for name, goal in goals.items():
        lines += _goal(name, written[goal])
    return "\n".join(lines) + "\n"


def _goal(name: str, text: str) -> tuple[str, str]:
    return f"(declare-const |goal {name}| Bool)", f"(assert (=> |goal {name}| {text}))"


def _defined(roots: Sequence[Term], prefix: str) -> tuple[list[str], dict[Term, str]]:
    """Definitions of the subterms that occur more than once, and the text of each subterm."""
    order = in_order(roots)
    uses: dict[Term, int] = {}
    for part in order:
        for a in part.args:
            uses[a] = uses.get(a, 0) + 1
    written: dict[Term, str] = {}
    lines = []
    for part in order:
        text = _text(part, written)
        if uses.get(part, 0) > 1 and part.args:
            written[part] = f"{prefix}{len(written)}"
            lines.append(f"(define-fun {written[part]} () {part.sort} {text})")
        else:
            written[part] = text
    return lines, written


def _declared(name: Term) -> Iterator[str]:
    yield f"(declare-const |{name.value}| {name.sort})"
    yield from _bounds(name)


def _held(t: Terms, roots: list[Term], exact: bool) -> tuple[list[Term], list[Term]]:
    """The lemmas, axioms and links of all names that the roots depend on, and what the axioms are about.

    An axiom may be about a name that no lemma speaks of; it is told of too, as instances will be about it.
    """
    held: dict[Term, None] = {}
    parts: dict[Term, None] = {}
    seen: set[Term] = set()
    pending = roots
    while pending:
        names = [p for p in in_order(pending) if p.op == "name" and p not in seen]
        seen.update(names)
        new = [lemma for name in names for lemma in t.lemmas.get(name, ())]
        new += [axiom for name in names if exact and name in t.axioms for axiom in t.axioms[name].whole(t)]
        about = [p for name in names if name in t.axioms for p in t.axioms[name].parts() if p not in parts]
        parts.update(dict.fromkeys(about))
        new = [lemma for lemma in new if lemma not in held]
        held.update(dict.fromkeys(new))
        pending = [*new, *about]
    held.update(dict.fromkeys(lemma for a, b, lemma in t.links if a in seen and b in seen))
    return [h for h in held if h is not t.true], list(parts)


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
        case "not" | "and" | "or" | "=" | "<=" | "+" | "ite":
            return f"({part.op} {' '.join(args)})"
        case "name":
            return f"|{part.value}|"
        case _:
            assert_never(part.op)


def printed(scripts: Iterable[tuple[str, Script]]) -> Iterator[str]:
    """Scripts with their titles as one for any solver, which forgets each before it reads the next."""
    for n, (title, script) in enumerate(scripts):
        yield f"; {title}\n" + ("(reset)\n" if n else "") + _whole(script)


def _whole(s: Script) -> str:
    """A whole script, each goal checked in turn."""
    checks = "\n".join(f'(echo "{name}")\n(check-sat-assuming (|goal {name}|))\n' for name in s.goals)
    return "(set-option :produce-models true)\n(set-logic ALL)\n" + s.exact(*s.goals) + checks

"""The functions of a source: one for each of the program, and for each question the one that callers see.

In: a unit and its functions. Out: their text. What callers see checks the facts first, as far as the question
reads them; then it asks the function for facts that are complete; and where that has a doubt, the one that tells
needs and faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from attrs import evolve, frozen

from policy.backends.c.branches import Branches
from policy.backends.c.layout import Asked, Struct, StructMember, UnsupportedError
from policy.backends.c.names import Identifiers
from policy.backends.c.operators import WORD, literal
from policy.backends.c.shapes import held, plural
from policy.backends.c.unit import FunctionSignature, TranslationUnit, stands_in_place
from policy.backends.c.writer import Env, Selection, Single, Value, Written, every
from policy.ir import program as ir
from policy.ir.bounds import FACT
from policy.ir.program import Function
from policy.ir.reads import Fact
from policy.model import types
from policy.model.types import LONGEST_LIST, AnswerType, Type
from policy.model.written import limits


def function_text(unit: TranslationUnit, function: Function, complete: bool) -> list[str]:
    """A function of the program, which those after it may call; nothing where it stands in place."""
    if stands_in_place(function):
        return []
    writer, env, declared = Branches(unit, complete), Env(), ["struct context *c"]
    for n, (name, of) in enumerate(function.parameters):
        inner, p = types.inner_of(of), f"p{n}"
        optional = isinstance(of, types.OptionalOf)
        env[name] = Single(inner, p, "" if complete else f"{p}n", f"{p}p" if optional else "", FACT)
        declared += [f"{held(inner, FACT)} {p}", *[f"needs {p}n"] * (not complete), *[f"int {p}p"] * optional]
    assert not isinstance(function.type, types.Results)
    value = writer.single(function.body, env, types.inner_of(function.type))
    value = evolve(value, type=value.type or types.inner_of(function.type), constant=None)
    for part, kind in ((value.c, value.held), (value.needs, "needs"), (value.present, "int")):
        if part:
            declared.append(f"{kind} *r{len(declared)}")
            writer.write(f"*r{len(declared) - 1} = {part};")
    name = f"{'q' if complete else 'f'}{len(unit.signatures)}"
    unit.signatures[function.id + "!" * complete] = FunctionSignature(
        name, value, writer.can_fault, not writer.can_fault and not writer.guarded and unit.is_light(writer.lines)
    )
    return _closed(f"static void {name}({', '.join(declared)})", declared, writer, "return;")


def _closed(head: str, declared: Sequence[str], writer: Branches, last: str) -> list[str]:
    """A whole function; what it is handed may be left unread."""
    unread = "".join(f"(void){d.replace('*', ' ').split()[-1]}; " for d in declared).rstrip()
    handler = ["fault:", f"    {last}"] if writer.can_fault else []
    return [f"{head} {{", *writer.text(), f"    {unread}", f"    {last.replace('0', '1')}", *handler, "}", ""]


@frozen(eq=False)
class AnswerMember:
    """A member of an answer: its name, its type of C, and what a value there means."""

    c: str
    held: str
    type: AnswerType
    count: int = 0  # of an array


class QuestionWriter(Branches):
    """Writes the answer to one question from its facts."""

    def __init__(self, unit: TranslationUnit, asked: Asked, complete: bool) -> None:
        super().__init__(unit, complete)
        self.asked = asked
        self.results: list[AnswerMember] = []
        self.members = Identifiers()

    def answer(self) -> None:
        asked, function = self.asked, self.asked.function
        facts = Single(None, "facts_ref")
        env: Env = {}
        for m in asked.facts.members.values():
            env[m.name] = self.fact(m, "facts", facts)
        variables = tuple(ir.Variable(name) for name, _ in function.parameters)
        value = self.call(function, variables, env)
        if not self.complete:
            lacks = self.all_needs(*self.lacking(value))
            if lacks:
                with self.block(f"if (is_unknown({lacks}))"):
                    self.write("answer->outcome = POLICY_UNDECIDED;")
                    self.write(f"for (int i = 0; i < WORDS; i++) answer->needs[i] = {lacks}.w[i];", "return 1;")
        if asked.is_decision:
            assert isinstance(value, Single)
            self.write(f"answer->outcome = {value.c} ? POLICY_PERMITTED : POLICY_DENIED;")
            self.reasons(function, value.c, env)
        else:
            self.write("answer->outcome = POLICY_VALUE;")
            self.store(value, function.type, "value")

    def lacking(self, value: Value) -> Iterator[str]:
        """What the value to hand out needs, and what its parts do."""
        if isinstance(value, Written):
            for item in value.items:
                yield from self.lacking(item)
            return
        if isinstance(value, Selection):
            raise UnsupportedError("a list that the rules make, as the answer")
        yield value.needs
        if isinstance(value.type, types.ListOf):
            whole = self.let("needs", "no_needs()")

            def use(element: Value) -> None:
                for inner in self.lacking(element):
                    self.add_needs(whole, inner)

            with self.where(value.known):
                self.each(value, use)
            yield whole

    def reasons(self, function: Function, permitted: str, env: Env) -> None:
        """The rules of the outcome's effect that hold for certain; the last of all where none does."""
        last = len(function.rules) - 1
        some = self.let("int", "0")
        for effect, test in (("deny", f"!{permitted}"), ("permit", permitted)):
            with self.where("1" if self.complete else test):
                for n, rule in enumerate(function.rules[:-1]):
                    if rule.effect == effect:
                        self.reason(n, rule.condition, env, some, test)
        self.write(f"answer->reasons[{last // 64}] |= (uint64_t)!{some} << {last % 64};")

    def reason(self, n: int, condition: ir.Expr, env: Env, some: str, test: str) -> None:
        def note() -> None:
            holds = self.single(condition, env)
            held = every(holds.known, holds.c)
            self.write(f"if ({held}) {{ answer->reasons[{n // 64}] |= UINT64_C(1) << {n % 64}; {some} = 1; }}")

        if not self.complete:
            self.attempt("1", note)
            return
        holds, inside, is_light = self.aside(lambda: self.single(condition, env))
        if is_light:
            self.write(*inside)
            held = self.let("int", f"({test}) & ({holds.c})")
            self.write(f"answer->reasons[{n // 64}] |= (uint64_t){held} << {n % 64};", f"{some} = {some} | {held};")
        else:
            with self.where(test):
                note()

    def store(self, value: Value, of: AnswerType, name: str) -> None:
        """Puts a value into the answer; a record's fields and an order's keys one by one."""
        if isinstance(value, Written):
            if isinstance(of, types.Results):
                for item, (field, inner) in zip(value.items, of.fields, strict=True):
                    self.store(item, inner, f"{name}_{field}")
                return
            name = self.members.claim(name)
            keys = [v for item in value.items for v in self.parts(item)]
            wide = any(k.held == "i128" for k in keys)
            self.results.append(AnswerMember(name, "policy_int128" if wide else "int64_t", of, len(keys)))
            for n, key in enumerate(keys):
                if key.held not in ("i64", "i128", "int") or key.present:
                    raise UnsupportedError("a list that the rules make, as the answer")
                self.write(f"answer->{name}[{n}] = {_handed_out(key.c) if wide else key.c};")
            return
        if not isinstance(value, Single):
            raise UnsupportedError("a list that the rules make, as the answer")
        assert not isinstance(of, types.Results)
        inner, optional = types.inner_of(of), isinstance(of, types.OptionalOf)
        name = self.members.claim(name, ("{}", "{}_present") if optional else ("{}",))
        if optional:
            self.results.append(AnswerMember(f"{name}_present", "uint8_t", types.BOOLEAN))
            self.write(f"answer->{name}_present = (uint8_t)({value.there});")
        held_, c = self.handed_out(value, inner)
        self.results.append(AnswerMember(name, held_, of))
        if value.type is not None:
            self.write(*(f"answer->{name}{part};" for part in c))

    def handed_out(self, value: Single, of: Type) -> tuple[str, list[str]]:
        layout = self.unit.layout
        match of:
            case types.ListOf(types.Record() | types.ListOf() | types.SetOf()) | types.Record():
                raise UnsupportedError("a record or a list of records or lists, as the answer")
            case types.ListOf(item) | types.SetOf(item):
                element = f"(const {layout.held(item)} *){value.c}.at"
                return layout.list_of(item), [f".at = {element}", f".length = {value.c}.length"]
            case types.Boolean():
                return "uint8_t", [f" = (uint8_t)({value.c})"]
            case types.Number() if value.bound > WORD:
                return "policy_int128", [f" = {_handed_out(value.c)}"]
            case types.Number() | types.Text() | types.Enum() | types.Date() | types.Instant():
                return layout.held(of), [f" = {value.c}"]
            case types.OptionalOf() | types.Broken():
                raise AssertionError(of)
            case _:
                assert_never(of)


def _handed_out(c: str) -> str:
    return f"STRUCT(policy_int128, (uint64_t)(u128)({c}), (int64_t)((i128)({c}) >> 64))"


# ── what callers see ────────────────────────────────────────────────────────────────────────


def question_text(unit: TranslationUnit, asked: Asked) -> tuple[list[str], list[str], list[AnswerMember]]:
    """The functions that answer a question, those that callers see, and the members of the answer."""
    lines, checks, results = [], _Checks(unit, asked), [QuestionWriter(unit, asked, c) for c in (True, False)]
    for writer in results:
        writer.answer()
        name = f"{'complete' if writer.complete else 'exact'}_{asked.c}"
        declared = ["struct context *c", f"const struct {asked.c}_facts *facts", f"struct {asked.c}_answer *answer"]
        reference = f"const struct ref facts_ref = {{facts, {asked.base}}}; (void)facts_ref;"
        text = _closed(f"static int {name}({', '.join(declared)})", declared, writer, "return 0;")
        lines += [text[0], f"    {reference}", *text[1:]]
    checks.write_all()
    check = _closed(
        f"static int32_t check_{asked.c}(struct context *c, const struct {asked.c}_facts *facts)",
        ["struct context *c", f"const struct {asked.c}_facts *facts"],
        checks,
        "return POLICY_OK;",
    )
    return lines, [*check, *_entry(unit, asked)], results[1].results


def _entry(unit: TranslationUnit, asked: Asked) -> list[str]:
    c, version = asked.c, unit.layout.version
    return f"""
int32_t {c}(const struct {c}_facts *facts, int32_t on, struct {c}_answer *answer) {{
    struct context context = {{on, 0, {{0, 0}}, 0, 0}};
    if (!facts || !answer) return POLICY_NULL;
    if (facts->size != sizeof *facts || answer->size != sizeof *answer) return POLICY_SIZE;
    if (facts->version != {version:#x}u || answer->version != {version:#x}u) return POLICY_VERSION;
    *answer = (struct {c}_answer){{.size = sizeof *answer, .version = {version:#x}u}};
    if (!in_calendar(on)) return POLICY_DATE;
    int32_t wrong = check_{c}(&context, facts);
    if (wrong != POLICY_OK) {{
        answer->where = context.where;
        return wrong;
    }}
    if (!context.missing) {{
        if (complete_{c}(&context, facts, answer)) return POLICY_OK;
        *answer = (struct {c}_answer){{.size = sizeof *answer, .version = {version:#x}u}};
        context.fault = 0;
    }}
    if (!exact_{c}(&context, facts, answer)) {{
        *answer = (struct {c}_answer){{.size = sizeof *answer, .version = {version:#x}u}};
        answer->outcome = POLICY_FAILED;
        answer->fault = context.fault;
        answer->detail[0] = context.detail[0];
        answer->detail[1] = context.detail[1];
    }}
    return POLICY_OK;
}}
""".splitlines()


class _Checks(Branches):
    """Holds the facts that a question reads against what they are declared to be."""

    def __init__(self, unit: TranslationUnit, asked: Asked) -> None:
        super().__init__(unit, complete=True)
        self.asked = asked

    def write_all(self) -> None:
        self.members(self.asked.facts, "facts", self.asked.base, self.asked.reads)

    def members(self, struct: Struct, at: str, base: int, reads: dict[str, Fact]) -> None:
        for name, fact in reads.items():
            if name in struct.members:
                self.member(struct.members[name], at, base, fact)

    def member(self, m: StructMember, at: str, base: int, fact: Fact) -> None:  # type: ignore[override]
        word = f"[{m.bit // 64}] >> {m.bit % 64} & 1"
        self.write(f"if (!({at}->given{word})) c->missing = 1;")
        present = f" && ({at}->present{word})" if m.is_optional else ""
        with self.where(f"({at}->given{word}){present}"):
            self.fits(m.inner, f"{at}->{m.c}", base + m.offset, fact, limits(m.inner, m.least, m.most))

    def refuse(self, condition: str, status: str, number: int) -> None:
        self.write(f"if ({condition}) {{ c->where = {number}; return POLICY_{status}; }}")

    def fits(self, of: Type, c: str, number: int, fact: Fact, within: tuple[int, int]) -> None:
        match of:
            case types.Boolean():
                self.refuse(f"{c} > 1", "BOOLEAN", number)
            case types.Enum(members=members):
                if len(members) == len(of.every):
                    outside = f"{c} < 0 || {c} >= {len(members)}"
                else:
                    codes = self.unit.layout.enum(of.name, of.every)
                    outside = " && ".join(f"{c} != {codes[m]}" for m in members)
                self.refuse(outside, "MEMBER", number)
            case types.Text():
                self.refuse(f"!{c}.at && {c}.length", "NULL", number)
            case types.Date() | types.Instant() | types.Number():
                self.refuse(f"{c} < {literal(within[0])} || {c} > {literal(within[1])}", "NUMBER", number)
            case types.Record(name):
                self.refuse(f"!{c}", "NULL", number)
                self.members(self.unit.layout.struct(name), c, number, fact.fields)
            case types.ListOf(item) | types.SetOf(item):
                self.refuse(f"{c}.length > {LONGEST_LIST}", "LENGTH", number)
                self.refuse(f"!{c}.at && {c}.length", "NULL", number)
                self.elements(of, item, c, number, fact)
            case types.OptionalOf() | types.Broken():
                raise AssertionError(of)
            case _:
                assert_never(of)

    def elements(self, of: Type, item: Type, c: str, number: int, fact: Fact) -> None:
        i = self.fresh("n")
        self.variables[i] = "uint32_t"
        with self.block(f"for ({i} = 0; {i} < {c}.length; {i}++)"):
            if isinstance(of, types.ListOf):
                self.write(f"if ({c}.given && !{c}.given[{i}]) {{ c->missing = 1; continue; }}")
            at = f"(&{c}.at[{i}])" if isinstance(item, types.Record) else f"{c}.at[{i}]"
            if isinstance(item, types.Record):
                self.members(self.unit.layout.struct(item.name), at, number + 1, fact.elements.fields)
            else:
                self.fits(item, at, number + 1, fact.elements, limits(item))
        if isinstance(of, types.SetOf):
            self.refuse(f"!ascending_{plural(item)}({c}.at, {c}.length)", "ORDER", number)

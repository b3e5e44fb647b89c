"""Generated Python: one function a question, for facts that are complete.

In: a program of one date. Out: a `PythonEvaluator` per question. The generated code knows neither missing facts nor
faults: it raises, and then the reference interpreter is asked, because the rare case wants an explanation and
not speed. That is sound because every use of a `MISSING` fact raises. Line numbers of the generated code are
those of the rules, so a traceback or a profile shows the `.policy` line.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from policy.answers import Answer, Outcome, Question, UndecidedError, Verdict
from policy.backends import called
from policy.backends.called import NoAnswerError
from policy.backends.emit import Emitter, common_calls, common_tests, is_computed, mangled
from policy.facts.fitting import Fitting, Scope
from policy.facts.records import held_as, in_words
from policy.ir import operators
from policy.ir.index import RowIndex, index_of
from policy.ir.interpret import Interpreter
from policy.ir.logic import sole_version
from policy.ir.program import Call, Case, Choose, Const, Expr, Function, Program, walk
from policy.ir.verdicts import verdict_of
from policy.model.types import short
from policy.vocabulary import HitPolicy, RecordClass, RuntimeValue

MOST_CALLS = 10_000  # that answering may take in generated code, where equal calls are not told apart
MOST_VERDICTS = 4_096  # remembered per decision; one is a combination of rules that applied
_VALUE = Verdict(Outcome.VALUE)


@frozen(eq=False, repr=False)
class PythonEvaluator:
    """One question of one program as plain functions of its facts.

    `fast` gives only the value, or true for permitted; it raises `UndecidedError` where there is none.
    `verdict` gives all the reasons of a decision; `answer` everything, with the facts and the rulebook.
    """

    question: Question
    fast: Callable[..., RuntimeValue]
    verdict: Callable[..., Verdict]
    answer: Callable[..., Answer]

    def __repr__(self) -> str:
        return f"<evaluator of {self.question.name} on {self.question.on}>"


def _describe(made: Callable[..., RuntimeValue], function: Function, result: RuntimeValue) -> None:
    """Gives a generated function the name, types and docstring that a person would have written."""
    made.__name__ = made.__qualname__ = short(function.id)
    made.__annotations__ = {Emitter.local(n): held_as(t) for n, t in function.parameters} | {"return": result}
    lines = [f"    {Emitter.local(n)}: {in_words(t)}" for n, t in function.parameters]
    made.__doc__ = "\n".join(
        [function.title.en or function.id, "", *lines, f"    returns: {in_words(function.type)}"]
    )


class _Verdicts(dict[int, Verdict]):
    """Verdicts by the rules that applied (bit n for rule n), made when first met."""

    def __init__(self, function: Function, program: Program) -> None:
        super().__init__()
        self.function, self.program = function, program

    def __missing__(self, mask: int) -> Verdict:
        if len(self) >= MOST_VERDICTS:
            self.clear()
        applied = [n for n in range(len(self.function.rules) - 1) if mask >> n & 1]
        effect = self.function.rules[applied[0]].effect if applied else self.function.rules[-1].effect
        verdict = self[mask] = verdict_of(self.function, effect == "permit", applied, self.program)
        return verdict


@define(eq=False)
class PythonBackend:
    """Compiles the functions of a program as they are asked for."""

    program: Program
    records: Mapping[str, RecordClass] = field(factory=dict)  # the checked classes, by full name
    names: Scope = field(factory=dict)
    _done: set[str] = field(factory=set)
    _evaluators: dict[str, PythonEvaluator] = field(factory=dict)  # by the full name of the question
    _known: dict[str, Const | None] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.names.update(
            _min=min,
            _max=max,
            _sum=sum,
            _any=any,
            _all=all,
            _len=len,
            _first=lambda found: next(iter(found), None),
            _only=operators.only,
            _median=operators.median,
            _in_order=called.in_order,
            _sum_of_most=operators.sum_of_most,
            _rank=called.rank,
            _check=called.check,
            _no_answer=called.no_answer,
            _given=called.given,
            _months_later=operators.months_later,
            _date_part=operators.date_part,
            _Answer=Answer,
            _VALUE=_VALUE,
            _divide_down=called.divider("down"),
            _divide_up=called.divider("up"),
            _root=operators.root,
            _divide_half_even=called.divider("half even"),
            _divide_half_up=called.divider("half up"),
        )

    def evaluator(self, question: Question) -> PythonEvaluator:
        """The evaluator of a question of this program, made once."""
        made = self._evaluators.get(question.name)
        if made is None:
            made = self._evaluators[question.name] = self._evaluator(question)
        return made

    def _evaluator(self, question: Question) -> PythonEvaluator:
        function = self.program.functions[question.name]
        name = mangled(function.id)

        def ask(*arguments: RuntimeValue) -> Answer:
            return Interpreter(self.program).answer(question, arguments)

        def again(slip: Exception, *arguments: RuntimeValue) -> Answer:
            """The interpreter's answer; the slip itself where the facts are not what was declared."""
            try:
                return ask(*arguments)
            except (AttributeError, TypeError):
                raise slip from None

        def settle(slip: Exception, *arguments: RuntimeValue) -> RuntimeValue:
            answer = again(slip, *arguments)
            if answer.outcome in (Outcome.UNDECIDED, Outcome.FAILED):
                raise UndecidedError(answer)
            return answer.permitted if function.kind == "decision" else answer.value

        if self.is_long(function.id):
            return PythonEvaluator(question, lambda *a: settle(NoAnswerError(), *a), lambda *a: ask(*a).verdict, ask)
        self.compiled(function.id)
        self._need(function.id)
        self.names.update({f"_question_{name}": question, f"_again_{name}": again, f"_settle_{name}": settle})
        if function.kind == "decision":
            self.names[f"_verdicts_{name}"] = _Verdicts(function, self.program)
        fitting = Fitting(
            self.names, self.program.records, self.records, loose=True, reads=self.program.fields_read(function.id)
        )
        compiled = self._compile(function, _public(function, self._emitter(), _checks(function, fitting)))
        for made, result in (("fast", held_as(function.type)), ("verdict", Verdict), ("answer", Answer)):
            _describe(compiled[made], function, result)
        return PythonEvaluator(question, compiled["fast"], compiled["verdict"], compiled["answer"])

    def compiled(self, *ids: str) -> Scope:
        """What code may mention that calls these functions; they are compiled first, and all that they call."""
        for id in self.program.calls_first(*ids):
            if not self._emitter().known(id):  # a constant stands where it is used
                self._need(id)
        return self.names

    def source(self, id: str) -> str:
        """The generated code of one question, for people."""
        function = self.program.functions[id]
        lines = _body(function, self._emitter())
        return "\n".join([_head(mangled(id), function), *(f"    {text}" for _, text in lines)])

    def _emitter(self) -> Emitter:
        return Emitter(self.program, self.names, self._known)

    def is_long(self, id: str) -> bool:
        """Whether a function leads to so many calls that the interpreter is quicker: it works out equal ones once."""
        calls: dict[str, int] = {}
        for name in self.program.calls_first(id):  # each stands after those that it calls
            body = self.program.functions[name].body
            calls[name] = 1 + sum(calls[e.function] for e in walk(body) if isinstance(e, Call))
        return calls[id] > MOST_CALLS

    def _need(self, id: str) -> None:
        """Compiles a function, once."""
        if id in self._done:
            return
        self._done.add(id)
        function = self.program.functions[id]
        name = mangled(id)
        code = [(function.place.line, _head(name, function))]
        code += [(line, f"    {text}") for line, text in _body(function, self._emitter())]
        self.names.update(self._compile(function, code))

    def _compile(self, function: Function, code: list[tuple[int, str]]) -> dict[str, RuntimeValue]:
        """Runs generated lines, each standing for a line of the rules."""
        tree = ast.parse("\n".join(text for _, text in code))
        lines = [line for line, _ in code]
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                line = lines[node.lineno - 1]
                node.lineno = node.end_lineno = line  # type: ignore[attr-defined]  # every located node has both
                node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]  # as above
        made: dict[str, RuntimeValue] = {}
        exec(compile(tree, function.place.file, "exec"), self.names, made)
        return made


# ── the shape of functions ──────────────────────────────────────────────────────────────────

Lines = list[tuple[int, str]]


def _parameters(function: Function) -> str:
    return ", ".join(Emitter.local(name) for name, _ in function.parameters)


def _head(name: str, function: Function) -> str:
    return f"def {name}({_parameters(function)}):"


def _body(function: Function, emit: Emitter) -> Lines:
    """Statements that return the function's value."""
    share = _share(function, emit)
    if function.kind == "decision":
        return [*share, *_decision(function, emit)]
    if isinstance(function.body, Choose):
        index = index_of(function.body)
        if index is not None:
            return [*share, *_looked_up(function.body, index, function.place.line, emit)]
        return [*share, *_choose(function.body, function.place.line, emit)]
    return [*share, (function.place.line, f"return {emit(function.body)}")]


def _share(function: Function, emit: Emitter) -> Lines:
    """A local for each call and each test that stands more than once in the function; calls wait until needed."""
    decides = function.kind == "decision"
    line, whole = function.place.line, [r.condition for r in function.rules[:-1]] if decides else [function.body]
    emit.hoisted = {}
    tests: dict[Expr, str] = {test: f"_t{n}" for n, test in enumerate(common_tests(whole))} if decides else {}
    lines = [(line, f"{name} = {emit(test)}") for test, name in tests.items()]
    emit.hoisted = tests
    emit.common = {call: f"_c{n}" for n, call in enumerate(common_calls(whole))}
    return [*lines, (line, " = ".join((*emit.common.values(), "None")))] if emit.common else lines


def _decision(function: Function, emit: Emitter) -> Lines:
    *rules, otherwise = function.rules
    lines = []
    for effect in ("deny", "permit"):
        for rule in rules:
            if rule.effect == effect:
                lines.append((rule.place.line, f"if {emit(rule.condition)}: return {effect == 'permit'}"))
    lines.append((otherwise.place.line, f"return {otherwise.effect == 'permit'}"))
    return lines


def _looked_up(e: Choose, index: RowIndex, line: int, emit: Emitter) -> Lines:
    """A long table: the number of its row, and what that gives."""
    find = emit.held("_row", index.row)
    lines: Lines = [
        (line, f"_n = {find}({', '.join(map(emit, index.columns))})"),
        (line, f"if _n < 0: return {emit(e.none)}"),
    ]
    if all(isinstance(c.value, Const) for c in e.cases):
        values = tuple(c.value.value for c in e.cases if isinstance(c.value, Const))
        return [*lines, (line, f"return {emit.held('_values', values)}[_n]")]
    return [*lines, *_halved(e.cases, 0, emit)]


def _halved(cases: tuple[Case, ...], first: int, emit: Emitter) -> Lines:
    """The value of case number `_n`, found by halves."""
    if len(cases) == 1:
        return [(cases[0].place.line, f"return {emit(cases[0].value)}")]
    half = len(cases) // 2
    below, above = _halved(cases[:half], first, emit), _halved(cases[half:], first + half, emit)
    test = (cases[half].place.line, f"if _n < {first + half}:")
    return [test, *((at, f"    {text}") for at, text in below), *above]


def _choose(e: Choose, line: int, emit: Emitter) -> Lines:
    lines: Lines = []
    for n, case in enumerate(e.cases):
        at = case.place.line
        if e.mode == "first":
            if case.condition == Const(True):
                return [*lines, (at, f"return {emit(case.value)}")]
            lines.append((at, f"if {emit(case.condition)}: return {emit(case.value)}"))
        elif e.mode == "only":
            lines.append((at, f"if {emit(case.condition)}: _row = {n} if _row < 0 else _no_answer()"))
        else:
            lines.append((at, f"if {emit(case.condition)}: _rows.append({n})"))
    if e.mode == "only":
        lines.insert(0, (line, "_row = -1"))
        lines += [(c.place.line, f"if _row == {n}: return {emit(c.value)}") for n, c in enumerate(e.cases)]
    elif e.mode != "first":
        lines.insert(0, (line, "_rows = []"))
        lines += _collected(e.mode, e.cases, line, emit)
    return [*lines, (line, f"return {emit(e.none)}")]


def _collected(mode: HitPolicy, cases: tuple[Case, ...], line: int, emit: Emitter) -> Lines:
    take = {"highest": "_max", "lowest": "_min", "sum": "_sum"}[mode]
    lines: Lines = [(line, "_found = []")]
    lines += [(c.place.line, f"if {n} in _rows: _found.append({emit(c.value)})") for n, c in enumerate(cases)]
    return [*lines, (line, f"if _found: return {take}(_found)")]


def _checks(function: Function, fitting: Fitting) -> Lines:
    """Every argument is what was declared, or the interpreter says why not. A checked record says so."""
    tests = [f"({fitting.condition(of, Emitter.local(name))})" for name, of in function.parameters]
    return [(function.place.line, f"if not ({' and '.join(tests)}): _no_answer()")] if tests else []


def _public(function: Function, emit: Emitter, checks: Lines) -> Lines:
    """`fast`, `verdict` and `answer`: the body once more, inside a `try` that hands over to the interpreter."""
    name, line = mangled(function.id), function.place.line
    parameters = _parameters(function)
    arguments = f"({parameters},)" if parameters else "()"
    passed = f"_slip, {parameters}" if parameters else "_slip"
    lines: Lines = []

    def define(what: str, body: Lines, rescue: str) -> None:
        lines.append((line, _head(what, function)))
        lines.append((line, "    try:"))
        lines.extend((at, f"        {text}") for at, text in (*checks, *body))
        lines.append((line, f"    except Exception as _slip: return {rescue}"))

    if function.kind == "decision":
        share = _share(function, emit)
        fast = [*share, *_decision(function, emit)]
        mask: Lines = [*share, (line, "_m = 0")]
        first = len(mask)
        for effect in ("deny", "permit"):
            chosen = [(n, r) for n, r in enumerate(function.rules[:-1]) if r.effect == effect]
            if effect == "permit" and chosen and len(mask) > first:
                mask.append((line, f"if _m: return _verdicts_{name}[_m]"))
            mask += [(r.place.line, f"if {emit(r.condition)}: _m |= {1 << n}") for n, r in chosen]
        mask.append((line, f"return _verdicts_{name}[_m]"))
        answer: Lines = [
            (at, t.replace("return ", f"return _Answer(_question_{name}, ") + f", None, {arguments})")
            if "return _verdicts_" in t
            else (at, t)
            for at, t in mask
        ]
        define("fast", fast, f"_settle_{name}({passed})")
        define("verdict", mask, f"_again_{name}({passed}).verdict")
        define("answer", answer, f"_again_{name}({passed})")
        return lines
    call = f"_given({name}({parameters}))"
    fast = _body(function, emit)
    if len(fast) > 1:
        fast = [(line, f"return {call}")]
    elif not is_computed(sole_version(function.body)):
        fast = [(line, fast[0][1].replace("return ", "return _given(", 1) + ")")]
    define("fast", fast, f"_settle_{name}({passed})")
    define("verdict", [(line, f"{call}; return _VALUE")], f"_again_{name}({passed}).verdict")
    define(
        "answer",
        [(line, f"return _Answer(_question_{name}, _VALUE, {call}, {arguments})")],
        f"_again_{name}({passed})",
    )
    return lines

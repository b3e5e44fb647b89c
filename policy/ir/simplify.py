"""A program for one date: every comparison with `Today` decided, what can no longer happen dropped.

Of what rules and rows cite, the provisions in force on that date stay. It folds only what changes neither answer nor
fault: an operand that might be a fault is never dropped from in front of a constant. It does not look across function
calls, and it does no algebra.
"""

from __future__ import annotations

from operator import is_
from typing import TypeVar

from attrs import evolve

from policy.ir import program as ir
from policy.ir.operators import ARITHMETIC, COMPARE
from policy.ir.program import FALSE, LARGEST, TRUE, Const, Expr, Program, map_parts
from policy.recursion import check_depth


def specialised(program: Program, on: int) -> Program:
    """The program as of the day `on`; every program that runs has come through here."""
    check_depth(program.depth)
    functions = {}
    for id, f in program.functions.items():
        rules = tuple(_citing(_with(r, simplify(r.condition, on)), on) for r in f.rules)
        kept = tuple(r for r in rules if r.condition != FALSE or r.name == "otherwise")
        cited = tuple((TRUE, c) for in_force, c in f.citations if c.in_force(on) and simplify(in_force, on) == TRUE)
        functions[id] = evolve(f, body=simplify(f.body, on), rules=kept, citations=cited)
    return evolve(program, functions=functions, on=on)


def _with(rule: ir.Rule, condition: Expr) -> ir.Rule:
    return rule if condition is rule.condition else evolve(rule, condition=condition)


Citing = TypeVar("Citing", ir.Rule, ir.Case)


def _citing(piece: Citing, on: int) -> Citing:
    """The piece with those of its citations that are in force; where none is, with what they would have been."""
    cited = tuple(c for c in piece.citations if c.in_force(on))
    if len(cited) == len(piece.citations) and cited and not piece.not_in_force:
        return piece
    return evolve(piece, citations=cited, not_in_force=() if cited else piece.citations)


def simplify(e: Expr, on: int) -> Expr:
    """`e` as of the day `on`, with constants folded."""
    if isinstance(e, ir.Today):
        return Const(on)
    e = map_parts(e, lambda part: simplify(part, on))
    match e:
        case ir.Not(Const(value)):
            return Const(not value)
        case ir.And(operands):
            return _chain(operands, TRUE, FALSE, ir.And)
        case ir.Or(operands):
            return _chain(operands, FALSE, TRUE, ir.Or)
        case ir.Compare(operator, Const(a), Const(b)):
            return Const(COMPARE[operator](a, b))
        case ir.Arithmetic(operator, Const(a), Const(b)):
            value = ARITHMETIC[operator](a, b)
            return Const(value) if abs(value) < LARGEST else e  # a fault, which no backend has a constant of
        case ir.If(Const(value), then, otherwise):
            return then if value else otherwise
        case ir.Choose(mode, cases, none):
            live = tuple(_citing(c, on) for c in cases if c.condition != FALSE)
            if mode == "first":
                for at, case in enumerate(live):
                    if case.condition == TRUE:
                        live = live[: at + 1]
                        break
            if not live and mode in ("first", "only"):
                return none
            if len(live) == len(cases) and all(map(is_, live, cases)):
                return e
            return ir.Choose(mode, live, none)
    return e


def _chain(operands: tuple[Expr, ...], neutral: Const, final: Const, make: type[ir.And] | type[ir.Or]) -> Expr:
    kept: list[Expr] = []
    for operand in operands:
        if operand == neutral:
            continue
        if operand == final:
            return final if not kept else make((*kept, final))
        kept.append(operand)
    return neutral if not kept else kept[0] if len(kept) == 1 else make(tuple(kept))

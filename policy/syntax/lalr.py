"""LALR(1) tables of a grammar, by the method of DeRemer and Pennello, with sets of terminals as integers.

In: rules, as the name that each makes and its symbols. Out: a row per state, in the order in which they are met. Lark
makes the same in four times the time, and the tests compare the two. A token that could be shifted or end a rule is
shifted. Absent: two rules that a token could end alike, which is an error in the grammar.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

END = "$END"
Rule = tuple[str, tuple[str, ...]]
_Item = tuple[int, int]  # a rule, and how many of its symbols have been read
Node = TypeVar("Node", bound=Hashable)


def tables(rules: Sequence[Rule], start: str) -> tuple[list[dict[str, int]], int]:
    """What each symbol leads to in each state: a state to go to, or `~n`, rule n to reduce by; and the last state."""
    return _Tables(rules, start).made()


class _Tables:
    def __init__(self, rules: Sequence[Rule], start: str) -> None:
        self.rules, self.start = rules, start
        self.of: dict[str, list[int]] = {}
        for n, (origin, _) in enumerate(rules):
            self.of.setdefault(origin, []).append(n)
        self.nullable = self._nullable()
        self.begins = {name: self._begins(name) for name in self.of}
        self.gotos: list[dict[str, int]] = []
        self.ends: list[list[int]] = []  # the rules that are read to their end in a state
        self._states()

    def _nullable(self) -> set[str]:
        found: set[str] = set()
        while True:
            more = {origin for origin, symbols in self.rules if found.issuperset(symbols)} - found
            if not more:
                return found
            found |= more

    def _begins(self, name: str) -> dict[int, None]:
        """The rules that can begin where a name can."""
        names = {name: None}
        pending = [name]
        while pending:
            for n in self.of[pending.pop()]:
                symbols = self.rules[n][1]
                if symbols and symbols[0] in self.of and symbols[0] not in names:
                    names[symbols[0]] = None
                    pending.append(symbols[0])
        return {n: None for name in names for n in self.of[name]}

    def _states(self) -> None:
        """The states, each by its kernel: items that are read in part."""
        numbers: dict[frozenset[_Item], int] = {}
        kernels: list[frozenset[_Item]] = []

        def number(kernel: frozenset[_Item]) -> int:
            if kernel not in numbers:
                numbers[kernel] = len(kernels)
                kernels.append(kernel)
            return numbers[kernel]

        number(frozenset({(-1, 0)}))  # the whole text: the start symbol
        for kernel in kernels:
            next_items: dict[str, set[_Item]] = {}
            ends: list[int] = []
            begun: dict[int, None] = {}
            for rule, at in kernel:
                symbols = (self.start,) if rule < 0 else self.rules[rule][1]
                if at == len(symbols):
                    ends += [rule] if rule >= 0 else []
                    continue
                next_items.setdefault(symbols[at], set()).add((rule, at + 1))
                if symbols[at] in self.of:
                    begun |= self.begins[symbols[at]]
            for rule in begun:
                symbols = self.rules[rule][1]
                if symbols:
                    next_items.setdefault(symbols[0], set()).add((rule, 1))
                else:
                    ends.append(rule)
            self.gotos.append({symbol: number(frozenset(next_items[symbol])) for symbol in sorted(next_items)})
            self.ends.append(ends)

    # what can follow

    def made(self) -> tuple[list[dict[str, int]], int]:
        terminals = sorted({s for _, symbols in self.rules for s in symbols if s not in self.of} | {END})
        bit = {name: 1 << n for n, name in enumerate(terminals)}
        last = self.gotos[0][self.start]
        moves = [(p, name) for p, row in enumerate(self.gotos) for name in row if name in self.of]
        first: dict[tuple[int, str], int] = {}
        reads: dict[tuple[int, str], list[tuple[int, str]]] = {}
        for p, name in moves:
            after = self.gotos[p][name]
            shifted = (bit[s] for s in self.gotos[after] if s not in self.of)
            first[p, name] = sum(shifted) | (bit[END] if (p, name) == (0, self.start) else 0)
            reads[p, name] = [(after, s) for s in self.gotos[after] if s in self.nullable]
        includes, back = self._includes(moves)
        follow = _closed(moves, _closed(moves, first, reads), includes)
        rows: list[dict[str, int]] = []
        for state, row in enumerate(self.gotos):
            made = dict(row)
            for rule in self.ends[state]:
                ahead = 0
                for move in back[state, rule]:
                    ahead |= follow[move]
                for n in _bits(ahead):
                    if made.setdefault(terminals[n], ~rule) not in (~rule, row.get(terminals[n])):
                        raise ValueError(f"`{terminals[n]}` ends two rules alike: {self.rules[rule]}")
            rows.append(made)
        return rows, last

    def _includes(
        self, moves: Iterable[tuple[int, str]]
    ) -> tuple[dict[tuple[int, str], list[tuple[int, str]]], dict[tuple[int, int], list[tuple[int, str]]]]:
        """Which moves are followed by what follows others; and with which moves a rule that ends in a state began."""
        includes: dict[tuple[int, str], list[tuple[int, str]]] = {}
        back: dict[tuple[int, int], list[tuple[int, str]]] = {}
        for move in moves:
            for rule in self.of[move[1]]:
                state, symbols = move[0], self.rules[rule][1]
                for at, symbol in enumerate(symbols):
                    if symbol in self.of and self.nullable.issuperset(symbols[at + 1 :]):
                        includes.setdefault((state, symbol), []).append(move)
                    state = self.gotos[state][symbol]
                back.setdefault((state, rule), []).append(move)
        return includes, back


def _bits(of: int) -> Iterable[int]:
    while of:
        low = of & -of
        yield low.bit_length() - 1
        of ^= low


def _closed(nodes: Iterable[Node], own: Mapping[Node, int], edges: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """For each node the union of its own set and of those of all that it leads to."""
    result = dict(own)
    pending = list(nodes)
    back: dict[Node, list[Node]] = {}
    for node in pending:
        for other in edges.get(node, ()):
            back.setdefault(other, []).append(node)
    while pending:
        node = pending.pop()
        for waiting in back.get(node, ()):
            union = result[waiting] | result[node]
            if union != result[waiting]:
                result[waiting] = union
                pending.append(waiting)
    return result

"""Parameters set to other values, to see what would be if they had them; no file changes.

In: the texts of a rulebook, and values by the names of parameters. Out: the texts as they would be: each version of
the parameter has the value, one that is unset has it always, and no overlay makes it another. The digest is that of
these texts, so an answer under them is never taken for one under the rules. Absent: whether the value fits its type,
which the check of the texts tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from policy.diagnostics import PolicyError, did_you_mean
from policy.folders import RulesFile
from policy.source import Source, Span
from policy.syntax import tree
from policy.syntax.from_text import decode, parse_strictly
from policy.syntax.kept import parsed


@frozen
class _Declared:
    """A parameter, or what an overlay makes of one, in its ruleset."""

    ruleset: str
    amends: str
    node: tree.Parameter | tree.Tighten

    @property
    def full_name(self) -> str:
        return f"{self.ruleset}.{self.node.name.text}"


def overridden(texts: Sequence[RulesFile], values: Mapping[str, str]) -> list[RulesFile]:
    """The texts with these values.

    Raises PolicyError for a name that is no parameter, a parameter that is set twice, or a text that is no value.
    """
    if not values:
        return list(texts)
    declared = [d for text in texts if not text.is_table for d in _declared(text)]
    edits: list[tuple[Span, str]] = []
    for name, value in values.items():
        new = _edits(name, _value(name, value), declared)
        if {span for span, _ in edits} & {span for span, _ in new}:
            raise PolicyError.of("bad-override", f"`{name}` is set twice", "leave one of the two")
        edits += new
    return [_edited(text, [(s, new) for s, new in edits if s.source.name == text.name]) for text in texts]


def _declared(text: RulesFile) -> list[_Declared]:
    source, wrong = decode(text.name, text.data)
    if wrong:
        return []
    declarations = parsed(source).file.declarations
    head = next((d for d in declarations if isinstance(d, tree.Ruleset)), None)
    if head is None:
        return []
    amends = head.amends.text if head.amends else ""
    return [
        _Declared(head.name.text, amends, d)
        for d in declarations
        if isinstance(d, tree.Parameter) or (isinstance(d, tree.Tighten) and d.kind in ("parameter", "adopt"))
    ]


def _value(name: str, text: str) -> str:
    read = parse_strictly(Source("", f"tighten parameter t = {text}\n"))
    tightened = read[0] if len(read) == 1 and isinstance(read[0], tree.Tighten) else None
    versions = tightened.versions if tightened is not None else ()
    if len(versions) != 1 or versions[0].per.names or "#" in text:
        raise PolicyError.of("bad-override", f"`{text}` is no value for `{name}`", "write it as the rules do, as 70%")
    return text


def _edits(name: str, value: str, declared: Sequence[_Declared]) -> list[tuple[Span, str]]:
    laws = [d for d in declared if isinstance(d.node, tree.Parameter)]
    found = [d for d in laws if name in (d.node.name.text, d.full_name)]
    if len(found) != 1:
        known = [d.full_name if "." in name else d.node.name.text for d in laws]
        help = (
            did_you_mean(name, known) if not found else "write one of " + ", ".join(f"`{d.full_name}`" for d in found)
        )
        what = "is no parameter of the rules" if not found else "is a parameter of several rulesets"
        raise PolicyError.of("bad-override", f"`{name}` {what}", help)
    law = found[0].node
    assert isinstance(law, tree.Parameter)
    edits = [(v.body.span, value) for v in law.versions]
    if law.unset is not None:
        per = ", ".join(n.text for n in law.unset.per.names)
        edits.append((law.unset.span, f"= {value}" + (f" per {per}" if per else "")))
    alone = sum(d.node.name.text == law.name.text for d in laws) == 1
    for d in declared:
        of_it = isinstance(d.node, tree.Tighten) and d.node.name.text == law.name.text
        if of_it and (alone or d.amends == found[0].ruleset):
            edits.append((d.node.span, ""))
    return edits


def _edited(text: RulesFile, edits: Sequence[tuple[Span, str]]) -> RulesFile:
    if not edits:
        return text
    made = edits[0][0].source.text
    for span, new in sorted(edits, key=lambda e: -e[0].start):
        made = made[: span.start] + new + made[span.end :]
    return RulesFile(text.name, made.encode())

"""What has been proved of a rulebook, and what has not, as rows.

In: verdicts, and the model for the words of facts. Out: for each declaration its claims, those of one kind that are
proved told together, any other by itself with the case that refutes it; and how many there are of each. Absent:
proving.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.model import rules
from policy.reports.plain.facts import ToldFacts
from policy.reports.plain.names import in_full
from policy.verify.claims import ClaimResult, ProofStatus

CLAIMS = {
    "property": BilingualText("it holds for all facts and all dates", "對任何事實及任何日期均成立"),
    "table": BilingualText(
        "no case is left out, no two rows meet where one alone may apply, and every row applies to something",
        "並無遺漏的情況，只容一列適用之處並無兩列重疊，而每列均有適用的情況",
    ),
    "value": BilingualText("there is always an answer, and every version counts", "必有答案，而每個版本均有作用"),
    "decision": BilingualText(
        "it can come out either way, and there is always an answer", "是與否均可能得出，且必有答案"
    ),
    "rule": BilingualText(
        "every rule can speak, none is always overruled, and no two contradict each other in every case",
        "每條規則均可適用，並非必遭凌駕，亦無兩條在任何情況下均互相矛盾",
    ),
    "condition": BilingualText("every condition makes a difference", "每項條件均有作用"),
    "argument": BilingualText("every argument makes a difference", "每項參數均有作用"),
    "branch": BilingualText("every branch of an `if` is reached", "每個條件分支均有適用的情況"),
    "priority": BilingualText(
        "it is a strict order: no two come before each other, and only those alike in its last line tie",
        "屬嚴格次序：無兩者互相先於對方，只有末項相同者並列",
    ),
    "overlay": BilingualText(
        "what is laid over the law is nowhere looser than the law", "疊加的規則在任何情況下均不較法規寬鬆"
    ),
}
_SAID = {
    "there is always an answer": "必有答案",
    "it can permit": "答案可以為是",
    "it can deny": "答案可以為否",
    "no two rows apply together": "並無兩列同時適用",
    "no case is left out": "並無遺漏的情況",
    "no two come before each other": "並無兩者互相先於對方",
    "the order is passed on from one to the next": "次序可傳遞",
    "only those alike in its last line tie": "只有末項相同者並列",
    "its `where` is met by something": "其前提有適用的情況",
}
OUTCOMES = {
    ProofStatus.PROVED: BilingualText("proved", "已證明"),
    ProofStatus.REFUTED: BilingualText("refuted", "不成立"),
    ProofStatus.MARKED: BilingualText("refuted, as the rules say", "如規則所述不成立"),
    ProofStatus.STALE: BilingualText("wrongly marked as refuted", "規則誤稱不成立"),
    ProofStatus.NOT_FOUND: BilingualText("not found", "未有找到"),
    ProofStatus.UNDECIDED: BilingualText("not decided", "未能判定"),
    ProofStatus.UNCONFIRMED: BilingualText("could not be confirmed", "未能確認"),
    ProofStatus.NOT_ENCODED: BilingualText("cannot be encoded", "無法編成算式"),
    ProofStatus.NOT_ASKED: BilingualText("not asked", "未有查問"),
}


@frozen
class ProofCase:
    """Facts on a date, and what they come to."""

    on: str
    facts: tuple[tuple[BilingualText, BilingualText], ...]
    comes_to: str


@frozen
class Proof:
    """Claims of one kind about one declaration that are proved, or a claim that is not."""

    status: str
    outcome: BilingualText
    claim: BilingualText
    count: int
    why: BilingualText = NO_WORDS
    case: ProofCase | None = None


@frozen
class Doubt:
    """A claim that is not proved, and where it is told."""

    id: str
    title: BilingualText
    proof: Proof


@frozen
class Proofs:
    """The whole, at a glance. `unasked` are those that there is no direction to judge by."""

    claims: int
    counts: tuple[tuple[str, BilingualText, int], ...]
    doubts: tuple[Doubt, ...]
    unasked: tuple[Doubt, ...]


def proofs_by_name(model: rules.Model, verdicts: Sequence[ClaimResult]) -> dict[str, tuple[Proof, ...]]:
    """The rows for each declaration that something is claimed of."""
    by_subject: dict[str, list[ClaimResult]] = {}
    for v in verdicts:
        by_subject.setdefault(v.subject, []).append(v)
    return {id: tuple(_about(model, id, told)) for id, told in by_subject.items()}


def proofs_of(model: rules.Model, verdicts: Sequence[ClaimResult], about: dict[str, tuple[Proof, ...]]) -> Proofs:
    """How much is proved, and all that is not."""
    counts = Counter(v.status for v in verdicts)
    doubts = [
        Doubt(id, in_full(model.declared[id].title, model.declared[id].name), proof)
        for id, proofs in about.items()
        for proof in proofs
        if proof.status != ProofStatus.PROVED.value
    ]
    return Proofs(
        len(verdicts),
        tuple((s.value, OUTCOMES[s], counts[s]) for s in ProofStatus if counts[s] or s is ProofStatus.PROVED),
        tuple(d for d in doubts if d.proof.status != ProofStatus.NOT_ASKED.value),
        tuple(d for d in doubts if d.proof.status == ProofStatus.NOT_ASKED.value),
    )


def _about(model: rules.Model, id: str, verdicts: list[ClaimResult]) -> Iterable[Proof]:
    proved = Counter((v.kind, v.longest) for v in verdicts if v.status is ProofStatus.PROVED)
    for (kind, longest), count in proved.items():
        yield Proof(ProofStatus.PROVED.value, _outcome(ProofStatus.PROVED, longest), CLAIMS[kind], count)
    for v in verdicts:
        if v.status is not ProofStatus.PROVED:
            case = _case(model, id, v)
            why = v.because or BilingualText(v.why, v.why)
            yield Proof(v.status.value, _outcome(v.status, v.longest), _says(v), 1, why, case)


def _says(v: ClaimResult) -> BilingualText:
    return (
        CLAIMS[v.kind]
        if v.kind == "overlay" or (v.kind == "property" and v.statement not in _SAID)
        else BilingualText(v.statement, _SAID.get(v.statement, v.statement))
    )


def _outcome(status: ProofStatus, longest: int) -> BilingualText:
    words = OUTCOMES[status]
    if longest and status in (ProofStatus.PROVED, ProofStatus.NOT_FOUND):
        return BilingualText(f"{words.en} for lists of up to {longest}", f"{words.zh}（列表以{longest}項為限）")
    return words


def _case(model: rules.Model, id: str, v: ClaimResult) -> ProofCase | None:
    if v.example is None:
        return None
    facts = ToldFacts.of(model, model.declared[id])
    return ProofCase(
        v.example.on, tuple(facts.said(path, text) for path, text in v.example.shown), v.example.comes_to
    )

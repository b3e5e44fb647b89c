"""Figures as sheets of a workbook: one row a provision, control, test, decision, rule or finding, to filter and sort.

In: the figures of a document. Out: `ReportSheet`, every cell a text; what is merged on a page is repeated in each
row. Absent: files, and numbers as a spreadsheet computes them; amounts stay as exact as they were printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from policy.answers import NO_WORDS, BilingualText
from policy.reports.book.figures import DeclarationEntry, DrawnTable, RulebookFigures
from policy.reports.decisions import DecisionList, DecisionRow
from policy.reports.matrix import FAILS, HOLDS, TITLE as MATRIX, Matrix, lines_of
from policy.reports.plain.clauses import Clause, letter
from policy.reports.plain.sentences import StatementKind
from policy.reports.register import FindingsRegister
from policy.reports.traceability import STATUSES, Traceability

Cell = str | BilingualText


@frozen
class ReportSheet:
    """A table with a name. The first row is its heads; `amounts` are the columns of numbers, to be set right."""

    title: BilingualText
    heads: tuple[BilingualText, ...]
    rows: tuple[tuple[Cell, ...], ...]
    amounts: frozenset[int] = frozenset()


_PROVISION = BilingualText("Provision", "條文")
_PARAPHRASE = BilingualText("What it says, paraphrased", "內容（意譯）")
_STATUS = BilingualText("Source status", "來源狀況")
_PILLAR, _MEASURE = BilingualText("Pillar", "支柱"), BilingualText("Measure", "措施")
_STATE = BilingualText("State", "狀況")
_CONTROL, _OF = BilingualText("Control", "監控規則"), BilingualText("Of", "屬")
_PLACE, _TESTS = BilingualText("Place", "位置"), BilingualText("Tests", "測試")
_RESULT = BilingualText("Last result", "最近結果")
_DECISIONS, _RECORDS = BilingualText("Decisions", "決定"), BilingualText("First records", "首批紀錄")
_WHY_NOT = BilingualText("Why it is not encoded", "未編入規則的理由")
_CLIENT, _REFUSED = BilingualText("Client", "客戶"), BilingualText("Refused", "拒絕")
_UNDECIDED = BilingualText("Not decided", "未能決定")
_SINCE, _UNTIL = BilingualText("From", "起"), BilingualText("Before", "止（不含當日）")
_KINDS: dict[StatementKind, BilingualText] = {
    "version": BilingualText("version", "版本"),
    "unset": BilingualText("no figure", "未訂數值"),
    "members": BilingualText("members", "成員"),
    "row": BilingualText("row", "列"),
    "otherwise": BilingualText("otherwise", "其他情況"),
    "rule": BilingualText("rule", "規則"),
    "line": BilingualText("line", "次序"),
    "property": BilingualText("property", "恆常保證"),
}
_OUTCOMES = {"accept": BilingualText("yes", "是"), "refuse": BilingualText("no", "否"), "doubt": _UNDECIDED}


def of_matrix(matrix: Matrix) -> tuple[ReportSheet, ...]:
    """A row for each control of a provision, and one for each provision without."""
    heads = (_PROVISION, _PARAPHRASE, _STATUS, _PILLAR, _MEASURE, _CONTROL, _OF, _PLACE, _TESTS, _RESULT)
    rows = tuple(
        (r.provision, r.text, STATUSES[r.status], r.pillar, r.measure, *line,
         str(r.relied) if matrix.decisions is not None else "", _numbers(r.first), r.excused)
        for r, line in lines_of(matrix)
    )  # fmt: skip
    return (ReportSheet(MATRIX, (*heads, _DECISIONS, _RECORDS, _WHY_NOT), rows, frozenset({8, 10})),)


def of_traceability(t: Traceability) -> tuple[ReportSheet, ...]:
    """Provisions, and the tests that stand behind them."""
    provisions = tuple(
        (r.provision, r.text, STATUSES[r.status], r.pillar, r.measure, r.state_words, str(len(r.pieces)),
         str(r.tests), str(r.relied) if t.decisions is not None else "", _numbers(r.first), r.excused)
        for source in t.sources
        for r in source.rows
    )  # fmt: skip
    tests = tuple(
        (str(c.number), c.title, c.place, HOLDS if c.passed else FAILS, ", ".join(c.provisions)) for c in t.tests
    )
    heads = (_PROVISION, _PARAPHRASE, _STATUS, _PILLAR, _MEASURE, _STATE, BilingualText("Rules", "規則"), _TESTS)
    test_heads = (BilingualText("No.", "編號"), BilingualText("Test", "測試"), _PLACE, _RESULT, _PROVISION)
    return (
        ReportSheet(BilingualText("Provisions", "條文"), (*heads, _DECISIONS, _RECORDS, _WHY_NOT), provisions,
              frozenset({6, 7, 8})),
        ReportSheet(_TESTS, test_heads, tests, frozenset({0})),
    )  # fmt: skip


def of_register(register: FindingsRegister) -> tuple[ReportSheet, ...]:
    """The firm's exceptions and findings, in the order of the document."""
    heads = (
        BilingualText("No.", "編號"), BilingualText("Kind", "類別"), _PROVISION, BilingualText("Finding", "事項"),
        BilingualText("Owner", "負責人"), BilingualText("Due", "到期日"), _STATE, BilingualText("Response", "回應"),
    )  # fmt: skip
    kinds = {"exception": BilingualText("exception", "例外"), "finding": BilingualText("finding", "發現")}
    states = {"open": BilingualText("open", "未結束"), "closed": BilingualText("closed", "已結束")}
    overdue = BilingualText("overdue", "逾期")
    rows = tuple(
        (e.id, kinds[e.kind], e.provision, e.finding, e.owner, e.due, overdue if row.overdue else states[e.status],
         e.response)
        for row in register.rows
        for e in (row.entry,)
    )  # fmt: skip
    return (ReportSheet(BilingualText("Register", "登記冊"), heads, rows),)


def of_decisions(decided: DecisionList) -> tuple[ReportSheet, ...]:
    """The decisions that the document shows, and all of them counted by provision and by client."""
    heads = (
        BilingualText("Record", "紀錄"), BilingualText("Time", "時間"), _CLIENT, BilingualText("About", "事項"),
        BilingualText("Question", "問題"), BilingualText("What happened", "結果"), BilingualText("Answer", "答案"),
        BilingualText("Reasons", "理由"), BilingualText("Provisions", "條文"),
        BilingualText("Facts missing", "欠缺事實"), BilingualText("Facts", "事實"),
    )  # fmt: skip
    rows = tuple(_decision(d) for kind in (decided.refused, decided.undecided, decided.others) for d in kind.rows)
    provisions = tuple(
        (p.provision, p.title, STATUSES[p.status], str(p.count), _numbers(p.first)) for p in decided.provisions
    )
    clients = tuple((c.client, str(c.decisions), str(c.refused), str(c.undecided)) for c in decided.clients)
    return (
        ReportSheet(_DECISIONS, heads, rows, frozenset({0})),
        ReportSheet(BilingualText("By provision", "按條文"), (_PROVISION, _PARAPHRASE, _STATUS, _DECISIONS, _RECORDS),
              provisions, frozenset({3})),
        ReportSheet(BilingualText("By client", "按客戶"), (_CLIENT, _DECISIONS, _REFUSED, _UNDECIDED), clients,
              frozenset({1, 2, 3})),
    )  # fmt: skip


def _decision(d: DecisionRow) -> tuple[Cell, ...]:
    provisions = dict.fromkeys(p for why in d.reasons for p in why.per)
    facts = (
        BilingualText(f"{name.en}: {told.en}", f"{name.zh or name.en}：{told.zh or told.en}")
        for name, told in d.facts
    )
    reasons = _lines(why.text for why in d.reasons)
    return (str(d.record), d.at, d.client, d.about, d.asked, d.what, _OUTCOMES[d.mark], reasons,
            ", ".join(provisions), _lines(d.needs), _lines(facts))  # fmt: skip


def of_book(book: RulebookFigures) -> tuple[ReportSheet, ...]:
    """The rules in words, a row each; the sources; and each table of the rules."""
    rules = tuple(_said(book))
    heads = (
        BilingualText("Subject", "主題"), BilingualText("Rule", "規則"), BilingualText("Kind", "類別"),
        BilingualText("Name", "名稱"), BilingualText("In words", "內容"), _SINCE, _UNTIL, _PROVISION, _STATUS, _PLACE,
    )  # fmt: skip
    sources = tuple(
        (
            s.id,
            s.title,
            s.reference,
            s.issued,
            STATUSES[s.status],
            s.since,
            s.until,
            s.read,
            s.holds_until,
            s.note,
            "\n".join(f"{c.address} {c.sha256}".strip() for c in s.copies),
        )
        for s in book.sources
    )
    source_heads = (
        BilingualText("Source", "來源"), BilingualText("Title", "標題"), BilingualText("Reference", "編號"),
        BilingualText("Issued", "發出日期"), _STATUS, _SINCE, _UNTIL, BilingualText("Read", "閱讀日期"),
        BilingualText("Known to hold until", "確知適用至（不含當日）"), BilingualText("What was read", "閱讀範圍"),
        BilingualText("Where, and SHA-256", "閱讀地址及SHA-256"),
    )  # fmt: skip
    tables = (
        _table(entry, table) for concern in book.concerns for entry in concern.entries for table in entry.tables
    )
    return (
        ReportSheet(BilingualText("Rules", "規則"), heads, rules),
        *tables,
        ReportSheet(BilingualText("Sources", "來源"), source_heads, sources),
    )


def _said(book: RulebookFigures) -> Iterator[tuple[Cell, ...]]:
    for concern in book.concerns:
        for entry in concern.entries:
            for s in entry.said:
                words = BilingualText(
                    "\n".join(filter(None, (s.under.en, _whole(s.en), *(line.en for line in s.signs)))),
                    "\n".join(filter(None, (s.under.zh, _whole(s.zh), *(line.zh for line in s.signs)))),
                )
                provisions = ", ".join(c.provision for c in s.cited)
                yield (
                    concern.title,
                    entry.title,
                    s.kind,
                    s.name,
                    words,
                    s.since,
                    s.until,
                    provisions,
                    s.status,
                    s.place,
                )


def _table(entry: DeclarationEntry, table: DrawnTable) -> ReportSheet:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*r.cells, r.since, r.until, ", ".join(r.provisions)) for r in table.rows
    )
    return ReportSheet(entry.title, (*table.heads, _SINCE, _UNTIL, _PROVISION), rows)


def _whole(c: Clause) -> str:
    points = (f"({letter(n)}) {point}" for n, point in enumerate(c.points, 1))
    return "\n".join(line for line in (c.lead, *points, c.tail) if line)


def _lines(texts: Iterable[BilingualText]) -> Cell:
    several = list(texts)
    en, zh = "\n".join(t.en for t in several), "\n".join(t.zh or t.en for t in several)
    return BilingualText(en, zh) if several else NO_WORDS


def _numbers(records: Iterable[int]) -> str:
    return " ".join(map(str, records))

"""A table begun from a spreadsheet or CSV: what is printed can be placed among rules, and says what the file says."""

from __future__ import annotations

import io

import pytest

import optional
from policy.diagnostics import PolicyError
from policy.pipeline import RulesFile, check
from policy.workbooks.from_xlsx import read
from policy.workbooks.new import begun, of_csv, of_workbook

HEAD = """language 1
ruleset t "rules"
source LAW "The act" reference "1" issued 2026-01-01 status official
provision LAW/1 "There are tiers."
"""


def from_csv(text: str, name: str = "tiers", *keys: str, per: str = "LAW/1") -> str:
    made = begun(of_csv(text.encode(), f"{name}.csv", name), "", keys, per)
    checked = check([RulesFile("t.policy", (HEAD + made).encode())])
    assert not checked.errors, [str(d) for d in checked.errors]
    return made


def test_types_are_those_that_all_cells_have() -> None:
    made = from_csv(
        "Contract;Tier;Max notional;Rate;Leverage;Weight;Since;Open?;Fee\n"
        "BTC-USDT;1;50000 USD;0.4%;125;0.25;2026-01-01;yes;USD 1,000.50\n"
        "ETH-USDT;1;250,000 USD;0.45%;100;1;2026-02-01;no;5 USD\n"
    )
    for told in (
        'enum Contract { btc_usdt spelt "BTC-USDT", eth_usdt spelt "ETH-USDT" }', "max_notional: money(USD)",
        "rate: rate", "leverage: integer", "weight: decimal to 0.01", "since: date", "open: boolean",
        "table tiers(contract: Contract) -> Tiers", "exactly one row applies", "1_000.50 USD",
    ):  # fmt: skip
        assert told in made


def test_keys_are_the_first_columns_that_tell_rows_apart() -> None:
    rows = "kind,place,haircut\nbond,HK,1%\nbond,SG,2%\nshare,HK,3%\n"
    assert "table h(kind: Kind, place: Place) -> rate" in from_csv(rows, "h")
    assert "table h(place: Place, haircut: rate) -> Kind\n  exactly" in from_csv(rows, "h", "place", "haircut")
    with pytest.raises(PolicyError, match="at `line 2, column 1` and `line 3, column 1` have the same `kind`"):
        from_csv(rows, "h", "kind")


def test_an_empty_key_means_any_behind_what_is_special() -> None:
    made = from_csv("kind,place,haircut\n,,9%\nbond,,1%\nbond,SG,2%\nshare,HK,3%\n", "h")
    assert "first row that applies" in made
    assert made.index("2%") < made.index("3%") < made.index("1%") < made.index("9%")


def test_periods_and_citations_are_columns_of_their_own() -> None:
    made = from_csv("kind,from,until,rate,per\nbond,,2026-01-01,1%,LAW/1\nbond,2026-01-01,,2%,LAW/1\n", "h", per="")
    assert "table h(kind: Kind) -> rate\n  exactly one row applies" in made
    assert "| bond | any        | 2026-01-01 | 1%  | LAW/1 |" in made


def test_words_of_the_language_are_no_names() -> None:
    made = from_csv("sum,today,other,1st\nany,other,if,3\nall,max,then,4\n", "table")
    assert 'enum SumValue { any_value spelt "any", all_value spelt "all" }' in made
    assert "n1st: integer" in made


def test_many_words_are_texts_and_are_escaped() -> None:
    rows = "".join(f'"say ""{n}""",{n}%\n' for n in range(30))
    made = from_csv(f"name,rate\n{rows}", "t1")
    assert "table t1(name: text) -> rate" in made
    assert '| "say \\"29\\"" | 29% |' in made


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\n1\n", "fewer than two columns"),
        ("a,b\n", "no rows"),
        ("a,b\n1\n", "line 2 of `t.csv` has 1 cells, and the first 2"),
        ("a,\n1,2\n", "column 2 of `t` has no head"),
        ("a,b\n1,\n2,3\n", "`line 2, column 2` is empty, and `b` is a result"),
        ('a,b\n"1,2\n', "no CSV file"),
        ("", "no rows"),
        ('a,b\nx,"1,5%"\ny,2%\n', "`line 2, column 2` is `1,5%`"),
        ('a,b\nx,2 %\ny,"1,000"\n', "`line 3, column 2` is `1,000`"),
        ("a,b\nx,2026-02-30\n", "`line 2, column 2` is `2026-02-30`"),
        ("a,b\nx,1/3/2026\n", "`line 2, column 2` is `1/3/2026`"),
        ("a,from,b\nx,soon,1\n", "`line 2, column 2` is `soon`"),
        ("a,b,per\nx,1,LAW 2\n", "`line 2, column 3` is `LAW 2`"),
        (f"a,b\nx,{'9' * 31}\n", "more than 30 digits"),
        ("a,b\n\xff\n".encode("latin-1").decode("latin-1"), "line 2"),
    ],
)
def test_what_cannot_be_begun(text: str, what: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        begun(of_csv(text.encode(), "t.csv", "t"))
    assert what in str(refusal.value)


def test_a_provision_that_is_none() -> None:
    with pytest.raises(PolicyError, match="`--per LAW 2` names no provision"):
        from_csv("kind,rate\nbond,1%\n", "h", per="LAW 2")


def test_a_key_that_is_no_column() -> None:
    with pytest.raises(PolicyError, match="there is no column `kin`"):
        from_csv("kind,rate\nbond,1%\n", "h", "kin")


def test_a_sheet() -> None:
    xlsxwriter = optional.library("xlsxwriter", "xlsx")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("Desk")
    page.write_row(0, 0, ["Kind", "Haircut", "Since", "Days", "Sum"])
    percent, day = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "dd.mm.yyyy"})
    page.write(1, 0, "bond"), page.write(1, 1, 0.125, percent), page.write(1, 2, 46204, day), page.write(1, 3, 7)
    page.write(2, 0, "share"), page.write(2, 1, 0.3, percent), page.write(2, 2, 46205, day), page.write(2, 3, 14)
    page.write(1, 4, 1), page.write(2, 4, 2)
    book.close()
    made = begun(of_workbook(read(out.getvalue(), "desk.xlsx"), "desk.xlsx", "", "desk"), per="LAW/1")
    assert "| bond  | 12.5%   | 2026-07-01 | 7    | 1" in made
    assert not check([RulesFile("t.policy", (HEAD + made).encode())]).errors


def test_cells_of_a_sheet_are_refused_by_their_places() -> None:
    xlsxwriter = optional.library("xlsxwriter", "xlsx")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("Desk")
    page.write_row(0, 0, ["kind", "rate"])
    page.write(1, 0, "bond"), page.write_formula(1, 1, "=1+1")
    page.write(2, 0, "share"), page.write(2, 1, 0.1 + 0.2)
    book.close()
    with pytest.raises(PolicyError) as refusal:
        of_workbook(read(out.getvalue(), "d.xlsx"), "d.xlsx", "", "d")
    assert [d.message.split("`")[1] for d in refusal.value.diagnostics] == ["Desk!B2"]
    with pytest.raises(PolicyError, match="no sheet `Dsk`"):
        of_workbook(read(out.getvalue(), "d.xlsx"), "d.xlsx", "Dsk", "d")

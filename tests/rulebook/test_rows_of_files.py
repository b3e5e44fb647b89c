"""Tables whose rows are in a file: what is read with a folder of rules, and what its digest covers."""

from __future__ import annotations

from pathlib import Path

import pytest

import policy
from policy.pipeline import RulesFile, check, digest_of, read_folder
from policy.source import beside, named_in

RULES = """language 1
ruleset t
table {name}(n: integer) -> integer
  first row that applies
  from "{file}"
"""


def rules(name: str = "fee", file: str = "fees.csv") -> bytes:
    return RULES.format(name=name, file=file).encode()


def test_files_that_rules_name_are_read_with_them_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_bytes(
        rules(file="data/fees.csv") + b'# from "old.csv", as "from \\"x.csv\\"" says\n'
    )
    (tmp_path / "data").mkdir()
    for name in ("data/fees.csv", "old.csv", "x.csv", "other.csv"):
        (tmp_path / name).write_text("n,fee\nany,5\n")
    texts, wrong = read_folder([tmp_path])
    assert not wrong
    assert [Path(t.name).name for t in texts] == ["a.policy", "fees.csv"]
    assert policy.load(tmp_path, on="2026-03-01").evaluator("fee").fast(1) == 5


@pytest.mark.parametrize("path", ["link.csv", "folder/fees.csv", "../fees.csv"])
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "fees.csv").write_text("n,fee\nany,5\n")
    inside = tmp_path / "rules"
    inside.mkdir()
    (inside / "a.policy").write_bytes(rules(file=path))
    (inside / "link.csv").symlink_to(tmp_path / "fees.csv")
    (inside / "folder").symlink_to(tmp_path)
    texts, wrong = read_folder([inside])
    assert not wrong
    assert len(texts) == 1
    assert [d.code for d in check(texts).errors] == ["table-file"]


@pytest.mark.parametrize(
    "path", ["../a.csv", "/a.csv", "a/../b.csv", "./a.csv", "a//b.csv", "a\\b.csv", "c:a.csv", "a.txt", "", ".csv/"]
)
def test_paths_that_may_lead_elsewhere_are_none(path: str) -> None:
    assert beside("rules/a.policy", path) is None


def test_paths_are_from_the_folder_of_the_rules() -> None:
    assert beside("rules/a.policy", "data/b.csv") == "rules/data/b.csv"
    assert beside("a.policy", "b.csv") == "b.csv"
    assert named_in(b'table a() -> text from "b.csv" renamed from c from "d.csv" from "b.csv"') == ("b.csv", "d.csv")


def test_the_digest_covers_each_file_where_it_is_named() -> None:
    law = RulesFile("law.policy", rules())
    five, six = (RulesFile("fees.csv", f"n,fee\nany,{n}\n".encode()) for n in (5, 6))
    assert len({digest_of([law]), digest_of([law, five]), digest_of([law, six])}) == 3
    assert digest_of([law, five]) == digest_of([five, law, RulesFile("other.csv", b"x")])
    both = [RulesFile("a.policy", rules("a", "one.csv")), RulesFile("b.policy", rules("b", "two.csv"))]
    one, two = (
        [RulesFile("one.csv", five.data), RulesFile("two.csv", six.data)],
        [RulesFile("one.csv", six.data), RulesFile("two.csv", five.data)],
    )
    assert digest_of([*both, *one]) != digest_of([*both, *two])


def test_a_file_that_is_not_text_is_reported_in_its_place() -> None:
    broken = [RulesFile("law.policy", rules()), RulesFile("fees.csv", b"n,fee\nany,\xff\n")]
    [finding] = check(broken).errors
    assert finding.code == "not-utf-8"
    assert str(finding.span) == "fees.csv:2:5"
    assert [d.code for d in check([broken[0], RulesFile("fees.csv", b"x" * 4_000_001)]).errors] == ["too-large"]


def test_marks_at_the_beginning_and_ends_of_lines_are_those_of_spreadsheets() -> None:
    law = RulesFile("law.policy", rules())
    plain = check([law, RulesFile("fees.csv", b"n,fee\n< 5,1\nany,2\n")])
    sheet = check([law, RulesFile("fees.csv", b"\xef\xbb\xbfn , fee\r\n< 5,1\r\n\r\nany,2")])
    assert not plain.errors
    assert sheet.model == plain.model

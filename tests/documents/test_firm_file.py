"""`firm.toml`: what it says stands on the documents as text; every mistake is told, each with its line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from documents_made import KINDS, ORDER
from policy import documents
from policy.answers import BilingualText
from policy.cli import main
from policy.diagnostics import PolicyError
from policy.documents import Imprint

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'
WHOLE = """name = { en = "Harbour Limited", zh = "海港有限公司" }
address = "12/F, 1 Example Road"
logo = "logo.svg"
distribution = ["Board", "Assessor"]
confidentiality = "Confidential"
contact = "clients@harbour.example"
issued = 2026-11-27
version = "2026.4"
[[people]]
role = "approved"
name = "Clara Lee"
title = "Responsible officer"
"""


def read(folder: Path, text: str, logo: str | None = None) -> Imprint:
    (folder / "firm.toml").write_text(text, encoding="utf-8")
    if logo is not None:
        (folder / "logo.svg").write_text(logo, encoding="utf-8")
    return documents.firm(folder / "firm.toml")


def mistakes(folder: Path, text: str, logo: str | None = None) -> list[tuple[int, str, str]]:
    """The line, the message and the remedy of each."""
    with pytest.raises(PolicyError) as refused:
        read(folder, text, logo)
    return [(d.span.line if d.span else 0, d.message, d.help) for d in refused.value.diagnostics]


def test_what_the_file_says(tmp_path: Path) -> None:
    imprint = read(tmp_path, WHOLE, SVG % '<path d="M0 0h9"/>')
    assert imprint.name == BilingualText("Harbour Limited", "海港有限公司")
    assert (imprint.issued, imprint.version) == ("2026-11-27", "2026.4")
    assert [(p.role, p.name.en) for p in imprint.people] == [("approved", "Clara Lee")]
    assert imprint.logo.startswith("data:image/svg+xml;base64,")
    again = documents.firm(tmp_path / "firm.toml", date(2026, 12, 1), "2026.5")
    assert (again.issued, again.version) == ("2026-12-01", "2026.5")


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    people = '[[people]]\nrole = "aproved"\n[[people]]\nname = ""\nrole = "reviewed"\n'
    text = 'nam = "Harbour"\nissued = "27 November"\nlicence = 7\n' + people
    assert mistakes(tmp_path, text) == [
        (1, "there is no key `nam`: `nam`", "did you mean `name`?"),
        (2, "`27 November` is not a date: `issued`", "write year, month and day, as 2026-11-27"),
        (3, "`7` is no text: `licence`", "write it between quotation marks"),
        (4, "a person has a name: `people[1]`", 'add `name = "…"`'),
        (5, "`aproved` is no role: `people[1].role`", "it is one of `prepared`, `reviewed`, `approved`"),
        (7, "the text is empty: `people[2].name`", "leave the key out where there is nothing to say"),
    ]


@pytest.mark.parametrize("said", ["2026-11-27T09:00:00", '"November 2026"', "20261127", '"2026-13-01"'])
def test_a_date_of_issue_is_a_whole_date(said: str, tmp_path: Path) -> None:
    [(line, message, _)] = mistakes(tmp_path, f"issued = {said}\n")
    assert (line, "is not a date" in message) == (1, True)


def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    [(line, message, help)] = mistakes(tmp_path, 'name = "Harbour"\nissued = 11-27\n')
    assert line == 2
    assert message.startswith("this is not TOML")
    assert "2026-11-27" in help


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x" * 10_000, "10,000 characters; 500 is the most"),
        ("Har\u202ebour", "U+202E"),
        ("Har\\u0007bour", "U+0007"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused(name: str, told: str, tmp_path: Path) -> None:
    [(line, message, _)] = mistakes(tmp_path, f'address = "here"\nname = "{name}"\n')
    assert line == 2
    assert told in message


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<script>alert(1)</script>", "an element `script`"),
        ('<rect onload="alert(1)"/>', "a script in `onload`"),
        ('<use href="https://x.example/a.svg#b"/>', "leads outside in `href`"),
        ('<rect fill="url(https://x.example/)"/>', "leads outside in `fill`"),
        ("<rect style=\"background:URL('//x')\"/>", "leads outside in `style`"),
        ('<image href="data:image/png;base64,"/>', "an element `image`"),
        ("<style>@import 'x';</style>", "an element `style`"),
        ("<foreignObject/>", "an element `foreignObject`"),
        ('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>', "an element `{http://www.w3.org"),
        ("<rect", "is not SVG"),
    ],
)
def test_a_logo_runs_nothing_and_fetches_nothing(inside: str, told: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, 'name = "Harbour"\nlogo = "logo.svg"\n', SVG % inside)
    assert {line for line, _, _ in found} == {2}
    assert any(told in message for _, message, _ in found)


def test_nor_does_it_define_entities(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG % "<text>&b;</text>"
    [(_, message, _)] = mistakes(tmp_path, 'logo = "logo.svg"\n', bomb)
    assert "declares `<!DOCTYPE`" in message


@pytest.mark.parametrize("path", ["../logo.svg", "/etc/passwd", "nowhere.svg", "."])
def test_a_logo_lies_beside_the_file(path: str, tmp_path: Path) -> None:
    [(line, _, _)] = mistakes(tmp_path, f'logo = "{path}"\n')
    assert line == 1


def test_a_gradient_of_its_own_is_no_reference_outside(tmp_path: Path) -> None:
    inside = "<defs><linearGradient id='g'/></defs><rect fill=\"url('#g')\"/><rect fill='url( #g)'/>"
    assert read(tmp_path, 'logo = "logo.svg"\n', SVG % inside).logo


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    (tmp_path / "firm.toml").write_text(
        'name = "<script>alert(1)</script>"\ncontact = "=1+1 {{ 7*7 }}"\n', encoding="utf-8"
    )
    words = [*KINDS["decision"], "--firm", str(tmp_path / "firm.toml"), "--language", "en"]
    page = CliRunner().invoke(main, ["report", *words], input=json.dumps(ORDER)).stdout
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "=1+1 {{ 7*7 }}" in page


def test_the_command_tells_every_mistake_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "firm.toml").write_text('nam = "x"\nissued = "May"\n', encoding="utf-8")
    words = [*KINDS["decision"], "--firm", str(tmp_path / "firm.toml")]
    result = CliRunner().invoke(main, ["report", *words], input=json.dumps(ORDER))
    assert result.exit_code == 2
    assert result.stderr.count("error[firm-file]") == 2
    assert "firm.toml:1:1" in result.stderr
    assert result.stdout == ""


def test_documents_say_who_signs_and_when(tmp_path: Path) -> None:
    imprint = read(tmp_path, WHOLE, SVG % '<path d="M0 0h9"/>')
    rules = documents.edition(tmp_path / "r.policy", on="2026-03-01") if _rules(tmp_path) else None
    assert rules is not None
    plain = documents.traceability(rules).page("en")
    assert "draft, not issued" in plain
    assert "Approved by" in plain
    page = documents.traceability(rules).signed(imprint).page("en")
    for said in (
        "27 November 2026",
        "version 2026.4",
        "Clara Lee",
        "Responsible officer",
        "Assessor",
        "Confidential",
    ):
        assert said in page
    assert "draft, not issued" not in page


def _rules(folder: Path) -> bool:
    text = 'language 1\nruleset our "Our rules"\nsource M "manual" status house\n'
    return bool((folder / "r.policy").write_text(text, encoding="utf-8"))

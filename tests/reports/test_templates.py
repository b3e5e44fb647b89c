"""Templates of a reader's own: they change what they name and nothing else, and none gets out of its bounds."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import optional
from documents_made import KINDS, ORDER, made
from policy.cli import main
from policy.diagnostics import Diagnostic, PolicyError
from policy.reports.sandbox.client import Bounds, page_of
from policy.reports.sandbox.folder import templates_in

TIGHT = Bounds(seconds=1, memory=200 << 20, output=1 << 20)
PAGE = "decision.html.jinja"


def printed(folder: Path, text: str, figures: dict[str, object] | None = None, bounds: Bounds = TIGHT) -> str:
    (folder / PAGE).write_text(text, encoding="utf-8")
    return page_of(PAGE, figures or {}, templates_in(str(folder)), bounds)


def refused(folder: Path, text: str, figures: dict[str, object] | None = None) -> Diagnostic:
    """The one finding about a template; it comes soon, whatever the template wants."""
    began = time.monotonic()
    with pytest.raises(PolicyError) as error:
        printed(folder, text, figures)
    assert time.monotonic() - began < 20  # a second of the processor, on a machine that may be busy
    (found,) = error.value.diagnostics
    return found


SOON = ("small rulebook", "decision", "trading")


@pytest.mark.parametrize("kind", [k if k in SOON else pytest.param(k, marks=pytest.mark.slow) for k in KINDS])
def test_a_copy_of_ours_makes_the_same_page(kind: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["report", "templates", str(tmp_path / "own")]).exit_code == 0
    assert made(kind, "--templates", str(tmp_path / "own")) == made(kind)


def test_a_style_of_ones_own_changes_the_style_and_no_word(tmp_path: Path) -> None:
    (tmp_path / "documents.css").write_text("h1 { color: teal; }")
    page = made("decision", "--templates", str(tmp_path))
    assert "h1 { color: teal; }" in page
    markdown = ("--format", "markdown")
    assert made("decision", *markdown, "--templates", str(tmp_path)) == made("decision", *markdown)


def test_one_block_is_changed_and_the_rest_is_ours(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text(
        '{% extends "shipped/decision.html.jinja" %}{% import "shipped/say.html.jinja" as s with context %}'
        "{% block eyebrow %}Chan & Co., on {{ s.date(cover.on) }}{% endblock %}"
    )
    page = made("decision", "--language", "en", "--templates", str(tmp_path))
    assert 'eyebrow">Chan & Co., on <time datetime="2026-03-01">1 March 2026</time></p>' in page
    assert page.replace('Chan & Co., on <time datetime="2026-03-01">1 March 2026</time>', "Policy that runs") == made(
        "decision", "--language", "en"
    )


def test_a_template_of_ours_is_overridden_wherever_others_use_it(tmp_path: Path) -> None:
    (tmp_path / "document.html.jinja").write_text(
        '{% extends "shipped/document.html.jinja" %}{% block eyebrow %}Ours{% endblock %}'
    )
    for kind in ("decision", "dates"):
        assert 'eyebrow">Ours</p>' in made(kind, "--templates", str(tmp_path))


def test_a_pack_is_made_by_them_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "style.css").write_text("h1 { color: teal; }")
    assert CliRunner().invoke(main, ["init", str(tmp_path / "rules")]).exit_code == 0
    monkeypatch.chdir(tmp_path)
    arguments = "report pack pack --rules rules --on 2026-06-18 --templates own".split()
    optional.proofs(arguments)
    assert CliRunner().invoke(main, arguments).exit_code == 0
    index = (tmp_path / "pack" / "index.html").read_text(encoding="utf-8")
    assert "teal" in index
    assert "teal" in (tmp_path / "pack" / "rulebook.html").read_text(encoding="utf-8")
    assert "--templates own" in index


def test_a_wrong_template_ends_the_command_with_place_reason_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "decision.html.jinja").write_text("<h1>{{ cover.title.en }}</h1>\n  <p>{{ cover.titel }}</p>\n")
    arguments = ["report", *KINDS["decision"], "--templates", str(tmp_path)]
    result = CliRunner().invoke(main, arguments, input=json.dumps(ORDER))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "error[template-name]: there is no `titel` in this figure" in result.stderr
    assert f"{tmp_path / PAGE}:2:3" in result.stderr
    assert "did you mean `title`?" in result.stderr


# ── what is no template of ours to escape from ──────────────────────────────────────────────

ATTACKS = {
    "template-refused": [
        "{{ ''.__class__.__mro__ }}",
        "{{ cover.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(cover) }}",
        "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
        "{{ cover.update({'a': 1}) }}",
        "{{ (1).from_bytes.__self__ }}",
        "{{ client | safe }}",
        "{% autoescape false %}{{ client }}{% endautoescape %}",
        "{% filter striptags %}{{ client }}{% endfilter %}",
        "{% set x | striptags %}{{ client }}{% endset %}{{ x }}",
        "{{ (client | escape).translate({97: '<'}) }}",
    ],
    "template-name": [
        "{{ [client] | map('safe') | first }}",
        "{{ Markup(client) }}",
        "{{ lipsum(n=100000) }}",
        "{{ [1, 2] | random }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../../etc/passwd' %}",
        "{% include 'file:///etc/passwd' %}",
        "{% import 'os' as os %}{{ os.environ }}",
        "{{ open('/etc/passwd') }}",
    ],
    "template-bounds": [
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% set k = j %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10**10 }}",
        "{% set x = namespace(a='aaaaaaaa') %}{% for i in range(99) %}{% set x.a = x.a ~ x.a %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'decision.html.jinja' %}",
        "{% extends 'decision.html.jinja' %}",
        "{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}",
        "{{ 9**(9**9) }}",
        "{{ ((((9**9)**9)**9)**9)**9 }}{{ ('a' * 2000000) | wordwrap(1) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ ([0] * 10**9) | length }}",
        "{{ ''.zfill(10**9) }}",
    ],
    "template-syntax": ["{% if %}", "{{ 1 +", "{% for x in cover %}", "{% nonsense %}"],
    "template-failed": [
        "{{ 1 // 0 }}",
        "{{ 'x' | long_date }}",
        "{{ cover | round }}",
        "{{ 'x'.encode('utf-7-no') }}",
    ],
}


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, texts in ATTACKS.items() for t in texts])
def test_no_template_gets_out_of_its_bounds(code: str, text: str, tmp_path: Path) -> None:
    found = refused(tmp_path, f"<p>\n{text}", {"cover": {"title": "t"}, "client": "<script>"})
    assert found.code == code
    assert found.span is not None
    assert found.span.source.name == str(tmp_path / PAGE)
    assert found.message
    assert found.span.line == 2 or code == "template-bounds"


@pytest.mark.parametrize(
    "text",
    [
        "{{ client }}",
        "{{ client | escape }}",
        "{{ client | upper | lower }}",
        "{{ client | replace('s', '<') }}",
        "{{ client | escape | replace('s', '<') }}",
        "{{ client | striptags }}{{ client | escape | striptags }}",
        "{{ '%s' | format(client) }}{{ '%s' % client }}{{ ('<b>%s</b>' | escape) % client }}",
        "{{ [client, client] | join('<br>') }}",
        "{{ client | urlize }}{{ client | wordwrap(3, wrapstring='<') }}{{ client | truncate(9) }}",
        "{{ {'title': client} | xmlattr }}",
        "{% set x %}{{ client }}{% endset %}{{ x }}{{ x.striptags() }}{{ x.unescape() }}",
        "{% macro m(t) %}{{ t }}{{ caller() }}{% endmacro %}{% call m(client) %}{{ client }}{% endcall %}",
        "{{ client | tojson }}",
        "{{ client ~ '<br>' }}{{ client + '<br>' }}{{ (client | escape) + client }}",
        "{{ (client | escape).ljust(99, '*') }}{{ client | center(99) }}{{ client | list }}{{ client | pprint }}",
    ],
)
def test_no_text_becomes_markup(text: str, tmp_path: Path) -> None:
    page = printed(tmp_path, text, {"client": "<script>alert(1)</script>"})
    assert page
    assert "<" not in page.replace("<br>", "" if "join" not in text else "<")


def test_a_process_that_prints_sees_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of ours")
    spied = tmp_path / "spied"
    code = f"import os; open({str(spied)!r}, 'w').write(' '.join(os.environ))"
    (tmp_path / "sitecustomize.py").write_text(code)  # what any Python that starts with this path runs first
    monkeypatch.syspath_prepend(str(tmp_path))
    assert printed(tmp_path, "{{ 1 }}", bounds=Bounds()) == "1"
    assert "PYTHONPATH" in spied.read_text().split()
    assert "SECRET" not in spied.read_text()


def test_no_file_of_the_folder_leads_out_of_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "outside.css").write_text("secret")
    (own / "inside.css").write_text("h1 {}")
    (own / "also.css").symlink_to("inside.css")
    assert "secret" not in printed(own, "{% include 'also.css' %}")
    (own / "style.css").symlink_to("../outside.css")
    with pytest.raises(PolicyError) as error:
        templates_in(str(own))
    assert [d.code for d in error.value.diagnostics] == ["escapes-folder"]
    (own / "style.css").unlink()
    (own / "linked").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(PolicyError, match="there is no template"):
        printed(own, "{% include 'linked/outside.css' %}")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("a.css", b"\xff", "not-utf-8"), ("a.css", b"a" * 2_000_000, "too-large"), ("a.png", b"a", "no-templates")],
)
def test_a_file_that_is_no_template_is_named(name: str, data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PolicyError) as error:
        templates_in(str(tmp_path))
    assert [d.code for d in error.value.diagnostics] == [code]


def test_a_link_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.css").symlink_to("a.css")
    with pytest.raises(PolicyError) as error:
        templates_in(str(tmp_path))
    assert [d.code for d in error.value.diagnostics] == ["unreadable"]


def test_a_name_of_a_figure_goes_before_what_dictionaries_can_do(tmp_path: Path) -> None:
    assert printed(tmp_path, "{{ c.items }}{{ c.keys() | list }}", {"c": {"items": 3}}) == "3[&#39;items&#39;]"

"""Which files are a rulebook: folders, what a `rulebook.txt` names, neighbours, revisions of Git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import optional
import policy
from policy import resources, revisions
from policy.cli import main
from policy.pipeline import check, digest_of, read_folder

LAW = resources.folder("rulesets")
WORDS = "language 1\nruleset a.words\nenum Side { buy, sell }\n"
ORDERS = (
    'language 1\nruleset a.orders "orders"\nimport a.words\n'
    'source LAW "law" reference "1" status official\nprovision LAW/1 "one"\n'
    'value other(side: Side "side") -> Side "other side" = if side is buy then sell else buy per LAW/1\n'
    'test "the other" expect other(buy) = sell\n'
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def named(*paths: str | Path) -> list[str]:
    texts, wrong = read_folder(paths)
    assert not wrong, wrong
    return [t.name for t in texts]


def messages(*paths: str | Path) -> list[str]:
    return [f"{d.code}: {d.message}" for d in read_folder(paths)[1]]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="policy")


# ── the shipped rulebooks ───────────────────────────────────────────────────────────────────


def test_other_rulebooks_are_beside_the_default_and_not_in_it() -> None:
    default = read_folder([LAW])[0]
    both = read_folder([LAW / "hk_sfc", LAW / "example_house"])[0]
    assert digest_of(default) == digest_of(both)
    others = {p.parent.name for p in LAW.rglob("*.policy")} - {"hk_sfc", "example_house"}
    assert others == {"adgm_fsra"}
    assert not [t.name for t in default if "adgm" in t.name]


def test_an_overlay_brings_the_law_that_it_amends() -> None:
    assert digest_of(read_folder([LAW / "example_house"])[0]) == digest_of(read_folder([LAW])[0])


def test_every_other_rulebook_holds_and_knows_nothing_of_the_first() -> None:
    checked = check(read_folder([LAW / "adgm_fsra"])[0])
    assert not checked.diagnostics
    assert not [t.name for t in checked.texts if b"HKD" in t.data or b"hk.sfc" in t.data]
    assert policy.load(LAW / "adgm_fsra", on="2023-12-31").question("exposure_after_collateral")
    assert run("test", str(LAW / "adgm_fsra"), "--fail-under", "100").exit_code == 0


@pytest.mark.slow
def test_what_is_claimed_of_the_other_rulebooks_is_proved_and_their_mutants_noticed() -> None:
    optional.library("z3", "proofs")
    assert run("verify", str(LAW / "adgm_fsra")).exit_code == 0
    assert run("test", str(LAW / "adgm_fsra"), "--mutate", "--fail-under", "100").exit_code == 0


# ── neighbours ──────────────────────────────────────────────────────────────────────────────


def test_the_neighbour_that_is_imported_joins() -> None:
    put("common/words.policy", WORDS)
    put("common/more.policy", "language 1\nruleset a.more\n")
    put("lending/orders.policy", ORDERS)
    put("unrelated/broken.policy", "nothing at all")
    assert named("lending") == ["lending/orders.policy", "common/more.policy", "common/words.policy"]
    assert run("test", "lending").exit_code == 0


def test_the_folder_of_a_file_joins_where_the_file_imports_from_it() -> None:
    put("rules/words.policy", WORDS)
    put("rules/orders.policy", ORDERS)
    assert named("rules/orders.policy") == ["rules/orders.policy", "rules/words.policy"]
    assert named("rules/words.policy") == ["rules/words.policy"]


def test_a_folder_within_finds_what_stands_above_it() -> None:
    put("rules/words.policy", WORDS)
    put("rules/tests/orders.policy", ORDERS)
    assert named("rules/tests") == ["rules/tests/orders.policy", "rules/words.policy"]


def test_neighbours_join_for_what_neighbours_import() -> None:
    put("c/words.policy", WORDS)
    put("b/orders.policy", ORDERS)
    put("a/top.policy", "language 1\nruleset a.top\nimport a.orders\n")
    assert named("a") == ["a/top.policy", "b/orders.policy", "c/words.policy"]


def test_of_two_neighbours_with_one_name_neither_joins() -> None:
    put("one/words.policy", WORDS)
    put("two/words.policy", WORDS)
    put("lending/orders.policy", ORDERS)
    assert messages("lending") == ["ambiguous-name: `a.words` is in several neighbouring folders: `one`, `two`"]
    assert named("lending", "two") == ["lending/orders.policy", "two/words.policy"]


def test_a_word_in_a_text_or_comment_is_no_import() -> None:
    put("common/words.policy", WORDS)
    put("rules/a.policy", 'language 1\n# import a.words\nruleset a.b "we import a.words"\n')
    assert named("rules") == ["rules/a.policy"]


def test_what_is_nowhere_is_told_by_the_checker() -> None:
    put("lending/orders.policy", ORDERS)
    assert [d.code for d in check(read_folder(["lending"])[0]).errors] == ["unknown-ruleset"]


def test_only_the_folders_named_are_formatted() -> None:
    put("common/words.policy", WORDS.replace("{ ", "{      "))
    put("lending/orders.policy", ORDERS)
    assert run("fmt", "lending").exit_code == 0
    assert "{      " in Path("common/words.policy").read_text()


def test_a_text_that_is_not_saved_is_checked_among_its_neighbours() -> None:
    put("common/words.policy", WORDS)
    put("lending/orders.policy", ORDERS)
    draft = 'language 1\nruleset a.more "more"\nimport a.orders\nvalue twice() -> rate "twice" = 200% per LAW/1\n'
    draft += 'test "twice" expect twice() = 200%\n'
    as_new = CliRunner().invoke(main, ["check", "-", "--as", "lending/more.policy"], input=draft)
    assert as_new.stdout == "3 rulesets, 1 provision, 2 tests: nothing found\n"
    broken = ORDERS.replace("side is buy", "sied is buy")
    changed = CliRunner().invoke(main, ["check", "-", "--as", "lending/orders.policy"], input=broken)
    assert changed.exit_code == 1
    assert "--> lending/orders.policy:6:58" in changed.stdout
    assert run("check", "lending").exit_code == 0
    alone = CliRunner().invoke(main, ["check", "-"], input=draft)
    assert "unknown-ruleset" in alone.stdout


@pytest.mark.parametrize(
    "words", [("lending", "--as", "a.policy"), ("-", "--as", "no/a.policy"), ("-", "--as", "a.txt")]
)
def test_what_a_text_cannot_stand_for_is_told(words: tuple[str, ...]) -> None:
    put("lending/orders.policy", ORDERS)
    done = CliRunner().invoke(main, ["check", *words], input="")
    assert done.exit_code == 2
    assert "`--as` goes with `-`" in done.output or "is no file of rules" in done.output


# ── rulebook.txt ────────────────────────────────────────────────────────────────────────────


def test_a_list_names_the_folders_of_a_rulebook() -> None:
    put("rules/common/words.policy", WORDS)
    put("rules/lending/orders.policy", ORDERS)
    put("rules/other/more.policy", "language 1\nruleset a.more\n")
    put("rules/rulebook.txt", "# ours\n\nlending  # and what it imports\n")
    assert named("rules") == ["rules/lending/orders.policy", "rules/common/words.policy"]
    assert named("rules/other") == ["rules/other/more.policy"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# nothing", "no-rules: `rules/rulebook.txt` names no folder"),
        ("b", "no-rules: `rules/rulebook.txt` names `b`, and there is no such folder beside it"),
        ("../a", "no-rules: `rules/rulebook.txt` names `../a`, and there is no such folder beside it"),
        (".", "no-rules: `rules/rulebook.txt` names `.`, and there is no such folder beside it"),
        ("/tmp", "no-rules: `rules/rulebook.txt` names `/tmp`, and there is no such folder beside it"),
    ],
)
def test_a_list_that_is_none_is_told(text: str, said: str) -> None:
    put("rules/a/words.policy", WORDS)
    put("rules/rulebook.txt", text)
    assert messages("rules") == [said]


def test_a_list_that_cannot_be_read_is_told() -> None:
    put("rules/a/words.policy", WORDS)
    Path("rules/rulebook.txt").write_bytes(b"\xff")
    assert messages("rules")[0].startswith("unreadable: `rules/rulebook.txt` cannot be read: 'utf-8' codec")


def test_a_listed_folder_does_not_lead_out() -> None:
    put("elsewhere/words.policy", WORDS)
    put("rules/rulebook.txt", "a")
    Path("rules/a").symlink_to(Path("elsewhere").absolute())
    assert messages("rules") == ["escapes-folder: `rules/a` leads out of the rulebook's folder"]


# ── revisions ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def repository() -> None:
    """Two commits on `main`, and one on `draft`."""
    optional.program("git", "git")
    git("init", "-q", "-b", "main")
    put("common/words.policy", WORDS)
    put("lending/orders.policy", ORDERS)
    committed("first")
    put("lending/orders.policy", ORDERS.replace("then sell else buy", "then sell else sell"))
    committed("second")
    git("checkout", "-q", "-b", "draft")
    put("lending/orders.policy", ORDERS.replace("is buy then", "is not sell then"))
    committed("draft")


def git(*words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    names = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", *who, *words], check=True, capture_output=True, env=names)


def committed(message: str) -> None:
    git("add", ".")
    git("commit", "-q", "-m", message)


@pytest.mark.usefixtures("repository")
def test_a_revision_is_read_without_touching_the_work_tree() -> None:
    put("lending/orders.policy", "unfinished")
    assert named("main:lending") == ["main:lending/orders.policy", "main:common/words.policy"]
    assert b"else sell" in read_folder(["main:lending"])[0][0].data
    assert named("main~1:lending/orders.policy") == ["main~1:lending/orders.policy", "main~1:common/words.policy"]
    assert Path("lending/orders.policy").read_text() == "unfinished"
    os.chdir("lending")
    assert named("main:./orders.policy")[0] == "main:lending/orders.policy"
    assert named("main:../common") == ["main:common/words.policy"]


@pytest.mark.usefixtures("repository")
def test_every_verb_takes_a_revision() -> None:
    assert run("check", "main:lending").exit_code == 0
    assert run("test", "main:lending").exit_code == 0
    assert run("test", "main~1:lending").exit_code == 0
    put("facts.json", '{"side": "sell"}')
    asked = ("--facts", "facts.json", "--on", "2026-03-01")
    assert run("decide", "other", "main~1:lending", *asked).stdout.splitlines()[1] == "buy"
    assert run("decide", "other", "--rules", "main:lending", *asked).stdout.splitlines()[1] == "sell"
    assert run("fmt", "main:lending").output.endswith(
        "`main:lending` is no file or folder, so it cannot be changed\n"
    )
    assert run("test", "main:lending", "--mutate", "--write").exit_code == 2
    assert not list(Path().glob("main*"))


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("main~1", "lending"), "1 question: 1 equivalent"),
        (("main..draft", "lending"), "1 question: 1 changed"),
        (("main~1..draft", "lending"), "1 question: 1 equivalent"),
        (("main..", "lending"), "1 question: 1 changed"),
        (("main",), "1 question: 1 changed"),
        (("main~1", "draft"), "1 question: 1 equivalent"),
        (("main:lending", "lending"), "1 question: 1 changed"),
    ],
)
def test_a_comparison_of_revisions(words: tuple[str, ...], outcome: str) -> None:
    optional.library("z3", "proofs")
    assert outcome in run("diff", *words).stdout


@pytest.mark.usefixtures("repository")
def test_the_past_is_decided_under_two_revisions() -> None:
    optional.columns()
    put("past.csv", "side\nbuy\nsell\n")
    asked = ("--history", "past.csv", "--question", "other", "--on", "2026-03-01")
    assert "1 of 2 rows come out otherwise" in run("backtest", "main~1..main", "lending", *asked).stdout
    assert "0 of 2 rows come out otherwise" in run("backtest", "main~1", "lending", *asked).stdout
    assert run("backtest", "draft", "lending", *asked).exit_code == 0


@pytest.mark.usefixtures("repository")
def test_a_change_of_revisions_is_a_document() -> None:
    page = run(
        "report", "change", "main..draft", "lending", "--on", "2026-03-01", "--no-proofs", "--format", "markdown"
    )
    assert page.exit_code == 0, page.output
    assert "other side" in page.stdout


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "gone:lending"), "has no revision `gone`"),
        (("check", "main:gone"), "`main` has no rules at `gone`"),
        (("check", "main"), "`main` is a revision: say of which path, as `main:rules`"),
        (("diff", "main...draft"), "`main...draft` has three dots: write two, as `main..draft`"),
        (("diff", "main..draft", "main"), "`main..draft` names two revisions already: name a path after it"),
        (("diff", "gone", "lending"), "there is no file or folder `gone`"),
        (("diff", "lending"), "name two rulebooks; or one with `--from` and `--to`, with `--under` or with `--set`"),
        (("report", "change", "lending", "--on", "2026-03-01"), "`lending` is one rulebook: name the other"),
        (("check", "--upload-pack=x:lending"), "No such option"),
        (("check", "--", "-x:lending"), "has no revision `-x`"),
    ],
)
def test_what_is_no_revision_is_told(words: tuple[str, ...], said: str) -> None:
    optional.library("z3", "proofs")
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.usefixtures("repository")
def test_a_link_in_a_revision_is_refused() -> None:
    Path("lending/more.policy").symlink_to("/etc/hostname")
    committed("a link")
    assert messages("draft:lending") == [
        "escapes-folder: `draft:lending/more.policy` leads out of the rulebook's folder"
    ]


def test_outside_of_a_repository_there_are_no_revisions(here: Path) -> None:
    optional.program("git", "git")
    assert messages("main:rules") == [f"git-revision: `{here}` is in no repository of Git"]


def test_without_git_there_are_no_revisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert messages("main:rules") == ["git-revision: there is no `git` on this machine to read a revision with"]
    assert not revisions.is_revision("main", Path())

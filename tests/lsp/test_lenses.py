"""What lenses ask for: tests with what came accepted, answers, proofs, the last commit; in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest

import optional

optional.library("pygls", "lsp")


from cases_of_rules import HEAD  # noqa: E402
from editors import Editor, editor, types  # noqa: E402
from policy.lsp import runs  # noqa: E402
from policy.lsp.runs import RunResult, compared, evaluated, proved  # noqa: E402
from policy.lsp.work import WorkError, worked_out  # noqa: E402
from policy.pipeline import RulesFile  # noqa: E402

RULES = (
    HEAD
    + """record Facts { paid: integer  due: optional integer }
parameter most: integer = 5 per LAW/1
value twice(n: integer) -> integer = n + n per LAW/1
decision ok(f: Facts) otherwise permit per LAW/2 deny big when f.paid > most because "big" per LAW/1
property bounded per LAW/2 for any n: integer always twice(n) < 10
test "good" on 2026-03-01
  expect twice(2) = 4
test "bad" on 2026-03-01
  expect twice(2) = 5 per LAW/1  # a remark
  expect ok({ paid: 9 }) permitted
  expect ok({ paid: 1 }) permitted
  expect ok({}) permitted by big
"""
)


def texts(rules: str = RULES) -> list[RulesFile]:
    return [RulesFile("t.policy", rules.encode())]


def test_what_came_is_written_in_place_of_what_was_expected() -> None:
    assert runs.tested(texts(), "t.policy", "good") == RunResult(True, "passed")
    run = runs.tested(texts(), "t.policy", "bad")
    assert not run.is_good
    assert run.lines == (
        "expected 5 per LAW/1, got 4 per LAW/1",
        "expected permitted, got denied by big",
        "expected permitted by big, got undecided, needs f.paid",
    )
    assert run.accepted == RULES.replace("twice(2) = 5", "twice(2) = 4").replace(
        "{ paid: 9 }) permitted", "{ paid: 9 }) denied by big"
    ).replace("ok({}) permitted by big", "ok({}) undecided needs f.paid")
    assert runs.tested(texts(run.accepted), "t.policy", "bad").is_good


def test_what_no_test_can_say_is_not_accepted() -> None:
    run = runs.tested(texts(RULES + 'test "order" on 2026-03-01 expect twice(-1) refused\n'), "t.policy", "order")
    assert (run.is_good, run.accepted) == (False, "")
    broken = runs.tested(texts(RULES.replace("most per", "least per").replace("> most", "> mst")), "t.policy", "good")
    assert broken.title.startswith("the rules have errors: ")


def test_a_question_is_answered_on_a_file_of_facts(tmp_path: Path) -> None:
    facts = tmp_path / "ok.json"
    facts.write_text(json.dumps({"f": {"paid": 9}}), encoding="utf-8")
    run = evaluated(texts(), "ok", str(facts), date(2026, 3, 1))
    assert (run.title, run.lines) == ("denied by big", ("by big: big",))
    facts.write_text("{", encoding="utf-8")
    assert not evaluated(texts(), "ok", str(facts), date(2026, 3, 1)).is_good


@pytest.mark.slow
def test_claims_are_proved_and_commits_compared(tmp_path: Path) -> None:
    optional.library("z3", "proofs")
    assert proved(texts(), "t.ok").is_good
    refuted = proved(texts(), "t.bounded")
    assert not refuted.is_good
    assert refuted.title.startswith("refuted")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "rules"]):
        subprocess.run([*git, *command], check=True)
    assert compared(texts(), str(tmp_path)).title == "no answer changes"
    changed = compared(texts(RULES.replace("= 5 per", "= 6 per", 1)), str(tmp_path))
    assert changed.lines == ("changed: parameter t.most", "looser: decision t.ok")
    assert not compared(texts(), "/").is_good


def slept(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def failed() -> None:
    raise ValueError("no")


def ended() -> None:
    raise SystemExit(3)


@pytest.mark.slow
def test_work_is_done_elsewhere_and_ended_where_nobody_waits() -> None:
    async def session() -> None:
        assert await worked_out(slept, 0.0) == 0.0
        with pytest.raises(WorkError, match="ValueError: no"):
            await worked_out(failed)
        with pytest.raises(WorkError, match="without an answer"):
            await worked_out(ended)
        work = asyncio.create_task(worked_out(slept, 600.0))
        await asyncio.sleep(0.5)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(work, 60)

    asyncio.run(session())


async def lenses(ed: Editor) -> dict[str, types.Command]:
    found = await ed.client.text_document_code_lens_async(types.CodeLensParams(ed.document("t.policy"))) or ()
    return {l.command.title: l.command for l in found if l.command is not None}


async def asked(ed: Editor, command: types.Command) -> object:
    params = types.ExecuteCommandParams(command.command, arguments=command.arguments)
    return await ed.client.workspace_execute_command_async(params)


@pytest.mark.slow
def test_lenses_in_a_session(tmp_path: Path) -> None:
    """A test fails, what came is accepted, a question is answered; names have colours, hints stand between them."""
    text = RULES.replace('test "good" on 2026-03-01\n  expect twice(2) = 4\n', "")
    (tmp_path / "t.policy").write_text(text, encoding="utf-8")
    (tmp_path / "ok.json").write_text(json.dumps({"f": {"paid": 1}}), encoding="utf-8")

    async def session() -> None:
        async with editor(tmp_path) as ed:
            ed.open("t.policy", text)
            before = await lenses(ed)
            assert set(before) == {"compare with HEAD", "run test", "evaluate", "prove"}
            assert await asked(ed, before["evaluate"]) == "permitted by otherwise"
            assert await asked(ed, before["run test"]) == [
                "expected 5 per LAW/1, got 4 per LAW/1",
                "expected permitted, got denied by big",
                "expected permitted by big, got undecided, needs f.paid",
            ]
            after = await lenses(ed)
            assert "✓ permitted by otherwise" in after
            assert "✗ expected 5 per LAW/1, got 4 per LAW/1" in after
            assert await asked(ed, after["accept the actual result"]) is True
            (change,) = ed.applied[0].edit.document_changes or ()
            assert isinstance(change, types.TextDocumentEdit)
            (edit,) = change.edits
            assert isinstance(edit, types.TextEdit)
            assert edit.new_text.startswith("4 per LAW/1  # a remark\n")

            place = types.Range(types.Position(0, 0), types.Position(99, 0))
            document = ed.document("t.policy")
            hints = await ed.client.text_document_inlay_hint_async(types.InlayHintParams(document, place))
            assert [h.label for h in hints or ()] == [" ✗ expected 5 per LAW/1, got 4 per LAW/1"]
            told = await ed.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
            some = await ed.client.text_document_semantic_tokens_range_async(
                types.SemanticTokensRangeParams(document, types.Range(types.Position(2, 0), types.Position(2, 0)))
            )
            assert told is not None
            assert some is not None
            assert len(told.data) > len(some.data)
            assert [*some.data] == [2, 10, 4, 5, 3, 0, 22, 5, 9, 0]  # `most`, declared and the same for all; `LAW/1`
            ed.change("t.policy", text + "value v(n: integer) -> integer = twice(")
            help = await ed.client.text_document_signature_help_async(
                types.SignatureHelpParams(document, types.Position(len(text.splitlines()), 39))
            )
            assert help is not None
            assert help.signatures[0].label == "twice(n: integer) -> integer"
            assert "run test" in await lenses(ed)  # of another text

    asyncio.run(session())


@pytest.mark.slow
def test_what_takes_too_long_is_cancelled(tmp_path: Path) -> None:
    """Facts are awaited from a pipe that nobody writes; findings come meanwhile; then the editor cancels."""
    (tmp_path / "t.policy").write_text(RULES, encoding="utf-8")
    os.mkfifo(tmp_path / "ok.json")

    async def session() -> None:
        async with editor(tmp_path, shows_progress=True) as ed:
            ed.open("t.policy", RULES)
            command = types.Command("evaluate", "policy.evaluate", arguments=[ed.uri("t.policy"), "ok"])
            answer = asyncio.ensure_future(asked(ed, command))
            token = await asyncio.wait_for(ed.begun.get(), 60)
            ed.change("t.policy", RULES.replace("> most", "> mst"))
            assert [d.code for d in await ed.findings("t.policy")][:1] == ["unknown-name"]
            assert not answer.done()
            ed.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
            assert await asyncio.wait_for(answer, 60) is None
            ed.change("t.policy", RULES)
            assert "run test" in await lenses(ed)

    asyncio.run(session())

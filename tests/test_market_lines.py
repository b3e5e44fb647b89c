"""The lines of market cases: every command has a phrase, and what is no line is an error that names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from market_lines import EXCHANGE, LENDER, PERPETUALS, Lines, Played, written
from policy.exchange import engine as exchange
from policy.financing import engine as financing
from policy.perpetuals import engine as perpetuals
from policy.wire import word

ENGINES = {"exchange": (exchange, EXCHANGE), "financing": (financing, LENDER), "perpetuals": (perpetuals, PERPETUALS)}


def read(text: str, tmp_path: Path = Path()) -> list[Any]:
    forms = Played(exchange.COMMANDS, EXCHANGE, lambda *_: None).forms
    return [json.loads(document) for _, document in Lines(forms, tmp_path, "2026-03-01").commands(written(text))]


@pytest.mark.parametrize("name", ENGINES)
def test_every_command_has_a_phrase_and_every_phrase_a_command(name: str) -> None:
    module, phrases = ENGINES[name]
    assert set(phrases) == {word(command) for command in module.COMMANDS}
    assert Played(module.COMMANDS, phrases, lambda *_: None).forms, "a phrase names only fields of its command"


def test_moments_options_and_facts(tmp_path: Path) -> None:
    (tmp_path / "people.stage").write_text(
        "facts retail: investor retail, exposure 0.00 HKD\nadmit chan of hk: retail\n"
    )
    admit, buy, sell, late = read(
        """09:00 stage people
10:00:01 chan buys 2 BTC at 101.00 as b1, fees 0.40: risks.disclosed yes,
  risks.at none
"mrs wong" sells 1 BTC at market as s1, venue own_book
2026-03-02 16:00Z chan cancels b1
""",
        tmp_path,
    )
    assert admit == {
        "do": "admit_participant",
        "at": "2026-03-01T09:00+08:00",
        "id": "chan",
        "platform": "hk",
        "facts": {"investor": "retail", "exposure": "0.00 HKD"},
    }
    assert (buy["at"], buy["price"], buy["fees"], buy["quantity"]) == (
        "2026-03-01T10:00:01+08:00",
        "101.00 HKD",
        "0.40 HKD",
        "2",
    )
    assert (buy["venue"], buy["facts"]) == ("shared_book", {"risks": {"disclosed": True, "at": None}})
    assert (sell["by"], sell["type"], sell["venue"], sell["at"]) == ("mrs wong", "market", "own_book", buy["at"])
    assert "price" not in sell
    assert late == {"do": "cancel", "at": "2026-03-02T16:00Z", "by": "chan", "id": "b1"}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("10:00 chan buys two BTC at 101.00 as b1", "not a command: chan buys two BTC"),
        ("10:00 chan buys 2 BTC at 101.00", "not a command: chan buys 2 BTC"),
        ("10:00 chan buys 2 BTC at 101.00 as b1, feees 0.40", "`place` has no field `feees`"),
        ("10:00 chan cancels b1: retail", "`cancel` has no facts"),
        ("10:00 chan buys 2 BTC at 101.00 as b1: retial", "no facts are called `retial`"),
        ("chan cancels b1", "no line has said when this is"),
    ],
)
def test_what_is_no_line_is_an_error(line: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read(line)

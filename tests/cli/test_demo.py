"""The demonstration: its figures add up, its page is the same every time, and nothing in it is trusted."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from attrs import evolve

import policy
from policy.demo.day import day_under
from policy.demo.facts import lines
from policy.demo.run import DATES, run, summary
from policy.pipeline import Rulebook
from policy.reports.figures import Amount, Counts, Figures
from policy.reports.render import demo_page, grouped

RULEBOOKS = {on: policy.load(on=on) for on in DATES}


def rulebook_at(on: str) -> Rulebook:
    return RULEBOOKS[on]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return run(rulebook_at)


@pytest.fixture(scope="module")
def page(figures: Figures) -> str:
    return demo_page(figures)


def add(counts: list[Counts]) -> Counts:
    return Counts(
        sum(c.orders for c in counts),
        sum(c.accepted for c in counts),
        sum(c.refused for c in counts),
        sum(c.undecided for c in counts),
    )


# ── figures ─────────────────────────────────────────────────────────────────────────────────


def test_every_order_is_accounted_for(figures: Figures) -> None:
    counts = figures.market.counts
    assert counts.orders == counts.accepted + counts.refused + counts.undecided
    placed = [line for line in lines("orders.jsonl") if line["do"] == "place"]
    unread = {row.line for row in figures.unread if row.file == "orders.jsonl"}
    assert counts.orders == len(placed) - len(unread)
    assert add([row.counts for row in figures.market.platforms]) == counts
    assert len(figures.market.undecided) == counts.undecided


def test_the_demonstration_shows_something_of_everything(figures: Figures) -> None:
    counts = figures.market.counts
    assert min(counts.accepted, counts.refused, counts.undecided, figures.market.trades) > 0
    refused = {row.rule for row in figures.market.refused_by}
    assert refused >= {"not_prefunded", "retail_not_opted_in", "token_not_admitted", "market_maker_not_reviewed"}
    margin = figures.margin
    assert min(margin.calls, margin.no_calls, margin.calls_undecided) > 0


def test_nothing_is_made_and_nothing_is_lost(figures: Figures) -> None:
    assert {row.what for row in figures.market.conserved} >= {"HKD", "BTC", "ETH"}
    for row in figures.market.conserved:
        assert Decimal(row.free) + Decimal(row.held) == Decimal(row.brought)
        assert Decimal(row.difference) == 0


def test_what_is_bought_is_sold(figures: Figures) -> None:
    value = Decimal(figures.market.value)
    assert sum(Decimal(row.value) for row in figures.market.tokens) == value
    assert sum(Decimal(row.bought) for row in figures.market.platforms) == value
    assert sum(Decimal(row.sold) for row in figures.market.platforms) == value
    assert sum(row.trades for row in figures.market.tokens) == figures.market.trades


def test_clients_went_first(figures: Figures) -> None:
    priority = figures.market.priority
    assert priority.breaches == 0
    assert priority.jumped > 0
    assert priority.fills == sum(level.fills for level in priority.levels)
    for level in priority.levels:
        assert {row.capacity for row in level.queue} == {"client", "affiliated market maker"}
        assert level.queue[0].capacity == "client"


def test_every_reason_has_words_in_two_languages_and_a_source(figures: Figures) -> None:
    for row in (*figures.market.refused_by, *figures.market.accepted_by):
        assert row.en
        assert row.zh
        assert row.cited
        assert row.status in {"official", "secondary", "press", "house"}


def test_margin_totals_are_sums_of_the_accounts(figures: Figures) -> None:
    margin = figures.margin
    assert sum(Decimal(a.market_value) for a in margin.accounts) == Decimal(margin.market_value)
    assert sum(Decimal(a.loan) for a in margin.accounts) == Decimal(margin.loans)
    assert sum(Decimal(k.market_value) for k in margin.kinds) == Decimal(margin.market_value)
    assert sum(Decimal(k.lending_value.text) for k in margin.kinds) == Decimal(margin.lending_value.text)
    assert margin.calls + margin.no_calls + margin.calls_undecided == len(margin.accounts)
    for account in margin.accounts:
        if not account.lending_value.needs:
            carried = sum(Decimal(h.lending_value.text) for h in account.holdings)
            assert carried == Decimal(account.lending_value.text)


def test_what_is_undecided_says_what_it_needs(figures: Figures) -> None:
    for account in figures.margin.accounts:
        for state in (account.call, account.sale, account.advance):
            assert bool(state.needs) == (state.outcome == "undecided")
    names = {row.name for row in figures.wanted}
    assert {"margin_call_level", "schedule_2_haircut", "makers_need_approval"} <= names
    assert names >= {need for row in figures.market.undecided for need in row.needs}


def test_the_dates_make_a_difference(figures: Figures) -> None:
    assert figures.changes.dates == DATES
    accepted = next(row for row in figures.changes.rows if row.what == "Orders accepted")
    assert len({value.text for value in accepted.values}) == len(DATES)
    assert accepted.values[-1] == Amount(str(figures.market.counts.accepted))
    rules = {rule for row in figures.changes.turned for rule in row.rules}
    assert {"no_shared_book_yet", "group_trading_banned", "market_maker_not_reviewed"} <= rules


def test_a_line_with_a_mistake_is_refused_with_a_remedy_and_the_rest_go_on(figures: Figures) -> None:
    assert [(row.file, row.message) for row in figures.unread][:2] == [
        ("orders.jsonl", "`quantitiy`: the question does not ask about this"),
        ("orders.jsonl", "`price`: `21400.005 HKD` has more decimals than `price(HKD) to 0.01`"),
    ]
    assert figures.unread[0].help == "did you mean `quantity`?"


def test_figures_are_json(figures: Figures) -> None:
    text = json.dumps(figures.as_json(), ensure_ascii=False)
    again = json.loads(text)
    assert again["market"]["counts"]["orders"] == figures.market.counts.orders
    assert not re.search(r"\d\.\d+e[+-]?\d", text), "no float has crept in"


# ── the page and the summary ────────────────────────────────────────────────────────────────


def test_the_page_is_the_same_byte_for_byte(page: str) -> None:
    assert demo_page(run(rulebook_at)) == page


class _Outline(HTMLParser):
    """Notes the elements, identifiers and outward references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outward: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "action", "data"):
                self.outward.append(value or "")
            assert not name.startswith("on"), "no script"


def test_the_page_stands_alone(page: str) -> None:
    outline = _Outline()
    outline.feed(page)
    assert not outline.outward
    assert "script" not in outline.tags
    assert "url(" not in page
    assert "@import" not in page
    assert all(link.startswith("#") for link in outline.links)
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert {"header", "nav", "main", "footer", "h1", "caption", "svg"} <= set(outline.tags)


def test_names_are_printed_and_never_obeyed(figures: Figures) -> None:
    name = '<script>alert("1")</script>\'"&{{ 7 * 7 }}'
    account = evolve(figures.margin.accounts[0], name=name)
    undecided = evolve(figures.market.undecided[0], who=name)
    market = evolve(figures.market, undecided=(undecided,))
    page = demo_page(evolve(figures, market=market, margin=evolve(figures.margin, accounts=(account,))))
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39;&#34;&amp;{{ 7 * 7 }}" in page


def test_the_shipped_names_are_escaped_too(page: str) -> None:
    assert "Ng &amp; Sons &lt;Holdings&gt; Ltd" in page
    assert "<Holdings>" not in page


def test_the_summary_fits_a_terminal(figures: Figures) -> None:
    text = summary(figures)
    assert 20 <= len(text.splitlines()) <= 35
    assert max(map(len, text.splitlines())) <= 120
    assert f"{figures.market.counts.accepted} accepted" in text
    assert "undecided" in text


def test_progress_is_told() -> None:
    told: list[str] = []
    run(rulebook_at, told.append)
    assert len(told) == len(DATES) + 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1234567.80", "1,234,567.80"), ("0", "0"), ("-1234.5", "−1,234.5"), ("999", "999"), ("-0.05", "−0.05")],
)
def test_thousands_are_set_apart(text: str, shown: str) -> None:
    assert grouped(text) == shown


def test_nobody_in_the_stream_trades_with_itself() -> None:
    for rulebook in RULEBOOKS.values():
        session = day_under(rulebook).session
        owners = {entry.order.id: entry.order.by for entry in session.entries}
        assert all(owners[trade.buyer] != owners[trade.seller] for trade in session.trades)

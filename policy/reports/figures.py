"""Everything a report shows, computed: plain rows of text and numbers, in the order in which they are shown.

In: nothing; the `from_*` files beside this one make these. Out: frozen data that a template prints and
`as_json` gives away. Amounts are exact decimal texts without separators or units, so that nothing downstream
has to round; a `share` is in thousandths of the longest bar. Absent: anything left to compute.
"""

from __future__ import annotations

from typing import Any

from attrs import asdict, frozen

# ── what things rest on ─────────────────────────────────────────────────────────────────────


@frozen
class Cited:
    """A provision behind a rule."""

    provision: str
    source: str
    reference: str
    status: str
    en: str
    zh: str


@frozen
class ReasonRow:
    """One rule, how often it was a reason, and what it says to a client."""

    rule: str
    effect: str
    count: int
    share: int
    status: str
    en: str
    zh: str
    cited: tuple[Cited, ...]
    examples: tuple[str, ...]


@frozen
class NeedRow:
    """A fact or number that was wanting, and how many orders waited for it."""

    need: str
    count: int
    share: int


@frozen
class Undecided:
    """Something the rulebook could not answer, and what it would need."""

    what: str
    who: str
    needs: tuple[str, ...]


@frozen
class StandingRow:
    """What the rulebook says of a client, platform, token or market maker as a whole."""

    of: str
    question: str
    question_zh: str
    state: State


@frozen
class WantedRow:
    """A number that nobody has given or a fact that nobody stated, and how many answers wait for it."""

    name: str
    en: str
    zh: str
    why: str
    count: int


@frozen
class Unread:
    """A line of facts that was refused before any rule was asked."""

    file: str
    line: int
    message: str
    help: str


# ── the market ──────────────────────────────────────────────────────────────────────────────


@frozen
class Counts:
    """How many orders came, and what became of them."""

    orders: int
    accepted: int
    refused: int
    undecided: int


@frozen
class QueueRow:
    """An order in line at a price."""

    order: str
    owner: str
    capacity: str
    arrived: str


@frozen
class Level:
    """A price at which a client and a market maker waited in one line when someone traded there."""

    market: str
    token: str
    side: str
    price: str
    trade: int  # the first such, and its line as the rules ranked it
    queue: tuple[QueueRow, ...]
    first_by_time: str  # whom time alone would have filled
    fills: int  # while both waited
    to_clients: int
    jumped: int  # of those to clients, where a market maker had come earlier


@frozen
class ClientPriority:
    """Evidence that clients go first at a price."""

    title: str
    title_zh: str
    name: str
    cited: tuple[Cited, ...]
    levels: tuple[Level, ...]
    fills: int
    jumped: int
    breaches: int  # fills of a market maker at a price where a client waited on the same side


@frozen
class PlatformRow:
    """A platform in the shared book."""

    name: str
    jurisdiction: str
    counts: Counts
    trades: int  # in which it had a side
    bought: str
    sold: str


@frozen
class TokenRow:
    """A token's trading."""

    token: str
    trades: int
    quantity: str
    value: str
    last: str


@frozen
class Conserved:
    """What was brought in, and where it is at the end."""

    what: str
    brought: str
    free: str
    held: str
    difference: str


@frozen
class Market:
    """A session of the exchange under one rulebook."""

    counts: Counts
    cancelled: int
    trades: int
    value: str
    accepted_by: tuple[ReasonRow, ...]
    refused_by: tuple[ReasonRow, ...]
    needed: tuple[NeedRow, ...]
    undecided: tuple[Undecided, ...]
    priority: ClientPriority
    platforms: tuple[PlatformRow, ...]
    tokens: tuple[TokenRow, ...]
    conserved: tuple[Conserved, ...]


# ── margin ──────────────────────────────────────────────────────────────────────────────────


@frozen
class Amount:
    """An amount or a rate; where `needs` is not empty it is undecided, and `text` says how much is known."""

    text: str
    needs: tuple[str, ...] = ()


@frozen
class State:
    """A decision about an account: what it came to, why, or what it needs."""

    outcome: str
    reasons: tuple[str, ...]
    reasons_zh: tuple[str, ...]
    needs: tuple[str, ...]


@frozen
class HoldingRow:
    """A position of a margin account."""

    asset: str
    kind: str
    market_value: str
    accepted: State
    haircut: Amount
    lending_value: Amount
    capital_haircut: Amount
    capital_value: Amount


@frozen
class AccountRow:
    """A margin account."""

    name: str
    lender: str
    holdings: tuple[HoldingRow, ...]
    loan: str
    market_value: str
    lending_value: Amount
    from_virtual_assets: Amount
    capital_value: Amount
    room: Amount
    asked: str
    advance: State
    call: State
    sale: State
    sale_order: tuple[str, ...]


@frozen
class KindRow:
    """All collateral of one kind: before the haircut, after it, and as the lenders' capital."""

    kind: str
    kind_zh: str
    market_value: str
    lending_value: Amount
    capital_value: Amount


@frozen
class Margin:
    """All margin accounts, one by one and together."""

    accounts: tuple[AccountRow, ...]
    kinds: tuple[KindRow, ...]
    market_value: str
    lending_value: Amount
    capital_value: Amount
    loans: str
    calls: int
    no_calls: int
    calls_undecided: int


# ── dates ───────────────────────────────────────────────────────────────────────────────────


@frozen
class ChangeRow:
    """One thing asked as of every date, in the order of the dates."""

    what: str
    what_zh: str
    values: tuple[Amount, ...]


@frozen
class Turned:
    """A group of orders whose outcome changed from one date to the next, and the rules that made it so."""

    before: str  # dates
    after: str
    was: str
    is_now: str
    count: int
    rules: tuple[str, ...]  # that were reasons before and are not, or are now and were not
    example: str


@frozen
class Changes:
    """The same orders and accounts, as of several dates."""

    dates: tuple[str, ...]
    rows: tuple[ChangeRow, ...]
    turned: tuple[Turned, ...]


# ── the whole ───────────────────────────────────────────────────────────────────────────────


@frozen
class Figures:
    """The demonstration: one trading session and one set of margin accounts under a rulebook."""

    on: str
    digest: str
    overlay: str
    sources: tuple[tuple[str, int], ...]  # of each status, how many provisions the answers rest on
    events: int
    market: Market
    margin: Margin
    changes: Changes
    standings: tuple[StandingRow, ...]  # those that are not permitted
    wanted: tuple[WantedRow, ...]
    unread: tuple[Unread, ...]

    def as_json(self) -> dict[str, Any]:
        """The same, as what `json.dumps` takes."""
        return asdict(self)

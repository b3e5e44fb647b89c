"""Who and what is known to the exchange, and what that states of an order.

In: platforms, instruments, participants, and what is to be asked of each as a whole. Out: seats: a participant in
one market, with the facts of all its orders there and the balances they are paid from. What the rulebook cannot
decide stays missing, and is never taken for no. Absent: orders, and what the rules make of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from policy.answers import MISSING, Outcome, Verdict
from policy.diagnostics import PolicyError, in_one_line
from policy.exchange.commands import PRICE, QUANTITY, AdmitParticipant, AdmitPlatform, Ask, ListInstrument, Place
from policy.exchange.ledger import Balance, Ledger
from policy.exchange.rules import Rules
from policy.facts.records import unchecked
from policy.market.book import Book, BookOrder
from policy.market.checks import InvalidCommandError, read
from policy.market.events import InvalidCode
from policy.market.quotation import Quotation, quotation
from policy.vocabulary import Decided, FactsJson, Json, RuntimeValue

CURRENCY = "HKD"
FEES, RESERVE_FUND, COMPENSATION = "fees", "reserve_fund", "compensation"  # owners of the exchange's own balances
SHARED = "shared_book"
PLATFORM, INSTRUMENT, PARTICIPANT = "platform", "instrument", "participant"

FILLED_IN = frozenset(  # facts of an order that the exchange states itself
    "side, venue, price, quantity, fees, available, available_quantity, exposure, "
    "settlement_failed, accepted_at, sequence".split(", ")
)


def quoting(listed: ListInstrument) -> Quotation:
    """How an instrument is said and counted. Raises InvalidCommandError."""
    return quotation(listed.id, listed.decimals, PRICE)


class Market:
    """One instrument in the book of one platform, or in the shared book."""

    __slots__ = ("as_counted", "book", "last_price", "listed", "lot", "quotation", "self_trade", "tick", "venue")

    def __init__(self, venue: str, listed: ListInstrument) -> None:
        self.venue = venue
        self.listed = listed
        self.self_trade = listed.self_trade
        self.quotation = quoting(listed)
        self.as_counted = self.quotation.as_counted
        self.tick = self.quotation.price(listed.tick, PRICE, "tick")
        self.lot = self.quotation.size(listed.lot, QUANTITY, "lot")
        self.book: Book[Order] = Book()
        self.last_price = 0  # no trade yet


class Account:
    """A participant, and what its exposure is reckoned from. Plain slots: it is touched by every order."""

    __slots__ = ("admitted", "bought", "exposure", "id", "money", "open_buys", "opening", "platform", "sold")

    def __init__(self, admitted: AdmitParticipant, money: Balance) -> None:
        self.id = admitted.id
        self.platform = admitted.platform
        self.admitted = admitted
        self.money = money
        self.opening: RuntimeValue = MISSING  # exposure it came with
        self.bought = 0
        self.sold = 0
        self.open_buys = 0  # reserved for buy orders, fees left out
        self.exposure: RuntimeValue = None  # as last answered, until one of these moves


class MarketAccess:
    """A participant in one market: the facts of its orders there, and the balances that they are paid from."""

    __slots__ = ("account", "decided", "facts", "market", "money", "tokens")

    def __init__(self, account: Account, market: Market, tokens: Balance) -> None:
        self.account = account
        self.market = market
        self.facts: RuntimeValue = None  # the record that its orders fill in, one after the other
        self.decided: Decided | None = None  # what those facts make of an order, by the facts that it fills in
        self.money = account.money
        self.tokens = tokens


class Order(BookOrder[MarketAccess]):
    """An order in a book of the exchange, with all that is kept of it; `data` is its seat."""

    __slots__ = ("at", "facts", "fees", "held", "placed", "sequence")

    def __init__(
        self, placed: Place, seat: MarketAccess, facts: RuntimeValue, price: int, size: int, at: int, sequence: int
    ) -> None:
        BookOrder.__init__(self, placed.id, placed.by, placed.side, price, size, seat)
        self.placed = placed  # the command, whose type and facts hold for the life of the order
        self.facts = facts  # shared by all orders of a seat but those with facts of their own
        self.fees = placed.fees  # still to be charged
        self.held = 0  # reserved for what remains: money of a buyer, fees included, or tokens of a seller
        self.at = at
        self.sequence = sequence


class Register:
    """Everyone and everything, under the rules of the day."""

    def __init__(self, rules: Rules, ledger: Ledger) -> None:
        self.rules = rules
        self.ledger = ledger
        self.platforms: dict[str, AdmitPlatform] = {}
        self.instruments: dict[str, ListInstrument] = {}
        self.accounts: dict[str, Account] = {}
        self.failed: set[str] = set()  # platforms
        self.markets: dict[tuple[str, str], Market] = {}  # by platform, or the shared book, and instrument
        self.seats: dict[tuple[str, str, str], MarketAccess] = {}  # by participant, venue, instrument
        self._asked: dict[tuple[str, str], dict[tuple[str, tuple[str, ...]], tuple[Ask, Verdict]]] = {}

    # ── what holds as a whole ───────────────────────────────────────────────────────────────

    def ask(self, ask: Ask) -> Verdict:
        """Asks, and keeps the answer. Raises InvalidCommandError."""
        verdict = _answer(ask, self.rules)
        self._asked.setdefault((ask.about, ask.id), {})[ask.question, ask.investors] = (ask, verdict)
        return verdict

    def answers(self, rules: Rules) -> list[tuple[Ask, Verdict]]:
        """Everything that was asked, under the rules of another day. Raises InvalidCommandError."""
        return [(ask, _answer(ask, rules)) for kept in self._asked.values() for ask, _ in kept.values()]

    def take(self, answers: Iterable[tuple[Ask, Verdict]]) -> Iterator[tuple[Ask, Verdict]]:
        """Keeps new answers to what was asked; those that are not what they were before."""
        for ask, verdict in answers:
            kept = self._asked[ask.about, ask.id]
            _, before = kept[ask.question, ask.investors]
            kept[ask.question, ask.investors] = (ask, verdict)
            if verdict != before:
                yield ask, verdict

    def _standing(self, about: str, id: str, investor: RuntimeValue) -> Json:
        """What the rulebook says as facts of the orders of a class of investors; missing where it cannot decide."""
        found: Json = {}
        for ask, verdict in self._asked.get((about, id), {}).values():
            if ask.fact and (not ask.investors or investor in ask.investors):
                known = verdict.outcome in (Outcome.PERMITTED, Outcome.DENIED)
                found[ask.fact] = verdict.outcome is Outcome.PERMITTED if known else MISSING
        return found

    # ── facts of orders ─────────────────────────────────────────────────────────────────────

    def facts(self, seat: MarketAccess, own: FactsJson = MappingProxyType({})) -> RuntimeValue:
        """The record of an order from a seat: everything that is known but what each order brings itself."""
        account, instrument = seat.account, seat.market.listed.id
        investor = account.admitted.facts.get("investor")
        stated = self._platform(account.platform, investor)
        for about, id, given in (
            (INSTRUMENT, instrument, self.instruments[instrument].facts),
            (PARTICIPANT, account.id, account.admitted.facts),
        ):
            stated |= {**given, **self._standing(about, id, investor)}
        known = {name: value for name, value in stated.items() if value is not MISSING}
        read = self.rules.asked.accepted.read({"order": {**known, **own, "venue": seat.market.venue}})
        assert not isinstance(read, list), read  # each part was read when it came
        (record,) = read
        return unchecked(type(record), record, settlement_failed=account.platform in self.failed)

    def _platform(self, id: str, investor: RuntimeValue) -> Json:
        """What a platform's orders state: what holds of it, and of those that it shares its book with.

        What is true of one of them is true; else what is missing of one of them is missing.
        """
        platform = self.platforms[id]
        partners = [self._alone(p, investor) for p in platform.shares_with if p in self.platforms]
        stated: Json = {}
        for name in dict.fromkeys(name for partner in partners for name in partner):
            of_each = [partner[name] for partner in partners if name in partner]
            untold = any(value is MISSING for value in of_each)
            otherwise = MISSING if untold else of_each[0]
            stated[name] = True if any(value is True for value in of_each) else otherwise
        return stated | self._alone(id, investor)

    def _alone(self, id: str, investor: RuntimeValue) -> Json:
        return {**self.platforms[id].facts, **self._standing(PLATFORM, id, investor)}

    def read(self, facts: FactsJson) -> RuntimeValue:
        """Facts of an order as its record. Raises InvalidCommandError."""
        (record,) = read(self.rules.asked.accepted, {"order": dict(facts)})
        return record

    # ── seats ───────────────────────────────────────────────────────────────────────────────

    def take_seat(self, by: str, venue: str, instrument: str) -> MarketAccess:
        """The seat of a participant that has none yet in a market; all three are known."""
        account = self.accounts[by]
        key = (SHARED if venue == SHARED else account.platform, instrument)
        market = self.markets.get(key)
        if market is None:
            market = self.markets[key] = Market(venue, self.instruments[instrument])
        seat = self.seats[by, venue, instrument] = MarketAccess(account, market, self.ledger.balance(by, instrument))
        self.restate([seat])
        return seat

    def touched(self, about: str, id: str) -> list[MarketAccess]:
        """The seats to which it matters what holds of a platform, an instrument or a participant."""
        seats = list(self.seats.values())
        if about == PLATFORM:
            concerned = {p.id for p in self.platforms.values() if id == p.id or id in p.shares_with}
            return [seat for seat in seats if seat.account.platform in concerned]
        if about == INSTRUMENT:
            return [seat for seat in seats if seat.market.listed.id == id]
        return [seat for seat in seats if seat.account.id == id]

    def restate(self, seats: Iterable[MarketAccess]) -> None:
        """States the facts of these seats anew."""
        for seat in seats:
            seat.facts = facts = self.facts(seat)
            seat.decided = None if self.rules.standing is None else self.rules.standing(facts)


def _answer(ask: Ask, rules: Rules) -> Verdict:
    """What the rules of a day answer. Raises InvalidCommandError."""
    try:
        question = rules.ask(ask.question)
    except PolicyError as error:
        raise InvalidCommandError(InvalidCode.UNKNOWN_QUESTION, in_one_line(error.diagnostics)) from error
    return question.verdict(*read(question, ask.facts, f"<{ask.id}>"))

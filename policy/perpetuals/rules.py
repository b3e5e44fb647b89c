"""What the perpetuals desk asks of a rulebook.

In: a rulebook as of one date. Out: its questions, bound, or a finding for each that is missing or unfit. Absent:
any answer: margin, mark, funding, the order and size of liquidations and who bears a loss are the rulebook's.
"""

from __future__ import annotations

from attrs import frozen

from policy.interface import BoundQuestion, bind, question
from policy.rulebook import Rulebook

WHO = "perpetuals desk"

_ORDER = (
    "product: PerpetualProduct, investor: InvestorClass, knows_derivatives: boolean, side: Side, price: price(USD), "
    "notional: money(USD) to 0.00000001, exposure: money(USD) to 0.00000001, reduces: boolean, "
    "margin_required: money(USD) to 0.00000001, margin_collected: money(USD) to 0.00000001, "
    "meets_own_group: boolean, margin_on_credit: boolean, accepted_at: instant, sequence: integer"
)
_POSITION = "side: Side, size: quantity to 0.0001, entry_value: money(USD) to 0.00000001, mark: price(USD) to 0.0001"
_BUCKET = "margin: money(USD) to 0.00000001, positions: list of PerpetualPosition"
_EXPOSURE = ", ".join(f"{name}: money(USD) to 0.00000001" for name in ("largest", "least", "loss", "fees"))
_QUOTE = "index_price: price(USD) to 0.0001, impact_bid: optional price(USD), impact_ask: optional price(USD)"
_UNITS = "money(USD) to 0.00000001"


@frozen(eq=False)
class PerpetualRules:
    """Each question with the signature it must have, and the fields that the desk reads or fills in."""

    # what may be offered, posted and ordered
    listed: BoundQuestion = question(
        "decision perpetual_listed(product: PerpetualProduct)", PerpetualProduct="convergence_interval: duration"
    )
    collateral: BoundQuestion = question("decision perpetual_collateral_accepted(asset: Asset)")
    accepted: BoundQuestion = question(
        "decision perpetual_order_accepted(order: PerpetualOrder)", PerpetualOrder=_ORDER
    )
    size_accepted: BoundQuestion = question(f"decision position_size_accepted(notional: {_UNITS})")
    queue: BoundQuestion = question("priority perpetual_book(order: PerpetualOrder)", PerpetualOrder=_ORDER)
    # margin
    fee: BoundQuestion = question(f"value trading_fee(traded: {_UNITS}) -> {_UNITS}")
    required: BoundQuestion = question(
        f"value margin_required(exposures: list of PerpetualExposure, reduces: boolean) -> {_UNITS}",
        PerpetualExposure=_EXPOSURE,
    )
    collected: BoundQuestion = question(
        f"value margin_collected(bucket: MarginBucket, reduces: boolean) -> {_UNITS}",
        MarginBucket=_BUCKET,
        PerpetualPosition=_POSITION,
    )
    released: BoundQuestion = question(f"decision margin_release_accepted(collected: {_UNITS}, required: {_UNITS})")
    # mark and funding
    impact_size: BoundQuestion = question("value impact_size(index_price: price(USD)) -> quantity to 0.0001")
    impact_price: BoundQuestion = question(
        f"value impact_price(value: {_UNITS}, size: quantity to 0.0001) -> price(USD) to 0.0001"
    )
    mark: BoundQuestion = question(
        "value mark_price(quote: FundingQuote) -> price(USD) to 0.0001", FundingQuote=_QUOTE
    )
    counts_until: BoundQuestion = question("value index_counts_until(priced_at: instant) -> instant")
    premium: BoundQuestion = question("value premium(quote: FundingQuote) -> rate to 0.0001%", FundingQuote=_QUOTE)
    next_sample: BoundQuestion = question("value next_sample(last: instant) -> instant")
    next_funding: BoundQuestion = question("value next_funding(last: instant) -> instant")
    funding_rate: BoundQuestion = question(
        "value funding_rate(premiums: rate to 0.0001%, samples: integer) -> rate to 0.0001%"
    )
    funding_per_unit: BoundQuestion = question(
        "value funding_per_unit(mark: price(USD) to 0.0001, funding: rate to 0.0001%) -> price(USD) to 0.0001"
    )
    funding_payment: BoundQuestion = question(
        f"value funding_payment(side: Side, size: quantity to 0.0001, per_unit: price(USD) to 0.0001) -> {_UNITS}"
    )
    unpayable: BoundQuestion = question(
        f"decision funding_unpayable(bucket: MarginBucket, payment: {_UNITS})", MarginBucket=_BUCKET
    )
    # liquidation and who bears a loss
    due: BoundQuestion = question(
        "decision liquidation_due(bucket: MarginBucket)", MarginBucket=_BUCKET, PerpetualPosition=_POSITION
    )
    liquidated_first: BoundQuestion = question(
        "priority liquidation(position: PerpetualPosition)", PerpetualPosition=_POSITION
    )
    step: BoundQuestion = question(
        f"value liquidation_step(position: PerpetualPosition, equity_left: {_UNITS}) -> quantity to 0.0001",
        PerpetualPosition=_POSITION,
    )
    worst_price: BoundQuestion = question(
        f"value worst_price(position: PerpetualPosition, equity_left: {_UNITS}, beyond_the_fund: {_UNITS})"
        " -> price(USD) to 0.0001",
        PerpetualPosition=_POSITION,
    )
    liquidation_fee: BoundQuestion = question(
        f"value liquidation_fee(closed: {_UNITS}, equity_left: {_UNITS}) -> {_UNITS}"
    )
    beyond_fund: BoundQuestion = question(
        f"value loss_beyond_the_fund(loss: {_UNITS}, insurance_fund: {_UNITS}) -> {_UNITS}"
    )
    own_price: BoundQuestion = question(
        f"value own_closing_price(position: PerpetualPosition, loss: {_UNITS}, own_profit: {_UNITS}, "
        f"own_equity: {_UNITS}, deleveraged_at: price(USD) to 0.0001) -> price(USD) to 0.0001",
        PerpetualPosition=_POSITION,
    )
    deleveraging_due: BoundQuestion = question(
        f"decision deleveraging_due(loss: {_UNITS}, insurance_fund: {_UNITS}, unfilled: quantity to 0.0001)"
    )
    deleveraging_price: BoundQuestion = question(
        f"value deleveraging_price(position: PerpetualPosition, beyond_the_fund: {_UNITS}) -> price(USD) to 0.0001",
        PerpetualPosition=_POSITION,
    )
    deleveraged_first: BoundQuestion = question(
        "priority deleveraging(candidate: DeleveragingCandidate)",
        DeleveragingCandidate="position: PerpetualPosition, bucket: MarginBucket",
        PerpetualPosition=_POSITION,
        MarginBucket=_BUCKET,
    )


def perpetual_rules(rulebook: Rulebook) -> PerpetualRules:
    """The rules of the desk on the rulebook's date. Raises PolicyError with all that is missing or unfit."""
    return bind(PerpetualRules, rulebook, WHO)

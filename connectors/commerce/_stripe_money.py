"""Fees, payouts and disputes of Stripe as canonical records; the rules are in `stripe`'s docstring."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from connectors.commerce import _stripe_parts as parts
from connectors.commerce import _stripe_wire as wire
from connectors.commerce._stripe_sales import sale_records
from connectors.errors import MappingProblem
from connectors.session import MapContext
from connectors.vocabulary import word
from ledger.commerce import (
    Deleted,
    Dispute,
    DisputeOutcome,
    Fee,
    FeeKind,
    Payout,
    PayoutItem,
    PayoutItemKind,
    Record,
    Tax,
)
from ledger.zones import localize

# The parts of a fee → for what; tax on them is told apart.
_DETAILS: Final[dict[str, FeeKind | None]] = {
    "stripe_fee": "processing",
    "payment_method_passthrough_fee": "processing",
    "application_fee": "platform",
    "tax": None,
}
# Rows that are nothing but a fee, by reporting category.
_OWN_FEES: Final = ("fee", "network_cost", "tax")
_DISPUTED: Final = ("dispute", "dispute_reversal")
_UNBOOKED: Final = (
    *("charge_failure", "payout", "payout_reversal"),  # told by charges and payouts themselves
    *("payout_minimum_balance_hold", "payout_minimum_balance_release"),  # stays at Stripe, and in its clearing account
)
# Rows of a payout, by reporting category → what they do in it.
_ENTRIES: Final[dict[str, PayoutItemKind]] = {
    "charge": "charge",
    **dict.fromkeys(_UNBOOKED, "charge"),
    **dict.fromkeys(("refund", "refund_failure"), "refund"),
    **dict.fromkeys(_DISPUTED, "dispute"),
    **dict.fromkeys(("risk_reserved_funds", "connect_reserved_funds"), "reserve"),
    **dict.fromkeys(("advance", "advance_funding", "financing_payout"), "advance"),
    **dict.fromkeys(
        ("anticipation_repayment", "financing_paydown", "financing_paydown_reversal", "financing_payout_reversal"),
        "advance_repayment",
    ),
    **dict.fromkeys(
        (
            *("other_adjustment", "partial_capture_reversal", "platform_earning", "platform_earning_refund"),
            *("topup", "topup_reversal", "transfer", "transfer_reversal", "connect_collection_transfer"),
            *("contribution", "climate_order_purchase", "climate_order_refund", "currency_conversion"),
            *("issuing_authorization_hold", "issuing_authorization_release", "issuing_transaction", "issuing_dispute"),
            *("issuing_disbursement", "fee_credit_funding", "unreconciled_customer_funds"),
        ),
        "adjustment",
    ),
}
# What only a row of the ledger tells, and no charge, refund, dispute or payout.
_ALONE: Final = ("reserve", "advance", "advance_repayment", "adjustment")
_DONE: Final = {"paid": True, "in_transit": True, "pending": True, "failed": False, "canceled": False}
_STATUSES: Final[dict[str, DisputeOutcome]] = {
    **dict.fromkeys(("warning_needs_response", "warning_under_review", "warning_closed"), "inquiry"),
    **dict.fromkeys(("charge_refunded", "prevented"), "inquiry"),
    **dict.fromkeys(("needs_response", "under_review"), "open"),
    "won": "won",
    "lost": "lost",
}


def transaction_records(row: wire.Transaction, context: MapContext) -> list[Record]:
    """The sale, the fees and the movement of which a row of the ledger tells. A kind of row that is new is told."""
    return [*sale_records(row, context), *fees_of(row), *_movement(row, context)]


def _movement(row: wire.Transaction, context: MapContext) -> list[Payout]:
    """What moves in the balance and to or from nobody's bank: as a payout of nothing, where payouts do not list it."""
    said = row.reporting_category or ""
    if said in _OWN_FEES:
        return []
    kind = word(_ENTRIES, said, "$.reporting_category", "reporting category")
    if kind not in _ALONE or not parts.is_told_by_ledger(context):
        return []
    currency, at = parts.currency_of(row.currency, "$.currency"), parts.instant(row.created)
    amount, source = parts.units(row.amount, currency, "$.amount"), parts.source_id(row)
    items = (PayoutItem(kind, amount, source, at, row.type), PayoutItem("charge", -amount, row.id, at, "balance"))
    return [Payout(row.id, currency, at, at, 0, items, provider=parts.PROVIDER)] if amount else []


def fees_of(row: wire.Transaction) -> list[Fee]:
    """What Stripe, and whoever made the app, took with this row; negative when given back."""
    currency, at = parts.currency_of(row.currency, "$.currency"), parts.instant(row.created)
    amounts: dict[FeeKind, int] = {}
    tax = 0
    for number, detail in enumerate(row.fee_details or ()):
        amount = parts.units(detail.amount, currency, f"$.fee_details[{number}].amount")
        kind = word(_DETAILS, detail.type, f"$.fee_details[{number}].type", "type of fee")
        if kind is None:
            tax += amount
            continue
        if kind == "processing" and row.reporting_category in _DISPUTED:
            kind = "chargeback"
        amounts[kind] = amounts.get(kind, 0) + amount
    if sum(amounts.values()) + tax != parts.units(row.fee, currency, "$.fee"):
        raise MappingProblem("malformed", "$.fee_details", "its parts are not the fee")
    platform = amounts.pop("platform", 0)
    kind, amount = next(iter(amounts.items()), ("processing", 0))
    if row.reporting_category in _OWN_FEES:
        own = -parts.units(row.amount, currency, "$.amount")
        kind, amount, tax = _own(row, own, amount, tax)
    found = []
    if amount or tax:
        taxes = (Tax("stripe_fees", "Tax on fees", tax),) if tax else ()
        found.append(_fee(row, row.id, currency, at, amount, kind, taxes))
    if platform:
        found.append(_fee(row, f"{row.id}:application_fee", currency, at, platform, "platform"))
    return found


def _own(row: wire.Transaction, own: int, amount: int, tax: int) -> tuple[FeeKind, int, int]:
    """Kind, amount and tax of a row that is nothing but a fee."""
    if row.reporting_category == "tax":
        return "processing", amount, tax + own
    if row.type == "stripe_fx_fee":
        return "conversion", amount + own, tax
    return ("processing" if row.reporting_category == "network_cost" else "other"), amount + own, tax


def _fee(
    row: wire.Transaction, fee_id: str, currency: str, at: datetime, amount: int, kind: FeeKind,
    taxes: tuple[Tax, ...] = (),
) -> Fee:  # fmt: skip
    return Fee(
        fee_id, currency, at, at, amount, kind, taxes, provider=parts.PROVIDER, settles=parts.source_id(row)
    )  # fmt: skip


def payout_records(row: wire.Payout, context: MapContext) -> list[Payout | Deleted]:
    """The transfer with what it is made of, where Stripe says so.

    One that the bank did not take transferred nothing, but what it was made of is in no other: it stays, with amount 0.
    """
    currency, at = parts.currency_of(row.currency, "$.currency"), parts.instant(row.created)
    amount = parts.units(row.amount, currency, "$.amount")
    items: list[PayoutItem] = []
    for number, entry in enumerate(row.entries or ()):
        items += _items(entry, row.id, f"$.entries[{number}]", context)
    if not word(_DONE, row.status, "$.status", "status"):
        back = row.failure_balance_transaction
        at = at if back is None else parts.instant(back.created)
        if row.entries is None:
            return [Deleted(row.id, currency, at, at)]
        items.append(PayoutItem("charge", -amount, row.id, at, "payout_failure"))
        amount = 0
    # A date, told as its midnight in UTC. At noon no hour at which the merchant's day may end moves it.
    day = parts.instant(row.arrival_date).date()
    trace = row.trace_id.value if row.trace_id is not None else None
    return [
        Payout(
            id=row.id,
            currency=currency,
            arrives_on=localize(datetime.combine(day, time(12)), context.zone),
            updated_at=at,
            amount=amount,
            items=tuple(items) if row.entries is not None else None,
            provider=parts.PROVIDER,
            bank_reference=trace or row.statement_descriptor or "",
        )
    ]


def _items(entry: wire.Transaction, payout: str, path: str, context: MapContext) -> list[PayoutItem]:
    currency, at = parts.currency_of(entry.currency, f"{path}.currency"), parts.instant(entry.created)
    said = entry.reporting_category or ""
    items = []
    fees = fees_of(entry)
    if said not in _OWN_FEES and parts.source_id(entry) != payout:
        kind = word(_ENTRIES, said, f"{path}.reporting_category", "reporting category")
        if kind in _ALONE and parts.is_told_by_ledger(context):
            kind = "charge"
        amount = parts.units(entry.amount, currency, f"{path}.amount")
        items.append(PayoutItem(kind, amount, parts.source_id(entry), at, entry.type))
    for fee in fees:
        taken = fee.amount + sum(tax.amount for tax in fee.taxes)
        items.append(PayoutItem("fee" if taken > 0 else "fee_refund", -taken, fee.id, at, entry.type))
    return items


def dispute_records(row: wire.Dispute, context: MapContext) -> list[Dispute]:
    """A chargeback as far as it moved money, in the currency that it moved; an inquiry moves none."""
    outcome: DisputeOutcome = word(_STATUSES, row.status, "$.status", "status")
    moves = sorted(row.balance_transactions or (), key=lambda move: move.created)
    taken = next((move for move in moves if move.amount < 0), None)
    currency, stated = parts.currency_of(row.currency, "$.currency"), row.amount
    if taken is None:
        outcome = "inquiry"
    else:
        currency, stated = parts.currency_of(taken.currency, "$.balance_transactions[0].currency"), -taken.amount
        left = -sum(move.amount for move in moves)
        if outcome == "won" and left:  # the word comes before the money
            outcome = "open"
        if outcome == "inquiry":
            outcome = "won" if not left else "open"
        if left != (0 if outcome == "won" else stated):
            raise MappingProblem("malformed", "$.balance_transactions", "another amount came back than was taken")
    last = moves[-1].created if moves else row.created
    closed = None
    if outcome == "won":
        closed = last
    if outcome == "lost":
        closed = row.closed_at
    return [
        Dispute(
            id=row.id,
            currency=currency,
            opened_at=parts.instant(taken.created if taken is not None else row.created),
            updated_at=parts.instant(max(row.created, last, closed or 0)),
            amount=parts.units(stated, currency, "$.amount"),
            outcome=outcome,
            closed_at=None if closed is None else parts.instant(closed),
            tender_id=row.charge or "",
            provider=parts.PROVIDER,
        )
    ]

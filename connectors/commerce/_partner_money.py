"""Transactions and disputes of the published shapes as canonical records."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from connectors.commerce import _partner_wire as wire
from connectors.commerce._partner_lines import extensions
from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_values import created, instant, known, minor, scale_of, updated
from connectors.session import MapContext
from ledger.commerce import Deleted, Dispute, DisputeOutcome, Fee, Payout, Record, Refund, Tender

# Payment is on the order; "Unknown" is left out: which way the money went cannot be guessed.
TYPES: Final = {
    "Payment": "nothing",
    "Refund": "refund",
    "PaymentFee": "fee",
    "PaymentFeeRefund": "fee back",
    "Payout": "payout",
    "Transfer": "payout",
    "FailedPayout": "failed payout",
}
OUTCOMES: Final[dict[str, DisputeOutcome]] = {
    "Won": "won",
    "Lost": "lost",
    "Accepted": "lost",
    "ChargeRefunded": "lost",
    "Processing": "open",
    "EvidenceRequired": "open",
    "WaitingThirdParty": "open",
    "InquiryEvidenceRequired": "inquiry",
    "InquiryProcessing": "inquiry",
    "InquiryClosed": "inquiry",
}


def transaction_records(row: wire.Transaction, context: MapContext) -> list[Record]:
    """The fee, refund or payout that a transaction is; nothing for a payment."""
    scale = scale_of(row, row.currency, context.currency)
    meaning = known(TYPES, row.type, row, ".type")
    at, updated_at = _instants(row, context)
    amount = abs(minor(row.total_amount, scale))
    if meaning == "nothing" or (meaning == "refund" and context.settings.get("refunds_from") == "orders"):
        return []
    own_id, said = str(row.id), extensions(row.supplemental_data)
    if said.deleted or said.voided:
        return [Deleted(own_id, scale.currency, updated_at, updated_at)]
    source = row.transaction_source_ref
    source_id = str(source.id) if source else ""
    if meaning == "refund":
        order_id = source_id if source and source.type == "Order" else ""
        tender = Tender(own_id, "card", amount, at, row.sub_type or "")
        restocked = bool(said.restocked)
        return [Refund(own_id, order_id, scale.currency, at, updated_at, None, (tender,), amount, restocked=restocked)]
    if meaning == "payout":
        return [Payout(own_id, scale.currency, at, updated_at, amount)]
    if meaning == "failed payout":
        # The payout itself, which then never arrived, or a row of its own that names what it undoes.
        if source_id in ("", own_id):
            return [Deleted(own_id, scale.currency, updated_at, updated_at)]
        return [Payout(own_id, scale.currency, at, updated_at, -amount)]
    charged = amount if meaning == "fee" else -amount
    return [Fee(own_id, scale.currency, at, updated_at, charged, settles=source_id)]


def dispute_records(row: wire.Dispute, context: MapContext) -> list[Record]:
    """The dispute; it is closed, when it is won or lost, by its last change."""
    scale = scale_of(row, row.currency, context.currency)
    outcome = known(OUTCOMES, row.status, row, ".status")
    opened_at, updated_at = _instants(row, context)
    sources = {source.type: str(source.id) for source in reversed(row.disputed_transactions or [])}
    record = Dispute(
        str(row.id),
        scale.currency,
        opened_at,
        updated_at,
        abs(minor(row.total_amount, scale)),
        outcome,
        updated_at if outcome in ("won", "lost") else None,
        sources.get("Payment", ""),
        sources.get("Order", ""),
    )
    return [record]


def _instants(row: wire.Transaction | wire.Dispute, context: MapContext) -> tuple[datetime, datetime]:
    """When it happened and when it changed last."""
    at = None
    if isinstance(row, wire.Transaction):
        at = instant(row.source_created_date, context.zone, row, ".sourceCreatedDate")
    at = at or created(row, context.zone)
    updated_at = updated(row, context.zone) or at or context.received_at
    at = at or updated_at
    if at is None or updated_at is None:
        raise Unfit("bad_time", row, ".createdDate", {"value": ""})
    return at, updated_at

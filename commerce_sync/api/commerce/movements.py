"""Refunds, fees and payouts as published transactions, and disputes. Pure.

Amounts of transactions are positive and the type tells the direction, except for a payout by which the processor took
money: it is negative. A payment of a customer is no transaction here but a payment: it is told once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET

from commerce_sync.api.commerce import shapes
from commerce_sync.api.commerce.amounts import major
from commerce_sync.api.commerce.orders import supplement
from commerce_sync.api.commerce.words import DISPUTE_STATUSES
from ledger.commerce import Dispute, Fee, Payout, Refund


def transaction_shape(row: Refund | Fee | Payout, modified_at: datetime) -> shapes.Transaction:
    """The movement."""
    said = {"channel": row.channel} if row.channel else {}
    match row:
        case Refund():
            return _refund(row, modified_at, said)
        case Fee():
            return _fee(row, modified_at, said)
        case Payout():
            return _payout(row, modified_at, said)


def dispute_shape(row: Dispute, modified_at: datetime) -> shapes.Dispute:
    """The dispute, with what it is about."""
    sources = [("Payment", row.tender_id), ("Order", row.order_id)]
    said = {name: value for name in ("channel", "method") if (value := getattr(row, name)) and value != "card"}
    return shapes.Dispute(
        id=row.id,
        disputed_transactions=[shapes.SourceRef(id=source, type=kind) for kind, source in sources if source],
        total_amount=major(row.amount, row.currency),
        currency=row.currency,
        status=DISPUTE_STATUSES[row.outcome],
        created_date=row.opened_at,
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=supplement(shapes.Beyond(**said)) if said else UNSET,
    )


def _refund(row: Refund, modified_at: datetime, said: dict[str, Any]) -> shapes.Transaction:
    said |= {"reason": row.reason} if row.reason else {}
    said |= {"restocked": True} if row.restocked else {}
    labels = {tender.label for tender in row.tenders}
    return shapes.Transaction(
        id=row.id,
        total_amount=major(row.stated, row.currency),
        currency=row.currency,
        type="Refund",
        sub_type=(labels.pop() or UNSET) if len(labels) == 1 else UNSET,
        transaction_source_ref=shapes.SourceRef(id=row.order_id, type="Order") if row.order_id else UNSET,
        created_date=row.refunded_at,
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=supplement(shapes.Beyond(**said)) if said else UNSET,
    )


def _fee(row: Fee, modified_at: datetime, said: dict[str, Any]) -> shapes.Transaction:
    said |= {"kind": row.kind} if row.kind != "processing" else {}
    if row.taxes:
        taxes = [shapes.FeeTax(name=tax.name, amount=major(tax.amount, row.currency)) for tax in row.taxes]
        said["taxes"] = taxes
    charged = row.amount + sum(tax.amount for tax in row.taxes)
    return shapes.Transaction(
        id=row.id,
        total_amount=major(abs(charged), row.currency),
        currency=row.currency,
        type="PaymentFee" if charged >= 0 else "PaymentFeeRefund",
        # What kind of thing it settles was not kept, only which.
        transaction_source_ref=shapes.SourceRef(id=row.settles, type="Unknown") if row.settles else UNSET,
        created_date=row.charged_at,
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=supplement(shapes.Beyond(**said)) if said else UNSET,
    )


def _payout(row: Payout, modified_at: datetime, said: dict[str, Any]) -> shapes.Transaction:
    said |= {"bank_reference": row.bank_reference} if row.bank_reference else {}
    return shapes.Transaction(
        id=row.id,
        total_amount=major(row.amount, row.currency),
        currency=row.currency,
        type="Payout",
        created_date=row.arrives_on,
        modified_date=modified_at,
        source_modified_date=row.updated_at,
        supplemental_data=supplement(shapes.Beyond(**said)) if said else UNSET,
    )

"""Fees and payouts of Square as canonical records; the rules are in `square`'s docstring."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from connectors.commerce import _square_lines as parts
from connectors.commerce import _square_money_wire as wire
from connectors.commerce._square_wire import ProcessingFee
from connectors.session import MapContext
from connectors.vocabulary import choice, word
from ledger.commerce import Deleted, Fee, FeeKind, Payout, PayoutItem, PayoutItemKind, Record, Tax
from ledger.zones import localize

# Entries of a payout that are fees which nothing else tells of → what they are for.
OWN_FEES: Final[dict[str, FeeKind]] = {
    "FEE": "processing",
    "FREE_PROCESSING": "processing",
    "DEPOSIT_FEE": "other",
    "DEPOSIT_FEE_REVERSED": "other",
    "PAID_SERVICE_FEE": "subscription",
    "PAID_SERVICE_FEE_REFUND": "subscription",
    "SUBSCRIPTION_FEE": "subscription",
    "SUBSCRIPTION_FEE_PAID_REFUND": "subscription",
    "SUBSCRIPTION_FEE_REFUND": "subscription",
    "THIRD_PARTY_FEE": "platform",
    "THIRD_PARTY_FEE_REFUND": "platform",
    "GIFT_CARD_LOAD_FEE": "processing",
    "GIFT_CARD_LOAD_FEE_REFUND": "processing",
    "UNDO_GIFT_CARD_LOAD_FEE_REFUND": "processing",
    "LOCAL_OFFERS_FEE": "other",
    "TAX_ON_FEE": "other",
}
_ADJUSTMENTS: Final = (
    *("ADJUSTMENT", "APP_FEE_REFUND", "APP_FEE_REVENUE", "AUTOMATIC_SAVINGS", "AUTOMATIC_SAVINGS_REVERSED"),
    *("ESCHEATMENT", "INITIAL_BALANCE_CHANGE", "MONEY_TRANSFER", "MONEY_TRANSFER_REVERSAL", "OTHER"),
    *("OTHER_ADJUSTMENT", "REDEMPTION_CODE", "AUTOMATIC_BITCOIN_CONVERSIONS", "LOCAL_OFFERS_CASHBACK"),
    *("AUTOMATIC_BITCOIN_CONVERSIONS_REVERSED", "CREDIT_CARD_REPAYMENT", "CREDIT_CARD_REPAYMENT_REVERSED"),
    *("PERCENTAGE_PROCESSING_ENROLLMENT", "PERCENTAGE_PROCESSING_DEACTIVATION", "GIFT_CARD_POOL_TRANSFER"),
    *("PERCENTAGE_PROCESSING_REPAYMENT", "PERCENTAGE_PROCESSING_REPAYMENT_REVERSED", "BALANCE_FOLDERS_TRANSFER"),
    *("BALANCE_FOLDERS_TRANSFER_REVERSED", "GIFT_CARD_POOL_TRANSFER_REVERSED", "SQUARE_PAYROLL_TRANSFER"),
    "SQUARE_PAYROLL_TRANSFER_REVERSED",
)
# The others → what they do in a payout. Fees of payments and refunds are told by these themselves.
ENTRIES: Final[dict[str, PayoutItemKind]] = {
    "CHARGE": "charge",
    "REFUND": "refund",
    "PAYOUT": "charge",  # a simple payout, which was booked on its own day
    "RETURNED_PAYOUT": "charge",
    "DISPUTE": "dispute",
    "OPEN_DISPUTE": "dispute",
    "RESERVE_HOLD": "reserve",
    "RESERVE_RELEASE": "reserve",
    "HOLD_ADJUSTMENT": "reserve",
    "RELEASE_ADJUSTMENT": "reserve",
    "SQUARE_CAPITAL_PAYMENT": "advance_repayment",
    "SQUARE_CAPITAL_REVERSED_PAYMENT": "advance_repayment",
    "PROCESSING_FEE": "fee",
    "PROCESSING_FEE_REFUND": "fee",
    "UNDO_PROCESSING_FEE_REFUND": "fee",
    **dict.fromkeys(_ADJUSTMENTS, "adjustment"),
}
FEE_ENTRIES: Final = ("entries", "payments")
_PAYMENTS_WITH_FEES: Final = ("COMPLETED", "APPROVED")


def fees_of(
    fees: list[ProcessingFee] | None, first_id: str, at: datetime, updated: datetime, location: str | None, settles: str
) -> list[Fee]:
    """What Square took for a payment or a refund; negative when given back. A later adjustment is a fee of its own."""
    found = []
    for number, fee in enumerate(fees or ()):
        amount = parts.needed(fee.amount_money, f"$.processing_fee[{number}].amount_money")
        currency = parts.currency_of(fee.amount_money, f"$.processing_fee[{number}].amount_money")
        found.append(
            Fee(
                id=first_id if number == 0 else f"{first_id}:{number}",
                currency=currency,
                charged_at=fee.effective_at or at,
                updated_at=updated,
                amount=amount,
                provider=parts.PROVIDER,
                settles=settles,
                location=location or "",
            )
        )
    return found


def payment_records(row: wire.Payment, context: MapContext) -> list[Fee]:
    """Only the fees of a payment: the money itself is the tender of its order."""
    if row.status not in (None, *_PAYMENTS_WITH_FEES):
        return []
    return fees_of(
        row.processing_fee, row.id, row.created_at, row.updated_at or row.created_at, row.location_id, row.id
    )


def payout_records(row: wire.Payout, context: MapContext) -> list[Record]:
    """The transfer with what it is made of, and the fees that only a payout tells of."""
    currency = parts.currency_of(row.amount_money, "$.amount_money")
    updated = row.updated_at or row.created_at
    if word({"SENT": True, "PAID": True, "FAILED": False}, row.status or "PAID", "$.status", "status") is False:
        return [Deleted(row.id, currency, updated, updated)]
    arrives = row.created_at
    if row.arrival_date is not None:  # at noon, so that no hour at which the merchant's day may end moves it
        arrives = localize(datetime.combine(row.arrival_date, time(12)), context.zone)
    items: list[PayoutItem] = []
    fees: list[Record] = []
    has_own_fees = choice(context.settings, "fees_of_payouts", FEE_ENTRIES) == "entries"
    for number, entry in enumerate(row.payout_entries or ()):
        items += _items(entry, f"$.payout_entries[{number}]")
        if has_own_fees and entry.type in OWN_FEES:
            fees += _own_fee(entry, row, currency, updated, f"$.payout_entries[{number}]")
    payout = Payout(
        id=row.id,
        currency=currency,
        arrives_on=arrives,
        updated_at=updated,
        amount=parts.needed(row.amount_money, "$.amount_money"),
        # A "simple" payout is made of nothing that is listed; it appears in a later one as an entry.
        items=tuple(items) if row.payout_entries else None,
        provider=parts.PROVIDER,
        bank_reference=row.end_to_end_id or "",
        location=row.location_id,
    )
    return [payout, *fees]


def _items(entry: wire.Entry, path: str) -> list[PayoutItem]:
    details = entry.type_charge_details or entry.type_refund_details
    details = details or entry.type_dispute_details or entry.type_open_dispute_details
    source = ""
    if details is not None:
        source = details.refund_id or details.dispute_id or details.payment_id or ""
    net = parts.needed(entry.net_amount_money, f"{path}.net_amount_money")
    if entry.type in OWN_FEES:
        return [PayoutItem("fee" if net < 0 else "fee_refund", net, entry.id, entry.effective_at, entry.type)]
    kind = word(ENTRIES, entry.type, f"{path}.type", "type of payout entry")
    if kind == "fee" and net > 0:
        kind = "fee_refund"
    taken = parts.units(entry.fee_amount_money)
    items = [PayoutItem(kind, net + taken, source, entry.effective_at, entry.type)]
    if taken:
        items.append(PayoutItem("fee" if taken > 0 else "fee_refund", -taken, source, entry.effective_at, entry.type))
    return items


def _own_fee(entry: wire.Entry, row: wire.Payout, currency: str, updated: datetime, path: str) -> list[Record]:
    amount = -parts.needed(entry.net_amount_money, f"{path}.net_amount_money")
    is_tax = entry.type == "TAX_ON_FEE"
    return [
        Fee(
            id=entry.id,
            currency=currency,
            charged_at=entry.effective_at or row.created_at,
            updated_at=updated,
            amount=0 if is_tax else amount,
            kind=OWN_FEES[entry.type],
            taxes=(Tax("square_fees", "Tax on fees", amount),) if is_tax else (),
            provider=parts.PROVIDER,
            settles=row.id,
            location=row.location_id,
        )
    ]

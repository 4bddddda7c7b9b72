"""Fees, payouts and disputes of Shopify Payments as canonical records; the rules are in `shopify`'s docstring."""

from __future__ import annotations

from typing import Final

from connectors.commerce import _shopify_lines as parts
from connectors.commerce import _shopify_wire as wire
from connectors.session import MapContext
from connectors.vocabulary import choice, word
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
)

_BACK: Final = "_REVERSAL"  # of a movement: the same the other way round
# Movements that are fees themselves → what they are for. All others may have a fee beside their amount.
OWN_FEES: Final[dict[str, FeeKind]] = {
    **dict.fromkeys(("CHARGEBACK_FEE", "CHARGEBACK_FEE_REFUND", "CHARGEBACK_PROTECTION_DEBIT"), "chargeback"),
    **dict.fromkeys(("ACH_BANK_FAILURE_DEBIT_FEE", "ACH_BANK_FAILURE_DEBIT_REVERSAL_FEE"), "processing"),
    **dict.fromkeys(("STRIPE_FEE", "APPLICATION_FEE_REFUND"), "processing"),
    **dict.fromkeys(("REFERRAL_FEE", "REFERRAL_FEE_TAX", "MARKETPLACE_FEE_CREDIT"), "platform"),
    **dict.fromkeys(("BILLING_DEBIT", "SHOP_CASH_BILLING_DEBIT"), "subscription"),
    **dict.fromkeys(
        ("SHIPPING_LABEL", "SHIPPING_LABEL_ADJUSTMENT", "SHIPPING_LABEL_ADJUSTMENT_BASE"), "shipping_label"
    ),
    **dict.fromkeys(
        (
            *("SHIPPING_LABEL_ADJUSTMENT_SURCHARGE", "SHIPPING_OTHER_CARRIER_CHARGE_ADJUSTMENT"),
            "SHIPPING_RETURN_TO_ORIGIN_ADJUSTMENT",
        ),
        "shipping_label",
    ),
}
_ADJUSTMENTS: Final = (
    *("ADJUSTMENT", "ADS_PUBLISHER_CREDIT", "ANOMALY_CREDIT", "ANOMALY_DEBIT", "BALANCE_TRANSFER_INBOUND"),
    *("BALANCE_TRANSFER_OUTBOUND", "CHANNEL_CREDIT", "CHANNEL_PROMOTION_CREDIT", "CHANNEL_TRANSFER_CREDIT"),
    *("CHANNEL_TRANSFER_DEBIT", "CHARGEBACK_PROTECTION_CREDIT", "COLLECTIONS_CREDIT", "CUSTOMS_DUTY"),
    *("CUSTOMS_DUTY_ADJUSTMENT", "IMPORT_TAX", "IMPORT_TAX_ADJUSTMENT", "IMPORT_TAX_REFUND", "MARKETS_PRO_CREDIT"),
    *("MERCHANT_GOODWILL_CREDIT", "MERCHANT_TO_MERCHANT_CREDIT", "MERCHANT_TO_MERCHANT_DEBIT", "PROMOTION_CREDIT"),
    *("SELLER_PROTECTION_CREDIT", "SHOPIFY_COLLECTIVE_CREDIT", "SHOPIFY_COLLECTIVE_DEBIT", "SHOPIFY_SOURCE_CREDIT"),
    *("SHOPIFY_SOURCE_DEBIT", "SHOP_CASH_CAMPAIGN_BILLING_CREDIT", "SHOP_CASH_CAMPAIGN_BILLING_DEBIT"),
    *("SHOP_CASH_CREDIT", "SHOP_CASH_REFUND_DEBIT", "VAT_REFUND_CREDIT"),
)
# The others → what they do in a payout.
MOVEMENTS: Final[dict[str, PayoutItemKind]] = {
    **dict.fromkeys(("CHARGE", "CHARGE_ADJUSTMENT"), "charge"),
    # A payout that came back, which was booked on its own day.
    **dict.fromkeys(("TRANSFER", "TRANSFER_CANCEL", "TRANSFER_FAILURE", "TRANSFER_REFUND"), "charge"),
    **dict.fromkeys(("REFUND", "REFUND_ADJUSTMENT", "REFUND_FAILURE"), "refund"),
    **dict.fromkeys(("DISPUTE_WITHDRAWAL", "DISPUTE", "CHARGEBACK_HOLD", "CHARGEBACK_HOLD_RELEASE"), "dispute"),
    **dict.fromkeys(("RESERVED_FUNDS", "RESERVED_FUNDS_WITHDRAWAL", "RISK", "RISK_WITHDRAWAL"), "reserve"),
    **dict.fromkeys(("ADVANCE", "ADVANCE_FUNDING", "LENDING_CREDIT", "LENDING_CAPITAL_REFUND"), "advance"),
    **dict.fromkeys(
        (
            *("LENDING_CAPITAL_REMITTANCE", "LENDING_CREDIT_REFUND", "LENDING_CREDIT_REMITTANCE"),
            "LENDING_DEBIT",
        ),
        "advance_repayment",
    ),
    **dict.fromkeys(_ADJUSTMENTS, "adjustment"),
    **dict.fromkeys(("TAX_ADJUSTMENT_CREDIT", "TAX_ADJUSTMENT_DEBIT"), "adjustment"),
}
TAX_ADJUSTMENTS: Final = ("withheld", "adjustment")
_PAYOUTS: Final = {
    "PAID": True,
    **dict.fromkeys(("SCHEDULED", "IN_TRANSIT"), None),
    **dict.fromkeys(("CANCELED", "FAILED"), False),
}
_DISPUTES: Final[dict[str, DisputeOutcome]] = {
    **dict.fromkeys(("NEEDS_RESPONSE", "UNDER_REVIEW"), "open"),
    **dict.fromkeys(("LOST", "ACCEPTED"), "lost"),
    "WON": "won",
    # No chargeback has come of it: the money went back as a refund, which the order tells of, or not at all.
    **dict.fromkeys(("PREVENTED", "CHARGE_REFUNDED"), "inquiry"),
}


def balance_records(row: wire.BalanceTransaction, context: MapContext) -> list[Fee]:
    """What Shopify took for a movement: the money itself is told by orders, refunds, disputes and payouts."""
    if row.test:
        return []
    currency = parts.currency_of(row.net.currency_code, "$.net.currencyCode")
    kind = _base(row.type)
    taken = parts.amount(row.fee, currency, "$.fee")
    own = OWN_FEES.get(kind)
    if own is not None:
        taken -= parts.amount(row.amount, currency, "$.amount")
    else:
        word(MOVEMENTS, kind, "$.type", "type of balance transaction")
    if not taken:
        return []
    return [
        Fee(
            id=row.id,
            currency=currency,
            charged_at=row.transaction_date,
            updated_at=row.transaction_date,
            amount=taken,
            kind=own or ("chargeback" if MOVEMENTS[kind] == "dispute" else "processing"),
            provider=parts.PROVIDER,
            settles=_source(row),
        )
    ]


def payout_records(row: wire.Payout, context: MapContext) -> list[Record]:
    """A transfer to the bank, or from it, with what it is made of."""
    currency = parts.currency_of(row.net.currency_code, "$.net.currencyCode")
    is_paid = word(_PAYOUTS, row.status, "$.status", "status")
    if is_paid is None:
        return []
    if not is_paid:
        return [Deleted(row.legacy_resource_id, currency, row.issued_at, row.issued_at)]
    way = word({"DEPOSIT": 1, "WITHDRAWAL": -1}, row.transaction_type, "$.transactionType", "transactionType")
    net = parts.amount(row.net, currency, "$.net")
    items: list[PayoutItem] = []
    for place, entry in enumerate(row.balance_transactions or ()):
        if not entry.test:
            items += _items(entry, currency, context, f"$.balanceTransactions[{place}]")
    return [
        Payout(
            id=row.legacy_resource_id,
            currency=currency,
            arrives_on=row.issued_at,
            updated_at=row.issued_at,
            amount=net if way > 0 else -abs(net),
            items=tuple(items) if row.balance_transactions is not None else None,
            provider=parts.PROVIDER,
            bank_reference=row.external_trace_id or "",
        )
    ]


def dispute_records(row: wire.Dispute, context: MapContext) -> list[Dispute]:
    """A chargeback; an inquiry moves no money."""
    outcome: DisputeOutcome = word(_DISPUTES, row.status, "$.status", "status")
    is_inquiry = word({"CHARGEBACK": False, "INQUIRY": True}, row.type, "$.type", "type")
    currency = parts.currency_of(row.amount.currency_code, "$.amount.currencyCode")
    return [
        Dispute(
            id=row.legacy_resource_id,
            currency=currency,
            opened_at=row.initiated_at,
            updated_at=row.finalized_on or row.initiated_at,
            amount=abs(parts.amount(row.amount, currency, "$.amount")),
            outcome="inquiry" if is_inquiry else outcome,
            closed_at=(row.finalized_on or row.initiated_at) if outcome in ("won", "lost") else None,
            order_id=row.order.legacy_resource_id if row.order is not None else "",
            provider=parts.PROVIDER,
        )
    ]


def _items(entry: wire.BalanceTransaction, currency: str, context: MapContext, path: str) -> list[PayoutItem]:
    """A movement in a payout, with the fee beside it."""
    kind, source, at = _base(entry.type), _source(entry), entry.transaction_date
    moved = parts.amount(entry.amount, currency, f"{path}.amount")
    taken = parts.amount(entry.fee, currency, f"{path}.fee")
    if kind in OWN_FEES:
        moved, taken = 0, taken - moved
    items = []
    if moved:
        found: PayoutItemKind = word(MOVEMENTS, kind, f"{path}.type", "type of balance transaction")
        if (
            kind.startswith("TAX_ADJUSTMENT")
            and choice(context.settings, "tax_adjustments", TAX_ADJUSTMENTS) == "withheld"
        ):
            found = "charge"  # the orders have told of it: it is tax that the marketplace owes
        items.append(PayoutItem(found, moved, source, at, entry.type))
    if taken:
        items.append(PayoutItem("fee" if taken > 0 else "fee_refund", -taken, source, at, entry.type))
    return items


def _base(kind: str) -> str:
    """The kind of a movement without the word that turns it round: its amount has the sign already."""
    return kind.removesuffix(_BACK)


def _source(row: wire.BalanceTransaction) -> str:
    """The payment that a movement is about, where it is about one, else what else caused it."""
    found = row.source_order_transaction_id or row.source_id
    return str(found)[:100] if found is not None else ""

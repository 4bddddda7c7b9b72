"""Canonical words in the words of the contract. Pure; the other way round is each platform's mapping."""

from __future__ import annotations

from typing import Final

from ledger.commerce import DisputeOutcome, TenderMethod

# Of several published types of payment with one meaning, the plainest.
PAYMENT_TYPES: Final[dict[TenderMethod, str]] = {
    "card": "Card",
    "cash": "Cash",
    "gift_card": "Prepaid",
    "store_credit": "StoreCredit",
    "pay_later": "Custom",
    "bank": "Invoice",
    "external": "Mobile",
    "other": "Custom",
}
# A label that is a published type and means this method was that type.
TYPE_LABELS: Final[dict[str, TenderMethod]] = {
    "Cash": "cash",
    "Card": "card",
    "Invoice": "bank",
    "OnlineCard": "card",
    "Swish": "external",
    "Vipps": "external",
    "Mobile": "external",
    "StoreCredit": "store_credit",
    "Paypal": "external",
    "Custom": "other",
    "Prepaid": "gift_card",
    "Unknown": "other",
}
DISPUTE_STATUSES: Final[dict[DisputeOutcome, str]] = {
    "won": "Won",
    "lost": "Lost",
    "open": "Processing",
    "inquiry": "InquiryProcessing",
}
PAID: Final = "Paid"

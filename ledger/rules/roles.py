"""The names of the roles, and how a line, a tender or a tax gets its own.

A role is a path: "sales:Food" falls back to "sales". What follows a kind is the merchant's own word, so a new category
or card brand never needs a change here.
"""

from __future__ import annotations

from typing import Final

from ledger.book import Policy
from ledger.commerce import Line, LineKind, Tax, Tender, TenderMethod

SALES: Final = "sales"
REFUNDS: Final = "refunds"
DISCOUNT: Final = "discount"
GIFT_CARD: Final = "gift_card"
GIFT_CARD_SOLD: Final = "gift_card:sold"
GIFT_CARD_REDEEMED: Final = "gift_card:redeemed"
GIFT_CARD_REFUNDED: Final = "gift_card:refunded"
STORE_CREDIT: Final = "store_credit"
PROMOTION: Final = "promotion"
RECEIVABLE: Final = "receivable"
PAYABLE: Final = "payable"
DEPOSIT: Final = "deposit"
OPEN_CHECK: Final = "open_check"
DEFERRED: Final = "deferred_revenue"
ROUNDING: Final = "rounding"  # what nobody explained: capped by the book
CASH_ROUNDING: Final = "rounding:cash"  # what the platform states as a line of its own
BANK: Final = "bank"
CASH: Final = "tender:cash"
COST: Final = "cogs"
INVENTORY: Final = "inventory"
SHRINKAGE: Final = "shrinkage"

_LINE_ROLES: Final[dict[LineKind, str]] = {
    "gift_card": GIFT_CARD_SOLD,
    "shipping": "shipping",
    "service_charge": "service_charge",
    "tip": "tip",
    "donation": "donation",
    "rounding": CASH_ROUNDING,
}


def line_role(line: Line, policy: Policy, location: str, channel: str, head: str = SALES) -> str:
    """The role of ``line``'s net; ``head`` is "sales" or "refunds" for goods, everything else has its own role."""
    if line.kind != "product":
        return _LINE_ROLES[line.kind]
    by = policy.sales_by
    if by == "category":
        detail = line.category
    elif by == "sku":
        detail = line.sku
    elif by == "location":
        detail = location
    else:
        detail = channel if by == "channel" else ""
    return f"{head}:{detail}" if detail else head


def tender_role(tender: Tender) -> str:
    """The role of a means of payment: gift cards and store credit are liabilities, the rest clears somewhere."""
    if tender.method == "gift_card":
        return GIFT_CARD_REDEEMED
    if tender.method == "store_credit":
        return STORE_CREDIT
    return clearing_role(tender.method, tender.provider or tender.label)


def clearing_role(method: TenderMethod, provider: str) -> str:
    """Where money of this kind waits for its payout; one per processor."""
    return f"tender:{method}:{provider}" if provider else f"tender:{method}"


def tax_role(tax: Tax) -> str:
    """One payable per component."""
    return f"tax:{tax.key}"


def treatment(taxes: tuple[Tax, ...] | None) -> str:
    """The tax treatment of a line: its components' keys, sorted ("gst+qst"), "" where there is no tax on it."""
    if not taxes:
        return ""
    return taxes[0].key if len(taxes) == 1 else "+".join(sorted(tax.key for tax in taxes))

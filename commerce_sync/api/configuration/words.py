"""The published words for the choices of a book. Pure."""

from __future__ import annotations

from typing import Final, Literal

from commerce_sync.api.configuration.shapes import Frequency, PostingMode
from commerce_sync.schedule import Frequency as Cadence
from ledger.book import Mode, Policy

MODES: Final[dict[Mode, PostingMode]] = {
    "journal": "journal",
    "invoice": "invoice",
    "per_order": "perOrder",
    "per_payout": "perPayout",
}
MODES_READ: Final[dict[PostingMode, Mode]] = {word: mode for mode, word in MODES.items()}
JOURNALS: Final = frozenset({"journal", "per_payout"})

FREQUENCIES: Final[dict[Cadence, Frequency]] = {"daily": "Daily", "monthly": "Monthly"}
FREQUENCIES_READ: Final[dict[Frequency, Cadence]] = {word: cadence for cadence, word in FREQUENCIES.items()}
CADENCES: Final[tuple[Cadence, ...]] = ("daily", "monthly", "hourly", "event")

SUBMITTED: Final = "Submitted"
DRAFT: Final = "Draft"
STATUSES: Final = (SUBMITTED, DRAFT)

PERIOD: Final = "Daily"  # sales are posted by business day
PERIODS: Final = (PERIOD,)

DAY: Final = "Day"
SPLITS: Final[dict[str, Literal["location", "channel"]]] = {"Location": "location", "Channel": "channel"}
LEVELS: Final = (DAY, *SPLITS)

TAX_RATE: Final = "TaxRate"
DETAILS: Final[dict[str, Literal["category", "sku", "location", "channel"]]] = {
    "Category": "category",
    "Sku": "sku",
    "Location": "location",
    "Channel": "channel",
}
LINE_LEVELS: Final = (TAX_RATE, *DETAILS)

CLASSIFICATIONS: Final = {
    "bank": "Bank Nominal",
    "asset": "Asset",
    "liability": "Liability",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expense",
}


def document_levels(policy: Policy) -> list[str]:
    """What makes a document of its own."""
    names = {value: name for name, value in SPLITS.items()}
    return [DAY, *(names[split] for split in policy.group_by)]


def line_levels(policy: Policy) -> list[str]:
    """What makes a line of its own."""
    return [TAX_RATE, *(name for name, value in DETAILS.items() if value == policy.sales_by)]

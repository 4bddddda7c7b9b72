"""The texts of the merchant's pages: their published keys, our words for them, and which of them name what must be
filled in. Pure.

A partner may set any of them per locale (`commerce_sync.flow_settings`). ``configure-setupSidebar=checkboxes-…`` has
its ``=`` in the published contract.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from unicodedata import category

from commerce_sync.flow_texts_french import CANADA, FRANCE

LOCALES: Final = ("en-us", "fr-fr", "fr-ca")
LONGEST: Final = 2_000

_SIDEBAR: Final = "configure-setupSidebar"
_MISC: Final = "configure-misc"
_SALES: Final = "configure-content-sales"
_FEES: Final = "configure-content-fees"
_PAYMENTS: Final = "configure-content-payments"
_SALE: Final = f"{_SALES}-accounts-entries"
_RATE: Final = f"{_SALES}-accounts-taxRates-entries"
_OTHER: Final = f"{_SALES}-other-entries"
_FEE: Final = f"{_FEES}-accounts-entries"
_PAYMENT: Final = f"{_PAYMENTS}-accounts-entries"

ENGLISH: Final[dict[str, str]] = {
    f"{_SIDEBAR}-title": "Set up your accounting",
    f"{_SIDEBAR}-checkboxes-connectToCommerce": "Connect your sales system",
    f"{_SIDEBAR}-checkboxes-connectToAccounting": "Connect your accounting software",
    f"{_SIDEBAR}-checkboxes-sales": "Sales",
    f"{_SIDEBAR}-checkboxes-fees": "Fees",
    f"{_SIDEBAR}-checkboxes-payments": "Payments",
    f"{_SIDEBAR}=checkboxes-syncSchedule": "Schedule",
    f"{_MISC}-previousButton": "Back",
    f"{_MISC}-nextButton": "Continue",
    "configure-required-indicator": "Required",
    f"{_SALES}-title": "Sales",
    f"{_SALES}-description": "Say where your sales, refunds and taxes are kept in your books.",
    f"{_FEES}-title": "Fees",
    f"{_FEES}-description": "Say where the costs of taking payments are kept in your books.",
    f"{_PAYMENTS}-title": "Payments",
    f"{_PAYMENTS}-description": "Say which account each kind of payment goes to, and where you are paid out.",
    f"{_SALES}-accounts-title": "Accounts for sales",
    f"{_SALES}-accounts-description": "Choose an account for each kind of sale.",
    f"{_SALES}-taxRates-title": "Tax rates",
    f"{_SALES}-taxRates-description": "Match each tax rate of your sales with a tax rate of your accounting software.",
    f"{_SALES}-other-title": "More about sales",
    f"{_SALES}-other-description": "Choose how your sales are put together and in which state they arrive.",
    f"{_FEES}-accounts-title": "Accounts for fees",
    f"{_FEES}-accounts-description": "Choose an account for each kind of fee.",
    f"{_PAYMENTS}-accounts-title": "Accounts for payments",
    f"{_PAYMENTS}-accounts-description": "Choose an account for each way your customers pay.",
    f"{_SALE}-sales": "Sales",
    f"{_SALE}-refund": "Refunds",
    f"{_SALE}-gratuity": "Tips",
    f"{_SALE}-prepaid": "Gift cards and prepaid sales",
    f"{_SALE}-sales-other": "Other sales",
    f"{_SALE}-shipping": "Shipping charged to customers",
    f"{_SALE}-discount": "Discounts",
    f"{_SALE}-serviceCharge": "Service charges",
    f"{_SALE}-donation": "Donations",
    f"{_SALE}-rounding": "Rounding",
    f"{_RATE}-0": "Sales taxed at 0%",
    f"{_RATE}-10": "Sales taxed at 10%",
    f"{_RATE}-15": "Sales taxed at 15%",
    f"{_RATE}-20": "Sales taxed at 20%",
    f"{_OTHER}-invoiceStatus": "Invoice status",
    f"{_OTHER}-groupingPeriod": "Sales put together per",
    f"{_FEE}-paymentFee": "Payment fees",
    f"{_FEE}-paymentFeeRefund": "Payment fees given back",
    f"{_FEE}-loan": "Loans received",
    f"{_FEE}-loanPayment": "Loan repayments",
    f"{_FEE}-loanFee": "Loan fees",
    f"{_FEE}-cashback": "Cashback",
    f"{_FEE}-dispute": "Disputed payments",
    f"{_FEE}-reserve": "Money held in reserve",
    f"{_PAYMENT}-card": "Card",
    f"{_PAYMENT}-cash": "Cash",
    f"{_PAYMENT}-invoice": "Invoice",
    f"{_PAYMENT}-onlineCard": "Card online",
    f"{_PAYMENT}-payout": "Bank account for payouts",
    f"{_PAYMENT}-custom": "Your own payment types",
    f"{_PAYMENT}-storeCredit": "Store credit",
    f"{_PAYMENT}-paypal": "PayPal",
    f"{_PAYMENT}-paypalQr": "PayPal QR code",
    f"{_PAYMENT}-mobile": "Mobile payment",
    f"{_PAYMENT}-vipps": "Vipps",
    f"{_PAYMENT}-swish": "Swish",
    f"{_PAYMENT}-prepaidPayment": "Gift card or prepayment",
    f"{_PAYMENT}-manual": "Entered by hand",
    f"{_PAYMENT}-overShort": "Cash over or short",
}
KEYS: Final = tuple(ENGLISH)
REQUIRED: Final = frozenset(
    {
        f"{_SALE}-sales",
        f"{_SALE}-refund",
        *(key for key in KEYS if key.startswith(f"{_RATE}-")),
        f"{_OTHER}-invoiceStatus",
        f"{_OTHER}-groupingPeriod",
        f"{_PAYMENT}-card",
    }
)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def problem(text: str) -> str:
    """Why ``text`` cannot be one of the texts, as a sentence; empty when it can. Markup is nothing but characters."""
    if len(text) > LONGEST:
        return f"A text has at most {LONGEST:,} characters; this one has {len(text):,}."
    return "The only control characters in a text are tabs and line feeds." if _CONTROL.search(text) else ""


def shows_nothing(text: str) -> bool:
    """Whether nobody would see ``text``: it is empty, or only spaces and marks without a width."""
    return all(character.isspace() or category(character) in _UNSEEN for character in text)


def rate_key(ppm: int | None) -> str:
    """The key of the text for a tax rate, in millionths; "" for one that no published key names."""
    key = f"{_RATE}-{(ppm or 0) // 10_000}"
    return key if ppm is not None and ppm % 10_000 == 0 and key in ENGLISH else ""


def on_one_line(text: str) -> str:
    """``text`` for the title of a window: no line ends, and nothing that turns the words after it around."""
    return " ".join("".join(" " if category(each) in ("Cc", "Cf") else each for each in text).split())


@cache
def defaults(locale: str) -> dict[str, str]:
    """Our own words in a locale, by key, in the order of the pages; raises KeyError for an unknown one."""
    french = {key: FRANCE.get(key, text) for key, text in ENGLISH.items()}
    return {"en-us": ENGLISH, "fr-fr": french, "fr-ca": {**french, **CANADA}}[locale]

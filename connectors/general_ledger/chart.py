"""The default chart of accounts of a retailer, and the book that maps every role to it.

Pure. Accounts are named by their codes, which is what the built-in general ledger takes as account ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from ledger.book import MONEY_ROLES, Book, Mode, Policy, TaxCode
from ledger.calendar import DayRule

AccountType = Literal["asset", "liability", "equity", "income", "expense"]

CUSTOMER: Final = "Daily sales"
SUPPLIER: Final = "Payment processors"
SUSPENSE: Final = "9999"


class ChartAccount(NamedTuple):
    """One account of a chart; ``subtype`` refines the type (bank, receivable, inventory, tax, cost_of_sales …)."""

    code: str
    name: str
    type: AccountType
    subtype: str


def _accounts(kind: AccountType, *rows: tuple[str, str, str]) -> tuple[ChartAccount, ...]:
    return tuple(ChartAccount(code, name, kind, subtype) for code, name, subtype in rows)


DEFAULT_CHART: Final[tuple[ChartAccount, ...]] = (
    *_accounts(
        "asset",
        ("1000", "Bank account", "bank"),
        ("1010", "Cash drawer and safe", "cash"),
        ("1020", "Cash deposits in transit", "cash"),
        ("1030", "Petty cash and float", "cash"),
        ("1100", "Card clearing", "clearing"),
        ("1110", "Bank transfers clearing", "clearing"),
        ("1120", "Pay-later clearing", "clearing"),
        ("1130", "Marketplaces and external payments clearing", "clearing"),
        ("1140", "Other payments clearing", "clearing"),
        ("1150", "Processor reserve", "current_asset"),
        ("1160", "Payouts carried over month-end", "clearing"),
        ("1200", "Accounts receivable", "receivable"),
        ("1210", "Open checks", "current_asset"),
        ("1220", "Disputes receivable", "current_asset"),
        ("1230", "Input tax recoverable", "tax"),
        ("1300", "Inventory", "inventory"),
        ("1500", "Equipment and fittings", "fixed_asset"),
    ),
    *_accounts(
        "liability",
        ("2000", "Accounts payable", "payable"),
        ("2100", "Customer deposits", "current_liability"),
        ("2110", "Deferred revenue", "current_liability"),
        ("2120", "Gift cards outstanding", "current_liability"),
        ("2130", "Store credit outstanding", "current_liability"),
        ("2140", "Unclaimed property payable", "current_liability"),
        ("2150", "Tips payable", "current_liability"),
        ("2160", "Donations payable", "current_liability"),
        ("2200", "Sales tax payable", "tax"),
        ("2210", "Tax remitted by marketplaces", "tax"),
        ("2300", "Processor advances", "loan"),
        ("2400", "Wages payable", "current_liability"),
    ),
    *_accounts(
        "equity",
        ("3000", "Owner's capital", "capital"),
        ("3100", "Owner's drawings", "capital"),
        ("3200", "Retained earnings", "retained_earnings"),
    ),
    *_accounts(
        "income",
        ("4000", "Sales", "sales"),
        ("4010", "Sales returns", "contra_sales"),
        ("4020", "Discounts", "contra_sales"),
        ("4100", "Shipping income", "sales"),
        ("4110", "Service charges", "sales"),
        ("4200", "Gift card breakage", "other_income"),
        ("4900", "Other income", "other_income"),
    ),
    *_accounts(
        "expense",
        ("5000", "Cost of goods sold", "cost_of_sales"),
        ("5100", "Shrinkage", "cost_of_sales"),
        ("6000", "Payment processing fees", "fees"),
        ("6010", "Platform and subscription fees", "fees"),
        ("6020", "Dispute fees", "fees"),
        ("6030", "Shipping labels", "fees"),
        ("6040", "Advance fees", "fees"),
        ("6100", "Promotions and goodwill", "expense"),
        ("6110", "Chargeback losses", "expense"),
        ("6200", "Cash over and short", "expense"),
        ("6210", "Cash rounding", "expense"),
        ("6220", "Paid out of the drawer", "expense"),
        ("6230", "Payout adjustments", "expense"),
        ("6300", "Exchange differences", "exchange"),
        ("6400", "Wages", "expense"),
        ("6900", "Other expenses", "expense"),
    ),
    # An asset, so that what is not mapped yet shows on the balance sheet and never as profit.
    *_accounts("asset", (SUSPENSE, "Suspense", "suspense")),
)

ROLE_ACCOUNTS: Final[dict[str, str]] = {
    "sales": "4000",
    "refunds": "4010",
    "discount": "4020",
    "shipping": "4100",
    "service_charge": "4110",
    "tip": "2150",
    "donation": "2160",
    "gift_card": "2120",
    "store_credit": "2130",
    "promotion": "6100",
    "rounding": "6210",
    "tax": "2200",
    "tax_withheld": "2210",
    "tender": "1140",
    "tender:card": "1100",
    "tender:cash": "1010",
    "tender:bank": "1110",
    "tender:pay_later": "1120",
    "tender:external": "1130",
    "tender:other": "1140",
    "receivable": "1200",
    "payable": "2000",
    "deposit": "2100",
    "open_check": "1210",
    "deferred_revenue": "2110",
    "bank": "1000",
    "reserve": "1150",
    "advance": "2300",
    "advance_fee": "6040",
    "exchange": "6300",
    "payout_adjustment": "6230",
    "carried_balance": "1160",
    "fee": "6000",
    "fee:platform": "6010",
    "fee:subscription": "6010",
    "fee:chargeback": "6020",
    "fee:shipping_label": "6030",
    "fee_refund": "6000",
    "fee_refund:platform": "6010",
    "fee_refund:subscription": "6010",
    "fee_refund:chargeback": "6020",
    "fee_refund:shipping_label": "6030",
    "fee_tax": "1230",
    "dispute": "1220",
    "dispute_loss": "6110",
    "breakage": "4200",
    "unclaimed_property": "2140",
    "cash_paid_in": "1030",
    "cash_paid_out": "6220",
    "cash_over_short": "6200",
    "cash_deposit": "1020",
    "cogs": "5000",
    "inventory": "1300",
    "shrinkage": "5100",
}
"""Role → account code. A fee given back lowers the account that the fee was booked on."""


def default_book(
    currency: str,
    days: tuple[DayRule, ...],
    mode: Mode = "journal",
    *,
    other_currencies: Iterable[str] = (),
    policy: Policy | None = None,
    tax_codes: tuple[TaxCode, ...] = (),
    start_on: date | None = None,
) -> Book:
    """A book that keeps every role on the default chart; it has nothing missing and no conflicts.

    ``other_currencies`` are those that the company also takes money in. Accounts of the built-in ledger keep a
    balance per currency, so money in another currency goes to the same accounts; the book must say so explicitly.
    """
    accounts = dict(ROLE_ACCOUNTS)
    for other in other_currencies:
        if other != currency:
            accounts |= {
                f"{role}@{other}": code for role, code in ROLE_ACCOUNTS.items() if role.partition(":")[0] in MONEY_ROLES
            }
    return Book(
        currency=currency,
        days=days,
        mode=mode,
        accounts=accounts,
        tax_codes=tax_codes,
        policy=policy or Policy(),
        suspense=SUSPENSE,
        start_on=start_on,
        customer=CUSTOMER,
        supplier=SUPPLIER,
    )

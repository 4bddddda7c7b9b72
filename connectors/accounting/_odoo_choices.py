"""What there is to choose from in Odoo, what the company says of itself, and how an account is made.

Names of fields differ between versions: what a version does not know is not asked for.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_company import locks
from connectors.accounting._odoo_wire import Ref, call, known_fields, place_of, search, text
from connectors.errors import BadAnswer, RefusalReason, Refused
from connectors.session import CompanyFacts, Option, Session

ACCOUNT: Final = "account.account"
_NEUTRAL: Final = {
    "asset_cash": "bank",
    "asset": "asset",
    "liability": "liability",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
}
_MADE_AS: Final = {
    "bank": "asset_cash",
    "asset": "asset_current",
    "liability": "liability_current",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
}
_LAST_DIGITS: Final = re.compile(r"(\d+)$")


class _Account(msgspec.Struct):
    id: int
    name: str
    account_type: str
    code: str | bool = ""
    currency_id: Ref = False


class _Retired(msgspec.Struct):
    id: int


class _Tax(msgspec.Struct):
    id: int
    name: str
    amount: Decimal
    amount_type: str
    type_tax_use: str
    price_include: bool = False
    active: bool = True
    children_tax_ids: list[int] = []


class _Named(msgspec.Struct):
    id: int
    name: str | bool = ""
    active: bool = True


class _Analytic(msgspec.Struct):
    id: int
    name: str
    code: str | bool = ""
    active: bool = True
    plan_id: Ref = False


class _Item(msgspec.Struct):
    id: int
    name: str
    default_code: str | bool = ""
    active: bool = True


def options(session: Session) -> list[Option]:
    """Accounts, tax rates, customers, suppliers, items and analytic accounts, archived ones as inactive."""
    return [
        *accounts(session),
        *_taxes(session),
        *_named(session, "customer", "res.partner", [["customer_rank", ">", 0]]),
        *_named(session, "supplier", "res.partner", [["supplier_rank", ">", 0]]),
        *_items(session),
        *_analytic(session),
    ]


def accounts(session: Session) -> list[Option]:
    """The chart of the connection's company; accounts off the balance sheet are none that a document may name."""
    fields = known_fields(session, ACCOUNT)
    company = place_of(session).company.id
    of_company = ["company_ids", "in", [company]] if "company_ids" in fields else ["company_id", "=", company]
    domain: list[Any] = [of_company, ["account_type", "!=", "off_balance"]]
    unused = ["active", "=", False] if "active" in fields else ["deprecated", "=", True]
    retired = {each.id for each in search(session, ACCOUNT, _Retired, [*domain, unused], active_test=False)}
    return [
        Option(
            "account",
            str(each.id),
            each.name,
            text(each.code),
            _neutral(each.account_type),
            each.currency_id[1] if isinstance(each.currency_id, tuple) else None,
            each.id not in retired,
            {"account_type": each.account_type},
        )
        for each in search(session, ACCOUNT, _Account, domain, active_test=False)
    ]


def facts(session: Session) -> CompanyFacts:
    """The company's currency and the last day on which nothing may be booked any more."""
    company = place_of(session).company
    if not place_of(session).currency:
        raise BadAnswer("the company has no currency")
    last = max(locks(session).values(), default=None)
    return CompanyFacts(place_of(session).currency, last, company.name, str(company.id))


def create_account(session: Session, *, name: str, type: str, code: str = "") -> Option:
    """Add an account to the company's chart; without a code it gets the one after the last of its type."""
    made_as = _MADE_AS.get(type)
    if made_as is None:
        raise Refused(f"{type!r} is no type of account")
    there = accounts(session)
    codes = {each.code for each in there}
    if code in codes:
        raise Refused(f"the code {code} is taken", reason=RefusalReason.DUPLICATE)
    wanted = code or _next_code(codes, [each.code for each in there if each.detail["account_type"] == made_as])
    values = {"name": name, "code": wanted, "account_type": made_as}
    made = call(session, ACCOUNT, "create", list[int], vals_list=[values])
    return Option("account", str(made[0]), name, wanted, type, detail={"account_type": made_as})


def _next_code(taken: set[str], of_type: list[str]) -> str:
    last = max((code for code in of_type if _LAST_DIGITS.search(code)), default="100000")
    digits = _LAST_DIGITS.search(last)
    head, number, width = (last[: digits.start()], int(digits[1]), len(digits[1])) if digits else (last, 0, 1)
    while True:
        number += 1
        code = f"{head}{number:0{width}d}"
        if code not in taken:
            return code


def _taxes(session: Session) -> list[Option]:
    """Taxes in percent that are added to a price, and groups of such; those inside prices would change amounts."""
    company: list[Any] = ["company_id", "=", place_of(session).company.id]
    rows = search(
        session, "account.tax", _Tax, [company, ["amount_type", "in", ["percent", "group"]]], active_test=False
    )
    rates = {each.id: each.amount for each in rows if each.amount_type == "percent" and not each.price_include}
    found = []
    for each in rows:
        parts = each.children_tax_ids if each.amount_type == "group" else [each.id]
        if each.type_tax_use not in ("sale", "purchase") or not parts or any(part not in rates for part in parts):
            continue
        height = sum((rates[part] for part in parts), Decimal(0))
        detail = {"rate_ppm": int(height * 10_000), "use": each.type_tax_use}
        found.append(Option("tax_rate", str(each.id), each.name, active=each.active, detail=detail))
    return found


def _named(session: Session, kind: str, model: str, domain: list[Any]) -> list[Option]:
    found = search(session, model, _Named, domain, active_test=False)
    return [Option(kind, str(each.id), text(each.name) or str(each.id), active=each.active) for each in found]


def _analytic(session: Session) -> list[Option]:
    """Analytic accounts; the plan of each is the dimension that it belongs to."""
    found = search(session, "account.analytic.account", _Analytic, [], active_test=False)
    return [
        Option("tracking", str(each.id), each.name, text(each.code), active=each.active, detail={"dimension": plan})
        for each in found
        for plan in [each.plan_id[1] if isinstance(each.plan_id, tuple) else ""]
    ]


def _items(session: Session) -> list[Option]:
    found = search(session, "product.product", _Item, [["sale_ok", "=", True]], active_test=False)
    return [Option("item", str(each.id), each.name, text(each.default_code), active=each.active) for each in found]


def _neutral(account_type: str) -> str:
    return _NEUTRAL.get(account_type) or _NEUTRAL.get(account_type.partition("_")[0], "")

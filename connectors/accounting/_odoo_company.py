"""What of a company decides before anything is sent: its locked days, its journals, the rates of its currencies.

Asked once for each piece of work.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.accounting._odoo_errors import merchants_turn
from connectors.accounting._odoo_items import Rate
from connectors.accounting._odoo_moves import GENERAL, PURCHASE, SALE
from connectors.accounting._odoo_wire import call, known_fields, place_of, search
from connectors.errors import BadAnswer, MisconfiguredPlatform, RefusalReason
from connectors.session import Session
from ledger.documents import Header

# The last locked day of each kind, what Odoo calls it, and the types of journal that it locks. A tax return locks what
# has taxes of Odoo; 16 locks `period_lock_date` for all but accountants, so that only Odoo itself can say.
LOCKS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "fiscalyear_lock_date": ("Global Lock Date", frozenset({GENERAL, SALE, PURCHASE})),
    "hard_lock_date": ("Hard Lock Date", frozenset({GENERAL, SALE, PURCHASE})),
    "sale_lock_date": ("Sales Lock Date", frozenset({SALE})),
    "purchase_lock_date": ("Purchase Lock Date", frozenset({PURCHASE})),
    "tax_lock_date": ("Tax Return Lock Date", frozenset()),
    "period_lock_date": ("Journals Entries Lock Date", frozenset()),
}
_MEMORY: Final = "odoo.company"


class _Journal(msgspec.Struct):
    id: int
    code: str


class _Currency(msgspec.Struct):
    """A currency. `rate` is what one unit of the company's currency was worth in it, on the day that was asked for."""

    id: int
    active: bool
    rate: Decimal


def locks(session: Session) -> dict[str, date]:
    """The last locked day of each kind that this version has, with what was excepted for our user (18 and later)."""
    kept: dict[str, date] | None = session.memory.get(f"{_MEMORY}.locks")
    if kept is not None:
        return kept
    known = known_fields(session, "res.company")
    names = {kind: name for kind in LOCKS for name in (f"user_{kind}", kind) if name in known}
    names |= {kind: f"user_{kind}" for kind in names if f"user_{kind}" in known}
    wanted, company = sorted(names.values()), place_of(session).company.id
    rows = call(session, "res.company", "read", list[dict[str, Any]], ids=[company], safe=True, fields=wanted)
    try:
        days = {kind: date.fromisoformat(rows[0][name]) for kind, name in names.items() if rows[0].get(name)}
    except (IndexError, TypeError, ValueError) as error:
        raise BadAnswer(f"the lock dates cannot be read: {error}") from None
    found = {kind: day for kind, day in days.items() if day > date.min}  # `user_…` says 0001-01-01 for none
    session.memory[f"{_MEMORY}.locks"] = found
    return found


def check_open(session: Session, header: Header, journal: str, *, has_taxes: bool) -> None:
    """Refuse what a lock date of the company keeps out, before anything is sent.

    Odoo itself would date it on the next open day when it is posted, and use up a number.
    """
    for kind, day in sorted(locks(session).items()):
        name, journals = LOCKS[kind]
        is_locked = journal in journals or (has_taxes and kind == "tax_lock_date")
        if is_locked and header.date <= day:
            hard = "The hard lock cannot be taken back: let the entry be dated on the first open day."
            remedy = hard if kind == "hard_lock_date" else f"Move the {name} in Odoo, or let the entry be dated later."
            raise merchants_turn(f"{header.date} is locked: {name} {day}", remedy, RefusalReason.PERIOD_LOCKED)


def journal_of(session: Session, type: str) -> int:
    """The journal of a type: the one whose code the setting names, else the first in the merchant's order."""
    place = place_of(session)
    if type in place.journals:
        return place.journals[type]
    code = str(session.settings.get(f"{type}_journal") or "")
    domain = [["type", "=", type], ["company_id", "=", place.company.id]]
    found = search(session, "account.journal", _Journal, domain)
    journal = next((each for each in found if code in ("", each.code)), None)
    if journal is None:
        named = f" with the code {code}" if code else ""
        there = f": there are {', '.join(each.code for each in found)}" if found else ""
        raise MisconfiguredPlatform(f"Odoo has no journal of the type {type}{named}{there}")
    return place.journals.setdefault(type, journal.id)


def rate_of(session: Session, currency: str, day: date) -> Rate | None:
    """The rate of a day by which Odoo books another currency than the company's; None for the company's own.

    `Refused` where the currency is not active, or has no rate: Odoo would take one for one.
    """
    base = place_of(session).currency
    if currency == base:
        return None
    kept: dict[tuple[str, date], Rate] = session.memory.setdefault(f"{_MEMORY}.rates", {})
    if (currency, day) not in kept:
        kept[currency, day] = _rate(session, currency, day, base)
    return kept[currency, day]


def _rate(session: Session, currency: str, day: date, base: str) -> Rate:
    domain = [["name", "=", currency]]
    found = search(session, "res.currency", _Currency, domain, active_test=False, date=day.isoformat())
    if not found or not found[0].active:
        remedy = f"Activate {currency} in Odoo (Accounting, Configuration, Currencies) and enter its rates."
        raise merchants_turn(f"the currency {currency} is not active in Odoo", remedy)
    row = found[0]
    if row.rate <= 0:
        raise BadAnswer(f"the rate of {currency} is {row.rate}")
    if row.rate == 1 and not _has_rates(session, row.id):
        remedy = f"Enter the rate of {currency} in Odoo (Accounting, Configuration, Currencies)."
        raise merchants_turn(f"Odoo has no rate of {currency} for {day}: it would take one for one", remedy)
    return Rate(row.id, base, row.rate)


def _has_rates(session: Session, currency: int) -> bool:
    domain = [["currency_id", "=", currency]]
    return call(session, "res.currency.rate", "search_count", int, safe=True, domain=domain) > 0

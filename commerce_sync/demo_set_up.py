"""Setting up the demo: a partner, an administrator, three merchants with books, and thirty days of sales pushed.

Everything is found again by its name, and the last day is kept from the first run on, so that a second run pushes the
very same rows. Keys and passwords are made anew each time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from msgspec import structs

from commerce_sync.api_keys import create_key, revoke_key
from commerce_sync.demo_sales import MERCHANTS, Merchant, demo_pages
from commerce_sync.models import Schedule
from commerce_sync.schedule import last_complete_day
from commerce_sync.services import receive_sales, save_schedule
from connectors import registry
from connectors.general_ledger import reports
from connectors.general_ledger.accounts import install_chart
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.reading import ItemResult
from connectors.services import connect_accounting, connect_commerce
from ledger.book import Mode
from ledger.calendar import Calendar, DayRule
from ledger.models import AuditEntry, Company, Partner
from ledger.services import audit, create_company, now, save_book

PARTNER: Final = "Demo Partner"
ADMIN: Final = "demo-admin"
KEY_NAME: Final = "demo"
ACTOR: Final = "manage.py demo"
SYNC_HOUR: Final = 4
NEWCOMER: Final = structs.replace(MERCHANTS[0], key="newcomer", name="Hill Street Bakery")
_BEGUN: Final = "demo.begun"
_FIRST_RULE: Final = date(2020, 1, 1)
# One merchant in invoice mode, so that both ways of keeping sales can be looked at.
_MODES: Final[dict[str, Mode]] = {"london": "invoice"}


class Span(NamedTuple):
    """The days of sales: ``days`` of them, the last one ``last_day`` in each merchant's own zone."""

    last_day: date
    days: int


class Shop(NamedTuple):
    """One merchant of the demo with its connections."""

    merchant: Merchant
    company: Company
    sales: Connection
    books: Connection


class Access(NamedTuple):
    """What a visitor needs, made for this run."""

    api_key: str
    user: str
    password: str


@transaction.atomic
def ensure_partner(days: int) -> tuple[Partner, Span]:
    """The demo's partner, and its days: those of the first run, whatever is asked for now."""
    partner, is_new = Partner.objects.get_or_create(name=PARTNER)
    if is_new:
        audit(code="partner.created", actor=ACTOR, partner=partner, subject=PARTNER)
    begun = AuditEntry.objects.filter(partner=partner, code=_BEGUN).order_by("id").first()
    if begun is not None:
        return partner, Span(date.fromisoformat(begun.detail["last_day"]), begun.detail["days"])
    at = now()
    span = Span(min(last_complete_day(_calendar(merchant), at) for merchant in MERCHANTS), days)
    audit(
        code=_BEGUN,
        actor=ACTOR,
        partner=partner,
        subject=PARTNER,
        detail={"last_day": span.last_day.isoformat(), "days": days},
    )
    return partner, span


@transaction.atomic
def renew_access(partner: Partner) -> Access:
    """A fresh key and password; those of former runs no longer work."""
    for former in partner.api_keys.filter(name=KEY_NAME, revoked_at=None):
        revoke_key(key=former, actor=ACTOR)
    key = create_key(partner=partner, name=KEY_NAME, actor=ACTOR)
    password = secrets.token_urlsafe(12)
    user, _ = get_user_model().objects.get_or_create(username=ADMIN)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
    return Access(key.secret, ADMIN, password)


@transaction.atomic
def ensure_shop(partner: Partner, merchant: Merchant) -> Shop:
    """The merchant's company with a connection to push to, the built-in books and a schedule."""
    company = Company.objects.filter(partner=partner, name=merchant.name).first()
    if company is None:
        company = create_company(
            partner=partner, name=merchant.name, currency=merchant.currency, zone=merchant.zone, actor=ACTOR
        )
        connect_commerce(company=company, platform="partner", actor=ACTOR)
        books = connect_accounting(company=company, platform="books", actor=ACTOR)
        install_chart(connection_id=books.pk)
        book = default_book(merchant.currency, _calendar(merchant).rules, _MODES.get(merchant.key, "journal"))
        save_book(company=company, book=book, author=ACTOR, reason="the demo's default book")
        save_schedule(
            company=company, frequency=Schedule.Frequency.DAILY, hour=SYNC_HOUR, zone=merchant.zone, actor=ACTOR
        )
    links = Connection.objects.select_related("company").filter(company=company)
    return Shop(merchant, company, links.get(kind="commerce"), links.get(kind="accounting"))


@transaction.atomic
def ensure_newcomer(partner: Partner) -> tuple[Shop, bool]:
    """A merchant whose sales are here and who has said nothing yet, and whether it is new: for the set-up pages.

    Its books are not linked. Whatever a visitor has chosen for it stays.
    """
    company = Company.objects.filter(partner=partner, name=NEWCOMER.name).first()
    is_new = company is None
    if company is None:
        company = create_company(
            partner=partner, name=NEWCOMER.name, currency=NEWCOMER.currency, zone=NEWCOMER.zone, actor=ACTOR
        )
        connect_commerce(company=company, platform="partner", actor=ACTOR)
        connect_accounting(company=company, platform="books", actor=ACTOR, linked=False)
    links = Connection.objects.select_related("company").filter(company=company)
    return Shop(NEWCOMER, company, links.get(kind="commerce"), links.get(kind="accounting")), is_new


def push_sales(shop: Shop, span: Span, progress: Callable[[int], None]) -> tuple[Counter[str], list[ItemResult]]:
    """Push every row of the merchant; how many rows became what, and those that have a problem.

    Names and payments are only read: what counts is in the orders that mention them.
    """
    counted: Counter[str] = Counter()
    troubled: list[ItemResult] = []
    streams = registry.commerce(shop.sales.platform).streams
    for dataset, body in demo_pages(shop.merchant, span.last_day, span.days):
        for result in receive_sales(connection=shop.sales, dataset=dataset, body=body):
            is_fact = bool(streams[dataset].kinds) or result.status == "refused"
            counted[result.status if is_fact else "only read"] += 1
            if result.problems:
                troubled.append(result)
        # Names have been learned: the next page is mapped with them.
        shop.sales.refresh_from_db(fields=["references_version"])
        progress(counted.total())
    return counted, troubled


def digest_of_books(partner: Partner) -> str:
    """One short word for all that the books of the partner's companies say; the same books give the same word.

    Blank for books without any entry.
    """
    seen = hashlib.sha256()
    entries = 0
    links = Connection.objects.filter(company__partner=partner, platform="books").order_by("company_id")
    for link in links:
        for row in reports.trial_balance(link.pk):
            seen.update(f"{link.company_id}|{row.currency}|{row.code}|{row.amount}\n".encode())
        entries += link.books_entries.count()
    seen.update(f"{entries} entries".encode())
    return seen.hexdigest()[:12] if entries else ""


def _calendar(merchant: Merchant) -> Calendar:
    return Calendar((DayRule(_FIRST_RULE, merchant.zone, 0),))

"""A week of sales with every case that makes a document of its own, kept in QuickBooks and in our own books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import msgspec

from connectors import credentials, registry
from connectors.general_ledger.chart import default_book
from connectors.http import open_door
from connectors.limits import Limits
from connectors.models import Connection, PushItem
from connectors.push import Delivery, deliver, prepare
from connectors.push_result import PushResult
from connectors.session import Session
from ledger.book import Mode, TaxCode
from ledger.commerce import Dispute, Line, Record, Tender
from ledger.models import Company
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, a_merchant, books_of, sell
from tests.ledger.builders import NOON, a_fee, a_line, a_payout, a_refund, an_order
from tests.platforms.quickbooks_online.fake import Fake

LAST = date(2026, 3, 9)
CUSTOMER, VENDOR = "58", "59"


def week() -> list[Record]:
    """Sales by card, cash and gift card, a tip, refunds with and without parts, fees, payouts, a dispute."""
    cash = (Tender("c2", "cash", 1_500, NOON), Tender("k2", "card", 500, NOON))
    tipped = (a_line(1_800), Line("tip", "Tip", 200, ()))
    card = (Line("gift_card", "Gift card", 2_500, ()),)
    later, disputed = NOON + timedelta(days=1), NOON + timedelta(days=3)
    return [
        an_order("o1"),
        an_order("o2", 2_000, lines=tipped, tenders=cash),
        an_order("o3", 2_500, lines=card),
        an_order("o4", 900, tenders=(Tender("g4", "gift_card", 900, NOON),)),
        an_order("o5", 3_333, at=later),
        a_refund("r1"),
        a_refund("r2", 1_200, of="o5", at=later, lines=(a_line(1_200),), tenders=(Tender("rc", "cash", 1_200, later),)),
        a_fee(),
        a_fee("f2", 77, at=later),
        a_payout("p1", 1_150),
        a_payout("p2", 4_000, at=NOON + timedelta(days=2)),
        Dispute("d1", "GBP", disputed, disputed, 1_000, "open", order_id="o5"),
    ]


def a_shop(fake: Fake, mode: Mode = "journal", *records: Record, tax_codes: tuple[TaxCode, ...] = ()) -> Company:
    """A merchant with these sales, posted and not delivered."""
    book = default_book("GBP", DAYS, mode, tax_codes=tax_codes)
    book = msgspec.structs.replace(book, customer=CUSTOMER, supplier=VENDOR)
    company = a_merchant(platform="quickbooks_online", book=book)
    link = books_of(company)
    Connection.objects.filter(pk=link.pk).update(settings=fake.settings)
    credentials.store(connection_id=link.pk, secrets=fake.secrets)
    post(company, *(records or week()))
    return company


def post(company: Company, *records: Record) -> None:
    """Bring records in and post them."""
    sell(company, *records)
    post_due(company_id=company.pk, through=LAST, act=uuid4())


def delivered(company: Company, seconds: float = 5) -> PushResult:
    """One round of delivery, prepared as the engine does it; no call takes longer than `seconds`."""
    connection = books_of(company)
    platform = registry.accounting(connection.platform)
    limits = Limits(connect_seconds=1, read_seconds=1, total_seconds=seconds, patience_seconds=2)
    prepare(company_id=company.pk, connection_id=connection.pk)
    with open_door(connection, platform) as door:
        door._limits = limits
        session = Session(connection.pk, company.pk, connection.settings, door)
        return deliver(Delivery(platform, session, replace(limits)))


def states(company: Company) -> list[str]:
    """Where each document stands."""
    return list(PushItem.objects.filter(company=company).order_by("document_id").values_list("state", flat=True))

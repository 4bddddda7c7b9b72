"""The watch over the four totals: each lost penny is one finding that names its record or document, and none else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from commerce_sync.demo.merchants import LONDON
from connectors import registry
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.voiding import void_entry
from connectors.models import BooksEntry, Page
from connectors.push_local import deliver_local
from connectors.raw_pages import compress, decompress
from connectors.session import Session
from health.findings.watching import look_at
from health.models import Finding, ReconciledDay
from health.reconciled import kept_days
from ledger.models import Company, Document, RecordRow
from ledger.post_due import post_due
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, books_of, sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, a_shop, settle, tamper

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 6, 3, tzinfo=UTC)
MONEY = ("stated_differs", "documents_differ", "books_differ", "tax_differs", "gift_cards_differ")


def look(company: Company, at: datetime = AT, depth: str = "night") -> list[Finding]:
    """The open findings of money after a look."""
    look_at([company.pk], depth, at)  # type: ignore[arg-type]
    return list(Finding.objects.filter(company=company, code__in=MONEY, resolved_at=None).order_by("id"))


def test_lifelike_sales_have_no_finding_and_their_totals_are_kept() -> None:
    shop = a_posted_shop(LONDON, days=3)
    assert look(shop.company) == []
    kept = kept_days(shop.company.pk)
    assert [day.day for day in kept] == [LAST_DAY, LAST_DAY - timedelta(days=1), LAST_DAY - timedelta(days=2)]
    for day in kept:
        sales = day.roles["sales"]
        assert sales.stated == sales.records == sales.documents == sales.books
        assert (day.difference, day.undelivered, day.unread, day.disagreeing) == (0, 0, 0, 0)
    assert look(shop.company, AT + timedelta(hours=1), "sync") == []
    assert ReconciledDay.objects.count() == 3


def test_a_penny_that_is_lost_in_mapping_names_the_record_that_lost_it() -> None:
    shop = a_posted_shop(LONDON, days=1)
    in_books = RecordRow.objects.filter(source__company=shop.company, standings__state=1)
    order = in_books.filter(kind="order", total__gt=0).latest("id")
    state(order, "totalAmount", "0.01")
    [finding] = look(shop.company)
    assert (finding.code, finding.day, finding.count) == ("stated_differs", LAST_DAY, 1)
    [cause] = finding.causes
    assert (cause["kind"], cause["id"], cause["label"]) == ("record", str(order.pk), f"order {order.external_id}")
    assert finding.amount == cause["amount"] == 1
    assert "the sales system states" in finding.sentence
    assert kept_days(shop.company.pk)[0].difference == finding.amount


def state(record: RecordRow, field: str, more: str) -> None:
    """Make the raw row of a record state ``more`` (in major units), in the page that was kept."""
    page = Page.objects.get(pk=record.page)
    assert page.body is not None
    rows = msgspec.json.Decoder(float_hook=Decimal).decode(decompress(bytes(page.body)))
    rows[record.page_row][field] = Decimal(rows[record.page_row][field]) + Decimal(more)
    body = msgspec.json.Encoder(decimal_format="number").encode(rows)
    Page.objects.filter(pk=page.pk).update(body=compress(body))


def test_a_page_that_was_purged_states_nothing_and_is_no_difference() -> None:
    shop = a_posted_shop(LONDON, days=1)
    Page.objects.update(body=None)
    assert look(shop.company) == []
    sales = kept_days(shop.company.pk)[0].roles["sales"]
    assert (sales.stated, sales.records) == (None, sales.documents)


def test_a_record_that_never_reached_its_document_is_named() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=4_800))
    settle(company, FIRST_DAY)
    lost = RecordRow.objects.latest("id")
    tamper("ledger_standing", "UPDATE ledger_standing SET state = 3, posting_id = NULL WHERE record_id = %s", lost.pk)
    [finding] = look(company)
    assert (finding.code, finding.amount, finding.params["topic"]) == ("documents_differ", 4_800, "sales")
    assert [cause["id"] for cause in finding.causes] == [str(lost.pk)]


def test_a_penny_of_tax_that_went_to_sales_is_a_finding_of_its_rate() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=4_800))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    tamper("ledger_documentline", "UPDATE ledger_documentline SET credit = credit + 1 WHERE account = '4000'")
    tamper("ledger_documentline", "UPDATE ledger_documentline SET credit = credit - 1 WHERE account = '2200'")
    [finding] = look(company)
    assert (finding.code, finding.amount, finding.params["rate"]) == ("tax_differs", 1, "vat20")
    assert finding.sentence == "For 2026-03-02 the records hold GBP 10.00 of tax “vat20”, the documents GBP 9.99."


def test_an_entry_that_was_voided_in_the_built_in_books_is_named_and_closed_when_it_is_back() -> None:
    shop = a_posted_shop(LONDON, days=1)
    entry = BooksEntry.objects.filter(connection=shop.books).earliest("id")
    void_entry(shop.books.pk, entry.pk)
    [finding] = look(shop.company)
    document = Document.objects.get(reference=entry.reference)
    assert finding.code == "books_differ"
    assert [(cause["kind"], cause["id"]) for cause in finding.causes] == [("document", str(document.pk))]
    tamper(
        "books_line", "DELETE FROM books_line WHERE entry_id IN (SELECT id FROM books_entry WHERE kind = 'reversal')"
    )
    tamper("books_entry", "DELETE FROM books_entry WHERE kind = 'reversal'")
    assert look(shop.company, AT + timedelta(days=1)) == []
    finding.refresh_from_db()
    assert finding.resolved_by == "the watch"


def test_what_is_not_delivered_yet_is_no_finding() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    assert look(company) == []
    [day] = kept_days(company.pk)
    assert (day.undelivered, day.roles["sales"].books) == (1, None)


def test_after_a_sync_only_days_that_were_touched_are_looked_at_again() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, day=FIRST_DAY + timedelta(days=1)))
    settle(company, FIRST_DAY + timedelta(days=1))
    look(company, datetime.now(UTC) + timedelta(hours=2), "sync")
    before = dict(ReconciledDay.objects.values_list("day", "looked_at"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE health_watched SET looked_at = clock_timestamp() + interval '1 hour'")
    sell(company, an_order(3, day=FIRST_DAY + timedelta(days=1)))
    deliver_more(company)
    look(company, datetime.now(UTC) + timedelta(hours=3), "sync")
    after = dict(ReconciledDay.objects.values_list("day", "looked_at"))
    assert after[FIRST_DAY] == before[FIRST_DAY]
    assert after[FIRST_DAY + timedelta(days=1)] > before[FIRST_DAY + timedelta(days=1)]


def deliver_more(company: Company) -> None:
    """Post and deliver what is due, with times that lie after the look before."""
    post_due(company_id=company.pk, through=FIRST_DAY + timedelta(days=1), act=uuid4())
    deliver_local(registry.accounting("books"), Session(books_of(company).pk, company.pk), lambda _: None)
    tamper(
        "ledger_posting", "UPDATE ledger_posting SET created_at = created_at + interval '2 hours' WHERE revision > 0"
    )


def test_books_that_post_per_payout_are_looked_at_as_a_whole_and_at_night() -> None:
    company = a_merchant(book=default_book("GBP", DAYS, "per_payout"))
    sell(company, *(an_order(number) for number in range(3)))
    settle(company, FIRST_DAY)
    assert look(company, depth="sync") == []
    assert look(company) == []


def test_postgresql_keeps_a_reconciled_day_once_and_no_negative_difference() -> None:
    shop = a_posted_shop(LONDON, days=1)
    look(shop.company)
    row = ReconciledDay.objects.get()
    with pytest.raises(IntegrityError, match="reconciled_day_difference_counts"), transaction.atomic():
        ReconciledDay.objects.update(difference=-1)
    row.pk = None
    with pytest.raises(IntegrityError, match="reconciled_day_once"), transaction.atomic():
        row.save(force_insert=True)


def test_a_shop_that_has_only_pushed_is_not_off() -> None:
    shop = a_shop(LONDON, days=1)
    assert look(shop.company) == []

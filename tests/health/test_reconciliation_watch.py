"""The watch over the four totals: each lost penny is one finding that names its record or document, and none else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from commerce_sync.demo.merchants import LONDON
from connectors import registry
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.voiding import void_entry
from connectors.models import Binding, BooksAccount, BooksEntry, BooksLine, Connection, Page
from connectors.push_local import deliver_local
from connectors.raw_pages import compress, decompress
from connectors.session import Session
from health.findings.watching import look_at
from health.models import Finding, ReconciledDay
from health.reconciled import roles_of
from ledger import commerce
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


def kept_days(company: Company) -> list[ReconciledDay]:
    """The reconciled days of a company, the newest first."""
    return list(ReconciledDay.objects.filter(company=company).order_by("-day"))


def test_lifelike_sales_have_no_finding_and_their_totals_are_kept() -> None:
    shop = a_posted_shop(LONDON, days=3)
    assert look(shop.company) == []
    kept = kept_days(shop.company)
    assert [day.day for day in kept] == [LAST_DAY, LAST_DAY - timedelta(days=1), LAST_DAY - timedelta(days=2)]
    for day in kept:
        sales = roles_of(day)["sales"]
        assert sales.stated == sales.records == sales.documents == sales.books
        assert (day.difference, day.undelivered, day.unread, day.disagreeing) == (0, 0, 0, 0)
    assert look(shop.company, AT + timedelta(hours=1), "sync") == []
    assert ReconciledDay.objects.count() == 3


@pytest.mark.case("B27")
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
    assert kept_days(shop.company)[0].difference == finding.amount


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
    sales = roles_of(kept_days(shop.company)[0])["sales"]
    assert (sales.stated, sales.records) == (None, sales.documents)


def test_a_record_that_never_reached_its_document_is_named() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=4_800))
    settle(company, FIRST_DAY)
    lost = RecordRow.objects.latest("id")
    tamper("ledger_standing", "UPDATE ledger_standing SET state = 3, posting_id = NULL WHERE record_id = %s", lost.pk)
    [finding] = look(company)
    assert (finding.code, finding.amount, finding.params["topic"]) == ("documents_differ", 4_800, "sales")
    document = Document.objects.get(company=company)
    assert [(cause["kind"], cause["id"]) for cause in finding.causes] == [
        ("record", str(lost.pk)),
        ("document", str(document.pk)),
    ]


def test_a_penny_of_tax_that_went_to_sales_is_a_finding_of_its_rate() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=4_800))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    tamper("ledger_documentline", "UPDATE ledger_documentline SET credit = credit + 1 WHERE account = '4000'")
    tamper("ledger_documentline", "UPDATE ledger_documentline SET credit = credit - 1 WHERE account = '2200'")
    [finding] = look(company)
    assert (finding.code, finding.amount, finding.params["rate"]) == ("tax_differs", 1, "vat20")
    assert finding.sentence == "For 2026-03-02 the records hold GBP 10.00 of tax “vat20”, the documents GBP 9.99."
    assert [cause["kind"] for cause in finding.causes] == ["document"]


def taxed_otherwise(number: int) -> commerce.Order:
    """A sale at the reduced rate, whose tax goes to the account of the full one."""
    order = an_order(number, amount=2_100)
    line = commerce.Line("product", "Coal", 2_000, (commerce.Tax("vat5", "VAT 5 %", 100, 50_000),))
    return msgspec.structs.replace(order, lines=(line,))


@pytest.mark.parametrize("mode", ["journal", "invoice"])
def test_tax_that_went_from_one_rate_to_another_on_the_same_account_is_a_finding_of_both(mode: str) -> None:
    company = a_merchant(book=msgspec.structs.replace(default_book("GBP", DAYS), mode=mode, customer="Till sales"))
    sell(company, an_order(1), taxed_otherwise(2))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    assert look(company) == []
    [day] = kept_days(company)
    rates = {role: four for role, four in roles_of(day).items() if role.startswith("rate ")}
    assert {role: (four.records, four.documents) for role, four in rates.items()} == {
        "rate vat20": (200, 200),
        "rate vat5": (100, 100),
    }
    document = Document.objects.filter(company=company).earliest("id")
    body = msgspec.json.decode(bytes(document.body))
    parts = [part for line in body["lines"] for part in (line, *line.get("taxes", ()))]
    shift = {"tax:vat20": -1, "tax:vat5": 1} if mode == "invoice" else {"tax:vat20": 1, "tax:vat5": -1}
    for part in parts:
        part["amount"] += shift.get(part.get("role", ""), 0)
    changed = msgspec.json.encode(body)
    tamper("ledger_document", "UPDATE ledger_document SET body = %s WHERE id = %s", changed, document.pk)
    found = look(company, AT + timedelta(hours=1))
    assert {(each.code, each.params["rate"], each.amount) for each in found} == {
        ("tax_differs", "vat20", 1),
        ("tax_differs", "vat5", 1),
    }
    assert all([cause["kind"] for cause in each.causes] == ["document"] for each in found)


def test_an_entry_that_was_voided_in_the_built_in_books_is_told_by_its_document_alone() -> None:
    shop = a_posted_shop(LONDON, days=1)
    entry = BooksEntry.objects.filter(connection=shop.books).earliest("id")
    void_entry(shop.books.pk, entry.pk)
    assert look(shop.company) == []
    told = Finding.objects.filter(company=shop.company, resolved_at=None, code__startswith="document_")
    assert [each.code for each in told] == ["document_removed"]
    [day] = kept_days(shop.company)
    assert (day.disagreeing, roles_of(day)["sales"].books) == (1, None)


def test_what_reads_back_otherwise_without_anybody_having_changed_it_is_a_finding_of_the_day_with_its_document() -> (
    None
):
    """The books agreed when they were read back; what we hold ourselves has changed since."""
    company = called_books(read_back={"1100": 1_200, "4000": -1_000, "2200": -200}, agrees=True)
    assert look(company) == []
    assert roles_of(kept_days(company)[0])["account 4000"].books == -1_000
    Binding.objects.update(read_back={"1100": 1_200, "4000": -1_001, "2200": -199})
    [finding] = look(company, AT + timedelta(days=1))
    assert (finding.code, finding.amount, finding.day) == ("books_differ", 1, FIRST_DAY)
    assert [cause["kind"] for cause in finding.causes] == ["document"]
    Binding.objects.update(read_back={"1100": 1_200, "4000": -1_000, "2200": -200})
    assert look(company, AT + timedelta(days=2)) == []
    finding.refresh_from_db()
    assert finding.resolved_by == "the watch"


def called_books(*, read_back: dict[str, int], agrees: bool) -> Company:
    """A company with one sale of 12.00, delivered to accounting software that is called, and read back."""
    company = a_merchant(platform="xero")
    sell(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    document = Document.objects.get(company=company)
    Binding.objects.create(
        connection=books_of(company), document=document, kind=document.kind, remote_id="J-1", bound_at=AT,
        verified_at=AT, agrees=agrees, read_back=read_back,
    )  # fmt: skip
    return company


def test_a_document_that_was_changed_there_is_not_told_again_as_a_difference_of_its_day() -> None:
    company = called_books(read_back={"1100": 1_100, "4000": -900, "2200": -200}, agrees=False)
    assert look(company) == []
    day = kept_days(company)[0]
    assert (roles_of(day)["account 4000"].documents, roles_of(day)["account 4000"].books) == (-1_000, -900)


def test_a_gift_card_that_somebody_booked_by_hand_does_not_roll_forward() -> None:
    shop = a_posted_shop(LONDON, days=1)
    enter_by_hand(shop.books, LAST_DAY, ("1000", 2_500), ("2120", -2_500))
    [finding] = look(shop.company)
    assert (finding.code, finding.amount, finding.count) == ("gift_cards_differ", 2_500, 1)
    assert finding.params["held"] - finding.params["expected"] == 2_500
    assert [(cause["kind"], cause["amount"]) for cause in finding.causes] == [("entry", 2_500)]
    enter_by_hand(shop.books, LAST_DAY, ("1000", -2_500), ("2120", 2_500), reference="MANUAL-2")
    assert look(shop.company, AT + timedelta(days=1)) == []


def enter_by_hand(books: Connection, day: date, *lines: tuple[str, int], reference: str = "MANUAL-1") -> None:
    """An entry of somebody else's in the built-in books."""
    accounts = {row.code: row for row in BooksAccount.objects.filter(connection=books)}
    with transaction.atomic():
        entry = BooksEntry.objects.create(
            connection=books, document_key=f"by hand {reference}", reference=reference, kind="journal", date=day,
            currency="GBP", narration="By hand", total=sum(max(amount, 0) for _, amount in lines),
            line_count=len(lines), digest=reference.encode(),
        )  # fmt: skip
        BooksLine.objects.bulk_create(
            BooksLine(entry=entry, position=place, account=accounts[code], debit=max(amount, 0), credit=max(-amount, 0))
            for place, (code, amount) in enumerate(lines, 1)
        )


def test_what_is_not_delivered_yet_is_no_finding() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    assert look(company) == []
    [day] = kept_days(company)
    assert (day.undelivered, roles_of(day)["sales"].books) == (1, None)


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

"""Reconciliation: an independent sum of what records state, what documents hold and what the books read back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from commerce_sync.demo.merchants import LONDON, MONTREAL, TOKYO, Merchant
from commerce_sync.reconcile import reconcile
from commerce_sync.reconcile_text import describe_differences, render_days
from connectors.general_ledger.chart import default_book
from connectors.general_ledger.voiding import void_entry
from connectors.models import BooksEntry
from ledger import commerce
from ledger.book import Mode, Policy
from ledger.calendar import DayRule
from ledger.incoming import Incoming
from ledger.intake import store
from ledger.models import Company, Document
from ledger.post_due import post_due
from ledger.services import save_book
from ledger.versions import digest
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, a_shop, post, settle, tamper

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("merchant", [LONDON, MONTREAL, TOKYO], ids=lambda merchant: merchant.key)
def test_every_day_of_lifelike_sales_agrees_to_the_unit(merchant: Merchant) -> None:
    shop = a_posted_shop(merchant, days=4)
    days = reconcile(shop.company.pk)
    assert [day.day for day in days] == [LAST_DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    assert describe_differences(days) == []
    assert all(day.is_reconciled and day.read_back == day.debits > 0 for day in days)
    assert all(day.topics["sales"].stated > 0 for day in days)


@pytest.mark.parametrize("mode", ["journal", "invoice", "per_order", "per_payout"])
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(discounts="net", sales_by="", disputes="sales_return", open_orders="receivable"),
        Policy(fees_from="payouts", marketplace_tax="in_and_out", expired_cards="keep", recognize="fulfillment"),
    ],
    ids=["usual", "plain", "unusual"],
)
def test_the_sums_hold_in_every_mode_and_policy(mode: Mode, policy: Policy) -> None:
    company = a_merchant(book=default_book("GBP", DAYS, mode, policy=policy))
    sell(company, *every_kind())
    settle(company, FIRST_DAY + timedelta(days=9))
    days = reconcile(company.pk)
    assert describe_differences(days) == []
    assert sum(day.records for day in days) == len(every_kind())
    assert (len(days) == 1 and days[0].day is None) == (mode == "per_payout")


def every_kind() -> list[commerce.Record]:
    """One of each kind of record, with marketplace tax, an open order, a dispute that is won days later, and cash."""
    tax = commerce.Tax("gst", "GST", 500, 50_000, "marketplace")
    line = commerce.Line("product", "Tea", 10_000, (tax,), fulfilled_at=NOON + timedelta(days=1))
    paid = commerce.Tender("t", "card", 10_500, NOON)
    later = NOON + timedelta(days=3)
    items = (
        *(commerce.PayoutItem("charge", 10_500, "m"), commerce.PayoutItem("charge", 1_200, "o1")),
        *(commerce.PayoutItem("charge", 600, "open"), commerce.PayoutItem("refund", -600, "r")),
        *(commerce.PayoutItem("fee", -200, "f"), commerce.PayoutItem("fee", -200)),
    )
    refund = commerce.Line("product", "Tea", 600)
    sofa = commerce.Line("product", "Sofa", 900)
    half = commerce.Tender("h", "card", 600, NOON)
    return [
        an_order(1),
        commerce.Order("m", "m", "GBP", NOON, NOON, (line,), (paid,), 10_500),
        commerce.Order("open", "open", "GBP", NOON, NOON, (sofa,), (half,), 900, state="open"),
        commerce.Refund("r", "o1", "GBP", NOON, NOON, (refund,), (commerce.Tender("b", "card", 600, NOON),), 600),
        commerce.Fee("f", "GBP", NOON, NOON, 150, taxes=(commerce.Tax("vat", "VAT", 50),)),
        commerce.Fee("g", "GBP", NOON, NOON, -50, method="bank"),
        commerce.Dispute("d", "GBP", NOON, NOON, 700, "won", later, method="bank"),
        commerce.Dispute("l", "GBP", NOON, NOON, 300, "lost", later, method="bank"),
        commerce.Dispute("i", "GBP", NOON, NOON, 300, "inquiry", method="bank"),
        commerce.Payout("p", "GBP", later, later, 11_300, items),
        commerce.GiftCardChange("g1", "GBP", NOON, NOON, 500, "issued_free"),
        commerce.GiftCardChange("g2", "GBP", NOON, NOON, 100, "expired"),
        commerce.CashMovement("c1", "GBP", NOON, NOON, 1_000, "drop"),
        commerce.CashMovement("c2", "GBP", NOON, NOON, -5, "over_short"),
    ]  # fmt: skip


def test_a_late_change_and_a_deletion_agree_on_their_own_days() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2), an_order(3))
    settle(company, FIRST_DAY)
    at = NOON + timedelta(days=2)
    sell(company, an_order(1, amount=2_400, updated_at=at))
    sell_as("order", company, commerce.Deleted("o2", "GBP", at, at))
    settle(company, FIRST_DAY + timedelta(days=3))
    days = reconcile(company.pk)
    assert describe_differences(days) == []
    assert [(day.day, day.topics["sales"].stated) for day in days if day.topics["sales"].stated] == [(FIRST_DAY, 3_600)]


def sell_as(kind: commerce.RecordKind, company: Company, record: commerce.Record) -> None:
    """Bring in what does not say its own kind: a deletion."""
    item = Incoming(kind, record, digest(commerce.encode(record)), 0)
    source = company.sources.get()
    store(company_id=company.pk, source_id=source.pk, items=[item], page_id=None, received_at=NOON)


@pytest.mark.parametrize("cutoff", [0, 4])
def test_the_business_day_is_the_calendar_s_also_when_its_rules_change(cutoff: int) -> None:
    rules = (
        DayRule(date(2026, 1, 1), "Europe/London", cutoff),
        DayRule(date(2026, 3, 4), "America/New_York", 2),
        DayRule(date(2026, 3, 6), "Asia/Tokyo", 5),
    )
    company = a_merchant(book=default_book("GBP", rules))
    moments = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hours, minutes=30) for hours in range(130)]
    sell(company, *[at_moment(number, moment) for number, moment in enumerate(moments)])
    settle(company, date(2026, 3, 20))
    days = reconcile(company.pk)
    assert describe_differences(days) == []
    assert sum(day.records for day in days) == len(moments)


def at_moment(number: int, moment: datetime) -> commerce.Order:
    line, paid = commerce.Line("product", "Tea", 100 + number), commerce.Tender("t", "cash", 100 + number, moment)
    return commerce.Order(f"x{number}", str(number), "GBP", moment, moment, (line,), (paid,), 100 + number)


def test_a_document_that_was_changed_behind_our_back_shows_on_its_day() -> None:
    shop = a_posted_shop()
    document = Document.objects.filter(company=shop.company, kind="invoice").latest("id")
    tamper(
        "ledger_document",
        r"""UPDATE ledger_document SET body = convert_to(
            regexp_replace(convert_from(body, 'UTF8'), '"amount":([0-9])', '"amount":1\1'), 'UTF8') WHERE id = %s""",
        document.pk,
    )
    off = [day for day in reconcile(shop.company.pk) if not day.is_reconciled]
    assert [day.day for day in off] == [document.date]
    assert "sales are stated as GBP" not in describe_differences(off)[0]
    assert f"{document.date}: sales are stated as" in describe_differences(off)[0]


def test_a_record_that_never_reached_its_document_shows() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=4_800))
    settle(company, FIRST_DAY)
    tamper(
        "ledger_standing",
        "UPDATE ledger_standing SET state = 0, posting_id = NULL WHERE record_id = (SELECT max(id) FROM ledger_record)",
    )
    [day] = reconcile(company.pk)
    assert (day.topics["sales"].stated, day.topics["sales"].documents, day.off) == (1_200, 6_000, 4_800)


def test_an_entry_that_somebody_voided_in_the_books_shows() -> None:
    shop = a_posted_shop()
    entry = BooksEntry.objects.filter(connection=shop.books).earliest("id")
    void_entry(shop.books.pk, entry.pk)
    off = [day for day in reconcile(shop.company.pk) if not day.is_reconciled]
    assert len(off) == 1
    assert off[0].disagreeing == 1
    assert "read back" in describe_differences(off)[0]


def test_what_is_not_delivered_yet_is_not_called_a_difference() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    [day] = reconcile(company.pk)
    assert (day.undelivered, day.read_back, day.is_reconciled) == (1, None, True)
    assert "not read" in render_days([day])


def test_payouts_are_not_compared_where_the_book_mixes_them_with_takings() -> None:
    book = default_book("GBP", DAYS)
    mixed = msgspec.structs.replace(book, accounts=book.accounts | {"tender:cash": "1000"})
    company = a_merchant(book=mixed)
    sell(company, *every_kind())
    settle(company, FIRST_DAY + timedelta(days=9))
    assert all(day.is_reconciled and "payouts" in day.incomparable for day in reconcile(company.pk))


def test_each_company_is_summed_by_itself_and_all_at_once() -> None:
    first, second = a_merchant("One"), a_merchant("Two")
    for company in (first, second):
        sell(company, an_order(1))
        settle(company, FIRST_DAY)
    assert [day.company_id for day in reconcile()] == [first.pk, second.pk]
    assert reconcile() == reconcile(first.pk) + reconcile(second.pk)


def test_a_change_of_the_book_leaves_what_was_posted_under_the_old_one_reconciled() -> None:
    company = a_merchant()
    sell(company, *every_kind())
    settle(company, FIRST_DAY + timedelta(days=9))
    changed = default_book("GBP", DAYS, "invoice", policy=Policy(marketplace_tax="in_and_out", fees_from="payouts"))
    save_book(company=company, book=changed, author="test", reason="another taste")
    at = NOON + timedelta(days=4)
    sell(company, an_order(1, amount=600, updated_at=at), commerce.Fee("f", "GBP", NOON, at, 999))
    settle(company, FIRST_DAY + timedelta(days=9))
    assert describe_differences(reconcile(company.pk)) == []


def test_the_table_lines_up_and_adds_up() -> None:
    shop = a_shop()
    assert render_days(reconcile(shop.company.pk)) == "Nothing is in the books yet.\n"
    post(shop)
    table = render_days(reconcile(shop.company.pk)).splitlines()
    assert len({len(line) for line in table}) == 1
    assert table[-1].startswith("Total")
    assert table[-1].endswith(" 0.00")

"""`manage.py explain`: from any ledger line to the raw payload, and from any record to the platform's answer."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from commerce_sync.explain import find
from commerce_sync.explain_chain import record_chain
from commerce_sync.explain_documents import document_chain, sources_of
from connectors.general_ledger import reports
from connectors.general_ledger.voiding import void_entry
from connectors.models import BooksEntry, Page
from ledger.models import Document, RecordRow
from ledger.render import render
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import LAST_DAY, a_posted_shop, a_shop, settle, tamper

pytestmark = pytest.mark.django_db


def explain(said: str, **options: Any) -> str:
    out = StringIO()
    call_command("explain", said, stdout=out, **options)
    return out.getvalue()


def test_every_line_of_the_books_leads_to_records_that_add_up_to_it() -> None:
    shop = a_posted_shop()
    for posting_id in set(Document.objects.values_list("posting_id", flat=True)):
        assert sources_of(posting_id).adds_up
    for row in reports.general_journal(shop.books.pk):
        [subject] = find(row.reference, shop.company.pk)
        chain = document_chain(subject.id)
        assert row.account_code in chain.accounts


def test_a_ledger_line_leads_to_the_raw_payload() -> None:
    shop = a_posted_shop()
    line = next(iter(reports.account_ledger(shop.books.pk, "4000")))
    told = explain(line.reference, account="4000", limit=3)
    number = told.split("  #")[1].split()[0]
    record = RecordRow.objects.get(pk=number)
    chain = record_chain(record.pk)
    assert json.loads(bytes(chain.versions[-1].raw.payload))["id"] == record.external_id
    assert chain.versions[-1].raw.page == record.page


def test_the_records_on_an_account_are_only_those_and_their_sum_is_told() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2, amount=2_400))
    settle(company, FIRST_DAY)
    reference = Document.objects.get().reference
    told = explain(reference, account="4000")
    assert "2 of them on 4000 Sales, -30.00 in all" in told
    with pytest.raises(CommandError, match="has no line on '1000'"):
        explain(reference, account="1000")


def test_the_chain_of_a_record_has_every_link() -> None:
    shop = a_posted_shop()
    order = RecordRow.objects.filter(kind="order", deleted=False, total__gt=0).earliest("id")
    told = explain(order.external_id)
    for part in (
        *("1  Raw payload: page", "2  Canonical record", "3  Where it stands", "in books: "),
        *(
            "4  Legs (book version 1)",
            "Delivery  pushed, at books as",
            "reads back the same",
            order.external_id,
            "Dr  ",
        ),
    ):
        assert part in told
    document = Document.objects.filter(company=shop.company, kind="invoice", date=order.happened_at.date()).get()
    assert document.reference in told
    assert render(document.document).splitlines()[0] in told


def test_a_changed_record_shows_all_its_versions_and_where_each_one_went() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    settle(company, FIRST_DAY)
    sell(company, an_order(1, amount=2_400, updated_at=an_order(1).updated_at + timedelta(days=1)))
    settle(company, FIRST_DAY)
    told = explain("o1")
    assert "Version 1 of 2" in told
    assert "taken out again by 2026-03-02, revision 1" in told
    assert "Version 2 of 2" in told
    adjustment = Document.objects.latest("id")
    assert sources_of(adjustment.posting_id).adds_up
    assert "adjustment 1" in explain(adjustment.reference)
    assert "1 add up to" in explain(adjustment.reference)


def test_a_record_is_found_by_id_by_number_and_by_our_own_number() -> None:
    company = a_merchant()
    sell(company, an_order(77))
    own = RecordRow.objects.get().pk
    for said in ("o77", "77", f"#{own}", " o77 "):
        assert "Order o77 of Rose & Crown" in explain(said)


def test_a_document_is_found_by_reference_in_any_case_and_by_key() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    settle(company, FIRST_DAY)
    document = Document.objects.get()
    for said in (document.reference, document.reference.lower(), document.key):
        assert document.reference in explain(said)


def test_a_reversal_in_the_books_leads_to_the_document_that_was_reversed() -> None:
    company = a_merchant()
    sell(company, an_order(1))
    settle(company, FIRST_DAY)
    entry = BooksEntry.objects.get()
    void_entry(entry.connection_id, entry.pk)
    reversal = BooksEntry.objects.exclude(pk=entry.pk).get()
    assert Document.objects.get().reference in explain(reversal.reference)


@pytest.mark.parametrize(
    "said", ["nothing", "#999999999", "999999999999999999999", "", "%", "\x00", "'; DROP", "#", "CS261117-"]
)
def test_what_nothing_is_called_is_said_so(said: str) -> None:
    sell(a_merchant(), an_order(1))
    with pytest.raises(CommandError, match="Nothing is called") as raised:
        explain(said)
    assert raised.value.returncode == 1


def test_what_several_are_called_is_listed_and_told_apart_by_company() -> None:
    one, two = a_merchant("One"), a_merchant("Two")
    for company in (one, two):
        sell(company, an_order(5))
    for said in ("o5", "5"):
        with pytest.raises(CommandError) as raised:
            explain(said)
        assert raised.value.returncode == 1
        assert str(raised.value).count("order o5") == 2
        assert "of Two" in explain(said, company="Two")
    with pytest.raises(CommandError, match="no company 'Three'"):
        explain("o5", company="Three")


def test_a_record_that_is_not_in_the_books_says_why() -> None:
    a_shop()
    told = explain("london-20260303-bad1")
    assert "a difference of GBP 0.01" in told
    assert "Documents: none, it is not in the books" in told


def test_a_purged_page_is_said_to_be_purged() -> None:
    a_posted_shop()
    Page.objects.update(body=None)
    order = RecordRow.objects.filter(kind="order").earliest("id")
    assert "the page was purged" in explain(order.external_id)


def test_everything_comes_as_json_too() -> None:
    shop = a_posted_shop()
    order = RecordRow.objects.filter(kind="order", deleted=False, total__gt=0).earliest("id")
    record = json.loads(explain(order.external_id, json=True))["record"]
    assert record["versions"][0]["raw"]["payload"]["id"] == order.external_id
    assert record["versions"][0]["canonical"]["id"] == order.external_id
    assert sum(leg["amount"] for leg in record["versions"][0]["legs"]) == 0
    assert record["documents"][0]["delivery"]["agrees"] is True
    document = json.loads(explain(Document.objects.filter(company=shop.company, date=LAST_DAY)[0].reference, json=True))
    assert document["sources"]["adds_up"] is True


def test_records_that_do_not_add_up_to_their_document_are_told() -> None:
    company = a_merchant()
    sell(company, an_order(1), an_order(2))
    settle(company, FIRST_DAY)
    first = RecordRow.objects.earliest("id").pk
    tamper("ledger_standing", "UPDATE ledger_standing SET state = 0, posting_id = NULL WHERE record_id = %s", first)
    assert "DO NOT ADD UP" in explain(Document.objects.get().reference)

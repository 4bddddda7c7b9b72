"""One document: its lines, the sales behind it, its evidence, and what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from commerce_sync import work
from connectors.general_ledger.chart import default_book
from connectors.models import PushItem
from ledger.models import AuditEntry, Company, Document
from tests.commerce_sync.cast import DAYS, FIRST_DAY, a_merchant, books_of
from tests.flow.cast import inside
from tests.flow.test_taking_back import NOBODY, synced, taken_back
from tests.platforms import hostile_books

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def words_of(answered: Any) -> str:
    return unescape(answered.content.decode())


def a_shop(*numbers: int, **changes: Any) -> tuple[Client, Company, Document]:
    company = a_merchant()
    synced(company, *(numbers or (1, 2)), **changes)
    return inside(company), company, Document.objects.filter(company=company).latest("pk")


def page_of(document: Document) -> str:
    return f"/flow/documents/{document.public_id}"


def test_a_document_reads_like_a_ledger_with_the_sales_behind_it() -> None:
    browser, _, document = a_shop()
    assert page_of(document) in words_of(browser.get("/flow/day/2026-03-02"))
    words = words_of(browser.get(page_of(document)))
    assert "Journal entry" in words
    assert "1100 Card clearing" in words
    foot = words.split("<tfoot>")[1].split("</tfoot>")[0]
    assert foot.count(">24.00<") == 2
    assert words.count("£12.00") == 2
    assert "In your books" in words
    assert f"/flow/undo/document/{document.public_id}" in words


def test_many_sales_are_shown_in_pages_of_constant_cost(django_assert_max_num_queries: Any) -> None:
    browser, _, document = a_shop(*range(60))
    with django_assert_max_num_queries(14):
        first = words_of(browser.get(page_of(document)))
    assert first.count("£12.00") == 25
    assert "?page=2" in first
    last = words_of(browser.get(page_of(document), {"page": "3"}))
    assert last.count("£12.00") == 10
    assert "?page=4" not in last
    for page in ("99", "0", "x", "-1", "9" * 30):
        assert browser.get(page_of(document), {"page": page}).status_code == 200


def test_many_documents_are_shown_in_pages(django_assert_max_num_queries: Any) -> None:
    company = a_merchant(book=default_book("GBP", DAYS, "per_order"))
    sync = synced(company, *range(30))
    browser = inside(company)
    for path in (f"/flow/history/{sync.public_id}", "/flow/day/2026-03-02"):
        with django_assert_max_num_queries(14):
            first = words_of(browser.get(path))
        last = words_of(browser.get(path, {"page": "2"}))
        shown = [words.count('href="/flow/documents/') for words in (first, last)]
        assert shown == [50, 10]  # an invoice and a payment of each sale
        assert ("?page=2" in first, "?page=1" in last, "?page=3" in last) == (True, True, False)


def test_the_evidence_is_a_file_of_its_own() -> None:
    browser, _, document = a_shop()
    answered = browser.get(f"{page_of(document)}/evidence.txt")
    assert answered["Content-Type"] == "text/plain; charset=utf-8"
    assert answered["Content-Disposition"] == f'attachment; filename="evidence-{document.reference}.txt"'
    text = answered.content.decode()
    assert "Order o1: GBP 12.00" in text
    assert "they add up to the documents of its posting" in text


def test_the_evidence_of_many_sales_comes_in_parts() -> None:
    browser, _, document = a_shop(*range(101))
    words = words_of(browser.get(page_of(document)))
    assert (">Part 2<" in words, ">Part 3<" in words) == (True, False)
    answered = browser.get(f"{page_of(document)}/evidence.txt", {"page": "2"})
    assert "-2.txt" in answered["Content-Disposition"]
    assert answered.content.decode().count("Canonical record") == 1


def test_a_refused_document_says_why_and_goes_once_more_however_often_it_is_sent(settings: Any) -> None:
    with hostile_books.running() as (server, rules):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        company = a_merchant(platform="hostile_void", book=default_book("GBP", DAYS))
        hostile_books.connect(books_of(company), server)
        rules.refuse[FIRST_DAY.isoformat()] = "account_inactive"
        synced(company, 1)
        browser, document = inside(company), Document.objects.get(company=company)
        words = words_of(browser.get(page_of(document)))
        assert "An account that is used is archived in your accounting software." in words
        assert 'href="/flow/sales"' in words
        rules.refuse.clear()
        for _ in range(2):
            assert browser.post(f"{page_of(document)}/retry")["Location"] == page_of(document)
        assert AuditEntry.objects.filter(company=company, actor="merchant", code__contains="retr").count() == 1
        work.drain(5)
        words = words_of(browser.get(page_of(document)))
    assert "In your books" in words
    assert "Try again" not in words


def test_one_that_is_right_is_not_sent_again() -> None:
    browser, _, document = a_shop()
    assert "Try again" not in words_of(browser.get(page_of(document)))
    assert browser.post(f"{page_of(document)}/retry").status_code == 302
    assert PushItem.objects.get(document=document).state == "pushed"


def test_one_that_was_taken_back_says_so_and_offers_it_no_more() -> None:
    browser, _, document = a_shop()
    taken_back(browser, f"/flow/undo/document/{document.public_id}")
    work.drain(5)
    words = words_of(browser.get(page_of(document)))
    assert "Taken back" in words
    assert "Show what would be taken back" not in words


def test_another_companys_document_is_as_unknown_as_none() -> None:
    browser, _, _ = a_shop()
    other = a_merchant("Anchor Inn")
    synced(other, 9, day=FIRST_DAY + timedelta(days=1))
    theirs = Document.objects.get(company=other)
    for document_id in (theirs.public_id, NOBODY):
        path = f"/flow/documents/{document_id}"
        assert browser.get(path).status_code == 404
        assert browser.get(f"{path}/evidence.txt").status_code == 404
        assert browser.post(f"{path}/retry").status_code == 404
    assert Client().get(page_of(theirs)).status_code == 401

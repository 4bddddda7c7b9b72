"""What was refused under a former mapping is composed anew under the one in force, and nothing else is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from commerce_sync import services, work
from commerce_sync.models import Job
from commerce_sync.reposting import repost_refused
from commerce_sync.retrying import retry_documents
from connectors import registry
from connectors.general_ledger.accounts import archive_account
from connectors.models import PushItem
from connectors.push_local import deliver_local
from connectors.session import Session
from ledger.models import Company, Document
from ledger.post_due import post_due
from ledger.services import save_book
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, allow_truncate, an_order, books_of, sell, trial_balance

ANOTHER = "1140"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _truncated() -> None:
    allow_truncate()


def a_refused_shop() -> Company:
    """The account for card payments was archived between posting and delivery."""
    company = a_merchant()
    sell(company, an_order(1))
    post_due(company_id=company.pk, through=FIRST_DAY, act=uuid4())
    archive_account(connection_id=books_of(company).pk, code="1100", actor="test")
    deliver_local(registry.accounting("books"), Session(books_of(company).pk, company.pk), lambda _: None)
    assert PushItem.objects.get().state == "refused"
    return company


def choose(company: Company, **accounts: str) -> None:
    """Another account for card payments."""
    book = company.book_versions.latest("number").book
    chosen: dict[Any, Any] = {
        key: ANOTHER if account == "1100" else account for key, account in book.accounts.items()
    } | accounts
    save_book(company=company, book=msgspec.structs.replace(book, accounts=chosen), author="amy", reason="archived")


def test_under_the_same_mapping_nothing_is_taken_back() -> None:
    assert repost_refused(company=a_refused_shop(), actor="amy") == 0
    assert PushItem.objects.get().state == "refused"


def test_under_another_mapping_it_is_composed_anew_and_booked_once() -> None:
    company = a_refused_shop()
    choose(company)
    assert repost_refused(company=company, actor="amy", act=uuid4()) == 0
    assert repost_refused(company=company, actor="amy", document_id=0) == 0
    assert retry_documents(company=company, actor="amy") == 1
    assert retry_documents(company=company, actor="amy") == 0
    work.drain(10)
    assert trial_balance(company)[ANOTHER] == 1_200
    assert "1100" not in trial_balance(company)
    assert Document.objects.filter(withdrawn_at=None).count() == 1
    assert PushItem.objects.get().state == "pushed"


def test_a_sync_that_is_under_way_is_followed_by_the_one_that_composes_anew() -> None:
    company = a_refused_shop()
    choose(company)
    services.request_sync(company=company)
    assert retry_documents(company=company, actor="amy") == 1
    work.drain(10)
    assert trial_balance(company)[ANOTHER] == 1_200
    assert not Job.objects.exists()


def test_what_may_be_there_stays() -> None:
    company = a_refused_shop()
    choose(company)
    PushItem.objects.update(failure_code="unknown_outcome", claimed_at="2026-03-02T12:00Z")
    assert repost_refused(company=company, actor="amy") == 0

"""Withdrawing a posting that went nowhere leaves the ledger as if it had never been posted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import blake2b
from uuid import uuid4

import pytest
from msgspec import structs

from ledger import commerce, sql
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.intake import store
from ledger.models import Company, Document, Partner, Posting, Standing
from ledger.post_due import post_due
from ledger.services import create_company, create_source, save_book
from ledger.settling import Incoming
from ledger.withdraw import AlreadyPushed, LaterPosting, withdraw

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOOK = Book(
    "GBP", (DayRule(date(2026, 1, 1), "UTC", 0),), accounts={"sales": "4000", "tender": "1100"}, suspense="9999"
)


def a_company() -> Company:
    partner = Partner.objects.create(name="Till Systems")
    company = create_company(partner=partner, name="Rose & Crown", currency="GBP", actor="test")
    create_source(company=company, label="shop")
    save_book(company=company, book=BOOK, author="test", reason="start")
    return company


def sell(company: Company, amount: int, *, minute: int = 0) -> None:
    """The one order, or a newer version of it."""
    line = commerce.Line("product", "Tea", amount)
    paid = commerce.Tender("t1", "card", amount, NOON)
    order = commerce.Order("o1", "1", "GBP", NOON, NOON.replace(minute=minute), (line,), (paid,), amount)
    raw = blake2b(commerce.encode(order), digest_size=16).digest()
    item = Incoming("order", order, raw, 0)
    store(company_id=company.pk, source_id=company.sources.get().pk, items=[item], page_id=None, received_at=NOON)


def post(company: Company) -> None:
    post_due(company_id=company.pk, through=date(2026, 3, 2), act=uuid4())


def balance(company: Company) -> dict[str, int]:
    """The trial balance of what is not withdrawn."""
    return dict(
        sql.rows(
            """SELECT account, sum(coalesce(debit, 0) - coalesce(credit, 0))::bigint FROM ledger_documentline line
               JOIN ledger_document document ON document.id = line.document_id
               WHERE document.company_id = %s AND withdrawn_at IS NULL
               GROUP BY account HAVING sum(coalesce(debit, 0) - coalesce(credit, 0)) <> 0""",
            (company.pk,),
        )
    )


def standings() -> list[int]:
    return list(Standing.objects.order_by("record_id", "round").values_list("state", flat=True))


def test_posted_again_under_a_changed_book_the_trial_balance_is_right() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    assert balance(company) == {"1100": 1_000, "4000": -1_000}
    assert withdraw(posting_id=Posting.objects.get().pk) == 1
    assert (balance(company), standings()) == ({}, [0])
    moved = structs.replace(BOOK, accounts=BOOK.accounts | {"sales": "4100"})
    save_book(company=company, book=moved, author="test", reason="another account")
    post(company)
    assert balance(company) == {"1100": 1_000, "4100": -1_000}
    again = Document.objects.get(withdrawn_at=None)
    assert (again.posting.revision, again.narration.startswith("sales of")) == (1, True)  # what stands is the first


def test_withdrawing_twice_changes_nothing() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    posting = Posting.objects.get().pk
    assert (withdraw(posting_id=posting), withdraw(posting_id=posting)) == (1, 0)


def test_withdrawing_a_correction_brings_back_what_it_corrected() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    sell(company, 1_500, minute=5)
    post(company)
    assert balance(company) == {"1100": 1_500, "4000": -1_500}
    withdraw(posting_id=Posting.objects.get(revision=1).pk)
    assert (balance(company), standings()) == ({"1100": 1_000, "4000": -1_000}, [1, 0])
    post(company)
    assert balance(company) == {"1100": 1_500, "4000": -1_500}


def test_what_a_newer_version_has_overtaken_does_not_wait_again() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    sell(company, 1_500, minute=5)
    withdraw(posting_id=Posting.objects.get().pk)
    assert standings() == [4, 0]
    post(company)
    assert balance(company) == {"1100": 1_500, "4000": -1_500}


def test_a_posting_on_which_a_later_one_rests_stays() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    sell(company, 1_500, minute=5)
    post(company)
    with pytest.raises(LaterPosting):
        withdraw(posting_id=Posting.objects.get(revision=0).pk)


def test_a_posting_that_is_at_the_platform_stays() -> None:
    company = a_company()
    sell(company, 1_000)
    post(company)
    Document.objects.update(pushed_at=NOON)
    with pytest.raises(AlreadyPushed):
        withdraw(posting_id=Posting.objects.get().pk)

"""What somebody did to our documents in the accounting software is seen, and over when it is put right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.general_ledger.voiding import void_entry
from connectors.models import Binding, BooksEntry, PushItem
from health.findings.seen import Scope, Seen
from health.watches.drift import look
from ledger.models import Company, Document
from ledger.services import audit
from tests.commerce_sync.cast import FIRST_DAY, a_merchant, an_order, sell
from tests.commerce_sync.demo_cast import settle, tamper

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 20, 6, tzinfo=UTC)


def kept() -> tuple[Company, Document]:
    company = a_merchant()
    sell(company, an_order(1))
    settle(company, FIRST_DAY)
    return company, Document.objects.get(company=company)


def elsewhere(**facts: Any) -> tuple[Company, Document]:
    """The same at accounting software that is called; ``facts`` are what was told when it was read back."""
    company, document = kept()
    company.connections.filter(kind="accounting").update(platform="xero")
    Binding.objects.update(agrees=False, verified_at=AT)
    if facts:
        audit(code="document.mismatch", actor="push", company=company, subject=document.reference, detail=facts)
    return company, document


def seen(company: Company, depth: Any = "night") -> list[Seen]:
    return list(look(Scope((company.pk,), AT, depth)).seen)


def test_what_stands_as_it_was_sent_is_no_finding() -> None:
    company, _ = kept()
    assert seen(company) == []
    company.connections.filter(kind="accounting").update(platform="xero")
    Binding.objects.update(agrees=True, verified_at=AT)
    assert seen(company) == []


@pytest.mark.case("A18")
def test_an_entry_that_was_edited_in_the_books_says_what_was_changed() -> None:
    company, document = kept()
    entry = BooksEntry.objects.get(document_key=document.key)
    for side in ("debit", "credit"):
        tamper(
            "books_line",
            f"UPDATE books_line SET {side} = {side} + 100 WHERE id = (SELECT min(id) FROM books_line "  # noqa: S608
            f"WHERE entry_id = %s AND {side} > 0)",
            entry.pk,
        )
    (found,) = seen(company)
    assert (found.code, found.subject, found.amount) == ("document_edited", document.reference, 100)
    assert "1100 Card clearing 13.00 instead of 12.00" in found.params["changes"]
    assert [cause.id for cause in found.causes] == [str(document.pk)]


def test_an_entry_that_somebody_reversed_is_taken_out() -> None:
    company, document = kept()
    entry = BooksEntry.objects.get(document_key=document.key)
    void_entry(entry.connection_id, entry.pk)
    (found,) = seen(company)
    assert (found.code, found.amount) == ("document_removed", document.total)


def test_an_entry_of_another_day_is_told_with_both_days() -> None:
    company, document = kept()
    tamper("books_entry", "UPDATE books_entry SET date = %s WHERE kind <> 'reversal'", FIRST_DAY - timedelta(days=30))
    (found,) = seen(company)
    assert (found.code, found.params["day"], found.params["found"]) == (
        "document_redated", str(document.date), str(FIRST_DAY - timedelta(days=30)),
    )  # fmt: skip


@pytest.mark.case("A07")
def test_what_read_back_otherwise_is_told_as_it_was_last_read() -> None:
    company, document = elsewhere(ours={"A": 1_200}, theirs={"A": 1_300})
    audit(
        code="document.mismatch", actor="push", company=company, subject=document.reference,
        detail={"ours": {"A": 1_200, "B": -1_200}, "theirs": {"A": 1_250, "B": -1_250}, "day_theirs": "2026-03-01"},
    )  # fmt: skip
    (found,) = seen(company)
    assert (found.code, found.amount) == ("document_edited", 50)
    assert found.params["changes"] == (
        "A 12.50 instead of 12.00, B -12.50 instead of -12.00, dated 2026-03-01 instead of 2026-03-02"
    )
    Binding.objects.update(agrees=True)
    assert seen(company, "sync") == []


def test_only_another_day_is_a_document_that_was_moved() -> None:
    company, _ = elsewhere(day_ours="2026-03-02", day_theirs="2026-02-27")
    (found,) = seen(company)
    assert (found.code, found.params["found"], found.amount) == ("document_redated", "2026-02-27", None)


def test_what_was_removed_there_is_over_when_it_is_undone_here() -> None:
    company, document = elsewhere()
    PushItem.objects.update(state="removed")
    (found,) = seen(company)
    assert (found.code, found.amount) == ("document_removed", document.total)
    document.posting.withdrawn_at = AT
    document.posting.save(update_fields=["withdrawn_at"])
    assert seen(company) == []


def test_between_nights_the_books_are_compared_only_where_something_is_open() -> None:
    company, _ = kept()
    looked = look(Scope((company.pk,), AT, "sync"))
    assert (looked.seen, looked.days) == ([], {})

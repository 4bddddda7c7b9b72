"""What accounting software tells of its ledger is kept as it was told last, and PostgreSQL refuses what makes no
sense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from connectors import ledger_look_rows as rows
from connectors.ledger_facts import BankLine, LedgerBalance, LedgerEntry
from connectors.models import BankLine as BankLineRow
from connectors.models import LedgerLook, TheirBalance, TheirEntry
from tests.commerce_sync.cast import a_merchant, books_of

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 3, 6, tzinfo=UTC)


def a_link() -> int:
    return int(books_of(a_merchant(platform="xero")).pk)


def entry(amount: int, **more: Any) -> LedgerEntry:
    return LedgerEntry("ManualJournals/1", "A", more.pop("day", DAY), "GBP", amount, **more)


def test_the_lines_of_one_document_on_one_account_are_one_amount() -> None:
    link = a_link()
    rows.keep_entries(link, [entry(100), entry(-30), LedgerEntry("x/2", "A", DAY, "GBP", 0)], DAY, DAY)
    assert list(TheirEntry.objects.values_list("remote_id", "amount")) == [("ManualJournals/1", 70)]


def test_only_the_days_that_were_asked_for_are_replaced() -> None:
    link = a_link()
    rows.keep_entries(link, [entry(100, day=DAY - timedelta(days=1))], DAY - timedelta(days=1), DAY)
    rows.keep_entries(link, [], DAY, DAY + timedelta(days=6))
    assert TheirEntry.objects.count() == 1
    rows.keep_bank_lines(link, [BankLine("b/1", "B", DAY, "GBP", 5, "nul\x00")], DAY, DAY)
    rows.keep_bank_lines(link, [BankLine("b/1", "B", DAY, "GBP", 6)], DAY, DAY)
    assert [line.amount for line in BankLineRow.objects.all()] == [6]
    rows.forget(link, DAY + timedelta(days=1))
    assert (TheirEntry.objects.count(), BankLineRow.objects.count()) == (0, 0)


def test_an_entry_that_a_person_moved_to_another_day_is_kept_once() -> None:
    link = a_link()
    rows.keep_entries(link, [entry(100, day=DAY - timedelta(days=20))], DAY - timedelta(days=20), DAY)
    rows.keep_entries(link, [entry(100)], DAY, DAY)
    assert [(row.day, row.amount) for row in TheirEntry.objects.all()] == [(DAY, 100)]


def test_balances_are_kept_of_the_beginning_and_of_the_last_day() -> None:
    link = a_link()
    for day in (DAY, DAY + timedelta(days=5), DAY + timedelta(days=6)):
        rows.keep_balances(link, [LedgerBalance("A", "GBP", day.day)], day, DAY, AT)
    assert list(TheirBalance.objects.order_by("day").values_list("amount", flat=True)) == [2, 8]


def test_a_connection_is_asked_by_one_and_has_its_turn_later() -> None:
    link = a_link()
    assert (rows.admit(["xero"], AT), rows.admit(["xero"], AT)) == (1, 0)
    look = rows.claim(AT, AT + timedelta(hours=1))
    assert look is not None
    assert look.pk == link
    assert rows.claim(AT, AT + timedelta(hours=1)) is None
    assert rows.claim(AT + timedelta(hours=1), AT + timedelta(hours=2)) is not None


@pytest.mark.parametrize(
    ("constraint", "model", "values"),
    [
        ("bank_line_once", BankLineRow, {"remote_id": "1"}),
        ("bank_line_currency_is_iso", BankLineRow, {"remote_id": "2", "currency": "gbp"}),
        ("their_entry_once", TheirEntry, {"remote_id": "1"}),
        ("their_entry_moves_money", TheirEntry, {"remote_id": "2", "amount": 0}),
        ("their_entry_currency_is_iso", TheirEntry, {"remote_id": "2", "currency": "£"}),
        ("their_balance_once_a_day", TheirBalance, {"read_at": AT}),
        ("their_balance_currency_is_iso", TheirBalance, {"read_at": AT, "currency": ""}),
    ],
)
def test_postgresql_refuses_what_makes_no_sense(constraint: str, model: Any, values: dict[str, Any]) -> None:
    link = a_link()
    usual = {"connection_id": link, "account": "A", "currency": "GBP", "day": DAY, "amount": 1}
    named = {} if model is TheirBalance else {"remote_id": "1"}
    model.objects.create(**usual, **named, **({"read_at": AT} if model is TheirBalance else {}))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(**{**usual, **values})


def test_a_look_that_is_under_way_is_of_some_days() -> None:
    link = a_link()
    with pytest.raises(IntegrityError, match="ledger_look_under_way_has_days"), transaction.atomic():
        LedgerLook.objects.create(connection_id=link, next_at=AT, reached_day=DAY)

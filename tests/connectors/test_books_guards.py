"""What PostgreSQL itself refuses in the built-in general ledger: each constraint and trigger, violated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from books_cast import CARD, DAY, SALES, TAX, a_connection, a_journal
from django.db import IntegrityError, transaction
from django.db import connection as database

from connectors.general_ledger import accounts, periods
from connectors.general_ledger.posting import push_one
from connectors.general_ledger.voiding import void_entry
from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry
from connectors.models.books_line import BooksLine
from connectors.models.books_lock import BooksLock
from connectors.models.books_tax_rate import BooksTaxRate

pytestmark = pytest.mark.django_db


@contextmanager
def refuses(words: str) -> Iterator[None]:
    """PostgreSQL refuses what happens inside, naming ``words``; deferred checks are made at the end."""
    with pytest.raises(IntegrityError, match=words), checked_at_the_end():
        yield


@contextmanager
def checked_at_the_end() -> Iterator[None]:
    with transaction.atomic():
        yield
        database.check_constraints()


def an_entry(connection_id: int, key: str = "raw", **values: Any) -> BooksEntry:
    defaults: dict[str, Any] = {
        "document_key": key,
        "reference": f"R-{key}",
        "kind": "journal",
        "date": DAY,
        "currency": "GBP",
        "total": 100,
        "line_count": 2,
        "digest": b"d",
    }
    return BooksEntry.objects.create(connection_id=connection_id, **(defaults | values))


def lines_of(entry: BooksEntry, *rows: tuple[str, int, int], connection_id: int | None = None) -> None:
    codes = {a.code: a for a in BooksAccount.objects.filter(connection_id=connection_id or entry.connection_id)}
    BooksLine.objects.bulk_create(
        BooksLine(entry=entry, position=position, account=codes[code], debit=debit, credit=credit)
        for position, (code, debit, credit) in enumerate(rows, 1)
    )


def balanced(entry: BooksEntry) -> None:
    lines_of(entry, (CARD, 100, 0), (SALES, 0, 100))


def test_an_entry_that_does_not_balance() -> None:
    connection = a_connection()
    with refuses("does not balance"):
        lines_of(an_entry(connection.pk), (CARD, 100, 0), (SALES, 0, 99))


def test_an_entry_with_another_total_or_number_of_lines_than_it_says() -> None:
    connection = a_connection()
    for values in ({"total": 200}, {"line_count": 3}):
        with refuses("does not balance"):
            balanced(an_entry(connection.pk, **values))
    with refuses("does not balance"):
        an_entry(connection.pk)


def test_an_entry_that_moves_nothing() -> None:
    connection = a_connection()
    for values in ({"total": 0}, {"total": -1}, {"line_count": 1}):
        with refuses("books_entry_moves_money"):
            an_entry(connection.pk, **values)


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (5, 5), (-5, 0), (0, -5)])
def test_a_line_that_is_not_exactly_one_positive_side(debit: int, credit: int) -> None:
    connection = a_connection()
    with refuses("books_line_one_side"):
        lines_of(an_entry(connection.pk), (CARD, debit, credit), (SALES, credit, debit))


def test_a_line_added_to_an_entry_that_is_complete() -> None:
    connection = a_connection()
    entry = BooksEntry.objects.get(pk=push_one(connection.pk, a_journal()).entry_id)
    codes = {account.code: account for account in BooksAccount.objects.filter(connection=connection)}
    with refuses("complete and takes no more lines"):
        BooksLine.objects.bulk_create(
            [
                BooksLine(entry=entry, position=8, account=codes[CARD], debit=5),
                BooksLine(entry=entry, position=9, account=codes[SALES], credit=5),
            ]
        )


def test_two_lines_at_one_position() -> None:
    connection = a_connection()
    account = BooksAccount.objects.filter(connection=connection).first()
    with refuses("books_line_position_once"):
        entry = an_entry(connection.pk)
        BooksLine.objects.bulk_create(BooksLine(entry=entry, position=1, account=account, debit=5) for _ in range(2))


@pytest.mark.case("H11")
def test_changing_or_deleting_an_entry_a_line_or_a_lock() -> None:
    connection = a_connection()
    push_one(connection.pk, a_journal())
    periods.lock_period(connection_id=connection.pk, through=DAY, author="amy")
    for rows, change in (
        (BooksEntry.objects, {"narration": "other"}),
        (BooksLine.objects, {"description": "other"}),
        (BooksLock.objects, {"author": "other"}),
    ):
        with refuses("append-only"):
            rows.update(**change)
        with refuses("append-only"):
            rows.all()._raw_delete("default")


@pytest.mark.parametrize("table", ["books_entry", "books_line"])
@pytest.mark.case("H11")
def test_truncating_the_books(table: str) -> None:
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL commerce_sync.allow_truncate = 'off'")
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_line_on_an_account_of_another_company() -> None:
    connection, other = a_connection(), a_connection("The Outsider")
    with refuses("belongs to another connection"):
        lines_of(an_entry(connection.pk), (CARD, 100, 0), (SALES, 0, 100), connection_id=other.pk)


def test_a_line_on_an_archived_account() -> None:
    connection = a_connection()
    accounts.archive_account(connection_id=connection.pk, code=SALES, actor="amy")
    with refuses("archived and takes no line"):
        balanced(an_entry(connection.pk))


def test_an_entry_in_a_locked_period() -> None:
    connection = a_connection()
    periods.lock_period(connection_id=connection.pk, through=DAY, author="amy")
    with refuses("in a locked period"):
        balanced(an_entry(connection.pk))
    balanced(an_entry(connection.pk, date=date(2026, 4, 1)))


def test_a_second_entry_with_the_same_key_or_reference() -> None:
    connection = a_connection()
    balanced(an_entry(connection.pk))
    with refuses("books_entry_key_once"):
        an_entry(connection.pk, reference="other")
    with refuses("books_entry_reference_once"):
        an_entry(connection.pk, "other", reference="R-raw")
    balanced(an_entry(a_connection("The Outsider").pk))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"reference": ""}, "books_entry_has_names"),
        ({"document_key": ""}, "books_entry_has_names"),
        ({"currency": "gbp"}, "books_entry_currency_is_iso"),
        ({"kind": "poem"}, "books_entry_kind_known"),
        ({"kind": "reversal"}, "books_entry_reversal_iff_reverses"),
    ],
)
def test_an_entry_with_words_that_mean_nothing(values: dict[str, Any], name: str) -> None:
    with refuses(name):
        an_entry(a_connection().pk, **values)


def test_a_reversal_of_what_it_does_not_mirror_and_a_second_reversal() -> None:
    connection, other = a_connection(), a_connection("The Outsider")
    original = push_one(connection.pk, a_journal()).entry_id
    reversal: dict[str, Any] = {"kind": "reversal", "reverses_id": original, "total": 12_000}
    for connection_id, values in ((other.pk, {}), (connection.pk, {"total": 5}), (connection.pk, {"currency": "EUR"})):
        with refuses("not the reversal of what it names"):
            an_entry(connection_id, **(reversal | values))
    first = void_entry(connection.pk, original)
    with refuses("books_entry_reverses_id"):
        an_entry(connection.pk, **reversal)
    with refuses("not the reversal of what it names"):
        an_entry(connection.pk, **(reversal | {"reverses_id": first.entry_id}))


def test_an_account_without_a_plain_code_a_name_or_a_known_type() -> None:
    connection = a_connection()
    for values, name in (
        ({"code": "1-2"}, "books_account_code_plain"),
        ({"code": ""}, "books_account_code_plain"),
        ({"name": " "}, "books_account_has_name"),
        ({"type": "poem"}, "books_account_type_known"),
        ({"code": CARD}, "books_account_code_once"),
    ):
        with refuses(name):
            BooksAccount.objects.create(connection=connection, **({"code": "8", "name": "n", "type": "asset"} | values))


def test_an_account_that_changes_its_code_or_type() -> None:
    rows = BooksAccount.objects.filter(connection=a_connection(), code=CARD)
    for change in ({"code": "7777"}, {"type": "income"}):
        with refuses("keeps its code, type and connection"):
            rows.update(**change)
    assert rows.update(name="Stripe") == 1


def test_a_tax_rate_on_an_account_of_another_company_twice_or_above_the_whole() -> None:
    connection, other = a_connection(), a_connection("The Outsider")
    own, foreign = (BooksAccount.objects.get(connection=each, code=TAX) for each in (connection, other))
    rate: dict[str, Any] = {"connection": connection, "code": "vat", "name": "VAT", "rate_ppm": 200_000, "account": own}
    BooksTaxRate.objects.create(**rate)
    for values, words in (
        ({}, "books_tax_rate_code_once"),
        ({"code": "b", "account": foreign}, "account of another connection"),
        ({"code": "c", "rate_ppm": 1_000_001}, "books_tax_rate_at_most_whole"),
        ({"code": ""}, "books_tax_rate_has_code"),
    ):
        with refuses(words):
            BooksTaxRate.objects.create(**(rate | values))


def test_a_lock_without_an_author_and_an_opening_without_a_reason() -> None:
    connection = a_connection()
    with refuses("books_lock_has_author"):
        BooksLock.objects.create(connection=connection, locked_through=DAY, author="")
    with refuses("books_lock_open_says_why"):
        BooksLock.objects.create(connection=connection, locked_through=None, author="amy")

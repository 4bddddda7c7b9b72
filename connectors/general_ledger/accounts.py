"""The chart of accounts and the tax rates of a connection: add, rename, archive; each change is audited.

Archiving holds the connection's row for update, so that no push that has already read the account as open comes
after it. Every function raises `Refused` when the books do not allow the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from connectors.errors import RefusalReason, Refused
from connectors.general_ledger.chart import DEFAULT_CHART, AccountType, ChartAccount
from connectors.models import Connection
from connectors.models.books_account import BooksAccount
from connectors.models.books_tax_rate import BooksTaxRate
from ledger.services import audit

# Where a new account without a code of its own goes: the first free number of its type's range.
_RANGES: Final[dict[str, range]] = {
    "asset": range(1000, 2000),
    "liability": range(2000, 3000),
    "equity": range(3000, 4000),
    "income": range(4000, 5000),
    "expense": range(6000, 7000),
}


@transaction.atomic
def install_chart(*, connection_id: int, chart: Iterable[ChartAccount] = DEFAULT_CHART) -> None:
    """Give the connection the accounts of ``chart`` that it lacks; those that it has stay as they are."""
    accounts = [BooksAccount(connection_id=connection_id, **account._asdict()) for account in chart]
    BooksAccount.objects.bulk_create(accounts, ignore_conflicts=True)


@transaction.atomic
def add_account(
    *, connection_id: int, name: str, type: AccountType, actor: str, code: str = "", subtype: str = ""
) -> BooksAccount:
    """Add an account; without a code it gets the first free number of its type's range.

    Refused(duplicate) for a code that is taken, Refused(validation) for a code, name or type that cannot be.
    """
    connection = _held(connection_id)
    taken = set(BooksAccount.objects.filter(connection_id=connection_id).values_list("code", flat=True))
    code = code.strip().upper() or _free_code(type, taken)
    if code in taken:
        raise Refused(f"the code {code} is taken", reason=RefusalReason.DUPLICATE)
    account = BooksAccount(connection_id=connection_id, code=code, name=name.strip(), type=type, subtype=subtype)
    _save(account)
    _audit(connection, "books.account_added", code, actor, {"name": account.name, "type": type})
    return account


@transaction.atomic
def rename_account(*, connection_id: int, code: str, name: str, actor: str) -> BooksAccount:
    """Give an account another name; entries and mappings keep pointing to its code."""
    connection = _held(connection_id)
    account = _account(connection_id, code)
    before, account.name = account.name, name.strip()
    _save(account)
    _audit(connection, "books.account_renamed", code, actor, {"before": before, "after": account.name})
    return account


@transaction.atomic
def archive_account(*, connection_id: int, code: str, actor: str) -> None:
    """Take an account out of use: it keeps its lines and refuses new ones. Doing it twice is no error."""
    connection = _held(connection_id)
    rows = BooksAccount.objects.filter(pk=_account(connection_id, code).pk, archived_at=None)
    if rows.update(archived_at=Now()):
        _audit(connection, "books.account_archived", code, actor, {})


@transaction.atomic
def restore_account(*, connection_id: int, code: str, actor: str) -> None:
    """Put an archived account back into use. Doing it twice is no error."""
    connection = _held(connection_id)
    rows = BooksAccount.objects.filter(pk=_account(connection_id, code).pk, archived_at__isnull=False)
    if rows.update(archived_at=None):
        _audit(connection, "books.account_restored", code, actor, {})


@transaction.atomic
def delete_account(*, connection_id: int, code: str, actor: str) -> None:
    """Delete an account that was never used; Refused(validation) for one with lines or tax rates: archive it."""
    connection = _held(connection_id)
    account = _account(connection_id, code)
    if account.lines.exists() or account.tax_rates.exists():
        raise Refused(f"the account {code} is in use: it can be archived, not deleted")
    account.delete()
    _audit(connection, "books.account_deleted", code, actor, {"name": account.name})


@transaction.atomic
def add_tax_rate(
    *, connection_id: int, code: str, name: str, rate_ppm: int, account_code: str, actor: str
) -> BooksTaxRate:
    """Add a tax rate (millionths: 20 % is 200000) whose tax is owed on the account ``account_code``."""
    connection = _held(connection_id)
    if BooksTaxRate.objects.filter(connection_id=connection_id, code=code).exists():
        raise Refused(f"the tax code {code} is taken", reason=RefusalReason.DUPLICATE)
    rate = BooksTaxRate(
        connection_id=connection_id,
        code=code,
        name=name.strip(),
        rate_ppm=rate_ppm,
        account=_account(connection_id, account_code),
    )
    _save(rate)
    _audit(connection, "books.tax_rate_added", code, actor, {"rate_ppm": rate_ppm, "account": account_code})
    return rate


@transaction.atomic
def archive_tax_rate(*, connection_id: int, code: str, actor: str) -> None:
    """Take a tax rate out of use: documents that carry it are refused from now on. Doing it twice is no error."""
    connection = _held(connection_id)
    rates = BooksTaxRate.objects.filter(connection_id=connection_id, code=code)
    if not rates.exists():
        raise Refused(f"there is no tax rate {code!r}", reason=RefusalReason.NOT_FOUND)
    if rates.filter(archived_at=None).update(archived_at=Now()):
        _audit(connection, "books.tax_rate_archived", code, actor, {})


def _held(connection_id: int) -> Connection:
    """The connection, held for update: pushes under way are waited for, later ones wait for us."""
    connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("company").filter(pk=connection_id).first()
    )
    if connection is None:
        raise Refused(f"there is no connection {connection_id}", reason=RefusalReason.NOT_FOUND)
    return connection


def _account(connection_id: int, code: str) -> BooksAccount:
    account = BooksAccount.objects.filter(connection_id=connection_id, code=code).first()
    if account is None:
        raise Refused(f"the account {code!r} is not in the chart of accounts", reason=RefusalReason.NOT_FOUND)
    return account


def _free_code(type: AccountType, taken: set[str]) -> str:
    free = next((str(number) for number in _RANGES.get(type, ()) if str(number) not in taken), "")
    if not free:
        raise Refused(f"there is no free code for an account of type {type!r}: choose one")
    return free


def _save(row: BooksAccount | BooksTaxRate) -> None:
    """Save after Django's own validation, so that what the constraints refuse comes as `Refused` with its field."""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Refused("; ".join(error.messages)) from None
    row.save()


def _audit(connection: Connection, code: str, subject: str, actor: str, detail: dict[str, Any]) -> None:
    audit(
        code=code,
        actor=actor,
        company=connection.company,
        subject=subject,
        detail={"connection": str(connection.public_id), **detail},
    )

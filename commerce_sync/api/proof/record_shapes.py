"""The shapes of the records behind a document: which version, and what it adds to each account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.paging import Page, Paging, page_of
from commerce_sync.api.shape import Shape
from commerce_sync.document_records import BehindDocument, RecordPart
from ledger.money import to_decimal

Names = Mapping[str, str]


class AccountAmount(Shape):
    """An amount on an account: debits are positive, credits negative."""

    account_id: str
    account_name: str
    amount: Decimal


class DocumentRecord(Shape):
    """A record behind a document, in the version that it was posted in, and what it adds to each account.

    ``id`` is the platform's, ``total`` the record's effect on what is owed, ``url`` where it is at its platform.
    """

    id: str
    kind: str
    version: int
    is_deleted: bool
    happened_at: datetime
    source_modified_date: datetime
    currency: str
    total: Decimal
    accounts: list[AccountAmount]
    connection_id: UUID | UnsetType = UNSET
    url: str | UnsetType = UNSET


class DocumentRecordPage(Page[DocumentRecord]):
    """Some of the records behind a document."""


def records_page(part: RecordPart, names: Names, paging: Paging, request: Request) -> DocumentRecordPage:
    """A page of the records behind a document."""
    page = page_of([record_shape(each, names) for each in part.records], part.total, paging, request)
    return DocumentRecordPage(**{name: getattr(page, name) for name in page.__struct_fields__})


def record_shape(found: BehindDocument, names: Names) -> DocumentRecord:
    """A record behind a document."""
    return DocumentRecord(
        id=found.external_id,
        kind=found.kind,
        version=found.revision,
        is_deleted=found.is_deleted,
        happened_at=found.happened_at,
        source_modified_date=found.updated_at,
        currency=found.currency,
        total=to_decimal(found.total, found.currency),
        accounts=account_amounts(found.accounts, found.currency, names),
        connection_id=found.connection_id or UNSET,
        url=found.url or UNSET,
    )


def account_amounts(accounts: Mapping[str, int], currency: str, names: Names) -> list[AccountAmount]:
    """Account → signed minor units, as it is shown."""
    return [
        AccountAmount(account_id=account, account_name=names.get(account, account), amount=to_decimal(amount, currency))
        for account, amount in sorted(accounts.items())
    ]

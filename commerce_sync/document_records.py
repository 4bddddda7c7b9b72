"""The records behind a document, a page at a time: what each adds to which account, and which version it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from commerce_sync.explain_documents import SourceLine, filed_under, sources_of
from ledger import sql
from ledger.commerce import Order, Refund, decode

MOST_POSTED_AGAIN: Final = 20_000  # records of one run that are posted again in memory for one answer


class BehindDocument(Struct, frozen=True):
    """One record behind a document. ``accounts``: account → minor units, debits positive.

    ``number`` is our own number of the version, ``connection_id`` the public id of the connection that brought it,
    ``url`` where it is at its platform ("" when that did not say), ``digest`` the hash of ``canonical``, or of
    what it was before a person was erased from it (``erased_at``).
    """

    number: int
    kind: str
    external_id: str
    connection_id: UUID | None
    revision: int
    is_deleted: bool
    happened_at: datetime
    updated_at: datetime
    received_at: datetime
    currency: str
    total: int
    url: str
    digest: str
    canonical: msgspec.Raw
    page: int | None
    page_row: int | None
    accounts: dict[str, int]
    erased_at: datetime | None = None


class RecordPart(Struct, frozen=True):
    """Some of the records behind a posting, out of ``total``.

    ``adds_up``: all of them together are, account by account, what its documents hold. None where that is not known:
    the run was too large to post it all again, and then records that are filed under another of its days are missing.
    """

    records: list[BehindDocument]
    total: int
    adds_up: bool | None


def records_of(posting_id: int, offset: int, limit: int, *, account: str = "", most: int | None = None) -> RecordPart:
    """The records behind a posting from `offset` on; of a reversal those of the posting that it takes back.

    With ``account`` only those on it, as far as the run has no more than ``most`` records (None: as many as are ever
    posted again); of a larger one, those of the part that was asked for.
    """
    most = MOST_POSTED_AGAIN if most is None else most
    origin, sign, filed, in_run = sql.rows(
        """SELECT origin.id, CASE WHEN origin.id = posting.id THEN 1 ELSE -1 END,
               (SELECT count(*) FROM ledger_standing standing WHERE standing.posting_id = origin.id),
               (SELECT count(*) FROM (SELECT FROM ledger_posting other
                    JOIN ledger_standing standing ON standing.posting_id = other.id
                    WHERE other.act = origin.act AND other.company_id = origin.company_id LIMIT %s) met)
           FROM ledger_posting posting
           JOIN ledger_posting origin ON origin.id = coalesce(posting.reverses_id, posting.id)
           WHERE posting.id = %s""",
        (most + 1, posting_id),
    )[0]
    if in_run > most:
        return RecordPart(_described(_on(filed_under(origin, offset, limit), account), sign), filed, None)
    sources = sources_of(origin)
    lines = _on(sources.lines, account)
    return RecordPart(_described(lines[offset : offset + limit], sign), len(lines), sources.adds_up)


def _on(lines: Sequence[SourceLine], account: str) -> list[SourceLine]:
    return [line for line in lines if not account or account in line.accounts]


def _described(lines: Sequence[SourceLine], sign: int) -> list[BehindDocument]:
    found = sql.rows(
        """SELECT record.id, record.kind, record.external_id, link.public_id, record.revision, record.deleted,
               record.happened_at, record.updated_at, record.received_at, record.currency, record.total, record.body,
               record.digest, record.page, record.page_row, record.erased_at
           FROM ledger_record record LEFT JOIN connectors_connection link ON link.source_id = record.source_id
           WHERE record.id = ANY(%s)""",
        ([line.number for line in lines],),
    )
    facts = {row[0]: row for row in found}
    described = []
    for line in lines:
        *plain, body, digest, page, page_row, erased_at = facts[line.number]
        record = decode(plain[1], bytes(body), deleted=plain[5])
        url = record.url if isinstance(record, Order | Refund) else ""
        accounts = {account: sign * amount for account, amount in line.accounts.items()}
        values: list[Any] = [*plain, url, bytes(digest).hex(), msgspec.Raw(bytes(body)), page, page_row, accounts]
        described.append(BehindDocument(*[*values, erased_at]))
    return described

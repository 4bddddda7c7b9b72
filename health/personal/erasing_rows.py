"""The rows of an erasure: raw pages, records, names, and what else is kept of a company. Each call is one bounded piece
within the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, LiteralString, NamedTuple

import msgspec

from commerce_sync.raw_rows import rows_of_page
from connectors.raw_pages import compress, decompress
from connectors.scrubbing import scrubbed
from ledger import sql
from ledger.commerce import decode, encode
from ledger.models import Company

PAGES_AT_ONCE: Final = 20
RECORDS_AT_ONCE: Final = 1_000
_PERSONAL_FIELDS: Final = ("customer", "reason")  # of the canonical records; all else is money, things and instants

_PAGES: Final[LiteralString] = """
    SELECT page.id, connection.platform, page.dataset, page.body, connection.source_id
    FROM connectors_page page JOIN connectors_connection connection ON connection.id = page.connection_id
    WHERE connection.company_id = %s AND page.id > %s AND page.body IS NOT NULL ORDER BY page.id LIMIT %s
    FOR UPDATE OF page
"""
_RECORDS: Final[LiteralString] = """
    SELECT id, kind, deleted, body FROM (
        SELECT record.*, convert_from(record.body, 'UTF8')::jsonb AS said FROM ledger_record record
        JOIN ledger_source source ON source.id = record.source_id
        WHERE source.company_id = %s AND record.kind IN ('order', 'refund') AND NOT record.deleted
    ) record
    WHERE (said ->> 'customer' <> '' OR said ->> 'reason' <> '')
        AND (%s::text[] IS NULL OR lower(said ->> 'customer') = ANY(%s))
    LIMIT %s
"""


class Looked(NamedTuple):
    """A piece of the pages: the last one, the rows that were scrubbed, the records that were made of them."""

    at_page: int
    rows: int
    records: int


def pages_of_person(company_id: int, named: re.Pattern[bytes], after: int) -> Looked | None:
    """Scrub the rows that mention the person in the next pages; None when there are no more pages."""
    found = sql.rows(_PAGES, (company_id, after, PAGES_AT_ONCE))
    rows = records = 0
    for page_id, platform, dataset, stored, source_id in found:
        body = decompress(bytes(stored))
        if not named.search(body):
            continue
        clean, places = _scrubbed_page(body, rows_of_page(platform, dataset, bytes(stored)), named)
        # What still names the person stands around the rows, or in what is no row: the page goes whole.
        kept = None if named.search(clean) else compress(clean)
        sql.execute("UPDATE connectors_page SET body = %s WHERE id = %s", (kept, page_id))
        rows += len(places)
        if source_id is not None and places:
            records += _records_of(source_id, page_id, places)
    return Looked(found[-1][0], rows, records) if found else None


def _scrubbed_page(body: bytes, whole: Sequence[bytes], named: re.Pattern[bytes]) -> tuple[bytes, list[int]]:
    """The page with those of its rows scrubbed that name the person, and their places."""
    parts, places, end = list[bytes](), list[int](), 0
    for place, row in enumerate(whole):
        at = body.index(row, end)
        is_named = named.search(row) is not None
        parts += [body[end:at], scrubbed(row, named) if is_named else row]
        places += [place] if is_named else []
        end = at + len(row)
    return b"".join([*parts, body[end:]]), places


def pages_of_company(company_id: int, after: int) -> Looked | None:
    """Empty the next pages, whole; None when there are no more."""
    found = sql.rows(_PAGES, (company_id, after, PAGES_AT_ONCE))
    ids = [row[0] for row in found]
    sql.execute("UPDATE connectors_page SET body = NULL WHERE id = ANY(%s)", (ids,))
    return Looked(ids[-1], len(ids), 0) if ids else None


def records(company_id: int, texts: Sequence[str] | None) -> int:
    """Take the person out of the next records of a customer in ``texts``, or (None) whoever is in any; how many."""
    wanted = None if texts is None else [text.lower() for text in texts]
    return _without_persons(sql.rows(_RECORDS, (company_id, wanted, wanted, RECORDS_AT_ONCE)))


def _records_of(source_id: int, page_id: int, places: list[int]) -> int:
    """Of the rows that were scrubbed; all of them are marked, since what they were made of is not there any more."""
    query = """SELECT id, kind, deleted, body FROM ledger_record
               WHERE source_id = %s AND page = %s AND page_row = ANY(%s)"""
    return _without_persons(sql.rows(query, (source_id, page_id, places)))


def _without_persons(found: Sequence[tuple[int, str, bool, bytes]]) -> int:
    ids, bodies = [], []
    for number, kind, is_deleted, body in found:
        record = decode(kind, bytes(body), deleted=is_deleted)  # type: ignore[arg-type]
        named = [field for field in _PERSONAL_FIELDS if getattr(record, field, "")]
        ids.append(number)
        bodies.append(encode(msgspec.structs.replace(record, **dict.fromkeys(named, ""))))
    return sql.execute(
        """UPDATE ledger_record record SET body = t.body, erased_at = clock_timestamp()
           FROM unnest(%s::bigint[], %s::bytea[]) AS t(id, body) WHERE record.id = t.id""",
        (ids, bodies),
    )


def names(company_id: int, texts: Sequence[str] | None) -> int:
    """Delete customers that the sales system named, and empty the deliveries of webhooks; how many names."""
    wanted = None if texts is None else [text.lower() for text in texts]
    sql.execute(
        """UPDATE connectors_incomingwebhook delivery SET body = '' FROM connectors_connection connection
           WHERE connection.id = delivery.connection_id AND connection.company_id = %s AND delivery.body <> ''""",
        (company_id,),
    )
    return sql.execute(
        """DELETE FROM connectors_reference reference USING connectors_connection connection
           WHERE connection.id = reference.connection_id AND connection.company_id = %s AND reference.kind = 'customer'
               AND (%s::text[] IS NULL OR lower(reference.external_id) = ANY(%s) OR lower(reference.name) = ANY(%s))""",
        (company_id, wanted, wanted, wanted),
    )


# What is kept of a company that left beside its books, table by table; the one parameter is the company.
_COMPANY: Final[tuple[LiteralString, ...]] = (
    "DELETE FROM connectors_call WHERE connection_id IN (SELECT id FROM connectors_connection WHERE company_id = %s)",
    """UPDATE connectors_option SET name = '', detail = '{}' WHERE kind IN ('customer', 'supplier')
       AND connection_id IN (SELECT id FROM connectors_connection WHERE company_id = %s)""",
    """UPDATE connectors_bankline SET text = '' WHERE text <> ''
       AND connection_id IN (SELECT id FROM connectors_connection WHERE company_id = %s)""",
    """UPDATE connectors_theirentry SET text = '' WHERE text <> ''
       AND connection_id IN (SELECT id FROM connectors_connection WHERE company_id = %s)""",
    "UPDATE connectors_connection SET name = '', settings = '{}' WHERE company_id = %s",
    """UPDATE connectors_purchaseorder SET note = '', supplier = '' WHERE company_id = %s""",
    "UPDATE ledger_source SET label = '' WHERE company_id = %s",
    "DELETE FROM health_companycontact WHERE company_id = %s",
    "DELETE FROM health_alert WHERE company_id = %s AND state IN ('sent', 'failed')",
)


def company(left: Company) -> None:
    """All else that is kept of a company: addresses, names, accounts, calls; and what it is called."""
    for statement in _COMPANY:
        sql.execute(statement, (left.pk,))
    left.name, left.description, left.tags = f"Erased {left.public_id}", "", {}
    left.save(update_fields=["name", "description", "tags"])

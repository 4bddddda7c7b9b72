"""Taking an entry of the built-in general ledger back: a second entry that mirrors it, never a deletion."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Final, NamedTuple

from django.db import connection as database

from connectors.errors import RefusalReason, Refused
from ledger.documents import reference_for

_FIND: Final = """
    SELECT entry.document_key, entry.kind, entry.date, entry.digest, reversal.id, reversal.reference, reversal.date,
           (SELECT min(account.code) FROM books_line line JOIN books_account account ON account.id = line.account_id
             WHERE line.entry_id = entry.id AND account.archived_at IS NOT NULL)
        FROM books_entry entry LEFT JOIN books_entry reversal ON reversal.reverses_id = entry.id
        WHERE entry.connection_id = %s AND entry.id = %s
"""
_REVERSE: Final = """
    WITH entered AS (
        INSERT INTO books_entry (connection_id, document_key, reference, kind, date, currency, narration, total,
                                 line_count, digest, reverses_id)
        SELECT connection_id, %s, %s, 'reversal', %s, currency, 'Reversal of ' || reference || ': ' || narration,
               total, line_count, %s, id
            FROM books_entry WHERE connection_id = %s AND id = %s
        ON CONFLICT DO NOTHING
        RETURNING id, reverses_id
    ), lined AS (
        INSERT INTO books_line (entry_id, position, account_id, debit, credit, description, role, tax_code, tracking)
        SELECT entered.id, position, account_id, credit, debit, description, role, tax_code, tracking
            FROM books_line line JOIN entered ON entered.reverses_id = line.entry_id
    )
    SELECT id FROM entered
"""


class Reversal(NamedTuple):
    """The entry that takes another one back, and the day it is dated on."""

    entry_id: int
    reference: str
    date: date


def void_entry(connection_id: int, entry_id: int) -> Reversal:
    """Reverse an entry, dated on its own day if that is open, else on the first open day.

    A second void answers the first. Raises `Refused`: not_found for an entry that this connection does not have,
    validation for one that is itself a reversal, account_inactive when it touches an archived account. Run it inside
    a transaction that commits both the reversal and what is remembered of it.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT locked_through FROM books_before_push(%s, '{}', '{}', '{}', '{}') WHERE what = 'lock'",
            [connection_id],
        )
        locked_through = cursor.fetchone()[0]
        cursor.execute(_FIND, [connection_id, entry_id])
        found = cursor.fetchone()
        if found is None:
            raise Refused(f"there is no entry {entry_id}", reason=RefusalReason.NOT_FOUND)
        key, kind, day, digest, reversal_id, reversal_reference, reversal_date, archived = found
        if reversal_id is not None:
            return Reversal(reversal_id, reversal_reference, reversal_date)
        if kind == "reversal":
            raise Refused(f"entry {entry_id} is a reversal: post the document again instead")
        if archived is not None:
            raise Refused(f"the account {archived!r} is archived", reason=RefusalReason.ACCOUNT_INACTIVE)
        if locked_through is not None and day <= locked_through:
            day = locked_through + timedelta(days=1)
        own_key = f"reverse:{key}"
        own_digest = hashlib.sha256(b"reverse:" + bytes(digest)).digest()
        reference = reference_for(own_key, day)
        cursor.execute(_REVERSE, [own_key, reference, day, own_digest, connection_id, entry_id])
        inserted = cursor.fetchone()
    # Nothing inserted: another transaction has just reversed it, and this one answers with that.
    return Reversal(inserted[0], reference, day) if inserted else void_entry(connection_id, entry_id)

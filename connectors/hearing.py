"""What an accounting platform tells us by itself: it makes us look again, and nothing in it is believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, get_args

from connectors.models import Connection
from connectors.options import FRESH
from connectors.webhooks import Heard
from ledger import sql
from ledger.documents import DocumentKind

_KINDS: Final = list(get_args(DocumentKind))  # all, so that the index by kind and id is used


def look_again(connection: Connection, heard: Heard, at: datetime) -> int:
    """Have what changed read again; how many of our documents are among it. Joins the caller's transaction.

    A document that was read back after it changed is known as it is now: our own writing is told to us, too. What can
    be chosen counts as old from now on, so that whoever needs it next fetches it. Payments are read with the other
    documents of their posting, which they may settle, for hardly any platform tells of them. What was removed there
    was told already.
    """
    if heard.options:
        sql.execute(
            "UPDATE connectors_option SET fetched_at = %s WHERE connection_id = %s AND fetched_at > %s",
            (at - FRESH - timedelta(seconds=1), connection.pk, at - FRESH),
        )
    if not heard.documents:
        return 0
    return sql.execute(
        """WITH told AS (
               SELECT binding.id, document.posting_id, t.changed_at
               FROM unnest(%s::text[], %s::timestamptz[]) AS t (remote_id, changed_at)
               JOIN connectors_binding binding ON binding.connection_id = %s AND binding.kind = ANY(%s)
                   AND binding.remote_id = t.remote_id
               JOIN ledger_document document ON document.id = binding.document_id
           )
           UPDATE connectors_binding binding SET verified_at = NULL, agrees = NULL
           FROM told JOIN ledger_document document ON document.posting_id = told.posting_id
           JOIN connectors_pushitem item ON item.document_id = document.id AND item.state = 'pushed'
           WHERE binding.id = item.binding_id AND binding.connection_id = %s
               AND (binding.id = told.id OR document.kind = 'payment')
               AND binding.voided_at IS NULL AND binding.verified_at IS NOT NULL
               AND (told.changed_at IS NULL OR binding.verified_at < told.changed_at)""",
        (list(heard.documents), list(heard.documents.values()), connection.pk, _KINDS, connection.pk),
    )

"""Authorizations that end by themselves: whoever can have them renewed is told a week before.

Most are renewed by us, with a refresh token, and never end. This is about the others: access that was given for so many
days, and that nobody but the merchant can give again.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from connectors.credentials import UnreadableCredential, load
from connectors.errors import NotAuthorized
from connectors.services import locked
from ledger import sql
from ledger.models import AuditEntry
from ledger.services import audit

CODE: Final = "connection.expiring"
BEFORE: Final = timedelta(days=7)
SHORT_LIFE: Final = timedelta(days=1)  # access that lives no longer is meant to be renewed by us
EVERY_SECONDS: Final = 3_600
MOST_AT_ONCE: Final = 1_000
_next_at = 0.0

_ENDING: Final = """
    SELECT connection.id, credential.expires_at, credential.updated_at FROM connectors_credential credential
    JOIN connectors_connection connection ON connection.id = credential.connection_id
    WHERE connection.status = 'Linked' AND credential.expires_at > clock_timestamp()
        AND credential.expires_at <= clock_timestamp() + %s AND credential.expires_at - credential.updated_at > %s
        AND NOT EXISTS (SELECT FROM ledger_auditentry entry
                        WHERE entry.company_id = connection.company_id AND entry.code = %s
                            AND entry.subject = connection.public_id::text AND entry.at >= credential.updated_at)
    ORDER BY credential.expires_at LIMIT %s
"""


def warn_hourly() -> int:
    """`warn_of_ends`, at most once an hour in this process."""
    global _next_at  # noqa: PLW0603  # a clock of the process, which may be wrong without harm
    if time.monotonic() < _next_at:
        return 0
    _next_at = time.monotonic() + EVERY_SECONDS
    return warn_of_ends()


def warn_of_ends() -> int:
    """Write `connection.expiring` for every authorization that ends within `BEFORE`, once each; how many."""
    ending = sql.rows(_ENDING, (BEFORE, SHORT_LIFE, CODE, MOST_AT_ONCE))
    return sum(_warn(connection_id, expires_at, given_at) for connection_id, expires_at, given_at in ending)


@transaction.atomic
def _warn(connection_id: int, expires_at: datetime, given_at: datetime) -> bool:
    connection = locked(connection_id)  # of two workers that have found it, the second sees what the first wrote
    subject = str(connection.public_id)
    told = AuditEntry.objects.filter(company=connection.company, code=CODE, subject=subject, at__gte=given_at)
    if told.exists():
        return False
    try:
        if load(connection_id).refresh_token:
            return False
    except (NotAuthorized, UnreadableCredential):
        return False  # there is nothing to end; the doctor tells of what cannot be read
    detail = {"platform": connection.platform, "expires": expires_at.isoformat()}
    audit(code=CODE, actor="health", company=connection.company, subject=subject, detail=detail)
    return True

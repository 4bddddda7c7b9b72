"""The sales behind a document: the records of its posting, a page at a time, as their platform calls them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from ledger import sql
from ledger.commerce import Order, Refund, decode
from ledger.models import Posting

KINDS: Final[dict[str, Any]] = {
    "order": _("Sale"),
    "refund": _("Refund"),
    "fee": _("Fee"),
    "payout": _("Payout"),
    "dispute": _("Dispute"),
    "gift_card_change": _("Gift card"),
    "cash_movement": _("Cash in or out"),
}
_RECORDS: Final[LiteralString] = """
    SELECT record.kind, record.external_id, record.happened_at, record.currency, record.total, record.deleted,
        record.body
    FROM ledger_standing standing JOIN ledger_record record ON record.id = standing.record_id
    WHERE standing.posting_id = %s ORDER BY record.happened_at, record.id OFFSET %s LIMIT %s
"""


class Behind(NamedTuple):
    """A record: what it is, how people know it, when (on the company's clock), how much, and where it is ("": no
    address that a browser may open)."""

    kind: str
    name: str
    at: datetime
    total: int
    currency: str
    is_deleted: bool
    url: str


def sales_behind(posting: Posting, offset: int, limit: int, zone: ZoneInfo) -> list[Behind]:
    """Some of the records of ``posting``; of a reversal those of the posting that it takes back."""
    found = []
    rows = sql.rows(_RECORDS, (posting.reverses_id or posting.pk, offset, limit))
    for kind, external_id, at, currency, total, deleted, body in rows:
        record = decode(kind, bytes(body), deleted=deleted)
        name = record.number if isinstance(record, Order) and record.number else external_id
        url = record.url if isinstance(record, Order | Refund) else ""
        safe = url if url.startswith("https://") else ""
        found.append(Behind(str(KINDS[kind]), name, at.astimezone(zone), total, currency, deleted, safe))
    return found

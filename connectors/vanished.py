"""What a platform deletes without a trace: once a day it is asked what is still there, and the rest is taken back.

Only of the time that a stream declares: shops are cleaned of what is old, which is no reason to touch the books. When
a delivery says that something was deleted, it is asked at the next pull, and the answer is believed, not the bell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from connectors.models import Connection, IncomingWebhook, Watermark
from connectors.paging import Page
from connectors.platform import CommercePlatform
from connectors.session import Known, Session
from ledger import sql
from ledger.commerce import RecordKind, Refund, decode

EACH: Final = timedelta(hours=20)  # less than a day, so that a daily pull is never just too early
MOST: Final = 20_000  # records that are asked after in one pull, the newest
_KNOWN: Final = """
    SELECT external_id, currency, happened_at, CASE WHEN kind = 'refund' THEN body END FROM ledger_record
    WHERE source_id = %s AND kind = %s AND NOT superseded AND NOT deleted AND happened_at >= %s
    ORDER BY happened_at DESC, id DESC LIMIT %s
"""


def gone(
    connection: Connection, session: Session, platform: CommercePlatform, dataset: str, at: datetime
) -> Iterator[Page]:
    """The pages that say what of a stream's records is gone; none when it is not time to ask. Raises a `Failure`.

    That it was asked is noted when the last page has been taken: a crash in between asks again.
    """
    stream = platform.stream(dataset)
    if stream.vanishes is None:
        return
    name = f"{dataset}?gone"
    last = Watermark.objects.filter(connection=connection, dataset=name).first()
    if last is not None:  # the first time all that is there has just been read
        if at - last.pulled_at < EACH and not _rang(connection, platform, last.pulled_at):
            return
        known = _known(connection, stream.kinds[0], at - stream.vanishes)
        if known:
            yield from platform.gone(session, dataset, known, at)
    Watermark.objects.update_or_create(
        connection=connection, dataset=name, defaults={"reached_at": at, "pulled_at": at}
    )


def _rang(connection: Connection, platform: CommercePlatform, since: datetime) -> bool:
    """Whether a delivery has told since then that something was deleted."""
    events = platform.webhooks.facts.deleted if platform.webhooks is not None else ()
    if not events:
        return False
    return IncomingWebhook.objects.filter(connection=connection, event__in=events, received_at__gte=since).exists()


def _known(connection: Connection, kind: RecordKind, since: datetime) -> list[Known]:
    found = []
    for external_id, currency, happened_at, body in sql.rows(_KNOWN, (connection.source_id, kind, since, MOST)):
        record = decode(kind, bytes(body), deleted=False) if body is not None else None
        order_id = record.order_id if isinstance(record, Refund) else ""
        found.append(Known(external_id, currency, happened_at, order_id))
    return found

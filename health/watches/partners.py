"""Partners' webhook addresses: one that does not answer, one to which nothing is sent any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, LiteralString

from connectors.redact import redact
from health.findings.seen import Looked, Seen
from health.findings.watching import HouseWatch
from health.watches.wording import instant, steady
from ledger import sql

FAILING_FOR: Final = timedelta(hours=1)  # a server that is started anew is back by then

_TROUBLED: Final[LiteralString] = """
    SELECT endpoint.partner_id, endpoint.public_id::text, endpoint.url, endpoint.failing_since, endpoint.disabled_at,
        endpoint.disabled_reason,
        coalesce((SELECT delivery.last_error FROM health_webhookdelivery delivery
            WHERE delivery.endpoint_id = endpoint.id AND delivery.last_error <> ''
            ORDER BY delivery.id DESC LIMIT 1), '')
    FROM health_webhookendpoint endpoint
    WHERE endpoint.disabled_at IS NOT NULL OR endpoint.failing_since < %s
    ORDER BY endpoint.id
"""


def look(at: datetime) -> Looked:
    """All addresses of all partners."""
    seen = []
    for partner_id, endpoint, url, since, disabled_at, reason, error in sql.rows(_TROUBLED, (at - FAILING_FOR,)):
        code = "endpoint_failing" if disabled_at is None else "endpoint_disabled"
        said = error if disabled_at is None else reason
        facts = {
            "url": redact(url).partition("?")[0],
            "since": instant(disabled_at or since),
            "said": steady(said) or "it did not answer.",
        }
        seen.append(Seen(code, None, endpoint, facts, partner_id=partner_id))
    return Looked(seen)


HOUSE_WATCHES: Final = (HouseWatch("webhook addresses", frozenset({"endpoint_failing", "endpoint_disabled"}), look),)

"""Documents that the accounting software refused, by what it said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from msgspec import Struct

from health.findings.seen import MOST_CAUSES, Cause
from health.watches.wording import PASSING
from ledger import sql


class Refusal(Struct, frozen=True):
    """Documents of one company that were refused in the same words. ``said`` is the oldest answer, ``steadily`` what
    all of them have in common; ``accounts`` are those that every one of them names."""

    company_id: int
    link_id: int
    connection: str
    platform: str
    code: str
    steadily: str
    said: str
    remedy: str
    turn: str
    count: int
    since: datetime
    currency: str
    amount: int
    accounts: tuple[str, ...]
    causes: tuple[Cause, ...]


# An account that is named by all of them is asked of the first documents only: the rest were refused in the same words.
_REFUSED: Final[LiteralString] = """
    WITH refused AS (
        SELECT item.company_id, item.connection_id, item.failure_code, item.failure_sentence, item.failure_remedy,
            item.failure_turn, item.updated_at, document.id, document.reference, document.currency, document.total,
            regexp_replace(replace(item.failure_sentence, document.reference, '…'), %s, '…', 'g') AS steadily
        FROM connectors_pushitem item JOIN ledger_document document ON document.id = item.document_id
        WHERE item.company_id = ANY(%s) AND item.state = 'refused' AND document.withdrawn_at IS NULL
    ), grouped AS (
        SELECT company_id, connection_id, failure_code, steadily, min(updated_at) AS since, count(*)::int AS number,
            min(currency) AS currency, count(DISTINCT currency) AS currencies, sum(total)::bigint AS total,
            (array_agg(id ORDER BY id))[1:%s] AS ids, (array_agg(reference ORDER BY id))[1:%s] AS numbers,
            (array_agg(total ORDER BY id))[1:%s] AS totals,
            (array_agg(failure_sentence ORDER BY id))[1] AS said, (array_agg(failure_remedy ORDER BY id))[1] AS remedy,
            (array_agg(failure_turn ORDER BY id))[1] AS turn
        FROM refused GROUP BY company_id, connection_id, failure_code, steadily
    )
    SELECT grouped.company_id, link.id, link.public_id::text, link.platform, failure_code, steadily, said, remedy,
        turn, number, since, CASE WHEN currencies = 1 THEN currency ELSE '' END,
        CASE WHEN currencies = 1 THEN total ELSE 0 END,
        ARRAY(SELECT line.account FROM ledger_documentline line WHERE line.document_id = ANY(ids)
              GROUP BY line.account HAVING count(DISTINCT line.document_id) = cardinality(ids) ORDER BY line.account),
        ids, numbers, totals
    FROM grouped JOIN connectors_connection link ON link.id = grouped.connection_id
    ORDER BY grouped.company_id, since, failure_code, steadily
"""


def refusals(company_ids: Sequence[int]) -> list[Refusal]:
    """All that stands refused at these companies, grouped."""
    parameters = (PASSING, list(company_ids), MOST_CAUSES, MOST_CAUSES, MOST_CAUSES)
    return [_refusal(*row) for row in sql.rows(_REFUSED, parameters)]


def _refusal(*row: Any) -> Refusal:
    *facts, accounts, ids, numbers, totals = row
    causes = tuple(
        Cause("document", str(identity), number, amount=total)
        for identity, number, total in zip(ids, numbers, totals, strict=True)
    )
    return Refusal(*facts, tuple(accounts), causes)  # type: ignore[call-arg]  # as selected

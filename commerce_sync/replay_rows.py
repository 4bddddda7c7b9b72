"""What the replay reads: stored pages with the versions that came from each, and the order of versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from ledger import sql
from ledger.commerce import Order, Record, Refund, decode
from ledger.incoming import Identity
from ledger.rules.refunds import derive

PAGES_AT_ONCE: Final = 20


class StoredPage(NamedTuple):
    """One raw page; ``body`` is its stored form, None when it was purged."""

    id: int
    connection_id: int
    platform: str
    dataset: str
    received_at: datetime
    body: bytes | None


class StoredVersion(NamedTuple):
    """A version that was made of row ``place`` of a page."""

    number: int
    place: int
    identity: Identity
    is_deleted: bool
    body: bytes

    @property
    def record(self) -> Record:
        """The canonical record as it was stored."""
        return decode(self.identity[0], self.body, deleted=self.is_deleted)  # type: ignore[arg-type]


def pages(connection_id: int, since: datetime | None, limit: int | None) -> Iterator[StoredPage]:
    """The pages of a connection in the order in which they came, a few at a time: flat memory."""
    after, left = 0, limit
    while left is None or left > 0:
        count = PAGES_AT_ONCE if left is None else min(left, PAGES_AT_ONCE)
        found = sql.rows(
            """SELECT page.id, page.connection_id, connection.platform, page.dataset, page.received_at, page.body
               FROM connectors_page page JOIN connectors_connection connection ON connection.id = page.connection_id
               WHERE page.connection_id = %s AND page.id > %s AND (%s::timestamptz IS NULL OR page.received_at >= %s)
               ORDER BY page.id LIMIT %s""",
            (connection_id, after, since, since, count),
        )
        for row in found:
            facts: tuple[Any, ...] = (*row[:5], None if row[5] is None else bytes(row[5]))
            yield StoredPage._make(facts)
        if len(found) < count:
            return
        after = found[-1][0]
        left = None if left is None else left - len(found)


def versions_of(source_id: int, page_id: int) -> dict[int, list[StoredVersion]]:
    """Place → the versions that were made of that row."""
    found: dict[int, list[StoredVersion]] = {}
    for number, place, kind, external_id, deleted, body in sql.rows(
        """SELECT id, page_row, kind, external_id, deleted, body FROM ledger_record
           WHERE source_id = %s AND page = %s ORDER BY id""",
        (source_id, page_id),
    ):
        version = StoredVersion(number, place, (kind, external_id), deleted, bytes(body))
        found.setdefault(place, []).append(version)
    return found


def erased_places(source_id: int, page_id: int) -> set[int]:
    """The rows of a page from which a person was erased: they are not as they came, and are not mapped again."""
    found = sql.rows(
        "SELECT page_row FROM ledger_record WHERE source_id = %s AND page = %s AND erased_at IS NOT NULL",
        (source_id, page_id),
    )
    return {place for (place,) in found}


def known_identities(source_id: int, external_ids: Sequence[str]) -> set[Identity]:
    """Those records of these ids that are stored in any version."""
    found = sql.rows(
        """SELECT kind, external_id FROM ledger_record
           WHERE source_id = %s AND external_id = ANY(%s) AND NOT superseded""",
        (source_id, list(external_ids)),
    )
    return {(kind, external_id) for kind, external_id in found}


def derived(source_id: int, refund: Refund) -> list[Refund]:
    """``refund`` with the parts that any stored version of its order gives it: it met one of them when it came."""
    found = sql.rows(
        """SELECT body FROM ledger_record
           WHERE source_id = %s AND kind = 'order' AND external_id = %s AND NOT deleted ORDER BY revision DESC""",
        (source_id, refund.order_id),
    )
    orders = [decode("order", bytes(body)) for (body,) in found]
    return [derive(refund, order) for order in orders if isinstance(order, Order)]

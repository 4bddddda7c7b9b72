"""Looking up which versions of records are there already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ledger import sql
from ledger.incoming import Identity


class Current(NamedTuple):
    """The version of a record that counts now. ``former`` are the digests of the versions before it; ``as_of`` is the
    latest time stamp under which the platform has said it, ``updated_at`` the one that is in it. ``happened_at`` and
    ``total`` (minor units) are what `ledger.versions` says of it."""

    id: int
    revision: int
    updated_at: datetime
    as_of: datetime
    digest: bytes
    raw_digest: bytes
    former: frozenset[bytes]
    happened_at: datetime
    total: int


def lock_source(source_id: int) -> None:
    """Hold the source until the transaction ends: two deliveries of one order at once then end as one."""
    sql.rows("SELECT 1 FROM ledger_source WHERE id = %s FOR NO KEY UPDATE", (source_id,), keep_plan=True)


def lock_sources(company_id: int) -> None:
    """Hold all sources of a company, in one order: nothing is received through any of them meanwhile."""
    sql.rows("SELECT 1 FROM ledger_source WHERE company_id = %s ORDER BY id FOR NO KEY UPDATE", (company_id,))


def raw_digests(source_id: int, external_ids: Sequence[str]) -> dict[Identity, bytes]:
    """Of each current version, the digest of the raw row that it came from: what has not changed needs no mapping."""
    query = """SELECT kind, external_id, raw_digest FROM ledger_record
               WHERE source_id = %s AND external_id = ANY(%s::text[]) AND NOT superseded"""
    return {
        (kind, external_id): raw
        for ids in sql.batches(external_ids)
        for kind, external_id, raw in sql.rows(query, (source_id, sql.texts(ids)), keep_plan=True)
    }


def current_versions(source_id: int, external_ids: Sequence[str]) -> dict[Identity, Current]:
    """The current versions of the records of these ids, whatever their kind."""
    found: dict[Identity, Current] = {}
    for ids in sql.batches(external_ids):
        for kind, external_id, *rest, former in sql.rows(_CURRENT, (source_id, sql.texts(ids)), keep_plan=True):
            record_id, revision, updated_at, as_of, own, raw, happened_at, total = rest
            digests = frozenset(bytes(each) for each in former or ())
            found[kind, external_id] = Current(
                record_id, revision, updated_at, as_of, bytes(own), bytes(raw), digests, happened_at, total
            )
    return found


_CURRENT = """
    SELECT kind, external_id, id, revision, updated_at, coalesce(confirmed_at, updated_at), digest, raw_digest,
        happened_at, total, CASE WHEN revision > 1 THEN (
            SELECT array_agg(former.digest) FROM ledger_record former
            WHERE former.source_id = record.source_id AND former.external_id = record.external_id
                AND former.kind = record.kind AND former.superseded
        ) END
    FROM ledger_record record
    WHERE source_id = %s AND external_id = ANY(%s::text[]) AND NOT superseded
"""

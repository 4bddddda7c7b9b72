"""Which postings of a run share records, found by expanding the run's records again in memory."""

from __future__ import annotations

from ledger import sql
from ledger.book import decode_book
from ledger.commerce import decode
from ledger.posting import Change, Tally
from ledger.settling import settlements_of
from ledger.tied import Place, tied_to


def tied_postings(posting_id: int) -> list[int]:
    """The postings that have to be taken back together with this one (`ledger.tied`), itself among them.

    Reads the records of the posting's run: cost grows with them.
    """
    company_id, act = sql.rows("SELECT company_id, act FROM ledger_posting WHERE id = %s", (posting_id,))[0]
    places: dict[Place, list[int]] = {}
    of_run = """SELECT id, day, currency, label FROM ledger_posting
        WHERE company_id = %s AND act = %s AND withdrawn_at IS NULL"""
    for other, *place in sql.rows(of_run, (company_id, act)):
        places.setdefault((place[0], place[1], place[2]), []).append(other)
    if sum(map(len, places.values())) < 2:
        return [posting_id]
    books = sql.rows("SELECT id, body FROM ledger_bookversion WHERE company_id = %s", (company_id,))
    versions = {version_id: decode_book(bytes(body)) for version_id, body in books}
    tallies = {
        version_id: Tally(book, settlements_of(company_id, book) if book.mode == "per_payout" else None)
        for version_id, book in versions.items()
    }
    for number, kind, deleted, body, version, former_deleted, former_body, former_version in sql.stream(
        _RECORDS, (company_id, act)
    ):
        after = decode(kind, bytes(body), deleted=deleted)
        before = decode(kind, bytes(former_body), deleted=former_deleted) if former_body is not None else None
        before_book = versions[former_version] if former_version is not None else None
        tallies[version].add(number, Change(after, before, before_book))
    spans = [groups for tally in tallies.values() for groups in tally.spanning.values()]
    return tied_to(posting_id, spans, places)


_RECORDS = """
    SELECT record.id, record.kind, record.deleted, record.body, posting.book_version_id,
        former.deleted, former.body, former.book_version_id
    FROM ledger_posting posting
    JOIN ledger_standing standing ON standing.posting_id = posting.id AND standing.state IN (1, 2)
    JOIN ledger_record record ON record.id = standing.record_id
    LEFT JOIN LATERAL (
        SELECT version.deleted, version.body, entered.book_version_id
        FROM ledger_record version
        JOIN ledger_standing gone ON gone.record_id = version.id AND gone.left_by_id = posting.id
        JOIN ledger_posting entered ON entered.id = gone.posting_id
        WHERE (record.revision > 1 OR standing.round > 0) AND version.source_id = record.source_id
            AND version.external_id = record.external_id AND version.kind = record.kind
        LIMIT 1
    ) former ON true
    WHERE posting.company_id = %s AND posting.act = %s AND posting.withdrawn_at IS NULL
"""

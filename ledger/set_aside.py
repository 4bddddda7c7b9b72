"""What an undo does to the records of postings: they are set aside, and what they had taken out is in the books again.

A record that is set aside stays out of every run, and so does each newer version of it: whoever takes a day back does
not want one order's late correction booked alone. `bring_back` lets all of them wait again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger import sql


class LaterPosting(Exception):
    """A later posting rests on this one: take the later one back first."""


def set_aside(*, company_id: int, posting_ids: Sequence[int]) -> int:
    """Take the records of these postings out of the books; how many are set aside. Joins the caller's transaction.

    The postings are marked as withdrawn; their documents are the caller's matter. Doing it twice changes nothing.
    Raises `LaterPosting` when a posting that is not among them rests on one of them.
    """
    wanted = list(posting_ids)
    with sql.unit_of_work():
        hold(company_id)
        if later_postings(company_id, wanted):
            raise LaterPosting(f"postings {wanted[:10]}")
        sql.execute(
            "UPDATE ledger_posting SET withdrawn_at = now() WHERE id = ANY(%s) AND withdrawn_at IS NULL", (wanted,)
        )
        # One that entered and left by these postings has been overtaken on the way.
        sql.execute(
            """UPDATE ledger_standing SET state = 4, posting_id = NULL, left_by_id = NULL
               WHERE company_id = %s AND posting_id = ANY(%s) AND state = 2""",
            (company_id, wanted),
        )
        sql.execute(_HEIRS, (company_id, wanted))
        sql.execute(_LEAVE, (company_id, wanted))
        sql.execute(
            """UPDATE ledger_standing SET state = 1, left_by_id = NULL
               WHERE company_id = %s AND left_by_id = ANY(%s) AND state = 2""",
            (company_id, wanted),
        )
        found = sql.rows(
            "SELECT count(*) FROM ledger_standing WHERE company_id = %s AND state = 5 AND posting_id = ANY(%s)",
            (company_id, wanted),
        )
    return int(found[0][0])


def later_postings(company_id: int, posting_ids: Sequence[int]) -> list[int]:
    """The postings, other than these, that took out what these had brought into the books; newest first."""
    found = sql.rows(
        """SELECT DISTINCT left_by_id FROM ledger_standing
           WHERE company_id = %s AND posting_id = ANY(%s) AND state = 2 AND left_by_id <> ALL(%s)
           ORDER BY left_by_id DESC""",
        (company_id, list(posting_ids), list(posting_ids)),
    )
    return [posting_id for (posting_id,) in found]


def bring_back(*, company_id: int, posting_ids: Sequence[int]) -> int:
    """Let the records that are set aside because of these postings wait again; how many."""
    with sql.unit_of_work():
        hold(company_id)
        return sql.execute(
            """UPDATE ledger_standing SET state = 0, posting_id = NULL
               WHERE company_id = %s AND state = 5 AND posting_id = ANY(%s)""",
            (company_id, list(posting_ids)),
        )


def bring_back_between(*, company_id: int, start: datetime, end: datetime, but_not: Sequence[int] = ()) -> int:
    """Let what is set aside and was due in [start, end) wait again, but for the records of postings `but_not`."""
    with sql.unit_of_work():
        hold(company_id)
        return sql.execute(
            """UPDATE ledger_standing SET state = 0, posting_id = NULL
               WHERE company_id = %s AND state = 5 AND happened_at >= %s AND happened_at < %s
                   AND posting_id <> ALL(%s)""",
            (company_id, start, end, list(but_not)),
        )


# Who counts instead of a version that leaves: the current version, and of the same version its next round. It was not
# in the books, and is not to come into them by itself.
_HEIRS = """
    UPDATE ledger_standing heir SET state = 5, posting_id = leaving.posting_id
    FROM ledger_standing leaving
    JOIN ledger_record record ON record.id = leaving.record_id
    JOIN ledger_record latest ON latest.source_id = record.source_id AND latest.external_id = record.external_id
        AND latest.kind = record.kind AND NOT latest.superseded
    WHERE leaving.company_id = %s AND leaving.posting_id = ANY(%s) AND leaving.state = 1
        AND heir.record_id = latest.id AND heir.state IN (0, 3, 5)
        AND (heir.record_id <> leaving.record_id OR heir.round > leaving.round)
"""
_LEAVE = """
    UPDATE ledger_standing leaving SET
        state = CASE WHEN standing.has_heir THEN 4 ELSE 5 END,
        posting_id = CASE WHEN standing.has_heir THEN NULL ELSE leaving.posting_id END
    FROM (
        SELECT own.record_id, own.round, record.superseded OR EXISTS (
            SELECT FROM ledger_standing heir
            WHERE heir.record_id = own.record_id AND heir.round > own.round AND heir.state = 5) AS has_heir
        FROM ledger_standing own JOIN ledger_record record ON record.id = own.record_id
        WHERE own.company_id = %s AND own.posting_id = ANY(%s) AND own.state = 1
    ) standing
    WHERE leaving.record_id = standing.record_id AND leaving.round = standing.round
"""


def hold(company_id: int) -> None:
    """No posting and no delivery of records meanwhile: the locks are those of posting, in its order."""
    sql.rows(
        """SELECT 1 FROM ledger_source
           WHERE company_id = (SELECT id FROM ledger_company WHERE id = %s FOR NO KEY UPDATE)
           ORDER BY id FOR NO KEY UPDATE""",
        (company_id,),
    )

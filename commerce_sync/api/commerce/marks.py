"""What is remembered of long lists, so that a deep page costs what a first page does.

A list is read by position, and rows are found by key. Two things lead from one to the other: marks at every
`SURVEY_STEP`-th record from one pass over the list's index, made with its total, and the mark that each page leaves
where the next one begins. Whoever reads page after page therefore goes on exactly behind the last row that was read:
rows that vanish from earlier pages meanwhile make none be missed.

A total and the marks made with it hold for `TOTAL_HOLDS`; the marks of pages for `MARK_HOLDS`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from ledger import sql

SURVEY_STEP: Final = 500  # records
TOTAL_HOLDS: Final = timedelta(seconds=60)
MARK_HOLDS: Final = timedelta(minutes=10)
FORGOTTEN_AFTER: Final = timedelta(hours=1)


class Mark(NamedTuple):
    """The list's row at ``position`` is of the record ``record`` that came at ``at``."""

    position: int
    at: datetime
    record: int


class Remembered(NamedTuple):
    """The list's total, None when it must be counted; the nearest mark at or before the wanted position; and the mark
    where the next page begins, None when it is to be made anew."""

    total: int | None
    mark: Mark | None
    following: Mark | None


def remembered(list_key: bytes, position: int, following: int, at: datetime) -> Remembered:
    """What is known of a list, for a page from ``position`` to ``following``. One statement."""
    found = sql.rows(
        """SELECT total.total, mark.position, mark.at, mark.record, following.position, following.at, following.record
           FROM (SELECT) AS nothing
           LEFT JOIN (SELECT total FROM commerce_sync_listmark
                      WHERE list_key = %s AND position = 0 AND total IS NOT NULL AND made_at > %s) total ON true
           LEFT JOIN (SELECT position, at, record FROM commerce_sync_listmark
                      WHERE list_key = %s AND position <= %s AND made_at > %s
                      ORDER BY position DESC LIMIT 1) mark ON true
           LEFT JOIN (SELECT position, at, record FROM commerce_sync_listmark
                      WHERE list_key = %s AND position = %s AND total IS NULL AND made_at > %s) following ON true""",
        (
            *(list_key, at - TOTAL_HOLDS),
            *(list_key, position, at - MARK_HOLDS),
            *(list_key, following, at - MARK_HOLDS / 2),
        ),
        keep_plan=True,
    )
    total, *marks = found[0]
    return Remembered(total, _mark(marks[:3]), _mark(marks[3:]))


def _mark(columns: list[Any]) -> Mark | None:
    return None if columns[0] is None else Mark(*columns)


def remember_survey(list_key: bytes, total: int, marks: list[Mark], at: datetime) -> None:
    """Keep a total and its marks in place of the former ones. Whoever comes second leaves it to the first."""
    with sql.unit_of_work():
        number = int.from_bytes(list_key[:8], "big", signed=True)
        if not sql.rows("SELECT pg_try_advisory_xact_lock(%s)", (number,))[0][0]:
            return
        sql.execute(
            "DELETE FROM commerce_sync_listmark WHERE list_key = %s AND total IS NOT NULL OR made_at < %s",
            (list_key, at - FORGOTTEN_AFTER),
        )
        columns = [[getattr(mark, name) for mark in marks] for name in Mark._fields]
        sql.execute(
            """INSERT INTO commerce_sync_listmark (list_key, total, made_at, position, at, record)
               SELECT %s, %s, %s, * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[])
               ON CONFLICT (list_key, position) DO UPDATE SET total = excluded.total, made_at = excluded.made_at,
                   at = excluded.at, record = excluded.record WHERE commerce_sync_listmark.position = 0""",
            (list_key, total, at, *columns),
        )


def remember_page(list_key: bytes, mark: Mark, at: datetime) -> None:
    """Keep where the next page begins."""
    sql.execute(
        """INSERT INTO commerce_sync_listmark (list_key, position, at, record, made_at) VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (list_key, position) DO UPDATE SET at = excluded.at, record = excluded.record, total = NULL,
               made_at = excluded.made_at WHERE commerce_sync_listmark.position > 0""",
        (list_key, *mark, at),
        keep_plan=True,
    )

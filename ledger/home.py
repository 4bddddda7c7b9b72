"""Whether these data are at home: a database that was restored or copied does no work before a person says so.

What was delivered after a backup was made is at the accounting software, and the restored database does not know it;
and a copy must not deliver beside the original. Both show in where the data are: another server, another database on
it, or another history of the same server (its timeline, which moves on when it is restored to a moment or taken over).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import LiteralString, NamedTuple

from ledger import sql
from ledger.services import audit

# A copy of the files of a stopped server is in the same place to the last letter: that one has to be said.
PLACE: LiteralString = """
    (SELECT system_identifier::text FROM pg_control_system())
    || '/' || (SELECT oid::text FROM pg_database WHERE datname = current_database())
    || '/' || CASE WHEN pg_is_in_recovery() THEN 'standby'
                   ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END
"""
_LATEST: LiteralString = (
    "SELECT place = "  # noqa: S608  (a constant)
    + PLACE
    + ", opened_at IS NOT NULL, noticed_at, behind_at, opened_at FROM ledger_home ORDER BY id DESC LIMIT 1"
)
_KNOWN_UNTIL: LiteralString = """greatest(
    (SELECT at FROM ledger_auditentry ORDER BY at DESC LIMIT 1),
    (SELECT created_at FROM ledger_document ORDER BY id DESC LIMIT 1))"""


class Elsewhere(NamedTuple):
    """Since when these data wait for a word, and the last moment of which they know (None: of none)."""

    noticed_at: datetime
    behind_at: datetime | None


class Doubt(NamedTuple):
    """Documents of business days through ``through`` may have been delivered by a history that these data do not know,
    under the date of a day in ``since`` … ``through``."""

    since: date
    through: date
    opened_at: datetime


def elsewhere() -> Elsewhere | None:
    """None when work may be done here; else since when these data wait. Notes the first home, and a change of place."""
    found = sql.rows(_LATEST)
    if not found:
        statement: LiteralString = (
            "INSERT INTO ledger_home (place, noticed_at, opened_at) SELECT "  # noqa: S608  (a constant)
            + PLACE
            + ", now(), now() WHERE NOT EXISTS (SELECT FROM ledger_home)"
        )
        sql.execute(statement)
        return None
    is_here, is_open, noticed_at, behind_at, _ = found[0]
    if is_here:
        return None if is_open else Elsewhere(noticed_at, behind_at)
    return leave_home()


def is_known_here() -> LiteralString:
    """The question, for any database, whether it was ever at work where it is."""
    return "SELECT EXISTS (SELECT FROM ledger_home WHERE place = " + PLACE + ")"  # noqa: S608  (a constant)


def leave_home() -> Elsewhere:
    """These data are to wait here for a person's word: noticed, or said by somebody who brought them here as they are
    (a copy of files cannot be noticed)."""
    statement: LiteralString = (
        "INSERT INTO ledger_home (place, noticed_at, behind_at) SELECT "
        + PLACE
        + ", clock_timestamp(), coalesce("
        + _KNOWN_UNTIL
        + ", clock_timestamp()) ON CONFLICT DO NOTHING RETURNING noticed_at, behind_at"
    )
    with sql.unit_of_work():
        made = sql.rows(statement)
        if made:
            audit(code="home.left", actor="database", detail={"behind_at": made[0][1].isoformat()})
    _, _, noticed_at, behind_at, _ = sql.rows(_LATEST)[0]
    return Elsewhere(noticed_at, behind_at)


def come_home(*, actor: str, reason: str) -> bool:
    """Work may be done here from now on; False when it might already. What is not delivered yet is in `doubt`."""
    with sql.unit_of_work():
        statement: LiteralString = "UPDATE ledger_home SET opened_at = clock_timestamp() WHERE opened_at IS NULL"
        opened = sql.execute(statement + " AND place = " + PLACE)
        if opened:
            audit(code="home.opened", actor=actor, detail={"reason": reason})
    return opened > 0


def doubt() -> Doubt | None:
    """What a former history may have delivered; None where there never was one."""
    found = sql.rows(
        """SELECT behind_at, opened_at FROM ledger_home
           WHERE behind_at IS NOT NULL AND opened_at IS NOT NULL ORDER BY id DESC LIMIT 1"""
    )
    if not found:
        return None
    behind_at, opened_at = found[0]
    day = timedelta(days=1)  # business days are told in any zone
    return Doubt(behind_at.date() - 2 * day, opened_at.date() + day, opened_at)

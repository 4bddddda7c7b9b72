"""The audit trail, sealed day by day, so that who changes or removes an entry behind the guards is found out.

The seal of a day (UTC) is a SHA-256 over its entries, in their order. It is an entry of the next day, so that each seal
covers the one before it, and a line of the log, which leaves the database: who owns the tables can forge the trail with
all its seals, and not the lines that were kept elsewhere. `manage.py audit_trail` compares all three.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, LiteralString, NamedTuple

from health.checkup import Check, failure, ok
from ledger import sql
from ledger.models import AuditEntry
from ledger.services import audit, now

logger = logging.getLogger(__name__)

SEALED: Final = "audit.sealed"
BROKEN: Final = "audit.seal_broken"
SETTLED: Final = timedelta(hours=2)
"""A transaction that began on a day has ended so long after it: no entry of the day is still to come."""
LOOKED_BACK: Final = 7  # sealed days that are compared again each night
TOLD_FOR: Final = timedelta(days=30)
_LOCK: Final = 46  # the first key of an advisory lock: one worker seals at a time
_ONE_DAY: Final = timedelta(days=1)
_ENTRIES: Final[LiteralString] = """
    SELECT jsonb_build_array(id, public_id, partner_id, company_id, code, subject, actor, detail,
        extract(epoch FROM at))::text
    FROM ledger_auditentry WHERE at >= %s AND at < %s ORDER BY id
"""
_through: dict[str, date] = {}  # of this process: nothing is asked before the next day is over


class Seal(NamedTuple):
    """One day of the trail: how many entries it has, and their hash."""

    day: date
    entries: int
    sha256: str

    def __str__(self) -> str:
        return f"audit trail of {self.day}: {self.entries} entries, sha256 {self.sha256}"


def seal_of(day: date) -> Seal:
    """The seal that the entries of ``day`` have now."""
    hashed, entries = hashlib.sha256(), 0
    for (text,) in sql.stream(_ENTRIES, (_midnight(day), _midnight(day + _ONE_DAY))):
        hashed.update(text.encode())
        hashed.update(b"\n")
        entries += 1
    return Seal(day, entries, hashed.hexdigest())


def kept_seals(since: date = date.min) -> list[Seal]:
    """The seals in the trail itself, the oldest first; of two for one day, the first."""
    found: dict[date, Seal] = {}
    for detail in AuditEntry.objects.filter(code=SEALED).order_by("id").values_list("detail", flat=True):
        day = date.fromisoformat(detail["day"])
        if day >= since:
            found.setdefault(day, Seal(day, detail["entries"], detail["sha256"]))
    return list(found.values())


def seal_daily(seconds: float) -> bool:
    """The errand: seal the days that are over, and look at the last sealed ones again; whether more are left."""
    ends = time.monotonic() + seconds
    last = (now() - SETTLED).astimezone(UTC).date() - _ONE_DAY
    if _through.get("day", date.min) >= last:
        return False
    for day in _unsealed(last):
        if time.monotonic() > ends:
            return True
        if not _seal(day):
            return False  # somebody else is at it
    _through["day"] = last
    return False


def _unsealed(last: date) -> Iterator[date]:
    newest = AuditEntry.objects.filter(code=SEALED).order_by("-id").values_list("detail__day", flat=True).first()
    first = AuditEntry.objects.order_by("at").values_list("at", flat=True).first()
    if newest is None and first is None:
        return
    day = date.fromisoformat(newest) + _ONE_DAY if newest else (first or now()).astimezone(UTC).date()
    while day <= last:
        yield day
        day += _ONE_DAY


def _seal(day: date) -> bool:
    """Seal one day, if nobody else is at it; tell of seals that do not fit any more."""
    with sql.unit_of_work():
        if not sql.rows("SELECT pg_try_advisory_xact_lock(%s, 0)", (_LOCK,))[0][0]:
            return False
        if AuditEntry.objects.filter(code=SEALED, detail__day=str(day)).exists():
            return True
        seal = seal_of(day)
        audit(code=SEALED, actor="system", detail={"day": str(day), "entries": seal.entries, "sha256": seal.sha256})
        for kept in kept_seals(day - LOOKED_BACK * _ONE_DAY):
            if kept.day < day and (found := seal_of(kept.day)) != kept:
                detail = {"day": str(kept.day), "sealed": kept.sha256, "found": found.sha256}
                audit(code=BROKEN, actor="system", subject=str(kept.day), detail=detail)
                logger.error("%s, but it was sealed with %s", found, kept.sha256)
    logger.warning("%s", seal)  # at a level that every installation keeps
    return True


def trail() -> Check:
    """Whether the nightly look has found a day that is not as it was sealed."""
    days = AuditEntry.objects.filter(code=BROKEN, at__gte=now() - TOLD_FOR).values_list("subject", flat=True)
    if found := sorted(set(days)):
        remedy = "Compare with the lines kept in the log: manage.py audit_trail (runbook, The role in the database)."
        return failure("audit trail", f"days are not as they were sealed: {', '.join(found[:5])}", remedy)
    return ok("audit trail", "as it was sealed")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

"""How often somebody may try to get in: counted in PostgreSQL, for all processes, before the try is made, so that many
tries at once are many."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, LiteralString

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.crypto import salted_hmac

from health.models import LoginTries
from ledger import sql
from ledger.services import now

Kind = Literal["name", "address", "second factor"]

# Tries in vain before the first wait. Of one name few, since nobody mistypes a password five times in a row without
# stopping to think; of one address more, since an office has one address for all.
FREE: Final[dict[Kind, int]] = {"name": 5, "address": 30, "second factor": 5}
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(minutes=15)  # short enough that nobody can shut somebody else out for a day by trying
FORGOTTEN_AFTER: Final = timedelta(hours=1)

# The wait doubles with each further try; whoever has to wait is not counted again, and so not answered either.
_TAKE: Final[LiteralString] = """
    INSERT INTO health_logintries AS known (key, tries, last_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN known.last_at < %s THEN 1 ELSE known.tries + 1 END,
        last_at = excluded.last_at,
        locked_until = CASE WHEN known.last_at >= %s AND known.tries + 1 >= %s
            THEN %s + least(%s * power(2, least(known.tries + 1 - %s, 20)), %s) END
    WHERE known.locked_until IS NULL OR known.locked_until <= %s
    RETURNING locked_until
"""


class Locked(Exception):
    """Too many tries: nobody is let try again before ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"too many tries until {until:%H:%M}")
        self.until = until


def take(kind: Kind, whose: str) -> datetime | None:
    """Count a try that is about to be made; until when nobody is let try after it, should it fail. Raises `Locked`."""
    key, at = key_of(kind, whose), now()
    old, free = at - FORGOTTEN_AFTER, FREE[kind]
    rows = sql.rows(_TAKE, (key, at, old, old, free, at, FIRST_WAIT, free, LONGEST_WAIT, at))
    if rows:
        until: datetime | None = rows[0][0]
        return until
    locked = LoginTries.objects.filter(key=key).values_list("locked_until", flat=True).first()
    raise Locked(locked or at)


def forget(kind: Kind, whose: str) -> bool:
    """All tries of this one; whether there were any."""
    return LoginTries.objects.filter(key=key_of(kind, whose)).delete()[0] > 0


def give_back(kind: Kind, whose: str) -> None:
    """The last try was none in vain. The others stay counted: who knows one password may still guess at others."""
    LoginTries.objects.filter(key=key_of(kind, whose)).update(tries=Greatest(F("tries") - 1, 0), locked_until=None)


def forget_old() -> int:
    """Delete what has had its time; how many."""
    return LoginTries.objects.filter(last_at__lt=now() - FORGOTTEN_AFTER - LONGEST_WAIT).delete()[0]


def key_of(kind: Kind, whose: str) -> str:
    """Under what it is counted."""
    return salted_hmac(f"console {kind}", whose.casefold(), algorithm="sha256").hexdigest()

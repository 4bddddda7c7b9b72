"""The rate budget that all workers share: one row per rate, moved by one statement.

A call books the next free moment of its rate before it is sent. Whoever finds the moment too far away books
nothing and hands the work back to the schedule. Booking (and not polling) spreads waiting workers by itself,
so that a hundred merchants of one app do not come back in the same second.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import connection

from connectors.declare import Budget, Rate
from connectors.errors import Waiting

# A new line is booked one interval ahead; an old one from now or from what is booked, whichever is later. The
# condition is what makes it a limit: a row that is booked too far ahead stays as it is and is not returned.
_BOOK: Final = """
    INSERT INTO connectors_budgetline AS line (key, booked_until)
    VALUES (%(key)s, clock_timestamp() + %(interval)s)
    ON CONFLICT (key) DO UPDATE
    SET booked_until = greatest(line.booked_until, clock_timestamp()) + %(interval)s
    WHERE line.booked_until <= clock_timestamp() + %(tolerance)s + %(patience)s
    RETURNING line.booked_until - %(interval)s - %(tolerance)s - clock_timestamp()
"""

_FREE_AT: Final = "SELECT booked_until - %(tolerance)s FROM connectors_budgetline WHERE key = %(key)s"

_HOLD: Final = """
    INSERT INTO connectors_budgetline AS line (key, booked_until)
    VALUES (%(key)s, clock_timestamp() + %(ahead)s)
    ON CONFLICT (key) DO UPDATE SET booked_until = greatest(line.booked_until, excluded.booked_until)
"""


def book(budget: Budget, *, platform: str, connection_id: int | None, patience: timedelta) -> timedelta:
    """Book one call and return how long to wait before it is sent (zero: now).

    Raises `Waiting` when a rate has no free moment within `patience`; rates booked before it stay booked,
    which errs on the side of calling less.
    """
    wait = timedelta(0)
    for rate in budget.rates:
        key = _key(rate, platform, connection_id)
        values: dict[str, Any] = {
            "key": key,
            "interval": rate.interval,
            "tolerance": rate.tolerance,
            "patience": patience,
        }
        with connection.cursor() as cursor:
            cursor.execute(_BOOK, values)
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_FREE_AT, values)
                free_at = cursor.fetchone()[0]
                raise Waiting(f"the rate of {rate.calls} calls in {rate.seconds} s is used up", until=free_at)
        wait = max(wait, row[0])
    return wait


def hold(budget: Budget, *, platform: str, connection_id: int | None, pause: timedelta) -> None:
    """Book everything for `pause`: the platform has said "too many", and that holds for every worker.

    What is counted per connection, for this one; without a connection, what is counted over the whole platform. One
    merchant who has used up a day must not stop the others. A platform that counts only in the other way is held so.
    """
    scope = "platform" if connection_id is None else "connection"
    for rate in [each for each in budget.rates if each.scope == scope] or budget.rates:
        key = _key(rate, platform, connection_id)
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"key": key, "ahead": pause + rate.tolerance}
            cursor.execute(_HOLD, values)


def _key(rate: Rate, platform: str, connection_id: int | None) -> str:
    # Seconds and calls are part of it: a changed declaration starts its own line.
    owner = "*" if rate.scope == "platform" else str(connection_id or "-")
    return f"{platform}:{owner}:{rate.calls}/{rate.seconds}"

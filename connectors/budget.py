"""The rate budget that all workers share: one row per rate, moved by one statement.

A call books the next free moment of its rate before it is sent. Whoever finds the moment too far away books
nothing and hands the work back to the schedule. Booking (and not polling) spreads waiting workers by itself,
so that a hundred merchants of one app do not come back in the same second.

A rate of more than an hour is counted instead, in slots of a 24th of its window: a slot is one row, booked from its
start on, a piece for each call. What is booked in the slots of one window, and in the one that has begun, is never more
than the calls of one window. 25 rows go round, one for each slot.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import connection

from connectors.errors import Waiting
from connectors.rates import Budget, Rate

SLOTS: Final = 24

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

# The slots that are not over for a window: the one that has begun (back = 0) and the 24 before it. A row that is booked
# up to no later than its slot begins is of an earlier round: its slot is empty.
_SLOTS: Final = """
    WITH slot AS MATERIALIZED (
        SELECT back, ((number - back) %% 25) AS row, to_timestamp((number - back) * %(length)s) AS starts
        FROM cast(floor(extract(epoch FROM clock_timestamp()) / %(length)s) AS bigint) AS number,
            generate_series(0, 24) AS back
    )
"""

_COUNT: Final = f"""{_SLOTS},
    before AS (
        SELECT coalesce(sum(line.booked_until - slot.starts), interval '0') AS booked
        FROM slot JOIN connectors_budgetline line ON line.key = %(key)s || '#' || slot.row
        WHERE slot.back > 0 AND line.booked_until > slot.starts
    )
    INSERT INTO connectors_budgetline AS line (key, booked_until)
    SELECT %(key)s || '#' || slot.row, slot.starts + %(piece)s FROM slot, before
    WHERE slot.back = 0 AND before.booked + %(piece)s <= %(whole)s
    ON CONFLICT (key) DO UPDATE
    SET booked_until = greatest(line.booked_until, excluded.booked_until - %(piece)s) + %(piece)s
    WHERE greatest(line.booked_until - (excluded.booked_until - %(piece)s), interval '0')
        + (SELECT booked FROM before) + %(piece)s <= %(whole)s
    RETURNING true
"""  # noqa: S608

_COUNTED_UNTIL: Final = f"""{_SLOTS}
    SELECT coalesce(min(slot.starts) + 25 * %(whole)s, clock_timestamp()) FROM slot
    JOIN connectors_budgetline line ON line.key = %(key)s || '#' || slot.row
    WHERE line.booked_until > slot.starts
"""  # noqa: S608

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
        if rate.is_counted:
            _count(rate, key)
            continue
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


def _count(rate: Rate, key: str) -> None:
    """Count one call; raises `Waiting` when the window is full."""
    length = timedelta(seconds=rate.seconds) / SLOTS
    piece = timedelta(microseconds=-(-length // timedelta(microseconds=rate.calls)))
    values: dict[str, Any] = {"key": key, "length": length.total_seconds(), "whole": length, "piece": piece}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if cursor.fetchone() is None:
            cursor.execute(_COUNTED_UNTIL, values)
            raise Waiting(f"the {rate.calls} calls in {rate.seconds} s are used up", until=cursor.fetchone()[0])


def _key(rate: Rate, platform: str, connection_id: int | None) -> str:
    # Seconds and calls are part of it: a changed declaration starts its own line.
    owner = "*" if rate.scope == "platform" else str(connection_id or "-")
    return f"{platform}:{owner}:{rate.calls}/{rate.seconds}"

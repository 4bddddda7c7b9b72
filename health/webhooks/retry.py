"""When a delivery that failed is tried again, and when an endpoint is left alone. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from commerce_sync.retry import pause_after

# The schedule that the Standard Webhooks specification recommends: the pause before each try. Three days and 3½ hours.
PAUSES: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_TRIES: Final = len(PAUSES)
LONGEST_ASKED: Final = timedelta(hours=6)  # how far a Retry-After may put off what is due earlier
FAILING_FOR: Final = timedelta(days=3)  # without one success: then the endpoint is disabled
PATIENT_FAILURES: Final = 3  # in a row, before an endpoint is rested
SHORTEST_REST_SECONDS: Final = 5
LONGEST_REST_SECONDS: Final = 300


def pause_before(tries: int, chance: float, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after try number ``tries`` (from 1) has failed; None: that was the last.

    ``chance`` is from 0 to below 1. ``asked`` is what the endpoint's Retry-After said.
    """
    pause = pause_after(PAUSES, tries, chance)
    return pause if pause is None or asked is None else max(pause, min(asked, LONGEST_ASKED))


def rest_after(failures: int, asked: timedelta | None = None) -> timedelta | None:
    """How long nothing at all is sent to an endpoint after ``failures`` in a row; None: it goes on.

    A delivery has its own schedule; this keeps an endpoint that is down from costing a time-out for each of the many
    that wait for it.
    """
    rest = None
    if failures >= PATIENT_FAILURES:
        doubled = SHORTEST_REST_SECONDS << min(failures - PATIENT_FAILURES, 10)
        rest = timedelta(seconds=min(doubled, LONGEST_REST_SECONDS))
    if asked is None:
        return rest
    return max(rest or timedelta(0), min(asked, LONGEST_ASKED))

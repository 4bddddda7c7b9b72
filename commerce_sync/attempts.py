"""What becomes of a job whose attempt has failed."""

from __future__ import annotations

import random
import traceback
from typing import Final

from django.db import connection

from commerce_sync import work_rows
from commerce_sync.fetching import give_up
from commerce_sync.outage import outage_of
from commerce_sync.retry import backoff
from commerce_sync.selectors import Run

ERROR_CHARACTERS: Final = 4_000
_chance = random.SystemRandom().random


class UnreadableRun(Exception):
    """The rows of a job are not what this code writes: it waits for code that reads them, and is given up at last."""


def after_failure(run: Run, error: Exception) -> None:
    """Wait longer after each attempt; after the last one, the job is dead and its sync ends.

    What the database lacks for hours (room, connections) is not the job's illness, so that attempt is not counted. One
    that ended with the connection is: it may be this very job that brings the server down.
    """
    if connection.connection is not None and not connection.is_usable():
        connection.close()  # the next statement opens a new one
    outage = outage_of(error)
    said = "".join(traceback.format_exception(error))[-ERROR_CHARACTERS:]
    if outage is not None and outage.is_patient:
        work_rows.free([(run.job_id, run.lease_token)], uncount=True, seconds=outage.after_seconds)
    elif run.attempts >= run.max_attempts:
        bury(run, said)
    else:
        work_rows.fail(run, said, backoff(run.attempts, _chance()).total_seconds())


def bury(run: Run, error: str = "") -> None:
    """It was tried too often: it stays for people to read, with its last error or this one, and its sync ends."""
    work_rows.bury(run, error)
    if run.kind == "fetch":
        give_up(run)

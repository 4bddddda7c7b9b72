"""The work loop: claim fairly, count the attempt, work, conclude; for a bounded time, in a slot of its own.

The work table is the truth and every bell is only a hint, so a bell that is lost or rung twice is harmless. A job is
held by its lease and by a session advisory lock: the lock of a dead worker is gone with its session, so its job is free
at once; a paused worker still has it, so it is not overtaken.
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.db import transaction
from msgspec import Struct

from commerce_sync import correlation, work_rows
from commerce_sync.attempts import UnreadableRun, after_failure, bury
from commerce_sync.due import sweep_due
from commerce_sync.engine import Done, Later, run_sync
from commerce_sync.fetching import fetch
from commerce_sync.selectors import Run, runs_of
from commerce_sync.status import Outcome
from commerce_sync.work_hold import Hold
from ledger import faultpoints, sql
from ledger.home import elsewhere
from ledger.services import now

logger = logging.getLogger(__name__)

COMPANIES_AT_ONCE: Final = 50
CLAIM_TRIES: Final = 5  # while others hold what is due for the moment of their own claim
CLAIM_AGAIN_SECONDS: Final = 0.02
DRAIN_SECONDS: Final = 20
BEAT_SECONDS: Final = 5
NEWER_SECONDS: Final = 60  # until a job that newer code has made is offered again: to newer code, by then
OCCUPIED_SECONDS: Final = 10  # until a job looks again whether the other sync of its company has ended
FETCHED: Final = Done(Outcome(), {})
_chance = random.SystemRandom().random


class Drained(Struct):
    """What a drain did: jobs that ended, that go on later, and that failed."""

    ended: int = 0
    later: int = 0
    failed: int = 0


def sweep(at: datetime | None = None) -> int:
    """Turn every schedule that is due into a job; how many. Costs what is due, and safe from many hosts at once."""
    moment = at or now()
    total = 0
    while found := sweep_due(moment):
        total += found
    return total


def drain(budget_seconds: float = DRAIN_SECONDS, *, stopping: Callable[[], bool] = lambda: False) -> Drained:
    """Work until nothing is due, the time is over or `stopping` says so. Without a free slot, or with data that are not
    at home (`ledger.home`), return at once."""
    ends = time.monotonic() + budget_seconds
    drained = Drained()
    if elsewhere() is not None:
        logger.error("these data were restored or copied: nothing is done before `manage.py resume_after_restore`")
        return drained
    with Hold() as hold:
        slot = hold.take_slot()
        if slot is None:
            return drained
        _free_the_dead(hold)
        while time.monotonic() < ends and not stopping():
            seen_at = _beat(slot, drained, -math.inf)
            runs = _next(hold)
            if not runs:
                break
            for place, run in enumerate(runs):
                if time.monotonic() >= ends or stopping():
                    left = [(each.job_id, each.lease_token) for each in runs[place:]]
                    work_rows.free(left, uncount=True)
                    break
                seen_at = _beat(slot, drained, seen_at)
                with correlation.of(str(run.act), company=run.company_id, sync=run.act if run.sync_id else ""):
                    _work(run, drained)
            hold.release_jobs()
    return drained


def _next(hold: Hold) -> list[Run]:
    """Claimed jobs; none when nothing is due. Whoever claims looks at more than it takes: it is waited for."""
    runs = _claim(hold)
    for _ in range(CLAIM_TRIES):
        if runs or not work_rows.is_due():
            break
        time.sleep(CLAIM_AGAIN_SECONDS * (0.5 + _chance()))
        runs = _claim(hold)
    return runs


def _beat(slot: str, drained: Drained, seen_at: float) -> float:
    """Tell that the slot is alive, unless it did so a moment ago; when it last did. A long batch is no silence."""
    at = time.monotonic()
    if at - seen_at < BEAT_SECONDS:
        return seen_at
    work_rows.beat(slot, f"{drained.ended} ended")
    return at


def _claim(hold: Hold) -> list[Run]:
    """Claimed jobs with all that their runs must know; the lock of each is ours before anybody sees it running."""
    token = uuid4()
    with sql.unit_of_work():
        ids = work_rows.claim(COMPANIES_AT_ONCE, token)
        held = hold.take_jobs(ids)
        # Whoever put a job off still has its lock until the end of its batch: look again in a moment.
        work_rows.free([(job_id, token) for job_id in ids if job_id not in held], uncount=True, seconds=1)
        runs = runs_of([job_id for job_id in ids if job_id in held])
    faultpoints.reached("after_claim")
    return runs


def _work(run: Run, drained: Drained) -> None:
    """One attempt at one job. Whatever it raises stays with the job; what ends the process is counted already."""
    try:
        if run.kind not in work_rows.KINDS or run.payload_version > work_rows.PAYLOAD_VERSION:
            # While a release is rolled out, old and new code share the table: what is not understood is left alone.
            work_rows.free([(run.job_id, run.lease_token)], uncount=True, seconds=NEWER_SECONDS)
            drained.later += 1
        elif run.unreadable:
            raise UnreadableRun(run.unreadable)
        elif run.attempts > run.max_attempts:
            bury(run)
            drained.failed += 1
        elif run.kind == "fetch":
            fetch(run)
            drained.ended += work_rows.conclude(run, FETCHED).was_ours
        elif run.sync_id is None:
            work_rows.postpone(run, Later(OCCUPIED_SECONDS, "queued", run.counts))
            drained.later += 1
        else:
            _carry_out(run, drained)
    except Exception as error:
        drained.failed += 1
        logger.exception("job %s failed (attempt %s of %s)", run.job_id, run.attempts, run.max_attempts)
        after_failure(run, error)


def _carry_out(run: Run, drained: Drained) -> None:
    """Run and conclude: a small run on local books as one transaction, any other with a commit at each step."""
    if run.fits_one_transaction:
        with transaction.atomic():
            came_to = run_sync(run)
            ended = _store(run, came_to)
    else:
        came_to = run_sync(run)
        faultpoints.reached("before_conclude")
        ended = _store(run, came_to)
    if not ended:
        logger.warning("job %s was taken over while it was worked on", run.job_id)
    faultpoints.reached("after_conclude")
    drained.ended += isinstance(came_to, Done)
    drained.later += isinstance(came_to, Later)


def _store(run: Run, came_to: Done | Later) -> bool:
    return work_rows.conclude(run, came_to).was_ours if isinstance(came_to, Done) else work_rows.postpone(run, came_to)


def _free_the_dead(hold: Hold) -> None:
    """Jobs that are running in nobody's session any more."""
    running = work_rows.running_jobs()
    if not running:
        return
    held = hold.take_jobs([job_id for job_id, _ in running])
    freed = work_rows.free([(job_id, token) for job_id, token in running if job_id in held], uncount=False)
    hold.release_jobs()
    if freed:
        logger.warning("%s jobs of dead workers are free again", freed)

"""What django-q2 rings. Tasks take no arguments and return nothing: the work table says what is to be done."""

from __future__ import annotations

import time
from typing import Final

from django.db import transaction
from django_q.models import Schedule as BellSchedule
from django_q.tasks import async_task

from commerce_sync import work
from commerce_sync.errands import SECONDS as ERRAND_SECONDS
from commerce_sync.errands import run_errands
from commerce_sync.stopping import in_hand, is_asked

DRAIN: Final = "commerce_sync.tasks.drain"
TICK: Final = "commerce_sync.tasks.tick"
TICK_NAME: Final = "commerce_sync tick"
ERRANDS_BEGIN_WITHIN: Final = 40  # seconds; all of them end before django-q2 takes the task for hanging


def drain() -> None:
    """Work on what is due, for a bounded time; then the errands."""
    began = time.monotonic()
    with in_hand():
        work.drain(stopping=is_asked)
        _errands(began)


def tick() -> None:
    """Once a minute: what has become due becomes work, and is worked on; then the errands."""
    began = time.monotonic()
    with in_hand():
        work.sweep()
        work.drain(stopping=is_asked)
        _errands(began)


def _errands(began: float) -> None:
    """The errands, in what is left of the time; with more to do, the bell is rung for it."""
    left = ERRANDS_BEGIN_WITHIN - (time.monotonic() - began)
    if left > 0 and run_errands(min(left, ERRAND_SECONDS), stopping=is_asked) and not is_asked():
        ring()


def ring() -> None:
    """Ring the bell once the present transaction has committed. Unconditional: a doubled bell is harmless."""
    transaction.on_commit(_ring)


def _ring() -> None:
    async_task(DRAIN)


def ensure_schedules() -> None:
    """The minute's tick, made by code and by nothing else; running it again changes nothing."""
    with transaction.atomic():
        BellSchedule.objects.exclude(func=TICK).filter(name=TICK_NAME).delete()
        wanted = {"func": TICK, "schedule_type": BellSchedule.MINUTES, "minutes": 1, "repeats": -1}
        if not BellSchedule.objects.filter(name=TICK_NAME, **wanted).exists():
            BellSchedule.objects.filter(func=TICK).delete()
            BellSchedule.objects.create(name=TICK_NAME, **wanted)

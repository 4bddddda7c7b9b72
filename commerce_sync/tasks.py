"""What django-q2 rings. Tasks take no arguments and return nothing: the work table says what is to be done."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django_q.models import Schedule as BellSchedule
from django_q.tasks import async_task

from commerce_sync import work

DRAIN: Final = "commerce_sync.tasks.drain"
TICK: Final = "commerce_sync.tasks.tick"
TICK_NAME: Final = "commerce_sync tick"


def drain() -> None:
    """Work on what is due, for a bounded time."""
    work.drain()


def tick() -> None:
    """Once a minute: what has become due becomes work, and is worked on."""
    work.sweep()
    work.drain()


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

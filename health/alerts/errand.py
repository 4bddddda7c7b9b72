"""What is to be done regularly for alerts: look at the rules, write what is due, send it, forget what is old."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from health.alerts import outbox
from health.alerts.raising import look
from health.alerts.secrets import seal_anew
from health.alerts.sending import send_due
from health.alerts.telling import tell
from health.models import Alarm, AlertRule
from ledger.services import now

LOOK_EVERY: Final = timedelta(seconds=30)  # a rule; soon enough for people, and cheap with a hundred rules
TIDY_EVERY_SECONDS: Final = 3_600
_tidy_at = 0.0


def run(seconds: float) -> bool:
    """Raise, tell and send for at most ``seconds`` (and what a message that is under way needs); whether there is more
    to do at once."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and raise_next():
        pass
    send_due(max(ends - time.monotonic(), 0))
    _tidy_hourly()
    return time.monotonic() >= ends and outbox.something_is_due()


@transaction.atomic
def raise_next(at: datetime | None = None) -> bool:
    """Look at the rule that was looked at longest ago, and write messages that it has due at ``at``; False: all were
    looked at within `LOOK_EVERY` and have nothing due, or others are at it.

    One transaction: what a rule has told and what goes out of it never differ.
    """
    moment = at or now()
    due = Alarm.objects.filter(rule=OuterRef("pk"), tell_at__lte=moment).exclude(news="")
    rule = (
        AlertRule.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(Q(looked_at__isnull=True) | Q(looked_at__lte=moment - LOOK_EVERY) | Q(Exists(due)), enabled=True)
        .order_by(F("looked_at").asc(nulls_first=True), "pk")
        .first()
    )
    if rule is None:
        return False
    if rule.looked_at is None or rule.looked_at <= moment - LOOK_EVERY:
        look(rule, moment)
        AlertRule.objects.filter(pk=rule.pk).update(looked_at=moment)
    tell(rule, moment)
    return True


def _tidy_hourly() -> None:
    global _tidy_at  # noqa: PLW0603  # of this process: another one tidying, too, finds nothing left
    if time.monotonic() < _tidy_at:
        return
    _tidy_at = time.monotonic() + TIDY_EVERY_SECONDS
    seal_anew()
    outbox.forget_old()

"""Asking accounting software what changed there since we last asked: what no webhook told is told by this.

Drift of what was delivered (a person edits, dates anew or deletes one of our documents) is found by reading it back,
and nobody can read everything back every day. Software that can be asked for its changes is asked, at most every few
minutes, before documents are read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from django.db import transaction

from connectors.errors import Failure
from connectors.hearing import look_again
from connectors.models import Connection, PushItem, Watermark
from connectors.platform import AccountingPlatform
from connectors.session import Session
from connectors.webhooks import Heard
from ledger.services import now

CHANGES: Final = "changes"
EVERY: Final = timedelta(minutes=5)
HELD: Final = 1_000  # what is older than so many documents is hardly deleted any more
OVERLAP: Final = timedelta(minutes=10)  # two clocks, and changes that are told late


@runtime_checkable
class TellsChanges(Protocol):
    """An accounting platform that can be asked what changed."""

    def changed(self, session: Session, since: datetime, at: datetime) -> Heard:
        """What changed since an aware instant in the company's books; `at` is now. Raises a `Failure`."""
        ...


@runtime_checkable
class TellsGone(Protocol):
    """One whose changes leave out what was deleted, and that can be asked for it."""

    def gone(self, session: Session, held: Sequence[str]) -> set[str]:
        """Those of our documents, by their ids there, that do not exist any more. Raises a `Failure`."""
        ...


def watch(platform: AccountingPlatform, session: Session) -> int:
    """Have what changed since the last time read back; how many of our documents are among it.

    What goes wrong is left to the next time: delivering meets it too, and says so.
    """
    if not isinstance(platform, TellsChanges):
        return 0
    at = now()
    mark = Watermark.objects.filter(connection=session.connection_id, dataset=CHANGES).first()
    if mark is not None and at - mark.pulled_at < EVERY:
        return 0
    heard = Heard()
    if mark is not None:
        try:
            heard = platform.changed(session, mark.reached_at - OVERLAP, at)
            if isinstance(platform, TellsGone) and (held := _held(session.connection_id)):
                heard = Heard({**heard.documents, **dict.fromkeys(platform.gone(session, held))}, heard.options)
        except Failure:
            return 0
    with transaction.atomic():
        Watermark.objects.update_or_create(
            connection_id=session.connection_id, dataset=CHANGES, defaults={"reached_at": at, "pulled_at": at}
        )
        return look_again(Connection.objects.get(pk=session.connection_id), heard, at)


def _held(connection_id: int) -> list[str]:
    """The ids of the last documents that are at the platform."""
    items = PushItem.objects.filter(connection=connection_id, state="pushed", binding__voided_at=None)
    return list(items.order_by("-binding").values_list("binding__remote_id", flat=True)[:HELD])

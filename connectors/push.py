"""Delivery: each document reaches the accounting platform exactly once, whatever gets lost on the way.

Three answers to every write: done, not done, unknown. The intent is committed before the call; what came of it is
committed with the binding in one transaction; and an unknown outcome is looked up by reference before anything is sent
again. What a platform makes safe (`declare.Safety`) decides when "not there" may be believed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from connectors import push_rows as rows
from connectors.limits import Limits
from connectors.options import kept_accounts
from connectors.otherwise_dated import otherwise_dated
from connectors.platform import AccountingPlatform
from connectors.push_local import deliver_local
from connectors.push_result import PushResult
from connectors.push_rows import prepare
from connectors.push_send import AGAIN_SECONDS, LeaveAlone, Sending
from connectors.push_states import Item, Step
from connectors.push_verify import verify
from connectors.session import Pushed, Session
from connectors.watching import watch
from ledger import sql
from ledger.documents import Document, Payment
from ledger.home import Doubt, doubt

__all__ = ["CONNECTION_LOCK", "Delivery", "PushResult", "deliver", "held", "prepare"]

CONNECTION_LOCK: Final = 44  # the first key of the advisory locks that hold a connection while it is written to
ITEMS_AT_ONCE: Final = 50


class Delivery(Struct, frozen=True):
    """What `deliver` works with. `seconds` bounds the time after which it starts nothing new; `step` is told the name
    of each step that it reaches (tests stop the process there)."""

    platform: AccountingPlatform
    session: Session
    limits: Limits = Limits()
    seconds: float = 20
    step: Step = lambda name: None


def deliver(delivery: Delivery) -> PushResult:
    """Work on the open deliveries of one connection, in the order of their documents.

    Raises `NotAuthorized` when the platform no longer accepts us, and nothing else that a platform does: what cannot
    be delivered now stays with its reason, and the result says when to come back.
    """
    session = delivery.session
    if delivery.platform.local:
        return deliver_local(delivery.platform, session, delivery.step)
    with held(session.connection_id) as is_held:
        if not is_held:
            return PushResult(next_seconds=AGAIN_SECONDS)
        rows.release_abandoned(session.connection_id, is_held=True)
        former = doubt()
        if former is not None:
            rows.doubt_unsent(session.connection_id, former)
        session = replace(session, accounts=kept_accounts(session.connection_id))
        round_ = _Round(msgspec.structs.replace(delivery, session=session), former)
        round_.work()
        watch(delivery.platform, session)
        verify(delivery.platform, session)
    result = PushResult.of(round_.written, rows.standing(session.connection_id))
    return msgspec.structs.replace(result, next_seconds=0.0) if round_.is_unfinished else result


@contextmanager
def held(connection_id: int) -> Iterator[bool]:
    """Whether this session alone writes to the connection; a session that ends lets go by itself."""
    is_held = bool(sql.rows("SELECT pg_try_advisory_lock(%s::int, %s::int)", (CONNECTION_LOCK, connection_id))[0][0])
    try:
        yield is_held
    finally:
        if is_held:
            sql.rows("SELECT pg_advisory_unlock(%s::int, %s::int)", (CONNECTION_LOCK, connection_id))


class _Round:
    """One pass over the open items."""

    def __init__(self, delivery: Delivery, former: Doubt | None) -> None:
        self.session, self.safety = delivery.session, delivery.platform.safety
        self.sender = Sender(delivery.platform, delivery.session, delivery.limits.total_seconds, delivery.step)
        self.sender.former = former
        self.ends = time.monotonic() + delivery.seconds
        self.written = 0
        self.is_cut_short = False

    def work(self) -> None:
        """Work on each once; `written` counts those that are at the platform now and were not before."""
        after = 0
        while batch := self._batch(after):
            held_back = self._held_back(batch)
            for item in batch:
                if time.monotonic() >= self.ends:
                    self.is_cut_short = True
                    return
                settles = item.document.settles if isinstance(item.document, Payment) else None
                if settles in held_back:
                    continue
                try:
                    is_there = self._deliver(item)
                except LeaveAlone:
                    return
                if is_there:
                    self.written += 1
                    held_back.discard(item.document.header.key)
            after = batch[-1].document_id

    @property
    def is_unfinished(self) -> bool:
        """Whether there is more to do at once."""
        return self.is_cut_short or self.sender.overslept

    def _deliver(self, item: Item[Document]) -> bool:
        return self.sender.settle(item) if item.state == "unknown" else self.sender.send(item)

    def _batch(self, after: int) -> list[Item[Document]]:
        return rows.open_items(self.session.connection_id, after, ITEMS_AT_ONCE, self.safety.settle_seconds)

    def _held_back(self, batch: list[Item[Document]]) -> set[str]:
        """The keys of documents that payments of this batch settle and that are not at the platform yet."""
        settled = {item.document.settles for item in batch if isinstance(item.document, Payment)}
        return rows.undelivered_keys(self.session.company_id, sorted(settled)) if settled else set()


class Sender(Sending[Document]):
    """Sends documents."""

    rows = rows.Deliveries()
    former: Doubt | None = None  # what may have been delivered before these data were restored

    def _push(self, item: Item[Document]) -> Pushed:
        return self.platform.push(self._session_for(item), item.document)

    def _find(self, item: Item[Document]) -> Pushed | None:
        session = self._session_for(item)
        found = self.platform.find(session, item.document)
        if found is None and self.former is not None:
            for other in otherwise_dated(item.document, self.former):
                found = found or self.platform.find(session, other)
        return found

    def _reference(self, item: Item[Document]) -> str:
        return item.document.header.reference

    def _session_for(self, item: Item[Document]) -> Session:
        """The session; for a payment it knows the id of what is settled, without which no platform takes a payment."""
        if not isinstance(item.document, Payment):
            return self.session
        keys = [item.document.settles]
        found = rows.remote_ids(self.session.connection_id, self.session.company_id, keys)
        return replace(self.session, remote_ids=found)

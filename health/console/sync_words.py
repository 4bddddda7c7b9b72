"""What a sync did, in plain words, for somebody who has to explain it on the telephone. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from commerce_sync.models import Sync
from commerce_sync.status import CODES, LONG_RUNNING_SECONDS, NOTHING_TO_WRITE, WRITTEN
from ledger.services import now

TRIGGERS: Final = {
    "schedule": "The schedule",
    "hourly": "The hourly schedule",
    "event": "Something happened",
    "request": "Asked for",
    "historic": "Days brought in again",
    "retry": "Retry of documents",
    "undo": "Undo",
}
RESULTS: Final = {
    "written": "Written",
    "nothing": "Nothing to write",
    "failed": "Failed",
    "running": "Running",
    "late": "Running long",
}
TURNS: Final = {
    "merchant": "It is the merchant's turn.",
    "partner": "It is the partner's turn.",
    "support": "It is support's turn.",
    "nobody": "Nobody has to do anything.",
}


def result_of(sync: Sync) -> str:
    """One of `RESULTS`."""
    if sync.finished_at is None:
        return "late" if (now() - sync.started_at).total_seconds() > LONG_RUNNING_SECONDS else "running"
    if sync.code == WRITTEN:
        return "written"
    return "nothing" if sync.code == NOTHING_TO_WRITE else "failed"


def lasted(sync: Sync) -> str:
    """How long it took, or has taken so far."""
    return span((sync.finished_at or now()) - sync.started_at)


def span(time: timedelta) -> str:
    """A length of time, short."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{max(round(seconds * 1000), 0)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def told(sync: Sync, states: Mapping[str, int]) -> Iterator[str]:
    """What came, what was written, what was refused, whose turn it is, what comes next. ``states``: how many of its
    documents stand where."""
    counts: dict[str, Any] = sync.counts
    yield from _came(counts)
    yield from _written(counts, states)
    if sync.finished_at is None:
        stage = {"pull": "fetching sales", "post": "bringing sales into the books", "push": "delivering documents"}
        yield f"It is under way for {lasted(sync)}: {stage.get(sync.stage, 'it waits for its turn')}."
        return
    yield f"It ended after {lasted(sync)} with {sync.code}: {CODES[sync.code]}"


def _came(counts: Mapping[str, Any]) -> Iterator[str]:
    if pulled := int(counts.get("pulled", 0)):
        yield f"{_some(pulled, 'new or changed record')} came from the shop's platforms."
    if refused := int(counts.get("rows_refused", 0)):
        yield f"{_some(refused, 'row')} could not be read and became problems; the others were not held up."
    if records := int(counts.get("records", 0)):
        yield f"{_some(records, 'record')} went into the books."
    if held := int(counts.get("held", 0)):
        yield f"{_some(held, 'record')} could not be booked yet: the problems of the company say why."


def _written(counts: Mapping[str, Any], states: Mapping[str, int]) -> Iterator[str]:
    if written := int(counts.get("written", 0)):
        yield f"{_some(written, 'document')} arrived at the accounting software."
    if taken := int(counts.get("taken_back", 0)):
        yield f"{_some(taken, 'document')} were taken back." if taken > 1 else "1 document was taken back."
    says = {
        "refused": "refused by the accounting software now",
        "unknown": "of unknown outcome: looked up before anything is sent again",
        "waiting": "waiting until the accounting software takes more",
        "prepared": "ready and not sent yet",
        "removed": "not there any more: somebody took it away at the accounting software",
    }
    for state, words in says.items():
        if count := states.get(state, 0):
            yield f"{_some(count, 'document')} of this sync {'is' if count == 1 else 'are'} {words}."
    if not counts.get("written") and not states:
        yield "No document came of it."


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

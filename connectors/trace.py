"""The trace that every call leaves for the console."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import DatabaseError

from connectors.models import Call

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trace:
    """One call as it is kept: see `connectors.models.Call`. Everything in it is already redacted."""

    connection_id: int | None
    platform: str
    method: str
    url: str
    status: int | None
    failure: str
    detail: str
    duration_ms: int
    bytes_in: int
    started_at: datetime
    correlation: str


def store_trace(trace: Trace) -> None:
    """Keep the trace. A database that cannot is logged and no more.

    The answer in hand matters more than its trace.
    """
    row = asdict(trace)
    row.update(url=trace.url[:500], detail=trace.detail[:500], correlation=trace.correlation[:64])
    try:
        Call.objects.create(**row)
    except DatabaseError:
        logger.exception("the trace of a call to %s could not be stored", trace.platform)

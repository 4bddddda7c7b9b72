"""What a watch sees: values that become findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

from msgspec import Struct

from health.findings.kinds import Severity
from ledger.problems import Turn

MOST_CAUSES: Final = 20

Depth = Literal["sync", "night"]


class Cause(Struct, frozen=True, omit_defaults=True):
    """One thing that makes a finding: a record, a document, a payout, an entry of somebody else's.

    ``kind`` says what ``id`` is an id of: `record` and `document` are our row ids (and lead to their pages), `sync` and
    `connection` public ids, `entry` an id at the accounting software. ``amount`` is in minor units of the finding's
    currency.
    """

    kind: str
    id: str
    label: str
    reason: str = ""
    amount: int | None = None


class Seen(Struct, frozen=True):
    """Something that should not be so.

    ``subject`` tells it from others of its code in the same company and stays the same for as long as it is the same
    thing ("2026-11-03 GBP sales"): one finding is open for it, however often it is seen. ``root`` names the cause that
    it shares with others, in other companies too ("square down", "account 4000 archived"); "" is a cause of its own.
    ``params`` are the facts of the sentence; amounts are minor units, and the ``currency`` among them makes them money.
    ``amount`` is by how much the books are off, or how much is at stake. ``turn`` and ``severity`` override the kind's.
    """

    code: str
    company_id: int | None
    subject: str
    params: Mapping[str, Any] = {}
    root: str = ""
    day: date | None = None
    currency: str = ""
    amount: int | None = None
    count: int = 1
    causes: Sequence[Cause] = ()
    turn: Turn | Literal[""] = ""
    severity: Severity | Literal[""] = ""
    partner_id: int | None = None


class Scope(Struct, frozen=True):
    """What to look at: these companies, at this instant. ``sync``: soon after something happened, so only at what may
    have changed lately; ``night``: at everything that can be looked at in reasonable time."""

    company_ids: tuple[int, ...]
    at: datetime
    depth: Depth = "night"


class Looked(Struct, frozen=True):
    """What was seen, and where it was looked. ``days`` None: everything of the companies; else company → (first, last)
    business day: only findings of these days are over when they are not seen again."""

    seen: Sequence[Seen] = ()
    days: Mapping[int, tuple[date, date]] | None = None

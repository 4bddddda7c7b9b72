"""What the front page says: how many of everything that needs somebody, the gravest few of each, and the machinery.

Every question is answered from an index of what is not in order, so it costs what is wrong and not what exists.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, NamedTuple, TypeVar

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.urls import reverse

from commerce_sync.models import Heartbeat, Job, Schedule, Sync
from connectors import registry
from connectors.models import Connection, PushItem
from health.console.page import Console
from health.console.sync_words import span
from ledger import sql
from ledger.services import now

T = TypeVar("T", bound=Model)

MOST_COUNTED: Final = 1_000
MOST_FINDINGS: Final = 10_000
A_FEW: Final = 6
AGES: Final = ("today", "1–7 days", "8–30 days", "older")
SEVERITIES: Final = ("error", "warning", "notice")
_FINDINGS: Final[LiteralString] = """
    SELECT severity, CASE WHEN opened_at > %s THEN 0 WHEN opened_at > %s THEN 1 WHEN opened_at > %s THEN 2 ELSE 3 END,
        count(*)
    FROM (SELECT severity, opened_at, state FROM health_finding
          WHERE resolved_at IS NULL AND (%s::bigint IS NULL OR partner_id = %s) ORDER BY id DESC LIMIT %s) newest
    WHERE state <> 'ignored' GROUP BY 1, 2
"""
_DUE: Final[LiteralString] = """
    SELECT count(*), min(next_at) FROM (
        SELECT next_at FROM commerce_sync_job WHERE state = 'ready' AND next_at <= %s LIMIT 10001) due
"""


class Figure(NamedTuple):
    """A number with what it is of, where it leads, and whether it is bad that it is not nought."""

    words: str
    number: int
    link: str
    is_bad: bool = False

    @property
    def shown(self) -> str:
        """The number as far as it was counted."""
        return f"{self.number:,}" + ("+" if self.number >= MOST_COUNTED else "")

    @property
    def tone(self) -> str:
        """How it looks."""
        return "bad" if self.is_bad and self.number else "calm"


def figures(console: Console) -> list[Figure]:
    """The numbers at the head of the page."""
    syncs, items = _list("commerce_sync_sync"), _list("connectors_pushitem")
    links, schedules = _list("connectors_connection"), _list("commerce_sync_schedule")
    yesterday = now() - timedelta(days=1)
    failed = _own(console, Sync.objects.filter(code__gte=4000, started_at__gte=yesterday))
    running = _own(console, Sync.objects.filter(finished_at__isnull=True))
    paused = _own(console, Schedule.objects.filter(paused_at__isnull=False))
    found = [
        Figure("Syncs running", _count(running), f"{syncs}?result=running"),
        Figure("Syncs failed since yesterday", _count(failed), f"{syncs}?result=failed", is_bad=True),
        Figure("Companies failing", _count(_failing(console)), f"{schedules}?state=failing", is_bad=True),
        Figure("Companies paused", _count(paused), f"{schedules}?state=paused"),
        Figure("Connections to reconnect", _count(_lost(console)), f"{links}?status=Deauthorized", is_bad=True),
    ]
    if console.may("connectors.view_pushitem"):
        refused, unknown = (_items(console, state) for state in ("refused", "unknown"))
        found.append(Figure("Documents refused", _count(refused), f"{items}?state=refused", is_bad=True))
        found.append(Figure("Documents of unknown outcome", _count(unknown), f"{items}?state=unknown", is_bad=True))
    return found


def failing_companies(console: Console) -> list[dict[str, Any]]:
    """The companies that fail for the longest, with the sentence of their last sync."""
    last = Sync.objects.filter(company=OuterRef("company"), finished_at__isnull=False).order_by("-id")
    rows = _failing(console).select_related("company__partner").order_by("-failing_days")
    told = rows.annotate(
        sentence=Subquery(last.values("failure_sentence")[:1]), sync=Subquery(last.values("public_id")[:1])
    )
    return [
        {"company": row.company, "days": row.failing_days, "sentence": row.sentence, "sync": row.sync}
        for row in told[:A_FEW]
    ]


def lost_connections(console: Console) -> list[tuple[Connection, str]]:
    """The connections that work no longer, the newest first, with the name of the platform."""
    rows = _lost(console).select_related("company__partner").order_by("-id")[:A_FEW]
    return [(row, _platform_name(row.platform)) for row in rows]


def unknown_items(console: Console) -> list[PushItem]:
    """The documents of which nobody knows whether they arrived, the newest first."""
    if not console.may("connectors.view_pushitem"):
        return []
    rows = _items(console, "unknown").select_related("document", "company").defer("document__body")
    return list(rows.order_by("-document")[:A_FEW])


def findings(console: Console) -> list[tuple[str, list[int], int]]:
    """Severity → open findings by age, and together; what is ignored is left out."""
    at = now()
    steps = (at - timedelta(days=1), at - timedelta(days=7), at - timedelta(days=30))
    rows = sql.rows(_FINDINGS, (*steps, console.partner_id, console.partner_id, MOST_FINDINGS))
    counts = {(severity, age): count for severity, age, count in rows}
    table = [(each, [counts.get((each, age), 0) for age in range(len(AGES))]) for each in SEVERITIES]
    return [(each, by_age, sum(by_age)) for each, by_age in table]


def machinery(console: Console) -> list[tuple[str, str, bool]]:
    """What, how it stands, whether that is bad: the queue, the workers, what is due. Only for people of ours."""
    if console.partner_id is not None or not console.may("commerce_sync.view_job"):
        return []
    at = now()
    due, oldest = sql.rows(_DUE, (at,))[0]
    dead = Job.objects.filter(state="dead").count()
    running = Job.objects.filter(state="running").count()
    beats = Heartbeat.objects.order_by("-at").values_list("at", flat=True)[:50]
    alive = [beat for beat in beats if at - beat < timedelta(minutes=5)]
    late = Schedule.objects.filter(enabled=True, paused_at=None, next_due_at__isnull=False)
    first = late.order_by("next_due_at").values_list("next_due_at", flat=True).first()
    return [
        ("Jobs due", f"{due:,}, the oldest since {span(at - oldest)}" if oldest else "none", _is_late(at, oldest)),
        ("Jobs running", f"{running:,}", False),
        ("Jobs given up", f"{dead:,}", dead > 0),
        ("Workers", _workers(at, alive, list(beats)), not alive),
        ("Oldest due schedule", _due(at, first), _is_late(at, first)),
    ]


def _workers(at: datetime, alive: list[datetime], beats: list[datetime]) -> str:
    if alive:
        return f"{len(alive)} seen in the last 5 minutes, the last {span(at - alive[0])} ago"
    return f"none in the last 5 minutes; the last {span(at - beats[0])} ago" if beats else "none has been seen yet"


def _due(at: datetime, first: datetime | None) -> str:
    if first is None:
        return "none"
    return f"overdue for {span(at - first)}" if first < at else f"in {span(first - at)}"


def _is_late(at: datetime, since: datetime | None) -> bool:
    return since is not None and at - since > timedelta(minutes=5)


def _failing(console: Console) -> QuerySet[Schedule]:
    return _own(console, Schedule.objects.filter(failing_days__gt=0))


def _lost(console: Console) -> QuerySet[Connection]:
    return _own(console, Connection.objects.filter(status=Connection.Status.DEAUTHORIZED))


def _items(console: Console, state: str) -> QuerySet[PushItem]:
    return _own(console, PushItem.objects.filter(state=state))


def _own(console: Console, rows: QuerySet[T]) -> QuerySet[T]:
    return rows if console.partner_id is None else rows.filter(company__partner_id=console.partner_id)


def _count(rows: QuerySet[Any]) -> int:
    return int(rows.order_by()[:MOST_COUNTED].count())


def _list(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def _platform_name(key: str) -> str:
    found = registry.named(key)
    return found.name if found is not None else key

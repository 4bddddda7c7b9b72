"""The figures of the installation for Prometheus: a handful of statements over what is open, never over history.

Every process gives the same figures of the database; those that begin with `process_` and `python_` are its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, Final, LiteralString

from django.db import transaction
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ledger import sql

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
KEPT_SECONDS: Final = 10  # however many ask, the database is asked once in this time by a process
LONGEST_MS: Final = 5_000  # for a statement: who watches must not be what is ill
NEWEST_SYNCS: Final = 20_000

# name → (what it says, its labels, the statement: the labels' columns, then the figure)
FIGURES: Final[dict[str, tuple[str, tuple[str, ...], LiteralString]]] = {
    "syncs_last_hour": (
        f"Syncs that ended within the hour, by status code, among the newest {NEWEST_SYNCS}",
        ("code",),
        """SELECT code::text, count(*) FROM (SELECT code, finished_at FROM commerce_sync_sync ORDER BY id DESC
               LIMIT 20000) newest WHERE finished_at > clock_timestamp() - interval '1 hour' GROUP BY 1""",
    ),
    "jobs": ("Jobs by state", ("state",), "SELECT state, count(*) FROM commerce_sync_job GROUP BY 1"),
    "oldest_due_seconds": (
        "For how long the oldest job that is due has waited",
        (),
        """SELECT coalesce(extract(epoch FROM clock_timestamp() - min(next_at)), 0)::float8 FROM commerce_sync_job
           WHERE state = 'ready' AND next_at <= clock_timestamp()""",
    ),
    "schedules_overdue": (
        "Companies whose sync is due and not yet made a job",
        (),
        """SELECT count(*) FROM commerce_sync_schedule WHERE enabled AND paused_at IS NULL
               AND next_due_at < clock_timestamp()""",
    ),
    "companies_paused": (
        "Companies that are paused", (), "SELECT count(*) FROM commerce_sync_schedule WHERE paused_at IS NOT NULL",
    ),
    "worker_seen_seconds": (
        "Since when no worker has shown itself; -1: never",
        (),
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - max(at)), -1)::float8 FROM commerce_sync_heartbeat",
    ),
    "push_items_open": (
        "Documents on their way to accounting software, by state",
        ("state",),
        "SELECT state, count(*) FROM connectors_pushitem WHERE state NOT IN ('pushed', 'removed') GROUP BY 1",
    ),
    "oldest_unknown_seconds": (
        "For how long the outcome of a delivery has not been known",
        (),
        """SELECT coalesce(extract(epoch FROM clock_timestamp() - min(updated_at)), 0)::float8 FROM connectors_pushitem
           WHERE state = 'unknown' AND state NOT IN ('pushed', 'removed')""",
    ),
    "connections": (
        "Connections by status",
        ("kind", "status"),
        "SELECT kind, status, count(*) FROM connectors_connection GROUP BY 1, 2",
    ),
    "findings_open": (
        "Findings that are not over, by severity and whose turn it is",
        ("severity", "turn"),
        "SELECT severity, turn, count(*) FROM health_finding WHERE resolved_at IS NULL GROUP BY 1, 2",
    ),
    "oldest_lookout_seconds": (
        "For how long a company to which something happened has not been looked at",
        (),
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 FROM health_lookout",
    ),
    "watches_failing": ("Watches that could not look", (), "SELECT count(*) FROM health_watchfailure"),
    "webhooks_waiting": (
        "Webhooks to partners that wait to be sent",
        (),
        "SELECT count(*) FROM health_webhookdelivery WHERE state = 'waiting'",
    ),
    "webhook_addresses": (
        "Webhook addresses of partners, by how they do",
        ("state",),
        """SELECT CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN failing_since IS NOT NULL THEN 'failing'
               ELSE 'well' END, count(*) FROM health_webhookendpoint GROUP BY 1""",
    ),
}  # fmt: skip

_lock = threading.Lock()
_kept: tuple[float, bytes] = (0.0, b"")


def figures() -> bytes:
    """All figures, in Prometheus's text format. Raises DatabaseError."""
    global _kept  # noqa: PLW0603  # the copy of this process
    with _lock:
        at, body = _kept
        if not body or time.monotonic() - at >= KEPT_SECONDS:
            registry = CollectorRegistry()
            registry.register(_Figures())
            for own in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
                registry.register(own)
            body = generate_latest(registry)
            _kept = (time.monotonic(), body)
        return body


class _Figures(Collector):
    """Those of the database."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge each."""
        for name, (said, labels, rows) in _rows().items():
            gauge = GaugeMetricFamily(f"commerce_sync_{name}", said, labels=labels)
            for row in rows:
                gauge.add_metric([str(label) for label in row[:-1]], row[-1])
            yield gauge

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be registered asks the database nothing."""
        return iter(())


@transaction.atomic
def _rows() -> dict[str, tuple[str, tuple[str, ...], list[Any]]]:
    sql.execute("SELECT set_config('statement_timeout', %s, true)", (str(LONGEST_MS),))
    return {name: (said, labels, sql.rows(statement)) for name, (said, labels, statement) in FIGURES.items()}

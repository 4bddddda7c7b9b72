"""What machines ask a process of ours: does it live, can it serve, and how does the installation stand in figures.

Answered before anything else, since probes come by an address instead of a host name, and without TLS.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from health.metrics import CONTENT_TYPE, figures
from ledger import sql

logger = logging.getLogger(__name__)

WORKER_SEEN_WITHIN_SECONDS: Final = 300
_state: dict[str, Any] = {"migrated": False, "ready": True}  # of this process


class ProbeMiddleware:
    """Answers three addresses; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A probe's answer is never kept, and never logged as a failed request: `ready` tells of each change itself."""
        answering = _ANSWERS.get(request.path_info)
        if answering is None:
            return self._get_response(request)
        response = answering(request) if request.method in ("GET", "HEAD") else HttpResponse(status=405)
        response["Cache-Control"] = "no-store"
        response._has_been_logged = True  # type: ignore[attr-defined]  # what Django asks before it logs
        return response


def live(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nothing else: nothing that is ill elsewhere is cured by starting this anew."""
    return _said({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: the database answers, and its tables are those of this code (503 otherwise).
    Whether workers are at work is told as well, and refuses nothing: pages and API serve without them."""
    said = {"database": "ok", "migrations": "ok", "workers": "ok"}
    try:
        seen = sql.rows(
            """SELECT max(at) > clock_timestamp() - make_interval(secs => %s) FROM commerce_sync_heartbeat""",
            (WORKER_SEEN_WITHIN_SECONDS,),
        )[0][0]
        said["workers"] = "ok" if seen else "none seen"
        said["migrations"] = "ok" if _migrated() else "missing"
    except DatabaseError:
        # Which of the two it is: without its tables a database answers, and only not to this.
        said |= {"workers": "unknown", **_broken()}
    fine = said["database"] == said["migrations"] == "ok"
    if fine != _state["ready"]:
        _state["ready"] = fine
        logger.warning("ready: %s", said)
    return _said({"status": "ok" if fine else "not ready", **said}, 200 if fine else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever shows the token (COMMERCE_SYNC_METRICS_TOKEN); nothing without one."""
    token = settings.COMMERCE_SYNC_METRICS_TOKEN
    if not token:
        return HttpResponse(status=404)
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), token.encode()):
        response = HttpResponse(status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    return HttpResponse(figures(), content_type=CONTENT_TYPE)


_ANSWERS: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {
    "/healthz/live": live,
    "/healthz/ready": ready,
    "/metrics": metrics,
}


def _migrated() -> bool:
    """Asked until it is so; after that the tables stay."""
    if not _state["migrated"]:
        executor = MigrationExecutor(connection)
        _state["migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return bool(_state["migrated"])


def _broken() -> dict[str, str]:
    try:
        connection.close_if_unusable_or_obsolete()
        sql.rows("SELECT 1")
        return {"migrations": "missing"}
    except DatabaseError:
        return {"database": "does not answer", "migrations": "unknown"}


def _said(answer: dict[str, str], status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json", status=status)

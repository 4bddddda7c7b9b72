"""Fetching in the background what the set-up needs: what there is to choose from, and recent sales. Posts nothing.

It is a job of its own and no sync: it is in no history, and neither waits for a sync nor keeps one waiting. What both
receive at once is stored once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from commerce_sync.models import Fetch
from commerce_sync.selectors import Run, is_pulled
from connectors import registry
from connectors.errors import Failure, NotAuthorized
from connectors.http import open_door
from connectors.models import Connection
from connectors.options import refresh_options
from connectors.pull import PullResult, pull_recent
from connectors.push_verdicts import verdict_of
from connectors.services import deauthorize
from connectors.session import Session
from ledger.services import now

logger = logging.getLogger(__name__)

RECENT: Final = timedelta(days=45)
ROUNDS: Final = 3
SECONDS: Final = 20  # somebody is waiting, and the first sync reads what is left


def fetch(run: Run) -> None:
    """Carry a fetch out. What a platform refuses or cannot answer is kept for the page; raises only errors of ours.

    The other side is often linked while the first is fetched: then it begins again, for this job is the only one.
    """
    for _ in range(ROUNDS):
        if _ended(run.company_id, links_of_company(run.company_id)):
            return
    give_up(run)


def _ended(company_id: int, links: Sequence[Connection]) -> bool:
    """Fetch from these links; False when others are wanted by now."""
    rows, wanted = Fetch.objects.filter(company_id=company_id), [link.pk for link in links]
    rows.update(state="running", links=wanted, options=0, rows=0)
    ended: dict[str, Any] = {"state": "done"}
    for link in links:
        try:
            _fetch(link)
        except Failure as failure:
            logger.warning("fetching from %s for company %s: %s", link.platform, company_id, failure)
            if isinstance(failure, NotAuthorized):
                deauthorize(connection_id=link.pk, actor="fetch", reason=str(failure))
            ended = {"state": "failed", "failure_code": verdict_of(failure).code, "failed_link": link}
            break
    return rows.filter(links=wanted).update(ended_at=now(), **ended) > 0


def give_up(run: Run) -> None:
    """The job failed too often for a reason of ours."""
    Fetch.objects.filter(company_id=run.company_id).update(state="failed", ended_at=now(), failure_code="internal")


def _fetch(link: Connection) -> None:
    rows = Fetch.objects.filter(company_id=link.company_id)
    if link.kind == Connection.Kind.ACCOUNTING:
        rows.update(options=refresh_options(link))
        return
    platform = registry.commerce(link.platform)
    if not is_pulled(platform):
        return

    def told(so_far: PullResult) -> None:
        rows.update(rows=so_far.rows)

    with open_door(link, platform) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        pull_recent(link, session, now() - RECENT, told, seconds=SECONDS)


def links_of_company(company_id: int) -> list[Connection]:
    """The linked connections, the accounting software first: it answers at once."""
    rows = Connection.objects.select_related("company").filter(
        company_id=company_id, status=Connection.Status.LINKED
    )  # fmt: skip
    return sorted(rows, key=lambda link: (link.kind != Connection.Kind.ACCOUNTING, link.pk))

"""Asking for a fetch (`commerce_sync.fetching`)."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from psycopg.types.json import Jsonb

from commerce_sync.fetching import links_of_company
from commerce_sync.models import Fetch, Job
from commerce_sync.services import enqueue
from commerce_sync.tasks import ring
from ledger import sql
from ledger.models import Company
from ledger.services import now

KIND: Final = "fetch"


@transaction.atomic
def request_fetch(*, company: Company) -> None:
    """Fetch soon. Several wishes become one."""
    links = links_of_company(company.pk)
    at = now()
    facts = {"state": "waiting", "links": [link.pk for link in links], "options": 0, "rows": 0, "requested_at": at}
    Fetch.objects.update_or_create(
        company=company, defaults={**facts, "ended_at": None, "failure_code": "", "failed_link": None}
    )
    sql.execute(
        """INSERT INTO commerce_sync_job (kind, company_id, key, payload_version, payload, lane, state, attempts,
               max_attempts, next_at, last_error, created_at)
           VALUES (%s, %s, %s, 1, %s, 0, 'ready', 0, 3, clock_timestamp(), '', %s) ON CONFLICT (key) DO NOTHING""",
        (KIND, company.pk, f"{KIND}:{company.pk}", Jsonb({}), at),
    )
    enqueue(company.pk, Job.Lane.ORDINARY)
    ring()


def ensure_fetch(company: Company) -> Fetch | None:
    """The fetch for what is linked now, requested when there is none yet; None while nothing is linked."""
    links = [link.pk for link in links_of_company(company.pk)]
    row = Fetch.objects.filter(company=company).first()
    if links and (row is None or row.links != links):
        request_fetch(company=company)
        row = Fetch.objects.get(company=company)
    return row

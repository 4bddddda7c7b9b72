"""What the console can do about findings once their cause is gone: send refused documents again, sync again. For one,
or for all of one root cause."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet
from msgspec import Struct

from commerce_sync.retrying import retry_documents
from commerce_sync.services import AlreadyRunning, request_sync
from health.findings.kinds import KINDS, Fix
from health.findings.working import MOST_COUNTED, Act, BadAct, write_events
from health.models import Finding, FindingEvent
from ledger.models import Company
from ledger.services import now

MOST_COMPANIES: Final = 100  # at a time: each is a handful of statements, and somebody waits for the answer


class Mended(Struct):
    """What was done: documents that go again (as they are, or composed anew under the mapping in force), syncs asked
    for, companies that were being synced already; and how many findings are left for another time (at least; bounded).
    """

    companies: int = 0
    documents: int = 0
    syncs: int = 0
    running: int = 0
    left: int = 0


def mend(*, findings: QuerySet[Finding], act: Act) -> Mended:
    """Do what their kind says helps, company by company, those first for which it was done longest ago or never.

    Each company is its own transaction: one that cannot be helped stops nobody. At most `MOST_COMPANIES` at a time; who
    asks again goes on with the others. Raises `BadAct` when nothing of them can be mended so.
    """
    fixable = [code for code, kind in KINDS.items() if kind.fix]
    rows = findings.filter(resolved_at=None, code__in=fixable, company__isnull=False)
    chosen = rows.select_related("company__partner").order_by(F("retried_at").asc(nulls_first=True), "pk")
    by_company: dict[Company, list[Finding]] = {}
    for finding in chosen[:MOST_COUNTED]:
        assert finding.company is not None  # noqa: S101  # asked for above
        if finding.company in by_company or len(by_company) < MOST_COMPANIES:
            by_company.setdefault(finding.company, []).append(finding)
    if not by_company:
        raise BadAct("There is nothing here that a retry or a sync could mend.")
    mended, began = Mended(companies=len(by_company)), now()
    for company, own in by_company.items():
        _mend(company, own, act, mended)
    mended.left = rows.exclude(retried_at__gte=began)[:MOST_COUNTED].count()
    return mended


@transaction.atomic
def _mend(company: Company, findings: list[Finding], act: Act, mended: Mended) -> None:
    fixes: set[Fix] = {KINDS[finding.code].fix for finding in findings}
    if "retry" in fixes:
        again = retry_documents(company=company, actor=act.actor)
        mended.documents += again
        if not again:  # it was stopped before documents were composed
            fixes.add("sync")
    if "sync" in fixes:
        try:
            request_sync(company=company)
            mended.syncs += 1
        except AlreadyRunning:
            mended.running += 1
    # What a watch is writing to is left to it: nobody waits here holding what another waits for.
    own = Finding.objects.filter(pk__in=[finding.pk for finding in findings])
    free = list(own.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk"))
    own.filter(pk__in=[finding.pk for finding in free]).update(retried_at=now())
    write_events(free, FindingEvent.What.RETRIED, act.actor, act.words)

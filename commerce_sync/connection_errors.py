"""Why connections do not work: what the audit trail says of those that were let in once and are not any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from connectors.models import Connection
from ledger.models import AuditEntry


class Ended(NamedTuple):
    """When the platform stopped letting us in, and what it said."""

    at: datetime
    reason: str


class Link(Protocol):
    """A connection, or what a list reads of one."""

    public_id: UUID
    status: str


def ended(links: Iterable[Link]) -> dict[UUID, Ended]:
    """The connections of `links` whose access has ended, each with the last time that it did. No query for none."""
    wanted = {str(link.public_id): link.public_id for link in links if link.status == Connection.Status.DEAUTHORIZED}
    if not wanted:
        return {}
    companies = Connection.objects.filter(public_id__in=wanted.values()).values("company_id")
    entries = AuditEntry.objects.filter(company_id__in=companies, code="connection.deauthorized", subject__in=wanted)
    told = entries.order_by("id").values_list("subject", "at", "detail__reason")
    return {wanted[subject]: Ended(at, reason or "") for subject, at, reason in told}

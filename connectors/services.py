"""What writes more than one row of connections, and the door for what is pushed to us."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from connectors import references, registry
from connectors.models import Connection
from connectors.reading import ItemResult, Origin
from connectors.receive import receive_page, rows_of
from connectors.session import MapContext
from ledger.models import Company
from ledger.services import audit, create_source, now


class NotPushed(Exception):
    """The platform of this connection is pulled by us; it does not take pushes."""


@transaction.atomic
def connect_commerce(*, company: Company, platform: str, name: str = "", actor: str, linked: bool = True) -> Connection:
    """A connection of ``company`` to a commerce platform, with a source of its own."""
    known = registry.commerce(platform)
    label = name or known.name
    return _connect(
        Connection(company=company, platform=platform, name=label, kind=Connection.Kind.COMMERCE),
        source_label=label,
        actor=actor,
        linked=linked,
    )


@transaction.atomic
def connect_accounting(
    *, company: Company, platform: str, name: str = "", actor: str, linked: bool = True
) -> Connection:
    """A connection of ``company`` to an accounting platform; a company has one that is linked."""
    known = registry.accounting(platform)
    return _connect(
        Connection(company=company, platform=platform, name=name or known.name, kind=Connection.Kind.ACCOUNTING),
        source_label="",
        actor=actor,
        linked=linked,
    )


def _connect(connection: Connection, *, source_label: str, actor: str, linked: bool) -> Connection:
    if source_label:
        connection.source = create_source(company=connection.company, label=source_label)
    if linked:
        connection.status, connection.linked_at = Connection.Status.LINKED, now()
    connection.save()
    if linked:
        audit(
            code="connection.linked", actor=actor, company=connection.company, subject=str(connection.public_id),
            detail={"platform": connection.platform},
        )  # fmt: skip
    return connection


@transaction.atomic
def deauthorize(*, connection_id: int, actor: str, reason: str) -> bool:
    """The platform no longer lets us in: nothing is called through this connection until it is linked anew.

    What it brought and what was delivered stays. False when it was not linked any more.
    """
    connection = Connection.objects.select_for_update(of=("self",)).select_related("company").get(pk=connection_id)
    if connection.status != Connection.Status.LINKED:
        return False
    connection.status = Connection.Status.DEAUTHORIZED
    connection.save(update_fields=["status"])
    audit(
        code="connection.deauthorized", actor=actor, company=connection.company, subject=str(connection.public_id),
        detail={"platform": connection.platform, "reason": reason[:300]},
    )  # fmt: skip
    return True


def origin_of(connection: Connection, at: datetime) -> Origin:
    """Whose pages these are, and what their mapping may know."""
    if connection.source_id is None:
        raise ValueError(f"connection {connection.pk} brings no records")
    company = connection.company
    known = references.known(connection.pk, connection.references_version)
    context = MapContext(company.currency, company.zone, connection.settings, known, at)
    return Origin(connection.pk, company.pk, connection.source_id, registry.commerce(connection.platform), context)


def receive(*, connection: Connection, dataset: str, body: bytes) -> list[ItemResult]:
    """Store what a partner pushes: ``body`` is a JSON array of rows in the published shape of ``dataset``.

    One result per row, in order; bad rows are refused alone. Idempotent. Raises `connectors.receive.BadPage` when the
    body as a whole cannot be read, `MisconfiguredPlatform` for an unknown dataset, `NotPushed`.
    """
    platform = registry.commerce(connection.platform)
    stream = platform.stream(dataset)
    if stream.endpoint is not None:
        raise NotPushed(f"{platform.name} is pulled; it takes no pushes")
    at = now()
    results = receive_page(origin_of(connection, at), dataset, body, rows_of(body), at)
    if not stream.kinds:  # names: what is received next through this very object shall know them
        connection.refresh_from_db(fields=["references_version"])
    return results

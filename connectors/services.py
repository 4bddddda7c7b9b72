"""What writes more than one row of connections, and the door for what is pushed to us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from connectors import references, registry
from connectors.addresses import BadAddress, base_address
from connectors.cost_rows import known_costs
from connectors.errors import MisconfiguredPlatform
from connectors.hosts import ELSEWHERE, origin
from connectors.models import Bookmark, Connection, Credential, Watermark
from connectors.platform import Platform
from connectors.reading import ItemResult, Origin
from connectors.receive import receive_page, rows_of
from connectors.session import MapContext
from ledger.models import Company
from ledger.services import audit, create_source, now


class NotPushed(Exception):
    """The platform of this connection is pulled by us; it does not take pushes."""


class AlreadyLinked(Exception):
    """The company's books are linked already: documents go to one accounting platform."""

    def __init__(self, company: Company) -> None:
        sentence = _(
            "%(name)s has a linked accounting connection; unlink that one first, since documents go to one place."
        )
        super().__init__(sentence % {"name": company.name})


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
    """A connection of ``company`` to an accounting platform; a company has one that is linked, else `AlreadyLinked`."""
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
        link(connection, actor=actor)
    else:
        connection.save()
    return connection


def link(connection: Connection, *, actor: str) -> None:
    """Save ``connection`` as linked from now on. Raises `AlreadyLinked`. Joins the caller's transaction."""
    connection.status, connection.linked_at = Connection.Status.LINKED, now()
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as error:
        if "connection_one_linked_accounting" not in str(error):
            raise
        raise AlreadyLinked(connection.company) from None
    audit(
        code="connection.linked", actor=actor, company=connection.company, subject=str(connection.public_id),
        detail={"platform": connection.platform},
    )  # fmt: skip


def locked(connection_id: int) -> Connection:
    """The connection as it is now, with its company; nobody else changes it until the transaction ends."""
    return Connection.objects.select_for_update(of=("self",)).select_related("company").get(pk=connection_id)


def platform_of(connection: Connection) -> Platform:
    """The platform of a connection of either kind. Raises `MisconfiguredPlatform` for one that we do not know."""
    if connection.kind == Connection.Kind.ACCOUNTING:
        return registry.accounting(connection.platform)
    return registry.commerce(connection.platform)


def private_places() -> frozenset[str]:
    """The `host:port` pairs that the operator allows to be private."""
    return frozenset(django_settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS)


@transaction.atomic
def set_base_url(*, connection: Connection, url: str, actor: str) -> Connection:
    """Set where the server of this connection is; the connection as it is then. The same address again does nothing.

    For a platform with an address of its own that is another server in its place, and "" is the platform's own again:
    for the operator alone, since our tokens are sent there. A key goes only to the server for which it was given: with
    another host the stored secrets are deleted, and a linked connection waits to be authorized anew. Raises
    `BadAddress`, also where nothing is called.
    """
    platform = platform_of(connection)
    if platform.local:
        raise BadAddress(f"{platform.name} is called at no address; a connection to it takes none.")
    setting = platform.hosts.setting or ELSEWHERE
    address = base_address(url, private=private_places()) if url or platform.hosts.setting else ""
    held = locked(connection.pk)
    if held.settings.get(setting, "") == address:
        return held
    if move(held, {setting: address}) and held.status == Connection.Status.LINKED:
        held.status = Connection.Status.PENDING_AUTH
    if not address:
        del held.settings[setting]
    held.save(update_fields=["settings", "status"])
    audit(
        code="connection.moved", actor=actor, company=held.company, subject=str(held.public_id),
        detail={"platform": held.platform, "host": origin(_base(platform, held.settings)), "status": held.status},
    )  # fmt: skip
    return held


def move(connection: Connection, settings: Mapping[str, str]) -> bool:
    """Take over checked ``settings``, not saved yet; whether the connection now leads to another host.

    Then the secrets given for the former one are deleted. With any new address the next pull reads everything: what
    the watermarks say is about another list. Joins the caller's transaction, which holds the row.
    """
    platform = platform_of(connection)
    before, after = connection.settings, {**connection.settings, **settings}
    connection.settings = after
    if platform.local or _base(platform, before) == _base(platform, after):
        return False
    Watermark.objects.filter(connection=connection).delete()
    Bookmark.objects.filter(connection=connection).delete()
    if not _base(platform, before) or platform.hosts.origins(before) == platform.hosts.origins(after):
        return False
    Credential.objects.filter(connection=connection).delete()
    return True


def _base(platform: Platform, settings: Mapping[str, str]) -> str:
    """The base URL, empty while the settings that it needs are not known."""
    try:
        return platform.hosts.base(settings)
    except MisconfiguredPlatform:
        return ""


@transaction.atomic
def deauthorize(*, connection_id: int, actor: str, reason: str) -> bool:
    """The platform no longer lets us in: nothing is called through this connection until it is linked anew.

    What it brought and what was delivered stays. False when it was not linked any more.
    """
    connection = locked(connection_id)
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
    costs = known_costs(connection)
    context = MapContext(company.currency, company.zone, connection.settings, known, at, costs)
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

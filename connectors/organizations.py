"""Which of several organizations at a platform a connection is for, where one log-in of a merchant reaches several.

Nobody but a person can know. Until it is chosen the connection is linked, nothing is called for it, and whoever needs
it is told so (`connectors.errors.Undecided`).
"""

from __future__ import annotations

from django.db import transaction

from connectors import registry
from connectors.http import open_door
from connectors.linked import after_linking
from connectors.models import Binding, Connection
from connectors.platform import AccountingPlatform
from connectors.services import locked, platform_of
from connectors.session import Option, Session
from ledger.services import audit


class NotReached(Exception):
    """The access of this connection does not reach such an organization."""


class AlreadyWritten(Exception):
    """Documents of the company are in another organization already."""


def reached(connection: Connection) -> list[Option]:
    """The organizations that the access reaches, by name; none where the platform has no such choice.

    Raises a `Failure`. Not to be called inside a transaction: the platform is asked.
    """
    platform = platform_of(connection)
    if not isinstance(platform, AccountingPlatform) or not platform.books_setting or platform.local:
        return []
    with open_door(connection, platform) as door:
        session = Session(connection.pk, connection.company_id, connection.settings, door)
        return sorted(platform.organizations(session), key=lambda each: (each.name.lower(), each.id))


def chosen(connection: Connection) -> str:
    """The id of the organization that the connection is for; "" while that is open."""
    platform = platform_of(connection)
    setting = platform.books_setting if isinstance(platform, AccountingPlatform) else ""
    return str(connection.settings.get(setting) or "") if setting else ""


def choose(*, connection: Connection, organization_id: str, actor: str) -> Connection:
    """Let the connection be for this organization; the connection as it is then. The same again changes nothing.

    What can be chosen for the books is fetched from there. Raises `NotReached`, `AlreadyWritten`, and a `Failure` when
    the platform cannot be asked. Not to be called inside a transaction.
    """
    found = {each.id: each for each in reached(connection)}
    if organization_id not in found:
        raise NotReached(f"The access reaches no organization {organization_id[:60]!r}.")
    held = _keep(connection, found[organization_id], actor)
    after_linking(held)
    held.refresh_from_db(fields=["settings", "status"])
    return held


@transaction.atomic
def _keep(connection: Connection, organization: Option, actor: str) -> Connection:
    held, setting = locked(connection.pk), registry.accounting(connection.platform).books_setting
    before = str(held.settings.get(setting) or "")
    if before == organization.id:
        return held
    if before and Binding.objects.filter(connection=held).exists():
        raise AlreadyWritten("Documents are in another organization already; connect this one as a new connection.")
    held.settings = {**held.settings, setting: organization.id}
    held.save(update_fields=["settings"])
    audit(
        code="connection.organization_chosen", actor=actor, company=held.company, subject=str(held.public_id),
        detail={"platform": held.platform, "organization": organization.name[:200], "before": before},
    )  # fmt: skip
    return held

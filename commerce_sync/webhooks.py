"""A delivery that is believed: noted once, and rung for in the same transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from commerce_sync.models import Schedule
from commerce_sync.services import note_event, note_retry
from connectors import deliveries, registry
from connectors.hearing import look_again
from connectors.models import Connection
from connectors.services import deauthorize
from connectors.signatures import Arrived, Declared
from ledger import faultpoints


@transaction.atomic
def take_delivery(*, connection: Connection, declared: Declared, arrived: Arrived, at: datetime) -> bool:
    """Keep the delivery, and see to the sync that it asks for; False when it has come before.

    It is only a bell: nothing in it is believed but that something happened, and what did is fetched. So one that
    never comes costs nothing but time. Companies that are synced by the clock are not rung for, as with sales that are
    pushed. What accounting software tells of our documents has them read back, by the delivery that is rung for or by
    the next one. An event that says that we are let in no longer ends the authorization;
    one about a person's privacy is obeyed.
    """
    event = deliveries.note(connection, declared, arrived, at)
    if event is None:
        return False
    faultpoints.reached("after_store")
    if event in declared.facts.revoked:
        deauthorize(connection_id=connection.pk, actor="webhook", reason=event)
        return True
    if deliveries.erase(connection, declared, event):
        return True
    if connection.status != Connection.Status.LINKED:
        return True
    if connection.kind == Connection.Kind.ACCOUNTING and not _is_about_ours(connection, declared, arrived, at):
        return True
    on_event = Schedule.objects.filter(
        company_id=connection.company_id, frequency=Schedule.Frequency.EVENT, enabled=True, paused_at=None
    )
    if on_event.exists():
        if connection.kind == Connection.Kind.ACCOUNTING:
            note_retry(company_id=connection.company_id)
        else:
            note_event(company_id=connection.company_id)
    return True


def _is_about_ours(connection: Connection, declared: Declared, arrived: Arrived, at: datetime) -> bool:
    """Whether something that we delivered was changed at the accounting platform since we looked at it."""
    platform = registry.accounting(connection.platform)
    account = connection.settings.get(declared.facts.account_setting) or ""
    return look_again(connection, platform.heard(arrived.body, str(account)), at) > 0

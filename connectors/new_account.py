"""Making an account that a mapping lacks at a company's accounting software."""

from __future__ import annotations

from django.db import transaction

from connectors import registry
from connectors.errors import UnknownOutcome
from connectors.http import open_door
from connectors.models import Connection
from connectors.options import keep_option, options_of, refresh_options
from connectors.platform import AccountingPlatform
from connectors.session import Option, Session
from ledger.models import Company
from ledger.services import audit


def create_account(*, connection: Connection, name: str, type: str, code: str = "", actor: str) -> Option:
    """A new account of `Option.type` ``type``; the one that is there already when it has this name and type.

    So that a form that is sent twice, or whose answer was lost, makes one. Raises a `Failure`. Not to be called inside
    a transaction, unless the platform is local.
    """
    there = _named(connection, name, type)
    if there is not None:
        return there
    platform = registry.accounting(connection.platform)
    if platform.local:
        made = _made(platform, Session(connection.pk, connection.company_id, connection.settings), name, type, code)
    else:
        with open_door(connection, platform) as door:
            session = Session(connection.pk, connection.company_id, connection.settings, door)
            try:
                made = _made(platform, session, name, type, code)
            except UnknownOutcome:
                refresh_options(connection)
                found = _named(connection, name, type)
                if found is None:
                    raise
                made = found
    with transaction.atomic():
        if not platform.local:
            keep_option(connection_id=connection.pk, option=made)
        audit(
            code="account.created", actor=actor, company=Company.objects.get(pk=connection.company_id),
            subject=made.name, detail={"id": made.id, "code": made.code, "type": made.type},
        )  # fmt: skip
    return made


def _made(platform: AccountingPlatform, session: Session, name: str, type: str, code: str) -> Option:
    return platform.create_account(session, name=name, type=type, code=code)


def _named(connection: Connection, name: str, type: str) -> Option | None:
    for option in options_of(connection):
        is_it = option.kind == "account" and option.active and option.type == type
        if is_it and option.name.casefold() == name.casefold():
            return option
    return None

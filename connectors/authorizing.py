"""Linking and unlinking a connection for a merchant: the status, the stored secrets and the audit change together.

    PendingAuth │ Deauthorized │ Unlinked ──authorize──▶ Linked ──unlink──▶ Unlinked

Only `authorize` links a connection again, and only with secrets that were sent with it: nothing from before is reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from connectors import credentials
from connectors.auth import Secrets, code_request, read_tokens, told_account
from connectors.authorization import Authorization, BadAuthorization, read_authorization
from connectors.clients import client_of
from connectors.credentials import FixedKeys
from connectors.declare import OAuth2
from connectors.errors import NotAuthorized
from connectors.http import Door
from connectors.linked import after_linking
from connectors.models import Binding, Connection, Credential
from connectors.platform import AccountingPlatform, Platform
from connectors.revoking import give_back_later
from connectors.services import AlreadyLinked, link, locked, move, platform_of, private_places
from connectors.wire import Response
from ledger.models import RecordRow
from ledger.services import audit, now


def authorize(*, connection: Connection, secrets: Mapping[str, str], actor: str) -> Connection:
    """Link the connection with access that the partner has already; the connection as it is then.

    `secrets` are the fields that the platform asks for (`connectors.authorization`), settings among them. A linked
    connection gets the new secrets. Raises `BadAuthorization` naming the fields, `AlreadyLinked` for a second
    accounting connection, `MisconfiguredPlatform` for an unknown platform, and a `Failure` when the code of an OAuth
    platform cannot be exchanged now; nothing is changed then. Not to be called inside a transaction: a code is
    exchanged by HTTP.
    """
    current = Connection.objects.select_related("company").get(pk=connection.pk)
    platform = platform_of(current)
    at = now()
    given = read_authorization(platform, secrets, known=current.settings, private=private_places(), at=at)
    _refuse_second_books(current)  # before a code is spent, that can be used only once
    _refuse_other_books(current, platform, given.settings)
    _refuse_other_shop(current, platform, given.settings)
    found, settings = given.secrets, given.settings
    if given.code:
        found, account = _exchanged(platform, current, given, at)
        _refuse_other_shop(current, platform, account)
        settings = {**settings, **account}
    linked = _linked(current, settings, found, actor)
    after_linking(linked)
    linked.refresh_from_db(fields=["status", "settings"])  # an access that opens nothing is found out by then
    return linked


@transaction.atomic
def unlink(*, connection: Connection, actor: str) -> Connection:
    """Stop using the connection and delete its stored secrets; the connection as it is then. Twice changes nothing.

    What it brought and what was delivered stays. An OAuth platform is told once this is committed, as well as it can
    be: the connection is unlinked whatever comes of it.
    """
    held = locked(connection.pk)
    if Credential.objects.filter(connection=held).exists():
        give_back_later(held, actor=actor)
    Credential.objects.filter(connection=held).delete()
    if held.status == Connection.Status.UNLINKED:
        return held
    before, held.status = held.status, Connection.Status.UNLINKED
    held.save(update_fields=["status"])
    audit(
        code="connection.unlinked", actor=actor, company=held.company, subject=str(held.public_id),
        detail={"platform": held.platform, "before": before},
    )  # fmt: skip
    return held


@transaction.atomic
def _linked(connection: Connection, settings: Mapping[str, str], secrets: Secrets | None, actor: str) -> Connection:
    held = locked(connection.pk)
    move(held, settings)
    link(held, actor=actor)
    if secrets is not None:
        credentials.store(connection_id=held.pk, secrets=secrets)
    return held


def _refuse_second_books(connection: Connection) -> None:
    """The constraint refuses it in any case; this says so early."""
    if connection.kind != Connection.Kind.ACCOUNTING:
        return
    others = Connection.objects.filter(
        company=connection.company_id, kind=Connection.Kind.ACCOUNTING, status=Connection.Status.LINKED
    )
    if others.exclude(pk=connection.pk).exists():
        raise AlreadyLinked(connection.company)


def _refuse_other_books(connection: Connection, platform: Platform, settings: Mapping[str, str]) -> None:
    """What was delivered is known by the ids of its books: in others they are of documents that are none of ours."""
    name = platform.books_setting if isinstance(platform, AccountingPlatform) else ""
    before, after = connection.settings.get(name), settings.get(name)
    if not name or not before or not after or before == after:
        return
    if Binding.objects.filter(connection=connection).exists():
        known = connection.settings.get("company_name") or before
        sentence = _(
            "This connection has delivered documents to “%(known)s”. Log in to that company of %(name)s, or unlink it "
            "and connect the other company anew."
        )
        raise BadAuthorization([(name, sentence % {"known": known, "name": platform.name})])


def _refuse_other_shop(connection: Connection, platform: Platform, settings: Mapping[str, str]) -> None:
    """What was sold is known by the ids of its shop, and is in this company's books: another shop is other sales."""
    name = _account_setting(platform)
    before, after = connection.settings.get(name), settings.get(name)
    if connection.kind != Connection.Kind.COMMERCE or not before or not after or before == after:
        return
    if RecordRow.objects.filter(source=connection.source_id).exists():
        sentence = _(
            "This connection has brought the sales of “%(known)s”. Log in to that account of %(name)s, or unlink it "
            "and connect the other account anew."
        )
        raise BadAuthorization([(name, sentence % {"known": before, "name": platform.name})])


def _exchanged(
    platform: Platform, connection: Connection, given: Authorization, at: datetime
) -> tuple[Secrets, dict[str, str]]:
    """The tokens for the code that came back with the merchant's browser, and the setting that names the account.

    Raises `BadAuthorization` or a `Failure`.
    """
    auth = platform.auth
    if not isinstance(auth, OAuth2):
        raise AssertionError(f"{platform.key} has no codes")
    request = code_request(auth, client_of(platform), code=given.code, verifier=given.verifier)
    with Door(platform, connection.pk, FixedKeys(), settings={**connection.settings, **given.settings}) as door:
        response = door.exchange(request)
    try:
        return read_tokens(response, Secrets(), at, endless=auth.endless), _account(platform, auth, response)
    except NotAuthorized:
        # The platform's own words are not repeated: they may hold the code.
        sentence = _(
            "%(name)s did not accept it: it was used before, is too old, or is another app's. Let the merchant log in "
            "there again."
        )
        raise BadAuthorization([("code", sentence % {"name": platform.name})]) from None


def _account(platform: Platform, auth: OAuth2, response: Response) -> dict[str, str]:
    """The setting by which deliveries find the connection, also when it is empty: the former account may be another."""
    name = _account_setting(platform) if auth.account else ""
    return {name: told_account(auth, response)} if name else {}


def _account_setting(platform: Platform) -> str:
    declared = platform.webhooks
    return declared.facts.account_setting if declared is not None else ""

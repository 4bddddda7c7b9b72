"""The links by which a partner's product opens the merchant's pages: for one company, used once, within seconds."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from commerce_sync.models import SetupLink
from connectors.models import Connection
from connectors.platform import AccountingPlatform, CommercePlatform
from connectors.services import connect_accounting, connect_commerce
from ledger import sql
from ledger.models import Company, Partner
from ledger.services import DuplicateName, audit, create_company, now

LASTS: Final = timedelta(seconds=30)
KEPT: Final = timedelta(days=1)  # so that support can still see that a link came late
SECRET_BYTES: Final = 32
_COMPANY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# One statement decides who is first; who comes second finds nothing.
_USE: Final = """
    UPDATE commerce_sync_setuplink link SET used_at = %s
    FROM ledger_company company
    WHERE link.sha256 = %s AND company.id = link.company_id AND company.public_id = %s
        AND link.used_at IS NULL AND link.expires_at > %s
    RETURNING link.company_id, link.commerce_platform, link.accounting_platform, link.redirect_url
"""


class NoSuchCompany(Exception):
    """The partner has no company with this id."""


class OtherBooks(Exception):
    """The company's books are kept in another accounting platform: ``connection``."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        super().__init__(connection.platform)


class NewLink(NamedTuple):
    """A link that was just made. ``code`` exists nowhere else."""

    company: Company
    code: str
    expires_at: datetime


class UsedLink(NamedTuple):
    """What a link that was just used opens; platforms by their own keys, ``redirect_url`` "" for nowhere."""

    company_id: int
    commerce_platform: str
    accounting_platform: str
    redirect_url: str


@transaction.atomic
def make_link(
    *,
    partner: Partner,
    merchant: str,
    commerce: CommercePlatform,
    accounting: AccountingPlatform,
    redirect_url: str = "",
    actor: str,
) -> NewLink:
    """A link into the pages of the company that ``merchant`` is: its id, or its name, by which it is made when missing.

    Its connections to the two platforms are made when missing, waiting for their authorization. ``redirect_url`` has
    been checked. Raises `NoSuchCompany` for an id, `OtherBooks` while the company is linked to other books; nothing is
    made then.
    """
    company = _company(partner, merchant, actor)
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # two at once make each connection once
    _refuse_other_books(company, accounting)
    held = set(Connection.objects.filter(company=company).values_list("platform", flat=True))
    if commerce.key not in held:
        connect_commerce(company=company, platform=commerce.key, actor=actor, linked=False)
    if accounting.key not in held:
        connect_accounting(company=company, platform=accounting.key, actor=actor, linked=False)
    at, code = now(), secrets.token_urlsafe(SECRET_BYTES)
    link = SetupLink.objects.create(
        company=company,
        sha256=_hash(code),
        commerce_platform=commerce.key,
        accounting_platform=accounting.key,
        redirect_url=redirect_url,
        created_at=at,
        expires_at=at + LASTS,
    )
    audit(
        code="setup_link.made", actor=actor, company=company,
        detail={"commerce": commerce.key, "accounting": accounting.key},
    )  # fmt: skip
    return NewLink(company, code, link.expires_at)


@transaction.atomic
def use_link(*, company_id: UUID, code: str, actor: str) -> UsedLink | None:
    """What the link opens, once; None for a code that is late, used, unknown or another company's."""
    at = now()
    found = sql.rows(_USE, (at, _hash(code), company_id, at))
    if not found:
        return None
    used = UsedLink(*found[0])
    audit(code="setup_link.used", actor=actor, company=Company.objects.get(pk=used.company_id))
    return used


def forget_old_links() -> int:
    """Delete links that ended long ago; how many."""
    return SetupLink.objects.filter(expires_at__lt=now() - KEPT).delete()[0]


def _company(partner: Partner, merchant: str, actor: str) -> Company:
    if _COMPANY_ID.fullmatch(merchant):
        found = Company.objects.filter(partner=partner, public_id=UUID(merchant)).first()
        if found is None:
            raise NoSuchCompany(merchant)
        return found
    # As the constraint compares names, so that what is not found can be made.
    named = Company.objects.alias(lower=Lower("name")).filter(partner=partner, lower=Lower(Value(merchant)))
    known = named.first()
    if known is not None:
        return known
    try:
        return create_company(partner=partner, name=merchant, actor=actor)
    except DuplicateName as error:  # somebody was faster
        return error.company


def _refuse_other_books(company: Company, accounting: AccountingPlatform) -> None:
    linked = Connection.objects.filter(
        company=company, kind=Connection.Kind.ACCOUNTING, status=Connection.Status.LINKED
    )
    other = linked.exclude(platform=accounting.key).first()
    if other is not None:
        raise OtherBooks(other)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()

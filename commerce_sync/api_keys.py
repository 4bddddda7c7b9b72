"""The keys of partners: made, rotated, revoked and recognized. A key is shown once, when it is made, never again."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from commerce_sync.models import ApiKey
from commerce_sync.partner_lock import hold
from ledger import sql
from ledger.models import Partner
from ledger.services import audit, now

SECRET_BYTES: Final = 32
PREFIX_LENGTH: Final = 11  # "cs_" and eight characters: enough to tell keys apart, nothing to guess the rest by
OVERLAP: Final = timedelta(days=7)
USED_EVERY: Final = timedelta(minutes=1)  # how exact ``last_used_at`` is: a write per call would cost too much
# Every call of the API begins with this, so it does without Django's compiler: that took longer than all else of it.
_RECOGNIZE: Final = """
    SELECT key.id, key.public_id, key.partner_id, key.name, key.prefix, key.sha256, key.created_at, key.last_used_at,
        key.expires_at, key.revoked_at, partner.id, partner.public_id, partner.name, partner.currency, partner.zone,
        partner.created_at
    FROM commerce_sync_apikey key JOIN ledger_partner partner ON partner.id = key.partner_id
    WHERE key.sha256 = %s AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > %s)
"""
_KEY_FIELDS: Final = (
    *("id", "public_id", "partner_id", "name", "prefix", "sha256", "created_at", "last_used_at", "expires_at"),
    "revoked_at",
)
_PARTNER_FIELDS: Final = ("id", "public_id", "name", "currency", "zone", "created_at")


class NameTaken(Exception):
    """The partner's working key ``key`` is called so."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        super().__init__(key.name)


class LastKey(Exception):
    """Without this key the partner could not call any more."""


class KeyEnded(Exception):
    """The key was revoked or has expired."""


class NewKey(NamedTuple):
    """A key that was just made. ``secret`` is what the partner sends; it exists nowhere else."""

    row: ApiKey
    secret: str


@transaction.atomic
def create_key(*, partner: Partner, name: str, actor: str, lasts: timedelta | None = None) -> NewKey:
    """A new key, valid at once; ``lasts`` None: until it is revoked."""
    at = now()
    secret = f"cs_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey.objects.create(
        partner=partner,
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        sha256=_hash(secret),
        created_at=at,
        expires_at=at + lasts if lasts else None,
    )
    audit(code="api_key.created", actor=actor, partner=partner, subject=str(row))
    return NewKey(row, secret)


@transaction.atomic
def rotate_key(*, key: ApiKey, actor: str, overlap: timedelta = OVERLAP) -> NewKey:
    """A successor of ``key``, which works for ``overlap`` longer, so that nobody is locked out meanwhile."""
    ends = now() + overlap
    if key.expires_at is None or key.expires_at > ends:
        ApiKey.objects.filter(pk=key.pk).update(expires_at=ends)
        key.expires_at = ends
    audit(code="api_key.rotated", actor=actor, partner=key.partner, subject=str(key))
    return create_key(partner=key.partner, name=key.name, actor=actor)


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: str) -> None:
    """The key works no longer, from now on. Doing it twice is no error."""
    at = now()
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        key.revoked_at = at
        audit(code="api_key.revoked", actor=actor, partner=key.partner, subject=str(key))


@transaction.atomic
def add_key(*, partner: Partner, name: str, actor: str) -> NewKey:
    """A further key for a partner that manages its own. Raises `NameTaken`: of working keys each has its own name."""
    hold(partner)
    known = ApiKey.objects.filter(_in_force(now()), partner=partner, name__iexact=name).first()
    if known is not None:
        raise NameTaken(known)
    return create_key(partner=partner, name=name, actor=actor)


@transaction.atomic
def succeed_key(*, key: ApiKey, overlap: timedelta, actor: str) -> NewKey:
    """As `rotate_key`, of a key that still works. Raises `KeyEnded`."""
    hold(key.partner)
    key.refresh_from_db(fields=["expires_at", "revoked_at"])
    if not works(key, now()):
        raise KeyEnded
    return rotate_key(key=key, actor=actor, overlap=overlap)


@transaction.atomic
def retire_key(*, key: ApiKey, actor: str) -> None:
    """As `revoke_key`, unless it is the partner's last that works. Raises `LastKey`."""
    hold(key.partner)  # two that revoke each other's key would leave none
    at = now()
    key.refresh_from_db(fields=["expires_at", "revoked_at"])
    others = ApiKey.objects.filter(_in_force(at), partner=key.partner).exclude(pk=key.pk)
    if works(key, at) and not others.exists():
        raise LastKey
    revoke_key(key=key, actor=actor)


def works(key: ApiKey, at: datetime) -> bool:
    """Whether calls with this key are let in at an instant."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)


def _in_force(at: datetime) -> Q:
    """The same of rows."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at))


def recognize(secret: str) -> ApiKey | None:
    """The key that ``secret`` is, with its partner; None when there is no such key or it works no longer."""
    at = now()
    found = sql.rows(_RECOGNIZE, (_hash(secret), at), keep_plan=True)
    if not found:
        return None
    key = ApiKey.from_db("default", _KEY_FIELDS, found[0][: len(_KEY_FIELDS)])
    key.partner = Partner.from_db("default", _PARTNER_FIELDS, found[0][len(_KEY_FIELDS) :])
    if key.last_used_at is None or at - key.last_used_at > USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
        key.last_used_at = at
    return key


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

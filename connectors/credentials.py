"""The secrets of connections: encrypted at rest, bound to their row, renewed by one worker at a time.

The order of a renewal is what keeps single-use refresh tokens alive: one worker holds the connection's
advisory lock (freed by PostgreSQL when the worker dies, kept when it is only slow), re-reads the row, proves
that the row can be written, exchanges, and commits the new pair before anybody uses it. No transaction is
open during the exchange.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.db.models.functions import Now

from connectors.auth import Client, Secrets, must_renew, read_tokens, refresh_request, way_of
from connectors.clients import client_of
from connectors.declare import OAuth2
from connectors.errors import Failure, MisconfiguredPlatform, NotAuthorized
from connectors.models import Credential
from connectors.platform import Platform
from connectors.renewal_lock import alone
from connectors.wire import Request, Response
from ledger import faultpoints

Exchange = Callable[[Request], Response]

SAVE_PATIENCE: Final = timedelta(seconds=15)  # for a database that went away during the exchange
SAVE_POLL_SECONDS: Final = 0.5


class UnreadableCredential(Failure):
    """The stored credential cannot be read: it was encrypted with another key, or it belongs to another row."""

    hint = "Put the old key back at the end of COMMERCE_SYNC_ENCRYPTION_KEYS, or connect again."


class _Sealed(msgspec.Struct, frozen=True):
    connection: int
    secrets: Secrets


def load(connection_id: int) -> Secrets:
    """The secrets of a connection; raises `NotAuthorized` when there are none, `UnreadableCredential`."""
    row = Credential.objects.filter(connection_id=connection_id).first()
    if row is None:
        raise NotAuthorized("the connection has no stored credential")
    return unseal(connection_id, bytes(row.ciphertext))


def store(*, connection_id: int, secrets: Secrets) -> None:
    """Encrypt and keep the secrets of a connection, in place of what was there."""
    sealed = {**_row(connection_id, secrets), "refresh_started_at": None}
    Credential.objects.update_or_create(connection_id=connection_id, defaults=sealed)


def seal(connection_id: int, secrets: Secrets) -> bytes:
    """The ciphertext, which carries the connection's id inside."""
    return fernet().encrypt(msgspec.json.encode(_Sealed(connection_id, secrets)))


def unseal(connection_id: int, ciphertext: bytes) -> Secrets:
    """The reverse of `seal`. Raises `UnreadableCredential` for another connection's ciphertext or an unknown key."""
    try:
        sealed = msgspec.json.decode(fernet().decrypt(ciphertext), type=_Sealed)
    except (InvalidToken, msgspec.DecodeError):
        raise UnreadableCredential(f"connection {connection_id}") from None
    if sealed.connection != connection_id:
        raise UnreadableCredential(f"connection {connection_id} holds the credential of another connection")
    return sealed.secrets


def rotate_keys(*, batch: int = 500) -> int:
    """Encrypt every credential with the first key again, `batch` rows a transaction; returns how many. Stopped at any
    moment it goes on where it was: what is done carries the new key's id. Rows that a renewal holds are waited for;
    what no key here reads is passed over, and stays."""
    stale, done, after = Credential.objects.exclude(key_id=current_key_id()).order_by("connection_id"), 0, 0
    while True:
        with transaction.atomic():
            rows = list(stale.select_for_update().filter(connection_id__gt=after)[:batch])
            for row in rows:
                with suppress(UnreadableCredential):
                    secrets = unseal(row.connection_id, bytes(row.ciphertext))
                    done += Credential.objects.filter(pk=row.pk).update(**_row(row.connection_id, secrets))
        if len(rows) < batch:
            return done
        after = rows[-1].connection_id


def current_key_id() -> str:
    """A short name of the key that encrypts now; it tells nothing about the key."""
    return known_key_ids()[0]


def known_key_ids() -> list[str]:
    """The short names of all keys that are here, that of the one that encrypts first."""
    return [hashlib.sha256(key.encode()).hexdigest()[:16] for key in _keys()]


class FixedKeys:
    """Secrets that are not stored and cannot be renewed: a probe's, or none at all."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        self._secrets = secrets or Secrets()

    def current(self, exchange: Exchange) -> Secrets:
        return self._secrets

    def renewed(self, stale: Secrets, exchange: Exchange) -> Secrets:
        raise NotAuthorized("the platform does not accept the credential", status=401)


class StoredKeys:
    """The stored secrets of one connection, renewed in time and after a 401.

    One per door; not shared by threads.
    """

    def __init__(self, connection_id: int, platform: Platform) -> None:
        self._connection_id = connection_id
        self._platform = platform
        self._held: Secrets | None = None

    def current(self, exchange: Exchange) -> Secrets:
        """The secrets to use now; an access token about to end is renewed first."""
        held = self._held or load(self._connection_id)
        if must_renew(self._platform.auth, held, datetime.now(UTC)):
            held = self.renewed(held, exchange)
        self._held = held
        return held

    def renewed(self, stale: Secrets, exchange: Exchange) -> Secrets:
        """Secrets newer than `stale`; raises `NotAuthorized` when the merchant has to connect again."""
        auth = self._platform.auth
        if not isinstance(auth, OAuth2) or way_of(auth, stale) is not auth:
            self._held = load(self._connection_id)
            if self._held == stale:  # else another key was given since this work began
                raise NotAuthorized("the platform does not accept the key", status=401)
            return self._held
        self._held = refresh(
            connection_id=self._connection_id,
            stale=stale,
            auth=auth,
            client=client_of(self._platform),
            exchange=exchange,
        )
        return self._held


def refresh(*, connection_id: int, stale: Secrets, auth: OAuth2, client: Client, exchange: Exchange) -> Secrets:
    """Exchange the refresh token once, however many workers ask; the others get what the first one stored.

    Raises `NotAuthorized` only after a second refusal of an unchanged token, `Waiting` when another worker
    does not finish, and whatever `exchange` raises: then the old pair is still stored and is tried again.
    """
    with alone(connection_id):
        held = load(connection_id)
        if held.access_token != stale.access_token:
            return held
        # Written and committed first: a database that cannot take the new pair must fail before the old one
        # is spent.
        Credential.objects.filter(connection_id=connection_id).update(refresh_started_at=Now())
        try:
            fresh = _exchanged(held, auth, client, exchange)
        except NotAuthorized:
            again = load(connection_id)
            if again != held:
                return again
            fresh = _exchanged(held, auth, client, exchange)
        faultpoints.reached("after_refresh_response")
        kept = _kept(connection_id, held, fresh)
        faultpoints.reached("after_token_save")
        return kept


def _exchanged(held: Secrets, auth: OAuth2, client: Client, exchange: Exchange) -> Secrets:
    response = exchange(refresh_request(auth, client, held))
    try:
        return read_tokens(response, held, datetime.now(UTC), endless=auth.endless)
    except Failure as failure:
        # A platform that repeats what it was sent repeats it into the audit, the API and the console.
        failure.conceal((*held.values(), client.client_secret))
        raise


def _kept(connection_id: int, before: Secrets, fresh: Secrets) -> Secrets:
    """`_keep`; where the database went away meanwhile, for as long as it may take to come back.

    The old token may be spent by now, so the new pair is more than an attempt that can be made again. What the caller
    held by the lost session it holds no longer: the loss is raised all the same, once the pair is safe.
    """
    try:
        return _keep(connection_id, before, fresh)
    except (OperationalError, InterfaceError):
        give_up_at = time.monotonic() + SAVE_PATIENCE.total_seconds()
        while time.monotonic() < give_up_at:
            time.sleep(SAVE_POLL_SECONDS)
            with suppress(OperationalError, InterfaceError):
                database.close()  # the next statement opens a new one
                _keep(connection_id, before, fresh)
                break
        raise


def _keep(connection_id: int, before: Secrets, fresh: Secrets) -> Secrets:
    """Commit the new pair, in a transaction of its own, unless the merchant has connected again meanwhile."""
    with transaction.atomic(durable=True):
        row = Credential.objects.select_for_update().filter(connection_id=connection_id).first()
        if row is None:
            raise NotAuthorized("the connection was unlinked meanwhile")
        stored = unseal(connection_id, bytes(row.ciphertext))
        if stored != before:
            return stored
        store(connection_id=connection_id, secrets=fresh)
    return fresh


def _row(connection_id: int, secrets: Secrets) -> dict[str, object]:
    return {
        "ciphertext": seal(connection_id, secrets),
        "key_id": current_key_id(),
        "expires_at": secrets.expires_at,
        "updated_at": datetime.now(UTC),
    }


def _keys() -> list[str]:
    keys = [key.strip() for key in settings.COMMERCE_SYNC_ENCRYPTION_KEYS if key.strip()]
    if not keys:
        raise MisconfiguredPlatform("COMMERCE_SYNC_ENCRYPTION_KEYS is empty")
    return keys


def fernet() -> MultiFernet:
    """What encrypts with the first key and decrypts with any. Raises `MisconfiguredPlatform` without keys."""
    return MultiFernet([Fernet(key) for key in _keys()])

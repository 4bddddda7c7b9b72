"""Keys that a merchant's own server makes for us and posts to us, once the merchant has agreed on its page.

Nothing is kept meanwhile: what the way was begun for travels signed, as the state that comes back with the keys. It is
good for ten minutes, and only until the connection is linked. The keys are used only at the server that was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from django.conf import settings as django_settings
from django.core import signing
from msgspec import Struct

from connectors.authorization import read_authorization, setting_names
from connectors.authorizing import authorize
from connectors.declare import BasicLogin, Handover
from connectors.errors import BadCallback, MisconfiguredPlatform
from connectors.models import Connection
from connectors.platform import Platform
from connectors.services import platform_of, private_places
from ledger.services import now

LASTS: Final = timedelta(minutes=10)
LONGEST_BODY: Final = 16 * 1024
_SALT: Final = "connectors.handover"
_ANSWER: Final = msgspec.json.Decoder(dict[str, Any])


class _Begun(Struct, frozen=True):
    """What travels: for which connection, with which address of the merchant's server, since when."""

    connection_id: int
    settings: dict[str, str]
    began_at: datetime


def handover_of(platform: Platform) -> Handover | None:
    """How keys are handed over to us; None where they are not, or cannot reach us: the platform posts to TLS only."""
    auth = platform.auth
    here = str(getattr(django_settings, "COMMERCE_SYNC_PUBLIC_URL", ""))
    return auth.handover if isinstance(auth, BasicLogin) and here.startswith("https://") else None


def begin(connection: Connection, settings: Mapping[str, str], *, app: str) -> str:
    """Where the merchant's browser goes; ``app`` is what we are called there.

    Raises `BadAuthorization` for an address that is missing or wrong, `MisconfiguredPlatform` where nothing is handed
    over.
    """
    platform = platform_of(connection)
    way, here = handover_of(platform), getattr(django_settings, "COMMERCE_SYNC_PUBLIC_URL", "")
    if way is None:
        raise MisconfiguredPlatform(f"{platform.name} cannot hand keys over to this installation")
    wanted = {name: settings[name] for name in setting_names(platform) if settings.get(name)}
    # Keys that are never used: so the settings are read by the rules that hold for them with real ones.
    fields = {**wanted, "username": "u", "password": "p"}
    given = read_authorization(platform, fields, known=connection.settings, private=private_places(), at=now())
    begun = _Begun(connection.pk, given.settings, now())
    query = {
        way.app: app,
        way.state: signing.dumps(msgspec.to_builtins(begun), salt=_SALT),
        way.back: f"{here}/flow/",
        way.posts: f"{here}/oauth/keys/{platform.slug}",
        **dict(way.extra),
    }
    base = platform.hosts.base({**connection.settings, **given.settings})
    return f"{base}{way.page}?{urlencode(query)}"


def take(platform: Platform, body: bytes, *, actor: str) -> Connection:
    """Link the connection with the keys that its server posted. Not to be called inside a transaction.

    Raises `BadCallback` for what is late, used or not ours, and what `connectors.authorizing.authorize` raises.
    """
    way = handover_of(platform)
    try:
        said = _ANSWER.decode(body)
        state = said[way.state] if way is not None else None
        begun = msgspec.convert(signing.loads(str(state), salt=_SALT, max_age=LASTS), _Begun)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, signing.BadSignature):
        raise BadCallback("the keys came with no state of ours, or too late") from None
    if way is None:
        raise BadCallback(f"{platform.name} hands no keys over")
    connection = Connection.objects.select_related("company").filter(pk=begun.connection_id).first()
    if connection is None or platform_of(connection).key != platform.key:
        raise BadCallback("the keys are for another connection")
    if connection.linked_at is not None and connection.linked_at >= begun.began_at:
        raise BadCallback("keys have come already")
    keys: dict[str, Any] = {"username": said.get(way.username), "password": said.get(way.password)}
    return authorize(connection=connection, secrets={**begun.settings, **keys}, actor=actor)

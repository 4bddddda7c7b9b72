"""How a platform signs what it sends us: the vocabulary in which its file says so. Pure; `signatures` verifies.

A place in a delivery is written ``header:name`` or ``body:dotted.path``; ``*`` in a path stands for each of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

_PLACES = ("header", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What a delivery tells of itself.

    `id` is the place of what names it, the same when it is sent again; `event` that of what happened; `sent` that of
    the instant at which it did: older than `replay_seconds` it is refused, which is longer than the platform tries.
    `revoked` are the events that say that we are let in no longer, `deleted` those that say that something was deleted:
    then it is asked what is still there. `personal` are those by which a platform asks for
    what is kept of a person, or that it be deleted: they name that person, so their bodies are not kept, nor those
    of deliveries before. After one of `erased`, which comes when we are long let out, no secret is kept either.
    `account` is the place of whose event it is, for
    platforms that have one address for all merchants of an app, and the setting of connections that has the same,
    without `account_suffix` where the platform adds one. `event` and `account` may be several places, for platforms
    with several forms of deliveries; one delivery may be about several accounts, and then ends no authorization.
    """

    id: str = "body:id"
    event: str | tuple[str, ...] = "body:type"
    sent: str | None = None
    replay_seconds: int = 4 * 86_400
    revoked: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    account: str | tuple[str, ...] | None = None
    account_setting: str = ""
    account_suffix: str = ""

    def __post_init__(self) -> None:
        for place in filter(None, (self.id, self.sent, *self.events, *self.accounts)):
            if place.partition(":")[0] not in _PLACES or not place.partition(":")[2]:
                raise ValueError(f"a place is header:name or body:path, not {place!r}")
        if self.revoked and any("*" in place for place in self.accounts):
            raise ValueError("an event among those of several accounts cannot end the authorization of all of them")
        if self.replay_seconds < 1 or bool(self.account) != bool(self.account_setting):
            raise ValueError(f"a window of at least a second, and account with its setting: {self!r}")

    @property
    def events(self) -> tuple[str, ...]:
        """The places of what happened."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def accounts(self) -> tuple[str, ...]:
        """The places of whose event it is."""
        return (self.account,) if isinstance(self.account, str) else self.account or ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a delivery of an accounting platform is about, for one account.

    `documents` leads from ids at the platform to when they changed there (aware; None: it does not say); `options`
    says whether what can be chosen may be another now.
    """

    documents: Mapping[str, datetime | None] = field(default_factory=dict)
    options: bool = False


@dataclass(frozen=True, slots=True)
class HmacSha256:
    """HMAC-SHA256 under a shared secret.

    `over` is what is signed: the raw body, the registered address and the raw body, or the texts ``timestamp`` and
    ``payload`` inside the body with a dot between. `key` is how the secret is written. `field` names the part of a
    header of the form ``name=value,name=value``. `by_client` says that the secret is that of our OAuth client.
    `greeting` is how the body of an unsigned call begins by which the platform tries the address: it is answered, and
    nothing else happens.
    """

    header: str
    over: Literal["body", "url+body", "payload"] = "body"
    encoding: Literal["base64", "hex"] = "base64"
    key: Literal["text", "hex"] = "text"
    field: str = ""
    by_client: bool = False
    facts: Deliveries = Deliveries()
    greeting: bytes = b""


@dataclass(frozen=True, slots=True)
class TimedHmacSha256:
    """A header ``t=<unix seconds>,v1=<hex>`` over ``t.body``; several ``v1`` while a secret is exchanged.

    `t` may be `tolerance_seconds` away from our clock, either way.
    """

    header: str
    tolerance_seconds: int = 300
    facts: Deliveries = Deliveries()


@dataclass(frozen=True, slots=True)
class TransmissionRsa:
    """PayPal's: RSA (PKCS #1 v1.5, SHA-256) over ``id|time|webhook id|crc32 of the body``, under the key of a
    certificate that has to be fetched and trusted first: the secret here is its public key as PEM, and the webhook's
    id is the setting `webhook_setting` of the connection.
    """

    id_header: str = "paypal-transmission-id"
    time_header: str = "paypal-transmission-time"
    signature_header: str = "paypal-transmission-sig"
    tolerance_seconds: int = 4 * 86_400
    facts: Deliveries = Deliveries(id="header:paypal-transmission-id", event="body:event_type")

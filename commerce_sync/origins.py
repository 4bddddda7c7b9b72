"""The web origins of a partner's: merchants are sent back, and pictures are taken, from nowhere else."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import transaction

from commerce_sync.models import Branding, RegisteredOrigin
from commerce_sync.partner_lock import hold
from commerce_sync.web_origin import LONGEST_URL, read_origin, read_url
from connectors.addresses import BadAddress
from ledger.models import Partner
from ledger.services import audit, now

MOST_ORIGINS: Final = 50


class TooManyOrigins(Exception):
    """The partner has as many as it may have."""


class OriginInUse(Exception):
    """The partner's branding has a picture there; ``field`` is which."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


def allows_local() -> bool:
    """Whether a partner's pages may be on this very machine: everywhere but in production."""
    return not settings.PRODUCTION


@transaction.atomic
def register_origin(*, partner: Partner, text: str, actor: str, why: str = "") -> RegisteredOrigin:
    """Register an origin; one that is there already is answered as it is. Raises `BadAddress`, `TooManyOrigins`."""
    origin = read_origin(text, local=allows_local())
    hold(partner)
    rows = RegisteredOrigin.objects.filter(partner=partner)
    known = rows.filter(origin=origin).first()
    if known is not None:
        return known
    if rows.count() >= MOST_ORIGINS:
        raise TooManyOrigins
    row = RegisteredOrigin.objects.create(partner=partner, origin=origin, created_at=now())
    audit(code="origin.registered", actor=actor, partner=partner, subject=origin, why=why)
    return row


@transaction.atomic
def remove_origin(*, origin: RegisteredOrigin, actor: str, why: str = "") -> None:
    """From now on nobody is sent there. Raises `OriginInUse`."""
    hold(origin.partner)
    branding = Branding.objects.filter(partner=origin.partner).first()
    for field in ("logo_url", "icon_url") if branding else ():
        url = getattr(branding, field)
        if url and read_url(url, local=True).origin == origin.origin:
            raise OriginInUse(field)
    if RegisteredOrigin.objects.filter(pk=origin.pk).delete()[0]:
        audit(code="origin.removed", actor=actor, partner=origin.partner, subject=origin.origin, why=why)


def on_registered_origin(partner: Partner, text: str, *, longest: int = LONGEST_URL) -> str:
    """The address as we write it, if it is on an origin that the partner has registered. Raises `BadAddress`."""
    place = read_url(text, local=allows_local(), longest=longest)
    if not RegisteredOrigin.objects.filter(partner=partner, origin=place.origin).exists():
        words = f"{place.origin} is not one of your registered origins; POST /config/origins registers it."
        raise BadAddress(words)
    return place.url


def still_registered(partner: Partner, url: str) -> str:
    """``url`` while its origin is registered, else "": it was when the link was made, and may have been taken away."""
    try:
        return on_registered_origin(partner, url) if url else ""
    except BadAddress:
        return ""

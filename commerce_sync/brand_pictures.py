"""The pictures of a partner's brand: fetched from the addresses of its branding, or uploaded, and kept by us."""

from __future__ import annotations

import hashlib
from typing import Final

from django.db import transaction

from commerce_sync.branding import branding_of
from commerce_sync.models import BrandPicture
from commerce_sync.partner_lock import hold
from commerce_sync.picture_bytes import MOST_BYTES, BadPicture, Picture, read_picture
from connectors.download import NotDownloaded, download
from ledger.models import Partner
from ledger.services import audit, now

KINDS: Final = ("logo", "icon")
SECONDS: Final = 8.0  # for one picture: whoever set the branding waits for it
_FIRST: Final = ("partner", "kind", "source_url", "type", "sha256", "width", "height", "problem", "updated_at")


def pictures_of(partner: Partner) -> dict[str, BrandPicture]:
    """By kind, what is known of the partner's pictures, without their bytes."""
    return {row.kind: row for row in BrandPicture.objects.filter(partner=partner).only(*_FIRST)}


def fetch_pictures(*, partner: Partner, actor: str) -> dict[str, BrandPicture]:
    """Fetch the pictures that the branding names; one that it names no longer goes. Called outside of a transaction.

    What cannot be had or shown is told in the row's ``problem``; what was shown before stays until there is another.
    """
    branding = branding_of(partner)
    for kind in KINDS:
        url = getattr(branding, f"{kind}_url")
        if not url:
            _forget_fetched(partner=partner, kind=kind, actor=actor)
            continue
        try:
            body = download(url, most_bytes=MOST_BYTES, seconds=SECONDS)
            found = read_picture(body)
        except (NotDownloaded, BadPicture) as error:
            _keep_problem(partner=partner, kind=kind, url=url, problem=str(error), actor=actor)
        else:
            _keep(partner=partner, kind=kind, url=url, body=body, found=found, actor=actor)
    return pictures_of(partner)


def upload_picture(*, partner: Partner, kind: str, body: bytes, actor: str, why: str = "") -> None:
    """Keep an uploaded picture. Raises `BadPicture`."""
    _keep(partner=partner, kind=kind, url="", body=body, found=read_picture(body), actor=actor, why=why)


@transaction.atomic
def remove_picture(*, partner: Partner, kind: str, actor: str, why: str = "") -> None:
    """The picture goes, wherever it came from."""
    hold(partner)
    if BrandPicture.objects.filter(partner=partner, kind=kind).delete()[0]:
        audit(code="brand_picture.removed", actor=actor, partner=partner, subject=kind, why=why)


@transaction.atomic
def _keep(*, partner: Partner, kind: str, url: str, body: bytes, found: Picture, actor: str, why: str = "") -> None:
    hold(partner)
    if url and not _is_wanted(partner, kind, url):
        return
    sha256 = hashlib.sha256(body).hexdigest()
    values = {**found._asdict(), "sha256": sha256, "body": body, "source_url": url, "problem": "", "updated_at": now()}
    BrandPicture.objects.update_or_create(partner=partner, kind=kind, defaults=values)
    detail = {"url": url, "sha256": sha256}
    audit(code="brand_picture.kept", actor=actor, partner=partner, subject=kind, detail=detail, why=why)


@transaction.atomic
def _keep_problem(*, partner: Partner, kind: str, url: str, problem: str, actor: str) -> None:
    hold(partner)
    if not _is_wanted(partner, kind, url):
        return
    values = {"problem": problem[:500], "source_url": url, "updated_at": now()}
    BrandPicture.objects.update_or_create(partner=partner, kind=kind, defaults=values)
    audit(code="brand_picture.failed", actor=actor, partner=partner, subject=kind, detail={"problem": problem})


@transaction.atomic
def _forget_fetched(*, partner: Partner, kind: str, actor: str) -> None:
    """What was uploaded stays: the branding never named it."""
    hold(partner)
    if not _is_wanted(partner, kind, ""):
        return
    if BrandPicture.objects.filter(partner=partner, kind=kind).exclude(source_url="").delete()[0]:
        audit(code="brand_picture.removed", actor=actor, partner=partner, subject=kind)


def _is_wanted(partner: Partner, kind: str, url: str) -> bool:
    """Whether the branding still names this address: it may have been changed while we were fetching."""
    return bool(getattr(branding_of(partner), f"{kind}_url") == url)

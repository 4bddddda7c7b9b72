"""How a partner looks to its merchants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from commerce_sync.contrast import is_color
from commerce_sync.models import Branding
from commerce_sync.origins import on_registered_origin
from commerce_sync.partner_lock import hold
from commerce_sync.web_origin import read_url
from connectors.addresses import BadAddress
from connectors.download import private_places
from connectors.hosts import origin
from ledger.models import Partner
from ledger.services import audit, now

FIELDS: Final = ("display_name", "logo_url", "icon_url", "primary_color", "secondary_color")
LONGEST_NAME: Final = 100
LONGEST_PICTURE_URL: Final = 500


class BadBranding(ValueError):
    """Something of it cannot be used; ``items`` are (field, sentence)."""

    def __init__(self, items: list[tuple[str, str]]) -> None:
        self.items = items
        super().__init__("; ".join(sentence for _, sentence in items))


def branding_of(partner: Partner) -> Branding:
    """The partner's branding; one that says nothing when it has set none."""
    return Branding.objects.filter(partner=partner).first() or Branding(partner=partner)


def brand_name(partner: Partner) -> str:
    """What merchants know the partner as."""
    return branding_of(partner).display_name or partner.name


def problems_of(partner: Partner, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What of ``values`` cannot be used, as (field, sentence): nothing is set."""
    items: list[tuple[str, str]] = []
    for field in FIELDS:
        _checked(partner, field, values.get(field, "").strip(), items)
    return items


@transaction.atomic
def set_branding(*, partner: Partner, values: Mapping[str, str], actor: str, why: str = "") -> Branding:
    """Replace the branding by ``values`` of `FIELDS`; what is missing or empty is our neutral look. ``why`` is what
    somebody at the console gives as the reason.

    Raises `BadBranding` naming every field that cannot be used.
    """
    hold(partner)  # an origin must not go while a picture on it arrives
    items: list[tuple[str, str]] = []
    checked = {field: _checked(partner, field, values.get(field, "").strip(), items) for field in FIELDS}
    if items:
        raise BadBranding(items)
    row, _ = Branding.objects.update_or_create(partner=partner, defaults={**checked, "updated_at": now()})
    audit(code="branding.changed", actor=actor, partner=partner, detail=checked, why=why)
    return row


def _checked(partner: Partner, field: str, value: str, items: list[tuple[str, str]]) -> str:
    """The value as it is kept; what is wrong with it is added to ``items``."""
    if not value:
        return ""
    if field == "display_name":
        if len(value) > LONGEST_NAME or not value.isprintable():
            items.append((field, f"A name has at most {LONGEST_NAME} characters and no control characters."))
        return value
    if field.endswith("_color"):
        if not is_color(value.lower()):
            items.append((field, "A color is written as #rrggbb, for instance #0a7d5c."))
        return value.lower()
    try:
        place = read_url(value, local=True).origin
        if not place.startswith("https://") and origin(place) not in private_places():
            raise BadAddress("The address must begin with https://: pictures are not fetched without encryption.")
        return on_registered_origin(partner, value, longest=LONGEST_PICTURE_URL)
    except BadAddress as error:
        items.append((field, str(error)))
        return ""

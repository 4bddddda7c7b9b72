"""The partner's own brand, under which merchants see our pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from django.http import HttpResponse
from django.urls import path
from msgspec import Meta
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.brand_pictures import fetch_pictures, pictures_of
from commerce_sync.branding import FIELDS, BadBranding, branding_of, set_branding
from commerce_sync.contrast import contrast_of
from commerce_sync.models import Branding as BrandingRow
from commerce_sync.models import BrandPicture

PUBLISHED: Final = dict(
    zip(FIELDS, ("displayName", "logoUrl", "iconUrl", "primaryColor", "secondaryColor"), strict=True)
)
Short = Annotated[str, Meta(max_length=1_000)]


class ColorContrast(Shape):
    """How text reads on a color, by WCAG 2.2 (4.5 or more is asked for), and the text color that we use on it."""

    with_white: Decimal
    with_black: Decimal
    text_color: str


class BrandPictureState(Shape):
    """What merchants see of a picture: we fetch it and serve it ourselves.

    ``type`` null: nothing is shown yet. ``problem``: why it could not be fetched or shown the last time; what was shown
    before stays. ``uploaded``: in the console, and not from an address.
    """

    type: str | None
    width: int
    height: int
    problem: str | None
    uploaded: bool
    updated: datetime


class PartnerBranding(Shape):
    """The brand; null: our neutral look."""

    display_name: str | None
    logo_url: str | None
    icon_url: str | None
    primary_color: str | None
    secondary_color: str | None
    primary_contrast: ColorContrast | None
    secondary_contrast: ColorContrast | None
    logo_picture: BrandPictureState | None
    icon_picture: BrandPictureState | None
    updated: datetime | None


class SetPartnerBranding(Input):
    """The whole brand: what is absent, null or empty becomes our neutral look. Colors are ``#rrggbb``.

    Pictures are https addresses on an origin that you have registered: PNG, JPEG, GIF or WebP, at most 300 kB and
    4096 × 4096 pixels. We fetch them now; how that went is answered. Send the same again to have them fetched again.
    """

    display_name: Short | None = None
    logo_url: Short | None = None
    icon_url: Short | None = None
    primary_color: Short | None = None
    secondary_color: Short | None = None


class PartnerBrandingView(ApiView):
    """The brand of the caller."""

    @operation("get-branding", "Get your branding", tag="Branding", answers=PartnerBranding)
    def get(self, request: Request) -> HttpResponse:
        """How your merchants see our pages, and how well text reads on your colors."""
        return answer(branding_shape(branding_of(self.partner), pictures_of(self.partner)))

    @operation("set-branding", "Set your branding", tag="Branding", answers=PartnerBranding, body=SetPartnerBranding)
    def put(self, request: Request) -> HttpResponse:
        """Replace your branding. A picture that cannot be had or shown is told in the answer; all else is set."""
        said = self.body(SetPartnerBranding)
        values = {field: getattr(said, field) or "" for field in FIELDS}
        try:
            row = set_branding(partner=self.partner, values=values, actor=self.actor)
        except BadBranding as error:
            items = [(PUBLISHED[field], sentence) for field, sentence in error.items]
            raise invalid("The branding has something that cannot be used.", *items) from None
        return answer(branding_shape(row, fetch_pictures(partner=self.partner, actor=self.actor)))


def branding_shape(row: BrandingRow, pictures: Mapping[str, BrandPicture]) -> PartnerBranding:
    """A brand as it is answered."""
    return PartnerBranding(
        display_name=row.display_name or None,
        logo_url=row.logo_url or None,
        icon_url=row.icon_url or None,
        primary_color=row.primary_color or None,
        secondary_color=row.secondary_color or None,
        primary_contrast=_contrast(row.primary_color),
        secondary_contrast=_contrast(row.secondary_color),
        logo_picture=_picture(pictures.get("logo")),
        icon_picture=_picture(pictures.get("icon")),
        updated=row.updated_at,
    )


def _picture(row: BrandPicture | None) -> BrandPictureState | None:
    if row is None:
        return None
    return BrandPictureState(
        type=row.type or None,
        width=row.width,
        height=row.height,
        problem=row.problem or None,
        uploaded=not row.source_url,
        updated=row.updated_at,
    )


def _contrast(color: str) -> ColorContrast | None:
    if not color:
        return None
    found = contrast_of(color)
    return ColorContrast(with_white=found.with_white, with_black=found.with_black, text_color=found.text)


urlpatterns = [path("config/branding", PartnerBrandingView.as_view())]

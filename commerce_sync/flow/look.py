"""How a partner's pages look: name, pictures, colors. And the addresses of the latter two, which are for anybody: they
name what they hold, tell nothing else, and may be kept for a year."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from commerce_sync.brand_pictures import pictures_of
from commerce_sync.branding import branding_of
from commerce_sync.flow.brand import colors_in_name, colors_of_name, digest_of, stylesheet
from commerce_sync.models import Branding, BrandPicture
from ledger.models import Partner

_LONG: Final = "public, max-age=31536000, immutable"
# Nothing in a picture may act, even if a browser were tricked into opening it as a page.
_POLICY: Final = "default-src 'none'; sandbox"


class Shown(NamedTuple):
    """A picture on a page: its address and its size in pixels, so that nothing moves when it arrives."""

    url: str
    width: int
    height: int


class Look(NamedTuple):
    """A partner's look. ``logo`` and ``icon`` None: the name, and our own icon; ``colors`` "": our own."""

    name: str
    logo: Shown | None
    icon: Shown | None
    colors: str


def look_of(partner: Partner, branding: Branding | None = None) -> Look:
    """The partner's look, with the ``branding`` that is set, or one that is tried."""
    brand = branding or branding_of(partner)
    rows = pictures_of(partner)
    return Look(
        brand.display_name or partner.name, _shown(rows.get("logo")), _shown(rows.get("icon")), colors_url(brand)
    )


def colors_url(brand: Branding) -> str:
    """The address of the brand's style sheet; "" when there is nothing in it."""
    name = colors_in_name(brand)
    if not name:
        return ""
    return reverse("flow-brand", args=(name, digest_of(stylesheet(brand.primary_color, brand.secondary_color))))


@require_safe
def colors(request: HttpRequest, name: str, digest: str) -> HttpResponse:
    """A brand's colors as a style sheet: the policy of our pages allows none inside them."""
    found = colors_of_name(name)
    if found is None:
        raise Http404
    text = stylesheet(*found)
    # The digest is another where another version of ours runs beside: its pages get what we have, and do not keep it.
    return _kept(HttpResponse(text, content_type="text/css; charset=utf-8"), forever=digest == digest_of(text))


@require_safe
def picture(request: HttpRequest, sha256: str, type: str) -> HttpResponse:
    """A partner's picture, by what it is."""
    row = BrandPicture.objects.filter(sha256=sha256, type=type).only("body").first()
    if row is None:
        raise Http404
    response = HttpResponse(bytes(row.body), content_type=f"image/{type}")
    response["Content-Disposition"] = "inline"
    return _kept(response, forever=True)


def _shown(row: BrandPicture | None) -> Shown | None:
    if row is None or not row.type:
        return None
    return Shown(reverse("flow-picture", args=(row.sha256, row.type)), row.width, row.height)


def _kept(response: HttpResponse, *, forever: bool) -> HttpResponse:
    response["Cache-Control"] = _LONG if forever else "no-store"
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response

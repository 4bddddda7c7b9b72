"""The console's look at a partner's pages in its brand, or in one that is tried: what is typed is shown, not kept."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from commerce_sync.branding import LONGEST_NAME, branding_of
from commerce_sync.contrast import is_color
from commerce_sync.flow.brand import stylesheet
from commerce_sync.flow.locales import NAMES
from commerce_sync.flow.look import look_of
from commerce_sync.flow.sample import PAGES, sample_page
from commerce_sync.models import Branding
from ledger.models import Partner

SCHEMES: Final = ("light", "dark")
_DESIGN: Final = "flow/flow.css"
# Shown within the console, and there alone; nothing in it can be sent, and there is no script.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)


def tried_branding(partner: Partner, request: HttpRequest) -> Branding:
    """The partner's branding with what the request tries: what could not be a brand is left as it is."""
    row = branding_of(partner)
    name, primary, secondary = (request.GET.get(key) for key in ("name", "primary", "secondary"))
    if name is not None and len(name) <= LONGEST_NAME and name.isprintable():
        row.display_name = name.strip()
    if primary is not None and (not primary or is_color(primary.lower())):
        row.primary_color = primary.lower()
    if secondary is not None and (not secondary or is_color(secondary.lower())):
        row.secondary_color = secondary.lower()
    return row


def previewed(request: HttpRequest, partner: Partner) -> HttpResponse:
    """One page as the request asks for it: page, locale, scheme, and the brand that is tried."""
    tried = tried_branding(partner, request)
    colors = {"primary": tried.primary_color, "secondary": tried.secondary_color}
    scheme = _one_of(SCHEMES, request.GET.get("scheme"))
    design = f"{reverse('admin:branding-design', args=(scheme,))}?{urlencode(colors)}"
    response = sample_page(
        request,
        partner,
        _one_of(tuple(PAGES), request.GET.get("page")),
        locale=_one_of(tuple(NAMES), request.GET.get("locale")),
        look=look_of(partner, tried)._replace(colors=""),
        design=design,
    )
    response["Content-Security-Policy"] = _POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "no-store"
    return response


def design(request: HttpRequest, scheme: str) -> HttpResponse:
    """The pages' style sheet, held to the light or to the dark whatever this browser prefers, with the tried colors."""
    path = finders.find(_DESIGN)
    if scheme not in SCHEMES or not isinstance(path, str):
        raise Http404
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("@media (prefers-color-scheme: dark)", "@media all" if scheme == "dark" else "@media not all")
    text = text.replace("color-scheme: light dark", f"color-scheme: {scheme}")
    colors = [request.GET.get(name, "") for name in ("primary", "secondary")]
    brand = stylesheet(colors[0], colors[1], "dark" if scheme == "dark" else "light")
    return HttpResponse(f"{text}\n{brand}", content_type="text/css; charset=utf-8")


def _one_of(known: tuple[str, ...], said: str | None) -> str:
    return said if said in known else known[0]

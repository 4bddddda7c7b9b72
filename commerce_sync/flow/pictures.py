"""The pictures of platforms, drawn here: a letter on a color, none of the vendors' own artwork."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from commerce_sync.letter_mark import DRAWINGS
from connectors import registry

_KEPT: Final = "public, max-age=86400"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@require_safe
def picture(request: HttpRequest, platform: str, kind: str) -> HttpResponse:
    """A picture as SVG, for anybody: partners put it on pages of their own."""
    known = registry.named(platform)
    if known is None or known.slug != platform or kind not in DRAWINGS:
        raise Http404
    response = HttpResponse(DRAWINGS[kind](known.name), content_type="image/svg+xml")
    response["Cache-Control"] = _KEPT
    response["Content-Security-Policy"] = _POLICY
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

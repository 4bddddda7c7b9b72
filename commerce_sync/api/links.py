"""The addresses that we hand out, whole: they are opened later and elsewhere, so they say where we are."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest

_KEPT: Final = "_commerce_sync_base"


def absolute(request: HttpRequest, path: str) -> str:
    """``path`` at the address where this installation is reached: as configured, else as the caller wrote it."""
    base: str | None = getattr(request, _KEPT, None)
    if base is None:  # worked out once: a list has hundreds of addresses
        base = settings.COMMERCE_SYNC_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
        setattr(request, _KEPT, base)
    return f"{base}{path}"

"""The addresses that we hand out, whole: they are opened later and elsewhere, so they say where we are."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """``path`` at the address where this installation is reached: as configured, else as the caller wrote it."""
    base: str = settings.COMMERCE_SYNC_PUBLIC_URL
    return f"{base}{path}" if base else request.build_absolute_uri(path)

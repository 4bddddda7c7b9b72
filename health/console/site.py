"""The console's site: the admin of unfold, with our own front page and pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Only for those of whom somebody has said in which role they work here."""

    site_title = site_header = "Commerce Sync"
    index_title = "Console"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with a role, and administrators of the installation."""
        user = request.user
        known = getattr(user, "is_superuser", False) or getattr(user, "member", None) is not None
        return bool(known and user.is_active and getattr(user, "is_staff", False))

    def extra_urls(self) -> list[URLPattern]:
        """Our own pages."""
        from health.console.urls import urlpatterns  # here: they need the admin, which makes this site when it begins

        return urlpatterns

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The front page."""
        from health.console.front import front_page

        return front_page(request)

"""The console's site: the admin of unfold, with our own front page and pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

from ledger.services import audit


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Only for those of whom somebody has said in which role they work here, and who have shown a second factor where
    one is asked for."""

    site_title = site_header = "Commerce Sync"
    index_title = "Console"
    enable_nav_sidebar = True
    login_template = "console/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with a role, and administrators of the installation."""
        from health.console import second_factor  # here, as below: these need the admin, which makes this site
        from health.console.log_in import is_of_the_console

        return is_of_the_console(request.user) and not second_factor.is_missing(request)

    def extra_urls(self) -> list[URLPattern]:
        """Our own pages."""
        from health.console.urls import urlpatterns

        return urlpatterns

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The front page."""
        from health.console.front import front_page

        return front_page(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Asks for name and password, says why a former log-in ended, and notes who came in."""
        from commerce_sync.flow.attempts import address_of
        from health.console import log_in, sessions

        ended = sessions.ENDED.get(request.GET.get("ended", ""), "")
        answer: HttpResponse = super().login(request, {**(extra_context or {}), "ended": ended})
        if request.method == "POST" and answer.status_code == 302:
            sessions.begin(request)
            user: Any = request.user
            audit(
                code="login.succeeded", actor=f"console:{user.get_username()}", partner=log_in.partner_of(user),
                subject=user.get_username(), detail={"address": address_of(request)},
            )  # fmt: skip
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ends the log-in, and notes it."""
        from health.console import sessions

        if request.method == "POST" and request.user.is_authenticated:
            sessions.end(request, "logout")
        return super().logout(request, extra_context)  # type: ignore[no-any-return]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Changes the own password; every other log-in of this person ends by it."""
        answer: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            from health.console import log_in

            name = request.user.get_username()
            audit(
                code="password.changed", actor=f"console:{name}", partner=log_in.partner_of(request.user), subject=name
            )
        return answer

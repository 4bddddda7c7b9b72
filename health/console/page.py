"""What every page of our own at the console begins with: who looks, what this person may see and do, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from msgspec import Struct

from health.console.roles import Right
from health.console.sessions import NotConfirmed, is_confirmed
from ledger.admin_base import partner_scope
from ledger.models import Company

P = ParamSpec("P")

MOST_OF_A_REASON: Final = 500
PASSWORD_ASKED_FOR: Final = frozenset({Right.PEOPLE, Right.KEYS, Right.ADD_KEYS})


class NoReason(Exception):
    """What is done at the console is done for a reason, and none was given."""


class Console(Struct):
    """One person at the console. ``partner_id`` None: one of ours, who sees all partners."""

    request: HttpRequest
    partner_id: int | None

    @property
    def actor(self) -> str:
        """As the audit trail names this person."""
        return f"console:{self.request.user.get_username()}"

    def may(self, right: str) -> bool:
        """Whether this person may do that."""
        return bool(self.request.user.has_perm(right))

    def require(self, right: str) -> None:
        """Raises PermissionDenied for who may not, and NotConfirmed for whoever has not said the password lately where
        that is asked for: the guard of the console asks then, and leads back."""
        if not self.may(right):
            raise PermissionDenied(f"Your role may not do this ({right}).")
        if right in PASSWORD_ASKED_FOR and not is_confirmed(self.request):
            raise NotConfirmed

    def why(self) -> str:
        """The reason that was given; raises `NoReason`."""
        words = " ".join(self.request.POST.get("why", "").replace("\0", "").split())[:MOST_OF_A_REASON]
        if not words:
            raise NoReason("Say why: it is kept in the audit trail.")
        return words

    def companies(self) -> QuerySet[Company]:
        """Those that this person may see."""
        rows = Company.objects.select_related("partner")
        return rows if self.partner_id is None else rows.filter(partner_id=self.partner_id)

    def company(self, public_id: UUID) -> Company:
        """One of them; raises Http404 for another partner's as for one that does not exist."""
        found = self.companies().filter(public_id=public_id).first()
        if found is None:
            raise Http404("There is no such company.")
        return found

    def shown(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """A page within the console's frame; ``title`` is in the context."""
        frame = admin.site.each_context(self.request)
        return TemplateResponse(self.request, template, {**frame, "console": self, **context}, status=status)


def console_page(
    right: str,
) -> Callable[[Callable[Concatenate[Console, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """A page for those who have ``right``; others get 403, and whoever is not logged in is asked to."""

    def decorated(
        view: Callable[Concatenate[Console, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            console = Console(request, partner_scope(request.user))
            console.require(right)
            return view(console, *args, **kwargs)

        def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            return admin.site.admin_view(guarded)(request, *args, **kwargs)

        return wraps(view)(asked)

    return decorated

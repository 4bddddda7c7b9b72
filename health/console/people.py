"""A new way in for somebody of the console who has lost theirs."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from health.console.page import Console, NoReason, console_page
from health.console.people_admin import invited
from health.console.roles import Right
from health.models import Member


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.PEOPLE)
def invite(console: Console, member_id: int) -> HttpResponse:
    """A link to choose a password, shown once; the password so far works until one is chosen."""
    listed = admin.site.get_model_admin(Member)
    member = listed.get_queryset(console.request).filter(pk=member_id).first()
    if member is None or not listed.has_change_permission(console.request, member):
        raise Http404("There is no such person.")
    if console.request.method != "POST":  # from the page that asks for the password
        return redirect("admin:health_member_change", member_id)
    try:
        return invited(console, member, console.why())
    except NoReason as error:
        messages.error(console.request, str(error))
        return redirect("admin:health_member_change", member_id)

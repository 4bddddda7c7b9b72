"""A new way in for somebody of the console who has lost theirs: the password, or the second factor."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from health.console import second_factor
from health.console.page import Console, NoReason, console_page
from health.console.people_admin import invited
from health.console.roles import Right
from health.models import Member


def _somebody(console: Console, member_id: int) -> Member:
    """Whom this person may change; raises Http404 for anybody else."""
    listed = admin.site.get_model_admin(Member)
    member: Member | None = listed.get_queryset(console.request).filter(pk=member_id).first()
    if member is None or not listed.has_change_permission(console.request, member):
        raise Http404("There is no such person.")
    return member


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.PEOPLE)
def without_second_factor(console: Console, member_id: int) -> HttpResponse:
    """Take a lost second factor away."""
    member = _somebody(console, member_id)
    if console.request.method == "POST":  # otherwise from the page that asks for the password
        try:
            had = second_factor.remove(user=member.user, actor=console.actor, why=console.why())
            messages.success(console.request, "It is removed." if had else "There was none.")
        except NoReason as error:
            messages.error(console.request, str(error))
    return redirect("admin:health_member_change", member_id)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Right.PEOPLE)
def invite(console: Console, member_id: int) -> HttpResponse:
    """A link to choose a password, shown once; the password so far works until one is chosen."""
    member = _somebody(console, member_id)
    if console.request.method != "POST":  # from the page that asks for the password
        return redirect("admin:health_member_change", member_id)
    try:
        return invited(console, member, console.why())
    except NoReason as error:
        messages.error(console.request, str(error))
        return redirect("admin:health_member_change", member_id)

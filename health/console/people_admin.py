"""The people of the console: in which role, for whom. A partner's administrator sees and makes those of that partner;
nobody changes themselves, and only an administrator of the installation touches another one."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.auth.views import PasswordResetConfirmView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from health.console.page import MOST_OF_A_REASON, Console
from health.models import Member
from health.people import Person, add_person, change_person, way_in
from ledger.admin_base import Scoped, partner_scope

for model in (User, Group):
    admin.site.unregister(model)

_OURS: Final = "All partners (one of ours)"


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """One person; ``scope`` is the partner whose people may be made, None for all."""

    scope: ClassVar[int | None] = None

    username = forms.CharField(
        max_length=150, validators=[UnicodeUsernameValidator()], widget=UnfoldAdminTextInputWidget
    )
    first_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)
    email = forms.EmailField(max_length=254, widget=UnfoldAdminEmailInputWidget, help_text="Alerts go there.")
    is_active = forms.BooleanField(
        required=False, initial=True, label="May log in", widget=UnfoldBooleanSwitchWidget
    )  # fmt: skip
    why = forms.CharField(max_length=MOST_OF_A_REASON, widget=UnfoldAdminTextInputWidget, help_text="For the trail.")

    class Meta:
        model = Member
        fields = ("role", "partner")
        widgets: ClassVar = {"role": UnfoldAdminSelectWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partner: Any = self.fields["partner"]
        partner.required = self.scope is not None
        partner.empty_label = _OURS if self.scope is None else None
        if self.instance.pk is not None:
            user = self.instance.user
            self.fields["username"].disabled = True
            names = ("username", "first_name", "last_name", "email")
            self.initial.update({name: getattr(user, name) for name in names})
            self.initial["is_active"] = user.is_active

    def clean_username(self) -> str:
        """Taken names are told, whoever has them: log-ins are of the whole installation."""
        said: str = self.cleaned_data["username"]
        if self.instance.pk is None and get_user_model().objects.filter(username__iexact=said).exists():
            raise forms.ValidationError("Somebody is called so already.")
        return said

    def person(self) -> Person:
        """What the form says of somebody."""
        said = self.cleaned_data
        names = ("role", "partner", "first_name", "last_name", "email", "is_active")
        return Person(**{name: said[name] for name in names})


@admin.register(Member)
class MemberAdmin(Scoped):
    partner_path = "partner"
    form = PersonForm
    list_display = ("username", "person_name", "email", "role", "partner", "may_log_in", "last_login")
    list_filter = ("role",)
    list_select_related = ("user", "partner")
    search_fields = ("user__username", "user__email")
    ordering = ("user__username",)
    fields = ("username", "first_name", "last_name", "email", "role", "partner", "is_active", "why")
    actions: Any = None

    @admin.display(description="Log-in", ordering="user__username")
    def username(self, member: Member) -> str:
        """As they log in."""
        return member.user.get_username()

    @admin.display(description="Name")
    def person_name(self, member: Member) -> str:
        """What they are called."""
        return member.user.get_full_name() or "–"

    @admin.display(description="Email")
    def email(self, member: Member) -> str:
        """Where alerts go."""
        return member.user.email

    @admin.display(description="May log in", boolean=True)
    def may_log_in(self, member: Member) -> bool:
        """Whether they are let in."""
        return member.user.is_active

    @admin.display(description="Last log-in")
    def last_login(self, member: Member) -> Any:
        """When they were here last."""
        return member.user.last_login

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Administrators of the installation are seen by themselves alone."""
        rows = super().get_queryset(request)
        return rows if getattr(request.user, "is_superuser", False) else rows.filter(user__is_superuser=False)

    def has_change_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        """Nobody changes what they may themselves."""
        return super().has_change_permission(request, obj) and (obj is None or obj.pk != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the trail names people. Who has left may log in no more."""
        return False

    def get_form(self, request: HttpRequest, obj: Member | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form within the scope of who fills it in."""
        if not self.has_change_permission(request, obj) and obj is not None:
            return forms.modelform_factory(Member, fields=())
        made = super().get_form(request, obj, change=change, **kwargs)
        made.scope = partner_scope(request.user)
        return made

    def get_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        """Who may only look sees what the list shows."""
        may = self.has_change_permission(request, obj) if obj is not None else True
        return self.fields if may else ("username", "person_name", "email", "role", "partner", "may_log_in")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        """As `get_fields`."""
        may = self.has_change_permission(request, obj) if obj is not None else True
        return () if may else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: Any) -> None:
        """Through the services, which write the audit trail."""
        actor, why = Console(request, partner_scope(request.user)).actor, form.cleaned_data["why"]
        if change:
            change_person(member=obj, person=form.person(), actor=actor, why=why)
            return
        made = add_person(username=form.cleaned_data["username"], person=form.person(), actor=actor, why=why)
        obj.pk, obj.user = made.pk, made.user

    def response_add(self, request: HttpRequest, obj: Member, post_url_continue: Any = None) -> HttpResponse:
        """The link by which the person chooses a password, shown once."""
        return invited(Console(request, partner_scope(request.user)), obj, "Added")


def invited(console: Console, member: Member, why: str) -> HttpResponse:
    """The page with the link by which somebody chooses a password."""
    uid, token = way_in(member=member, actor=console.actor, why=why)
    address = console.request.build_absolute_uri(reverse("admin:console-set-password", args=(uid, token)))
    context = {"title": f"A way in for {member.user.get_username()}", "member": member, "address": address}
    response = console.shown("console/invited.html", context)
    response["Cache-Control"] = "no-store"
    return response


class SetPassword(PasswordResetConfirmView):
    """Choosing a password by the link; whoever has it is believed to be the person, once."""

    template_name = "console/set_password.html"
    success_url = reverse_lazy("admin:login")
    title = "Choose your password"

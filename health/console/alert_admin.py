"""Alert rules, what they have told that lasts, the log of messages, and merchants' contacts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from health.alerts.checking import BadRule
from health.alerts.services import FIELDS, save_rule
from health.console.alert_form import AlertRuleForm
from health.models import Alarm, Alert, AlertRule, CompanyContact
from ledger.admin_base import ReadOnly, Scoped, partner_scope
from ledger.models import Partner

_SENT = ("slack_url", "why")  # what can only be sent


@admin.register(AlertRule)
class AlertRuleAdmin(Scoped):
    partner_path = "partner"
    form = AlertRuleForm
    list_display = ("name", "partner", "enabled", "audience", "channel", "least_severity", "digest", "page")
    list_filter = ("enabled", "audience", "channel", "digest")
    list_select_related = ("partner",)
    search_fields = ("name",)
    ordering = ("partner__name", "name")
    actions: Any = None
    readonly_fields = ("page",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "partner", "page")}),
        ("Who is told", {"fields": ("audience", "role", "channel", "addresses", "slack_url")}),
        ("Of which findings", {"fields": ("least_severity", "turns", "areas", "codes", "least_count", "least_amount",
            "least_age_minutes")}),
        ("When", {"fields": ("digest", "hour", "zone", ("quiet_from", "quiet_until"), "calm_minutes")}),
        ("Why it is changed", {"fields": ("why",)}),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not here: the rule's page deletes it, with a reason."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> tuple[str, ...]:
        """Whose it is does not change."""
        return (*self.readonly_fields, "partner") if obj is not None else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        """Without what can only be sent, for those who may not; without a choice of partner for who has one."""
        may = self.has_change_permission(request, obj) if obj is not None else self.has_add_permission(request)
        hidden = set() if may else set(_SENT)
        if partner_scope(request.user) is not None:
            hidden.add("partner")
        if obj is None:
            hidden.add("page")
        found = []
        for title, options in self.fieldsets:
            fields = tuple(name for name in options["fields"] if not (isinstance(name, str) and name in hidden))
            found += [(title, {**options, "fields": fields})] if fields else []
        return found

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A partner's people make no rules for people of ours."""
        if db_field.name == "audience" and partner_scope(request.user) is not None:
            kwargs["choices"] = [each for each in AlertRule.Audience.choices if each[0] != AlertRule.Audience.ROLE]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description="Page")
    def page(self, row: AlertRule) -> str:
        """What it tells, tells now, and has told."""
        address = reverse("admin:console-alert-rule", args=(row.public_id,))
        return format_html('<a href="{}">Preview, test, log</a>', address)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Nothing is put into the row before the service does it."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        """Through the service, which writes the audit trail."""
        said, scope = form.cleaned_data, partner_scope(request.user)
        partner = obj.partner if change else said.get("partner")
        if scope is not None and not change:
            partner = Partner.objects.get(pk=scope)
        try:
            row = save_rule(
                rule=obj if change else None,
                partner=partner,
                values={name: said[name] for name in FIELDS if name in said},
                slack_url=said.get("slack_url", ""),
                actor=f"console:{request.user.get_username()}",
                why=said["why"],
            )
        except BadRule as error:
            request.refused_rule = error  # type: ignore[attr-defined]
            return
        obj.pk, obj.public_id, obj.name = row.pk, row.public_id, row.name

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the rule."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Our own trail has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Our own trail has it."""

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list, or why nothing was kept."""
        return self._answered(request) or super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """The list, or why nothing was kept."""
        return self._answered(request) or super().response_change(request, obj)

    def _answered(self, request: HttpRequest) -> HttpResponse | None:
        refused: BadRule | None = getattr(request, "refused_rule", None)
        if refused is None:
            return None
        self.message_user(request, f"Nothing was kept. {refused}", messages.ERROR)
        found: HttpResponse = self.response_post_save_change(request, AlertRule())
        return found


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("created_at", "subject", "address", "what", "state", "tries", "next_at", "error")
    list_filter = ("state", "what", "channel")
    list_display_links = ("subject",)
    search_fields = ("=public_id", "=company__public_id")
    exclude = ("html", "lease_until", "lease_token", "sender", "alarms")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bodies are read on the page of one."""
        return super().get_queryset(request).defer("html")


@admin.register(Alarm)
class AlarmAdmin(ReadOnly):
    partner_path = "partner"
    list_display = ("opened_at", "code", "root", "rule", "company", "count", "told_at", "news", "tell_at", "over_at")
    list_display_links = ("code",)
    list_filter = (("over_at", admin.EmptyFieldListFilter), "news")
    list_select_related = ("rule", "company")
    search_fields = ("=code", "=company__public_id")


@admin.register(CompanyContact)
class CompanyContactAdmin(ReadOnly):
    partner_path = "company__partner"
    list_display = ("company", "email", "locale", "wants", "updated_at")
    list_filter = ("wants", "locale")
    list_select_related = ("company",)
    search_fields = ("=company__public_id", "=email")

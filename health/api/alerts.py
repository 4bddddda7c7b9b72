"""A partner's own alert rules, and where its merchants want to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET
from rest_framework.request import Request

from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.view import ApiView, answer, as_uuid
from health.alerts.checking import BadRule
from health.alerts.services import BadContact, contact_of, delete_rule, save_rule, set_contact
from health.api.alert_shapes import (
    AlertRule,
    CreateAlertRule,
    MerchantContact,
    SetMerchantContact,
    UpdateAlertRule,
    contact_shape,
    rule_shape,
    values_of,
)
from health.models import AlertRule as RuleRow

TAG: Final = "Alerts"
FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "name": Field("name", "text"),
    "created": Field("created_at", "instant"),
}
PUBLISHED: Final = {
    "least_severity": "leastSeverity", "least_count": "leastCount", "least_amount": "leastAmount",
    "least_age_minutes": "leastAgeMinutes", "calm_minutes": "calmMinutes", "slack_url": "slackUrl", "zone": "timeZone",
    "quiet_from": "quietHours.start", "quiet_until": "quietHours.finish",
}  # fmt: skip


@contextmanager
def refusals() -> Iterator[None]:
    """What the services refuse, in the published shape."""
    try:
        yield
    except BadRule as error:
        items = [(PUBLISHED.get(field, field), sentence) for field, sentence in error.problems]
        raise invalid("The rule has something that cannot be.", *items) from None


class RuleView(ApiView):
    """Rules of the caller."""

    def one(self, rule_id: str) -> RuleRow:
        """The caller's own rule with this id; raises `ApiError` 404."""
        wanted = as_uuid(rule_id, "alert rule")
        row = RuleRow.objects.filter(partner=self.partner, public_id=wanted).first()
        if row is None:
            raise missing("alert rule", rule_id)
        return row


class RuleList(RuleView):
    """All rules."""

    @operation("list-alert-rules", "List alert rules", tag=TAG, answers=AlertRule, paged=True, filtered=True)
    def get(self, request: Request) -> HttpResponse:
        """Your own rules, oldest first."""
        paging = read_paging(request)
        mine = RuleRow.objects.filter(partner=self.partner).order_by("id")
        rows = filtered(mine, FIELDS, request, "AlertRule")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([rule_shape(row) for row in found], rows.count(), paging, request))

    @operation("create-alert-rule", "Create alert rule", tag=TAG, answers=AlertRule, body=CreateAlertRule)
    def post(self, request: Request) -> HttpResponse:
        """A new rule: it tells of what is open now, and of what opens later.

        A rule of yours for merchants takes the place of ours, also while it is not enabled.
        """
        said = self.body(CreateAlertRule)
        with refusals():
            row = save_rule(
                rule=None,
                partner=self.partner,
                values=values_of(said),
                slack_url="" if said.slack_url is UNSET else said.slack_url,
                actor=self.actor,
            )
        row.refresh_from_db()
        return answer(rule_shape(row))


class RuleDetail(RuleView):
    """One rule."""

    @operation("get-alert-rule", "Get alert rule", tag=TAG, answers=AlertRule, errors=(404,))
    def get(self, request: Request, alertRuleId: str) -> HttpResponse:
        """A rule of yours."""
        return answer(rule_shape(self.one(alertRuleId)))

    @operation("update-alert-rule", "Update alert rule", tag=TAG, answers=AlertRule, body=UpdateAlertRule,
               errors=(404,))  # fmt: skip
    def patch(self, request: Request, alertRuleId: str) -> HttpResponse:
        """Change what is given. What was told of already is not told again."""
        row, said = self.one(alertRuleId), self.body(UpdateAlertRule)
        with refusals():
            row = save_rule(
                rule=row,
                partner=self.partner,
                values=values_of(said),
                slack_url="" if said.slack_url is UNSET else said.slack_url,
                actor=self.actor,
            )
        return answer(rule_shape(row))

    @operation("delete-alert-rule", "Delete alert rule", tag=TAG, answers=None, status=204, errors=(404,))
    def delete(self, request: Request, alertRuleId: str) -> HttpResponse:
        """Remove the rule; nobody is told by it any more."""
        delete_rule(rule=self.one(alertRuleId), actor=self.actor)
        return HttpResponse(status=204)


class ContactView(ApiView):
    """The contact of one company."""

    @operation("get-contact", "Get contact", tag=TAG, answers=MerchantContact, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """Where the merchant wants to be told of what needs the merchant."""
        return answer(contact_shape(contact_of(self.company(companyId))))

    @operation("set-contact", "Set contact", tag=TAG, answers=MerchantContact, body=SetMerchantContact, errors=(404,))
    def put(self, request: Request, companyId: str) -> HttpResponse:
        """Replace it; the merchant can change it on the page of notices. Ask the merchant before."""
        company, said = self.company(companyId), self.body(SetMerchantContact)
        try:
            row = set_contact(
                company=company, email=said.email or "", locale=said.locale, wants=said.wants, actor=self.actor
            )
        except BadContact as error:
            raise invalid(str(error), (error.field, str(error))) from None
        return answer(contact_shape(row))


urlpatterns = [
    path("config/alerts", RuleList.as_view()),
    path("config/alerts/<str:alertRuleId>", RuleDetail.as_view()),
    path("companies/<str:companyId>/contact", ContactView.as_view()),
]

"""Two partners with everything that the console shows: ours to look at, and another's that nobody of ours may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from commerce_sync import demo_set_up
from commerce_sync.branding import set_branding
from commerce_sync.demo.merchants import LONDON, MONTREAL, Merchant
from commerce_sync.models import ApiKey, Sync, Undo
from commerce_sync.services import request_sync
from connectors.credentials import current_key_id
from health.models import AlertRule, Finding, Member, WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks.secrets import new_secret, seal
from ledger.models import Document, Partner, RecordRow
from ledger.services import now
from tests.commerce_sync.demo_cast import LAST_DAY, settle
from tests.health.people import a_person

Ids = dict[str, Any]


def a_world(partner: Partner, merchant: Merchant) -> Ids:
    """A merchant of this partner with books, a sync, an undo, a finding and a webhook; what an address may ask for, by
    the name of its argument."""
    shop = demo_set_up.ensure_shop(partner, merchant)
    demo_set_up.push_sales(shop, demo_set_up.Span(LAST_DAY, 1), lambda _: None)
    settle(shop.company, LAST_DAY)
    set_branding(partner=partner, values={"display_name": partner.name}, actor="test")
    demo_set_up.renew_access(partner)
    sync = request_sync(company=shop.company)
    assert isinstance(sync, Sync)
    undo = Undo.objects.create(company=shop.company, sync=sync, run=sync, plan={}, actor="test", requested_at=now())
    finding = Finding.objects.create(
        partner=partner, company=shop.company, code="delivery_refused", subject="x", root="r", severity="error",
        turn="support", digest=b"d",
    )  # fmt: skip
    delivery = _a_delivery(partner)
    rule = AlertRule.objects.create(
        partner=partner, name="all", audience="addresses", channel="email", addresses=["a@partner.example"]
    )
    member = Member.objects.create(user=a_person("", name=f"kim of {partner.name}"), role="support", partner=partner)
    return {
        "company_id": shop.company.public_id, "partner_id": partner.pk, "sync_id": sync.public_id,
        "document_id": Document.objects.filter(company=shop.company).latest("id").pk,
        "record_id": RecordRow.objects.filter(source__company=shop.company).latest("id").pk,
        "undo_id": undo.public_id, "finding_id": finding.public_id, "delivery_id": delivery.public_id,
        "member_id": member.pk, "key_id": ApiKey.objects.filter(partner=partner).latest("id").pk,
        "rule_id": rule.public_id, "code": "delivery_refused", "scheme": "light",
    }  # fmt: skip


def two_worlds() -> tuple[Ids, Ids]:
    """Ours and another's."""
    partners = [Partner.objects.create(name=name, currency="GBP", zone="Europe/London") for name in ("Own", "Other")]
    own, other = a_world(partners[0], LONDON), a_world(partners[1], MONTREAL)
    return own, other


def the_people(partner_id: int) -> dict[str, Any]:
    """Everybody who may stand before the console, by who it is; "" is a visitor."""
    found: dict[str, Any] = {"": None, "staff without a role": a_person("", name="nobody")}
    for role in Member.Role.values:
        found[role] = a_person(role, name=role)
        found[f"{role} of a partner"] = a_person(role, Partner.objects.get(pk=partner_id), name=f"own-{role}")
    found["superuser"] = a_person("", name="root", is_superuser=True)
    return found


def row_of(model: type[Model], path: str | None, partner_id: int) -> Any:
    """A row of this partner's, if there is one; of what is the installation's any row."""
    rows = model._default_manager.only("pk")  # of a queue a time may be minus infinity
    return (rows.filter(**{path: partner_id}) if path else rows).first()


def _a_delivery(partner: Partner) -> WebhookDelivery:
    endpoint = WebhookEndpoint(partner=partner, url="https://partner.example/hook", key_id=current_key_id())
    endpoint.sealed_secret = seal(endpoint.public_id, new_secret())
    endpoint.save()
    event = WebhookEvent.objects.create(partner=partner, type="sync.completed", happened_at=now(), body=b"{}")
    return WebhookDelivery.objects.create(endpoint=endpoint, event=event, next_at=now())

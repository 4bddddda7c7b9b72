"""What happens is heard, and told once: in the transaction in which it happens, whatever order commits come in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connections, transaction
from django.db import connection as database
from jsonschema import Draft202012Validator

from commerce_sync import services, work
from connectors.auth import Secrets
from connectors.authorizing import unlink
from connectors.credentials import store
from connectors.models import PushItem
from connectors.services import deauthorize
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.settle import settle
from health.models import Finding, Heard, WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks import telling
from health.webhooks.event_types import EVENT_TYPES, MOST_BYTES, NAMES
from health.webhooks.expiring import warn_of_ends
from health.webhooks.payloads import PUBLISHED_TYPES, Webhook, WebhookFinding, WebhookFindings, data_shape, small_body
from health.webhooks.services import add_endpoint
from health.webhooks.telling import tell
from ledger import sql
from ledger.models import AuditEntry, Company, Document, Partner, RecordRow
from ledger.services import audit, create_company, now, save_book
from tests.api.cast import make_company, make_partner, ready_company, shop_of
from tests.api.contract import FOLDER, is_here
from tests.commerce_sync.cast import allow_truncate, an_order, books_of, sell
from tests.health.receiver import tell_all

pytestmark = pytest.mark.django_db


def listen(partner: Partner, *event_types: str) -> WebhookEndpoint:
    """An endpoint to which nothing is sent here."""
    url = f"https://till.example/{uuid4()}"
    return add_endpoint(partner=partner, url=url, description="", event_types=event_types, actor="test").row


def told(company: Company | None = None) -> list[dict[str, Any]]:
    """The bodies of all events, in the order in which they were told."""
    tell_all()
    events = WebhookEvent.objects.order_by("id")
    if company is not None:
        events = events.filter(company=company)
    return [json.loads(bytes(event.body)) for event in events]


def types(company: Company | None = None) -> list[str]:
    return [body["type"] for body in told(company)]


def a_synced_shop(partner: Partner, *event_types: str) -> Company:
    """A company with a sale that was synced while an endpoint listened."""
    company = ready_company(partner)
    listen(partner, *event_types)
    sell(company, an_order(1), an_order(2, amount=2_400))
    services.request_sync(company=company)
    work.drain(10)
    return company


@pytest.fixture
def shop(partner: Partner, transactional_db: None) -> Company:
    allow_truncate()
    return a_synced_shop(partner)


def test_a_sync_tells_of_its_beginning_its_documents_and_its_end(shop: Company) -> None:
    bodies = {body["type"]: body for body in told(shop)}
    assert {"sync.started", "document.pushed", "sync.completed"} <= set(bodies)
    began, ended, pushed = (bodies[name]["data"] for name in ("sync.started", "sync.completed", "document.pushed"))
    sync = shop.syncs.get()
    assert began["syncId"] == ended["syncId"] == pushed["correlationId"] == str(sync.public_id)
    assert (began["syncStatusCode"], began["syncStatus"], began["dataPushed"]) == (1000, "Started", False)
    assert (ended["syncStatusCode"], ended["syncStatus"], ended["dataPushed"]) == (2000, "Complete", True)
    document = Document.objects.get()
    assert pushed["count"] == 1
    assert pushed["documents"][0]["reference"] == document.reference
    assert pushed["documents"][0]["syncId"] == str(sync.public_id)


def test_amounts_leave_as_decimal_numbers(shop: Company) -> None:
    tell_all()
    body = bytes(WebhookEvent.objects.get(type="document.pushed").body).decode()
    assert f'"totalAmount":{Document.objects.get().total / 100:.2f}' in body


def test_an_endpoint_is_told_of_what_it_asked_for_and_of_nothing_else(partner: Partner, transactional_db: None) -> None:
    allow_truncate()
    a_synced_shop(partner, "sync.completed")
    assert types() == ["sync.completed"]
    assert WebhookDelivery.objects.count() == 1


def test_nothing_is_heard_of_partners_without_an_endpoint(partner: Partner) -> None:
    listen(partner)
    Heard.objects.all().delete()
    outsider = make_partner("Outsider POS")
    ready_company(outsider)
    assert not Heard.objects.exists()
    ready_company(partner)
    assert Heard.objects.exists()


def test_what_is_rolled_back_is_not_told(partner: Partner) -> None:
    company = make_company(partner)
    listen(partner)
    with transaction.atomic():
        audit(code="sync.paused", actor="test", company=company)
        transaction.set_rollback(True)
    assert types() == []


def test_telling_twice_tells_once(partner: Partner) -> None:
    company = make_company(partner)
    listen(partner)
    audit(code="sync.paused", actor="test", company=company)
    tell_all()
    tell_all()
    assert types() == ["sync.paused"]
    assert WebhookDelivery.objects.count() == 1


def test_a_crash_while_telling_leaves_it_to_be_told_by_the_next(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = make_company(partner)
    listen(partner)
    audit(code="sync.paused", actor="test", company=company)
    with monkeypatch.context() as patch:
        patch.setattr(telling, "_DELIVERIES", "SELECT 1/0 WHERE cardinality(%s::uuid[]) > 0 AND %s <> ''")
        with pytest.raises(Error), transaction.atomic():
            tell()
    assert WebhookEvent.objects.count() == 0
    assert types() == ["sync.paused"]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_with_a_smaller_id_is_told_all_the_same(partner: Partner) -> None:
    allow_truncate()
    company = make_company(partner)
    listen(partner)
    tell_all()
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            audit(code="sync.paused", actor="slow", company=company, subject="first")
            written.set()
            may_commit.wait(10)
        connections.close_all()

    writer = threading.Thread(target=slow)
    writer.start()
    written.wait(10)
    audit(code="sync.paused", actor="quick", company=company, subject="second")
    tell_all()
    assert WebhookEvent.objects.count() == 1
    may_commit.set()
    writer.join(10)
    tell_all()
    assert WebhookEvent.objects.count() == 2
    ids = dict(AuditEntry.objects.filter(code="sync.paused").values_list("subject", "id"))
    assert ids["first"] < ids["second"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_tell_at_once_tell_each_thing_once(partner: Partner) -> None:
    allow_truncate()
    company = make_company(partner)
    listen(partner)
    tell_all()
    for _ in range(60):
        audit(code="sync.paused", actor="test", company=company)
    start = threading.Barrier(2)

    def worker() -> None:
        start.wait(10)
        while tell(limit=7):
            pass
        connections.close_all()

    workers = [threading.Thread(target=worker) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(20)
    assert WebhookEvent.objects.count() == WebhookDelivery.objects.count() == 60


def find(company: Company | None, count: int, *, code: str = "malformed", **facts: Any) -> None:
    """So many findings of a code are there, and no others."""
    scope = Scope((company.pk,), now()) if company else None
    seen = [Seen(code, company.pk if company else None, f"x {n}", **facts) for n in range(count)]
    settle({code}, scope, Looked(tuple(seen)), now())


def test_findings_are_told_set_by_set_when_they_open_and_when_they_are_resolved(partner: Partner) -> None:
    company = make_company(partner)
    listen(partner)
    find(company, 250)
    find(company, 250)  # seen again: nothing new
    find(company, 248)
    opened, resolved = [body for body in told(company) if body["type"].startswith("finding.")]
    assert (opened["type"], opened["data"]["count"]) == ("finding.opened", 250)
    first = opened["data"]["findings"][0]
    assert (first["code"], first["blocks"], first["severity"]) == ("malformed", True, "error")
    assert first["turn"] in ("merchant", "partner")
    assert first["sentence"]
    assert first["id"] == str(Finding.objects.order_by("id")[0].public_id)
    assert "resolvedUtc" not in first
    assert (resolved["type"], resolved["data"]["count"]) == ("finding.resolved", 2)
    assert resolved["data"]["findings"][0]["resolvedUtc"]


def test_a_finding_tells_its_amount_and_the_first_record_that_causes_it(shop: Company) -> None:
    tell_all()
    WebhookEvent.objects.all().delete()
    record = RecordRow.objects.order_by("pk")[0]
    causes = (Cause("document", "1", "D"), Cause("record", str(record.pk), "order 1"))
    find(shop, 1, code="documents_differ", causes=causes, currency="GBP", amount=1)
    (body,) = told(shop)
    (finding,) = body["data"]["findings"]
    assert (finding["amount"], finding["currency"]) == (0.01, "GBP")
    assert (finding["recordKind"], finding["recordId"]) == (record.kind, record.external_id)


def test_what_is_of_no_company_is_told_to_nobody(partner: Partner) -> None:
    listen(partner)
    find(None, 1, code="workers_gone")
    find(None, 1, code="endpoint_failing", partner_id=partner.pk)
    assert types() == []
    assert not Heard.objects.exists()


def test_refusals_and_taken_back_documents_are_told_from_the_rows_themselves(shop: Company) -> None:
    tell_all()
    WebhookEvent.objects.all().delete()
    document = Document.objects.get()
    with only_hearing("connectors_pushitem", "later_refusal_is_heard"):
        PushItem.objects.update(state="refused", binding=None, failure_code="validation", failure_turn="merchant",
                                failure_sentence="No.", failure_remedy="Do.")  # fmt: skip
        PushItem.objects.update(failure_code="other")
    with only_hearing("ledger_document", "document_is_heard"):
        Document.objects.update(voided_at=now())
    refused, voided = told(shop)
    assert (refused["type"], voided["type"]) == ("document.refused", "document.voided")
    assert refused["data"]["documents"][0]["failureCode"] == "other"
    assert refused["data"]["documents"][0]["failureTurn"] == "merchant"
    assert voided["data"]["documents"][0]["reference"] == document.reference


@contextmanager
def only_hearing(table: str, trigger: str) -> Iterator[None]:
    """Without the guards of a table, but with the trigger that listens to it."""
    run(f"ALTER TABLE {table} DISABLE TRIGGER USER; ALTER TABLE {table} ENABLE TRIGGER {trigger}")
    try:
        yield
    finally:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def run(statement: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement)


def test_the_events_of_connections_have_the_published_shape_too(partner: Partner) -> None:
    listen(partner)
    company = ready_company(partner)
    link = shop_of(company)
    deauthorize(connection_id=link.pk, actor="engine", reason="revoked at the platform")
    unlink(connection=link, actor="api:tests")
    bodies = [body for body in told(company) if body["data"].get("connectionId") == str(link.public_id)]
    assert [(body["type"], body["eventType"], body["data"]["status"]) for body in bodies] == [
        ("connection.linked", "connection.connected", "Linked"),
        ("connection.unlinked", "connection.disconnected", "Deauthorized"),
        ("connection.unlinked", "connection.disconnected", "Unlinked"),
    ]
    assert bodies[1]["data"]["reason"] == "revoked at the platform"
    for body in bodies:
        assert body["payload"]["connection"]["status"] == body["data"]["status"]
        assert body["payload"]["referenceCompany"] == {"id": str(company.public_id), "name": company.name}
        assert body["id"] == str(WebhookEvent.objects.get(public_id=body["id"]).public_id)
        check_published(body)


def check_published(body: dict[str, Any]) -> None:
    """Hold a body to the published ConnectionWebhook."""
    if not is_here():
        return
    document = json.loads((FOLDER / "sync-for-commerce.openapi.json").read_text())
    whole = {"$ref": "#/components/schemas/ConnectionWebhook", "components": document["components"]}
    assert [error.message for error in Draft202012Validator(whole).iter_errors(body)] == []


def test_a_changed_mapping_is_told_with_its_fields_and_without_anybodys_name(partner: Partner) -> None:
    company = ready_company(partner)
    listen(partner)
    version = company.book_versions.get()
    save_book(company=company, book=version.book.__class__(**{**_fields(version.book), "suspense": "999"}),
              author="amy@till.example", reason="test")  # fmt: skip
    (body,) = told(company)
    assert (body["type"], body["data"]["changed"], body["data"]["changedBy"]) == (
        "configuration.changed", "mapping", "console",
    )  # fmt: skip
    assert body["data"]["fields"]
    assert "amy" not in json.dumps(body)


def _fields(book: Any) -> dict[str, Any]:
    return {name: getattr(book, name) for name in book.__struct_fields__}


def test_a_document_that_reads_back_different_is_told_with_its_accounts(shop: Company) -> None:
    tell_all()
    WebhookEvent.objects.all().delete()
    reference = Document.objects.get().reference
    detail = {"ours": {"200": -1000, "090": 1000}, "theirs": {"200": -900, "090": 1000}}
    audit(code="document.mismatch", actor="push", company=shop, subject=reference, detail=detail)
    audit(code="document.removed", actor="push", company=shop, subject=reference)
    changed, removed = told(shop)
    assert changed["type"] == removed["type"] == "reconciliation.difference"
    assert changed["data"]["accounts"] == [{"account": "200", "ours": -10.0, "theirs": -9.0}]
    assert (changed["data"]["difference"], removed["data"]["difference"]) == ("changed", "removed")


def test_each_code_of_the_audit_trail_that_is_an_event_is_told(partner: Partner, shop: Company) -> None:
    tell_all()
    WebhookEvent.objects.all().delete()
    link, sync, reference = books_of(shop), shop.syncs.get(), Document.objects.get().reference
    subjects = {"connection": link.public_id, "sync": sync.public_id, "reconciliation": reference}
    for event_type in EVENT_TYPES:
        for code in event_type.audit_codes:
            subject = str(subjects.get(event_type.name.partition(".")[0], "x"))
            audit(code=code, actor="test", company=shop, subject=subject)
            assert types(shop) == [event_type.name], code
            WebhookEvent.objects.all().delete()


def test_an_audit_code_that_is_no_event_and_one_of_no_company_are_passed_over(partner: Partner) -> None:
    listen(partner)
    audit(code="api_key.created", actor="test", partner=partner)
    audit(code="sync.paused", actor="test", partner=partner)
    create_company(partner=partner, name="Quiet", actor="test")
    assert types() == []
    assert not Heard.objects.exists()


def test_an_endpoint_that_is_disabled_gets_no_delivery_and_its_events_are_kept_for_it(partner: Partner) -> None:
    company = make_company(partner)
    endpoint = listen(partner)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=now(), disabled_reason="test")
    audit(code="sync.paused", actor="test", company=company)
    assert types() == ["sync.paused"]
    assert not WebhookDelivery.objects.exists()


def test_events_go_to_their_own_partner_only(partner: Partner) -> None:
    mine, theirs = listen(partner), listen(make_partner("Outsider POS"))
    audit(code="sync.paused", actor="test", company=make_company(partner))
    tell_all()
    assert list(WebhookDelivery.objects.values_list("endpoint_id", flat=True)) == [mine.pk] != [theirs.pk]


def test_a_body_is_never_larger_than_it_may_be() -> None:
    finding = WebhookFinding(
        id=uuid4(), code="x" * 40, title="T", sentence="S" * 200, remedy="R" * 200, severity="error", turn="merchant",
        blocks=True, found_utc=now(), count=1, record_id="é" * 255,
    )  # fmt: skip
    data = WebhookFindings(company_id=uuid4(), count=5_000, findings=[finding] * 100, correlation_id="c")
    body = small_body(Webhook(type="finding.opened", timestamp=now(), data=data))
    listed = json.loads(body)["data"]
    assert len(body) <= MOST_BYTES
    assert listed["count"] == 5_000
    assert 0 < len(listed["findings"]) < 100


def test_every_type_has_a_shape_and_the_published_names_are_those_of_connections() -> None:
    assert all(data_shape(name) for name in NAMES)
    assert set(PUBLISHED_TYPES) == {name for name in NAMES if name.startswith("connection.")}


def test_the_triggers_are_there_and_a_statement_without_endpoints_is_not_heard(partner: Partner) -> None:
    """audit_is_heard sync_is_heard document_is_heard refusal_is_heard later_refusal_is_heard finding_is_heard
    finding_end_is_heard"""
    company = make_company(partner)
    find(company, 1)
    find(company, 0)
    assert not Heard.objects.exists()
    found = {name for (name,) in sql.rows("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal")}
    wanted = test_the_triggers_are_there_and_a_statement_without_endpoints_is_not_heard.__doc__ or ""
    assert set(wanted.split()) <= found


def test_what_is_refused_with_its_first_row_is_heard_too(shop: Company) -> None:
    """As the built-in books do, which refuse with the row that they make."""
    tell_all()
    WebhookEvent.objects.all().delete()
    with only_hearing("connectors_pushitem", "refusal_is_heard"):
        PushItem.objects.all().delete()
        run("""INSERT INTO connectors_pushitem (document_id, company_id, connection_id, state, attempts, failure_code,
                   failure_sentence, failure_remedy, failure_turn, updated_at)
               SELECT document.id, company_id, connection.id, 'refused', 1, 'validation', 'No.', 'Do.', 'merchant',
                   now()
               FROM ledger_document document JOIN connectors_connection connection USING (company_id)
               WHERE connection.kind = 'accounting'""")
    assert types(shop) == ["document.refused"]


def test_an_authorization_that_ends_soon_is_told_of_once(partner: Partner) -> None:
    company = ready_company(partner)
    listen(partner)
    link, at = shop_of(company), now()
    for secrets, warned in (
        (Secrets(access_token="a", expires_at=at + timedelta(days=30)), 0),  # not yet
        (Secrets(access_token="a", refresh_token="r", expires_at=at + timedelta(days=5)), 0),  # renewed by us
        (Secrets(access_token="a", expires_at=at + timedelta(hours=1)), 0),  # too short to be anything else
        (Secrets(access_token="a", expires_at=at + timedelta(days=5)), 1),
    ):
        store(connection_id=link.pk, secrets=secrets)
        assert warn_of_ends() == warned
    assert warn_of_ends() == 0
    (body,) = told(company)
    assert (body["type"], body["eventType"]) == ("connection.expiring", "connection.expiring")
    assert body["data"]["status"] == "Linked"
    assert body["data"]["expires"].startswith((at + timedelta(days=5)).date().isoformat())
    check_published(body)

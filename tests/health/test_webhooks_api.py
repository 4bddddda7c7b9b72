"""The partner's own endpoints through the API: rules of addresses, secrets shown once, the log, and isolation."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from commerce_sync import errands
from connectors.addresses import BadAddress
from connectors.sealing import Unreadable, seal_text, unseal_text
from health.doctor_webhooks import webhooks
from health.models import Heard, WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks.address import webhook_address
from health.webhooks.event_types import NAMES
from health.webhooks.retry import LONGEST_ASKED, MOST_TRIES, PAUSES, pause_before, rest_after
from health.webhooks.secrets import seal_anew, unseal
from health.webhooks.services import MOST_ENDPOINTS, send_test
from ledger.models import AuditEntry
from ledger.services import audit, now
from tests.api.cast import Api, make_company
from tests.commerce_sync.cast import allow_truncate
from tests.connectors.server import PlatformServer
from tests.health.receiver import ids, let_time_pass, send_all, tell_all, verified

pytestmark = pytest.mark.django_db
URL = "https://till.example/hooks/sales/?tenant=7"


def create(api: Api, url: str = URL, **more: Any) -> dict[str, Any]:
    response = api.post("/config/webhooks", {"url": url, **more})
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def test_an_endpoint_is_added_with_a_secret_that_is_shown_once(api: Api) -> None:
    response = api.post("/config/webhooks", {"url": URL, "eventTypes": ["sync.failed"], "description": "alarms"},
                        headers={"Idempotency-Key": "one"})  # fmt: skip
    made = response.json()
    assert made["secret"].startswith("whsec_")
    assert response["Cache-Control"] == "no-store"
    endpoint = made["endpoint"]
    assert (endpoint["url"], endpoint["eventTypes"], endpoint["status"]) == (URL, ["sync.failed"], "enabled")
    one = api.get(f"/config/webhooks/{endpoint['id']}")
    listed = api.get("/config/webhooks").json()
    assert one.json() == endpoint == listed["results"][0]
    assert made["secret"] not in one.content.decode() + json.dumps(listed)
    row = WebhookEndpoint.objects.get()
    assert unseal(row.public_id, bytes(row.sealed_secret)) == made["secret"]
    with database.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM health_webhookendpoint t")
        assert made["secret"].removeprefix("whsec_") not in cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM commerce_sync_storedanswer")
        assert cursor.fetchone()[0] == 0
    entry = AuditEntry.objects.get(code="webhook.added")
    assert entry.detail["url"] == "https://till.example/hooks/sales/"
    assert made["secret"] not in json.dumps(entry.detail)


REFUSED = [
    "http://till.example/x",
    "https://user:word@till.example/x",
    "https://127.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://10.0.0.8/x",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/x",
    "https://localhost/x",
    "https://printer.local/x",
    "https://intranet/x",
    "https://till.example:8443/x",
    "https://till.example/x#part",
    "https://till.example/a/../b",
    "https://till.example/x y",
    "https://till.example/x?a=<b>",
    "https://till.example\\@evil.example/",
    "https://täll.example/x",
    "ftp://till.example/x",
    "till.example/x",
    "https:///x",
    "https://till.example/" + "x" * 500,
    "",
]


@pytest.mark.case("S10")
@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_must_not_be_called_is_refused_by_name(api: Api, url: str) -> None:
    response = api.post("/config/webhooks", {"url": url})
    assert response.status_code == 400
    assert "url" in response.json()["validation"]["errors"][0]["itemId"]
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Till.Example", "https://till.example/"),
        ("https://till.example:443/a", "https://till.example/a"),
        ("https://till.example/a/?b=c&d=%20/@e", "https://till.example/a/?b=c&d=%20/@e"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]/x", "https://[2606:2800:220:1:248:1893:25c8:1946]/x"),
        ("http://10.0.0.8:8080/x", "http://10.0.0.8:8080/x"),
    ],
)
def test_an_address_is_kept_to_the_letter_after_its_host(given: str, kept: str) -> None:
    assert webhook_address(given, private=["10.0.0.8:8080"]) == kept


def test_the_same_address_is_taken_once_by_a_partner_and_free_for_others(api: Api, other_api: Api) -> None:
    create(api)
    again = api.post("/config/webhooks", {"url": "https://TILL.example:443/hooks/sales/?tenant=7"})
    assert (again.status_code, again.json()["validation"]["errors"][0]["itemId"]) == (400, "url")
    create(other_api)


def test_there_is_an_end_to_endpoints(api: Api) -> None:
    for number in range(MOST_ENDPOINTS):
        create(api, f"https://till.example/{number}")
    response = api.post("/config/webhooks", {"url": "https://till.example/one-more"})
    assert response.status_code == 400
    assert "20 endpoints" in response.json()["error"]


def test_an_unknown_event_type_is_named(api: Api) -> None:
    response = api.post("/config/webhooks", {"url": URL, "eventTypes": ["sync.failed", "sync.vanished"]})
    assert response.status_code == 400
    assert response.json()["validation"]["errors"][0]["itemId"] == "eventTypes[1]"
    types = api.get("/config/webhooks/eventTypes").json()
    assert [each["name"] for each in types] == list(NAMES)


def test_an_endpoint_is_changed_disabled_and_enabled(api: Api) -> None:
    endpoint = create(api)["endpoint"]
    path = f"/config/webhooks/{endpoint['id']}"
    changed = api.patch(path, {"url": "https://till.example/other", "eventTypes": ["sync.failed"]}).json()
    assert (changed["url"], changed["eventTypes"]) == ("https://till.example/other", ["sync.failed"])
    disabled = api.patch(path, {"enabled": False}).json()
    assert (disabled["status"], disabled["disabledReason"]) == ("disabled", "It was disabled by you.")
    assert api.post(f"{path}/test").status_code == 409
    assert api.patch(path, {"enabled": True}).json()["status"] == "enabled"
    assert api.patch(path, {"url": "https://127.0.0.1/"}).status_code == 400
    assert api.patch(path, {"secret": "mine"}).status_code == 400
    assert api.get(path).json()["url"] == "https://till.example/other"


def test_an_endpoint_is_removed_with_its_log(api: Api) -> None:
    endpoint = create(api)["endpoint"]
    path = f"/config/webhooks/{endpoint['id']}"
    api.post(f"{path}/test")
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.delete(path).status_code == 404
    assert not WebhookDelivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_test_event_its_log_and_its_replay(api: Api, server: PlatformServer) -> None:
    allow_truncate()
    made = create(api, f"{server.url}/hook")
    path = f"/config/webhooks/{made['endpoint']['id']}"
    queued = api.post(f"{path}/test").json()
    assert (queued["status"], queued["eventType"]) == ("waiting", "webhook.test")
    server.fail("err500_before")
    send_all()
    log = api.get(f"{path}/deliveries/{queued['id']}").json()
    assert log["delivery"]["status"] == "waiting"
    assert log["delivery"]["lastStatusCode"] == log["attempts"][0]["statusCode"] == 500
    assert log["attempts"][0]["answer"] == '{"error": "internal"}'
    assert log["payload"]["data"]["message"]
    let_time_pass(timedelta(seconds=10))
    send_all()
    assert verified(server.log[-1], made["secret"]) == log["payload"]
    (row,) = api.get(f"{path}/deliveries?query=status=delivered&&eventType=webhook.test").json()["results"]
    assert (row["id"], row["attempts"]) == (queued["id"], 2)
    assert api.get(f"{path}/deliveries?query=status=failed").json()["totalResults"] == 0
    again = api.post(f"{path}/deliveries/{queued['id']}/replay")
    assert (again.status_code, again.json()["status"]) == (200, "waiting")
    send_all()
    assert list(ids(server).values()) == [3]
    replayed = api.get(f"{path}/deliveries/{queued['id']}").json()
    assert [each["number"] for each in replayed["attempts"]] == [3, 2, 1]


def test_a_delivery_that_is_being_sent_is_not_replayed(api: Api) -> None:
    endpoint = create(api)["endpoint"]
    send_test(endpoint=WebhookEndpoint.objects.get(), correlation="c")
    WebhookDelivery.objects.update(state="sending", next_at=None, lease_until=now(), lease_token=uuid4())
    delivery = WebhookDelivery.objects.get().public_id
    response = api.post(f"/config/webhooks/{endpoint['id']}/deliveries/{delivery}/replay")
    assert response.status_code == 409


def test_a_range_is_replayed_and_a_bad_one_is_refused(api: Api) -> None:
    endpoint = create(api)["endpoint"]
    path = f"/config/webhooks/{endpoint['id']}/replay"
    began = now()
    bad = [("2026-03-02T00:00:00", "2026-03-03T00:00:00Z"), ("2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z")]
    for start, finish in bad:
        assert api.post(path, {"start": start, "finish": finish}).status_code == 400
    good = {"start": began.isoformat(), "finish": (began + timedelta(hours=1)).isoformat()}
    assert api.post(path, good).json() == {"deliveries": 0}


def test_a_rotated_secret_is_shown_once_and_the_former_one_ends(api: Api) -> None:
    made = create(api)
    response = api.post(f"/config/webhooks/{made['endpoint']['id']}/rotateSecret", {"overlapSeconds": 3600})
    new = response.json()
    assert new["secret"] != made["secret"]
    assert new["endpoint"]["formerSecretUntil"]
    assert response["Cache-Control"] == "no-store"
    too_long = api.post(f"/config/webhooks/{made['endpoint']['id']}/rotateSecret", {"overlapSeconds": 10**7})
    assert too_long.status_code == 400


def test_what_is_another_partners_is_answered_as_what_does_not_exist(api: Api, other_api: Api) -> None:
    endpoint = create(api)["endpoint"]["id"]
    delivery = api.post(f"/config/webhooks/{endpoint}/test").json()["id"]
    nobody = str(uuid4())
    mine = create(other_api, "https://other.example/")["endpoint"]["id"]
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/config/webhooks/{e}", None),
        ("PATCH", "/config/webhooks/{e}", {"description": "x"}),
        ("DELETE", "/config/webhooks/{e}", None),
        ("POST", "/config/webhooks/{e}/rotateSecret", {}),
        ("POST", "/config/webhooks/{e}/test", None),
        ("POST", "/config/webhooks/{e}/replay", {"start": "2026-03-02T00:00Z", "finish": "2026-03-03T00:00Z"}),
        ("GET", "/config/webhooks/{e}/deliveries", None),
        ("GET", "/config/webhooks/{e}/deliveries/{d}", None),
        ("POST", "/config/webhooks/{e}/deliveries/{d}/replay", None),
    ]
    for method, path, body in calls:
        theirs = other_api.send(method, path.format(e=endpoint, d=delivery), body)
        none = other_api.send(method, path.format(e=nobody, d=nobody), body)
        assert theirs.status_code == none.status_code == 404, (method, path)
        assert theirs.json()["error"].replace(endpoint, nobody) == none.json()["error"]
        if "{d}" in path:  # the caller's own endpoint, with a delivery of somebody else's
            theirs = other_api.send(method, path.format(e=mine, d=delivery), body)
            assert theirs.json()["error"] == f"No webhook delivery was found with ID {delivery}"
    assert [row["id"] for row in other_api.get("/config/webhooks").json()["results"]] == [mine]
    assert WebhookEndpoint.objects.get(public_id=endpoint).description == ""


def test_ids_that_are_none_are_not_found(api: Api) -> None:
    assert api.get("/config/webhooks/what").status_code == 404
    endpoint = create(api)["endpoint"]["id"]
    assert api.get(f"/config/webhooks/{endpoint}/deliveries/what").status_code == 404


def test_a_list_of_deliveries_costs_the_same_however_long_it_is(api: Api) -> None:
    endpoint = create(api)["endpoint"]["id"]
    company = make_company(api.partner)
    counts = []
    for total in (1, 4):
        for _ in range(total - 1):
            audit(code="sync.paused", actor="test", company=company)
        tell_all()
        send_test(endpoint=WebhookEndpoint.objects.get(), correlation="c") if total == 1 else None
        with CaptureQueriesContext(database) as queries:
            assert api.get(f"/config/webhooks/{endpoint}/deliveries").json()["totalResults"] == total
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.case("S17")
def test_secrets_are_bound_to_their_row_and_survive_a_change_of_keys(api: Api, settings: Any) -> None:
    secret = create(api)["secret"]
    other = create(api, "https://till.example/other")
    row = WebhookEndpoint.objects.get(url=URL)
    with pytest.raises(Unreadable):
        unseal(row.public_id, bytes(WebhookEndpoint.objects.get(public_id=other["endpoint"]["id"]).sealed_secret))
    api.post(f"/config/webhooks/{row.public_id}/rotateSecret", {})
    former = settings.COMMERCE_SYNC_ENCRYPTION_KEYS
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *former]
    assert webhooks().level == "warning"
    assert seal_anew() == 2
    assert seal_anew() == 0
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = settings.COMMERCE_SYNC_ENCRYPTION_KEYS[:1]
    row.refresh_from_db()
    assert row.sealed_former is not None
    assert unseal(row.public_id, bytes(row.sealed_former)) == secret
    assert webhooks().level == "ok"
    settings.COMMERCE_SYNC_ENCRYPTION_KEYS = former
    assert webhooks().level == "failure"
    assert seal_anew() == 0


def test_a_sealed_text_serves_its_purpose_only() -> None:
    assert unseal_text("this", seal_text("this", "secret")) == "secret"
    with pytest.raises(Unreadable):
        unseal_text("that", seal_text("this", "secret"))
    with pytest.raises(Unreadable):
        unseal_text("this", b"junk")


def test_the_doctor_says_when_partners_wait(api: Api) -> None:
    assert webhooks().said == "all sent"
    create(api)
    send_test(endpoint=WebhookEndpoint.objects.get(), correlation="c")
    assert webhooks().level == "ok"
    let_time_pass(timedelta(minutes=10))
    assert webhooks().level == "warning"
    let_time_pass(timedelta(minutes=40))
    assert webhooks().level == "failure"
    WebhookEndpoint.objects.update(failing_since=now(), failures=1)
    assert webhooks().level == "ok"  # theirs to repair
    Heard.objects.create(company_id=1, kind="audit", row_id=1, at=now() - timedelta(hours=2))
    assert webhooks().level == "failure"


def test_the_console_shows_webhooks_without_their_secrets(api: Api) -> None:
    create(api)
    send_test(endpoint=WebhookEndpoint.objects.get(), correlation="c")
    user = get_user_model().objects.create_superuser("root", "root@till.example", "word")
    client = Client()
    client.force_login(user)
    row = WebhookEndpoint.objects.get()
    page = client.get(f"/admin/health/webhookendpoint/{row.pk}/change/").content.decode()
    assert "till.example" in page
    assert "sealed" not in page.lower()
    assert bytes(row.sealed_secret).decode() not in page
    assert client.get(f"/admin/health/webhookevent/{WebhookEvent.objects.get().pk}/change/").status_code == 200
    for name in ("webhookendpoint", "webhookevent", "webhookdelivery", "webhookattempt"):
        assert client.get(f"/admin/health/{name}/").status_code == 200
    request = RequestFactory().get("/")
    request.user = user
    for model in (WebhookEndpoint, WebhookDelivery):
        assert not admin.site.get_model_admin(model).has_change_permission(request)


def test_an_errand_that_fails_is_logged_and_stops_nothing(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.COMMERCE_SYNC_ERRANDS = [f"{__name__}.broken", "no.such.errand", f"{__name__}.counted"]
    before = len(COUNTED)
    assert errands.run_errands(1) is True
    assert len(COUNTED) == before + 1
    assert caplog.text.count("failed") >= 2


COUNTED: list[float] = []


def broken(seconds: float) -> None:
    raise RuntimeError("an errand of a test")


def counted(seconds: float) -> bool:
    COUNTED.append(seconds)
    return True


def test_pauses_grow_and_end_and_heed_what_is_asked() -> None:
    assert [pause_before(tries, 0) for tries in range(1, MOST_TRIES)] == list(PAUSES[1:])
    assert pause_before(MOST_TRIES, 0) is None
    assert sum(PAUSES, timedelta(0)) > timedelta(days=3)
    assert pause_before(1, 0.99) == PAUSES[1] * (1 + 0.1 * 0.99)
    assert pause_before(1, 0, timedelta(minutes=10)) == timedelta(minutes=10)
    assert pause_before(1, 0, timedelta(days=10)) == LONGEST_ASKED
    assert pause_before(9, 0, timedelta(seconds=1)) == PAUSES[9]
    rests = [rest_after(failures) for failures in range(1, 12)]
    assert rests[:3] == [None, None, timedelta(seconds=5)]
    assert rests[-1] == timedelta(seconds=300) == rest_after(10_000)
    assert rest_after(1, timedelta(seconds=30)) == timedelta(seconds=30)


ENDPOINT = "UPDATE health_webhookendpoint SET {}"
DELIVERY = "UPDATE health_webhookdelivery SET {}"
BROKEN = [
    ("webhook_endpoint_url_once", """INSERT INTO health_webhookendpoint (public_id, partner_id, url, description,
        event_types, sealed_secret, key_id, failures, disabled_reason)
        SELECT gen_random_uuid(), partner_id, url, '', '{}', '', '', 0, '' FROM health_webhookendpoint"""),
    ("webhook_endpoint_url_is_web", ENDPOINT.format("url = 'file:///etc/passwd'")),
    ("webhook_endpoint_former_secret_ends", ENDPOINT.format("sealed_former = 'x'")),
    ("webhook_endpoint_disabled_says_why", ENDPOINT.format("disabled_at = now()")),
    ("webhook_endpoint_failing_counts", ENDPOINT.format("failures = 1")),
    ("webhook_event_body_is_small", "UPDATE health_webhookevent SET body = repeat('x', 20001)::bytea"),
    ("webhook_event_has_type", "UPDATE health_webhookevent SET type = ''"),
    ("webhook_delivery_once", """INSERT INTO health_webhookdelivery (public_id, endpoint_id, event_id, state, tries,
        attempts, next_at, last_error)
        SELECT gen_random_uuid(), endpoint_id, event_id, state, 0, 0, next_at, '' FROM health_webhookdelivery"""),
    ("webhook_delivery_state_is_whole", DELIVERY.format("state = 'sending'")),
    ("webhook_delivery_state_is_whole", DELIVERY.format("next_at = NULL")),
    ("webhook_delivery_ended_at", DELIVERY.format("ended_at = now()")),
    ("webhook_attempt_number_once", """INSERT INTO health_webhookattempt (delivery_id, number, started_at, answer,
        error) SELECT id, number, now(), '', '' FROM health_webhookdelivery, (VALUES (1), (1)) AS t(number)"""),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "statement"), BROKEN)
def test_postgresql_itself_refuses(api: Api, constraint: str, statement: str) -> None:
    create(api)
    send_test(endpoint=WebhookEndpoint.objects.get(), correlation="c")
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement)


def test_a_bad_address_is_said_in_a_sentence() -> None:
    with pytest.raises(BadAddress, match="at port 443"):
        webhook_address("https://till.example:22/", private=())

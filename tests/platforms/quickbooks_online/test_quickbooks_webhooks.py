"""What Intuit tells by webhook: believed when it is signed, and then only looked at again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from quickbooks import QuickBooks

from commerce_sync.models import Job
from commerce_sync.services import save_schedule
from commerce_sync.work import drain
from connectors.accounting.quickbooks_online import QuickBooksOnline
from connectors.declare import Budget
from connectors.models import Binding, Connection, IncomingWebhook
from connectors.models import Option as OptionRow
from connectors.options import ensure_fresh
from connectors.webhooks import Deliveries, Heard
from ledger.models import AuditEntry
from ledger.services import now
from tests.ledger.builders import an_order
from tests.platforms.quickbooks_online.cast import a_shop, states
from tests.platforms.quickbooks_online.fake import REALM, Fake, running
from tests.platforms.targets import Linked

pytestmark = pytest.mark.django_db

VERIFIER = "3a1ad86b-b2e5-4c61-9b0f-0d1c7f1f8a23"
PLATFORM = QuickBooksOnline()
TOLD = datetime(2026, 3, 5, 12, tzinfo=UTC)


def event(kind: str, id: str = "145", *, company: str = REALM, at: str = "2026-03-05T12:00:00.034359333Z") -> Any:
    """An event of the form of 2026."""
    named = {"type": f"qbo.{kind}.updated.v1", "intuitentityid": id, "intuitaccountid": company}
    return {
        "specversion": "1.0",
        "id": f"{kind}-{id}-{at}",
        "source": "intuit.dsnBgbse",
        "time": at,
        **named,
        "data": {},
    }


def before(*entities: tuple[str, str, str], company: str = REALM) -> Any:
    """A delivery of the older form: name, id and instant of each thing."""
    rows = [{"name": name, "id": id, "operation": "Update", "lastUpdated": at} for name, id, at in entities]
    return {"eventNotifications": [{"realmId": company, "dataChangeEvent": {"entities": rows}}]}


def told(body: Any, company: str = REALM) -> Heard:
    return PLATFORM.heard(json.dumps(body).encode(), company)


def test_both_forms_say_the_same() -> None:
    at = TOLD.replace(microsecond=34359)
    wanted = Heard({"Invoice/145": at, "JournalEntry/7": at}, options=True)
    assert told([event("invoice"), event("journalentry", "7"), event("account", "9")]) == wanted
    older = before(("Invoice", "145", "2026-03-05T04:00:00-0800"), ("Account", "9", "2026-03-05T12:00:00Z"))
    assert told(older) == Heard({"Invoice/145": TOLD}, options=True)


def test_of_two_changes_of_one_thing_the_later_counts_and_one_without_an_instant_always() -> None:
    late = "2026-03-05T13:00:00Z"
    assert told([event("bill", at=late), event("bill")]).documents == {"Bill/145": TOLD + timedelta(hours=1)}
    assert told([event("bill", at="yesterday"), event("bill", at=late)]).documents == {"Bill/145": None}
    assert told([event("bill", at="2026-03-05T12:00:00")]).documents == {"Bill/145": None}


def test_lists_that_change_with_every_sale_are_not_fetched_for_each() -> None:
    assert told([event("customer"), event("item")]) == Heard()
    assert told([event("customer"), event("taxcode")]).options


def test_an_event_of_another_company_or_of_a_thing_that_we_do_not_keep_is_passed_over() -> None:
    assert told([event("invoice", company="999"), event("estimate"), {"type": "odd"}, {}]) == Heard()
    assert told(before(("Invoice", "1", "2026-03-05T12:00:00Z"), company="999")) == Heard()
    assert told({}) == Heard()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"3", b"[3]", b'{"eventNotifications": 3}', b'{"eventNotifications": [3]}']
)
def test_a_body_of_another_shape_is_a_reason_to_look_at_what_can_be_chosen(body: bytes) -> None:
    assert PLATFORM.heard(body, REALM) == Heard(options=True)


def test_an_event_among_those_of_several_accounts_cannot_end_an_authorization() -> None:
    with pytest.raises(ValueError, match="cannot end the authorization"):
        Deliveries(account="body:*.who", account_setting="who", revoked=("gone",))


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(QuickBooksOnline, "budget", Budget())
    with running() as company:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [company.place]
        client = {"client_id": "us", "client_secret": "s", "webhook_secrets": [VERIFIER]}
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"quickbooks_online": client}
        yield company


@pytest.fixture
def shop(fake: Fake) -> Linked:
    """A merchant whose order is at QuickBooks, and who is synced on each event."""
    found = a_shop(fake, "journal", an_order("o1"))
    found.deliver()
    assert states(found) == ["pushed"]
    save_schedule(company=found.company, frequency="event", hour=3, zone="Europe/London", actor="test")
    return found


def ring(body: Any, *, key: str = VERIFIER, path: str = "/webhooks/quickbooks-online") -> int:
    """Deliver as Intuit does; the status of the answer. The vendor's library agrees with how it is signed."""
    raw = json.dumps(body).encode()
    signature = base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()
    library = QuickBooks(minorversion=75)
    assert library.validate_webhook_signature(raw.decode(), signature, key)
    answer = Client(enforce_csrf_checks=True).post(
        path, raw, content_type="application/json", headers={"intuit-signature": signature}
    )
    assert answer.content == b""
    return int(answer.status_code)


def id_of(shop: Linked) -> str:
    return Binding.objects.get(connection=shop.connection).remote_id.partition("/")[2]


def jobs() -> list[str]:
    return list(Job.objects.order_by("key").values_list("key", flat=True))


def later() -> str:
    return (now() + timedelta(minutes=1)).isoformat()


def test_a_document_that_a_person_changed_is_read_again_and_the_difference_is_told(shop: Linked, fake: Fake) -> None:
    [row] = fake.company.rows["JournalEntry"].values()
    for line in row["Line"]:
        line["Amount"] += 1
    assert ring([event("journalentry", id_of(shop), at=later())]) == 200
    assert Binding.objects.get().agrees is None
    assert jobs() == [f"retry:{shop.company.pk}"]
    sent = len([seen for seen in fake.company.asked if seen.method == "POST"])
    shop.deliver()
    assert Binding.objects.get().agrees is False
    assert AuditEntry.objects.filter(code="document.mismatch").count() == 1
    assert len([seen for seen in fake.company.asked if seen.method == "POST"]) == sent


@pytest.mark.django_db(transaction=True)
def test_a_ring_alone_leads_to_the_finding(shop: Linked, fake: Fake) -> None:
    [row] = fake.company.rows["JournalEntry"].values()
    row["TxnDate"] = "2026-04-01"
    assert ring([event("journalentry", id_of(shop), at=later())]) == 200
    assert drain(10).ended == 1
    assert Binding.objects.get().agrees is False
    assert AuditEntry.objects.filter(code="document.mismatch").count() == 1


def test_a_document_that_a_person_dated_anew_is_told(shop: Linked, fake: Fake) -> None:
    [row] = fake.company.rows["JournalEntry"].values()
    ours, row["TxnDate"] = row["TxnDate"], "2026-04-01"
    assert ring([event("journalentry", id_of(shop), at=later())]) == 200
    shop.deliver()
    assert Binding.objects.get().agrees is False
    told = AuditEntry.objects.get(code="document.mismatch").detail
    assert (told["day_ours"], told["day_theirs"]) == (ours, "2026-04-01")


def test_a_document_that_a_person_deleted_is_told_and_not_made_again(shop: Linked, fake: Fake) -> None:
    id = id_of(shop)
    fake.company.rows["JournalEntry"].clear()
    assert ring(before(("JournalEntry", id, later()))) == 200
    shop.deliver()
    assert states(shop) == ["removed"]
    assert fake.documents() == []


def test_what_we_wrote_ourselves_and_read_back_is_no_news(shop: Linked) -> None:
    assert ring([event("journalentry", id_of(shop))]) == 200
    assert Binding.objects.get().agrees is True
    assert (jobs(), IncomingWebhook.objects.get().event) == ([], "qbo.journalentry.updated.v1")


def test_a_list_that_changed_is_fetched_before_it_is_shown_again(shop: Linked, fake: Fake) -> None:
    fake.archive("4000")
    link = Connection.objects.get(pk=shop.connection.pk)
    kept = OptionRow.objects.filter(connection=link, kind="account", code="4000")
    ensure_fresh(link, now())
    assert kept.get().active
    assert ring(before(("Account", "47", later()))) == 200
    assert jobs() == []
    ensure_fresh(link, now())
    assert not kept.get().active


def test_a_company_that_is_synced_by_the_clock_is_not_rung_for_and_looked_at_by_its_next_run(shop: Linked) -> None:
    save_schedule(company=shop.company, frequency="daily", hour=3, zone="Europe/London", actor="test")
    assert ring([event("journalentry", id_of(shop), at=later())]) == 200
    assert (Binding.objects.get().verified_at, jobs()) == (None, [])


def test_one_delivery_reaches_each_company_that_it_names_once(shop: Linked) -> None:
    body = [event("invoice", company="999"), event("journalentry", id_of(shop), at=later()), event("invoice")]
    assert [ring(body) for _ in range(3)] == [200, 200, 200]
    assert list(IncomingWebhook.objects.values_list("connection_id", flat=True)) == [shop.connection.pk]
    assert ring([event("invoice", company="999")]) == 200
    assert IncomingWebhook.objects.count() == 1


def test_what_is_signed_by_another_changes_nothing(shop: Linked) -> None:
    assert ring([event("journalentry", id_of(shop), at=later())], key="another") == 401
    assert (Binding.objects.get().agrees, IncomingWebhook.objects.count(), jobs()) == (True, 0, [])
    assert ring([event("invoice")], path="/webhooks/qhyg") == 404

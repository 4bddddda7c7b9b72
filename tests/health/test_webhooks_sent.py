"""Deliveries against a real receiver, which verifies them with the library of the Standard Webhooks project."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import connections, transaction
from django.test import override_settings
from standardwebhooks import WebhookVerificationError

from commerce_sync import tasks
from connectors.http import OpenTransaction
from health.errands import run as errand
from health.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from health.webhooks import rows as webhook_rows
from health.webhooks.call import call
from health.webhooks.retry import MOST_TRIES, PAUSES
from health.webhooks.sending import send_due
from health.webhooks.services import NewEndpoint, change_endpoint, replay, replay_range, rotate_secret, send_test
from ledger.models import AuditEntry, Company, Partner
from ledger.services import audit, now
from tests.api.cast import make_company
from tests.commerce_sync.cast import allow_truncate
from tests.connectors.server import PlatformServer, running
from tests.health.receiver import (
    an_endpoint,
    die_while_sending,
    fresh,
    ids,
    let_time_pass,
    received,
    send_all,
    tell_all,
    verified,
)

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Path(__file__).parent / "webhook_worker.py"
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture(autouse=True)
def _truncated(transactional_db: None) -> None:
    allow_truncate()


@pytest.fixture
def endpoint(partner: Partner, server: PlatformServer) -> NewEndpoint:
    """An endpoint that wants everything."""
    return an_endpoint(partner, server)


def happen(partner: Partner, times: int = 1) -> None:
    """So many events."""
    company = Company.objects.filter(partner=partner).first() or make_company(partner)
    for _ in range(times):
        audit(code="sync.paused", actor="test", company=company)


@pytest.mark.case("S22")
def test_an_event_arrives_signed_and_is_logged(endpoint: NewEndpoint, server: PlatformServer, partner: Partner) -> None:
    happen(partner)
    assert send_all() == 1
    (body,) = received(server, endpoint.secret)
    assert body["type"] == "sync.paused"
    delivery, attempt = WebhookDelivery.objects.get(), WebhookAttempt.objects.get()
    assert (delivery.state, delivery.tries, delivery.last_status) == ("delivered", 1, 200)
    assert (attempt.number, attempt.status, attempt.error) == (1, 200, "")
    assert attempt.duration_ms is not None
    assert ids(server) == {str(delivery.event.public_id): 1}
    assert fresh(endpoint.row).delivered_at is not None
    assert server.log[0].headers["content-type"] == "application/json"


def test_a_receiver_with_another_secret_refuses_it(endpoint: NewEndpoint, server: PlatformServer) -> None:
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    with pytest.raises(WebhookVerificationError):
        verified(server.log[0], SECRET)


@pytest.mark.case("S22")
def test_after_a_rotation_both_secrets_verify_until_the_overlap_ends(
    endpoint: NewEndpoint, server: PlatformServer
) -> None:
    new = rotate_secret(endpoint=endpoint.row, overlap=timedelta(hours=1), actor="test")
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    assert verified(server.log[0], endpoint.secret) == verified(server.log[0], new.secret)
    let_time_pass(timedelta(hours=2))
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    assert verified(server.log[1], new.secret)
    with pytest.raises(WebhookVerificationError):
        verified(server.log[1], endpoint.secret)


def test_without_an_overlap_the_former_secret_ends_at_once(endpoint: NewEndpoint, server: PlatformServer) -> None:
    new = rotate_secret(endpoint=endpoint.row, overlap=timedelta(0), actor="test")
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    assert verified(server.log[0], new.secret)
    with pytest.raises(WebhookVerificationError):
        verified(server.log[0], endpoint.secret)


def test_what_fails_is_tried_on_the_published_schedule_and_then_given_up(
    endpoint: NewEndpoint, server: PlatformServer
) -> None:
    server.fail("err500_before", times=99)
    send_test(endpoint=endpoint.row, correlation="c")
    for tries in range(1, MOST_TRIES + 1):
        assert send_all() == 1
        delivery = WebhookDelivery.objects.get()
        assert (delivery.tries, delivery.last_status) == (tries, 500)
        if tries < MOST_TRIES:
            assert delivery.state == "waiting"
            assert delivery.next_at is not None
            pause = delivery.next_at - now()
            assert PAUSES[tries] * 0.95 - timedelta(seconds=2) < pause <= PAUSES[tries] * 1.11
        assert send_due(1) == 0  # not before its time
        WebhookEndpoint.objects.update(rests_until=None)
        WebhookDelivery.objects.filter(state="waiting").update(next_at=now())
    assert delivery.state == "failed"
    assert len(ids(server)) == 1
    assert ids(server).total() == MOST_TRIES == WebhookAttempt.objects.count()
    log = WebhookAttempt.objects.order_by("-number")[0]
    assert (log.answer, log.error[:28]) == ('{"error": "internal"}', "The endpoint answered 500; 2")


def test_a_failure_is_made_good_by_the_next_try(endpoint: NewEndpoint, server: PlatformServer) -> None:
    server.fail("unavailable", header="0")
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    assert fresh(endpoint.row).failing_since is not None
    let_time_pass(timedelta(seconds=10))
    send_all()
    assert WebhookDelivery.objects.get().state == "delivered"
    row = fresh(endpoint.row)
    assert (row.failing_since, row.failures, row.rests_until) == (None, 0, None)


def test_an_endpoint_that_says_when_is_left_alone_until_then(endpoint: NewEndpoint, server: PlatformServer) -> None:
    server.fail("rate429", header="600")
    send_test(endpoint=endpoint.row, correlation="c")
    send_test(endpoint=endpoint.row, correlation="c")
    webhook_rows.claim(1)  # the other one stays for later
    WebhookDelivery.objects.filter(state="sending").update(state="waiting", next_at=now() + timedelta(seconds=1),
                                                           lease_until=None, lease_token=None)  # fmt: skip
    send_all(0)
    let_time_pass(timedelta(seconds=60))
    assert send_all() == 0
    let_time_pass(timedelta(seconds=600))
    assert send_all() == 2


def test_410_disables_the_endpoint_and_gives_up_what_waits(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    with gone() as (other, place):
        WebhookEndpoint.objects.filter(pk=endpoint.row.pk).update(url=f"http://{place}/hook")
        with override_settings(COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS=[place]):
            happen(partner, 5)
            send_all()
        assert other
    row = fresh(endpoint.row)
    assert row.disabled_at is not None
    assert row.disabled_reason == "It answered 410: it wants no webhooks any more."
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) <= {"failed", "waiting"}
    entry = AuditEntry.objects.get(code="webhook.disabled")
    assert (entry.subject, entry.partner) == (str(row.public_id), partner)
    happen(partner)
    assert send_all() == 0


@contextmanager
def gone() -> Iterator[tuple[list[bytes], str]]:
    """A receiver that answers 410 to all: what it saw, and its place."""
    listening, seen = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer:
                seen.append(peer.recv(65_536))
                peer.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield seen, f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def test_an_endpoint_that_fails_for_days_is_disabled_with_a_sentence(
    endpoint: NewEndpoint, server: PlatformServer
) -> None:
    server.fail("err500_before", times=9)
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    let_time_pass(timedelta(days=2))
    send_all()
    assert fresh(endpoint.row).disabled_at is None
    let_time_pass(timedelta(days=1, hours=1))
    send_all()
    row = fresh(endpoint.row)
    assert row.disabled_at is not None
    assert row.disabled_reason.startswith("It has failed for 3 days, the last time so: The endpoint answered 500")
    assert AuditEntry.objects.filter(code="webhook.disabled").count() == 1
    assert WebhookDelivery.objects.get().state == "failed"


@pytest.mark.case("S11")
def test_redirects_are_not_followed(endpoint: NewEndpoint, server: PlatformServer) -> None:
    server.fail("redirect_out", header=f"{server.url}/elsewhere")
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    assert [seen.path for seen in server.log] == ["/hook"]
    assert "Redirects are not followed" in WebhookAttempt.objects.get().error


def test_a_slow_endpoint_holds_up_nobody_but_itself(endpoint: NewEndpoint, server: PlatformServer) -> None:
    partner = endpoint.row.partner
    with running() as slow:
        slow.fail("slow_before", seconds=3, times=99)
        with override_settings(COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS=[server.place, slow.place]):
            laggard = an_endpoint(partner, slow)
            happen(partner, 30)
            tell_all()
            began = time.monotonic()
            send_due(1.5, total_seconds=1)
            took = time.monotonic() - began
        assert took < 4
        assert len(ids(server)) == 30
        assert len(slow.log) <= webhook_rows.SHARE * 3
    states = WebhookDelivery.objects.filter(endpoint=laggard.row)
    assert not states.filter(state="delivered").exists()
    error = WebhookAttempt.objects.filter(delivery__endpoint=laggard.row)[0].error
    assert error == "The endpoint did not answer within 1 seconds."
    assert fresh(laggard.row).failures >= 2


def test_an_endpoint_that_is_down_is_rested_after_a_few_failures(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    server.fail("drop_before", times=99)
    happen(partner, 40)
    send_all()
    assert len(server.log) < 3 + webhook_rows.SHARE + 1
    rests_until = fresh(endpoint.row).rests_until
    assert rests_until is not None
    assert rests_until > now()
    assert "broke off" in WebhookAttempt.objects.all()[0].error


def test_an_answer_that_drips_is_cut_off_and_its_status_counts(endpoint: NewEndpoint, server: PlatformServer) -> None:
    server.fail("slowloris", seconds=20)
    server.fail("slow_headers", seconds=20)
    send_test(endpoint=endpoint.row, correlation="c")
    began = time.monotonic()
    send_all(0, total_seconds=1)
    send_test(endpoint=endpoint.row, correlation="c")
    send_all(0, total_seconds=1)
    assert time.monotonic() - began < 8
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["delivered", "waiting"]


def test_what_an_endpoint_answers_is_kept_short_and_without_secrets(
    endpoint: NewEndpoint, server: PlatformServer
) -> None:
    words = f"token=abcdefghij {endpoint.secret} {endpoint.secret.removeprefix('whsec_')} " + "ä" * 5_000
    server.routes["/hook"] = lambda seen: words
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    answer = WebhookAttempt.objects.get().answer
    assert len(answer.encode()) <= 500
    assert "[redacted]" in answer
    assert endpoint.secret.removeprefix("whsec_") not in answer
    assert "abcdefghij" not in answer


def test_a_worker_that_dies_between_call_and_note_sends_again_under_the_same_id(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    happen(partner)
    process = subprocess.run(
        [sys.executable, str(WORKER), str(database.settings_dict["NAME"]), server.place],
        env={**os.environ, "FAULT_POINT": "webhook_sent"},
        capture_output=True,
        timeout=60,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert ids(server).total() == 1
    assert WebhookDelivery.objects.get().state == "sending"
    assert send_all() == 0  # its lease is not over
    let_time_pass(timedelta(minutes=3))
    assert send_all() == 1
    assert (len(ids(server)), ids(server).total()) == (1, 2)
    assert WebhookDelivery.objects.get().state == "delivered"
    assert [each.error for each in WebhookAttempt.objects.order_by("number")] == [webhook_rows.LOST, ""]


def test_a_delivery_whose_worker_always_dies_is_given_up_in_the_end(endpoint: NewEndpoint) -> None:
    send_test(endpoint=endpoint.row, correlation="c")
    for _ in range(MOST_TRIES):
        assert len(die_while_sending()) == 1
        webhook_rows.free_the_dead()
    assert WebhookDelivery.objects.get().state == "failed"


def test_a_worker_that_comes_back_late_does_not_undo_what_others_noted(
    endpoint: NewEndpoint, server: PlatformServer
) -> None:
    send_test(endpoint=endpoint.row, correlation="c")
    (late,) = die_while_sending()
    assert send_all() == 1
    assert WebhookDelivery.objects.get().state == "delivered"
    lost = call(url=f"{server.url}/x", event_id=uuid4(), body=b"{}", secrets=[SECRET], private=())
    assert not lost.delivered
    assert webhook_rows.settle(late, lost, 0) is False
    assert WebhookDelivery.objects.get().state == "delivered"


def test_two_workers_never_send_the_same_delivery_at_once(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    happen(partner, 60)
    tell_all()
    start = threading.Barrier(3)

    def worker() -> None:
        start.wait(10)
        send_due(10, total_seconds=5)
        connections.close_all()

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(30)
    send_due(10)
    assert len(ids(server)) == 60 == ids(server).total()
    assert WebhookAttempt.objects.count() == 60


def test_a_name_that_leads_to_a_private_address_is_not_called(
    server: PlatformServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.1"])
    answer = call(url="https://rebind.example/hook", event_id=uuid4(), body=b"{}", secrets=[SECRET], private=())
    assert answer.error == "The address leads into a private network, or is not https: nothing was sent."
    assert server.log == []


@pytest.mark.case("S11")
def test_a_name_that_is_rebound_after_the_check_is_called_where_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """First a public address, then the loopback: the connection goes to the address that was looked at."""
    asked = resolve(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(AssertionError, match=r"tried to connect to \('93\.184\.216\.34', 443\)"):
        call(url="https://rebind.example/hook", event_id=uuid4(), body=b"{}", secrets=[SECRET], private=())
    assert asked.count("rebind.example") == 1


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """What the resolver says of `rebind.example`, one answer after the other; the names that it was asked for."""
    original, left, asked = socket.getaddrinfo, list(answers), []

    def looked_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        asked.append(str(host))
        if host != "rebind.example":
            return original(host, port, *args, **options)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return asked


@pytest.mark.parametrize("url", ["http://93.184.216.34/x", "https://169.254.169.254/x", "https://[::1]/x"])
def test_what_could_not_be_registered_is_not_called_either(url: str) -> None:
    answer = call(url=url, event_id=uuid4(), body=b"{}", secrets=[SECRET], private=())
    assert answer.error.startswith("The address leads into a private network")


def test_a_look_up_that_takes_all_the_time_ends_the_call(
    server: PlatformServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        time.sleep(1)
        return original(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    place = [server.place]
    answer = call(url=f"{server.url}/hook", event_id=uuid4(), body=b"{}", secrets=[SECRET], private=place,
                  total_seconds=0.3)  # fmt: skip
    assert answer.error == "The endpoint did not answer within 0.3 seconds."
    assert server.log == []


def test_a_replayed_delivery_goes_again_under_its_id(endpoint: NewEndpoint, server: PlatformServer) -> None:
    send_test(endpoint=endpoint.row, correlation="c")
    send_all()
    replay(delivery=WebhookDelivery.objects.get(), actor="test")
    send_all()
    assert (len(ids(server)), ids(server).total()) == (1, 2)
    assert [each.number for each in WebhookAttempt.objects.order_by("number")] == [1, 2]


def test_a_range_is_replayed_with_what_was_missed_while_disabled(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    began = now()
    happen(partner)
    send_all()
    change_endpoint(endpoint=endpoint.row, enabled=False, actor="test")
    happen(partner, 2)
    assert send_all() == 0
    row = change_endpoint(endpoint=endpoint.row, enabled=True, actor="test")
    span = {"endpoint": row, "start": began, "finish": now(), "actor": "test"}
    assert replay_range(**span, only_missed=True) == 2
    assert replay_range(**span, only_missed=True) == 0  # they wait already
    assert send_all() == 2
    assert replay_range(**span, only_missed=False) == 3
    assert send_all() == 3
    assert (len(ids(server)), ids(server).total()) == (3, 6)


def test_a_replay_keeps_to_the_types_that_the_endpoint_wants_and_to_its_partner(
    server: PlatformServer, partner: Partner
) -> None:
    an_endpoint(partner, server)
    narrow = an_endpoint(partner, server, "sync.failed", path="/narrow")
    began = now()
    happen(partner)
    tell_all()
    assert replay_range(endpoint=narrow.row, start=began, finish=now(), only_missed=False, actor="test") == 0


def test_nothing_is_called_inside_a_transaction() -> None:
    with pytest.raises(OpenTransaction), transaction.atomic():
        send_due(1)


def test_the_errand_tells_sends_and_forgets(endpoint: NewEndpoint, server: PlatformServer, partner: Partner) -> None:
    happen(partner)
    errand(5)
    assert len(received(server, endpoint.secret)) == 1
    WebhookEvent.objects.update(created_at=now() - timedelta(days=31))
    errand(1)
    assert not WebhookEvent.objects.exists()
    assert not WebhookAttempt.objects.exists()


def test_the_minutes_tick_and_the_plain_worker_send_too(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    happen(partner)
    tasks.tick()
    assert len(ids(server)) == 1
    happen(partner)
    call_command("run_worker", "--once")
    assert len(ids(server)) == 2


def test_the_errand_says_when_there_is_more_to_do(
    endpoint: NewEndpoint, server: PlatformServer, partner: Partner
) -> None:
    happen(partner, 12)
    assert errand(0) is True
    assert errand(5) is False
    assert len(ids(server)) == 12


def test_what_still_waits_is_not_forgotten(endpoint: NewEndpoint, server: PlatformServer, partner: Partner) -> None:
    server.fail("err500_before")
    happen(partner)
    errand(1)
    WebhookEvent.objects.update(created_at=now() - timedelta(days=31))
    errand(1)
    assert WebhookEvent.objects.count() == 1

"""What all operations have in common: keys, correlation, limits, stored answers, and how errors are said."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.test import Client
from pytest_django import Settings

from commerce_sync.api import limits
from commerce_sync.api.idempotency import KEPT, forget_old_answers
from commerce_sync.api_keys import create_key, revoke_key
from commerce_sync.models import Allowance, StoredAnswer
from ledger.models import Company, Partner
from tests.api.cast import Api, basic, make_partner


def _get(path: str = "/companies", **headers: str) -> Any:
    return Client(raise_request_exception=False).get(path, headers=headers)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Bearer abc",
        basic("cs_wrong"),
        "Basic " + "A" * 5_000,
    ],
)
def test_without_a_good_key_nothing_is_answered_but_401(db: None, header: str | None) -> None:
    answered = _get(**({} if header is None else {"Authorization": header}))
    assert answered.status_code == 401
    body = answered.json()
    assert (body["statusCode"], body["canBeRetried"], body["detailedErrorCode"]) == (401, "False", 0)
    assert body["correlationId"] == answered["X-Correlation-Id"]
    assert answered["WWW-Authenticate"].startswith("Basic")


def test_a_key_works_as_curl_sends_it(partner: Partner) -> None:
    secret = create_key(partner=partner, name="curl", actor="test").secret
    assert _get(Authorization=basic(f"{secret}:")).status_code == 200


@pytest.mark.case("S04")
def test_a_revoked_key_stops_at_once(api: Api) -> None:
    assert api.get("/companies").status_code == 200
    revoke_key(key=api.key, actor="test")
    assert api.get("/companies").status_code == 401


def test_keys_are_never_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        api.get("/companies")
        api.post("/companies", {"name": ""})
        _get(Authorization=basic(api.secret + "x"))
    encoded = base64.b64encode(api.secret.encode()).decode()
    assert api.secret not in caplog.text
    assert encoded not in caplog.text


def test_the_correlation_is_the_callers_when_it_is_a_proper_one(api: Api) -> None:
    assert api.get("/companies", headers={"X-Correlation-Id": "order-1234"})["X-Correlation-Id"] == "order-1234"
    for improper in ("x", "a b c d e f g h", "é" * 10, "a" * 65):
        made = api.get("/companies", headers={"X-Correlation-Id": improper})["X-Correlation-Id"]
        assert made != improper
        assert len(made) == 32


@pytest.mark.parametrize(
    "path", ["/companies/", "/companies/x/nothing", "/config/nothing", "/meta/x", "/sync", "/clients"]
)
def test_where_there_is_nothing_the_answer_has_the_published_shape(api: Api, path: str) -> None:
    answered = api.get(path)
    assert answered.status_code == 404
    assert answered.json()["statusCode"] == 404


def test_a_method_that_does_not_exist_is_405(api: Api) -> None:
    answered = api.delete("/companies")
    assert answered.status_code == 405
    assert answered.json()["statusCode"] == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/xml"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_bodies_that_cannot_be_read_are_told_why(api: Api, headers: dict[str, str], status: int) -> None:
    client = Client(headers={"Authorization": basic(api.secret)})
    kind = headers.get("Content-Type", "application/json")
    answered = client.generic("POST", "/companies", b'{"name": "A"}', content_type=kind, headers=headers)
    assert answered.status_code == status
    assert answered.json()["error"]
    assert not Company.objects.exists()


def test_a_body_over_the_limit_is_413_and_not_read(api: Api) -> None:
    answered = api.post("/companies", b'{"name": "' + b"x" * 1_000_001 + b'"}')
    assert answered.status_code == 413


@pytest.mark.case("S34")
def test_an_error_of_ours_is_500_without_its_words(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.execute_wrapper(_fail_on_companies):
        answered = api.get("/companies")
    assert answered.status_code == 500
    assert "secret detail" not in answered.content.decode()
    assert answered.json()["canBeRetried"] == "True"


def _fail_on_companies(execute: Any, query: str, parameters: Any, many: bool, context: Any) -> Any:
    if 'FROM "ledger_company"' in query:
        raise RuntimeError("secret detail")
    return execute(query, parameters, many, context)


# ── limits ──


@pytest.mark.case("L04")
@pytest.mark.case("S23")
def test_over_its_limit_a_key_is_told_when_to_go_on(api: Api, settings: Settings) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 3
    limits._held.clear()
    answers = [api.get("/companies") for _ in range(5)]
    # Two minutes at most are met by five calls, so at least one is refused whenever this runs.
    refused = [each for each in answers if each.status_code == 429]
    assert answers[0].status_code == 200
    if Allowance.objects.get().minute.minute == datetime.now(UTC).minute:
        assert 1 <= len(refused) <= 2
    for each in refused:
        assert 1 <= int(each["Retry-After"]) <= 60
        assert each.json()["canBeRetried"] == "True"


@pytest.mark.case("S23")
def test_the_limit_holds_over_processes_and_ends_with_the_minute(api: Api) -> None:
    at = datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC)
    taken = 0
    for _ in range(40):
        limits._held.clear()  # as if each call came to a process of its own
        taken += limits.take(api.key.pk, 10, at)
    assert taken == 10
    limits._held.clear()
    assert limits.take(api.key.pk, 10, at + timedelta(minutes=1))


# ── stored answers ──


def test_the_same_post_with_the_same_key_is_carried_out_once(api: Api) -> None:
    first = api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"})
    again = api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Company.objects.count() == 1


def test_a_refusal_is_stored_too_and_leaves_nothing_behind(api: Api) -> None:
    first = api.post("/companies", {"name": ""}, headers={"Idempotency-Key": "k1"})
    again = api.post("/companies", {"name": ""}, headers={"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 400
    assert first.content == again.content


def test_the_same_key_for_something_else_is_refused(api: Api) -> None:
    api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"})
    other = api.post("/companies", {"name": "B"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 400
    assert "another request" in other.json()["error"]
    assert Company.objects.count() == 1


def test_keys_of_two_partners_have_nothing_to_do_with_each_other(api: Api, other_api: Api) -> None:
    assert api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"}).status_code == 200
    assert other_api.post("/companies", {"name": "B"}, headers={"Idempotency-Key": "k1"}).json()["name"] == "B"


@pytest.mark.parametrize("improper", ["", "a" * 256, "a b", "é"])
def test_an_improper_key_is_refused(api: Api, improper: str) -> None:
    assert api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": improper}).status_code == 400
    assert not Company.objects.exists()


def test_an_error_of_ours_stores_no_answer_and_can_be_tried_again(api: Api) -> None:
    with database.execute_wrapper(_fail_on_insert):
        assert api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"}).status_code == 500
    assert api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"}).status_code == 200
    assert Company.objects.count() == 1


def _fail_on_insert(execute: Any, query: str, parameters: Any, many: bool, context: Any) -> Any:
    if query.startswith('INSERT INTO "ledger_auditentry"'):
        raise RuntimeError("no")
    return execute(query, parameters, many, context)


def test_old_answers_are_forgotten(api: Api) -> None:
    api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"})
    StoredAnswer.objects.update(created_at=datetime.now(UTC) - KEPT - timedelta(seconds=1))
    assert api.post("/companies", {"name": "B"}, headers={"Idempotency-Key": "k1"}).status_code == 200
    StoredAnswer.objects.update(created_at=datetime.now(UTC) - KEPT - timedelta(seconds=1))
    assert forget_old_answers() == 1


@pytest.mark.case("S28")
@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_make_one() -> None:
    api = Api(make_partner())
    ready = Barrier(4)
    answers: list[Any] = []

    def call() -> None:
        ready.wait()
        answers.append(api.post("/companies", {"name": "A"}, headers={"Idempotency-Key": "k1"}))
        database.close()

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1
    assert Company.objects.count() == 1


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        (
            "allowance_taken_counts_up",
            "INSERT INTO commerce_sync_allowance SELECT id, now(), -1 FROM commerce_sync_apikey",
        ),
        (
            "stored_answer_once",
            "INSERT INTO commerce_sync_storedanswer (partner_id, key, request_sha256, created_at) "
            "SELECT id, 'k1', '', now() FROM ledger_partner, generate_series(1, 2)",
        ),
        (
            "stored_answer_is_whole",
            "INSERT INTO commerce_sync_storedanswer (partner_id, key, request_sha256, status, created_at) "
            "SELECT id, 'k1', '', 200, now() FROM ledger_partner",
        ),
    ],
)
def test_what_postgresql_refuses(api: Api, constraint: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement)

"""API keys over the API: secrets shown once and kept nowhere, rotation without a gap, and never nobody."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from commerce_sync.api_keys import LastKey, create_key, recognize, retire_key
from commerce_sync.models import ApiKey, StoredAnswer
from ledger.models import AuditEntry, Partner
from ledger.services import now
from tests.api.cast import Api, basic, make_partner

AT = "/config/apiKeys"


def calls_with(secret: str) -> int:
    return Client(headers={"Authorization": basic(secret)}).get(AT).status_code


@pytest.mark.case("S04")
@pytest.mark.django_db
def test_a_key_is_made_works_and_shows_its_secret_once(api: Api) -> None:
    made = api.post(AT, {"name": " back office "})
    assert made.status_code == 200, made.content
    assert made["Cache-Control"] == "no-store"
    secret, key = made.json()["secret"], made.json()["key"]
    assert (key["name"], key["works"], key["current"]) == ("back office", True, False)
    assert secret.startswith(key["prefix"])
    assert calls_with(secret) == 200
    listed = api.get(AT)
    assert [(row["name"], row["current"]) for row in listed.json()["results"]] == [
        ("tests", True),
        ("back office", False),
    ]
    one = api.get(f"{AT}/{key['id']}")
    assert one.json()["lastUsed"]
    assert secret.encode() not in listed.content + one.content
    details = json.dumps([*AuditEntry.objects.values("code", "subject", "detail")])
    assert secret not in details
    assert "api_key.created" in details


@pytest.mark.django_db
def test_an_idempotency_key_keeps_no_secret(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    made = api.post(AT, {"name": "till"}, headers=headers).json()
    rotated = api.post(f"{AT}/{made['key']['id']}/rotate", {}, headers={"Idempotency-Key": "twice"}).json()
    assert not StoredAnswer.objects.exists()
    again = api.post(AT, {"name": "till"}, headers=headers)
    assert again.status_code == 400  # repeating it makes no second key
    assert rotated["secret"] not in again.content.decode()


@pytest.mark.django_db
def test_working_keys_have_names_of_their_own(api: Api, other_api: Api) -> None:
    made = api.post(AT, {"name": "till"}).json()
    taken = api.post(AT, {"name": "TILL"})
    assert taken.status_code == 400
    assert taken.json()["validation"]["errors"][0]["itemId"] == "name"
    assert made["key"]["id"] in taken.json()["error"]
    assert other_api.post(AT, {"name": "till"}).status_code == 200
    api.delete(f"{AT}/{made['key']['id']}")
    assert api.post(AT, {"name": "till"}).status_code == 200


@pytest.mark.django_db
def test_rotation_leaves_no_gap_and_then_ends_the_former_key(api: Api) -> None:
    made = api.post(AT, {"name": "till"}).json()
    at = f"{AT}/{made['key']['id']}"
    rotated = api.post(f"{at}/rotate", {"overlapSeconds": 3_600}).json()
    assert rotated["key"]["name"] == "till"
    assert rotated["secret"] != made["secret"]
    assert (calls_with(made["secret"]), calls_with(rotated["secret"])) == (200, 200)
    with time_machine.travel(now() + timedelta(seconds=3_601), tick=False):
        assert (calls_with(made["secret"]), calls_with(rotated["secret"])) == (401, 200)
        assert api.get(at).json()["works"] is False
        assert api.post(f"{at}/rotate", {}).status_code == 409


@pytest.mark.django_db
def test_a_rotation_lasts_seven_days_unless_it_is_said(api: Api) -> None:
    made = api.post(AT, {"name": "till"}).json()
    at = now()
    api.post(f"{AT}/{made['key']['id']}/rotate", {})
    former = ApiKey.objects.get(public_id=made["key"]["id"])
    assert former.expires_at is not None
    assert timedelta(0) <= former.expires_at - at - timedelta(days=7) < timedelta(minutes=1)


@pytest.mark.django_db
def test_a_rotation_without_overlap_ends_the_calling_key_at_once(api: Api) -> None:
    rotated = api.post(f"{AT}/{api.key.public_id}/rotate", {"overlapSeconds": 0}).json()
    assert api.get(AT).status_code == 401
    assert calls_with(rotated["secret"]) == 200


@pytest.mark.django_db
def test_a_key_may_revoke_itself_and_stops_at_once_but_the_last_may_not(api: Api) -> None:
    last = api.delete(f"{AT}/{api.key.public_id}")
    assert last.status_code == 409
    assert calls_with(api.secret) == 200
    made = api.post(AT, {"name": "till"}).json()
    revoked = api.delete(f"{AT}/{api.key.public_id}")
    assert (revoked.status_code, revoked.json()["works"]) == (200, False)
    assert revoked.json()["revoked"]
    assert api.get(AT).status_code == 401
    assert calls_with(made["secret"]) == 200


@pytest.mark.django_db
def test_a_key_that_works_no_longer_is_not_one_that_is_left(api: Api) -> None:
    made = api.post(AT, {"name": "till"}).json()
    ApiKey.objects.filter(public_id=made["key"]["id"]).update(expires_at=now())
    assert api.delete(f"{AT}/{api.key.public_id}").status_code == 409
    assert api.delete(f"{AT}/{made['key']['id']}").status_code == 200  # ended already: revoking it takes nothing away
    assert api.delete(f"{AT}/{made['key']['id']}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"name": ""}),
        ("", {"name": "  "}),
        ("", {"name": "x" * 101}),
        ("", {"name": "a\u0000b"}),
        ("", {}),
        ("", {"name": "x", "secret": "mine"}),
        ("/rotate", {"overlapSeconds": -1}),
        ("/rotate", {"overlapSeconds": 30 * 24 * 3_600 + 1}),
        ("/rotate", {"overlapSeconds": 1.5}),
        ("/rotate", {"overlapSeconds": "0"}),
        ("/rotate", b""),
    ],
)
def test_what_does_not_fit_is_refused_and_makes_no_key(api: Api, path: str, body: Any) -> None:
    at = f"{AT}/{api.key.public_id}{path}" if path else AT
    assert api.post(at, body).status_code == 400
    assert ApiKey.objects.filter(partner=api.partner).count() == 1


@pytest.mark.django_db
def test_another_partners_key_is_answered_like_none(api: Api, other_api: Api) -> None:
    theirs, nobody = str(api.key.public_id), str(uuid.uuid4())

    def asked(key_id: str) -> list[tuple[int, str]]:
        at = f"{AT}/{key_id}"
        answers = [other_api.get(at), other_api.delete(at), other_api.post(f"{at}/rotate", {})]
        return [(each.status_code, each.json()["error"].replace(key_id, "ID")) for each in answers]

    assert asked(theirs) == asked(nobody)
    assert {status for status, _ in asked(theirs)} == {404}
    assert [row["id"] for row in other_api.get(AT).json()["results"]] == [str(other_api.key.public_id)]
    assert calls_with(api.secret) == 200


@pytest.mark.django_db(transaction=True)
def test_two_keys_that_revoke_each_other_leave_one() -> None:
    partner: Partner = make_partner()
    keys = [create_key(partner=partner, name=name, actor="test") for name in ("a", "b")]
    kept: list[str] = []
    together = threading.Barrier(2)

    def retire(row: ApiKey) -> None:
        try:
            together.wait(10)
            retire_key(key=row, actor="test")
        except LastKey:
            kept.append(row.name)
        finally:
            connection.close()

    threads = [threading.Thread(target=retire, args=(key.row,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(kept) == 1
    assert sum(recognize(key.secret) is not None for key in keys) == 1

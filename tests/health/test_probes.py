"""What machines ask: does it live, can it serve, how does it stand in figures."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from commerce_sync.models import Heartbeat
from health import metrics, probes
from health.findings.failing import note_looks
from ledger.services import now
from tests.api.cast import make_partner, ready_company

TOKEN = "a token of sixteen and more".replace(" ", "-")


@pytest.fixture(autouse=True)
def _a_process_that_has_just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_state", {"migrated": False, "ready": True})
    monkeypatch.setattr(metrics, "_kept", (0.0, b""))


def test_it_lives_without_the_database_a_host_name_or_tls(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/healthz/live", HTTP_HOST="10.0.0.7:8000")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_it_is_ready_when_the_database_answers_with_its_tables(django_assert_max_num_queries: Any) -> None:
    said = Client().get("/healthz/ready").json()
    assert said == {"status": "ok", "database": "ok", "migrations": "ok", "workers": "none seen"}
    Heartbeat.objects.create(slot=0, at=now(), detail="")
    with django_assert_max_num_queries(1):
        assert Client().get("/healthz/ready").json()["workers"] == "ok"


@pytest.mark.django_db
def test_it_is_not_ready_without_its_tables_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'health'")
    with caplog.at_level(logging.INFO):
        answers = [Client().get("/healthz/ready") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json()["migrations"] == "missing"
    assert [record.name for record in caplog.records] == ["health.probes"]


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        connection.close()
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        answer = Client().get("/healthz/ready")
        assert Client().get("/healthz/live").status_code == 200
        connection.close()
    assert answer.status_code == 503
    assert answer.json()["database"] == "does not answer"
    assert "nowhere" not in answer.content.decode()
    assert Client().get("/healthz/ready").status_code == 200


def test_there_are_no_figures_without_a_token() -> None:
    assert Client().get("/metrics").status_code == 404


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", "Basic " + TOKEN, TOKEN])
def test_there_are_no_figures_for_who_does_not_show_it(settings: Any, shown: str) -> None:
    settings.COMMERCE_SYNC_METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", HTTP_AUTHORIZATION=shown)
    assert (answer.status_code, answer["WWW-Authenticate"], answer.content) == (401, "Bearer", b"")


@pytest.mark.django_db
def test_the_figures_are_prometheus_s_and_name_nobody(settings: Any, django_assert_max_num_queries: Any) -> None:
    settings.COMMERCE_SYNC_METRICS_TOKEN = TOKEN
    company = ready_company(make_partner("Till Systems"), "Rose & Crown")
    note_looks(["a", "b"], {"b": ValueError("x")}, now())
    with django_assert_max_num_queries(len(metrics.FIGURES) + 4):
        answer = Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    text = answer.content.decode()
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    assert {f"commerce_sync_{name}" for name in metrics.FIGURES} <= found.keys()
    linked = [each for each in found["commerce_sync_connections"] if each.labels["status"] == "Linked"]
    assert sum(each.value for each in linked) == company.connections.count()
    assert found["commerce_sync_watches_failing"][0].value == 1
    assert "Rose" not in text
    assert "process_cpu_seconds_total" in text


@pytest.mark.django_db
def test_many_who_ask_at_once_ask_the_database_once(settings: Any, django_assert_num_queries: Any) -> None:
    settings.COMMERCE_SYNC_METRICS_TOKEN = TOKEN
    asked = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
    Client().get("/metrics", **asked)
    with django_assert_num_queries(0):
        Client().get("/metrics", **asked)


@pytest.mark.django_db
def test_every_figure_is_found_without_reading_history() -> None:
    """Of what only grows, no statement reads more than a bounded part."""
    for name, (_, _, statement) in metrics.FIGURES.items():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
            plan = json.dumps(cursor.fetchone()[0])
        for big in ("commerce_sync_sync", "connectors_pushitem", "health_finding", "health_webhookdelivery"):
            assert (
                f'"Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "{big}"' not in plan
            ), name


def test_nobody_writes_there() -> None:
    assert Client().post("/healthz/live").status_code == 405

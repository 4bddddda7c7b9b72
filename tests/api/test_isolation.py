"""For every operation: another partner's ids answer exactly as ids that do not exist, and change nothing."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connection as database
from drf_spectacular.generators import SchemaGenerator

from tests.api.cast import Api
from tests.api.world import a_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
OURS = SchemaGenerator().get_schema(request=None, public=True)
COMMON = {"platformKey", "commerceKey", "accountingKey"}  # platforms are nobody's own
BODIES: dict[str, Any] = {
    "update-connection": {"status": "Unlinked"},
    "create-connection": {"platformKey": "books"},
    "undo-sync": {"planDigest": "0" * 64},
    "void-document": {"planDigest": "0" * 64},
    "request-sync-for-date-range": {"dateRange": {"start": "2026-03-02T00:00:00Z", "finish": "2026-03-03T00:00:00Z"}},
    "preview-sync": {"dateRange": {"start": "2026-03-02T00:00:00Z", "finish": "2026-03-03T00:00:00Z"}},
    "rotate-api-key": {},
    "replay-webhooks": {"start": "2026-03-02T00:00:00Z", "finish": "2026-03-03T00:00:00Z"},
}
# Tables that calls write to whatever they are about, and the partner-less ones.
NOISE = ("commerce_sync_allowance", "commerce_sync_storedanswer", "django_", "pg_", "commerce_sync_heartbeat")


_ROWS = """
    SELECT count(*), coalesce(md5(string_agg((to_jsonb(t) - 'last_used_at')::text, ',' ORDER BY to_jsonb(t)::text)), '')
    FROM {} t
"""


def _operations() -> list[tuple[str, str, str, list[str]]]:
    found = []
    for path, methods in OURS["paths"].items():
        for method, described in methods.items():
            names = [each["name"] for each in described.get("parameters", ()) if each["in"] == "path"]
            if set(names) - COMMON:
                found.append((described["operationId"], method.upper(), path, names))
    return found


def _digest() -> dict[str, tuple[int, str]]:
    """Table → how many rows, and a digest of all that is in them but when keys were used last."""
    with database.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall() if not name.startswith(NOISE)]
        found = {}
        for table in tables:
            cursor.execute(_ROWS.format(table))
            found[table] = cursor.fetchone()
    return found


def _answer(api: Api, method: str, path: str, body: Any, ids: dict[str, str]) -> tuple[int, str]:
    """Status and body with the ids that were asked for, and the correlation, taken out."""
    response = api.send(method, path.format(**ids), body)
    try:
        decoded = json.loads(response.content)
    except ValueError:
        return response.status_code, response.content.decode()
    if isinstance(decoded, dict):
        decoded.pop("correlationId", None)
    text = json.dumps(decoded)
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    return response.status_code, text


@pytest.mark.case("S01")
def test_the_ids_of_another_partner_answer_as_ids_that_do_not_exist(api: Api, other_api: Api) -> None:
    theirs, own = a_world(api), a_world(other_api, "The Outsider")
    before = _digest()
    differences = []
    for operation_id, method, path, names in _operations():
        body = BODIES.get(operation_id, {} if method in ("POST", "PUT", "PATCH") else None)
        unknown = {name: str(uuid.uuid4()) for name in names} | {name: own[name] for name in COMMON & set(names)}
        foreign = {name: theirs[name] if name not in COMMON else own[name] for name in names}
        expected = _answer(other_api, method, path, body, unknown)
        # All ids foreign; and, behind an own company, each of the others.
        for ids in (foreign, {**foreign, **{name: own[name] for name in names[:1]}}):
            if ids == {name: own[name] for name in names}:
                continue
            if len(names) > 1 and ids[names[0]] == own[names[0]]:
                expected = _answer(other_api, method, path, body, {**unknown, names[0]: own[names[0]]})
            found = _answer(other_api, method, path, body, ids)
            if found != expected or found[0] != 404:
                differences.append(f"{operation_id} {ids}: {found} instead of {expected}")
    assert not differences, "\n".join(differences)
    assert _digest() == before


@pytest.mark.case("S01")
def test_lists_show_a_partner_its_own_and_nothing_else(api: Api, other_api: Api) -> None:
    theirs = a_world(api)
    a_world(other_api, "The Outsider")
    secrets = [value for name, value in theirs.items() if len(value) == 36]
    seen = []
    for path, methods in OURS["paths"].items():
        if "get" in methods and "{" not in path:
            text = other_api.get(path + ("?locale=en-us" if "ui/text" in path else "")).content.decode()
            seen += [f"{path} shows {secret}" for secret in secrets if secret in text]
    assert not seen, "\n".join(seen)


def test_a_link_is_only_made_for_an_own_company(api: Api, other_api: Api) -> None:
    theirs = a_world(api)
    path = "/config/sync/commerce/partner/books/start?merchantIdentifier="
    before = _digest()
    foreign, unknown = (other_api.get(f"{path}{wanted}") for wanted in (theirs["companyId"], uuid.uuid4()))
    assert foreign.status_code == unknown.status_code == 404
    assert _digest() == before


def test_every_operation_is_refused_without_a_key(api: Api) -> None:
    ids = a_world(api)
    stranger = Api(api.partner, "stranger")
    stranger._client.defaults.pop("HTTP_AUTHORIZATION", None)
    before = _digest()
    for path, methods in OURS["paths"].items():
        for method in methods:
            response = stranger._client.generic(method.upper(), path.format(**ids), b"{}", "application/json")
            assert response.status_code == 401, f"{method} {path}: {response.status_code}"
    assert _digest() == before

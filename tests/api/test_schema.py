"""Our own OpenAPI document: it is valid, committed, current, and shown by a page that needs no network."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "openapi.json"
UPDATE = "manage.py spectacular --format openapi-json --file docs/openapi.json"


def _now(tmp_path: Path) -> str:
    file = tmp_path / "openapi.json"
    call_command("spectacular", "--format", "openapi-json", "--fail-on-warn", "--file", str(file))
    return file.read_text()


def test_the_committed_document_is_current(tmp_path: Path) -> None:
    assert COMMITTED.read_text() == _now(tmp_path), f"run `{UPDATE}`"


def test_the_document_is_valid_and_each_operation_is_described() -> None:
    document = json.loads(COMMITTED.read_text())
    validate(document)
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            where = f"{method} {path}"
            assert described["summary"], where
            assert described.get("description"), where
            assert described["tags"], where
            assert {"401", "429", "500"} <= described["responses"].keys(), where


def test_names_in_the_documentation_are_operations_that_exist() -> None:
    document = json.loads(COMMITTED.read_text())
    told = set(re.findall(r"`(?:GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)", (ROOT / "docs" / "api.md").read_text()))
    known = {re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]}
    unknown = {path for path in told if re.sub(r"\{\w+\}", "{}", path) not in known}
    assert not unknown


def test_the_page_needs_nothing_from_outside(db: None) -> None:
    page = Client().get("/api/docs")
    assert page.status_code == 200
    outside = re.findall(r"(?:src|href)=[\"'](?:https?:)?//[^\"']+", page.content.decode())
    assert not outside


def test_the_document_is_served(db: None) -> None:
    served = Client().get("/api/schema", headers={"Accept": "application/json"})
    assert served.status_code == 200
    assert b"list-companies" in served.content

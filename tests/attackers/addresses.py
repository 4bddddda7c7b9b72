"""Every address of the site, with ids of things that are there, and a browser that has every way in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from commerce_sync.api_keys import create_key
from commerce_sync.demo.merchants import LONDON
from commerce_sync.documents import documents_of
from commerce_sync.models import Sync, Undo
from connectors.models import Connection
from ledger.models import Company, Partner
from tests.api.cast import basic
from tests.flow.cast import inside
from tests.health.console_world import a_world
from tests.health.people import a_person

_ARGUMENT: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
# The three addresses that no pattern names (health/probes.py), and files.
BESIDE: Final = ("/healthz/live", "/healthz/ready", "/metrics", "/static/flow/flow.css", "/static/flow/icon.svg",
    "/static/none.css", "/nowhere")  # fmt: skip
OF_REGULAR_EXPRESSIONS: Final = {
    "^(?:companies|config|meta|sync|clients)(?:/.*)?$": "companies/no/such/place",
    "^(?P<app_label>ledger|connectors|commerce_sync|health)/$": "ledger/",
    "(?P<url>.*)$": "no/such/page",
}
_OTHERWISE: Final = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "slug": "partner", "str": "1",
    "path": "x"}  # fmt: skip


class Address(NamedTuple):
    """A path, the name of its pattern ("" for none) and the pattern's view."""

    path: str
    name: str
    view: Any


def every_address(ids: dict[str, str] | None = None) -> list[Address]:
    """One for each pattern. ``ids``: what an argument is, by its kind and name or its name alone."""
    found = [Address("/" + path, name, view) for path, name, view in _walk(get_resolver().url_patterns, ids or {})]
    return [_of_a_row(each) for each in found] if ids else found


def _of_a_row(address: Address) -> Address:
    """An address of the admin's for one row, with the latest row of its model."""
    for model in admin.site._registry:
        label = f"/admin/{model._meta.app_label}/{model._meta.model_name}/x/"
        if address.path.startswith(label):
            row = model._default_manager.order_by("pk").values_list("pk", flat=True).last()
            return address._replace(path=address.path.replace("/x/", f"/{'x' if row is None else row}/"))
    return address


def _walk(patterns: Any, ids: dict[str, str]) -> Iterator[Address]:
    for each in patterns:
        here = _written(each, ids)
        if isinstance(each, URLResolver):
            for inner in _walk(each.url_patterns, ids):
                yield Address(here + inner.path, inner.name, inner.view)
        elif isinstance(each, URLPattern):
            yield Address(here, each.name or "", each.callback)


def _written(each: Any, ids: dict[str, str]) -> str:
    if isinstance(each.pattern, RegexPattern):
        return OF_REGULAR_EXPRESSIONS[str(each.pattern)]

    def filled(found: re.Match[str]) -> str:
        kind, name = found[1] or "str", found[2]
        return ids.get(f"{kind} {name}", ids.get(name, _OTHERWISE[kind]))

    return _ARGUMENT.sub(filled, str(each.pattern))


class Everybody(NamedTuple):
    """A browser that is in the console as its administrator, in the pages of a merchant, and has a key of the API."""

    browser: Client
    ids: dict[str, str]
    company: Company
    partner: Partner


def everybody(**options: Any) -> Everybody:
    """One partner with one merchant of whom there is something of everything."""
    partner = Partner.objects.create(name="Own", currency="GBP", zone="Europe/London")
    world = {name: str(value) for name, value in a_world(partner, LONDON).items()}
    company = Company.objects.get(public_id=world["company_id"])
    Undo.objects.update(plan={"digest": "d", "postings": [], "sentences": [], "records": 0})
    key = create_key(partner=partner, name="all", actor="test")[1]
    came_in = inside(company)
    browser = Client(headers={"Authorization": basic(key)}, raise_request_exception=False, **options)
    browser.cookies = came_in.cookies
    browser.force_login(a_person("", name="root", is_superuser=True))
    books = Connection.objects.get(company=company, kind="accounting")
    ids = world | {
        "companyId": world["company_id"],
        "uuid document_id": str(documents_of(company)[0].uuid),
        "uuid sync_id": str(Sync.objects.filter(company=company).earliest("id").public_id),
        "connection_id": str(books.public_id),
        "connectionId": str(books.public_id),
        "syncId": world["sync_id"],
        "findingId": world["finding_id"],
        "alertRuleId": world["rule_id"],
        "day": "2026-03-02",
    }
    return Everybody(browser, ids, company, partner)

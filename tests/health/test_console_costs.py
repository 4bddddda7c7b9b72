"""What each list and page of the console costs in a large installation: few queries, whatever there is, and none that
reads a big table through.

How a statement is judged: it is explained with ANALYZE, and each node that reads a big table may have read only so many
rows. That holds whatever the planner is told to prefer, and catches an index that is read from end to end as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commerce_sync.models import Sync
from commerce_sync.sync_days import count_days
from connectors.models import Call, PushItem
from health.models import Member, WebhookDelivery
from ledger.models import Company, Document, Partner
from tests.benchmarks import console_world

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
SIZE: Final = console_world.Size(companies=20_000, records=15, syncs=6)
MOST_QUERIES: Final = 30
MOST_READ: Final = 12_000
"""Rows that one node may read of a big table: a list of five hundred, for a partner with one company in twenty."""
_BIG: Final = 30_000
"""More than one row for each company. Those with one are read through in a few milliseconds."""
_OF_COMPANIES: Final = (
    *("commerce_sync_sync", "connectors_pushitem", "ledger_document", "ledger_recordrow", "ledger_problemrow"),
    *("ledger_auditentry", "connectors_call", "connectors_binding", "connectors_page", "connectors_option"),
    *("ledger_posting", "ledger_source", "ledger_bookversion"),
)


@pytest.fixture
def large() -> None:
    """The installation, counted and analyzed."""
    console_world.make(SIZE)
    count_days(60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def someone(partner: Partner | None) -> Client:
    user = get_user_model().objects.create_user(f"person {uuid4()}", is_staff=True)
    Member.objects.create(user=user, role="administrator", partner=partner)
    client = Client()
    client.force_login(user)
    return client


def addresses() -> Iterator[str]:
    """Every list, plain and by each of its filters, and the pages of one thing."""
    for model in admin.site._registry:
        if model._meta.app_label in {"ledger", "connectors", "commerce_sync", "health"}:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield from _narrowed()
    sync = Sync.objects.filter(code=2000).earliest("id")
    page = reverse("admin:console-sync", args=(sync.public_id,))
    yield from (f"{page}?tab={tab}" for tab in ("summary", "documents", "calls", "log"))
    yield reverse("admin:console-sync-configuration", args=(sync.public_id,))
    company = Company.objects.earliest("id")
    yield reverse("admin:console-company-resume", args=(company.public_id,))
    names = ("console-company", "console-company-money", "console-company-changes", "console-mapping")
    yield from (reverse(f"admin:{name}", args=(company.public_id,)) for name in names)
    yield from (reverse(f"admin:{name}") for name in ("console-findings", "console-changes"))
    yield reverse("admin:console-delivery", args=(WebhookDelivery.objects.earliest("id").public_id,))
    yield "/admin/"


def _narrowed() -> Iterator[str]:
    company, old = Company.objects.earliest("id"), Sync.objects.earliest("id")
    document = Document.objects.filter(pushed_at__isnull=False).earliest("id")
    partner = Partner.objects.get(name="Small POS").pk
    call = Call.objects.earliest("id")
    syncs, items = ["result=failed", "result=written", "result=running", "result=4220", "trigger=request",
        "began_from=2020-01-01&began_to=2030-01-01", "platform=xero", "longer=10", "longer=60", "items=refused",
        "items=unknown", "error=unauthorized", "error=unauthorized&says=no+longer", f"q={old.public_id}", "q=nothing",
        f"company={company.public_id}&covers_from=2026-01-01", f"partner={partner}", f"partner={partner}&result=failed",
        "p=9"], ["state=refused", "state=unknown", "state=prepared", "state=pushed", "error=account_archived",
        "turn=merchant", f"q={document.reference}", "q=nothing", f"partner={partner}"]  # fmt: skip
    said = {
        "commerce_sync_sync": syncs,
        "connectors_pushitem": items,
        "ledger_company": ["q=harb+1234", f"q={company.public_id}", "q=nobody", f"partner={partner}", "q=rose"],
        "ledger_document": [f"q={document.reference}", f"q={document.public_id}", "q=nothing", "kind=bill"],
        "ledger_recordrow": ["kind=refund", "versions=former", "number=o3"],
        "ledger_problemrow": ["code=unmapped_role", "code=adds_up", f"partner={partner}", "state=any"],
        "ledger_auditentry": ["code=sync.paused", "code=none", "q=subject+7", "q=none"],
        "connectors_connection": ["status=Deauthorized", "status=Unlinked", "platform=xero", "platform=none",
            f"partner={partner}"],
        "connectors_call": ["went=wrong", "platform=none", f"q={call.correlation}", "made_to=2020-01-01"],
        "connectors_binding": [f"q={document.reference}", "q=none"],
        "commerce_sync_schedule": ["state=failing", "state=paused", f"partner={partner}"],
        "commerce_sync_job": ["state=dead", f"q={uuid4()}"],
        "health_webhookdelivery": ["state=failed", "state=waiting", f"partner={partner}"],
        "health_webhookevent": [f"partner={partner}&type=sync.failed"],
        "ledger_posting": [f"q={old.public_id}"],
    }  # fmt: skip
    for model, queries in said.items():
        yield from (f"{reverse(f'admin:{model}_changelist')}?{query}" for query in queries)
    for model in _OF_COMPANIES:
        yield f"{reverse(f'admin:{model}_changelist')}?company={company.public_id}"
        yield f"{reverse(f'admin:{model}_changelist')}?company=garden+777"


def reads(statement: str, big: set[str]) -> Iterator[tuple[str, int]]:
    """What a statement reads of each table or index: the node, and how many rows it went through."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + statement.replace("%", "%%"), [])
        plan = cursor.fetchone()[0]
    nodes = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Relation Name") in big:
            kept = (
                "Actual Rows",
                "Rows Removed by Filter",
                "Rows Removed by Index Recheck",
                "Rows Removed by Join Filter",
            )
            rows = sum(node.get(key, 0) for key in kept) * node["Actual Loops"]
            yield f"{node['Node Type']} of {node['Relation Name']} {node.get('Index Name', '')}", int(rows)


def big_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [_BIG])
        return {name for (name,) in cursor.fetchall()}


def test_no_page_needs_many_queries_or_reads_a_big_table_through(large: None) -> None:
    big = big_tables() | {"ledger_company"}
    assert len(big) > 12
    assert PushItem.objects.filter(state="refused").exists()
    dear: dict[str, str] = {}
    for who in (None, Partner.objects.get(name="Small POS"), Partner.objects.get(name="Middle POS")):
        client = someone(who)
        for address in addresses():
            with CaptureQueriesContext(connection) as counted:
                answered = client.get(address)
            assert answered.status_code in ((200, 302) if who is None else (200, 302, 404)), address
            assert "e=1" not in answered.get("Location", ""), address  # a filter that is not understood
            told = f"{who or 'all'}: {address}"
            if len(counted) > MOST_QUERIES:
                dear[told] = f"{len(counted)} queries"
            for query in counted.captured_queries:
                if query["sql"].startswith(("SELECT", "WITH")):
                    dear |= {f"{told}: {node}": f"{rows} rows: {query['sql'][:300]}"
                             for node, rows in reads(query["sql"], big) if rows > MOST_READ}  # fmt: skip
    assert dear == {}, json.dumps(dear, indent=1)

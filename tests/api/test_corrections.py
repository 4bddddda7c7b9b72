"""Retry, undo, void and redo over the API: the plan is shown, agreed to, carried out, and taken back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from commerce_sync import work
from connectors.general_ledger.reports import trial_balance
from ledger.models import Company
from tests.api.cast import Api, an_order, books_of, push_orders, ready_company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(api: Api) -> Company:
    """A company with two orders, synced."""
    company = ready_company(api.partner)
    push_orders(api, company, [an_order(1), an_order(2)])
    _synced(api, company)
    return company


def _synced(api: Api, company: Company) -> str:
    asked = api.post(f"/companies/{company.public_id}/sync/commerce/latest").json()
    work.drain()
    return str(asked["commerceSyncId"])


def _sync(api: Api, company: Company) -> str:
    return str(api.get(f"/companies/{company.public_id}/sync/commerce/syncs/latest/status").json()["syncId"])


def _balances(company: Company) -> dict[str, int]:
    return {row.code: row.amount for row in trial_balance(books_of(company).pk) if row.amount}


def _undo_path(company: Company, sync_id: str) -> str:
    return f"/companies/{company.public_id}/sync/commerce/syncs/{sync_id}/undo"


def test_a_sync_is_undone_by_its_plan_and_brought_back(api: Api, company: Company) -> None:
    before, path = _balances(company), _undo_path(company, _sync(api, company))
    assert before
    plan = api.get(path).json()
    assert (plan["blocked"], plan["records"]) == (False, 2)
    assert {posting["way"] for posting in plan["postings"]} == {"void"}
    assert sum(each["amount"] for posting in plan["postings"] for each in posting["accounts"]) == 0
    assert _balances(company) == before  # a plan does nothing
    undo = api.post(path, {"planDigest": plan["digest"]})
    assert undo.status_code == 200, undo.content
    work.drain()
    done = api.get(f"/companies/{company.public_id}/undos/{undo.json()['id']}").json()
    assert done["state"] == "done"
    assert _balances(company) == {}
    _synced(api, company)
    assert _balances(company) == {}  # the next sync leaves it undone
    redone = api.post(f"/companies/{company.public_id}/undos/{done['id']}/redo")
    assert redone.status_code == 200, redone.content
    work.drain()
    assert _balances(company) == before
    assert api.post(f"/companies/{company.public_id}/undos/{done['id']}/redo").json()["redoRunId"]
    listed = api.get(f"/companies/{company.public_id}/undos").json()
    assert [each["id"] for each in listed["results"]] == [done["id"]]


def test_a_plan_that_has_changed_is_not_carried_out(api: Api, company: Company) -> None:
    before, path = _balances(company), _undo_path(company, _sync(api, company))
    refused = api.post(path, {"planDigest": "0" * 64})
    assert refused.status_code == 409
    assert api.post(path, {"planDigest": "x"}).status_code == 400
    assert api.post(path, {}).status_code == 400
    assert _balances(company) == before


def test_while_a_sync_runs_nothing_is_undone(api: Api, company: Company) -> None:
    path = _undo_path(company, _sync(api, company))
    digest = api.get(path).json()["digest"]
    api.post(f"/companies/{company.public_id}/sync/commerce/latest")
    refused = api.post(path, {"planDigest": digest})
    assert (refused.status_code, refused.json()["detailedErrorCode"]) == (409, 5080)


def test_a_later_sync_is_to_be_undone_first(api: Api, company: Company) -> None:
    first = _sync(api, company)
    push_orders(api, company, [an_order(1, amount="18.00", sourceModifiedDate="2026-03-03T12:00:00Z")])
    second = _synced(api, company)
    plan = api.get(_undo_path(company, first)).json()
    assert (plan["blocked"], plan["undoFirst"]) == (True, [second])
    assert api.post(_undo_path(company, first), {"planDigest": plan["digest"]}).status_code == 409


def test_a_document_is_voided_with_its_posting(api: Api, company: Company) -> None:
    document = api.get(f"/companies/{company.public_id}/documents").json()["results"][0]
    path = f"/companies/{company.public_id}/documents/{document['id']}/void"
    plan = api.get(path).json()
    assert [each["reference"] for posting in plan["postings"] for each in posting["documents"]]
    assert api.post(path, {"planDigest": plan["digest"]}).status_code == 200
    work.drain()
    assert _balances(company) == {}


def test_there_is_nothing_to_retry_where_nothing_was_refused(api: Api, company: Company) -> None:
    document = api.get(f"/companies/{company.public_id}/documents").json()["results"][0]
    for path in (
        f"/companies/{company.public_id}/documents/retry",
        f"/companies/{company.public_id}/documents/{document['id']}/retry",
        f"/companies/{company.public_id}/sync/commerce/syncs/{_sync(api, company)}/retry",
    ):
        assert api.post(path).json() == {"documents": 0}


def test_foreign_and_unknown_things_are_answered_alike(api: Api, other_api: Api, company: Company) -> None:
    theirs = ready_company(other_api.partner, "Other")
    sync_id = _sync(api, company)
    document = api.get(f"/companies/{company.public_id}/documents").json()["results"][0]["id"]
    body: dict[str, Any] = {"planDigest": "0" * 64}
    for owner in (company, theirs):
        for thing, unknown in ((sync_id, uuid.uuid4()), (document, uuid.uuid4())):
            for wanted in (thing, unknown):
                root = f"/companies/{owner.public_id}"
                for path in (_undo_path(owner, str(wanted)), f"{root}/documents/{wanted}/void"):
                    assert other_api.get(path).status_code == 404
                    assert other_api.post(path, body).status_code == 404
                for path in (
                    f"{root}/sync/commerce/syncs/{wanted}/retry",
                    f"{root}/documents/{wanted}/retry",
                    f"{root}/undos/{wanted}/redo",
                ):
                    assert other_api.post(path).status_code == 404
                assert other_api.get(f"{root}/undos/{wanted}").status_code == 404

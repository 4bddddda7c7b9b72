"""Findings over the API: listed, read, worked on; nobody else's, and nothing that is said among us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from commerce_sync.models import Sync
from health.findings import working
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.settle import settle
from health.findings.working import Act
from health.models import Finding, FindingEvent
from ledger.models import AuditEntry, Company, Document, Partner, RecordRow
from ledger.services import now
from tests.api.cast import Api, an_order, make_company, make_partner, ready_company
from tests.api.proof_cast import a_sync, push

pytestmark = pytest.mark.django_db
ALL = "/config/findings"
US = Act("console:sam", "because")


def find(*seen: Seen, code: str = "document_edited") -> None:
    ids = tuple({each.company_id for each in seen if each.company_id is not None})
    settle({code}, Scope(ids, now()) if ids else None, Looked(seen), now())


def edited(where: Company, reference: str = "CS1", **facts: Any) -> Seen:
    params = {"reference": reference, "changes": "its day"}
    return Seen("document_edited", where.pk, reference, params, currency="GBP", amount=1_050, **facts)


def listed(api: Api, asked: str = "", path: str = ALL) -> list[Any]:
    response = api.get(path + asked)
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def done(api: Api, what: str, body: Any = None, status: int = 200) -> Any:
    """The answer to an act on the one finding."""
    response = api.post(f"{ALL}/{Finding.objects.get().public_id}/{what}", body)
    assert response.status_code == status, response.content
    return response.json()


@pytest.fixture
def shop(partner: Partner) -> Company:
    return make_company(partner)


def test_a_finding_says_what_is_wrong_what_to_do_and_by_how_much(api: Api, shop: Company) -> None:
    find(edited(shop))
    [found] = listed(api)
    assert [found] == listed(api, path=f"/companies/{shop.public_id}/findings")
    assert (found["code"], found["severity"], found["turn"], found["status"], found["area"]) == (
        "document_edited", "error", "merchant", "open", "money",
    )  # fmt: skip
    assert found["sentence"] == "CS1 was changed in the accounting software: its day."
    assert (found["amount"], found["currency"], found["companyName"]) == (10.5, "GBP", shop.name)
    assert "Put it back there" in found["remedy"]
    assert {"mendedBy", "assignedTo", "resolved", "day"}.isdisjoint(found)


def test_lists_are_narrowed_by_status_and_query(api: Api, partner: Partner, shop: Company) -> None:
    other = make_company(partner, "Another")
    find(edited(shop, "CS1"), edited(shop, "CS2"), edited(other, "CS3"))
    find(edited(shop, "CS2"), edited(other, "CS3"))
    working.ignore(findings=Finding.objects.filter(subject="CS3"), act=US)
    sentences = {
        "": ["CS2"],
        "?status=all": ["CS3", "CS2", "CS1"],
        "?status=resolved": ["CS1"],
        "?status=ignored": ["CS3"],
        "?status=assigned": [],
        f"?status=all&query=companyId={other.public_id}": ["CS3"],
        "?status=all&query=code=other": [],
        "?status=all&orderBy=opened&pageSize=1": ["CS1"],
    }
    for asked, expected in sentences.items():
        assert [each["sentence"][:3] for each in listed(api, asked)] == expected, asked
    assert api.get(f"{ALL}?status=some").status_code == 400
    assert api.get(f"{ALL}?query=root=x").status_code == 400


def test_a_list_asks_as_much_for_many_as_for_few(api: Api, partner: Partner) -> None:
    find(*(edited(make_company(partner, f"Shop {n}"), "CS1") for n in range(20)))
    with CaptureQueriesContext(database) as asked:
        assert len(listed(api)) == 20
    assert len(asked) <= 6


def test_causes_lead_to_what_the_api_knows_them_by(api: Api, partner: Partner) -> None:
    company = ready_company(partner)
    push(company, an_order(1))
    a_sync(company)
    document, record = Document.objects.get(), RecordRow.objects.get()
    foreign = str(10**9)
    causes = (
        Cause("document", str(document.pk), "CS-1", amount=-5), Cause("record", str(record.pk), "order 1", "late"),
        Cause("entry", "MJ1", "by hand"), Cause("record", foreign, "gone"),
    )  # fmt: skip
    find(edited(company, causes=causes))
    [finding] = listed(api)
    causes_shown = api.get(f"{ALL}/{finding['id']}").json()["causes"]
    assert causes_shown == [
        {"kind": "document", "label": "CS-1", "id": str(document.public_id), "amount": -0.05},
        {"kind": "record", "label": "order 1", "id": "o1", "recordKind": "order", "reason": "late"},
        {"kind": "entry", "label": "by hand", "id": "MJ1"},
        {"kind": "record", "label": "gone"},
    ]


def test_a_partner_takes_comments_passes_up_and_closes(api: Api, shop: Company) -> None:
    find(edited(shop))
    taken = done(api, "assign", {"assignee": "Alex"})
    assert (taken["status"], taken["assignedTo"]) == ("assigned", "Alex")
    done(api, "comment", {"text": "The bookkeeper\nis on it."})
    assert done(api, "escalate", {"reason": "They are angry."})["escalated"]
    assert done(api, "escalate", {"reason": "Still."}, 409)["error"] == "This finding is assigned, and passed up."
    closed = done(api, "resolve", {"reason": "Put back."})
    assert (closed["status"], closed["resolvedBy"], closed["reason"]) == ("resolved", "api:tests", "Put back.")
    done(api, "assign", {"assignee": "Alex"}, 409)
    history = api.get(f"{ALL}/{closed['id']}").json()["history"]
    assert [(each["what"], each["actor"], each["words"]) for each in history] == [
        ("resolved", "api:tests", "Put back."), ("escalated", "api:tests", "They are angry."),
        ("commented", "api:tests", "The bookkeeper\nis on it."), ("assigned", "api:tests", "to Alex"),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(company=shop, actor="api:tests", code__startswith="finding.").count() == 4


def test_what_is_said_among_us_and_our_names_stay_here(api: Api, shop: Company) -> None:
    find(edited(shop))
    every, sam = Finding.objects.all(), get_user_model().objects.create_user("sam")
    working.comment(findings=every, act=Act("console:sam", "hopeless"), is_internal=True)
    working.comment(findings=every, act=Act("console:sam", "We are on it."))
    working.escalate(findings=every, act=Act("console:sam", "Ann knows"))
    working.assign(findings=every, act=Act("console:ann"), to=sam)
    [finding] = listed(api)
    response = api.get(f"{ALL}/{finding['id']}")
    assert finding["assignedTo"] == "console"
    assert [(each["what"], each.get("words")) for each in response.json()["history"]] == [
        ("assigned", None), ("escalated", None), ("commented", "We are on it."),
    ]  # fmt: skip
    for secret in ("sam", "ann", "Ann", "hopeless"):
        assert secret not in response.content.decode()


def test_it_is_ignored_until_a_day_and_taken_up_again(api: Api, shop: Company) -> None:
    find(edited(shop))
    until = now().date() + timedelta(days=3)
    ignored = done(api, "ignore", {"reason": "known", "until": until.isoformat()})
    assert (ignored["status"], ignored["ignoredUntil"], ignored["reason"]) == ("ignored", until.isoformat(), "known")
    again = done(api, "reopen")
    assert (again["status"], "ignoredUntil" in again) == ("open", False)
    done(api, "reopen", status=409)
    done(api, "ignore", {"reason": "known", "until": now().date().isoformat()}, 400)
    done(api, "ignore", {"reason": " "}, 400)
    done(api, "ignore", {"reason": "x\0"}, 400)


def test_what_we_have_to_look_at_is_not_ignored_by_a_partner(api: Api, shop: Company) -> None:
    find(Seen("record_twice", shop.pk, "order 1", {"record": "order 1", "count": 2}), code="record_twice")
    assert "our support" in done(api, "ignore", {"reason": "x"}, 409)["error"]
    assert Finding.objects.get().state == "open"


def test_what_a_sync_mends_is_synced(api: Api, shop: Company) -> None:
    find(Seen("connection_lost", shop.pk, "x", {"platform": "Xero"}), code="connection_lost")
    assert done(api, "retry") == {"documents": 0, "syncRequested": True}
    assert done(api, "retry") == {"documents": 0, "syncRequested": False}
    assert Sync.objects.count() == 1
    assert listed(api)[0]["retried"]


def test_what_nothing_mends_is_refused(api: Api, shop: Company) -> None:
    find(edited(shop))
    done(api, "retry", status=409)
    assert not Sync.objects.exists()
    assert "retried" not in listed(api)[0]


def test_another_partner_s_findings_and_the_installation_s_are_not_there(
    api: Api, other_api: Api, shop: Company
) -> None:
    find(edited(shop))
    find(Seen("workers_gone", None, "workers", {"since": "03:00"}), code="workers_gone")
    find(Seen("endpoint_disabled", None, "e", {"url": "x", "said": "y"}, partner_id=make_partner("Third").pk),
         code="endpoint_disabled")  # fmt: skip
    assert len(listed(api)) == 1
    assert listed(other_api, "?status=all") == []
    finding = Finding.objects.get(company=shop).public_id
    reason = {"reason": "x"}
    acts = {"assign": {"assignee": "x"}, "comment": {"text": "x"}, "escalate": reason, "resolve": reason,
            "ignore": reason, "reopen": None, "retry": None}  # fmt: skip
    for what, body in acts.items():
        answers = [other_api.post(f"{ALL}/{each}/{what}", body) for each in (finding, uuid4())]
        assert [each.status_code for each in answers] == [404, 404], what
    assert other_api.get(f"{ALL}/{finding}").status_code == 404
    assert other_api.get(f"/companies/{shop.public_id}/findings").status_code == 404
    assert not FindingEvent.objects.exists()

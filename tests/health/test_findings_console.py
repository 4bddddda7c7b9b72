"""Findings at the console: the queue, the groups, one finding, and what is done there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commerce_sync.models import Sync
from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.settle import settle
from health.models import Finding, FindingEvent
from ledger.models import AuditEntry, Company
from ledger.services import now
from tests.api.cast import make_company, make_partner
from tests.health.test_console_scope import person

pytestmark = pytest.mark.django_db
QUEUE = "/admin/findings/"
DOWN = "platform down: square"


def find(*seen: Seen, code: str = "document_edited") -> None:
    """These findings of a code are at these companies, and no others."""
    ids = tuple({each.company_id for each in seen if each.company_id is not None})
    settle({code}, Scope(ids, now()) if ids else None, Looked(seen), now())


def edited(where: Company, reference: str, amount: int = 100, **facts: Any) -> Seen:
    params = {"reference": reference, "changes": "its day"}
    return Seen("document_edited", where.pk, reference, params, currency="GBP", amount=amount, **facts)


def down(where: Company) -> Seen:
    return Seen("sync_failing", where.pk, "syncs", {"since": "03:00", "said": "no answer"}, root=DOWN)


def page(browser: Client, address: str = QUEUE, **asked: Any) -> str:
    answered = browser.get(address, asked)
    assert answered.status_code == 200
    return re.sub(r"\s+", " ", answered.content.decode())


def address_of(finding: Finding) -> str:
    return reverse("admin:console-finding", args=(finding.public_id,))


def do(browser: Client, what: str, *findings: Finding, **said: Any) -> str:
    """What the console says to an act."""
    values = {"what": what, "ids": [each.public_id for each in findings], "back": QUEUE, **said}
    answered = browser.post(f"{QUEUE}act/", values)
    assert answered.status_code == 302
    assert answered["Location"] == QUEUE
    return str(next(iter(browser.get(QUEUE).context["messages"])))


def test_findings_of_one_cause_are_one_row_with_their_sum() -> None:
    partner = make_partner()
    shops = [make_company(partner, name) for name in ("Anchor", "Bell", "Crown")]
    find(*(down(shop) for shop in shops), code="sync_failing")
    find(edited(shops[0], "CS1"), edited(shops[0], "CS2", root="the same hand"),
         edited(shops[1], "CS3", 250, root="the same hand"))  # fmt: skip
    shown = page(person("support"))
    assert shown.count('<li class="f-item') == 3
    assert "3 findings</span> <span>3 companies" in shown
    assert "GBP 3.50" in shown
    assert "6 errors" in shown


def test_the_queue_is_narrowed_by_all_that_can_be_asked() -> None:
    one, other = make_partner("One"), make_partner("Other")
    first, second = make_company(one, "Anchor"), make_company(other, "Bell")
    find(edited(first, "CS1"), edited(second, "CS2"))
    find(down(first), code="sync_failing")
    client = person("support")
    Finding.objects.filter(subject="CS2").update(opened_at=now() - timedelta(days=9), escalated_at=now())
    found = {
        (("company", "anch"),): {"CS1", "syncs"},
        (("company", str(second.public_id)),): {"CS2"},
        (("company", "nobody"),): set(),
        (("partner", other.pk),): {"CS2"},
        (("code", "document_edited"),): {"CS1", "CS2"},
        (("area", "sync"),): {"syncs"},
        (("turn", "support"),): {"syncs"},
        (("age", "old"),): {"CS2"},
        (("age", "day"),): {"CS1", "syncs"},
        (("who", "escalated"),): {"CS2"},
        (("who", "mine"),): set(),
        (("severity", "warning"),): set(),
        (("state", "ignored"),): set(),
        (("state", "nonsense"), ("turn", "nobody's"), ("page", "x")): {"CS1", "CS2", "syncs"},
    }
    for asked, subjects in found.items():
        shown = client.get(QUEUE, {**dict(asked), "view": "each"}).context["findings"]
        assert {each.subject for each in shown} == subjects, asked
    assert "No company’s name begins with “nobody”" in page(client, company="nobody")


def test_the_queue_says_how_old_its_findings_are() -> None:
    shop = make_company(make_partner())
    find(edited(shop, "CS1"), edited(shop, "CS2"), edited(shop, "CS3"))
    for subject, days in (("CS2", 2), ("CS3", 30)):
        Finding.objects.filter(subject=subject).update(opened_at=now() - timedelta(days=days))
    shown = page(person("support"), turn="merchant", page="1")
    ages = re.findall(r'<a href="([^"]+)">(\d for [^<]+)</a>', shown)
    assert [words for _, words in ages] == ["1 for less than a day", "1 for 1 to 3 days", "1 for more than 7 days"]
    assert ages[0][0] == "?turn=merchant&amp;age=day"


def test_a_finding_says_what_to_do_and_leads_to_its_causes() -> None:
    shop = make_company(make_partner())
    sync = Sync.objects.create(company=shop, trigger="request", started_at=now())
    causes = (
        Cause("document", "7", "CS-7", amount=100), Cause("record", "8", "order 8"),
        Cause("sync", str(sync.public_id), "a sync"), Cause("entry", "x", "MJ-1", "booked by hand"),
    )  # fmt: skip
    find(edited(shop, "CS1", causes=causes))
    shown = page(person("support"), address_of(Finding.objects.get()))
    for words in (
        "CS1 was changed in the accounting software: its day.",
        "Put it back there",
        "GBP 1.00",
        "booked by hand",
    ):
        assert words in shown
    links = dict(re.findall(r'<a href="([^"]+)">(CS-7|order 8|a sync|MJ-1)</a>', shown))
    assert set(links.values()) == {"CS-7", "order 8", "a sync"}


def test_it_is_taken_passed_up_and_resolved_with_a_reason_that_is_kept() -> None:
    shop = make_company(make_partner())
    find(edited(shop, "CS1"))
    client, finding = person("support"), Finding.objects.get()
    assert do(client, "take", finding) == "The finding is taken."
    assert do(client, "escalate", finding, why="beyond me") == "The finding is passed up."
    assert do(client, "resolve", finding, why="put back there").startswith("The finding is resolved")
    finding.refresh_from_db()
    assert (finding.state, finding.resolved_by, finding.assigned_to) == ("resolved", "console:Sam", "Sam")
    shown = page(client, address_of(finding))
    for words in ("<strong>resolved</strong> by Sam", "put back there", "beyond me", "to Sam"):
        assert words in shown
    entry = AuditEntry.objects.get(code="finding.resolved")
    assert (entry.actor, entry.company, entry.detail["why"]) == ("console:Sam", shop, "put back there")


def test_nothing_is_done_without_a_reason_and_what_was_typed_is_not_lost() -> None:
    find(edited(make_company(make_partner()), "CS1"))
    client, finding = person("support"), Finding.objects.get()
    assert "Say why" in do(client, "resolve", finding, why=" ")
    answered = client.post(f"{QUEUE}act/", {"what": "ignore", "ids": finding.public_id, "why": "long words",
                                            "until": "2020-01-01", "back": address_of(finding)})  # fmt: skip
    assert answered["Location"] == address_of(finding)
    assert ">long words</textarea>" in page(client, address_of(finding))
    assert ">long words</textarea>" not in page(client, address_of(finding))
    finding.refresh_from_db()
    assert finding.state == "open"


def test_a_whole_group_is_worked_on_at_once() -> None:
    partner = make_partner()
    find(*(down(make_company(partner, f"Shop {n}")) for n in range(5)), code="sync_failing")
    client = person("support")
    shown = page(client, f"{QUEUE}group/", code="sync_failing", root=DOWN)
    assert "5 open findings of this one cause" in shown
    assert do(client, "take", code="sync_failing", root=DOWN) == "5 findings taken."
    assert do(client, "mend", code="sync_failing", root=DOWN, why="it is up again") == (
        "5 companies: 5 syncs were asked for."
    )
    assert Sync.objects.count() == 5
    assert client.get(f"{QUEUE}group/", {"code": "x", "root": "y"}).status_code == 404


def test_who_may_not_retry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_company(make_partner())
    find(Seen("delivery_refused", shop.pk, "x", {"count": 1}), code="delivery_refused")
    finding = Finding.objects.get()
    finance = person("finance")
    assert 'value="mend"' not in page(finance, address_of(finding))
    assert finance.post(f"{QUEUE}act/", {"what": "mend", "ids": finding.public_id, "why": "x"}).status_code == 403
    assert 'value="mend"' in page(person("support", name="Alex"), address_of(finding))


def test_a_partner_s_people_see_and_work_on_their_own_only() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    mine, theirs = make_company(own, "Ours"), make_company(other, "Theirs")
    find(edited(mine, "CS1", root="r"), edited(theirs, "CS2", root="r"))
    find(Seen("workers_gone", None, "workers"), code="workers_gone")
    client = person("support", own)
    assert {each.subject for each in client.get(QUEUE, {"view": "each"}).context["findings"]} == {"CS1"}
    foreign = Finding.objects.get(subject="CS2")
    assert client.get(address_of(foreign)).status_code == 404
    assert "Nothing was done" in do(client, "take", foreign)
    assert do(client, "take", code="document_edited", root="r") == "The finding is taken."
    foreign.refresh_from_db()
    assert foreign.state == "open"
    assert do(client, "comment", Finding.objects.get(subject="CS1"), why="hello") == "The finding is commented."
    us = person("support", name="Alex")
    do(us, "comment", Finding.objects.get(subject="CS1"), why="among us only")
    do(us, "comment", Finding.objects.get(subject="CS1"), why="for them too", shared="on")
    shown = page(client, address_of(Finding.objects.get(subject="CS1")))
    assert "among us only" not in shown
    assert "for them too" in shown
    assert list(FindingEvent.objects.filter(what="commented").values_list("is_internal", flat=True).order_by("id")) == [
        False, True, False,
    ]  # fmt: skip


def test_it_is_given_to_a_colleague_and_to_nobody_else() -> None:
    find(edited(make_company(make_partner("Own")), "CS1"))
    finding, client = Finding.objects.get(), person("support")
    person("finance", name="Alex")
    person("support", make_partner("Other"), name="Stranger")
    shown = page(client, address_of(finding))
    assert ">Alex</option>" in shown
    assert ">Stranger</option>" not in shown
    ids = dict(re.findall(r'<option value="(\d+)">(Alex)</option>', shown))
    assert do(client, "assign", finding, to=next(iter(ids))) == "The finding is given away."
    assert "Choose to whom" in do(client, "assign", finding, to="999999")
    finding.refresh_from_db()
    assert finding.assigned_to == "Alex"


def test_the_way_back_leads_nowhere_else() -> None:
    find(edited(make_company(make_partner()), "CS1"))
    answered = person("support").post(f"{QUEUE}act/", {"what": "x", "back": "//evil.example/"})
    assert answered["Location"] == QUEUE


def test_the_admin_s_addresses_of_findings_lead_to_the_pages() -> None:
    find(edited(make_company(make_partner("Own")), "CS1"))
    finding, client = Finding.objects.get(), person("support")
    assert client.get(reverse("admin:health_finding_changelist"))["Location"] == QUEUE
    assert client.get(reverse("admin:health_finding_change", args=(finding.pk,)))["Location"] == address_of(finding)
    stranger = person("support", make_partner("Other"), name="Stranger")
    assert stranger.get(reverse("admin:health_finding_change", args=(finding.pk,))).status_code == 404


@pytest.mark.parametrize("many", [3, 30])
def test_no_page_asks_more_when_there_is_more(many: int) -> None:
    partner = make_partner()
    shops = [make_company(partner, f"Shop {n}") for n in range(many)]
    find(*(edited(shop, "CS1", causes=tuple(Cause("document", str(n), f"D{n}") for n in range(20))) for shop in shops),
         *(edited(shop, "CS2", root="one") for shop in shops))  # fmt: skip
    client = person("support")
    group = reverse("admin:console-finding-group", query={"code": "document_edited", "root": "one"})
    for address in (QUEUE, f"{QUEUE}?view=each", group, address_of(Finding.objects.order_by("pk")[0])):
        client.get(address)
        with CaptureQueriesContext(
            database,
        ) as asked:
            assert client.get(address).status_code == 200
        assert len(asked) <= 14, (address, len(asked))

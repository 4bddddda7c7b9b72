"""Forgetting persons: what names them goes, the books and what proves them stay, and each says so plainly."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from commerce_sync import services, work
from commerce_sync.explain_chain import record_chain
from commerce_sync.models import Erasure
from commerce_sync.replay import Difference, replay
from connectors.models import Call, Credential, Page, Reference
from connectors.raw_pages import decompress
from connectors.scrubbing import person, scrubbed
from health.doctor_reconciled import reconciliation
from health.models import CompanyContact
from health.personal import erasing, retention
from health.personal.columns import CLASSES, HOW
from ledger import sql
from ledger.models import AuditEntry, Company, Document, RecordRow
from ledger.services import now
from tests.api.cast import Api, an_order, make_partner, push_orders, ready_company, shop_of
from tests.commerce_sync.cast import trial_balance
from tests.health.people import a_person, logged_in

pytestmark = pytest.mark.django_db
ANN, BEN = {"id": "cus-ann-01", "companyName": "Ann Äpfel"}, {"id": "cus-ben-02", "companyName": "Ben Birne"}


@pytest.fixture
def api() -> Api:
    return Api(make_partner())


@pytest.fixture
def shop(api: Api) -> Company:
    """Two customers who bought something that is in the books."""
    company = ready_company(api.partner)
    push_orders(api, company, [an_order(1, customerRef=ANN), an_order(2, customerRef=BEN, amount="24.00")])
    services.request_sync(company=company)
    work.drain()
    for each in (ANN, BEN):
        Reference.objects.update_or_create(
            connection=shop_of(company), kind="customer", external_id=each["id"],
            defaults={"name": each["companyName"], "first_seen_at": now(), "last_seen_at": now()},
        )  # fmt: skip
    return company


def everything() -> str:
    """All text of all tables, pages unpacked: what somebody with a dump of the database can read."""
    found = [
        decompress(bytes(body)).decode() for body in Page.objects.exclude(body=None).values_list("body", flat=True)
    ]
    found += [bytes(body).decode() for body in RecordRow.objects.values_list("body", flat=True)]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')  # noqa: S608
            found += [text for (text,) in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.case("S35")
def test_a_person_is_forgotten_everywhere_and_the_books_stay(api: Api, shop: Company) -> None:
    books = trial_balance(shop)
    documents = list(Document.objects.values_list("body", flat=True))
    assert "cus-ann-01" in everything()
    answered = api.post(
        f"/companies/{shop.public_id}/erasures", {"reason": "asked by mail", "person": ["CUS-ann-01", "Ann Äpfel"]}
    )
    assert (answered.status_code, answered.json()["kind"]) == (200, "person")
    assert erasing.erase(5) is False
    left = everything()
    assert not re.search("cus-ann-01|äpfel", left, re.I)
    assert "cus-ben-02" in left
    assert (trial_balance(shop), list(Document.objects.values_list("body", flat=True))) == (books, documents)
    [told] = api.get(f"/companies/{shop.public_id}/erasures").json()["results"]
    assert (told["rows"], told["records"], told["names"]) == (1, 1, 1)
    assert told["finished"]
    assert AuditEntry.objects.get(code="erasure.person_done").detail == {
        "counts": {"rows": 1, "records": 1, "names": 1}
    }


@pytest.mark.case("S35")
def test_what_proves_the_books_still_does_and_says_what_was_erased(api: Api, shop: Company) -> None:
    call_command("erase_person", shop.name, "cus-ann-01", "--why", "asked by mail")
    ann, ben = RecordRow.objects.get(external_id="o1"), RecordRow.objects.get(external_id="o2")
    assert (ann.erased_at is not None, ben.erased_at) == (True, None)
    chain = record_chain(ann.pk)
    assert (chain.versions[0].erased_at, bool(chain.documents)) == (ann.erased_at, True)
    document = Document.objects.get()
    path = f"/companies/{shop.public_id}/documents/{document.public_id}/evidence"
    parts = {part["record"]["id"]: part for part in api.get(path).json()["records"]["results"]}
    assert ("erased" in parts["o1"], "erased" in parts["o2"]) == (True, False)
    assert f"was erased on {ann.erased_at:%Y-%m-%d}" in api.get(f"{path}.txt").content.decode()
    [day] = api.get(f"/companies/{shop.public_id}/reconciliation?from=2026-03-02&to=2026-03-02").json()["days"]
    assert (day["isReconciled"], day["recordCount"]) == (True, 2)
    assert reconciliation().level == "ok"  # the raw rows still state their totals
    said = list[Difference]()
    replayed = replay([shop_of(shop)], since=None, limit=None, report=said.append, progress=lambda pages: None)
    assert (said, replayed.differing) == ([], 0)


@pytest.mark.case("S35")
def test_a_company_that_left_is_forgotten_and_its_books_stay(api: Api, shop: Company) -> None:
    CompanyContact.objects.create(
        company=shop, email="owner@rose.test", locale="en-us", wants="nothing", updated_at=now()
    )
    books, key = trial_balance(shop), str(shop.public_id)
    refused = api.post(f"/companies/{key}/erasures", {"reason": "left", "companyName": "Rose and Crown"})
    assert (refused.status_code, Erasure.objects.count()) == (400, 0)
    assert api.post(f"/companies/{key}/erasures", {"reason": "left", "companyName": "Rose & Crown"}).status_code == 200
    erasing.erase(5)
    assert not re.search("cus-ann|cus-ben|äpfel|birne|owner@rose", everything(), re.I)
    assert trial_balance(shop) == books
    assert set(shop.connections.values_list("status", "name")) == {("Unlinked", "")}
    assert (Credential.objects.count(), Page.objects.exclude(body=None).count()) == (0, 0)
    shop.refresh_from_db()
    assert shop.name == f"Erased {key}"
    chain = record_chain(RecordRow.objects.get(external_id="o1").pk)
    assert "purged" in chain.versions[0].raw.absent
    assert chain.versions[0].erased_at is not None


@pytest.mark.parametrize(
    "body", [{"reason": "x"}, {"reason": "x", "person": ["ab"]}, {"reason": "", "person": ["abcd"]}]
)
def test_what_would_find_everybody_is_refused_with_what_to_say(api: Api, shop: Company, body: dict[str, Any]) -> None:
    assert api.post(f"/companies/{shop.public_id}/erasures", body).status_code == 400
    assert Erasure.objects.count() == 0


def test_the_console_forgets_for_a_reason_and_a_company_only_by_its_name(shop: Company) -> None:
    browser = logged_in(a_person("administrator"))
    page = f"/admin/companies/{shop.public_id}/erase/"
    assert "Nothing was asked" in browser.get(page).content.decode()
    for said, words in (
        ({"person": "cus-ann-01"}, "Say why"),
        ({"person": " ", "why": "x"}, "one text a line"),
        ({"whole": "yes", "name": "Rose", "why": "x"}, "letter by letter"),
    ):
        refused = browser.post(page, said)
        assert (refused.status_code, words in refused.content.decode()) == (400, True)
    assert Erasure.objects.count() == 0
    browser.post(page, {"person": "cus-ann-01\r\nAnn Äpfel\r\n", "why": "asked by mail"})
    made = Erasure.objects.get()
    assert (made.texts, made.actor, made.reason) == (["Ann Äpfel", "cus-ann-01"], "console:sam", "asked by mail")
    erasing.carry_out(made)
    assert "erased on" in browser.get(page).content.decode()
    assert "erased on" in browser.get(f"/admin/records/{RecordRow.objects.get(external_id='o1').pk}/").content.decode()


def test_commands_ask_for_a_word_before_a_company_is_gone(shop: Company) -> None:
    with pytest.raises(CommandError, match="Say --yes"):
        call_command("erase_company", shop.name, "--why", "left")
    call_command("erase_company", shop.name, "--why", "left", "--yes")
    assert Erasure.objects.get().finished_at is not None


def test_an_erasure_that_was_cut_short_goes_on_where_it_was(
    api: Api, shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing.rows, "PAGES_AT_ONCE", 1)
    push_orders(api, shop, [an_order(3, customerRef=ANN)])
    made = erasing.request_erasure(company=shop, texts=["cus-ann-01"], reason="x", actor="t")
    assert not erasing.go_on(made.pk, 0)
    made.refresh_from_db()
    assert (made.counts, made.finished_at) == ({"rows": 1, "records": 1}, None)
    assert erasing.carry_out(made) == "Erased, and the books stay: 2 rows, 2 records, 1 names."
    assert made.texts == []


def test_names_are_words_of_their_own_in_letters_of_either_case() -> None:
    named = person(["Zoë Müller", "zoe@x.test", "1001"])
    for text in ("Zoë Müller", "ZOË MÜLLER", "zoe@X.test", "Zo\\u00eb M\\u00fcller"):
        assert named.search(text.encode()), text
    for text in ("Zoë Müllers", "10010", "o1001a"):
        assert not named.search(text.encode()), text
    assert scrubbed(b'{"1001": 1}', named) == scrubbed(b"{", named) == b"{}"
    row = b'{"id":"o1","total":12.50,"no":1001,"customer":{"id":7,"tags":["x"]},"note":"c","at":"2026-03-02","ok":true}'
    assert scrubbed(row, named) == (
        b'{"id":"o1","total":12.50,"no":0,"customer":{"id":0,"tags":[""]},"note":"","at":"2026-03-02","ok":true}'
    )


@pytest.mark.case("S35")
def test_what_is_old_is_forgotten_and_the_rest_stays(shop: Company, settings: Any) -> None:
    retention._state.clear()
    page = Page.objects.get()
    Call.objects.create(platform="x", method="GET", url="/a", duration_ms=1, started_at=now() - timedelta(days=91))
    Call.objects.create(platform="x", method="GET", url="/b", duration_ms=1, started_at=now() - timedelta(days=89))
    assert retention.forget(5)
    assert list(Call.objects.values_list("url", flat=True)) == ["/b"]
    assert Page.objects.get().body is not None
    Page.objects.filter(pk=page.pk).update(received_at=now() - timedelta(days=401))
    settings.COMMERCE_SYNC_KEEP_RAW_DAYS = 0
    assert retention.forget(5)
    assert Page.objects.get().body is not None
    settings.COMMERCE_SYNC_KEEP_RAW_DAYS = 400
    assert retention.forget(5)
    assert Page.objects.get().body is None


@pytest.mark.case("S35")
def test_every_column_that_may_hold_text_has_a_class_and_no_other() -> None:
    found = sql.rows(
        """SELECT table_name || '.' || column_name FROM information_schema.columns
           WHERE table_schema = 'public' AND data_type IN
               ('character varying', 'text', 'json', 'jsonb', 'bytea', 'inet', 'ARRAY', 'character')"""
    )
    classed = [
        f"{table}.{column}"
        for tables in CLASSES.values()
        for table, columns in tables.items()
        for column in columns.split()
    ]
    assert sorted(classed) == sorted({*classed}), "a column has two classes"
    assert {name for (name,) in found} ^ {*classed} == set()
    assert CLASSES.keys() == HOW.keys()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("erasure_names_persons_while_it_lasts", "'person', '[]', 'x', 'y', NULL"),
        ("erasure_names_persons_while_it_lasts", "'person', '[\"Ann A\"]', 'x', 'y', now()"),
        ("erasure_names_persons_while_it_lasts", "'company', '[\"Ann A\"]', 'x', 'y', NULL"),
        ("erasure_says_why_and_who", "'company', '[]', '', 'y', NULL"),
    ],
)
def test_postgresql_refuses_an_erasure_that_cannot_be(shop: Company, name: str, values: str) -> None:
    insert = f"""INSERT INTO commerce_sync_erasure (public_id, company_id, requested_at, at_page, counts, kind, texts,
        reason, actor, finished_at) SELECT gen_random_uuid(), id, now(), 0, '{{}}', {values} FROM ledger_company"""  # noqa: S608
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        sql.execute(insert)  # type: ignore[arg-type]

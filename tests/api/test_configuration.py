"""The configuration over the API: read, saved, validated, and held against the accounting software by each sync."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from commerce_sync import services, work
from commerce_sync.api.configuration.shapes import Configuration
from commerce_sync.api.configuration.wanted import wanted
from commerce_sync.configuration.saving import Overtaken, save_configuration
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.flow_settings import choose_visible_keys
from commerce_sync.models import Schedule, Sync
from connectors.general_ledger.accounts import (
    add_account,
    add_tax_rate,
    archive_account,
    archive_tax_rate,
    restore_account,
)
from connectors.general_ledger.chart import default_book
from connectors.linked import after_linking
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.book import Policy, TaxCode
from ledger.commerce import Fee
from ledger.models import AuditEntry, BookVersion, Company, Document
from ledger.per_payout import awaits_payout
from ledger.rules import expand
from ledger.services import now, save_book
from tests.api.cast import DAYS, FIRST_DAY, Api, an_order, books_of, make_company, push_orders, ready_company

pytestmark = pytest.mark.django_db
NOBODY = "8a210b68-6988-11ed-a1eb-0242ac120002"


def path_of(company: Company) -> str:
    return f"/config/companies/{company.public_id}/sync/commerce"


@pytest.fixture
def company(api: Api) -> Company:
    return ready_company(api.partner)


def shown(api: Api, company: Company) -> Any:
    """What GET answers, to be edited."""
    response = api.get(path_of(company))
    assert response.status_code == 200, response.content
    return response.json()


def saved(api: Api, company: Company, body: Any) -> Any:
    """What a POST answers that succeeds."""
    response = api.post(path_of(company), body)
    assert response.status_code == 200, response.content
    return response.json()


def refused(api: Api, company: Company, body: Any = None, status: int = 400) -> dict[str, str]:
    """The fields that a POST is refused for, each with its words; nothing was saved."""
    versions = BookVersion.objects.count()
    response = api.post(path_of(company), body)
    assert response.status_code == status, response.content
    assert BookVersion.objects.count() == versions
    return {each["itemId"]: each["message"] for each in response.json()["validation"]["errors"]}


def choose(section: str, **accounts: str | None) -> dict[str, Any]:
    """A body that chooses accounts and says nothing else."""
    entries = {key.replace("__", "-"): {"selectedAccountId": account} for key, account in accounts.items()}
    return {"configuration": {section: {"accounts": entries}}}


def selected(configuration: Any, section: str, key: str) -> str | None:
    account: str | None = configuration["configuration"][section]["accounts"][key]["selectedAccountId"]
    return account


def account_path(section: str, key: str) -> str:
    return f"configuration.{section}.accounts.{key}.selectedAccountId"


def book_of(company: Company) -> Any:
    return company.book_versions.order_by("-number")[0].book


# -- reading and saving ------------------------------------------------------------------------------------------


def test_a_get_that_is_sent_back_changes_nothing(api: Api, company: Company) -> None:
    before = shown(api, company)
    assert saved(api, company, before) == before
    assert BookVersion.objects.count() == 1
    assert not Schedule.objects.exists()
    assert not AuditEntry.objects.filter(code="schedule.changed").exists()


def test_before_anything_is_saved_the_standard_chart_is_suggested_with_the_reason(api: Api) -> None:
    company = make_company(api.partner)
    shop = connect_commerce(company=company, platform="partner", actor="test", linked=False)
    books = connect_accounting(company=company, platform="books", actor="test", linked=False)
    for link in (shop, books):
        path = f"/companies/{company.public_id}/connections/{link.public_id}/authorization"
        assert api.put(path, {}).status_code == 200
    suggestion = shown(api, company)
    assert (suggestion["configured"], suggestion["enable"]) == (False, False)
    assert selected(suggestion, "sales", "sales") == "4000"
    assert suggestion["configuration"]["sales"]["accounts"]["sales"]["descriptionText"]
    answered = saved(api, company, {**suggestion, "enable": True})
    assert (answered["configured"], answered["enable"]) == (True, True)
    version = BookVersion.objects.get()
    assert (version.author, version.reason) == ("api:tests", "API")
    assert version.book == default_book("GBP", version.book.days)
    schedule = Schedule.objects.get()
    assert (schedule.frequency, schedule.hour, schedule.zone, schedule.enabled) == ("daily", 4, "Europe/London", True)
    assert schedule.next_due_at is not None


def test_a_company_without_connections_is_shown_without_options(api: Api) -> None:
    company = make_company(api.partner)
    configuration = shown(api, company)
    assert configuration["configuration"]["sales"]["accounts"]["sales"]["accountOptions"] == []
    assert selected(configuration, "sales", "sales") is None


def test_a_part_of_a_configuration_changes_that_part(api: Api, company: Company) -> None:
    before = book_of(company)
    answered = saved(api, company, choose("sales", shipping="4900"))
    assert selected(answered, "sales", "shipping") == "4900"
    assert book_of(company) == structs.replace(before, accounts={**before.accounts, "shipping": "4900"})


def test_a_role_that_the_published_words_do_not_name_is_chosen_by_its_own_name(api: Api, company: Company) -> None:
    push_orders(api, company, [an_order(1, payments=[
        {"id": "t1", "amount": 12, "currency": "GBP", "status": "Paid", "type": "Card", "paymentProvider": "Visa",
         "createdDate": "2026-03-02T12:00:00Z"}])])  # fmt: skip
    offered = shown(api, company)["configuration"]["payments"]["accounts"]["tender:card:Visa"]
    assert (offered["selectedAccountId"], offered["labelText"]) == ("1100", "Payments: card, Visa")
    answered = saved(api, company, choose("payments", **{"tender:card:Visa": "1140"}))
    assert selected(answered, "payments", "tender:card:Visa") == "1140"
    assert book_of(company).account("tender:card:Visa", "GBP") == "1140"
    assert book_of(company).account("tender:card:Amex", "GBP") == "1100"


def test_null_takes_an_own_choice_away(api: Api, company: Company) -> None:
    answered = saved(api, company, choose("sales", donation=None))
    assert selected(answered, "sales", "donation") is None
    assert "donation" not in book_of(company).accounts


def test_a_general_choice_holds_for_what_has_none_of_its_own(api: Api, company: Company) -> None:
    body = shown(api, company)
    body["configuration"]["sales"]["accounts"]["prepaid"]["selectedAccountId"] = "2130"
    answered = saved(api, company, body)  # “gift cards used” is sent as it was shown, and follows
    assert selected(answered, "payments", "prepaidPayment") == "2130"


def test_for_gift_cards_used_the_account_of_those_sold_is_offered_first(api: Api, company: Company) -> None:
    options = shown(api, company)["configuration"]["payments"]["accounts"]["prepaidPayment"]["accountOptions"]
    assert options[0]["id"] == "2120"


def test_what_is_allowed_to_be_seen_is_seen_and_the_rest_stays(api: Api, company: Company) -> None:
    keys = ["sales-accounts-gratuity"]
    choose_visible_keys(partner=api.partner, platform_key="books", keys=keys, actor="test")
    body = shown(api, company)
    assert set(body["configuration"]["sales"]["accounts"]) == {"sales", "refund", "gratuity"}
    assert set(body["configuration"]["payments"]["accounts"]) == {"card"}
    assert body["configuration"]["fees"]["accounts"] == {}
    assert saved(api, company, body) == body
    assert BookVersion.objects.count() == 1


def test_new_payments_is_another_name_for_payments(api: Api, company: Company) -> None:
    answered = saved(api, company, choose("newPayments", cash="1030"))
    assert selected(answered, "payments", "cash") == "1030"
    body = choose("newPayments", cash="1010")["configuration"] | choose("payments", cash="1020")["configuration"]
    found = refused(api, company, {"configuration": body})
    assert set(found) == {account_path("newPayments", "cash"), account_path("payments", "cash")}


def test_the_mode_is_told_beside_the_only_word_of_the_contract(api: Api, company: Company) -> None:
    assert shown(api, company)["configuration"]["mapSettings"]["outputFormat"] == "JournalEntry"
    body = shown(api, company)
    body["configuration"]["mapSettings"]["mode"] = "invoice"
    settings = saved(api, company, body)["configuration"]["mapSettings"]
    assert (settings["mode"], "outputFormat" in settings) == ("invoice", False)
    journal = {"configuration": {"mapSettings": {"outputFormat": "JournalEntry"}}}
    assert saved(api, company, journal)["configuration"]["mapSettings"]["mode"] == "journal"


def test_fees_can_be_left_out_and_taken_in_again(api: Api, company: Company) -> None:
    off = {"configuration": {"fees": {"syncFees": False}}}
    assert saved(api, company, off)["configuration"]["fees"]["syncFees"] is False
    assert book_of(company).policy.fees_from == "none"
    fee = Fee("f1", "GBP", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), 50)
    assert expand(fee, book_of(company)) == []
    assert not awaits_payout(fee, book_of(company))
    assert saved(api, company, {"configuration": {"fees": {"syncFees": True}}})["configuration"]["fees"]["syncFees"]
    assert book_of(company).policy == Policy()


def test_grouping_is_by_day_and_place_and_by_one_detail(api: Api, company: Company) -> None:
    body = shown(api, company)
    levels = body["configuration"]["sales"]["grouping"]["groupingLevels"]
    levels["invoiceLevel"]["selectedGroupByOptions"] = ["Day", "Location"]
    levels["invoiceLineLevel"]["selectedGroupByOptions"] = ["TaxRate", "Sku"]
    answered = saved(api, company, body)
    assert answered["configuration"]["sales"]["grouping"]["groupingLevels"] == levels
    assert (book_of(company).policy.group_by, book_of(company).policy.sales_by) == (("location",), "sku")


# -- the schedule ------------------------------------------------------------------------------------------------


def test_the_schedule_is_saved_with_the_book(api: Api, company: Company) -> None:
    schedule = {"selectedFrequency": "Monthly", "syncHour": 6, "startDate": "2026-03-01T10:00:00Z"}
    answered = saved(api, company, {"enable": True, "schedule": schedule})
    assert answered["schedule"]["startDate"] == "2026-03-01T00:00:00Z"
    assert (answered["schedule"]["cadence"], answered["schedule"]["syncHour"], answered["enable"]) == (
        "monthly", 6, True
    )  # fmt: skip
    assert book_of(company).start_on == date(2026, 3, 1)
    assert saved(api, company, {"enable": False})["enable"] is False
    assert Schedule.objects.get().enabled is False
    assert saved(api, company, answered)["enable"] is True


def test_our_cadences_are_told_beside_the_published_frequency(api: Api, company: Company) -> None:
    body = shown(api, company)
    body["schedule"]["cadence"] = "event"
    answered = saved(api, company, {**body, "enable": True})
    assert "selectedFrequency" not in answered["schedule"]
    assert Schedule.objects.get().frequency == "event"
    answered["schedule"]["selectedFrequency"] = "Daily"  # as a client does that does not know ours
    assert saved(api, company, answered)["schedule"]["cadence"] == "daily"
    both = {"schedule": {"selectedFrequency": "Monthly", "cadence": "hourly"}}
    assert set(refused(api, company, both)) == {"schedule.selectedFrequency"}


def test_another_time_zone_moves_the_days_that_come_and_no_other(api: Api, company: Company) -> None:
    answered = saved(api, company, {"schedule": {"timeZone": "America/Toronto"}})
    assert answered["schedule"]["timeZone"] == "America/Toronto"
    assert [rule.zone for rule in book_of(company).days] == ["America/Toronto"]  # nothing is in the books yet
    push_orders(api, company, [an_order(1)])
    services.request_sync(company=company)
    work.drain()
    saved(api, company, {"schedule": {"timeZone": "Europe/Paris"}})
    days = book_of(company).days
    assert [rule.zone for rule in days] == ["America/Toronto", "Europe/Paris"]
    assert days[1].from_day > now().date() - timedelta(days=1)


def test_a_company_that_was_paused_goes_on_when_it_is_enabled(api: Api, company: Company) -> None:
    saved(api, company, {"enable": True})
    last = date(2026, 3, 10)
    Schedule.objects.update(last_success_through=last, failing_days=31)
    services.pause(company=company, reason="31 failing days", actor="test")
    assert shown(api, company)["enable"] is False
    overlap = {"enable": True, "schedule": {"startDate": "2026-03-05T00:00:00Z"}}
    assert set(refused(api, company, overlap)) == {"schedule.startDate"}
    assert saved(api, company, {"enable": True})["enable"] is True
    schedule = Schedule.objects.get()
    assert (schedule.paused_at, schedule.failing_days, schedule.start_on) == (None, 0, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"syncHour": 24}, "schedule.syncHour"),
        ({"syncHour": -1}, "schedule.syncHour"),
        ({"timeZone": "Mars/Base"}, "schedule.timeZone"),
        ({"startDate": "soon"}, "schedule.startDate"),
        ({"startDate": "0001-01-01T00:00:00+14:00"}, "schedule.startDate"),
        ({"startDate": "9999-12-31"}, "schedule.startDate"),
        ({"selectedFrequency": None}, "schedule.selectedFrequency"),
    ],
)
def test_a_bad_schedule_is_refused_by_name(api: Api, company: Company, schedule: Any, field: str) -> None:
    assert set(refused(api, company, {"enable": True, "schedule": schedule})) == {field}
    assert not Schedule.objects.exists()


# -- the rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["commerce", "accounting"])
def test_rule_1_both_connections_must_be_linked(api: Api, company: Company, kind: str) -> None:
    body = shown(api, company)
    Connection.objects.filter(company=company, kind=kind).update(status="Deauthorized")
    assert set(refused(api, company, body, status=409)) == {"dataConnections"}
    assert set(refused(api, company, status=409)) == {"dataConnections"}


def test_rule_2_fees_need_payments(api: Api, company: Company) -> None:
    body = {"configuration": {"payments": {"syncPayments": False}, "fees": {"syncFees": True}}}
    assert set(refused(api, company, body)) == {"configuration.payments.syncPayments"}
    bare = default_book("GBP", DAYS)
    accounts = {role: code for role, code in bare.accounts.items() if role.startswith(("sales", "refunds", "fee"))}
    save_book(company=company, book=structs.replace(bare, accounts=accounts), author="test", reason="test")
    found = refused(api, company)
    assert "configuration.fees.syncFees" in found
    assert account_path("payments", "card") in found


def test_rule_3_gift_cards_sold_and_used_need_the_same_account(api: Api, company: Company) -> None:
    found = refused(api, company, choose("payments", prepaidPayment="2130"))
    assert set(found) == {account_path("payments", "prepaidPayment")}


def test_rule_4_card_payments_must_not_wait_where_payouts_arrive(api: Api, company: Company) -> None:
    found = refused(api, company, choose("payments", card="1000"))
    assert set(found) == {account_path("payments", "payout")}


@pytest.mark.parametrize("customer", [None, "", "Nobody"])
def test_rule_5_a_customer_of_the_accounting_software_must_be_chosen(
    api: Api, company: Company, customer: str | None
) -> None:
    body = {"configuration": {"sales": {"salesCustomer": {"selectedCustomerId": customer}}}}
    assert set(refused(api, company, body)) == {"configuration.sales.salesCustomer.selectedCustomerId"}


@pytest.mark.parametrize("supplier", [None, "", "Nobody"])
def test_rule_6_a_supplier_of_the_accounting_software_must_be_chosen(
    api: Api, company: Company, supplier: str | None
) -> None:
    body = {"configuration": {"fees": {"feesSupplier": {"selectedSupplierId": supplier}}}}
    assert set(refused(api, company, body)) == {"configuration.fees.feesSupplier.selectedSupplierId"}


@pytest.mark.parametrize(
    ("section", "key", "account"),
    [
        ("sales", "sales", None),
        ("sales", "sales", "no such account"),
        ("sales", "sales", "1000"),  # a bank account
        ("sales", "refund", None),
        ("sales", "gratuity", "4900"),  # tips are owed to somebody
        ("payments", "payout", "1100"),  # payouts arrive in a bank
        ("payments", "cash", "a\x01b"),
        ("fees", "paymentFee", "4000"),
        ("sales", "no such field", "4000"),
        ("sales", "tender:card", "1100"),  # of another section
        ("sales", "sales:a\x01b", "4000"),
    ],
)
def test_rule_7_each_account_must_be_one_of_its_options(
    api: Api, company: Company, section: str, key: str, account: str | None
) -> None:
    found = refused(api, company, choose(section, **{key: account}))
    assert set(found) == {account_path(section, key)}


def test_rule_7_the_accounting_software_must_have_an_account_for_sales(api: Api, company: Company) -> None:
    for code in ("4000", "4010", "4020", "4100", "4110", "4200", "4900"):
        archive_account(connection_id=books_of(company).pk, code=code, actor="test")
    assert account_path("sales", "sales") in refused(api, company)


def test_rule_7_an_archived_account_is_named_until_another_is_chosen(api: Api, company: Company) -> None:
    archive_account(connection_id=books_of(company).pk, code="4100", actor="test")
    found = refused(api, company)
    assert set(found) == {account_path("sales", "shipping")}
    assert "4100" in found[account_path("sales", "shipping")]
    assert "Shipping income" in found[account_path("sales", "shipping")]
    saved(api, company, choose("sales", shipping="4900"))


@pytest.mark.parametrize(
    ("grouping", "field"),
    [
        ({"groupingPeriod": {"selectedGroupingPeriod": "Weekly"}}, "groupingPeriod.selectedGroupingPeriod"),
        ({"groupingPeriod": {"selectedGroupingPeriod": None}}, "groupingPeriod.selectedGroupingPeriod"),
        *(
            ({"groupingLevels": {level: {"selectedGroupByOptions": options}}},
             f"groupingLevels.{level}.selectedGroupByOptions")
            for level in ("invoiceLevel", "invoiceLineLevel")
            for options in ([], None, ["Mood"])
        ),
        ({"groupingLevels": {"invoiceLineLevel": {"selectedGroupByOptions": ["Sku", "Category"]}}},
         "groupingLevels.invoiceLineLevel.selectedGroupByOptions"),
    ],
)  # fmt: skip
def test_rule_8_grouping_must_be_chosen_among_its_options(
    api: Api, company: Company, grouping: Any, field: str
) -> None:
    found = refused(api, company, {"configuration": {"sales": {"grouping": grouping}}})
    assert set(found) == {f"configuration.sales.grouping.{field}"}


def test_rule_9_a_frequency_of_the_contract_must_be_chosen(api: Api, company: Company) -> None:
    assert set(refused(api, company, {"schedule": {"selectedFrequency": "Yearly"}})) == {
        "$.schedule.selectedFrequency"
    }  # fmt: skip


@pytest.mark.parametrize("status", ["Draft", "Paid", "", None])
def test_rule_10_an_invoice_status_must_be_chosen_and_drafts_take_no_payments(
    api: Api, company: Company, status: str | None
) -> None:
    body = {"configuration": {"sales": {"invoiceStatus": {"selectedInvoiceStatus": status}}}}
    assert set(refused(api, company, body)) == {"configuration.sales.invoiceStatus.selectedInvoiceStatus"}


def test_rule_11_every_tax_rate_in_use_needs_one_of_the_accounting_software(api: Api, company: Company) -> None:
    books = books_of(company)
    add_tax_rate(connection_id=books.pk, code="S20", name="Standard", rate_ppm=200_000, account_code="2200", actor="t")
    push_orders(api, company, [an_order(1)])
    invoice = {"configuration": {"mapSettings": {"mode": "invoice"}}}
    path = "configuration.sales.taxRates.20.selectedTaxRateId"
    assert set(refused(api, company, invoice)) == {path}
    assert set(refused(api, company, _tax_rate("none such"))) == {path}
    body = invoice["configuration"] | _tax_rate("S20")["configuration"]
    answered = saved(api, company, {"configuration": body})
    assert answered["configuration"]["sales"]["taxRates"]["20"]["selectedTaxRateId"] == "S20"
    assert book_of(company).tax_codes == (TaxCode("20%", "S20"),)
    archive_tax_rate(connection_id=books.pk, code="S20", actor="test")
    assert set(refused(api, company)) == {path}


def _tax_rate(code: str) -> dict[str, Any]:
    return {"configuration": {"sales": {"taxRates": {"20": {"selectedTaxRateId": code}}}}}


def test_components_that_are_charged_together_are_one_tax_rate(api: Api, company: Company) -> None:
    books = books_of(company)
    add_tax_rate(connection_id=books.pk, code="QC", name="Québec", rate_ppm=149_750, account_code="2200", actor="t")
    mapping = {"selectedCommerceTaxRateIds": ["qst", "gst"], "selectedAccountingTaxRateId": "QC"}
    body = {"configuration": {"sales": {"newTaxRates": {"taxRateMappings": [mapping]}}}}
    answered = saved(api, company, body)
    assert book_of(company).tax_codes == (TaxCode("gst+qst", "QC"),)
    sales = answered["configuration"]["sales"]
    assert sales["taxRates"]["gst+qst"]["selectedTaxRateId"] == "QC"
    assert sales["newTaxRates"]["taxRateMappings"] == [{**mapping, "selectedCommerceTaxRateIds": ["gst", "qst"]}]
    assert saved(api, company, answered) == answered
    sales["taxRates"]["gst+qst"]["selectedTaxRateId"] = None  # one of the two that say it is edited
    assert saved(api, company, answered)["configuration"]["sales"]["taxRates"] == {}
    assert book_of(company).tax_codes == ()


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_saved(api: Api, company: Company) -> None:
    body = shown(api, company)
    body["enable"] = True
    body["schedule"]["syncHour"] = 25
    body["configuration"]["sales"]["accounts"]["sales"]["selectedAccountId"] = None
    body["configuration"]["sales"]["salesCustomer"]["selectedCustomerId"] = None
    body["configuration"]["payments"]["accounts"]["card"]["selectedAccountId"] = "1000"
    found = refused(api, company, body)
    assert set(found) == {
        "schedule.syncHour",
        account_path("sales", "sales"),
        "configuration.sales.salesCustomer.selectedCustomerId",
        account_path("payments", "payout"),
    }
    assert not Schedule.objects.exists()


def test_of_two_who_save_at_once_the_later_is_told_and_changes_nothing(api: Api, company: Company) -> None:
    links = links_of(company)
    read = known_of(company, links)
    asked = wanted(Configuration(enable=True), read)
    saved(api, company, choose("sales", shipping="4900"))
    with pytest.raises(Overtaken):
        save_configuration(company=company, known=read, wanted=asked, actor="test", reason="test")
    assert BookVersion.objects.count() == 2
    assert not Schedule.objects.exists()


def test_what_the_book_and_the_schedule_say_is_saved_together_or_not_at_all(api: Api, company: Company) -> None:
    saved(api, company, {"enable": True})
    Schedule.objects.update(last_success_through=date(2026, 3, 10))
    services.pause(company=company, reason="31 failing days", actor="test")
    body = choose("sales", shipping="4900") | {"enable": True, "schedule": {"startDate": "2026-03-05T00:00:00Z"}}
    assert set(refused(api, company, body)) == {"schedule.startDate"}
    assert book_of(company).accounts["shipping"] == "4100"


def test_sales_and_payments_cannot_be_left_out(api: Api, company: Company) -> None:
    body = {"configuration": {"sales": {"syncSales": False}, "newPayments": {"syncPayments": False}}}
    assert set(refused(api, company, body)) == {
        "configuration.sales.syncSales", "configuration.newPayments.syncPayments"
    }  # fmt: skip


def test_books_in_another_currency_than_the_software_are_refused(api: Api, company: Company) -> None:
    Connection.objects.filter(company=company, kind="accounting").update(settings={"base_currency": "EUR"})
    assert "configuration" in refused(api, company)


def test_reading_costs_the_same_whatever_was_sold(
    api: Api, company: Company, django_assert_max_num_queries: Any
) -> None:
    for sold in (1, 40):
        push_orders(api, company, [an_order(number) for number in range(sold)])
        with django_assert_max_num_queries(14):
            shown(api, company)


def test_an_empty_post_validates_what_is_saved_and_answers_it(api: Api, company: Company) -> None:
    assert api.post(path_of(company)).json() == shown(api, company)
    assert BookVersion.objects.count() == 1


def test_an_empty_post_before_anything_is_saved_saves_nothing(api: Api) -> None:
    company = make_company(api.partner)
    connect_commerce(company=company, platform="partner", actor="test")
    after_linking(connect_accounting(company=company, platform="books", actor="test"))
    assert api.post(path_of(company)).json()["configured"] is False
    assert not BookVersion.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"companyId": NOBODY}, "companyId"),
        ({"enabel": True}, "$"),
        ({"enable": "yes"}, "$.enable"),
        ({"configuration": {"sales": {"accounts": {"sales": {"selectedAccountId": 4000}}}}},
         "$.configuration.sales.accounts[...].selectedAccountId"),
        ([], "$"),
    ],
)  # fmt: skip
def test_a_body_of_another_shape_is_refused_by_its_path(api: Api, company: Company, body: Any, field: str) -> None:
    assert set(refused(api, company, body)) == {field}


def test_another_partners_company_is_answered_like_one_that_does_not_exist(other_api: Api, company: Company) -> None:
    for method in ("GET", "POST"):
        foreign = other_api.send(method, path_of(company))
        nobody = other_api.send(method, f"/config/companies/{NOBODY}/sync/commerce")
        assert foreign.status_code == nobody.status_code == 404
        words = foreign.json()["error"].replace(str(company.public_id), NOBODY)
        assert words == nobody.json()["error"]


# -- each sync looks again ---------------------------------------------------------------------------------------


def _sync(company: Company) -> Sync:
    sync = services.request_sync(company=company)
    work.drain()
    sync.refresh_from_db()
    return sync


def test_an_archived_account_stops_the_next_sync_and_its_return_catches_up(api: Api, company: Company) -> None:
    push_orders(api, company, [an_order(1)])
    books = books_of(company)
    archive_account(connection_id=books.pk, code="4000", actor="bookkeeper")
    stopped = _sync(company)
    assert (stopped.code, stopped.failure_code, stopped.failure_turn) == (4000, "choice_unavailable", "merchant")
    assert "4000" in stopped.failure_sentence
    assert "Sales" in stopped.failure_sentence
    assert not Document.objects.exists()
    push_orders(api, company, [an_order(2, day=FIRST_DAY + timedelta(days=1))])
    restore_account(connection_id=books.pk, code="4000", actor="bookkeeper")
    assert _sync(company).code == 2000
    assert Document.objects.count() == 2


def test_an_account_that_is_gone_stops_the_next_sync_by_its_id(api: Api, company: Company) -> None:
    books = books_of(company)
    add_account(connection_id=books.pk, name="Web sales", type="income", code="4050", actor="test")
    saved(api, company, choose("sales", sales="4050"))
    books.books_accounts.filter(code="4050").delete()
    stopped = _sync(company)
    assert stopped.code == 4000
    assert stopped.failure_sentence == "The account 4050 does not exist in the accounting software."
    # What GET answers says which field it is.
    assert set(refused(api, company)) == {account_path("sales", "sales")}


def test_what_is_read_only_in_a_body_is_left_alone(api: Api, company: Company) -> None:
    before = shown(api, company)
    edited = copy.deepcopy(before)
    edited["accountingSoftwareCompanyName"] = "Somebody else"
    edited["configured"] = False
    edited["configuration"]["countryCode"] = "FR"
    edited["configuration"]["sales"]["accounts"]["sales"] |= {
        "labelText": "x", "descriptionText": "y", "required": False, "accountOptions": [{"id": "1"}]
    }  # fmt: skip
    assert saved(api, company, edited) == before

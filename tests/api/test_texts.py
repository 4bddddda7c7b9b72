"""The texts of the merchant's pages over the API."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from commerce_sync.flow_texts import KEYS, LOCALES, defaults
from commerce_sync.models import FlowText
from ledger.models import AuditEntry, Partner
from tests.api.cast import Api

pytestmark = pytest.mark.django_db

AT = "/sync/commerce/config/ui/text"
TITLE = "configure-setupSidebar-title"
PUBLISHED = (
    ("configure-setupSidebar", "title"),
    ("configure-setupSidebar-checkboxes", "connectToCommerce connectToAccounting sales fees payments"),
    ("configure-misc", "previousButton nextButton"),
    ("configure-required", "indicator"),
    *((f"configure-content-{section}", "title description") for section in ("sales", "fees", "payments")),
    *((f"configure-content-sales-{part}", "title description") for part in ("accounts", "taxRates", "other")),
    ("configure-content-fees-accounts", "title description"),
    ("configure-content-payments-accounts", "title description"),
    ("configure-content-sales-accounts-entries", "sales refund gratuity prepaid sales-other"),
    ("configure-content-sales-accounts-taxRates-entries", "0 10 15 20"),
    ("configure-content-sales-other-entries", "invoiceStatus groupingPeriod"),
    ("configure-content-fees-accounts-entries", "paymentFee paymentFeeRefund loan loanPayment loanFee cashback"),
    (
        "configure-content-payments-accounts-entries",
        "card cash invoice onlineCard payout custom storeCredit paypal paypalQr mobile vipps swish",
    ),
    ("configure-content-payments-accounts-entries", "prepaidPayment manual"),
)


def test_every_published_text_is_there() -> None:
    published = {f"{head}-{name}" for head, names in PUBLISHED for name in names.split()}
    assert published | {"configure-setupSidebar=checkboxes-syncSchedule"} <= set(KEYS)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_says_everything(api: Api, locale: str) -> None:
    found = api.get(f"{AT}?locale={locale}").json()
    assert list(found) == list(KEYS)
    assert all(each["text"].strip() for each in found.values())


def test_the_french_are_french_and_each_their_own() -> None:
    english, france, canada = (defaults(locale) for locale in LOCALES)
    same = {key for key in KEYS if english[key] == france[key]}
    assert {english[key] for key in same} == {"Cashback", "PayPal", "Vipps", "Swish"}
    key = "configure-content-sales-accounts-entries-discount"
    assert (france[key], canada[key]) == ("Remises", "Rabais")
    rate = "configure-content-sales-accounts-taxRates-entries-20"
    assert ("20\u202f%" in france[rate], "20\u00a0%" in canada[rate]) == (True, True)
    assert not any("'" in text for text in (*france.values(), *canada.values()))


def test_a_text_is_set_emptied_and_restored_in_its_locale_only(api: Api) -> None:
    before = api.get(f"{AT}?locale=en-us").json()
    nextly = "configure-misc-nextButton"
    changed = api.patch(f"{AT}?locale=en-us", {TITLE: {"text": "Books by Till"}, nextly: {"text": ""}})
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**before, TITLE: {**before[TITLE], "text": "Books by Till"},
                              nextly: {**before[nextly], "text": ""}}  # fmt: skip
    assert api.get(f"{AT}?locale=en-us").json() == changed.json()
    assert api.get(f"{AT}?locale=fr-fr").json()[TITLE]["text"] == defaults("fr-fr")[TITLE]
    again = api.patch(f"{AT}?locale=en-us", {TITLE: {"text": "Books"}}).json()
    assert (again[TITLE]["text"], again[nextly]["text"]) == ("Books", "")
    assert api.patch(f"{AT}?locale=en-us", {TITLE: {"text": None}, nextly: {"text": None}}).json() == before
    assert not FlowText.objects.exists()
    assert AuditEntry.objects.filter(code="flow_texts.changed", actor="api:tests", partner=api.partner).count() == 3


def test_the_whole_answer_may_be_sent_back(api: Api) -> None:
    whole = api.get(f"{AT}?locale=fr-ca").json()
    assert api.patch(f"{AT}?locale=fr-ca", whole).json() == whole


def test_what_must_be_filled_in_is_ours_to_say(api: Api) -> None:
    key = "configure-content-sales-accounts-entries-sales"
    answered = api.patch(f"{AT}?locale=en-us", {key: {"required": False}, TITLE: {"required": True}}).json()
    assert (answered[key]["required"], answered[TITLE]["required"]) == (True, False)
    assert answered[key]["text"] == "Sales"


def test_markup_is_text(api: Api) -> None:
    said = "<b>Ventes</b> & “taxes”\n\tici"
    assert api.patch(f"{AT}?locale=fr-fr", {TITLE: {"text": said}}).json()[TITLE]["text"] == said


@pytest.mark.parametrize("query", ["", "?locale=", "?locale=de-de", "?locale=EN-US", "?locale=en", "?locale=en-us%00"])
def test_a_locale_that_is_none_of_ours_is_refused_by_name(api: Api, query: str) -> None:
    for answered in (api.get(AT + query), api.patch(AT + query, {})):
        assert answered.status_code == 400
        assert answered.json()["validation"]["errors"][0]["itemId"] == "locale"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({TITLE: {"text": "Kept?"}, "configure-nothing": {"text": "x"}}, "configure-nothing"),
        ({TITLE: {"text": "x" * 2_001}}, TITLE),
        ({TITLE: {"text": "a\u0007b"}}, TITLE),
        ({TITLE: {"text": 7}}, "$[...].text"),
        ({TITLE: {"test": "x"}}, "$[...]"),
        ({TITLE: "x"}, "$[...]"),
        ([], "$"),
        (b"", "$"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_set(api: Api, body: object, path: str) -> None:
    answered = api.patch(f"{AT}?locale=en-us", body)
    assert answered.status_code == 400
    assert answered.json()["validation"]["errors"][0]["itemId"] == path
    assert not FlowText.objects.exists()


def test_two_thousand_characters_are_kept_whole(api: Api) -> None:
    said = "é" * 2_000
    assert api.patch(f"{AT}?locale=fr-fr", {TITLE: {"text": said}}).json()[TITLE]["text"] == said


def test_texts_are_a_partners_own(api: Api, other_api: Api) -> None:
    api.patch(f"{AT}?locale=en-us", {TITLE: {"text": "Till"}})
    assert other_api.get(f"{AT}?locale=en-us").json()[TITLE]["text"] == defaults("en-us")[TITLE]


def test_postgresql_refuses_unknown_locales_and_a_second_row(partner: Partner) -> None:
    with pytest.raises(IntegrityError, match="flow_text_locale_known"), transaction.atomic():
        FlowText.objects.create(partner=partner, locale="de-de", key=TITLE, text="")
    FlowText.objects.create(partner=partner, locale="en-us", key=TITLE, text="")
    with pytest.raises(IntegrityError, match="flow_text_once"), transaction.atomic():
        FlowText.objects.create(partner=partner, locale="en-us", key=TITLE, text="x")

"""Which account fields merchants see, over the API."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from commerce_sync import account_keys
from commerce_sync.configuration.fields import NAMED
from commerce_sync.flow_settings import visible_keys
from commerce_sync.models import VisibleAccounts
from ledger.models import AuditEntry
from tests.api.cast import Api

pytestmark = pytest.mark.django_db

SET = "/sync/commerce/config/ui/accounts/platform/{}"
REQUIRED = [key for key in account_keys.ALL if key in account_keys.REQUIRED]


def shown(api: Api, platform: str = "prtn") -> list[str]:
    found: list[str] = api.get(f"/clients/{api.partner.public_id}/config/ui/accounts/platform/{platform}").json()[
        "visibleAccounts"
    ]
    return found


def test_everything_is_shown_until_a_partner_chooses(api: Api) -> None:
    assert shown(api) == list(account_keys.ALL)
    assert visible_keys(api.partner, "partner") is None


def test_a_choice_shows_those_and_the_required_ones(api: Api) -> None:
    chosen = api.post(SET.format("prtn"), {"visibleAccounts": ["payments-accounts-cash", "sales-accounts-shipping"]})
    assert chosen.status_code == 200, chosen.content
    wanted = {*REQUIRED, "payments-accounts-cash", "sales-accounts-shipping"}
    assert set(chosen.json()["visibleAccounts"]) == wanted
    assert shown(api) == chosen.json()["visibleAccounts"]
    assert shown(api, "partner") == shown(api)  # the slug names the same platform
    assert visible_keys(api.partner, "partner") == wanted
    assert shown(api, "book") == list(account_keys.ALL)  # each platform has its own choice


def test_an_empty_list_shows_the_required_ones_only(api: Api) -> None:
    assert api.post(SET.format("prtn"), {"visibleAccounts": []}).json()["visibleAccounts"] == REQUIRED
    assert shown(api) == REQUIRED
    assert set(REQUIRED) == {
        *("sales-accounts-sales", "sales-accounts-refund", "payments-accounts-card"),
        *(f"sales-taxRates-{rate}" for rate in (0, 5, 10, 20)),
        *("sales-other-invoiceStatus", "sales-other-groupingPeriod"),
    }


@pytest.mark.parametrize("body", [{}, {"visibleAccounts": None}])
def test_saying_nothing_shows_all_again(api: Api, body: object) -> None:
    api.post(SET.format("prtn"), {"visibleAccounts": []})
    assert api.post(SET.format("prtn"), body).json()["visibleAccounts"] == list(account_keys.ALL)
    assert visible_keys(api.partner, "partner") is None
    assert AuditEntry.objects.filter(code="visible_accounts.changed", partner=api.partner).count() == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"visibleAccounts": ["payments-accounts-cash", "payments-accounts-shells"]}, "payments-accounts-shells"),
        ({"visibleAccounts": ["x" * 101]}, "length"),
        ({"visibleAccounts": "payments-accounts-cash"}, "array"),
        ({"visibleAccount": []}, "visibleAccount"),
        (b"", "empty"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_changes(api: Api, body: object, words: str) -> None:
    answered = api.post(SET.format("prtn"), body)
    assert answered.status_code == 400
    assert words in str(answered.json()["validation"]["errors"])
    assert shown(api) == list(account_keys.ALL)


def test_another_partner_is_answered_like_nobody(api: Api, other_api: Api) -> None:
    api.post(SET.format("prtn"), {"visibleAccounts": []})
    nobody = uuid.uuid4()
    paths = [f"/clients/{one}/config/ui/accounts/platform/prtn" for one in (api.partner.public_id, nobody)]
    foreign, unknown = (other_api.get(path) for path in paths)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"].replace(str(api.partner.public_id), str(nobody)) == unknown.json()["error"]
    assert other_api.get("/clients/me/config/ui/accounts/platform/prtn").status_code == 404
    assert shown(other_api) == list(account_keys.ALL)


def test_an_unknown_platform_is_not_found(api: Api) -> None:
    assert api.post(SET.format("zzzz"), {}).status_code == 404
    assert api.get(f"/clients/{api.partner.public_id}/config/ui/accounts/platform/zzzz").status_code == 404


def test_postgresql_keeps_one_choice_a_platform(api: Api) -> None:
    VisibleAccounts.objects.create(partner=api.partner, platform="books", keys=[])
    with pytest.raises(IntegrityError, match="visible_accounts_once"), transaction.atomic():
        VisibleAccounts.objects.create(partner=api.partner, platform="books", keys=[])


def test_every_account_of_a_configuration_can_be_shown_or_hidden() -> None:
    shown = {field.visible_key for field in NAMED}
    assert shown <= set(account_keys.ALL)
    assert {field.visible_key for field in NAMED if field.required} <= account_keys.REQUIRED

"""The first page, and what holds for all of the console: nothing is shown to strangers, and no money is edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from commerce_sync import demo_set_up
from commerce_sync.api_keys import recognize
from commerce_sync.models import ApiKey, Branding
from ledger.models import AuditEntry, Document
from tests.commerce_sync.demo_cast import a_posted_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static_files(settings: Any, tmp_path: Path) -> None:
    """The directory that a deployment makes; its absence would be warned of."""
    settings.STATIC_ROOT = tmp_path


def staff() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("Sam", password="x"))
    return client


def test_the_first_page_is_for_everybody_and_says_nothing_of_anybody() -> None:
    shop = a_posted_shop()
    page = Client().get("/")
    assert page.status_code == 200
    assert shop.company.name not in page.content.decode()


def test_names_of_customers_and_goods_are_escaped() -> None:
    shop, client = a_posted_shop(), staff()
    type(shop.company).objects.filter(pk=shop.company.pk).update(name="<script>alert(1)</script>")
    for name, at in (("console-company", shop.company.public_id), ("console-company-money", shop.company.public_id)):
        assert "<script>alert" not in client.get(reverse(f"admin:{name}", args=(at,))).content.decode()


def test_one_company_s_page_explains_nothing_of_another_s() -> None:
    shop, client = a_posted_shop(), staff()
    partner = shop.company.partner
    other = demo_set_up.ensure_shop(partner, demo_set_up.MERCHANTS[2])
    reference = Document.objects.filter(company=shop.company)[0].reference
    for company, status in ((other.company, 404), (shop.company, 302)):
        asked = client.get(reverse("admin:console-find", args=(company.public_id,)), {"of": reference})
        assert asked.status_code == status


def test_what_does_not_exist_or_would_write_is_refused() -> None:
    shop, client = a_posted_shop(), staff()
    address = reverse("admin:console-company", args=(shop.company.public_id,))
    assert client.post(address).status_code == 405
    assert client.get("/admin/companies/00000000-0000-0000-0000-000000000000/").status_code == 404
    for said, status in (("\x00", 200), ("nothing is called so", 404), ("", 200)):
        assert client.get(f"{address}find/", {"of": said}).status_code == status


def test_every_list_and_a_row_of_each_can_be_opened_in_the_administration() -> None:
    shop, client = a_posted_shop(), staff()
    demo_set_up.renew_access(shop.company.partner)
    opened = 0
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(base, follow=True).status_code == 200, base
        assert client.get(base, {"q": "x"}, follow=True).status_code == 200, base
        row = model._default_manager.first()
        if row is not None:
            assert client.get(f"{base}{row.pk}/change/", follow=True).status_code == 200, base
            opened += 1
    assert opened > 15


def test_nothing_about_money_can_be_added_changed_or_deleted_there() -> None:
    shop, client = a_posted_shop(), staff()
    demo_set_up.renew_access(shop.company.partner)
    ours = ("ledger", "connectors", "commerce_sync")
    looks = {Branding}  # how a partner looks is changed there, with its texts and origins
    for model in admin.site._registry:
        if model._meta.app_label in ours and model not in looks:
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert client.get(f"{base}add/").status_code == 403, base
            row = model._default_manager.first()
            if row is not None:
                assert client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403, base
                assert client.post(f"{base}{row.pk}/change/", {}).status_code == 403, base


def test_a_key_is_revoked_there_and_its_hash_is_not_shown() -> None:
    shop, client = a_posted_shop(), staff()
    access = demo_set_up.renew_access(shop.company.partner)
    key = ApiKey.objects.latest("id")
    page = client.get(f"/admin/commerce_sync/apikey/{key.pk}/change/", follow=True).content.decode()
    assert key.prefix in page
    assert bytes(key.sha256).hex() not in page
    assert "sha256" not in page.lower()
    client.post(reverse("admin:console-key-revoke", args=(key.partner_id, key.pk)), {"why": "Told to somebody"})
    assert recognize(access.api_key) is None
    assert AuditEntry.objects.filter(code="api_key.revoked", actor="console:Sam").exists()

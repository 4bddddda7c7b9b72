"""A partner's brand in the console: set, looked at before it is set, and only looked at by those who may not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from playwright.sync_api import expect

from commerce_sync.brand_pictures import pictures_of
from commerce_sync.branding import branding_of, set_branding
from commerce_sync.contrast import ratio
from commerce_sync.flow.locales import NAMES
from commerce_sync.flow.sample import PAGES
from commerce_sync.flow_settings import change_texts, texts_of, visible_keys
from commerce_sync.models import Branding, RegisteredOrigin
from health.models import Member
from ledger.models import AuditEntry, Company, Partner
from tests.flow.cast import DESK, PHONE, a_linked_merchant, a_partner, chromium
from tests.flow.pictures import a_png

WHY = {"why": "The partner asked for it (ticket 4711)."}
AT = "/admin/commerce_sync/branding/"


def somebody(django_user_model: Any, role: str = "administrator") -> Client:
    """Staff in this role."""
    user = django_user_model.objects.create_user("sam", password="x", is_staff=True)
    Member.objects.create(user=user, role=role)
    browser = Client()
    browser.force_login(user)
    return browser


def a_brand() -> Partner:
    partner = a_partner()
    set_branding(partner=partner, values={"display_name": "Till Books", "primary_color": "#0a7d5c"}, actor="test")
    return partner


@pytest.mark.django_db
def test_a_brand_is_set_with_uploaded_pictures_through_the_services(django_user_model: Any) -> None:
    partner, browser = a_partner(), somebody(django_user_model)
    assert browser.get(f"{AT}add/").status_code == 200
    said = {"partner": partner.pk, "display_name": "Till Books", "primary_color": "#0A7D5C", **WHY}
    file = SimpleUploadedFile("logo.svg", a_png(), content_type="image/svg+xml")  # nobody's word is taken
    answered = browser.post(f"{AT}add/", {**said, "logo_file": file})
    assert answered.status_code == 302, answered.context["adminform"].form.errors
    assert branding_of(partner).primary_color == "#0a7d5c"
    assert pictures_of(partner)["logo"].type == "png"
    kept = AuditEntry.objects.filter(actor="sam", detail__why=WHY["why"])
    assert sorted(kept.values_list("code", flat=True)) == ["brand_picture.kept", "branding.changed"]


@pytest.mark.django_db
def test_what_cannot_be_used_is_told_at_its_field_and_nothing_is_set(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    svg = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", content_type="image/png")
    said = {
        "display_name": "x",
        "primary_color": "red",
        "icon_url": "https://elsewhere.example/x.png",
        "logo_file": svg,
    }
    answered = browser.post(f"{AT}{partner.pk}/change/", said)
    page = answered.content.decode()
    for words in ("It is an SVG", "#rrggbb", "not one of your registered origins"):
        assert words in page
    assert branding_of(partner).display_name == "Till Books"
    assert pictures_of(partner) == {}


@pytest.mark.django_db
def test_a_picture_that_cannot_be_fetched_is_told_after_saving(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    RegisteredOrigin.objects.create(
        partner=partner, origin="https://pictures.invalid", created_at=branding_of(partner).updated_at
    )
    said = {"display_name": "Till", "logo_url": "https://pictures.invalid/logo.png", **WHY}
    answered = browser.post(f"{AT}{partner.pk}/change/", said, follow=True)
    assert "could not be reached" in answered.content.decode()
    assert branding_of(partner).logo_url == said["logo_url"]


@pytest.mark.django_db
def test_who_may_only_look_sees_everything_and_can_send_nothing(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model, "support")
    for page in (
        f"{partner.pk}/change/",
        *(f"{partner.pk}/{name}/" for name in ("preview", "texts", "accounts", "origins")),
    ):
        answered = browser.get(AT + page)
        assert answered.status_code == 200, page
        assert "Save" not in answered.content.decode()
        assert 'name="logo_file"' not in answered.content.decode()
    for page in ("change", "texts", "accounts", "origins"):
        assert browser.post(f"{AT}{partner.pk}/{page}/", {"origin": "https://evil.example"}).status_code == 403
    assert not RegisteredOrigin.objects.exists()
    assert browser.post(f"{AT}{partner.pk}/delete/").status_code == 403


@pytest.mark.django_db
def test_nobody_else_gets_in(django_user_model: Any) -> None:
    partner = a_brand()
    pages = [f"{partner.pk}/{name}/" for name in ("change", "preview", "preview/page", "texts", "accounts", "origins")]
    assert {Client().get(AT + page).status_code for page in pages} == {302}
    browser = somebody(django_user_model, "finance")
    assert {browser.get(AT + page).status_code for page in pages} == {403}
    assert somebody_else(django_user_model).get(f"{AT}999999/preview/").status_code == 404


def somebody_else(django_user_model: Any) -> Client:
    browser = Client()
    browser.force_login(django_user_model.objects.create_superuser("ann", password="x"))
    return browser


@pytest.mark.django_db
@pytest.mark.parametrize("locale", NAMES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_previewed_in_every_language_with_nothing_of_any_merchants(
    page: str, locale: str, django_user_model: Any
) -> None:
    partner, browser = a_brand(), somebody(django_user_model, "support")
    company = a_linked_merchant("A real merchant")
    change_texts(partner=partner, locale=locale, changes={"configure-content-sales-title": "<b>Ours</b>"}, actor="test")
    counted = Company.objects.count()
    answered = browser.get(f"{AT}{partner.pk}/preview/page/", {"page": page, "locale": locale, "name": "Tried & true"})
    text = answered.content.decode()
    assert answered.status_code in (200, 401)
    assert "Tried &amp; true" in text
    assert company.name not in text
    assert "<script" not in text
    assert "sandbox" in answered["Content-Security-Policy"]
    assert answered["X-Frame-Options"] == "SAMEORIGIN"
    assert re.search(r"<body[^>]* inert>", text)
    if page == "sales":
        assert "&lt;b&gt;Ours&lt;/b&gt;" in text
    assert Company.objects.count() == counted
    assert "flow" not in browser.session
    assert Branding.objects.get().display_name == "Till Books"


@pytest.mark.django_db
def test_the_preview_holds_to_the_light_or_to_the_dark(django_user_model: Any) -> None:
    browser = somebody(django_user_model, "support")
    light, dark = (
        browser.get(f"{AT}design/{scheme}.css", {"primary": "#0a7d5c"}).content.decode() for scheme in ("light", "dark")
    )
    assert "prefers-color-scheme" not in light + dark
    assert "@media all" in dark
    assert "@media not all" in light
    actions = [re.findall(r"--action:(#\w{6})", text)[-1] for text in (light, dark)]
    assert ratio(actions[0], "#ffffff") > 4.5 > ratio(actions[1], "#ffffff")
    assert browser.get(f"{AT}design/neon.css").status_code == 404


@pytest.mark.django_db
def test_texts_are_set_hidden_and_reset_beside_ours(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    page = f"{AT}{partner.pk}/texts/?locale=fr-fr"
    key, other = "configure-content-fees-title", "configure-content-sales-title"
    assert browser.post(page, {key: "Frais & Cie", f"hide:{other}": "1", **WHY}).status_code == 302
    assert (texts_of(partner, "fr-fr")[key], texts_of(partner, "fr-fr")[other]) == ("Frais & Cie", "")
    assert "Frais &amp; Cie" in browser.get(page).content.decode()
    refused = browser.post(page, {key: "a\x07", **WHY})
    assert (refused.status_code, "control characters" in refused.content.decode()) == (400, True)
    assert browser.post(page, WHY).status_code == 302
    assert texts_of(partner, "fr-fr")[key] != "Frais & Cie"
    assert texts_of(partner, "en-us")[key] == "Fees"


@pytest.mark.django_db
def test_accounts_and_origins_are_kept_through_the_services(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    page = f"{AT}{partner.pk}/accounts/?platform=books"
    browser.post(page, {"payments-accounts-cash": "1", **WHY})
    found = visible_keys(partner, "books")
    assert found is not None
    assert "payments-accounts-cash" in found
    assert "sales-accounts-sales" in found  # required
    assert "payments-accounts-vipps" not in found
    browser.post(page, {"all": "1", **WHY})
    assert visible_keys(partner, "books") is None
    origins = f"{AT}{partner.pk}/origins/"
    assert browser.post(origins, {"origin": "https://shop.example.com", **WHY}).status_code == 302
    wrong = browser.post(origins, {"origin": "https://shop.example.com/path", **WHY})
    assert (wrong.status_code, "ends after the host" in wrong.content.decode()) == (400, True)
    row = RegisteredOrigin.objects.get()
    other = RegisteredOrigin.objects.create(
        partner=a_partner("Other"), origin="https://o.example", created_at=row.created_at
    )
    assert browser.post(origins, {"remove": other.pk, **WHY}).status_code == 400
    assert browser.post(origins, {"remove": row.pk, **WHY}).status_code == 302
    assert list(RegisteredOrigin.objects.all()) == [other]


@pytest.mark.django_db
def test_without_a_reason_nothing_is_changed_and_nothing_that_was_typed_is_lost(django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    before = AuditEntry.objects.count()
    for page, typed, still_there in (
        ("change", {"display_name": "Typed"}, 'value="Typed"'),
        ("texts", {"configure-content-fees-title": "Typed"}, ">Typed</textarea>"),
        ("accounts", {"payments-accounts-cash": "1"}, 'name="payments-accounts-cash" value="1" checked'),
        ("origins", {"origin": "https://typed.example"}, 'value="https://typed.example"'),
    ):
        answered = browser.post(f"{AT}{partner.pk}/{page}/", typed)
        assert still_there in answered.content.decode(), page
        assert ("Say why" in answered.content.decode()) == (page != "change")
    assert AuditEntry.objects.count() == before
    assert not RegisteredOrigin.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_typed_is_shown_at_once_in_the_frame_and_not_kept(live_server: Any, django_user_model: Any) -> None:
    partner, browser = a_brand(), somebody(django_user_model)
    cookie = browser.cookies["sessionid"].value
    missing: list[str] = []
    with chromium(size=DESK) as (page, complaints):
        page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}{AT}{partner.pk}/preview/")
        frame = page.frame_locator("#brand-page")
        frame.get_by_text("Till Books").wait_for()
        page.get_by_label("Name").fill("Another name")
        frame.get_by_text("Another name").wait_for()
        page.get_by_label("First color").fill("#990033")
        page.get_by_label("Light").select_option("dark")
        page.get_by_label("Page").select_option("sales")
        frame.get_by_role("heading", name="Accounts for sales").wait_for()
        expect(frame.locator("body")).to_have_css("background-color", "rgb(18, 22, 29)")  # once its style is there
        assert page.locator("#brand-page").evaluate("each => each.getBoundingClientRect().width") in range(390, 393)
        assert [each for each in missing if not each.endswith("/favicon.ico")] == []
        assert [each for each in complaints if "404" not in each] == []
    assert branding_of(partner).display_name == "Till Books"
    assert PHONE[0] == 390

"""A partner's brand over the API, and how well text reads on its colors."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from commerce_sync.branding import brand_name
from commerce_sync.contrast import BLACK, WHITE, contrast_of
from commerce_sync.models import Branding
from ledger.models import AuditEntry
from ledger.services import now
from tests.api.cast import Api

pytestmark = pytest.mark.django_db

AT = "/config/branding"
NEUTRAL = dict.fromkeys(
    ("displayName", "logoUrl", "iconUrl", "primaryColor", "secondaryColor", "primaryContrast", "secondaryContrast",
     "logoPicture", "iconPicture")
)  # fmt: skip


@pytest.mark.parametrize(
    ("color", "white", "black", "text"),
    [
        ("#ffffff", "1.00", "21.00", BLACK),
        ("#000000", "21.00", "1.00", WHITE),
        ("#777777", "4.47", "4.68", BLACK),  # looks like 4.5 and is not
        ("#767676", "4.54", "4.62", BLACK),
        ("#0000ff", "8.59", "2.44", WHITE),
    ],
)
def test_the_contrast_is_that_of_wcag(color: str, white: str, black: str, text: str) -> None:
    assert contrast_of(color) == (Decimal(white), Decimal(black), text)


def test_a_partner_begins_with_our_neutral_look(api: Api) -> None:
    assert api.get(AT).json() == {**NEUTRAL, "updated": None}
    assert brand_name(api.partner) == "Till Systems"


def test_a_brand_is_set_whole_and_told_how_it_reads(api: Api) -> None:
    api.post("/config/origins", {"origin": "https://cdn.till.example"})
    said = {
        "displayName": " Till Books ",
        "logoUrl": "https://CDN.till.example/logo.png?v=2",
        "iconUrl": "https://cdn.till.example:443/icon.svg",
        "primaryColor": "#0A7D5C",
        "secondaryColor": "#FFE9A8",
    }
    brand = api.put(AT, said).json()
    assert (brand["displayName"], brand["primaryColor"]) == ("Till Books", "#0a7d5c")
    assert brand["logoUrl"] == "https://cdn.till.example/logo.png?v=2"
    assert brand["iconUrl"] == "https://cdn.till.example/icon.svg"
    assert (brand["primaryContrast"]["textColor"], brand["secondaryContrast"]["textColor"]) == (WHITE, BLACK)
    assert brand["primaryContrast"]["withWhite"] > 4.5
    assert api.get(AT).json() == brand
    assert brand_name(api.partner) == "Till Books"
    assert AuditEntry.objects.get(code="branding.changed").detail["display_name"] == "Till Books"
    replaced = api.put(AT, {"displayName": "Till", "logoUrl": None, "iconUrl": ""}).json()
    assert {**replaced, "updated": None} == {**NEUTRAL, "displayName": "Till", "updated": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("displayName", "x" * 101),
        ("displayName", "a\u0007b"),
        ("primaryColor", "red"),
        ("primaryColor", "#fff"),
        ("secondaryColor", "#12345g"),
        ("secondaryColor", "#123456;background:url(//evil.example)"),
        ("logoUrl", "http://cdn.till.example/logo.png"),
        ("logoUrl", "https://elsewhere.example/logo.png"),
        ("logoUrl", "https://cdn.till.example:8443/logo.png"),
        ("logoUrl", "https://cdn.till.example@elsewhere.example/logo.png"),
        ("logoUrl", "https://cdn.till.example.elsewhere.example/logo.png"),
        ("logoUrl", "https://10.0.0.1/logo.png"),
        ("logoUrl", "https://localhost/logo.png"),
        ("logoUrl", "http://localhost/logo.png"),
        ("logoUrl", "https://cdn.till.example/" + "x" * 500),
        ("iconUrl", "data:image/svg+xml,<svg/>"),
        ("iconUrl", "javascript:alert(1)"),
        ("iconUrl", "//cdn.till.example/icon.svg"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_set(api: Api, field: str, value: str) -> None:
    api.post("/config/origins", {"origin": "https://cdn.till.example"})
    answered = api.put(AT, {"displayName": "Till", field: value})
    assert answered.status_code == 400
    assert [each["itemId"] for each in answered.json()["validation"]["errors"]] == [field]
    assert api.get(AT).json()["displayName"] is None


def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    answered = api.put(AT, {"primaryColor": "red", "logoUrl": "ftp://x", "iconUrl": "x"})
    assert [each["itemId"] for each in answered.json()["validation"]["errors"]] == [
        "logoUrl",
        "iconUrl",
        "primaryColor",
    ]


def test_another_partners_origin_is_as_good_as_none(api: Api, other_api: Api) -> None:
    other_api.post("/config/origins", {"origin": "https://cdn.till.example"})
    assert api.put(AT, {"logoUrl": "https://cdn.till.example/a.png"}).status_code == 400
    assert other_api.put(AT, {"logoUrl": "https://cdn.till.example/a.png"}).status_code == 200
    assert api.get(AT).json()["logoUrl"] is None


def test_postgresql_keeps_no_color_that_is_none(api: Api) -> None:
    with pytest.raises(IntegrityError, match="branding_colors_are_hex"), transaction.atomic():
        Branding.objects.create(partner=api.partner, primary_color="#FFFFFF", updated_at=now())
    with pytest.raises(IntegrityError, match="branding_colors_are_hex"), transaction.atomic():
        Branding.objects.create(partner=api.partner, secondary_color="red", updated_at=now())

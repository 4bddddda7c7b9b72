"""A picture that is something else as well is served as a picture, and can do nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from commerce_sync.brand_pictures import upload_picture
from commerce_sync.models import BrandPicture
from tests.flow.cast import a_partner
from tests.flow.pictures import a_jpeg, a_png

PAGE = b"<html><script>alert(1)</script></html>"
SCRIPT = b"GIF89a\t\n\t\n=1;alert(1)"


@pytest.mark.case("S15", "S12")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "type"),
    [(a_png() + PAGE, "png"), (a_jpeg() + PAGE, "jpeg"), (SCRIPT, "gif"), (a_png() + b"PK\x03\x04" + bytes(40), "png")],
    ids=["page in a png", "page in a jpeg", "script in a gif", "archive in a png"],
)
def test_two_formats_in_one_are_served_as_the_picture_that_they_begin_with(body: bytes, type: str) -> None:
    partner = a_partner()
    upload_picture(partner=partner, kind="logo", body=body, actor="test")
    row = BrandPicture.objects.get(partner=partner)
    answer = Client().get(f"/flow/brand/{row.sha256}.{type}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (200, f"image/{type}")
    assert answer["X-Content-Type-Options"] == "nosniff"  # by which no browser runs a picture as a script
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    others = {"png", "jpeg", "gif", "webp", "svg", "html", "js"} - {type}
    assert {Client().get(f"/flow/brand/{row.sha256}.{other}").status_code for other in others} == {404}

"""A partner's logo and icon: fetched by us, told by their bytes, served by us and by nobody else."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from commerce_sync.brand_pictures import fetch_pictures, pictures_of, remove_picture, upload_picture
from commerce_sync.branding import set_branding
from commerce_sync.models import BrandPicture, RegisteredOrigin
from commerce_sync.picture_bytes import MOST_BYTES, BadPicture, read_picture
from connectors.download import NotDownloaded, download
from ledger.models import AuditEntry, Partner
from ledger.services import now
from tests.flow.cast import a_linked_merchant, a_partner, inside
from tests.flow.pictures import DRIPS, Cdn, a_cdn, a_gif, a_jpeg, a_png, a_png_of_size, a_webp

pytestmark = pytest.mark.django_db
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def cdn(settings: Any) -> Iterator[Cdn]:
    """The partner's own server, which the operator allows to be on this machine."""
    with a_cdn() as server:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = (server.place,)
        yield server


def a_brand(cdn: Cdn, **pictures: Any) -> Partner:
    """A partner whose branding names these pictures on its server."""
    partner = a_partner()
    RegisteredOrigin.objects.get_or_create(partner=partner, origin=cdn.url, defaults={"created_at": now()})
    for name, answer in pictures.items():
        cdn.has[f"/{name}"] = answer
    values = {f"{name}_url": f"{cdn.url}/{name}" for name in pictures}
    set_branding(partner=partner, values=values, actor="test")
    return partner


@pytest.mark.case("S15")
@pytest.mark.parametrize(
    ("body", "found"),
    [
        (a_png(), ("png", 8, 4)),
        (a_gif(), ("gif", 8, 4)),
        (a_jpeg(), ("jpeg", 8, 4)),
        (a_webp("VP8X"), ("webp", 8, 4)),
        (a_webp("VP8L", 4096, 17), ("webp", 4096, 17)),
        (a_webp("VP8 "), ("webp", 8, 4)),
        (a_png_of_size(4096, 4096), ("png", 4096, 4096)),
    ],
)
def test_a_picture_is_told_by_its_bytes(body: bytes, found: tuple[str, int, int]) -> None:
    assert read_picture(body) == found


@pytest.mark.case("S15")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing in it"),
        (SVG, "It is an SVG"),
        (b"\xef\xbb\xbf\n<SVG onload=alert(1)>", "It is an SVG"),
        (b"<!-- a comment --><svg/>", "It is an SVG"),
        (b"<html><script>alert(1)</script>", "no picture that we know"),
        (b"BM\0\0", "no picture that we know"),
        (b"\0\0\x01\0\x01\0\x10\x10", "no picture that we know"),
        (a_png_of_size(4097, 1), "4097 × 1 pixels"),
        (a_png_of_size(0, 5), "0 × 5 pixels"),
        (a_png()[:20], "cut off or damaged"),
        (a_jpeg()[:12], "cut off or damaged"),
        (b"\xff\xd8\xff\xda\0\0", "cut off or damaged"),
        (b"RIFF\0\0\0\0WEBPVP8Q" + b"\0" * 20, "cut off or damaged"),
        (a_png() + b"\0" * MOST_BYTES, "larger than 300 kB"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(BadPicture, match=words):
        read_picture(body)


@pytest.mark.case("S15")
@given(st.sampled_from([a_png(), a_gif(), a_jpeg(), a_webp("VP8X"), a_webp("VP8L"), a_webp("VP8 "), b"x"]), st.data())
def test_bytes_that_are_damaged_are_a_picture_or_refused_and_never_anything_else(body: bytes, data: Any) -> None:
    cut = body[: data.draw(st.integers(0, len(body)))]
    at = data.draw(st.integers(0, len(cut)))
    mangled = cut[:at] + data.draw(st.binary(max_size=6)) + cut[at + data.draw(st.integers(0, 6)) :]
    try:
        found = read_picture(mangled)
    except BadPicture:
        return
    assert 1 <= found.width <= 4096
    assert 1 <= found.height <= 4096


def test_the_pictures_are_fetched_and_shown_from_here(cdn: Cdn) -> None:
    partner = a_brand(cdn, logo=a_png(40, 20), icon=a_gif(16, 16))
    rows = fetch_pictures(partner=partner, actor="test")
    assert {kind: (row.type, row.width, row.problem) for kind, row in rows.items()} == {
        "logo": ("png", 40, ""), "icon": ("gif", 16, ""),
    }  # fmt: skip
    page = inside(a_linked_merchant()).get("/flow/").content.decode()
    logo, icon = (f"/flow/brand/{rows[kind].sha256}.{rows[kind].type}" for kind in ("logo", "icon"))
    assert f'<img src="{logo}" alt="Till Systems" width="40" height="20">' in page
    assert f'<link rel="icon" href="{icon}">' in page
    assert cdn.url not in page
    anybody = Client().get(logo)
    assert (anybody.status_code, anybody.content, anybody["Content-Type"]) == (200, a_png(40, 20), "image/png")
    assert anybody["Cache-Control"] == "public, max-age=31536000, immutable"
    assert anybody["X-Content-Type-Options"] == "nosniff"
    assert anybody["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert Client().get(logo.replace(".png", ".gif")).status_code == 404
    assert Client().get(f"/flow/brand/{'0' * 64}.png").status_code == 404
    assert {headers.get("Cookie") for headers in cdn.asked} == {None}


def test_without_pictures_the_name_and_our_own_icon_are_shown() -> None:
    page = inside(a_linked_merchant()).get("/flow/").content.decode()
    assert '<p class="brand">Till Systems</p>' in page
    assert "/static/flow/icon.svg" in page


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (SVG, "SVG"),
        (a_png() + b"x" * MOST_BYTES, "larger than 300 kB"),
        ((404, {}, a_png()), "answered 404"),
        ((302, {"Location": "http://169.254.169.254/latest"}, b""), "leads on to another address"),
        ((200, {"Content-Type": "image/png"}, b"<html>"), "no picture that we know"),
    ],
)
def test_what_is_wrong_with_a_picture_is_told_to_the_partner_and_nobody_else(cdn: Cdn, answer: Any, words: str) -> None:
    partner = a_brand(cdn, logo=answer)
    assert words in fetch_pictures(partner=partner, actor="test")["logo"].problem
    assert len(cdn.asked) == 1
    assert AuditEntry.objects.filter(code="brand_picture.failed", subject="logo").count() == 1
    page = inside(a_linked_merchant()).get("/flow/")
    assert b'<p class="brand">Till Systems</p>' in page.content


@pytest.mark.case("S15", "S29")
def test_a_bomb_of_a_picture_is_not_unpacked(cdn: Cdn) -> None:
    bomb = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 50_000_000))
    partner = a_brand(cdn, logo=bomb)
    assert "larger than 300 kB" in fetch_pictures(partner=partner, actor="test")["logo"].problem


@pytest.mark.case("S11")
def test_a_picture_that_drips_is_cut_off(cdn: Cdn) -> None:
    cdn.has["/slow"] = DRIPS
    with pytest.raises(NotDownloaded, match="could not be reached within 0.5 seconds"):
        download(f"{cdn.url}/slow", most_bytes=1_000_000, seconds=0.5)


@pytest.mark.case("S10")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/x.png", "must begin with https"),
        ("https://127.0.0.1:9/x.png", "not on the open internet"),
        ("https://[::1]:9/x.png", "not on the open internet"),
        ("https://169.254.169.254/latest/meta-data", "not on the open internet"),
        ("https://localhost:9/x.png", "not on the open internet"),
    ],
)
def test_nothing_private_is_asked(url: str, words: str) -> None:
    with pytest.raises(NotDownloaded, match=words):
        download(url, most_bytes=1000, seconds=2)


def test_what_was_shown_stays_until_there_is_another_and_goes_when_it_is_no_longer_named(cdn: Cdn) -> None:
    partner = a_brand(cdn, logo=a_png())
    first = fetch_pictures(partner=partner, actor="test")["logo"]
    cdn.has["/logo"] = (500, {}, b"")
    again = fetch_pictures(partner=partner, actor="test")["logo"]
    assert (again.sha256, again.problem) == (first.sha256, "127.0.0.1 answered 500 instead of the file.")
    set_branding(partner=partner, values={}, actor="test")
    assert fetch_pictures(partner=partner, actor="test") == {}


def test_an_uploaded_picture_stays_when_the_branding_is_set_and_can_be_removed() -> None:
    partner = a_partner()
    upload_picture(partner=partner, kind="icon", body=a_png(), actor="staff")
    with pytest.raises(BadPicture):
        upload_picture(partner=partner, kind="icon", body=SVG, actor="staff")
    set_branding(partner=partner, values={"display_name": "Till"}, actor="test")
    assert fetch_pictures(partner=partner, actor="test")["icon"].type == "png"
    remove_picture(partner=partner, kind="icon", actor="staff")
    remove_picture(partner=partner, kind="icon", actor="staff")
    assert pictures_of(partner) == {}
    assert AuditEntry.objects.filter(code="brand_picture.removed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_branding_that_changed_while_its_picture_was_on_its_way_keeps_its_own(cdn: Cdn) -> None:
    def changed() -> bytes:
        # In the place of a second person: the fetch is between its reading of the branding and its writing.
        with ThreadPoolExecutor(1) as other:
            other.submit(somebody_is_faster).result()
        return a_png()

    def somebody_is_faster() -> None:
        try:
            set_branding(partner=partner, values={}, actor="somebody faster")
        finally:
            connection.close()

    partner = a_brand(cdn, logo=changed)
    assert fetch_pictures(partner=partner, actor="test") == {}


GOOD = {"type": "png", "sha256": "0" * 64, "width": 1, "height": 1}


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"kind": "hero"}, "brand_picture_kind_known"),
        ({"type": "svg"}, "brand_picture_whole_or_none"),
        ({"type": ""}, "brand_picture_whole_or_none"),
        ({"width": 4097}, "brand_picture_whole_or_none"),
        ({"sha256": "x"}, "brand_picture_whole_or_none"),
        ({"body": b"x" * (MOST_BYTES + 1)}, "brand_picture_small"),
        ({"kind": "icon"}, "brand_picture_once"),
    ],
)
def test_postgresql_keeps_no_picture_that_cannot_be(facts: dict[str, Any], constraint: str) -> None:
    partner = a_partner()
    BrandPicture.objects.create(partner=partner, kind="icon", updated_at=now(), **GOOD)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BrandPicture.objects.create(**{"partner": partner, "kind": "logo", "updated_at": now(), **GOOD, **facts})

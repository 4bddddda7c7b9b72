"""Deliveries are believed by the documented algorithms of each platform, and by nothing that merely looks like them.

The vectors are those of the vendors' own SDKs where there are any, kept outside of the project; those here were made
by the same algorithms in other words.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.signatures import (
    Arrived,
    BadSignature,
    Declared,
    callback_signature,
    identity,
    read_all,
    transmission_message,
    verify,
)
from connectors.webhooks import Deliveries, HmacSha256, TimedHmacSha256, TransmissionRsa
from tests.platforms.folders import SPECIFICATIONS

NOW = datetime(2026, 11, 2, 9, 15, 7, tzinfo=UTC)
VECTORS = SPECIFICATIONS / "commerce" / "webhook_signature_vectors.json"
URL = "https://example.com/hooks/square"
SHOPIFY = HmacSha256("X-Shopify-Hmac-Sha256", by_client=True, facts=Deliveries(id="header:x-shopify-event-id"))
WOOCOMMERCE = HmacSha256("X-WC-Webhook-Signature", facts=Deliveries(id="header:x-wc-webhook-delivery-id"))
SQUARE = HmacSha256("x-square-hmacsha256-signature", over="url+body", facts=Deliveries(id="body:event_id"))
SQUARESPACE = HmacSha256("Squarespace-Signature", encoding="hex", key="hex")
ZETTLE = HmacSha256("X-iZettle-Signature", over="payload", encoding="hex", facts=Deliveries(id="body:messageUuid"))
LIGHTSPEED_X = HmacSha256("X-Signature", encoding="hex", field="signature")
STRIPE = TimedHmacSha256("Stripe-Signature")


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip(f"the vectors are not at hand: {VECTORS}")
    found: dict[str, Any] = json.loads(VECTORS.read_text())
    return found


@pytest.mark.parametrize(
    ("name", "declared", "secret", "signature"),
    [
        ("shopify_webhook", SHOPIFY, "secret", "signature"),
        ("woocommerce_webhook", WOOCOMMERCE, "secret", "signature"),
        ("square_webhook", SQUARE, "signature_key", "signature"),
        ("stripe_webhook", STRIPE, "endpoint_secret", "header_value"),
        ("squarespace_webhook", SQUARESPACE, "secret_hex", "signature"),
        ("lightspeed_x_webhook_UNCONFIRMED", LIGHTSPEED_X, "client_secret", "header_value"),
    ],
)
def test_the_vendors_vectors_are_believed(
    vectors: dict[str, Any], name: str, declared: Declared, secret: str, signature: str
) -> None:
    vector = vectors[name]
    headers = {vector["header"].lower(): vector[signature]}
    at = datetime.fromtimestamp(vector.get("timestamp", NOW.timestamp()), UTC)
    arrived = Arrived(vector.get("notification_url", URL), headers, vector["raw_body"].encode())
    verify(declared, arrived, [vector[secret]], at)
    with pytest.raises(BadSignature):
        verify(declared, arrived, [vector[secret] + "0"], at)
    with pytest.raises(BadSignature):
        verify(declared, Arrived(arrived.url, headers, arrived.body + b" "), [vector[secret]], at)


def test_zettle_signs_the_texts_inside_its_body(vectors: dict[str, Any]) -> None:
    vector = vectors["zettle_webhook"]
    body = json.dumps({"messageUuid": "m1", "timestamp": vector["timestamp"], "payload": vector["payload"]}).encode()
    arrived = Arrived(URL, {"x-izettle-signature": vector["signature"]}, body)
    verify(ZETTLE, arrived, [vector["signing_key"]], NOW)
    assert identity(ZETTLE, arrived) == "m1"


def test_paypal_signs_the_checksum_of_its_body(vectors: dict[str, Any]) -> None:
    vector = vectors["paypal_webhook"]
    message = transmission_message(
        vector["transmission_id"], vector["transmission_time"], vector["webhook_id"], vector["raw_body"].encode()
    )
    assert message.decode() == vector["signed_message"]


def test_an_oauth_callback_is_signed_over_its_sorted_parameters(vectors: dict[str, Any]) -> None:
    vector = vectors["shopify_oauth_callback"]
    query = [tuple(pair.split("=", 1)) for pair in reversed(vector["query_without_hmac"].split("&"))]
    assert callback_signature(query, vector["secret"]) == vector["hmac_hex"]  # type: ignore[arg-type]


def test_a_transmission_is_believed_under_the_key_of_its_certificate_alone() -> None:
    ours, theirs = (rsa.generate_private_key(public_exponent=65_537, key_size=2_048) for _ in range(2))
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    pem, other = (key.public_key().public_bytes(*form).decode() for key in (theirs, ours))
    body, at = b'{"id":"WH-1"}', NOW.isoformat()
    signature = theirs.sign(transmission_message("t1", at, "W", body), padding.PKCS1v15(), hashes.SHA256())
    headers = {"paypal-transmission-id": "t1", "paypal-transmission-time": at}
    headers["paypal-transmission-sig"] = base64.b64encode(signature).decode()
    arrived, declared = Arrived(URL, headers, body), TransmissionRsa()
    verify(declared, arrived, [other, pem], NOW, "W")
    for keys, webhook, now in (([other], "W", NOW), ([pem], "V", NOW), ([pem], "W", NOW + timedelta(days=5))):
        with pytest.raises(BadSignature):
            verify(declared, arrived, keys, now, webhook)
    with pytest.raises(BadSignature, match="base64"):
        verify(declared, Arrived(URL, {**headers, "paypal-transmission-sig": "?"}, body), [pem], NOW, "W")


def _timed(*secrets: str, body: bytes = b"{}", at: datetime = NOW) -> str:
    stamp = str(int(at.timestamp()))
    made = [hmac.new(each.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() for each in secrets]
    return ",".join([f"t={stamp}", *(f"v1={one}" for one in made), "v0=ignored"])


@pytest.mark.case("D12")
def test_while_a_secret_is_exchanged_both_the_old_and_the_new_one_count() -> None:
    header = _timed("old", "new")
    for known in (["old"], ["new"], ["unknown", "new"]):
        verify(STRIPE, Arrived(URL, {"stripe-signature": header}, b"{}"), known, NOW)
    with pytest.raises(BadSignature):
        verify(STRIPE, Arrived(URL, {"stripe-signature": header}, b"{}"), ["unknown"], NOW)


@pytest.mark.case("S21", "D07")
@pytest.mark.parametrize(
    ("seconds", "is_believed"), [(0, True), (299, True), (-299, True), (302, False), (-302, False)]
)
def test_a_delivery_of_another_time_is_a_replay(seconds: int, is_believed: bool) -> None:
    arrived = Arrived(URL, {"stripe-signature": _timed("s", at=NOW + timedelta(seconds=seconds))}, b"{}")
    if is_believed:
        verify(STRIPE, arrived, ["s"], NOW)
        return
    with pytest.raises(BadSignature, match="too long ago"):
        verify(STRIPE, arrived, ["s"], NOW)


@pytest.mark.case("D05")
@pytest.mark.parametrize("header", ["", "t=", "t=x,v1=0", "v1=0", "t=1,t=2,v1=0", "t=" + "9" * 40, "t=²,v1=0"])
def test_a_header_that_is_no_header_is_refused_and_no_error_of_ours(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(STRIPE, Arrived(URL, {"stripe-signature": header}, b"{}"), ["s"], NOW)


@pytest.mark.case("D07")
@pytest.mark.parametrize("sent", ["2026-10-20T00:00:00Z", "2027-01-01T00:00:00Z", "yesterday", None, 5, []])
def test_an_event_of_another_week_or_of_no_time_is_refused(sent: Any) -> None:
    declared = HmacSha256("s", facts=Deliveries(sent="body:at"))
    body = json.dumps({"at": sent}).encode()
    signature = base64.b64encode(hmac.new(b"k", body, hashlib.sha256).digest()).decode()
    with pytest.raises(BadSignature):
        verify(declared, Arrived(URL, {"s": signature}, body), ["k"], NOW)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"id": null}', b'{"id": ""}', b'{"id": {"x": 1}}'])
def test_a_delivery_without_a_name_is_named_by_its_body(body: bytes) -> None:
    assert identity(STRIPE, Arrived(URL, {}, body)) == hashlib.sha256(body).hexdigest()


def test_a_place_is_in_the_headers_or_in_the_body() -> None:
    with pytest.raises(ValueError, match="not 'id'"):
        Deliveries(id="id")
    with pytest.raises(ValueError, match="account with its setting"):
        Deliveries(account="body:merchant_id")
    with pytest.raises(BadSignature, match="hex"):
        verify(SQUARESPACE, Arrived(URL, {"squarespace-signature": "x"}, b"{}"), ["no hex"], NOW)
    with pytest.raises(BadSignature, match="payload"):
        verify(ZETTLE, Arrived(URL, {}, b"{}"), ["k"], NOW)


def test_a_star_in_a_place_stands_for_each_of_a_list() -> None:
    body = b'{"a": [{"who": "x", "b": [1, 2]}, {"who": "y"}, 3, {"who": "x"}, {"who": null}], "d": {"who": "z"}}'
    arrived = Arrived("", {"h": "v"}, body)
    assert read_all(("body:a.*.who",), arrived) == ["x", "y"]
    assert read_all(("body:a.*.b.*", "body:d.who", "header:h", "body:nothing"), arrived) == [1, 2, "z", "v"]
    assert read_all(("body:*.who", "body:d.*.who", "body:a.*.who.*"), arrived) == []
    assert read_all(("body:*.who",), Arrived("", {}, b'[{"who": "x"}, {}]')) == ["x"]
    assert read_all(("body:*.who",), Arrived("", {}, b"no JSON")) == []

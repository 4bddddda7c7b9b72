"""Whether a delivery is what it says: verified over the raw bytes, in constant time, under each secret in use. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.webhooks import HmacSha256, TimedHmacSha256, TransmissionRsa

Declared = HmacSha256 | TimedHmacSha256 | TransmissionRsa
LONGEST_ID: Final = 200


class BadSignature(Exception):
    """The delivery is not believed; the text says why, for our log and not for the sender."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A delivery as it came: the address that it was sent to, as registered; headers in lower case; the raw body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def verify(declared: Declared, arrived: Arrived, secrets: Iterable[str], now: datetime, webhook_id: str = "") -> None:
    """Raise `BadSignature` unless one of `secrets` signed the delivery, and lately. `webhook_id` is PayPal's."""
    known = [secret for secret in secrets if secret]
    if not known:
        raise BadSignature("there is no secret to verify with")
    if isinstance(declared, HmacSha256):
        _hmac(declared, arrived, known)
    elif isinstance(declared, TimedHmacSha256):
        _timed(declared, arrived, known, now)
    else:
        _transmission(declared, arrived, known, now, webhook_id)
    sent = read(declared.facts.sent, arrived) if declared.facts.sent else None
    if declared.facts.sent:
        _lately(sent, declared.facts.replay_seconds, now)


def identity(declared: Declared, arrived: Arrived) -> str:
    """What names the delivery; without a usable name, the digest of its body."""
    found = read(declared.facts.id, arrived)
    name = "" if isinstance(found, bool) or not isinstance(found, str | int) else str(found)
    if 0 < len(name) <= LONGEST_ID and "\x00" not in name:
        return name
    return hashlib.sha256(arrived.body).hexdigest()


def is_greeting(declared: Declared, arrived: Arrived) -> bool:
    """Whether the platform only tries the address; anybody may say so, and it does nothing."""
    if not isinstance(declared, HmacSha256) or not declared.greeting:
        return False
    number = arrived.body.removeprefix(declared.greeting)
    return arrived.body.startswith(declared.greeting) and number.isdigit() and len(number) < 20


def read(place: str, arrived: Arrived) -> Any:
    """What stands at a place of the delivery, None when there is nothing."""
    where, _, path = place.partition(":")
    if where == "header":
        return arrived.headers.get(path)
    found = _decoded(arrived)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _decoded(arrived: Arrived) -> Any:
    """The body, None when it is no JSON."""
    try:
        return msgspec.json.decode(arrived.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def read_all(places: Iterable[str], arrived: Arrived) -> list[Any]:
    """Everything that stands at these places, each once, in their order; ``*`` in a path stands for each of a list."""
    found: list[Any] = []
    for place in places:
        if "*" not in place:
            values = [read(place, arrived)]
        else:
            values = _spread(_decoded(arrived), place.partition(":")[2].split("."))
        for value in values:
            if value is not None and value not in found:
                found.append(value)
    return found


def _spread(value: Any, names: list[str]) -> list[Any]:
    if not names:
        return [value]
    name, *rest = names
    if name == "*":
        return [found for each in value for found in _spread(each, rest)] if isinstance(value, list) else []
    return _spread(value[name], rest) if isinstance(value, dict) and name in value else []


def callback_signature(query: Iterable[tuple[str, str]], secret: str) -> str:
    """The hex signature of an OAuth callback: over its other parameters, sorted, as ``name=value`` joined by ``&``.

    What joins is escaped where it is part of a name or value, so that one parameter cannot pass for two.
    """
    pairs = sorted(f"{_escaped(name).replace('=', '%3D')}={_escaped(value)}" for name, value in query)
    text = "&".join(pairs)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")


def _hmac(declared: HmacSha256, arrived: Arrived, secrets: list[str]) -> None:
    given = arrived.headers.get(declared.header.lower(), "")
    if declared.field:
        given = dict(part.partition("=")[::2] for part in given.split(",")).get(declared.field, "")
    signed = _signed(declared, arrived)
    for secret in secrets:
        mac = hmac.new(_key(declared, secret), signed, hashlib.sha256).digest()
        made = mac.hex() if declared.encoding == "hex" else base64.b64encode(mac).decode()
        if _same(made, given):
            return
    raise BadSignature("the signature is of another body, address or secret")


def _signed(declared: HmacSha256, arrived: Arrived) -> bytes:
    if declared.over == "url+body":
        return arrived.url.encode() + arrived.body
    if declared.over == "payload":
        stamp, payload = read("body:timestamp", arrived), read("body:payload", arrived)
        if not isinstance(stamp, str) or not isinstance(payload, str):
            raise BadSignature("the body has no timestamp and payload")
        return f"{stamp}.{payload}".encode()
    return arrived.body


def _key(declared: HmacSha256, secret: str) -> bytes:
    if declared.key == "text":
        return secret.encode()
    try:
        return bytes.fromhex(secret)
    except ValueError:
        raise BadSignature("our secret is not written in hex") from None


def _timed(declared: TimedHmacSha256, arrived: Arrived, secrets: list[str], now: datetime) -> None:
    parts = [part.strip().partition("=") for part in arrived.headers.get(declared.header.lower(), "").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or len(stamps[0]) > 12:
        raise BadSignature("the header has no time")
    signed = stamps[0].encode() + b"." + arrived.body
    made = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(_same(ours, theirs) for ours in made for theirs in given):
        raise BadSignature("no signature is of this body and a known secret")
    if abs(now.timestamp() - int(stamps[0])) > declared.tolerance_seconds:
        raise BadSignature("it was signed too long ago, or in the future")


def transmission_message(transmission: str, at: str, webhook_id: str, body: bytes) -> bytes:
    """What PayPal signs."""
    return f"{transmission}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()


def _transmission(declared: TransmissionRsa, arrived: Arrived, keys: list[str], now: datetime, webhook_id: str) -> None:
    headers = arrived.headers
    transmission, at = headers.get(declared.id_header, ""), headers.get(declared.time_header, "")
    try:
        signature = base64.b64decode(headers.get(declared.signature_header, ""), validate=True)
    except binascii.Error:
        raise BadSignature("the signature is not base64") from None
    message = transmission_message(transmission, at, webhook_id, arrived.body)
    for pem in keys:
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadSignature("our key is not an RSA key")
        try:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        _lately(at, declared.tolerance_seconds, now)
        return
    raise BadSignature("the signature is of another body, webhook or key")


def _lately(sent: Any, seconds: int, now: datetime) -> None:
    """Raise `BadSignature` for an event that is too old, or that does not say when it was."""
    try:
        at = msgspec.convert(sent, datetime, strict=not isinstance(sent, int))
    except msgspec.ValidationError:
        raise BadSignature("it does not say when it happened") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if abs((now - at).total_seconds()) > seconds:
        raise BadSignature("it happened too long ago, or in the future")


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape"))

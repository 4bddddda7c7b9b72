"""A raw row without its persons: amounts, currencies, ids of things and instants stay: it still proves the books.

Pure. What a platform calls a person differs, so it is the other way round: of texts only those stay that look like a
number, an instant or a short code, and none of these under a name that may be a person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

ERASED: Final = ""
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_CODE: Final = re.compile(r"[A-Za-z0-9_.:+/#|=-]{0,80}")
_PERSONAL: Final = re.compile(
    r"name|mail|phone|mobile|fax|address|street|city|province|county|zip|postal|postcode|customer|buyer|payer|recipient"
    r"|shopper|client|contact|person|owner|note|comment|message|memo|reason|text|birth|gender|company|user|login|ip$|_ip"
    r"|agent|latitude|longitude|geo|cardholder|last_?4|fingerprint|iban|account_?holder|vat_?number|tax_?id",
    re.I,
)


def person(texts: Sequence[str]) -> re.Pattern[bytes]:
    """Finds ``texts`` in JSON, in letters of either case, as words of their own: as they are, and with what is beyond
    ASCII escaped."""
    found = set()
    for text in {form for each in texts for form in (each, each.lower(), each.upper(), each.title())}:
        quoted = msgspec.json.encode(text)[1:-1]
        found |= {quoted, b"".join(_escaped(letter) for letter in quoted.decode())}
    either = b"|".join(re.escape(each) for each in sorted(found, key=len, reverse=True))
    return re.compile(rb"(?<![0-9A-Za-z])(?:" + either + rb")(?![0-9A-Za-z])", re.I)


def scrubbed(row: bytes, named: re.Pattern[bytes]) -> bytes:
    """The row as JSON again, in the same shape, with every text that may name a person emptied, and each in which
    ``named`` is found; an empty object where that is not enough, or where it cannot be read."""
    try:
        clean = _ENCODER.encode(_scrubbed(_DECODER.decode(row), named, is_personal=False))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return b"{}"
    return b"{}" if named.search(clean) else clean


def _escaped(letter: str) -> bytes:
    if letter < "\x80":
        return letter.encode()
    units = letter.encode("utf-16-be")
    return b"".join(b"\\u" + units[place : place + 2].hex().encode() for place in range(0, len(units), 2))


def _scrubbed(value: Any, named: re.Pattern[bytes], *, is_personal: bool) -> Any:
    match value:
        case dict():
            return {
                name: _scrubbed(each, named, is_personal=is_personal or bool(_PERSONAL.search(name)))
                for name, each in value.items()
            }
        case list():
            return [_scrubbed(each, named, is_personal=is_personal) for each in value]
        case str():
            is_kept = not is_personal and _CODE.fullmatch(value) and not named.search(msgspec.json.encode(value))
            return value if is_kept else ERASED
        case bool() | None:
            return value
        case int() if is_personal or named.search(str(value).encode()):
            return 0
        case _:
            return value

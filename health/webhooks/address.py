"""Whether an address may be told anything. Pure: what its name leads to is checked where the socket is made."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from connectors.addresses import BadAddress, base_address
from connectors.hosts import origin

LONGEST_URL: Final = 500
PORT: Final = 443
_QUERY: Final = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*")


def webhook_address(text: str, *, private: Collection[str]) -> str:
    """``text`` as the address of an endpoint; path and query stay to the letter, since receivers tell them apart.

    ``private`` has the `host:port` pairs that may be private, without TLS and at any port. Raises `BadAddress`, with a
    sentence for the person who gave it.
    """
    if len(text) > LONGEST_URL:
        raise BadAddress(f"An address has at most {LONGEST_URL} characters; this one has {len(text)}.")
    if "#" in text:
        raise BadAddress("Write the address without “#”; what follows it would never be sent.")
    bare, _, query = text.partition("?")
    if not _QUERY.fullmatch(query):
        raise BadAddress("What follows “?” in the address has a character that no address has; write it as %….")
    checked = base_address(bare, private=private)
    place = origin(checked)
    if place not in private and not place.endswith(f":{PORT}"):
        raise BadAddress(f"The address must be at port {PORT}, the one of https; other ports are not called.")
    root, given = urlsplit(checked), urlsplit(bare)
    host = root.netloc.removesuffix(f":{PORT}") if root.scheme == "https" else root.netloc
    return urlunsplit((root.scheme, host, given.path or "/", query, ""))

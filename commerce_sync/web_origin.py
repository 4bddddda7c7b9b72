"""Web addresses of a partner's that a merchant's browser is sent to: read the way a browser reads them. Pure.

What is kept is written anew from its parts, so that what was checked is what the browser follows: a trick in the text
(a user name that looks like a host, a backslash, a space) is refused, not passed on.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import idna

from connectors.addresses import BadAddress, base_address

LONGEST_ORIGIN: Final = 300
LONGEST_URL: Final = 1_000
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NEVER: Final = re.compile(r"[\s\x00-\x20\x7f\\<>\"`{}|^]")
_PORTS: Final = {"https": 443, "http": 80}


class Place(NamedTuple):
    """An address: its origin, and the whole of it, as we write both."""

    origin: str
    url: str


def read_origin(text: str, *, local: bool) -> str:
    """``text`` as an origin: scheme, host in ASCII and lower case, and the port if it is not the scheme's own.

    ``local`` allows this very machine, also without TLS. Raises `BadAddress`, a sentence for people.
    """
    parts = _split(text, LONGEST_ORIGIN)
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise BadAddress("An origin ends after the host and port: write it without a path, “?” or “#”.")
    return _origin(parts, local)


def read_url(text: str, *, local: bool, longest: int = LONGEST_URL) -> Place:
    """``text`` as an address of which the origin can be compared with registered ones. Raises `BadAddress`."""
    parts = _split(text, longest)
    origin = _origin(parts, local)
    rest = parts._replace(scheme="", netloc="").geturl()
    if not rest.isascii():
        raise BadAddress("Write what comes after the host in ASCII, other characters as %xx.")
    # A path that begins with two slashes would be another host if it ever stood by itself.
    if rest.startswith("//"):
        raise BadAddress("The path of the address must not begin with two slashes.")
    url = origin + rest
    if len(url) > longest:
        raise BadAddress(f"An address has at most {longest} characters; this one has {len(url)}.")
    return Place(origin, url)


def _split(text: str, longest: int) -> SplitResult:
    if not text or len(text) > longest:
        raise BadAddress(f"An address has 1 to {longest} characters; this one has {len(text)}.")
    if _NEVER.search(text):
        raise BadAddress("The address has a space or a character that no address has.")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise BadAddress(f"This is not an address: {error}.") from None
    if parts.scheme not in _PORTS or not parts.hostname or not text.lower().startswith(f"{parts.scheme}://"):
        raise BadAddress("Write the whole address, beginning with https://.")
    if "@" in parts.netloc:
        raise BadAddress("Write the address without a user name or a password.")
    return parts


def _origin(parts: SplitResult, local: bool) -> str:
    host = _ascii(parts.hostname or "")
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    allowed = {f"{host}:{port}"} if local and host in LOCAL_NAMES else set[str]()
    checked = urlsplit(base_address(f"{parts.scheme}://{shown}:{port}", private=allowed))
    bare = checked.netloc.removesuffix(f":{port}")
    return f"{parts.scheme}://{bare}" + ("" if port == _PORTS[parts.scheme] else f":{port}")


def _ascii(host: str) -> str:
    """A name as browsers write it to the wire (UTS 46, not transitional: “ß” stays its own letter)."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise BadAddress("The host has a character that no host name can have.") from None

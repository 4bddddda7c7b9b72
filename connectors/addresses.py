"""Addresses that people give us and that we call: what may be one, checked before anything is kept.

A name that resolves to a private address cannot be told here: that is refused where the socket is made
(`transport`), each time. What is plainly private is refused at once, so that the person who typed it hears of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from connectors.transport import is_public

LONGEST_ADDRESS: Final = 500
_ALLOWED: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_NAME: Final = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}")
# The last label of a number in any of the notations that resolvers take for an IPv4 address.
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")
_PRIVATE_NAMES: Final = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa")


class BadAddress(ValueError):
    """An address that cannot be used; the text is a sentence for the person who gave it."""


def base_address(text: str, *, private: Collection[str]) -> str:
    """`text` as the base URL of a server that we may call: without a slash at its end, scheme and host in lower case.

    `private` has the `host:port` pairs that may be private and without TLS. Raises `BadAddress`.
    """
    if not text or len(text) > LONGEST_ADDRESS:
        raise BadAddress(
            _("An address has 1 to %(most)s characters; this one has %(number)s.")
            % {"most": LONGEST_ADDRESS, "number": len(text)}
        )
    if not _ALLOWED.fullmatch(text):
        raise BadAddress(_("The address has a character that no address has; names beyond ASCII are written as xn--…."))
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise BadAddress(_("This is not an address: %(reason)s.") % {"reason": error}) from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadAddress(_("Write the whole address, beginning with https://."))
    if "@" in parts.netloc:
        raise BadAddress(_("Write the address without a user name or a password; the key is given by itself."))
    if "?" in text or "#" in text:
        raise BadAddress(_("Write the address without “?” and “#”; what is asked for is added to its path."))
    if {".", ".."} & set(re.sub(r"(?i)%2e", ".", parts.path).split("/")):
        raise BadAddress(_("Write the path of the address without “.” and “..”."))
    place = f"{host}:{port or (80 if parts.scheme == 'http' else 443)}"
    if place not in private:
        _refuse_unreachable(parts, host, port)
    return _written(parts, host, port)


def _refuse_unreachable(parts: SplitResult, host: str, port: int | None) -> None:
    """Raise `BadAddress` for what is not a server on the open internet behind TLS."""
    if parts.scheme != "https":
        raise BadAddress(_("The address must begin with https://: keys and sales are not sent without encryption."))
    if port == 0:
        raise BadAddress(_("There is no port 0."))
    if ":" in host or _NUMBER.fullmatch(host):
        _refuse_private_number(host)
    elif "." not in host or host.endswith(_PRIVATE_NAMES):
        words = _("%(host)s is a name of a private network; give one that can be reached from the internet.")
        raise BadAddress(words % {"host": host})
    elif not _NAME.fullmatch(host):
        raise BadAddress(_("%(host)s cannot be the name of a server.") % {"host": host})


def _refuse_private_number(host: str) -> None:
    try:
        address = IPv6Address(host) if ":" in host else IPv4Address(host)
    except (AddressValueError, ValueError):
        raise BadAddress(_("%(host)s is not a whole IP address.") % {"host": host}) from None
    if not is_public(str(address)):
        words = _("%(host)s is a private address; give one that can be reached from the internet.")
        raise BadAddress(words % {"host": host})


def _written(parts: SplitResult, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, name if port is None else f"{name}:{port}", parts.path.rstrip("/"), "", ""))

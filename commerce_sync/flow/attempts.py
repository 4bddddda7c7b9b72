"""How many codes an address may try in vain. There is nothing to guess; this keeps the database out of the trying.

Counted by each process for itself. Only failures count, so that merchants behind one address do not shut each other
out by being many.
"""

from __future__ import annotations

import threading
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

MOST_FAILURES: Final = 30  # a minute
MOST_ADDRESSES: Final = 10_000

_failures: dict[str, int] = {}
_minute: datetime | None = None
_lock = threading.Lock()


def may_try(address: str, at: datetime) -> bool:
    """Whether this address may try another code in the minute of ``at``."""
    with _lock:
        _begin(at)
        return _failures.get(address, 0) < MOST_FAILURES


def failed(address: str, at: datetime) -> None:
    """Note that it tried in vain."""
    with _lock:
        _begin(at)
        if address in _failures or len(_failures) < MOST_ADDRESSES:
            _failures[address] = _failures.get(address, 0) + 1


def address_of(request: HttpRequest) -> str:
    """Where the request comes from: what our own proxy says, if there is one, else the other end of the connection.

    Of an IPv6 address the network counts: a subscriber has 2⁶⁴ addresses.
    """
    found = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:  # the proxy is trusted; the last entry is the one that it wrote itself
        found = request.headers.get("X-Forwarded-For", found).rpartition(",")[2].strip()
    try:
        address = ip_address(found)
    except ValueError:
        return "unknown"
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)


def _begin(at: datetime) -> None:
    global _minute  # noqa: PLW0603  # the count of this process
    minute = at.replace(second=0, microsecond=0)
    if minute != _minute:
        _minute = minute
        _failures.clear()

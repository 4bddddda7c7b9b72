"""A file from an address that somebody gave us, fetched with the guards of the door: public addresses only (what the
operator allows aside), no redirect, a limit in bytes and one in seconds, nothing of ours sent along."""

from __future__ import annotations

import threading
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from connectors import verdict
from connectors.errors import Failure
from connectors.hosts import origin
from connectors.http import refuse_open_transaction
from connectors.transport import BodyTooLarge, Gate, new_session, read_body

CONNECT_SECONDS: Final = 3.0
HEADERS: Final = {"User-Agent": "commerce-sync", "Accept": "*/*"}


class NotDownloaded(Exception):
    """It cannot be had; the text is a sentence for the person who gave the address."""


def private_places() -> frozenset[str]:
    """The ``host:port`` pairs that the operator allows to be private and without TLS."""
    return frozenset(getattr(settings, "COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS", ()))


def download(url: str, *, most_bytes: int, seconds: float) -> bytes:
    """What is at ``url`` (checked as text before). Raises `NotDownloaded`."""
    refuse_open_transaction()
    private = private_places()
    host = urlsplit(url).hostname or ""
    if urlsplit(url).scheme != "https" and origin(url) not in private:
        raise NotDownloaded("The address must begin with https://.")
    gate = Gate(private)
    session = new_session(gate)
    timer = threading.Timer(seconds, gate.cut, (gate.start(),))
    timer.daemon = True
    timer.start()
    try:
        with session.get(
            url, headers=HEADERS, timeout=(CONNECT_SECONDS, seconds), allow_redirects=False, stream=True
        ) as answer:
            if answer.is_redirect:
                raise NotDownloaded(f"{host} leads on to another address. Give the address where it ends.")
            if answer.status_code != 200:
                raise NotDownloaded(f"{host} answered {answer.status_code} instead of the file.")
            return read_body(answer, gate, most_bytes)
    except BodyTooLarge:
        raise NotDownloaded(f"The file is larger than {most_bytes // 1024} kB.") from None
    except verdict.LOST:
        raise NotDownloaded(f"{host} could not be reached within {seconds:g} seconds.") from None
    except Failure:  # the gate's: the name leads to an address that is not on the open internet
        raise NotDownloaded(f"{host} is not on the open internet.") from None
    finally:
        timer.cancel()
        session.close()
        gate.close()

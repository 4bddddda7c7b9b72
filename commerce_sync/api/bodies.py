"""Reading what is sent: bounded, JSON, and held to its shape; what does not fit is named by its path."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec
from django.http import HttpRequest

from commerce_sync.api.errors import ApiError, invalid

MOST_BYTES: Final = 1_000_000  # of a body that is no batch of records
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
T = TypeVar("T")


def raw_body(request: HttpRequest, most_bytes: int = MOST_BYTES) -> bytes:
    """The body's bytes; raises `ApiError` 411, 413 or 415. Read once, from then on kept as ``request.body``."""
    if request.headers.get("Transfer-Encoding"):
        raise ApiError(411, "Send the body with its Content-Length; chunked bodies are not read.")
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise ApiError(415, f"Send the body as it is; {encoding[:40]} is not read.")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > most_bytes:
        raise ApiError(413, f"The body has {length:,} bytes; send at most {most_bytes:,} at a time.")
    if length and request.content_type not in ("application/json", "text/json", ""):
        raise ApiError(415, f"The body must be application/json, not {(request.content_type or '')[:80]}.")
    if not hasattr(request, "_body"):
        # Not `request.body`: its limit is one for all of the site, ours depends on the operation.
        request._body = request.read(length)
    return request.body


def decoded(body: bytes, shape: type[T]) -> T:
    """``body`` as ``shape``; raises `ApiError` 400 that names the field."""
    if not body.strip():
        raise invalid("The request needs a JSON body.", ("$", "the body is empty"))
    if _NUL.search(body):
        raise invalid("The body has a NUL character, which no text of ours can hold.", ("$", "contains \\u0000"))
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise invalid("The body does not have the expected shape.", (path.replace("`", "") or "$", message)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise invalid("The body is not JSON.", ("$", str(error)[:200])) from None

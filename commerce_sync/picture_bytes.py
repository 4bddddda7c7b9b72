"""What a picture is, told from its bytes: nobody's word for its type is taken. Pure.

PNG, JPEG, GIF and WebP hold pixels and nothing else. An SVG is a document: it can have scripts, styles and addresses of
other servers in it, and what browsers make of it changes faster than a list of what is allowed; so none is taken.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MOST_BYTES: Final = 300 * 1024
MOST_PIXELS: Final = 4096
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_NO_SIZE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers without a length
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # JPEG markers that begin with the dimensions
_WANTED: Final = "Use a PNG, JPEG, GIF or WebP picture."


class BadPicture(ValueError):
    """It cannot be used; the text is a sentence for the person whose picture it is."""


class Picture(NamedTuple):
    """A picture's type (png, jpeg, gif, webp), and its size in pixels."""

    type: str
    width: int
    height: int


def read_picture(body: bytes) -> Picture:
    """The picture that ``body`` is. Raises `BadPicture`."""
    if not body:
        raise BadPicture(f"There is nothing in it. {_WANTED}")
    if len(body) > MOST_BYTES:
        raise BadPicture(f"It is larger than {MOST_BYTES // 1024} kB. Make it smaller.")
    try:
        found = _read(body)
    except IndexError:
        raise BadPicture(f"It is cut off or damaged. {_WANTED}") from None
    if found is None:
        start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in start:
            raise BadPicture(f"It is an SVG: those can carry scripts and are not shown. {_WANTED}")
        raise BadPicture(f"It is no picture that we know. {_WANTED}")
    if not (1 <= found.width <= MOST_PIXELS and 1 <= found.height <= MOST_PIXELS):
        shown = f"{found.width} × {found.height}"
        raise BadPicture(f"It is {shown} pixels; at most {MOST_PIXELS} × {MOST_PIXELS} can be shown.")
    return found


def _read(body: bytes) -> Picture | None:
    if body.startswith(_PNG):
        if body[12:16] != b"IHDR":
            raise IndexError
        return Picture("png", _number(body, 16, 4), _number(body, 20, 4))
    if body.startswith(b"\xff\xd8\xff"):
        return _jpeg(body)
    if body.startswith((b"GIF87a", b"GIF89a")):
        return Picture("gif", _number(body, 6, 2, "little"), _number(body, 8, 2, "little"))
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return _webp(body)
    return None


def _jpeg(body: bytes) -> Picture:
    at = 2
    while True:
        if body[at] != 0xFF:
            raise IndexError
        while body[at] == 0xFF:  # any number of fill bytes
            at += 1
        marker = body[at]
        at += 1
        if marker in _NO_SIZE:
            continue
        if marker in _FRAMES:
            return Picture("jpeg", _number(body, at + 5, 2), _number(body, at + 3, 2))
        if marker in (0xD9, 0xDA):  # the end, or pixels before any dimensions
            raise IndexError
        at += max(_number(body, at, 2), 2)


def _webp(body: bytes) -> Picture:
    kind = body[12:16]
    if kind == b"VP8X":
        return Picture("webp", _number(body, 24, 3, "little") + 1, _number(body, 27, 3, "little") + 1)
    if kind == b"VP8L" and body[20] == 0x2F:
        bits = _number(body, 21, 4, "little")
        return Picture("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        return Picture("webp", _number(body, 26, 2, "little") & 0x3FFF, _number(body, 28, 2, "little") & 0x3FFF)
    raise IndexError


def _number(body: bytes, at: int, size: int, order: str = "big") -> int:
    part = body[at : at + size]
    if len(part) < size:
        raise IndexError
    return int.from_bytes(part, "big" if order == "big" else "little")

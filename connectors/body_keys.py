"""A key that travels inside the JSON body of a request, in the place that was left empty for it. Pure."""

from __future__ import annotations

import msgspec


def with_key(body: bytes, path: tuple[str | int, ...], key: str) -> bytes | None:
    """`body` with the key in the place of the `null` to which `path` leads; None when there is none.

    What lies beside it stays as it was written, to the digit.
    """
    if not path:
        return msgspec.json.encode(key) if body == b"null" else None
    try:
        if isinstance(path[0], int):
            items = msgspec.json.decode(body, type=list[msgspec.Raw])
            inner = with_key(bytes(items[path[0]]), path[1:], key)
            return inner and msgspec.json.encode([*items[: path[0]], msgspec.Raw(inner), *items[path[0] + 1 :]])
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        inner = with_key(bytes(fields[path[0]]), path[1:], key)
        return inner and msgspec.json.encode({**fields, path[0]: msgspec.Raw(inner)})
    except (msgspec.DecodeError, KeyError, IndexError):
        return None

"""What a stream of names tells about one thing. Pure."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct


class Named(Protocol):
    """One thing that a platform names (a mapping's `ReferenceRow`)."""

    kind: str
    id: str
    name: str
    facts: dict[str, Any]


def each(named: Any) -> tuple[Named, ...]:
    """What `CommercePlatform.reference` answered, as a tuple."""
    if named is None:
        return ()
    return named if isinstance(named, tuple) else (named,)


class Thing(Struct):
    """A `Named` as it is: `kind` is location, category, product, variation, tax_rate; `facts` are JSON."""

    kind: str
    id: str
    name: str
    facts: dict[str, Any] = {}

"""What a stream of names tells about one thing. Pure."""

from __future__ import annotations

from typing import Any, Protocol


class Named(Protocol):
    """One thing that a platform names (a mapping's `ReferenceRow`)."""

    kind: str
    id: str
    name: str
    facts: dict[str, Any]

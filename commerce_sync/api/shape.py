"""What published shapes are made of: structs that say what is in a JSON object, and their one encoder. Pure.

Names are in camelCase outside and in snake_case here. A field that may be absent is ``T | UnsetType = UNSET`` and is
left out when it is unset; one that may be null is ``T | None``. Amounts are `Decimal`, in major units, and leave as
JSON numbers exactly as they are; instants are aware datetimes.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct


class Shape(Struct, rename="camel"):
    """An object that we answer with. It is made by naming its fields."""


class Input(Struct, rename="camel", forbid_unknown_fields=True):
    """An object that we are sent. A field that we do not know is refused: it was meant to do something."""


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """The JSON of a shape, or of a list of them."""
    return _ENCODER.encode(value)

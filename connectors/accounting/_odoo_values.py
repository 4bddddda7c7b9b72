"""Amounts and ids as Odoo takes them. Pure."""

from __future__ import annotations

import msgspec

from connectors.errors import RefusalReason, Refused
from ledger.money import to_decimal


def exact(minor: int, currency: str) -> msgspec.Raw:
    """An exact JSON number in major units."""
    return msgspec.Raw(format(to_decimal(minor, currency), "f").encode())


def record_id(id: str, reason: RefusalReason = RefusalReason.ACCOUNT_INACTIVE) -> int:
    """What a mapping chose, as the id of a record; what cannot be one is `Refused` for `reason`."""
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise Refused(f"{id!r} is no id of a record in Odoo", reason=reason)
    return int(id)

"""The records of the worked examples: one block of words → one canonical record. The language: worked_language.py."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ledger.commerce import (
    CashMovement,
    Deleted,
    Dispute,
    Fee,
    GiftCardChange,
    Line,
    Order,
    Payout,
    PayoutItem,
    Presentment,
    Record,
    Refund,
    Tax,
    Tender,
    line_gross,
)
from ledger.money import to_minor

_MONEY = {"due", "stated", "discount", "cost", "face"}
_TIMES = {"fulfilled_at", "closed_at", "captured_at", "updated_at", "opened_at"}
_TAXES = ("tax=", "marketplace_tax=")
Part = list[str]


class Place(NamedTuple):
    """What the words of a record are read with: the zone of its times and the currency of its amounts."""

    zone: str
    currency: str

    def money(self, text: str) -> int:
        """Major units as minor units."""
        return to_minor(text, self.currency)

    def time(self, text: str) -> datetime:
        """ "2026-03-02T12:00" on the wall of the shop, as an instant."""
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def options(self, words: Part) -> dict[str, Any]:
        """``name=value`` words as typed values; taxes are read apart."""
        values: dict[str, Any] = {}
        for name, _, value in (word.partition("=") for word in words if not word.startswith(_TAXES)):
            if name in _MONEY:
                values[name] = self.money(value)
            elif name in _TIMES:
                values[name] = self.time(value)
            else:
                values[name] = value == "true" if value in ("true", "false") else value
        return values

    def taxes(self, words: Part) -> tuple[Tax, ...] | None:
        """All ``tax=key:amount`` and ``marketplace_tax=key:amount`` words; None for ``tax=unknown``."""
        if "tax=unknown" in words:
            return None
        found = []
        for name, _, value in (word.partition("=") for word in words if word.startswith(_TAXES)):
            key, _, amount = value.partition(":")
            by = "marketplace" if name.startswith("market") else "merchant"
            found.append(Tax(key, key, self.money(amount), collected_by=by))  # type: ignore[arg-type]
        return tuple(found)


def read_record(head: str, parts: list[str], zone: str, currency: str) -> Record:
    """The record whose first line is ``head``; raises whatever the words do not fit with."""
    words = shlex.split(head)
    if words[0] == "deleted":
        at = Place(zone, currency).time("T".join(words[4:6]))
        return Deleted(words[2], currency, at, at)
    where = words.index("at")
    given = next((word[9:] for word in words if word.startswith("currency=")), currency)
    place = Place(zone, given)
    at = place.time("T".join(words[where + 1 : where + 3]))
    rest = [word for word in words[where + 3 :] if not word.startswith("currency=")]
    plain = [word for word in rest if "=" not in word]
    values = {"id": words[1], "currency": given, "updated_at": at}
    values |= place.options([word for word in rest if "=" in word])
    split = [shlex.split(part) for part in parts]
    if words[0] in ("order", "refund"):
        return _sale_or_refund(words, values, at, plain, split, place)
    return _other(words[0], values, at, plain, split, place, place.taxes(rest) or ())


def _sale_or_refund(
    words: Part, values: dict[str, Any], at: datetime, plain: Part, parts: list[Part], place: Place
) -> Record:
    lines = tuple(_line(part, place) for part in parts if part[0] not in ("paid", "shown"))
    paid = [part for part in parts if part[0] == "paid"]
    tenders = tuple(_tender(part, f"{words[1]}-{n}", at, place) for n, part in enumerate(paid, 1))
    values = {"stated": sum(line_gross(line) for line in lines)} | values
    if words[0] == "order":
        shown = next((Presentment(*_shown(part)) for part in parts if part[0] == "shown"), None)
        values |= {"number": words[1], "state": "open" if "open" in plain else "completed"}
        return Order(closed_at=at, lines=lines, tenders=tenders, presentment=shown, **values)
    if "unsaid" in plain:
        return Refund(order_id=words[3], refunded_at=at, lines=None, tenders=tenders, **values)
    return Refund(order_id=words[3], refunded_at=at, lines=lines, tenders=tenders, **values)


def _shown(part: Part) -> tuple[str, int, str]:
    return part[1], to_minor(part[2], part[1]), part[3]


def _line(part: Part, place: Place) -> Line:
    kind, label, net, *rest = part
    return Line(kind, label, place.money(net), place.taxes(rest), **place.options(rest))  # type: ignore[arg-type]


def _tender(part: Part, identity: str, at: datetime, place: Place) -> Tender:
    values = {"captured_at": at} | place.options(part[3:])
    return Tender(identity, part[1], place.money(part[2]), **values)  # type: ignore[arg-type]


def _other(
    kind: str, values: dict[str, Any], at: datetime, plain: Part, parts: list[Part], place: Place, taxes: Any
) -> Record:
    values["amount"] = place.money(plain[0])
    match kind:
        case "fee":
            return Fee(charged_at=at, taxes=taxes, **values)
        case "payout":
            items = tuple(
                PayoutItem(what, place.money(amount), *source)  # type: ignore[arg-type]
                for _, what, amount, *source in parts
            )
            return Payout(arrives_on=at, items=items or None, **values)
        case "dispute":
            return Dispute(opened_at=at, outcome=plain[1], **values)  # type: ignore[arg-type]
        case "gift_card":
            return GiftCardChange(changed_at=at, kind=plain[1], taxes=taxes, **values)  # type: ignore[arg-type]
        case "cash":
            return CashMovement(at=at, kind=plain[1], **values)  # type: ignore[arg-type]
    raise ValueError(f"“{kind}” is no kind of record")

"""Asking a WooCommerce shop which orders and refunds it still has: what was deleted for good leaves no trace there.

A row that says so is of our own making (a shop has no word for it) and is kept like one that came from the shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct

from connectors.commerce._woo_pages import MODIFIED, PAGE_SIZE, PATH, without_zone
from connectors.commerce._woo_terms import GONE, terms
from connectors.declare import GET
from connectors.errors import BadAnswer, Refused
from connectors.paging import Page
from connectors.session import Known, Session
from connectors.wire import Response

_FEW: Final = 20  # so many may all be gone; when more are, another shop answers


class _Listed(Struct):
    id: int


class _Present(Struct):
    """An order that is there, with the refunds that it has."""

    id: int
    refunds: list[_Listed] = []


_PRESENT: Final = msgspec.json.Decoder(list[_Present])


def gone_rows(session: Session, dataset: str, known: Sequence[Known], at: datetime) -> Iterator[Page]:
    """One page of what of `known` is gone, if anything is. Raises a `Failure`."""
    wanted = terms(session.settings).missing
    is_refund = dataset == "refunds"
    asked = [each for each in known if each.id.isdigit() and (each.order_id.isdigit() or not is_refund)]
    if wanted == "keep" or not asked:
        return
    there, answer = _there(session, {each.order_id if is_refund else each.id for each in asked})
    missing = [each for each in asked if not _is_there(each, is_refund, there)]
    if wanted == "take_back" and len(missing) == len(asked) > _FEW:
        raise BadAnswer(
            f"none of {len(asked)} {dataset} is there any more: another shop seems to answer at this address. If all "
            "were deleted, set missing_orders to take_back_all"
        )
    rows = tuple(
        msgspec.json.encode(_row(each, is_refund, at)) for each in missing if _is_gone(session, each, is_refund)
    )
    if rows:
        yield Page(1, b"[" + b",".join(rows) + b"]", rows, answer)


def _is_there(each: Known, is_refund: bool, there: Mapping[str, frozenset[str]]) -> bool:
    return each.id in there.get(each.order_id, ()) if is_refund else each.id in there


def _there(session: Session, ids: set[str]) -> tuple[dict[str, frozenset[str]], Response]:
    """The orders that are there, also in the trash, each with the ids of its refunds; and the last answer."""
    wanted, size = sorted(ids, key=int), int(PAGE_SIZE)
    found: dict[str, frozenset[str]] = {}
    for start in range(0, len(wanted), size):
        for status in ("any", "trash"):
            left = [each for each in wanted[start : start + size] if each not in found]
            if not left:
                break
            named = {"include": ",".join(left), "status": status, "per_page": PAGE_SIZE, "_fields": "id,refunds"}
            answer = session.send(GET(f"{PATH}/orders", orderby="id", order="asc", **named).request())
            try:
                rows = _PRESENT.decode(answer.body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadAnswer(f"the list of orders by their ids is unreadable: {error}") from None
            found |= {str(row.id): frozenset(str(refund.id) for refund in row.refunds) for row in rows}
    return found, answer


def _is_gone(session: Session, each: Known, is_refund: bool) -> bool:
    """Whether the shop clearly says that it does not know this one: a listing may leave out what it likes."""
    path = f"{PATH}/orders/{each.order_id}/refunds/{each.id}" if is_refund else f"{PATH}/orders/{each.id}"
    try:
        session.send(GET(path, _fields="id").request())
    except Refused as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            return True
        raise
    return False


def _row(each: Known, is_refund: bool, at: datetime) -> dict[str, Any]:
    changed = without_zone(at)
    times = {"date_created_gmt": without_zone(each.happened_at), MODIFIED: changed}
    head = {"status": GONE, "currency": each.currency, **times}
    if is_refund:
        return {"id": int(each.id), "order": {"id": int(each.order_id), **head}, MODIFIED: changed}
    return {"id": int(each.id), **head, "total": "0", "total_tax": "0"}

"""What a row states, read apart from the mapping, is what the mapped record has: on all recorded pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from connectors import registry
from connectors.errors import MappingProblem
from connectors.platform import CommercePlatform
from connectors.session import MapContext
from connectors.stated_reader import Reader
from ledger.commerce import KIND_OF, Deleted, Fee, Order, Record, Refund
from tests.platforms.folders import HERE, Folder, outside_platforms

# A processor that gives its fee back with a refund: its pages have none.
NOT_RECORDED = {"square": {("refunds", "fee")}}
CALLED = [key for key in outside_platforms() if (HERE / key).is_dir()]


def reader_of(platform: CommercePlatform, dataset: str) -> Reader:
    stream = platform.stream(dataset)
    return Reader(stream.stated, stream.id, "")


def held(record: Record) -> int:
    if isinstance(record, Order | Refund):
        return record.stated
    assert not isinstance(record, Deleted)
    return record.amount + (sum(tax.amount for tax in record.taxes) if isinstance(record, Fee) else 0)


def told(
    platform: CommercePlatform, dataset: str, row: bytes, context: MapContext
) -> Iterator[tuple[str, int | None, int]]:
    """(kind, stated, held) of each record of a row."""
    own = reader_of(platform, dataset)
    for record in platform.map(dataset, row, context):
        if not isinstance(record, Deleted):
            kind = KIND_OF[type(record)]
            yield kind, own.total(own.row(row, 2), kind, record.id, record.currency, held(record), 2), held(record)


@pytest.mark.parametrize("key", CALLED)
def test_what_recorded_rows_state_is_what_their_records_have(key: str) -> None:
    folder = Folder(key)
    found: Counter[tuple[str, str]] = Counter()
    for row in folder.rows():
        for kind, stated, amount in told(folder.platform, row.stream, row.body, row.context):
            assert stated in (None, amount), (row.stream, kind, row.body[:300])
            found[row.stream, kind] += stated is not None
    declared = {
        (name, kind) for name, stream in folder.streams.items() for stated in stream.stated for kind in stated.kinds
    }
    assert declared - {each for each, count in found.items() if count} == NOT_RECORDED.get(key, set()), (
        "declared, and yet no recorded row states it"
    )


@pytest.mark.parametrize("refunds_from", ["transactions", "orders"])
def test_what_a_partner_s_rows_state_too(refunds_from: str) -> None:
    platform = registry.commerce("partner")
    context = MapContext("GBP", "Europe/London", {"refunds_from": refunds_from})
    found: Counter[str] = Counter()
    for dataset in ("orders", "transactions", "disputes"):
        page = msgspec.json.decode((HERE / "partner" / "pages" / f"{dataset}.json").read_bytes(), type=_Results)
        for row in page.results:
            for kind, stated, amount in readable(platform, dataset, bytes(row), context):
                assert stated in (None, amount), (dataset, kind, bytes(row)[:300])
                found[kind if stated is not None else "silent"] += 1
    assert found["order"] > 15
    assert found["refund"] > 2
    assert found["silent"] < 3, found
    assert {"fee", "payout", "dispute"} < found.keys()


class _Results(msgspec.Struct):
    results: list[msgspec.Raw]


def readable(
    platform: CommercePlatform, dataset: str, row: bytes, context: MapContext
) -> list[tuple[str, int | None, int]]:
    """As `told`; nothing of a row that is refused."""
    try:
        return list(told(platform, dataset, row, context))
    except (msgspec.MsgspecError, MappingProblem, ValueError):
        return []

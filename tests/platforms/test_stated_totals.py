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
@pytest.mark.case("B27")
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


MANY = (
    b'[{"id": "o1", "totalAmount": 12.00, "totalGratuity": 1.50},'
    b' {"id": "o2", "totalAmount": 0.10, "totalGratuity": 0.00}]'
)


@pytest.mark.parametrize(
    ("body", "records", "certain"),
    [
        (MANY, [("o1", 1350), ("o2", 10)], True),
        (MANY, [("o1", 1350), ("o2", 11)], False),
        (MANY, [("o1", 1349), ("o2", 11)], False),
        (MANY, [("o2", 1350), ("o1", 10)], False),
        (MANY, [("o1", 1350)], False),
        (MANY.replace(b"0.10", b"0.104"), [("o1", 1350), ("o2", 10)], False),
        (MANY.replace(b"12.00", b"1200").replace(b"1.50", b"150"), [("o1", 1350), ("o2", 10)], False),
        (MANY.replace(b"1.50", b"null"), [("o1", 1350), ("o2", 10)], False),
        (MANY.replace(b'"o2"', b"2"), [("o1", 1350), ("o2", 10)], False),
        (b"[]", [], False),
    ],
)
def test_many_rows_are_looked_at_together_and_only_what_is_certain_passes(
    body: bytes, records: list[tuple[str, int]], certain: bool
) -> None:
    reader = reader_of(registry.commerce("partner"), "orders")
    rows = reader.glance(body, 2)
    assert (rows is not None and reader.all_stated(rows, "order", records)) is certain
    if certain:
        assert rows is not None
        assert all(reader.is_stated(row, "order", *record) for row, record in zip(rows, records, strict=True))

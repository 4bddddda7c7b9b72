"""What a version is known by."""

from __future__ import annotations

from hypothesis import given

from ledger.commerce import KIND_OF, Fact, decode, encode
from ledger.versions import digest
from tests.ledger import strategies


@given(strategies.records)
def test_equal_records_have_equal_bytes_and_so_one_digest(record: Fact) -> None:
    """Defaults are left out by identity, not by value: no default may be a text that can be built anew."""
    body = encode(record)
    again = decode(KIND_OF[type(record)], body)
    assert again == record
    assert encode(again) == body
    assert digest(encode(again)) == digest(body)

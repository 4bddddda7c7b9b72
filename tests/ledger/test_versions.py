"""What a version is known by."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from ledger.commerce import KIND_OF, Fact, decode, encode
from ledger.versions import another_sale, digest
from tests.ledger import strategies
from tests.ledger.builders import an_order


@given(strategies.records)
def test_equal_records_have_equal_bytes_and_so_one_digest(record: Fact) -> None:
    """Defaults are left out by identity, not by value: no default may be a text that can be built anew."""
    body = encode(record)
    again = decode(KIND_OF[type(record)], body)
    assert again == record
    assert encode(again) == body
    assert digest(encode(again)) == digest(body)


def test_only_a_sale_of_another_amount_and_another_half_year_is_another_sale() -> None:
    known = an_order(gross=1_200)
    later = an_order(gross=900, at=known.closed_at + timedelta(days=400))
    assert another_sale(known.closed_at, 1_200, an_order(gross=900)) is None
    assert another_sale(known.closed_at, 900, later) is None
    problem = another_sale(known.closed_at, 1_200, later)
    assert problem is not None
    assert (problem.code, problem.record_id) == ("another_sale", "o1")

"""What only looks alike stays two, and what is at the edge of a year is on its day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from ledger.models import RecordRow
from tests.ledger.builders import (
    a_line,
    an_order,
    balances,
    daily,
    deliver,
    documents,
    open_codes,
    post,
    standings,
)
from tests.ledger.cast import london

pytestmark = pytest.mark.django_db
COMPOSED, DECOMPOSED = "Caf\u00e9-1", "Cafe\u0301-1"
NARROW = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'r' AND a.attnum > 0 AND a.atttypid = 'int4'::regtype AND a.attname ~ '(^|_)id$'
        AND c.relname ~ '^(ledger|connectors|books|commerce_sync|health)_'
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND conkey = ARRAY[a.attnum]
            AND confrelid = 'auth_user'::regclass)
"""


@pytest.mark.case("E15")
def test_ids_that_only_look_alike_are_two_records_and_none_is_lost() -> None:
    pub = london()
    alike = [COMPOSED, DECOMPOSED, COMPOSED.upper(), "\uff21-1", "A-1", "a-1", "a\u200b-1", "\u0410-1"]
    assert set(deliver(pub, *(an_order(name) for name in alike))) == {"new"}
    post(pub)
    assert balances(pub)["sales"] == -1_000 * len(alike)
    assert sorted(RecordRow.objects.values_list("external_id", flat=True)) == sorted(alike)
    deliver(pub, an_order(DECOMPOSED, gross=1_800, v=20))
    post(pub)
    assert balances(pub)["sales"] == -1_000 * (len(alike) - 1) - 1_500
    assert open_codes(pub) == []


@pytest.mark.case("E23")
def test_sales_of_a_leap_day_and_of_the_edges_of_a_year_are_on_their_days() -> None:
    pub = london()
    instants = {
        date(2028, 2, 28): datetime(2028, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
        date(2028, 2, 29): datetime(2028, 2, 29, tzinfo=UTC),
        date(2028, 3, 1): datetime(2028, 3, 1, tzinfo=UTC),
        date(2026, 12, 31): datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        date(2027, 1, 1): datetime(2027, 1, 1, tzinfo=UTC),
    }
    deliver(pub, *(an_order(f"o{day}", at=at, v=99_999_999) for day, at in instants.items()))
    post(pub, date(2028, 12, 31))
    assert {day: amount for (day, _, account), amount in daily(pub).items() if account == "sales"} == dict.fromkeys(
        instants, -1_000
    )


@pytest.mark.case("E06")
def test_an_order_of_nothing_is_counted_and_has_no_document() -> None:
    pub = london()
    deliver(pub, an_order("gift", lines=(a_line(0),), gross=0, tenders=()))
    assert (post(pub).records, documents(pub), open_codes(pub)) == (1, [], [])
    assert {state for _, _, _, state in standings(pub)} == {"IN_BOOKS"}
    assert post(pub).records == 0


@pytest.mark.case("H12")
def test_no_number_of_ours_can_wrap_around() -> None:
    """Keys and what points to them are 64 bits wide; but a log-in is Django's, with 32."""
    with connection.cursor() as cursor:
        cursor.execute(NARROW)
        assert cursor.fetchall() == []
        cursor.execute(
            """SELECT seqrelid::regclass::text FROM pg_sequence WHERE seqtypid <> 'bigint'::regtype
               AND seqrelid::regclass::text ~ '^(ledger|connectors|books|commerce_sync|health)_'"""
        )
        assert cursor.fetchall() == []

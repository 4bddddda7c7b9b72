"""What PostgreSQL itself refuses of rules of stock and of purchase orders: each constraint, violated."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database

from connectors.models import Connection
from tests.connectors.test_receive import a_link
from tests.ledger.cast import london

RULE = """INSERT INTO connectors_stockrule (company_id, connection_id, item_id, threshold, reorder_quantity, supplier,
    account, unit_cost, currency, drafts_orders, changed_by)
    SELECT company_id, {connection}, {item}, {threshold}, {quantity}, '', '', {cost}, {currency}, {drafts}, 'test'
    FROM connectors_connection WHERE id = {id}"""
FOR_ONE = {
    **{"connection": "id", "item": "'v1'", "threshold": "1", "quantity": "1", "cost": "NULL", "currency": "''"},
    "drafts": "false",
}
FOR_ALL = FOR_ONE | {"connection": "NULL::bigint", "item": "''"}
ORDER = """INSERT INTO connectors_purchaseorder (public_id, company_id, connection_id, reference, supplier, currency,
    ordered_on, lines, note, state, attempts, claimed_at, deadline_at, waits_until, remote_id, url, failure_code,
    failure_sentence, failure_remedy, failure_turn, created_at, updated_at)
    SELECT gen_random_uuid(), company_id, id, {reference}, 's', 'GBP', now(), '[]', '', {state}, 0, {claimed},
        {deadline}, {waits}, {remote}, '', '', '', '', '', now(), now()
    FROM connectors_connection WHERE id = {id}"""
PREPARED = {
    **{"reference": "'PO-1'", "state": "'prepared'", "claimed": "NULL::timestamptz", "deadline": "NULL::timestamptz"},
    **{"waits": "NULL::timestamptz", "remote": "''"},
}
PUSHED = PREPARED | {"state": "'pushed'", "remote": "'r1'"}


@pytest.fixture
def link(db: None) -> Connection:
    return a_link(london())


@pytest.mark.parametrize(
    ("name", "before", "changes"),
    [
        ("stock_rule_for_all_once", FOR_ALL, FOR_ALL),
        ("stock_rule_once", FOR_ONE, FOR_ONE),
        ("stock_rule_is_for_one_or_all", None, FOR_ONE | {"item": "''"}),
        ("stock_rule_is_for_one_or_all", None, FOR_ONE | {"drafts": "true"}),
        ("stock_rule_is_for_one_or_all", None, FOR_ALL | {"item": "'v1'"}),
        ("stock_rule_quantities_make_sense", None, FOR_ONE | {"threshold": "-1"}),
        ("stock_rule_quantities_make_sense", None, FOR_ONE | {"quantity": "0"}),
        ("stock_rule_cost_has_currency", None, FOR_ONE | {"cost": "5"}),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    link: Connection, name: str, before: dict[str, str] | None, changes: dict[str, str]
) -> None:
    refused(link, RULE, name, before, changes)


@pytest.mark.parametrize(
    ("name", "before", "changes"),
    [
        ("purchase_order_reference_once", PREPARED, PREPARED),
        ("purchase_order_remote_once", PUSHED, PUSHED | {"reference": "'PO-2'"}),
        ("purchase_order_state_known", None, PREPARED | {"state": "'wished'"}),
        ("purchase_order_sending_has_deadline", None, PREPARED | {"state": "'sending'"}),
        ("purchase_order_pushed_has_id", None, PREPARED | {"state": "'pushed'"}),
        ("purchase_order_pushed_has_id", None, PREPARED | {"remote": "'r1'"}),
        ("purchase_order_waiting_has_time", None, PREPARED | {"state": "'waiting'"}),
        ("purchase_order_refused_says_why", None, PREPARED | {"state": "'refused'"}),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    link: Connection, name: str, before: dict[str, str] | None, changes: dict[str, str]
) -> None:
    refused(link, ORDER, name, before, changes)


def refused(
    link: Connection, statement: str, name: str, before: dict[str, str] | None, changes: dict[str, str]
) -> None:
    with database.cursor() as cursor:
        if before is not None:
            cursor.execute(statement.format(id=link.pk, **before))
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            cursor.execute(statement.format(id=link.pk, **changes))

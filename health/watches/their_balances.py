"""By how much accounts in the accounting software hold something else than our documents there, since the first of
them: by the balances that it told last (`connectors.ledger_looks`).

What was there before our first document is no difference, and neither is what read back otherwise: that is drift.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, LiteralString

from ledger import sql

Key = tuple[int, str, str]
"""(company, account, currency)"""

# Parameters: companies. One row for each account and currency of connections that told both balances. Documents that
# arrived after the balances were told are not in them. An account with documents in several currencies is left out: a
# balance in the currency of the books has all of them in it.
_DIFFERENCES: Final[LiteralString] = """
    WITH told AS MATERIALIZED (
        SELECT link.company_id, link.id, look.opening_day, look.balance_day,
            coalesce((SELECT max(read_at) FROM connectors_theirbalance balance WHERE balance.connection_id = link.id),
                look.looked_at) AS read_at
        FROM connectors_connection link JOIN connectors_ledgerlook look ON look.connection_id = link.id
        WHERE link.company_id = ANY(%s) AND link.kind = 'accounting' AND link.status = 'Linked'
            AND look.opening_day IS NOT NULL AND look.balance_day > look.opening_day
    ), theirs AS (
        SELECT told.id, balance.account, balance.currency,
            sum(CASE WHEN balance.day = told.balance_day THEN balance.amount ELSE -balance.amount END) AS amount
        FROM told JOIN connectors_theirbalance balance ON balance.connection_id = told.id
            AND balance.day IN (told.balance_day, told.opening_day)
        GROUP BY told.id, balance.account, balance.currency
    ), ours AS (
        SELECT told.id, line.account, document.currency,
            sum(coalesce(line.debit, 0) - coalesce(line.credit, 0)) AS amount
        FROM told JOIN connectors_binding binding ON binding.connection_id = told.id AND binding.voided_at IS NULL
            AND binding.bound_at <= told.read_at
        JOIN connectors_pushitem item ON item.binding_id = binding.id AND item.state = 'pushed'
        JOIN ledger_document document ON document.id = binding.document_id AND document.date <= told.balance_day
        JOIN ledger_documentline line ON line.document_id = document.id
        GROUP BY told.id, line.account, document.currency
    ), currencies AS (
        SELECT id, account FROM ours GROUP BY id, account HAVING count(*) = 1
    )
    SELECT told.company_id, account, currency, (coalesce(theirs.amount, 0) - ours.amount)::bigint,
        coalesce(theirs.amount, 0)::bigint
    FROM ours JOIN currencies USING (id, account) LEFT JOIN theirs USING (id, account, currency) JOIN told USING (id)
"""


def differences(company_ids: Iterable[int]) -> dict[Key, tuple[int, int]]:
    """(theirs less ours, theirs since our first document) of each account of companies whose balances are told."""
    return {
        (company, account, currency): (difference, balance)
        for company, account, currency, difference, balance in sql.rows(_DIFFERENCES, (list(company_ids),))
    }

"""What accounts are called, for sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ledger import sql

_NAMES: Final = """
    SELECT link.company_id, option.external_id, trim(option.code || ' ' || option.name)
    FROM connectors_connection link
    JOIN connectors_option option ON option.connection_id = link.id AND option.kind = 'account'
        AND option.external_id = ANY(%(accounts)s)
    WHERE link.company_id = ANY(%(companies)s) AND link.kind = 'accounting' AND link.platform <> 'books'
    UNION ALL
    SELECT link.company_id, account.code, account.code || ' ' || account.name
    FROM connectors_connection link
    JOIN books_account account ON account.connection_id = link.id AND account.code = ANY(%(accounts)s)
    WHERE link.company_id = ANY(%(companies)s) AND link.platform = 'books'
"""


class AccountNames:
    """Names of accounts of several companies, asked for once. An account without one is called by its id."""

    def __init__(self, wanted: Iterable[tuple[int, str]]) -> None:
        asked = set(wanted)
        parameters = {
            "companies": sorted({company for company, _ in asked}),
            "accounts": sorted({account for _, account in asked}),
        }
        found = sql.rows_named(_NAMES, parameters) if asked else []
        self._names: dict[tuple[int, str], str] = {(company, account): name for company, account, name in found}

    def of(self, company_id: int, account: str) -> str:
        """The account's number and name."""
        return self._names.get((company_id, account), account)

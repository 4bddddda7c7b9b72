"""The cast of the tests of the built-in general ledger: companies, connections and documents with sensible defaults."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from connectors.general_ledger.accounts import install_chart
from connectors.models import Connection
from connectors.session import Session
from ledger.documents import Header, Journal, Line, reference_for
from ledger.models import Company, Partner

DAY = date(2026, 3, 31)
BANK, CASH, CARD, SALES, TAX, FEES, COST = "1000", "1010", "1100", "4000", "2200", "6000", "5000"


def a_connection(name: str = "Rose & Crown", currency: str = "GBP") -> Connection:
    """A linked connection to the books of a company of its own, with the default chart."""
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    company = Company.objects.create(partner=partner, name=name, currency=currency)
    connection = Connection.objects.create(
        company=company,
        platform="books",
        kind=Connection.Kind.ACCOUNTING,
        status=Connection.Status.LINKED,
        linked_at=datetime(2026, 1, 1, tzinfo=timezone.utc),  # noqa: UP017
    )
    install_chart(connection_id=connection.pk)
    return connection


def session_of(connection: Connection) -> Session:
    return Session(connection_id=connection.pk, company_id=connection.company_id)


def a_journal(
    key: str = "k1",
    *amounts: tuple[str, int],
    day: date = DAY,
    currency: str = "GBP",
    reference: str = "",
    narration: str = "sales",
    **line: Any,
) -> Journal:
    """A journal of (account, signed amount) pairs; by default a card sale of 120.00 with 20.00 tax."""
    pairs = amounts or ((CARD, 12_000), (SALES, -10_000), (TAX, -2_000))
    lines = tuple(
        Line(
            account,
            amount,
            line.get("description", f"On {account}"),
            **{k: v for k, v in line.items() if k != "description"},
        )
        for account, amount in pairs
    )
    return Journal(Header(key, reference or reference_for(key, day), day, currency, narration), lines)

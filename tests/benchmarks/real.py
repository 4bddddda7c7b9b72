"""The real path, by the doors that everything else uses: `connectors.services.receive`, `ledger.post_due.post_due`.

Imported after Django is set up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from uuid import uuid4

from connectors.models import Connection
from connectors.services import connect_commerce, receive
from ledger import sql
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.models import Company, Partner
from ledger.post_due import PostingResult, post_due
from ledger.services import create_company, save_book
from tests.benchmarks.orders import CATEGORIES, CURRENCY, ZONE, Page, product_page

ACTOR = "benchmark"
DAYS = (DayRule(date(2000, 1, 1), ZONE, 0),)


def book() -> Book:
    """A book whose accounts are called like the roles, so that its balances compare with the floor's."""
    roles = [f"{head}:{category}" for head in ("sales", "refunds") for category in CATEGORIES]
    roles += ["discount", "tip", "tax:vat-standard", "tax:city-levy", "tender:card:stripe", "tender:card:adyen"]
    return Book(
        CURRENCY, (DayRule(date(2000, 1, 1), ZONE, 0),), accounts={role: role for role in roles}, suspense="suspense"
    )


def new_partner() -> Partner:
    """A partner of the benchmark's."""
    return Partner.objects.create(name=f"Benchmark {uuid4()}")


def new_merchant(partner: Partner, name: str = "Benchmark merchant", kept: Book | None = None) -> Connection:
    """A company with its book (``kept``, or one that compares with the floor's) and a sales connection that knows
    the products."""
    company = create_company(partner=partner, name=name, currency=CURRENCY, zone=ZONE, actor=ACTOR)
    save_book(company=company, book=kept or book(), author=ACTOR, reason="benchmark")
    connection = connect_commerce(company=company, platform="partner", actor=ACTOR)
    push(connection, [product_page()])
    connection.refresh_from_db()
    return connection


def push(connection: Connection, pages: Iterable[Page]) -> Counter[str]:
    """Receive all pages; how many rows ended in which status."""
    statuses: Counter[str] = Counter()
    for page in pages:
        results = receive(connection=connection, dataset=page.dataset, body=page.body)
        statuses.update([result.status for result in results])
    return statuses


def post(company: Company, through: date) -> PostingResult:
    """Post all that is due."""
    return post_due(company_id=company.pk, through=through, act=uuid4())


def totals(company: Company) -> dict[tuple[date, str], int]:
    """Debit minus credit, in minor units, by day and account, of all documents; zeros left out."""
    found = sql.rows(
        """SELECT document.date, line.account, sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
           FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
           WHERE document.company_id = %s AND document.withdrawn_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2""",
        (company.pk,),
    )
    return {(day, account): amount for day, account, amount in found if amount}
